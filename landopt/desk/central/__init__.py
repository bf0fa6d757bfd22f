"""Commands of the central database."""
