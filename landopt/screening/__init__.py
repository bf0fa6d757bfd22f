"""Every lawful offer of a case, as arrays (docs/offers.md)."""
