"""The law: dated, cited rules, what they mean for an offer and for a plan, and the audit."""

from pathlib import Path

from parcels.common.catalogue import register

register(Path(__file__).parent / "texts")
