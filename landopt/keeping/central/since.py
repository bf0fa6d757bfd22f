"""What has changed in the central database since a round was pulled, parcel by parcel, and what it means for a plan."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.central.address import Address
from landopt.central.snapshot import PAPER, SNAPSHOT, Paper, read_paper
from landopt.central.table import take
from landopt.intake.roundfile import RoundFile, read_round_file
from landopt.keeping.central.pull import write_snapshot
from landopt.keeping.handmade import Handmade, HandmadeReport, audit_handmade
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import NOWHERE
from parcels.formats.opening import open_parcels
from parcels.tables.columns import match_columns

if TYPE_CHECKING:
    from constraints.case import Case
    from parcels.formats.sources import RawTable

OUTLINE = "(outline)"
"""What a changed outline is called among changed columns."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A parcel that is not as it was: the columns that differ, each as it was and is."""

    parcel_id: str
    columns: tuple[tuple[str, str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A plan under the facts of today: whether it still stands, what it breaks, what keeps it from being judged."""

    plan_id: str
    stands: bool
    report: HandmadeReport | None
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """The differences of a table to a round's snapshot, and the plan of the round under them."""

    address: Address
    pulled_at: str
    moment: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Changed, ...]
    plan: Judged | None = None

    @property
    def same(self) -> bool:
        """Whether nothing has changed."""
        return not (self.added or self.removed or self.changed)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        changed = [
            {"parcel_id": each.parcel_id, "columns": [{"column": c, "was": a, "is": b} for c, a, b in each.columns]}
            for each in self.changed
        ]
        plan: dict[str, Any] | None = None
        if self.plan is not None:
            broken = self.plan.report.as_dict()["findings"] if self.plan.report is not None else []
            plan = {"plan_id": self.plan.plan_id, "stands": self.plan.stands, "findings": broken}
            plan["issues"] = [issue.as_dict() for issue in self.plan.issues]
        said = {"against": str(self.address), "pulled_at": self.pulled_at, "read_at": self.moment}
        return {**said, "added": list(self.added), "removed": list(self.removed), "changed": changed, "plan": plan}


Screen = Callable[[Path], tuple["Case", Mapping[int, frozenset[int]]]]
"""Reads and screens a round: its case, and for each platform the parcels it could lawfully use."""


def since(round_path: str | Path, address: Address, screen: Screen, plan: Mapping[str, Any] | None) -> Since:
    """Hold the central database against the snapshot of a round.

    Parameters
    ----------
    address
        The table; without a condition the one of the snapshot counts.
    screen
        Reads a round and says what its platforms could use.
    plan
        ``plan.json`` of the round's plan, judged under the facts of today; ``None`` where there is none.

    Raises
    ------
    Refused
        If the round has no snapshot (B113), or as :func:`landopt.central.table.take`.
    """
    file = read_round_file(round_path)
    folder = file.path.parent
    paper = read_paper(folder)
    place = address if address.where else Address(address.service, address.schema, address.table, paper.address.where)
    with _fresh(folder, file, place, paper) as (today, moment):
        before, now = open_parcels(folder / SNAPSHOT), open_parcels(today / SNAPSHOT)
        added, removed, changed = differences(before, now, file.columns or None)
        judged = _judged(today, screen, plan) if plan is not None else None
    return Since(place, paper.moment, moment, added, removed, changed, judged)


@contextmanager
def _fresh(folder: Path, file: RoundFile, place: Address, paper: Paper) -> Iterator[tuple[Path, str]]:
    """A copy of the round's own files with a snapshot of today in it, and its moment; gone afterwards."""
    # beside the round, so that names of files above it mean the same
    with tempfile.TemporaryDirectory(prefix=".landopt-since-", dir=folder.absolute().parent) as home:
        today, left = Path(home), shutil.ignore_patterns("plan", "plans", ".landopt*", SNAPSHOT, PAPER)
        shutil.copytree(folder, today, ignore=left, dirs_exist_ok=True)
        taken = take(place, SNAPSHOT, file.use_codes, units=file.units or None, named=file.columns or None)
        write_snapshot(taken, file, today / SNAPSHOT)
        sha = sha256_of(today / SNAPSHOT)
        own = file.central or paper.address
        (today / PAPER).write_bytes(Paper(own, taken.moment, taken.server, sha, taken.versions).text())
        yield today, taken.moment


def differences(
    before: RawTable, now: RawTable, named: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Changed, ...]]:
    """The parcels that came, went and changed between two tables of the same form, by id (``named``: its column)."""
    was, is_ = _rows(before, named), _rows(now, named)
    changed = []
    columns = sorted(before.columns.keys() | now.columns.keys())
    for name in sorted(was.keys() & is_.keys()):
        old, new = was[name], is_[name]
        found = [
            (column, _said(before, column, old), _said(now, column, new))
            for column in columns
            if _said(before, column, old) != _said(now, column, new)
        ]
        if _outline(before, old) != _outline(now, new):
            found.append((OUTLINE, None, None))
        if found:
            changed.append(Changed(name, tuple(found)))
    return tuple(sorted(is_.keys() - was.keys())), tuple(sorted(was.keys() - is_.keys())), tuple(changed)


def _rows(raw: RawTable, named: Mapping[str, str] | None) -> dict[str, int]:
    match = match_columns(raw.columns, "parcel", raw.where, named=named)
    if "parcel_id" not in match.columns:
        raise Refused([issue for issue in match.issues if issue.level == "error"])
    return {str(cell): row for row, cell in enumerate(raw.columns[match.columns["parcel_id"].name])}


def _said(raw: RawTable, column: str, row: int) -> str | None:
    cell = raw.columns[column][row] if column in raw.columns else None
    return None if cell is None else str(cell)


def _outline(raw: RawTable, row: int) -> bytes | None:
    import shapely

    shape = raw.geometry[row] if raw.geometry is not None else None
    return None if shape is None else bytes(shapely.to_wkb(shape))


def _judged(today: Path, screen: Screen, plan: Mapping[str, Any]) -> Judged:
    """The assignments of a plan under the facts of today: lawful each, within every limit, at or above the floors."""
    name = str(plan["plan_id"])
    try:
        case, reach = screen(today)
    except Refused as refused:
        return Judged(name, False, None, tuple(i for i in refused.issues if i.level == "error"))
    if plan["case"]["round"] != case.round.id:
        found = error("B013.plan-belongs-round", at=name, round=plan["case"]["round"], id=case.round.id)
        return Judged(name, False, None, (found,))
    taken = plan["assignments"]
    names = ("parcel_ids", "demand_id", "method", "period", "term_years")
    entries = tuple({key: entry[key] for key in names} for entry in taken)
    prices = tuple(entry["expected_price_yuan"] for entry in taken)
    report = audit_handmade(case, Handmade(entries, (NOWHERE,) * len(entries), prices), None, reach)
    return Judged(name, not report.findings, report, ())
