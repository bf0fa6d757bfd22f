"""Commands that decide: solve, model, sweep, tradeoff, alternatives, diagnose, repair."""
