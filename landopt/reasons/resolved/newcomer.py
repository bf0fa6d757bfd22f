"""A late applicant as facts: the id of a platform of the round, a file of one row, or facts as they are typed."""

from __future__ import annotations

import csv
import io
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from constraints.case import Case
from landopt.intake.names import unknown_platform
from parcels.common.frozen import FactTable, table
from parcels.common.issues import Refused, error
from parcels.demands import read_demands


def with_newcomer(case: Case, newcomer: FactTable) -> Case:
    """The case with one platform more."""
    names = sorted({*case.demands.columns, *newcomer.columns})
    columns = {name: [*case.demands.column(name), *newcomer.column(name)] for name in names}
    return replace(case, demands=table([*case.demands.ids, *newcomer.ids], columns))


def newcomer_of(case: Case, given: str, facts: Sequence[str] = ()) -> FactTable | str:
    """The platform that is asked about.

    Parameters
    ----------
    given
        The id of a platform of the round; a CSV or XLSX in the columns of the demands, with one row; or the id of a new
        platform whose facts follow.
    facts
        ``column=value``, in the words a file takes.

    Raises
    ------
    Refused
        X031: several rows, a platform of the round with other facts, a fact that is none; what reading a file refuses.
    """
    for each in facts:
        if "=" not in each:
            raise Refused(error("X031.no-fact", at="--with", given=each))
    if given in case.demands.index():
        if facts:
            raise Refused(error("X031.known", at="--demand", name=given))
        return given
    if facts:
        read = _typed(given, facts, _codes(case))
    elif Path(given).is_file():
        read = read_demands(given, use_codes=_codes(case)).table_or_stop()
    else:
        raise Refused(unknown_platform(given, case.demands.ids, "--demand"))
    new = [name for name in read.ids if name not in case.demands.index()]
    if len(new) != 1:
        raise Refused(error("X031.one-row", at="--demand", count=len(new), names=new[:5]))
    row = read.index()[new[0]]
    return FactTable((new[0],), {name: (column[row],) for name, column in read.columns.items()})


def _typed(name: str, facts: Sequence[str], codes: str | None) -> FactTable:
    pairs = [each.split("=", 1) for each in facts]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["demand_id", *(column.strip() for column, _ in pairs)])
    writer.writerow([name, *(value.strip() for _, value in pairs)])
    with tempfile.TemporaryDirectory(prefix="landopt-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "demand.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        return read_demands(path, use_codes=codes).table_or_stop()


def _codes(case: Case) -> str | None:
    """The code system that the round's files write uses in."""
    text = next((entry["text"] for entry in case.sources if entry["role"] == "round"), "")
    try:
        found = tomllib.loads(text).get("inputs", {}).get("use_codes")
    except (tomllib.TOMLDecodeError, AttributeError):
        return None
    return str(found) if found else None
