"""The decision: lawful offers, the model, the solver, prices, reasons and reports."""

from pathlib import Path

from parcels.common.catalogue import register

register(Path(__file__).parent / "texts")

__version__ = "0.1.0"
