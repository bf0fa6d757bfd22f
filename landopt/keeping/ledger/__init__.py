"""The ledger of rounds: its chain, what its entries mean, who may adopt and what stands behind it."""
