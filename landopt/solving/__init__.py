"""Choosing: the integer programme, prices, the proof tree and the process that runs them (docs/model.md)."""
