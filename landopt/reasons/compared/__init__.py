"""Two plans side by side: what moved, what differs between their cases, and which single change moved what."""
