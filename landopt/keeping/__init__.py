"""Plans on disk, seals, the ledger of rounds, plans made elsewhere."""
