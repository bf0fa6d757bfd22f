"""FileGDB: names of letters, digits and ``_``, whole numbers of 32 bits, coordinates on a grid."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from parcels.common.issues import Issue
from parcels.formats.domains import decoded, geodatabase_domains
from parcels.formats.gdal_out import write_gdal
from parcels.formats.registry import Ask, Outgoing, Rules, reads, writes
from parcels.formats.sources import RawTable, read_vector

_RESERVED = """objectid shape globalid add alter and between by column create delete drop exists
for from group in insert into is like not null or order select set table update values where"""
"""Names that the format keeps for itself: its own columns and words of its query language."""
_RULES = Rules(
    letters_only=True,
    taken=frozenset(_RESERVED.split()),
    caseless=True,
    length=64,
    whole=2**31,
    booleans=False,
    grain="0.0001",
)


@reads("OpenFileGDB", ".gdb", folder=True)
def read_geodatabase(ask: Ask) -> RawTable:
    """A layer of a FileGDB."""
    raw = read_vector(ask.path, ask.layer, points=ask.points)
    return decoded(raw, geodatabase_domains(ask.path, raw.layer))


@writes("OpenFileGDB", ".gdb", rules=_RULES)
def write_geodatabase(out: Outgoing, path: Path) -> Iterable[Issue]:
    """A FileGDB with the layer ``parcels``."""
    write_gdal(out, path, "OpenFileGDB", multi=True)
    return ()
