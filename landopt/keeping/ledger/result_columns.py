"""Which columns of a table of results hold what, and the price in whole yuan, whatever unit its heading names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from landopt.keeping.ledger.entry_forms import RESULT_COLUMNS
from parcels.common.issues import Refused, error
from parcels.common.units import unit_factor

NEEDED = ("parcel_id", "outcome", "date")
_UNIT = re.compile(r"(.+?)\s*[(（]\s*(.+?)\s*[)）]")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,8})?")


def result_columns(heading: Sequence[str], file: str) -> tuple[dict[str, str | None], int]:
    """The column of each part of a result (``None``: there is none), and the yuan in one unit of its prices.

    Raises
    ------
    Refused
        B020: a column that is needed is missing, or one that looks like a known one is not read.
    """
    columns: dict[str, str | None] = dict.fromkeys(RESULT_COLUMNS)
    unit = 1
    for column in heading:
        name = column.strip()
        parted = _UNIT.fullmatch(name)
        size = unit_factor("yuan", parted[2]) if parted and parted[1] in RESULT_COLUMNS["price_yuan"] else None
        if parted and size is not None:
            name, unit = parted[1], int(size)
        for field, names in RESULT_COLUMNS.items():
            if name in names and columns[field] is None:
                columns[field] = column
    read = {column for column in columns.values() if column is not None}
    issues = [error("B020.column-missing", at=file, name=name) for name in NEEDED if columns[name] is None]
    for field, names in RESULT_COLUMNS.items():
        if columns[field] is None and field not in NEEDED:
            close = [column for column in heading if column not in read and _looks_like(column.strip(), names)]
            issues += [error("B020.column-unread", at=file, name=name.strip(), names=names) for name in close]
    if issues:
        raise Refused(issues)
    return columns, unit


def _looks_like(column: str, names: Sequence[str]) -> bool:
    return any(len(name) >= 3 and (name in column or (len(column) >= 3 and column in name)) for name in names)


def whole_yuan(text: str, unit: int) -> int | None:
    """A price as written, in yuan; ``None`` where it is no number or not whole in yuan."""
    digits = text.replace(",", "")
    if not _NUMBER.fullmatch(digits):
        return None
    exact = Fraction(digits) * unit
    return int(exact) if exact.denominator == 1 and exact < 10**15 else None
