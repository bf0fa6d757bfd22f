"""Small rounds decided for tests: with offers, the solver's plan and its prices."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from constraints.canonical import canonical
from constraints.case import Case, case_digest, to_json
from landopt.keeping.plan import plan_json
from landopt.keeping.plan_file import packed
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.justify import justify
from landopt.screening.offers import Offers
from landopt.screening.offers_file import write_offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.solver import Outcome, solve
from tests.audit.folders import small
from tests.builders import random_case


def offers_of(case: Case) -> Offers:
    """The lawful offers of a small round."""
    return build_offers(case)


@cache
def decided(seed: int, gap: str = "0") -> tuple[Case, Offers, Outcome]:
    """A random small round with its offers and what the solver says."""
    case = random_case(seed)
    offers = offers_of(case)
    return case, offers, solve(case, offers, gap=gap)


@cache
def tiers_planned(seed: int) -> int:
    """How many tiers the best plan of a small round has; 0 where no plan assigns anything, -1 where none is lawful.

    Kept by seed: many files ask for the same first seeds when they are collected.
    """
    best = small(random_case(seed))
    return -1 if best.best is None else len(best.best) if best.chosen else 0


def planned(count: int, start: int = 0, tiers: int | None = None) -> tuple[int, ...]:
    """The first seeds of small rounds that have a plan with at least one assignment."""
    good = (seed for seed in itertools.count(start) if tiers_planned(seed) > 0)
    return tuple(itertools.islice((seed for seed in good if tiers in (None, tiers_planned(seed))), count))


def context_of(case: Case, offers: Offers, outcome: Outcome) -> tuple[Context, Law]:
    """The decided round ready for questions."""
    assert outcome.chosen is not None
    context = Context(case, offers, np.asarray(outcome.chosen).tolist(), outcome.proof)
    return context, Law(context)


def plans(offers: Offers, rows: Any = None) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every lawful plan of a small round by enumeration, as (value per tier, offers), best first."""
    from landopt.reasons.alternatives import value

    found: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def lawful(chosen: tuple[int, ...]) -> bool:
        used = [0] * len(offers.rows)
        for offer in chosen:
            for row, amount in offers.coefficients(offer):
                used[row] += amount
        return all(
            row.slack
            or (
                (row.sense != "<=" or amount <= row.rhs)
                and (row.sense != ">=" or amount >= row.rhs)
                and (row.sense != "=" or amount == row.rhs)
            )
            for row, amount in zip(offers.rows, used, strict=True)
        )

    def extend(start: int, chosen: tuple[int, ...], parcels: frozenset[int], demands: frozenset[int]) -> None:
        if lawful(chosen):
            found.append((value(offers, chosen), chosen))
        for offer in range(start, len(offers)):
            site, who = frozenset(offers.parcels(offer)), int(offers.demand[offer])
            if not site & parcels and who not in demands:
                extend(offer + 1, (*chosen, offer), parcels | site, demands | ({who} if who >= 0 else set()))

    extend(0, (), frozenset(), frozenset())
    return sorted(found, key=lambda entry: (tuple(-v for v in entry[0]), entry[1]))


def write_plan(folder: Path, case: Case, gap: str = "0") -> Path:
    """Decide a round and write its plan folder (without the map)."""
    offers = build_offers(case)
    outcome = solve(case, offers, gap=gap)
    assert outcome.chosen is not None
    tiers = [(tier.objective, tier.bound, tier.solver_bound) for tier in outcome.tiers]
    records = justify(case, offers, outcome.chosen.tolist(), outcome)
    plan = plan_json(
        case,
        stopped=outcome.stopped,
        scope=offers.scope,
        ties=outcome.ties,
        tiers=tiers,
        records=records,
        proof=outcome.proof,
    )
    folder.mkdir(parents=True, exist_ok=True)
    sha = write_offers(folder / "offers.jsonl.gz", case, offers)
    proof = {**(outcome.proof or {}), "schema": "landopt.proof/3", "case": case_digest(case), "offers": sha}
    for name, content in (("case", to_json(case)), ("proof", proof), ("plan", packed(plan))):
        (folder / f"{name}.json").write_bytes(canonical(content))
    return folder
