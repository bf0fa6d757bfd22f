"""Seals, signatures, receipts and timestamp tokens."""
