"""Tables as CSV that a spreadsheet opens without running anything: a text that would be a formula stays a text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run."""


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV; numbers as they are, a text that begins like a formula behind an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell for cell in row])
    return out.getvalue()
