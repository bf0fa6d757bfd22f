"""The proof of a bound: its written form, derived rows, worths of parts (docs/proof.md). Standard library only."""
