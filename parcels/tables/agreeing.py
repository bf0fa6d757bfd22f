"""Two columns for one quantity in different units (面积(亩) beside 面积(公顷)): one fact, where every row agrees.

Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from parcels.common.units import BadValue, exact, unit_factor

Cells = Mapping[str, Sequence[object]]


def finest(of: str, names: Mapping[str, str], cells: Cells) -> str | None:
    """The column to read of several that hold the same quantity, or ``None`` if they do not agree.

    Parameters
    ----------
    of
        Unit of the field.
    names
        Column -> unit in its heading (blank: the field's own).
    cells
        The cells by column.

    Returns
    -------
    str or None
        The column whose last digit is worth least. They agree if every row that has both differs by no more than the
        rounding of the two, no column has a value where another is blank, and there is a value at all.
    """
    read: dict[str, list[tuple[Fraction, Fraction] | None]] = {}
    for name, unit in names.items():
        factor = unit_factor(of, unit) if unit else Fraction(1)
        if factor is None or name not in cells:
            return None
        try:
            read[name] = [_value(cell, factor) for cell in cells[name]]
        except BadValue:
            return None
    rows = list(zip(*read.values(), strict=True))
    if not any(any(value is not None for value in row) for row in rows) or not all(_alike(row) for row in rows):
        return None
    coarse = {name: max((value[1] for value in values if value), default=Fraction(0)) for name, values in read.items()}
    return min(read, key=lambda name: (coarse[name], name))


def _value(cell: object, factor: Fraction) -> tuple[Fraction, Fraction] | None:
    """A cell in the field's unit, and what half of its last digit is worth there."""
    if cell is None or cell != cell or not str(cell).strip():
        return None
    digits = re.search(r"\.(\d+)", str(cell))
    return exact(cell) * factor, factor / (2 * 10 ** (len(digits.group(1).rstrip("0")) if digits else 0))


def _alike(row: Sequence[tuple[Fraction, Fraction] | None]) -> bool:
    known = [value for value in row if value is not None]
    if len(known) not in (0, len(row)):
        return False
    return all(abs(a - b) <= da + db for a, da in known for b, db in known)
