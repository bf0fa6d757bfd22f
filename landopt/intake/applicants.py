"""Late applicants of an overlay (``[[applicant]]``): platforms no file of the round has, with reason and name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from constraints.case import Case
from parcels.common.frozen import FactTable, table
from parcels.common.issues import Issue, Refused, error
from parcels.common.schema import fields_of

if TYPE_CHECKING:
    from constraints.loading.overlays import Fact


def with_applicants(case: Case, names: Sequence[str], facts: Iterable[Fact], where: str) -> Case:
    """The case with a blank row for each new platform; its facts are put in as those of a scenario.

    Raises
    ------
    Refused
        O008: the platform is one of the round, or stands twice; a fact that every platform has is missing.
    """
    if not names:
        return case
    known = set(case.demands.ids)
    issues = []
    for number, name in enumerate(names):
        if name in known or name in names[:number]:
            issues.append(error("O008.known", at=where, ids=(name,), name=name))
    for name in dict.fromkeys(names):
        told = {fact.field for fact in facts if (fact.of, fact.id) == ("demand", name)}
        due = [each.name for each in fields_of("demand").values() if each.required and each.name != "demand_id"]
        missing = [each for each in due if each not in told]
        if missing:
            issues.append(error("O008.missing", at=where, ids=(name,), name=name, fields=missing))
    if issues:
        raise Refused(issues)
    blank = [None] * len(names)
    columns = {name: [*column, *blank] for name, column in case.demands.columns.items()}
    return replace(case, demands=table([*case.demands.ids, *names], columns))


def late_checks(case: Case, names: Sequence[str], where: str) -> list[Issue]:
    """What reading a file would refuse of their facts together."""
    from parcels.demands import check_demands

    rows = [case.demands.index()[name] for name in names]
    held = case.demands
    late = FactTable(tuple(names), {name: tuple(column[row] for row in rows) for name, column in held.columns.items()})
    return check_demands(late, where)
