"""Plans as rows of the central database."""
