"""Where a ledger is: a SQLite file, or a schema of the central database."""

from __future__ import annotations

from pathlib import Path

from landopt.central.address import Address, is_address, parse_address

LedgerPlace = Path | Address
"""A file, or ``postgis://SERVICE/schema``."""


def ledger_place(given: str | Path | Address) -> LedgerPlace:
    """The place a text or path names. Raises Refused where an address is not understood (B100)."""
    if isinstance(given, str) and is_address(given):
        return parse_address(given, "--ledger")
    return given if isinstance(given, Address) else Path(given)


def is_there(place: LedgerPlace) -> bool:
    """Whether there may be a ledger to look into: a database is asked, a file is there or not."""
    return isinstance(place, Address) or place.is_file()
