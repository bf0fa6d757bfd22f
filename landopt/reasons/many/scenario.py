"""One run of many: a round under other numbers, solved from the plan as it stands, with as few changes as do.

Plain JSON in and out. A plan is named by its assignments, ``[[parcel ids], demand or null, method, period or null]``,
so that it can be found among the offers of a round that was changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from constraints.case import Case
from landopt.progress import heard
from landopt.reasons.alternatives import assignment, choices, value
from landopt.runs.work import watched
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import Ints, program, standing
from landopt.solving.programme.model import build
from landopt.solving.search_state import Warm
from landopt.solving.solver import Outcome, solve
from parcels.common.catalogue import Say

PATIENCE_S = 120
"""Without a limit of its own a run stops after so many seconds, with the best plan found and its bound."""

Assignment = Sequence[Any]
"""``[[parcel ids], demand id or None, method id, period id or None]``."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How far a run goes; ``None``: as the round says, else :data:`PATIENCE_S`. With ``nodes`` no clock decides."""

    gap: str | None = None
    time_limit_s: int | None = None

    def of(self, case: Case) -> dict[str, Any]:
        """The settings of a solve of a case."""
        settings = case.settings
        limit = self.time_limit_s or settings.time_limit_s or PATIENCE_S
        return {
            "gap": self.gap or settings.gap,
            "time_limit_s": None if settings.nodes is not None else limit,
            "nodes": settings.nodes,
            "seed": settings.seed,
            "threads": 1,
        }

    def longest_s(self, case: Case) -> float | None:
        """When a run hangs: far beyond its limit, or never where no clock decides."""
        limit = self.of(case)["time_limit_s"]
        return None if limit is None else 300.0 + 3 * limit


def named(case: Case, offers: Offers, chosen: Sequence[int]) -> list[list[Any]]:
    """A plan by its assignments."""
    entries = (assignment(case, offers, offer) for offer in chosen)
    return sorted([[e["parcel_ids"], e["demand_id"], e["method"], e["period"]] for e in entries], key=str)


def located(case: Case, offers: Offers, plan: Sequence[Assignment]) -> tuple[Ints, list[Assignment]]:
    """The offers of a plan's assignments (sorted), and the assignments that are no offer here."""
    demands = {name: row for row, name in enumerate(case.demands.ids)}
    methods = {method.id: row for row, method in enumerate(case.methods)}
    periods = {period.id: row for row, period in enumerate(case.round.periods)}
    rows = case.parcels.index()
    first, size = offers.site_parcels[offers.site_start[offers.site]], np.diff(offers.site_start)[offers.site]
    found, missing = [], []
    for entry in plan:
        ids, demand, method, period = entry
        who, how = -1 if demand is None else demands.get(demand, -2), methods.get(method, -1)
        when = -1 if period is None else periods.get(period, -2)
        alike = (offers.demand == who) & (offers.method == how) & (offers.period == when) & (size == len(ids))
        alike = np.flatnonzero(alike & np.isin(first, [rows.get(each, -1) for each in ids]))
        wanted = sorted(ids)
        at = next((o for o in alike.tolist() if sorted(case.parcels.ids[p] for p in offers.parcels(o)) == wanted), None)
        if at is None:
            missing.append(entry)
        else:
            found.append(at)
    return np.asarray(sorted(found), np.int64), missing


def nearest(case: Case, offers: Offers, found: Sequence[int], base: Ints) -> tuple[int, ...]:
    """The plan nearest to ``base`` that is worth what ``found`` is in every tier, among the choices of the two.

    A programme of a few dozen offers, solved to its end: parcels whose choice stays count for, others against.
    """
    from landopt.solving.programme.silent_highs import SilentHiGHS

    sizes = np.diff(offers.site_start)[offers.site]
    supplied = set(located_parcels(offers, base))
    tier = np.zeros(len(offers), np.int64)
    pool = np.union1d(np.asarray(found, np.int64), base)
    for offer in pool.tolist():
        tier[offer] = -sum(parcel not in supplied for parcel in offers.parcels(offer))
    tier[base] = sizes[base]
    reached = value(offers, tuple(found))
    prog = program(case, replace(offers, score=np.vstack([offers.score, 1000 * tier])), offers.tiers, reached)
    built = build(prog, pool)
    if not built.problem.solve(SilentHiGHS(msg=False, threads=1, mip_abs_gap=0.999)).has_solution:
        return tuple(found)
    near = pool[np.array([variable.value() or 0.0 for variable in built.x]) > 0.5]
    return tuple(near.tolist()) if standing(prog, near).lawful else tuple(found)


def located_parcels(offers: Offers, chosen: Ints) -> list[int]:
    """The parcel rows that some offers take."""
    return [row for offer in chosen.tolist() for row in offers.parcels(offer)]


def stands(case: Case, offers: Offers, plan: Sequence[Assignment]) -> dict[str, Any]:
    """How a plan stands in a round: ``objective`` per tier (None: it breaks something), ``rows`` and ``missing``."""
    chosen, missing = located(case, offers, plan)
    prog = program(case, offers, 0)
    broken = standing(prog, chosen).broken
    head = prog.parcels + prog.demands
    rows = [offers.rows[row - head].id for row in broken if row >= head]
    whole = not missing and not broken
    return {
        "objective": list(value(offers, tuple(chosen.tolist()))) if whole else None,
        "rows": rows,
        "missing": len(missing),
    }


def solved(
    case: Case,
    offers: Offers,
    effort: Effort,
    base: Sequence[Assignment] | None = None,
    start: Warm | None = None,
    warm: Ints | None = None,
    *,
    plans_alone: bool = False,
    say: Say | None = None,
) -> tuple[dict[str, Any], Outcome]:
    """A run: why it stopped, value and bound per tier, the plan; ``base`` is the plan it starts from and stays near.

    With ``plans_alone`` nothing is proved beyond the prices in a large round, and no ties are looked at.
    ``say`` hears of the best plan so far.
    """
    near = None
    if base is not None:
        near, _ = located(case, offers, base)
        warm = near
    outcome = solve(
        case,
        offers,
        **effort.of(case),
        warm=warm,
        start=start,
        here=watched(),
        ties=not plans_alone,
        prove=not plans_alone,
        progress=None if say is None else heard(say),
    )
    found: dict[str, Any] = {"stopped": outcome.stopped, "offers": len(offers)}
    if outcome.chosen is None:
        return {
            **found,
            "objective": None,
            "bound": None,
            "served": 0,
            "plan": [],
            "choices": [],
            "methods": {},
        }, outcome
    chosen = tuple(int(offer) for offer in outcome.chosen)
    if near is not None:
        chosen = nearest(case, offers, chosen, near)
    worth = value(offers, chosen)
    taken = choices(case, offers, chosen)
    methods: dict[str, int] = {}
    for _, how, _ in taken.values():
        methods[how] = methods.get(how, 0) + 1
    return {
        **found,
        "objective": list(worth),
        "bound": [max(better(tier), now) for tier, now in zip(outcome.tiers, worth, strict=True)],
        "served": len({who for who, *_ in taken.values() if who is not None}),
        "plan": named(case, offers, chosen),
        "choices": [[name, *choice] for name, choice in sorted(taken.items())],
        "methods": dict(sorted(methods.items())),
    }, outcome


def better(tier: Any) -> int:
    """The smaller of the bound that is proved and the one that the solver claims."""
    return int(tier.bound if tier.solver_bound is None else min(tier.bound, tier.solver_bound))


def written(folder: Path, texts: Sequence[Sequence[str]]) -> list[Path]:
    """Overlays as files of their own names, where a run was given them as (name, text): each in a folder of its own."""
    found = []
    for number, (name, text) in enumerate(texts):
        place = folder / str(number)
        place.mkdir()
        found.append(place / name)
        found[-1].write_bytes(text.encode("utf-8", "surrogateescape"))
    return found


def as_choices(result: Mapping[str, Any]) -> dict[str, tuple[str | None, ...]]:
    """For each supplied parcel of a result whom it goes to, how and when."""
    return {name: tuple(choice) for name, *choice in result["choices"] or []}
