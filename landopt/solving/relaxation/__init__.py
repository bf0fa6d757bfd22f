"""The linear relaxation: column generation by sifting, Lagrangian knapsacks, odd-set rows."""
