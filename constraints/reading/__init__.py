"""What the rules mean: for one case, for an offer, for a plan; the scalar reading, in exact integers."""
