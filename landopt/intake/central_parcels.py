"""Parcels that ``round.toml`` names in the central database: which table, and the file its snapshot is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from landopt.central.address import Address, is_address, parse_address
from landopt.central.snapshot import SNAPSHOT
from landopt.intake.tomlreader import TomlReader
from parcels.common.issues import Refused


def table_named(reader: TomlReader, text: str) -> Address | None:
    """The table of the central database that ``inputs.parcels`` names."""
    try:
        return parse_address(text, reader.place("inputs", "parcels"), table=True)
    except Refused as refusal:
        reader.issues += refusal.issues
        return None


def parcels_file(reader: TomlReader, name: Any, central: Address | None, pulled: bool) -> Path:
    """The file of the parcels: the snapshot where they come from the central database."""
    if not (isinstance(name, str) and is_address(name)):
        return reader.file(name, "inputs", "parcels")
    target = (reader.path.parent / SNAPSHOT).resolve()
    if central is not None and pulled and not target.is_file():
        reader.refuse("C005.not-pulled", "inputs", "parcels", name=SNAPSHOT, folder=str(reader.path.parent))
    return target
