"""Why, why not, why impossible, what else, what changed: records first, text last."""
