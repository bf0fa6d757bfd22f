"""Questions that take many solves: grids of settings, fronts of compromises, draws of what may happen."""
