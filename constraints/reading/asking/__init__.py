"""Questions without a round (``rules ask``), worked cases and what changed between two dates. Standard library only."""
