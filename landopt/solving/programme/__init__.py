"""One tier of a round as an integer programme: arrays, the PuLP model, dominance, components, the bound of prices."""
