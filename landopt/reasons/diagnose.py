"""Impossible: a minimal set of rules and keys in conflict, and the cheapest relaxations of policy with what they give.

A deletion filter: statutory rows stay while policy rows are tried, then the statutory ones are tried too; what remains
is needed, every member proved (without it the rest has a plan). Then the rules that close offers are tried likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from constraints.case import Case
from landopt.intake.overlay import BINDING_RANK
from landopt.reasons.explain.feasible import least_violation, search
from landopt.reasons.explain.records import Citation, as_json
from landopt.reasons.explain.variants import with_rhs, with_row
from landopt.screening.offers import Offers, Row

Build = Callable[[Case], Offers]


@dataclass(frozen=True, slots=True)
class Member:
    """A rule (and key) in a conflict: ``kind`` of the row, ``eligibility``, ``term``; ``proved``: it is needed."""

    rule: str
    key: tuple[str, ...]
    kind: str
    sense: str
    limit: int | None
    rank: int
    cite: Citation | None
    proved: bool


@dataclass(frozen=True, slots=True)
class Relaxation:
    """How far a policy number must give way, from what to what, and the plan it would give (value per tier, counts).

    ``rules`` holds one rule, or several that must give way together. ``dropped`` where a lock or relation has to go.
    """

    rules: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    rank: int
    was: tuple[int, ...]
    now: tuple[int, ...]
    dropped: bool
    stopped: str
    objective: tuple[int, ...]
    bound: tuple[int, ...]
    served: int
    parcels: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why there is no plan (or no site for a platform): ``state`` is ``possible``, ``conflict`` or ``unknown``."""

    state: str
    demand: str | None
    members: tuple[Member, ...]
    lawful: int
    relaxations: tuple[Relaxation, ...]
    minimal: bool

    def as_dict(self) -> dict[str, Any]:
        """The diagnosis as plain JSON."""
        found: dict[str, Any] = as_json(self)
        return found


def diagnose(
    case: Case, offers: Offers, *, build: Build | None = None, demand: int | None = None, relax: bool = True
) -> Diagnosis:
    """Why no plan satisfies the rules.

    Parameters
    ----------
    build
        Builds the offers of a changed case; without it the rules that close offers are not tried.
    demand
        Explain instead why this platform (row) cannot be served.
    relax
        Also look for the cheapest relaxations of policy and solve the round with each.
    """
    name = None if demand is None else case.demands.ids[demand]
    asked = offers if demand is None else serve(offers, demand)
    first = search(case, asked, range(len(asked.rows)))
    if first.answer != "no":
        state = "possible" if first.answer == "yes" else "unknown"
        return Diagnosis(state, name, (), _lawful(offers, demand), (), False)
    kept, sure = conflict_rows(case, asked)
    closing, complete = ((), True) if build is None else closing_rules(case, asked, kept, build, demand)
    members = [_row_member(case, asked.rows[row], row in sure) for row in kept if asked.rows[row].rule != SERVE]
    members += [_rule_member(case, rule) for rule in closing]
    found = relaxations(case, asked, kept) if relax else ()
    return Diagnosis(
        "conflict", name, tuple(members), _lawful(offers, demand), found, complete and sure.issuperset(kept)
    )


SERVE = "diagnose.serve"


def serve(offers: Offers, demand: int) -> Offers:
    """The offers with a row that asks that a platform be served."""
    low, high = int(offers.part_start[demand]), int(offers.part_start[demand + 1])
    row = Row(SERVE, SERVE, (), "lock", ">=", 1, 0, 0, 0)
    return with_row(offers, row, range(low, high), [1] * (high - low))


def _lawful(offers: Offers, demand: int | None) -> int:
    if demand is None:
        return len(offers)
    return int(offers.part_start[demand + 1] - offers.part_start[demand])


def rank_of(case: Case, row: Row) -> int:
    """The rank of a row's rule; what is asked here (serve a platform) counts as highest."""
    if row.rule == SERVE:
        return 9
    return next((rule.cite.rank for rule in case.rules if rule.id == row.rule), 9)


def conflict_rows(case: Case, offers: Offers) -> tuple[list[int], frozenset[int]]:
    """A minimal set of rows without a plan, and those of them whose need is proved.

    Policy rows are tried first while law stays hard; then law; what is asked (serve a platform) stays.
    """
    kept = list(range(len(offers.rows)))
    sure: set[int] = {row for row in kept if offers.rows[row].rule == SERVE}
    order = sorted((row for row in kept if row not in sure), key=lambda row: (rank_of(case, offers.rows[row]), row))
    chunk = max(1, len(order) // 8)
    for start in range(0, len(order), chunk):
        block = order[start : start + chunk]
        without = [row for row in kept if row not in block]
        if len(block) > 1 and search(case, offers, without).answer == "no":
            kept = without
            continue
        for row in block:
            rest = [other for other in kept if other != row]
            found = search(case, offers, rest)
            if found.answer == "no":
                kept = rest
            elif found.answer == "yes":
                sure.add(row)
    return kept, frozenset(sure)


def closing_rules(
    case: Case, offers: Offers, kept: Sequence[int], build: Build, demand: int | None
) -> tuple[tuple[str, ...], bool]:
    """The rules that close the offers the conflict would need: a minimal set, policy first; and whether it is complete.

    Empty where the rows conflict whatever is lawful.
    """
    wanted = [(offers.rows[row].rule, offers.rows[row].key) for row in kept]
    candidates = [rule for rule in case.rules if rule.kind in ("eligibility", "term") and _closes(rule)]

    def conflicts(dropped: frozenset[str]) -> bool:
        trial = replace(case, rules=tuple(rule for rule in case.rules if rule.id not in dropped))
        made = build(trial)
        made = made if demand is None else serve(made, demand)
        rows = [number for number, row in enumerate(made.rows) if (row.rule, row.key) in wanted]
        return search(trial, made, rows).answer == "no"

    everything = frozenset(rule.id for rule in candidates)
    if conflicts(everything):
        return (), True
    policy = frozenset(rule.id for rule in candidates if rule.cite.rank < BINDING_RANK)
    background: frozenset[str] = frozenset()
    pool = everything if conflicts(policy) else policy
    names = sorted(pool, key=lambda name: (next(r.cite.rank for r in candidates if r.id == name), name))
    found = _minimal(names, lambda dropped: conflicts(background | dropped))
    return tuple(sorted(found)), True


def _closes(rule: Any) -> bool:
    if rule.kind == "term":
        return True
    return any(verdict in ("forbid", "condition", "warn") for verdict in rule.spec["verdict"].values())


def _minimal(names: Sequence[str], conflicts: Callable[[frozenset[str]], bool]) -> list[str]:
    """A minimal subset whose presence keeps the conflict, all others dropped: dropping any one more opens a plan."""
    kept = list(names)
    size = max(1, len(kept) // 2)
    while True:
        start = 0
        while start < len(kept):
            block = kept[start : start + size]
            rest = [name for name in kept if name not in block]
            if conflicts(frozenset(names) - frozenset(rest)):
                kept = rest
            else:
                start += size
        if size == 1:
            return kept
        size = max(1, size // 2)


def _row_member(case: Case, row: Row, proved: bool) -> Member:
    from landopt.reasons.explain.context import citation

    rule = next((rule for rule in case.rules if rule.id == row.rule), None)
    rank = 9 if rule is None else rule.cite.rank
    cite = None if rule is None else citation(rule)
    return Member(row.rule, row.key, row.kind, row.sense, row.rhs, rank, cite, proved)


def _rule_member(case: Case, name: str) -> Member:
    from landopt.reasons.explain.context import citation

    rule = next(rule for rule in case.rules if rule.id == name)
    return Member(name, (), rule.kind, "", None, rule.cite.rank, citation(rule), True)


def relaxations(case: Case, offers: Offers, kept: Sequence[int]) -> tuple[Relaxation, ...]:
    """The cheapest relaxations of policy rows of a conflict, ordered by rank and relative cost, each with its plan.

    Where no single row is enough, the cheapest joint relaxation of all policy rows is given.
    """
    policy = [row for row in kept if rank_of(case, offers.rows[row]) < BINDING_RANK]
    found: list[tuple[tuple[int, float, str], Relaxation]] = []
    for row in policy:
        amount = least_violation(case, offers, {row: 1})
        if amount:
            found.append(_relaxed(case, offers, amount))
    if not found:
        every = [row for row in range(len(offers.rows)) if rank_of(case, offers.rows[row]) < BINDING_RANK]
        weights = {row: max(1, 10**6 // max(1, abs(offers.rows[row].rhs))) for row in every}
        amount = least_violation(case, offers, weights)
        if amount:
            found.append(_relaxed(case, offers, amount))
    return tuple(entry for _, entry in sorted(found, key=lambda entry: entry[0]))


def _relaxed(case: Case, offers: Offers, amount: dict[int, int]) -> tuple[tuple[int, float, str], Relaxation]:
    from landopt.solving.solver import solve

    rows = sorted(amount)
    changed = offers
    was, now = [], []
    dropped = all(offers.rows[row].kind != "limit" for row in rows)
    for row in rows:
        old = offers.rows[row]
        sign = -1 if old.sense == ">=" else 1
        new = old.rhs + sign * amount[row]
        was.append(old.rhs)
        now.append(new)
        if old.sense == "=":
            changed = replace(
                changed,
                rows=tuple(
                    replace(each, sense="<=", rhs=10**9) if number == row else each
                    for number, each in enumerate(changed.rows)
                ),
            )
        else:
            changed = with_rhs(changed, row, new)
    outcome = solve(case, changed, gap="0.001", time_limit_s=30, nodes=None, seed=case.settings.seed, threads=1)
    chosen = np.zeros(0, np.int64) if outcome.chosen is None else np.asarray(outcome.chosen)
    served = int((offers.demand[chosen] >= 0).sum())
    entry = Relaxation(
        rules=tuple(offers.rows[row].rule for row in rows),
        keys=tuple(offers.rows[row].key for row in rows),
        rank=max(rank_of(case, offers.rows[row]) for row in rows),
        was=tuple(was),
        now=tuple(now),
        dropped=dropped,
        stopped=outcome.stopped,
        objective=tuple(tier.objective for tier in outcome.tiers),
        bound=tuple(tier.bound for tier in outcome.tiers),
        served=served,
        parcels=sum(len(offers.parcels(int(offer))) for offer in chosen),
    )
    cost = sum(amount[row] / max(1, abs(offers.rows[row].rhs)) for row in rows)
    return (entry.rank, cost, entry.rules[0]), entry
