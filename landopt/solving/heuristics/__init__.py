"""Plans without a solver: greedy construction and repair moves."""
