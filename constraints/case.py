"""The case: everything a decision rests on, as canonical facts, for the optimiser and (``case.json``) the auditor.

Standard library only. All lists of texts that JSON cannot key in ASCII (parcel ids, districts) are values, never keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from constraints.canonical import digest
from constraints.types import Cite, Method, Rule
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import FactTable, Neighbours
from parcels.common.schema import Value

SCHEMA = "landopt.case/1"
KEPT = "kept"
"""The part of the points that counts what a programme carries on as an earlier plan had it (docs/programmes.md)."""


@dataclass(frozen=True, slots=True)
class Record:
    """A document on file that answers a rule's condition; blank ids mean any."""

    rule: str
    parcel_id: str
    demand_id: str
    document: str
    date: str
    by: str


@dataclass(frozen=True, slots=True)
class Period:
    """A part of the round, such as ``2026-Q1``, with its first and last day (ISO)."""

    id: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Round:
    """The ``[round]`` table. ``land_reduction_rate`` is a decimal text; dates are ISO."""

    id: str
    title: Bilingual
    authority: str
    land_reduction_rate: str
    purpose: str
    as_of: str
    start: str | None = None
    end: str | None = None
    periods: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class Objective:
    """Weights as decimal texts; ``tiers`` of the parts served, preference, revenue; ``ties`` the declared ladder.

    ``gives`` says by tier what part of its value later tiers may cost it, as (numerator, denominator); tiers beyond its
    end give nothing.
    ``later``: what waiting takes off in a programme, a rate a listed period (decimal text; docs/model.md §6).
    """

    weights: Mapping[str, str]
    tiers: tuple[tuple[str, ...], ...]
    ties: tuple[str, ...] = ()
    gives: tuple[tuple[int, int], ...] = ()
    later: str = "0"

    @property
    def last(self) -> int:
        """The last tier of the round's own, in which verdicts and penalties count; one of what is kept comes after."""
        return len(self.tiers) - (2 if len(self.tiers) > 1 and self.tiers[-1] == (KEPT,) else 1)

    def weight(self, part: str) -> Fraction:
        """The exact weight of a part (or points of ``warn`` / ``condition``)."""
        return Fraction(self.weights[part])

    def give(self, tier: int) -> tuple[int, int]:
        """What part of the value of a tier later ones may cost it."""
        return self.gives[tier] if tier < len(self.gives) else (0, 1)


def held_at(reached: int, give: tuple[int, int]) -> int:
    """What later tiers hold a tier to that ``reached`` so much: reached - floor(give x abs(reached)), millipoints."""
    return reached - give[0] * abs(reached) // give[1]


@dataclass(frozen=True, slots=True)
class Market:
    """Uses and (competitive) methods by which parcels may be offered openly."""

    uses: tuple[str, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """The ``[solve]`` table; ``gap`` is a decimal text, ``verdicts`` says which offers become variables.

    Parcels are adjacent if they share more than ``adjacency_m`` metres of boundary, or face each other over as much
    across a gap (a road) of at most ``adjacency_gap_m`` metres (0: a road is no neighbour).
    """

    verdicts: tuple[str, ...] = ("permit", "condition")
    gap: str = "0.001"
    time_limit_s: int | None = None
    nodes: int | None = None
    seed: int = 0
    threads: int = 1
    adjacency_m: str = "1"
    adjacency_gap_m: str = "0"
    site_cap: int = 200_000


@dataclass(frozen=True, slots=True)
class Case:
    """All a plan depends on.

    ``distances[point]`` gives for each parcel row the metres (rounded up) to a named point. ``calendar`` lists the
    non-working days (ISO) of the years the timetables reach, as taken from the holiday library. ``rules`` are those in
    force on ``round.as_of``, sorted by id; ``dropped`` the parcels left out on the record.
    ``inputs`` are ``{"name", "sha256", "rows"}``; ``notes`` the findings worth keeping (encoding used, CRS, repairs).
    ``sources`` are the texts the case was made from, word for word: ``{"role", "name", "text"}``, role ``round``,
    ``policy``, ``pack`` (one that is not shipped) or ``overlay``; each is among the inputs by digest.
    ``scenario`` are facts an overlay put in place of those on file: ``{"of", "id", "field", "was", "is",
    "scenario"}``; a case that has any is a scenario.
    ``perimeters`` are decimetres of boundary of each parcel, measured where a rule of the round reads
    ``site_compact`` (else empty).
    ``outlines`` is the digest of the parcels' polygons (:func:`constraints.audit.bound.layers.outline_digest`).
    """

    round: Round
    parcels: FactTable
    demands: FactTable
    neighbours: Neighbours
    rules: tuple[Rule, ...]
    methods: tuple[Method, ...]
    objective: Objective
    settings: Settings = Settings()
    market: Market | None = None
    records: tuple[Record, ...] = ()
    distances: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    calendar: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    inputs: tuple[Mapping[str, Any], ...] = ()
    dropped: tuple[Mapping[str, str], ...] = ()
    overlays: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    crs: str = ""
    sources: tuple[Mapping[str, str], ...] = ()
    scenario: tuple[Mapping[str, Any], ...] = ()
    outlines: str = ""
    perimeters: tuple[int, ...] = ()

    def method(self, identifier: str) -> Method:
        """The method of that id."""
        return next(method for method in self.methods if method.id == identifier)


def to_json(case: Case) -> dict[str, Any]:
    """The case as plain JSON (``case.json``); :func:`from_json` reads it back equal."""
    return {
        "schema": SCHEMA,
        "round": {
            **{name: getattr(case.round, name) for name in _ROUND},
            "title": _text(case.round.title),
            "periods": [{"id": p.id, "start": p.start, "end": p.end} for p in case.round.periods],
        },
        "crs": case.crs,
        "parcels": _table(case.parcels),
        "demands": _table(case.demands),
        "neighbours": {
            "pairs": [list(pair) for pair in case.neighbours.pairs],
            "shared_dm": list(case.neighbours.shared_dm),
        },
        **({"perimeters_dm": list(case.perimeters)} if case.perimeters else {}),
        "distances": [{"point": name, "metres": list(row)} for name, row in sorted(case.distances.items())],
        "rules": [rule_to_json(rule) for rule in case.rules],
        "methods": [{**{n: getattr(m, n) for n in _METHOD}, "title": _text(m.title)} for m in case.methods],
        "objective": {
            "weights": dict(case.objective.weights),
            "tiers": [list(tier) for tier in case.objective.tiers],
            "ties": list(case.objective.ties),
            **({"gives": [list(give) for give in case.objective.gives]} if case.objective.gives else {}),
            **({"later": case.objective.later} if Fraction(case.objective.later) else {}),
        },
        "settings": {
            **{name: getattr(case.settings, name) for name in _SETTINGS},
            "verdicts": list(case.settings.verdicts),
        },
        "market": None
        if case.market is None
        else {"uses": list(case.market.uses), "methods": list(case.market.methods)},
        "records": [{name: getattr(record, name) for name in _RECORD} for record in case.records],
        "calendar": list(case.calendar),
        "packs": list(case.packs),
        "inputs": [dict(entry) for entry in case.inputs],
        "dropped": [dict(entry) for entry in case.dropped],
        "overlays": list(case.overlays),
        "notes": list(case.notes),
        "sources": [dict(entry) for entry in case.sources],
        "scenario": [dict(entry) for entry in case.scenario],
        "outlines": case.outlines,
    }


def from_json(data: Mapping[str, Any]) -> Case:
    """A case from ``case.json``.

    Raises
    ------
    ValueError
        If the schema is not the one this version reads.
    """
    if data.get("schema") != SCHEMA:
        raise ValueError(f"case schema {data.get('schema')!r} is not {SCHEMA}")
    round_ = data["round"]
    return Case(
        round=Round(
            **{name: round_[name] for name in _ROUND},
            title=Bilingual(**round_["title"]),
            periods=tuple(Period(**period) for period in round_["periods"]),
        ),
        crs=data["crs"],
        parcels=_from_table(data["parcels"]),
        demands=_from_table(data["demands"]),
        neighbours=Neighbours(
            tuple((pair[0], pair[1]) for pair in data["neighbours"]["pairs"]), tuple(data["neighbours"]["shared_dm"])
        ),
        distances={entry["point"]: tuple(entry["metres"]) for entry in data["distances"]},
        rules=tuple(rule_from_json(entry) for entry in data["rules"]),
        methods=tuple(Method(**{**entry, "title": Bilingual(**entry["title"])}) for entry in data["methods"]),
        objective=Objective(
            data["objective"]["weights"],
            tuple(tuple(tier) for tier in data["objective"]["tiers"]),
            tuple(data["objective"]["ties"]),
            tuple((int(give[0]), int(give[1])) for give in data["objective"].get("gives", ())),
            data["objective"].get("later", "0"),
        ),
        settings=Settings(**{**data["settings"], "verdicts": tuple(data["settings"]["verdicts"])}),
        market=None
        if data["market"] is None
        else Market(tuple(data["market"]["uses"]), tuple(data["market"]["methods"])),
        records=tuple(Record(**entry) for entry in data["records"]),
        calendar=tuple(data["calendar"]),
        packs=tuple(data["packs"]),
        inputs=tuple(data["inputs"]),
        dropped=tuple(data["dropped"]),
        overlays=tuple(data["overlays"]),
        notes=tuple(data["notes"]),
        sources=tuple(data.get("sources", ())),
        scenario=tuple(data.get("scenario", ())),
        outlines=data.get("outlines", ""),
        perimeters=tuple(data.get("perimeters_dm", ())),
    )


def as_written(case: Case) -> Case:
    """The case as ``case.json`` holds it, so that what is said of it is the same when read again.

    Columns that say nothing about any row are left out.
    """
    return replace(case, parcels=_saying(case.parcels), demands=_saying(case.demands))


def _saying(facts: FactTable) -> FactTable:
    columns = {name: column for name, column in facts.columns.items() if any(v is not None for v in column)}
    return facts if len(columns) == len(facts.columns) else FactTable(facts.ids, columns)


def case_digest(case: Case) -> str:
    """SHA-256 of the canonical case: names the case in every output."""
    return digest(to_json(case))


_ROUND = ("id", "authority", "land_reduction_rate", "purpose", "as_of", "start", "end")
_METHOD = (
    "id",
    "right",
    "mode",
    "competitive",
    "min_bidders",
    "default",
    "default_rule",
    "paid",
    "statutory_days",
    "planning_days",
)
_SETTINGS = ("gap", "time_limit_s", "nodes", "seed", "threads", "adjacency_m", "adjacency_gap_m", "site_cap")
_RECORD = ("rule", "parcel_id", "demand_id", "document", "date", "by")
_RULE = ("id", "kind", "start", "until", "when", "date_grade", "origin")
_CITE = ("doc", "article", "number", "rank", "grade", "source")


def _text(text: Bilingual) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def rule_to_json(rule: Rule) -> dict[str, Any]:
    """A rule as plain JSON, without its place in a file."""
    return {
        **{name: getattr(rule, name) for name in _RULE},
        "title": _text(rule.title),
        "cite": {name: getattr(rule.cite, name) for name in _CITE},
        "spec": dict(rule.spec),
        "domain": list(rule.domain),
        "exception_to": list(rule.exception_to),
    }


def rule_from_json(data: Mapping[str, Any]) -> Rule:
    """A rule from plain JSON."""
    return Rule(
        **{name: data[name] for name in _RULE},
        title=Bilingual(**data["title"]),
        cite=Cite(**data["cite"]),
        spec=data["spec"],
        domain=tuple(data["domain"]),
        exception_to=tuple(data["exception_to"]),
    )


def _table(facts: FactTable) -> dict[str, Any]:
    columns = {
        name: [list(v) if isinstance(v, tuple) else v for v in column]
        for name, column in sorted(facts.columns.items())
        if any(v is not None for v in column)
    }
    return {"ids": list(facts.ids), "columns": columns}


def _from_table(data: Mapping[str, Any]) -> FactTable:
    def value(item: Any) -> Value:
        return tuple(item) if isinstance(item, list) else item

    columns = {name: tuple(map(value, column)) for name, column in data["columns"].items()}
    return FactTable(tuple(data["ids"]), columns)
