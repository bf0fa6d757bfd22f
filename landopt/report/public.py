"""The public edition of a plan: what may be published, picked by name; everything else is not there to be written.

A supply plan that is published names the land, its use, its method and its time (Regulation on the Implementation of
the Land Administration Law art. 16: total, structure, timing, parcels, uses). It names no reserve or floor price, no
budget, priority, score or condition, no parcel held back and no applicant left without a site; under a competitive
method no platform, since the taker is whoever the competition finds; under agreement and allocation the user, whom the
law has displayed. The writers of reports get this reduced plan in the place of the whole one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from constraints.case import Case
from landopt.reasons.texts import render_public
from landopt.report.source import Source
from parcels.common.frozen import FactTable
from parcels.common.issues import Refused, error

PARCELS = ("parcel_id", "parcel_name", "district", "use", "land_source", "area_m2", "new_area_m2", "far_min", "far_max")
"""Columns of the parcels that are published."""
PLATFORMS = ("demand_id", "name", "platform_kind", "operator")
"""Columns of the users that are published, where the law has them displayed."""
ENTRY = ("parcel_ids", "method", "right", "area_m2", "use", "district", "land_source", "term_years", "period")
"""What of an assignment is published; its user besides, where there is no competition."""
STEP = ("step", "earliest", "latest")
RECORD = (
    *("kind", "parcel_ids", "parcel_names", "districts", "uses", "area_m2", "land_sources", "method", "right"),
    *("term_years", "lease_years"),
)
CITE = ("doc", "number", "article")
_PLAN = ("plan_id", "plan_hash")
_METHOD = ("method", "assignments", "parcels", "area_m2")


@dataclass(frozen=True)
class PublicSource(Source):
    """A plan folder opened for the public edition."""

    @cached_property
    def plan(self) -> dict[str, Any]:
        """``plan.json`` with what is published, and nothing in the place of the rest."""
        whole = self.found.plan
        records = [record for record in whole["justification"] if record["kind"] == "assignment"]
        summary = next(record for record in whole["justification"] if record["kind"] == "plan")
        return {
            **{name: whole[name] for name in _PLAN},
            "case": {name: whole["case"][name] for name in ("as_of", "digest", "title")} | {"overlays": []},
            "result": {"tiers": [], "stopped": "", "bound_scope": ""},
            "assignments": [self._entry(entry) for entry in whole["assignments"]],
            "held": [],
            "unserved": [],
            "justification": [*(self._record(record) for record in records), self._summary(summary)],
        }

    def _displayed(self, method: str) -> bool:
        """Whether the user is displayed: where no competition finds it."""
        return not self.found.case.method(method).competitive

    def _entry(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        shown = self._displayed(entry["method"])
        return {
            **{name: entry.get(name) for name in ENTRY},
            "demand_id": entry["demand_id"] if shown else None,
            "role": entry["role"] if shown else "market",
            "timetable": [{name: step[name] for name in STEP} for step in entry["timetable"]],
            **dict.fromkeys(("verdict", "floor_price"), None),
            **dict.fromkeys(("start_price_yuan", "deposit_yuan"), 0),
            **{name: [] for name in ("rules", "conditions")},
        }

    def _record(self, record: Mapping[str, Any]) -> dict[str, Any]:
        shown = self._displayed(record["method"])
        user = {
            name: record[name] if shown else None for name in ("demand_id", "platform", "platform_kind", "operator")
        }
        permits = [{"cite": {name: ruling["cite"][name] for name in CITE}} for ruling in record["permits"]]
        return {
            **{name: record.get(name) for name in RECORD},
            **user,
            "permits": permits,
            "conditions": [],
            "limits": [],
        }

    @staticmethod
    def _summary(record: Mapping[str, Any]) -> dict[str, Any]:
        methods = [{name: line[name] for name in _METHOD} | {"start_price_yuan": 0} for line in record["methods"]]
        return {
            "kind": "plan",
            "methods": methods,
            "parcels_supplied": record["parcels_supplied"],
            "as_of": record["as_of"],
            "optimal": False,
            "limits": [],
            "cutoffs": [],
        }

    @cached_property
    def case(self) -> Case:
        """The case with the parcels supplied and the users displayed, in the columns that are published."""
        case = self.found.case
        taken = {name for entry in self.plan["assignments"] for name in entry["parcel_ids"]}
        users = {entry["demand_id"] for entry in self.plan["assignments"]}
        return replace(
            case,
            parcels=_picked(case.parcels, taken, PARCELS),
            demands=_picked(case.demands, users, PLATFORMS),
            rules=(),
            records=(),
            market=None,
            sources=(),
            notes=(),
            inputs=(),
            dropped=(),
            distances={},
        )

    @cached_property
    def texts(self) -> dict[str, list[str]]:
        """A few lines a site: the land, the method, its basis, and the user where the law has it displayed."""
        return {lang: [render_public(record, lang) for record in self.plan["justification"]] for lang in ("zh", "en")}


def _picked(table: FactTable, ids: set[Any], columns: tuple[str, ...]) -> FactTable:
    rows = [row for row, name in enumerate(table.ids) if name in ids]
    kept = {name: table.column(name) for name in columns}
    return FactTable(
        tuple(table.ids[row] for row in rows),
        {name: tuple(column[row] for row in rows) for name, column in kept.items()},
    )


def public_source(source: Source) -> PublicSource:
    """The public edition of a plan.

    Raises
    ------
    Refused
        If the plan is a scenario: what rests on facts that are not on file is not published.
    """
    if source.plan["case"]["overlays"] or source.case.scenario:
        raise Refused(error("X023.scenario", at=str(source.folder)))
    return PublicSource(source.found)
