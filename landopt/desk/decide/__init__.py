"""Commands that decide: solve, model, sweep, tradeoff, stress, alternatives, diagnose, repair."""
