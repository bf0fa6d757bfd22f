"""Commands that decide: solve, model, sweep, alternatives, diagnose, repair."""
