"""FlatGeobuf: one layer, UTF-8, with its system."""

from __future__ import annotations

from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable, read_vector


@reads("FlatGeobuf", ".fgb")
def read_flatgeobuf(ask: Ask) -> RawTable:
    """The layer of a FlatGeobuf file."""
    return read_vector(ask.path, ask.layer, points=ask.points)
