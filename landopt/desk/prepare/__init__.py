"""Commands before a decision: new, check, convert."""
