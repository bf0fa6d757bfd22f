"""Commands that ask of a plan: explain, whynot, compare."""
