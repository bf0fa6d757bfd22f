"""Pictures of several plans: small maps beside each other, fronts and sweeps, each with its numbers as CSV."""
