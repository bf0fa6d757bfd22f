"""Proofs of bounds: what a written one says over arrays, rows that follow from others, the tree that closes a gap."""
