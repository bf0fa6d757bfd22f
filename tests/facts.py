"""Builders of facts, rules and small rounds for tests: plain values, no files, no geometry, no rule packs.

Facts are given as they are stored: integers of value x scale (``benchmark_price=60000`` is 600 yuan/m²), ISO dates,
tuples of codes; ``None`` is unknown. Rules follow the layout of ``Rule.spec`` that
``constraints.loading.load`` produces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from constraints.case import Case, Market, Objective, Period, Record, Round, Settings
from constraints.loading.load import methods as load_methods
from constraints.types import Cite, Method, Rule
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import Neighbours, table
from parcels.common.schema import Value

ALL_METHODS = ("allocation", "agreement", "bid", "auction", "listing", "lease", "lease_then_grant", "contribution")
COMPETITIVE = ("bid", "auction", "listing", "lease", "lease_then_grant")
AS_OF = "2026-03-31"
WEIGHTS = {"served": "100", "preference": "1", "revenue": "1", "warn": "500", "condition": "50"}


def parcel(**facts: Value) -> dict[str, Value]:
    """Facts of one lawful, ready, industrial parcel of 10,000 m²; keywords replace or add facts (``None``: unknown)."""
    found: dict[str, Value] = {
        "use": "IND",
        "district": "A",
        "land_source": "stock",
        "area_m2": 10_000,
        "zone": ("nansha",),
        "far_max": 400,
        "grade": 6,
        "benchmark_price": 60_000,
        "cost_floor": 40_000,
        "net_land": True,
        "converted": True,
        "expropriated": True,
        "ownership": "state",
        "in_annual_plan": True,
        "in_pbf": 0,
        "in_erl": 0,
        "in_erl_core": 0,
        "in_udb": True,
        "in_ind_block": True,
        "intending_users": 1,
        "publication_closed": "2026-03-01",
        "existing_right": "none",
        "status": "candidate",
    }
    return {**found, **facts}


def demand(**facts: Value) -> dict[str, Value]:
    """Facts of one private technology platform that takes 5,000 to 15,000 m² of industrial land; keywords replace."""
    found: dict[str, Value] = {
        "platform_kind": "technology",
        "operator": "private",
        "nonprofit": False,
        "public_welfare": False,
        "uses": ("IND",),
        "area_min_m2": 5_000,
        "area_max_m2": 15_000,
        "max_parcels": 1,
        "priority": 50,
        "hkmo": False,
        "strategic_industry": False,
        "for_sale": False,
    }
    return {**found, **facts}


def methods() -> tuple[Method, ...]:
    """The supply methods of ``constraints/methods.toml``, contribution included."""
    return load_methods()


def case(
    parcels: Sequence[Mapping[str, Value]],
    demands: Sequence[Mapping[str, Value]] = (),
    rules: Iterable[Rule] = (),
    neighbours: Iterable[tuple[str, str]] = (),
    *,
    as_of: str = AS_OF,
    start: str | None = "2026-01-01",
    end: str | None = "2026-12-31",
    purpose: str = "supply",
    reduction: str = "0.05",
    periods: Sequence[Period] = (),
    weights: Mapping[str, str] | None = None,
    tiers: Sequence[Sequence[str]] = (("served", "preference", "revenue"),),
    ties: Sequence[str] = (),
    market: Market | None = None,
    settings: Settings | None = None,
    records: Sequence[Record] = (),
    distances: Mapping[str, tuple[int, ...]] | None = None,
    calendar: Sequence[str] = (),
    round_id: str = "test-round",
) -> Case:
    """A case from facts; rows without an id get ``P01`` ... or ``D01`` ...; ``neighbours`` are pairs of parcel ids."""
    parcel_table = _table(parcels, "parcel_id", "P")
    demand_table = _table(demands, "demand_id", "D")
    row = parcel_table.index()
    pairs = sorted({(min(row[a], row[b]), max(row[a], row[b])) for a, b in neighbours})
    return Case(
        round=Round(
            round_id,
            Bilingual("Test round", "测试轮次"),
            "bureau",
            reduction,
            purpose,
            as_of,
            start,
            end,
            tuple(periods),
        ),
        parcels=parcel_table,
        demands=demand_table,
        neighbours=Neighbours(tuple(pairs), (100,) * len(pairs)),
        rules=tuple(sorted(rules, key=lambda rule: rule.id)),
        methods=methods(),
        objective=Objective({**WEIGHTS, **(weights or {})}, tuple(tuple(tier) for tier in tiers), tuple(ties)),
        settings=settings or Settings(),
        market=market,
        records=tuple(records),
        distances=distances or {},
        calendar=tuple(calendar),
        crs="EPSG:4526",
    )


def _table(rows: Sequence[Mapping[str, Value]], key: str, letter: str) -> Any:
    named = [{key: f"{letter}{number:02d}", **row} for number, row in enumerate(rows, 1)]
    names = sorted({name for row in named for name in row} - {key})
    columns = {name: [row.get(name) for row in named] for name in names}
    ids = [str(row[key]) for row in named]
    return table(ids, {key: ids, **columns})


# --- rules ---------------------------------------------------------------------------------------------------------


def cite(rank: int = 3, grade: str = "V2") -> Cite:
    """A citation of an invented document."""
    return Cite("Test instrument", "1", "TEST-1", rank, grade, "T0")


def rule(identifier: str, kind: str, when: str, spec: Mapping[str, Any], **more: Any) -> Rule:
    """A :class:`Rule` in force from 2000-01-01; ``rank``, ``grade``, ``start``, ``exception_to`` ... by keyword."""
    rank = more.pop("rank", 3)
    grade = more.pop("grade", "V2")
    return Rule(
        id=identifier,
        kind=kind,
        title=Bilingual(f"Rule {identifier}", f"规则 {identifier}"),
        cite=more.pop("cite", cite(rank, grade)),
        start=more.pop("start", "2000-01-01"),
        until=more.pop("until", None),
        when=when,
        spec=spec,
        **more,
    )


def eligibility(identifier: str, when: str, *, condition: str = "", **more: Any) -> Rule:
    """An eligibility rule; verdicts by keyword: ``eligibility("t.a", "use == 'RES'", allocation="permit")``."""
    verdict = {name: more.pop(name) for name in ALL_METHODS if name in more}
    spec: dict[str, Any] = {"verdict": verdict}
    if condition or "condition" in verdict.values():
        text = condition or f"document for {identifier}"
        spec["condition"] = {"en": text, "zh": f"{text}（文件）"}
    return rule(identifier, "eligibility", when, spec, **more)


def term(
    identifier: str,
    when: str,
    methods: Sequence[str],
    min_years: int | None = None,
    max_years: int | None = None,
    **more: Any,
) -> Rule:
    """A term rule, years."""
    return rule(
        identifier, "term", when, {"methods": list(methods), "min_years": min_years, "max_years": max_years}, **more
    )


def price_floor(identifier: str, when: str, methods: Sequence[str], per_m2: str, **more: Any) -> Rule:
    """A price floor, yuan/m², in the rule language."""
    return rule(identifier, "price_floor", when, {"methods": list(methods), "per_m2": per_m2}, **more)


def limit(
    identifier: str,
    where: str,
    sense: str = "<=",
    amount: int | Mapping[tuple[str, ...], int] | None = None,
    *,
    measure: str = "area_m2",
    per: Sequence[str] = (),
    share: tuple[int, int] | None = None,
    of: str | None = None,
    used: Mapping[tuple[str, ...], int] | None = None,
    credit: tuple[str, int, int] | None = None,
    penalty: int | str | None = None,
    tier: int | None = None,
    **more: Any,
) -> Rule:
    """A limit: ``amount`` in base integers (by key with ``per``) or ``share`` (num, den); ``penalty`` makes it soft."""
    amounts = {} if amount is None else {(): amount} if isinstance(amount, int) else dict(amount)
    unit = {"count": "count", "expected_price_yuan": "yuan"}.get(measure, "m2")
    spec = {
        "measure": measure,
        "per": list(per),
        "sense": sense,
        "values": [
            {"from": more.get("start", "2000-01-01"), "until": None, "key": list(key), "amount": value, "unit": unit}
            for key, value in sorted(amounts.items())
        ],
        "share": None if share is None else list(share),
        "of": of,
        "used": [{"key": list(key), "amount": value} for key, value in sorted((used or {}).items())],
        "credit": None if credit is None else {"where": credit[0], "num": credit[1], "den": credit[2]},
        "hard": penalty is None,
        "penalty": penalty or 0,
        "tier": tier,
    }
    spec |= {name: more.pop(name) for name in ("across", "keys") if name in more}
    return rule(identifier, "limit", where, spec, **{"rank": 0, **more})


def relation(identifier: str, kind: str, *, parcels: Sequence[str] = (), demands: Sequence[str] = ()) -> Rule:
    """A relation (``conflict``, ``together``, ``requires``) over parcels or demands."""
    spec = {"relation": kind, "parcels": list(parcels), "demands": list(demands)}
    return rule(identifier, "relation", "", spec, rank=0)


def lock(identifier: str, parcels: Sequence[str], method: str, demand_id: str | None = None) -> Rule:
    """A lock by an earlier decision."""
    spec = {"parcels": list(parcels), "demand": demand_id, "method": method, "document": "Decision 7"}
    return rule(identifier, "lock", "", spec, rank=0)


def preference(
    identifier: str, when: str, points: int = 0, points_per_ha: int = 0, methods: Sequence[str] = ALL_METHODS
) -> Rule:
    """A preference, points and points per hectare."""
    spec = {"methods": list(methods), "points": points, "points_per_ha": points_per_ha}
    return rule(identifier, "preference", when, spec, rank=0)
