"""The decision: lawful offers, the model, the solver, prices, reasons and reports."""

__version__ = "0.1.0"
