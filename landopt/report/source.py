"""What the reports are made from: a plan folder, read once, with one row a parcel. Nothing is decided or recomputed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.keeping.plan_folder import PlanFolder, open_plan
from landopt.reasons.law_words.own_corrections import own_corrections
from landopt.reasons.law_words.own_exceptions import own_exceptions
from landopt.reasons.texts import by_hand, render
from landopt.reasons.two_names import said_in
from landopt.report.mixed import MixedPart, mixed_parts
from parcels.common.gate import admit
from parcels.common.issues import Refused, error
from parcels.common.visible import visible, visible_values

if TYPE_CHECKING:
    import geopandas

    from constraints.case import Case


_PARTS = ("plan_id", "plan_hash", "case", "result", "assignments", "held", "unserved", "justification")
"""What the reports read of ``plan.json``."""


@dataclass(frozen=True, slots=True)
class ParcelRow:
    """One parcel as every report shows it; ``record`` is the place of its justification in ``plan.json``.

    ``entry`` is its assignment in ``plan.json`` or ``None`` where it is held back; areas m².
    """

    parcel_id: str
    name: str
    district: str
    use: str
    land_source: str
    area_m2: int
    entry: Mapping[str, Any] | None
    record: int | None

    @property
    def method(self) -> str | None:
        """The supply method, or ``None`` for a parcel held back."""
        return None if self.entry is None else str(self.entry["method"])


@dataclass(frozen=True)
class Source:
    """A plan folder opened for reports."""

    found: PlanFolder

    @cached_property
    def plan(self) -> dict[str, Any]:
        """``plan.json``."""
        return self.found.plan

    @property
    def folder(self) -> Path:
        """The plan folder."""
        return self.found.folder

    @cached_property
    def case(self) -> Case:
        """The case the plan was made from."""
        return self.found.case

    @property
    def records(self) -> list[dict[str, Any]]:
        """The justification records of the plan."""
        return list(self.plan["justification"])

    @cached_property
    def mixed(self) -> dict[str, tuple[MixedPart, ...]]:
        """The parts of each supplied parcel of several uses."""
        return mixed_parts(self.found.case, self.found.plan["assignments"])

    @cached_property
    def whole(self) -> dict[str, Any]:
        """The record of the plan as a whole."""
        return next(record for record in self.plan["justification"] if record["kind"] == "plan")

    @cached_property
    def rows(self) -> tuple[ParcelRow, ...]:
        """One row a parcel of the case, by id."""
        table = self.case.parcels
        entry_of = {name: entry for entry in self.plan["assignments"] for name in entry["parcel_ids"]}
        record_of: dict[str, int] = {}
        for place, record in enumerate(self.plan["justification"]):
            if record["kind"] == "assignment":
                record_of.update(dict.fromkeys(record["parcel_ids"], place))
            elif record["kind"] == "held":
                record_of[record["id"]] = place
        names, districts = table.column("parcel_name"), table.column("district")
        uses, sources, areas = table.column("use"), table.column("land_source"), table.column("area_m2")
        return tuple(
            ParcelRow(
                parcel_id=identifier,
                name=str(names[row] or ""),
                district=str(districts[row] or ""),
                use=str(uses[row] or ""),
                land_source=str(sources[row] or ""),
                area_m2=int(str(areas[row] or 0)),
                entry=entry_of.get(identifier),
                record=record_of.get(identifier),
            )
            for row, identifier in enumerate(table.ids)
        )

    @cached_property
    def platforms(self) -> dict[str, dict[str, Any]]:
        """The platforms by demand id: name, kind and operator."""
        table = self.case.demands
        return {
            identifier: {
                "name": str(table.column("name")[row] or ""),
                "kind": table.column("platform_kind")[row],
                "operator": table.column("operator")[row],
            }
            for row, identifier in enumerate(table.ids)
        }

    @cached_property
    def texts(self) -> dict[str, list[str]]:
        """The justification of every record, in both languages, in the order of the records; fixes by hand last."""
        return {lang: [self._text(record, lang) for record in self.plan["justification"]] for lang in ("zh", "en")}

    def _text(self, record: dict[str, Any], lang: str) -> str:
        text = render(self.found.compared(record), lang, self.case.rules)
        if record["kind"] not in ("plan", "assignment"):
            return text
        site = None if record["kind"] == "plan" else record["parcel_ids"]
        mine = None if record["kind"] == "plan" else record
        said = (
            by_hand(self.plan, lang, site),
            own_exceptions(self.case, self.plan, lang, site),
            own_corrections(self.case, lang, mine),
        )
        return "\n".join([text, *filter(None, said)])

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """The methods of the case, in the order every list uses."""
        return tuple(method.id for method in self.case.methods)

    @cached_property
    def polygons(self) -> geopandas.GeoDataFrame:
        """Polygons by parcel id, in the order of :attr:`rows`, in the projected CRS of the plan.

        Raises
        ------
        Refused
            If ``plan.gpkg`` is missing, cannot be read, or does not hold the parcels of the case.
        """
        import pyogrio

        from parcels.formats.guard import guarded

        path = self.folder / "plan.gpkg"
        with guarded(admit(path), "parcels") as path, readable(path):
            frame = pyogrio.read_dataframe(path, layer="parcels", columns=["parcel_id"])
        frame = frame.assign(parcel_id=[visible(str(name)) for name in frame["parcel_id"]]).set_index("parcel_id")
        wanted = list(self.found.case.parcels.ids)
        missing = [name for name in wanted if name not in frame.index]
        if missing or len(frame) != len(wanted):
            key = "X008.parcel-missing" if missing else "X008.other-count"
            lacking = missing[0] if missing else ""
            raise Refused(error(key, at=str(path), count=len(frame), wanted=len(wanted), missing=lacking))
        return frame.loc[[row.parcel_id for row in self.rows]]


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Refuse a ``plan.gpkg`` that is missing, cut off or of another form (X007)."""
    try:
        yield
    except Exception as trouble:  # pyogrio names several errors of its own, all of them "cannot be read"
        raise Refused(error("X007.cannot-read", at=str(path), file=path.name, trouble=trouble)) from trouble


def open_source(path: Path, lang: str = "") -> Source:
    """Open a plan folder (or its ``plan.json``) for reports; names in two languages are said in ``lang`` alone.

    Raises
    ------
    Refused
        If there is no plan or case, one of another version, or a plan without its justification or another part.
    """
    found = open_plan(path)
    plan = visible_values(said_in(found.plan, found.names, lang))
    found = replace(found, plan=plan, for_reading=True, spoken=lang)
    absent = [name for name in _PARTS if name not in found.plan]
    if absent:
        raise Refused(error("X005.plan-json-cannot-read", at=str(path), absent=absent[0]))
    if not any(record.get("kind") == "plan" for record in found.plan["justification"]):
        raise Refused(error("X009.plan-no-justification", at=str(path)))
    _ = found.case  # refused now, before anything is written
    return Source(found)


def rules_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The rules a record of an assignment or of a held parcel names first: what permits, conditions, or stops it."""
    if record["kind"] == "assignment":
        found = {ruling["cite"].get("rule") for ruling in record["permits"]}
        found |= {condition["rule"] for condition in record["conditions"]}
        found |= {limit["cite"]["rule"] for limit in record["limits"] if limit["binding"]}
        return tuple(sorted(filter(None, found)))
    return tuple(sorted({entry["ruling"]["cite"]["rule"] for entry in record["reasons"] if entry["ruling"]}))
