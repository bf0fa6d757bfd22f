"""Impossible: a minimal set of rules and keys in conflict, and the cheapest relaxations of policy with what they give.

A deletion filter: statutory rows stay while policy rows are tried, then the statutory ones are tried too; what remains
is needed, every member proved (without it the rest has a plan). Then the rules that close offers are tried likewise, on
the parcels and platforms the conflict concerns. Platforms without any lawful offer are explained beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from constraints.case import Case
from constraints.types import Row
from landopt.intake.overlay import BINDING_RANK
from landopt.reasons.explain.changed.feasible import SECONDS, least_violation, out_of_reach, search
from landopt.reasons.explain.changed.variants import with_rhs, with_row
from landopt.reasons.impossible.closers import Build, Closers, closing_rules
from landopt.reasons.impossible.conflict import (
    ASKED,
    Closed,
    Diagnosis,
    Relaxation,
    decimal,
    fix_of,
    number_of,
    row_member,
    rule_member,
    rule_of,
    scale_of,
    stated,
)
from landopt.reasons.impossible.openings import closed_platforms, without_offer
from landopt.reasons.resolved.resolve import Clock, resolve
from landopt.reasons.resolved.shares import at_share, giving, quotient
from landopt.screening.offers import Offers


def diagnose(
    case: Case,
    offers: Offers,
    *,
    build: Build | None = None,
    demand: int | None = None,
    relax: bool = True,
    platforms: int = 0,
) -> Diagnosis:
    """Why no plan satisfies the rules, and why some platforms can have no site.

    Parameters
    ----------
    build
        Builds the offers of a changed case; without it the rules that close offers are not tried.
    demand
        Explain instead why this platform (row) cannot be served.
    relax
        Also look for the cheapest relaxations of policy and solve the round with each.
    platforms
        The most platforms without any lawful offer that are explained, whether or not a plan exists.
    """
    name = None if demand is None else case.demands.ids[demand]
    if demand is not None and not _lawful(offers, demand):
        closed = closed_platforms(case, offers, [demand])
        if closed:
            return Diagnosis("conflict", name, closed[0].members, 0, (), closed[0].minimal, closed, _cut(closed))
    alone = without_offer(offers)[:platforms] if demand is None else []
    closed = closed_platforms(case, offers, alone)
    left = len(without_offer(offers)) - len(alone) if demand is None and platforms else 0
    cut = (*_cut(closed), *(("platforms",) if left else ()))
    asked = offers if demand is None else serve(offers, demand)
    first = search(case, asked, range(len(asked.rows)))
    if first.answer != "no":
        state = "possible" if first.answer == "yes" else "unknown"
        return Diagnosis(state, name, (), _lawful(offers, demand), (), False, closed, cut, left)
    kept, sure = conflict_rows(case, asked)
    closing = Closers((), True)
    if build is not None:
        closing = closing_rules(
            case, asked, kept, build, None if demand is None else lambda _, made: serve(made, demand)
        )
    members = [row_member(case, asked.rows[row], row in sure) for row in kept if asked.rows[row].rule != SERVE]
    members += [rule_member(case, rule, closing.complete) for rule in closing.rules]
    found, ended = relaxations(case, asked, kept) if relax else ((), True)
    minimal = closing.complete and sure.issuperset(kept)
    cut = (*cut, *(() if closing.complete else ("trials",)), *(() if ended else ("relaxations",)))
    return Diagnosis("conflict", name, tuple(members), _lawful(offers, demand), found, minimal, closed, cut, left)


def _cut(closed: Sequence[Closed]) -> tuple[str, ...]:
    return tuple(sorted({each.bounded for each in closed if each.bounded}))


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
    rule = None if row.rule == SERVE else rule_of(case, row.rule)
    return ASKED if rule is None else rule.cite.rank


def conflict_rows(case: Case, offers: Offers) -> tuple[list[int], frozenset[int]]:
    """A minimal set of rows without a plan, and those of them whose need is proved.

    Policy rows are tried first while law stays hard; then law; what is asked (serve a platform) stays.
    """
    kept = list(range(len(offers.rows)))
    sure: set[int] = {row for row in kept if offers.rows[row].rule == SERVE}
    order = sorted((row for row in kept if row not in sure), key=lambda row: (rank_of(case, offers.rows[row]), row))
    alone = next((row for row in reversed(order) if out_of_reach(offers, row)), None)
    if alone is not None:
        return [alone], frozenset([alone])
    size = max(1, len(order) // 2)
    while True:
        start = 0
        while start < len(order):
            block = order[start : start + size]
            without = [row for row in kept if row not in block]
            answer = search(case, offers, without).answer
            if answer == "no":
                kept, order = without, [row for row in order if row not in block]
                continue
            sure.update(block if size == 1 and answer == "yes" else ())
            start += size
        if size == 1:
            break
        size = max(1, size // 2)
    return kept, frozenset(sure)


def relaxations(case: Case, offers: Offers, kept: Sequence[int]) -> tuple[tuple[Relaxation, ...], bool]:
    """The relaxations of policy rows of a conflict, each with its plan, the one that saves most first.

    Where no single row is enough, the cheapest joint relaxation of all policy rows is given. Also says whether every
    search came to an end.
    """
    policy = [row for row in kept if rank_of(case, offers.rows[row]) < BINDING_RANK]
    found: list[Relaxation] = []
    complete = True
    for row in policy:
        amount = least_violation(case, offers, {row: 1})
        if amount == {} and offers.rows[row].kind == "lock":
            amount = {row: 1}  # a lock gives way whole; the run with it dropped says whether a plan is found
        complete = complete and amount != {}
        if amount:
            found.append(_relaxed(case, offers, amount))
    if not found:
        every = [row for row in range(len(offers.rows)) if rank_of(case, offers.rows[row]) < BINDING_RANK]
        weights = {row: max(1, 10**6 // max(1, abs(offers.rows[row].rhs))) for row in every}
        amount = least_violation(case, offers, weights)
        complete = complete and amount != {}
        if amount:
            found.append(_relaxed(case, offers, amount))
    return tuple(sorted(found, key=_saved)), complete


def _saved(entry: Relaxation) -> tuple[bool, tuple[int, ...], int, str]:
    """What has a plan before what has none; the plan worth most first; lower rank first."""
    return not entry.objective, tuple(-worth for worth in entry.objective), entry.rank, entry.rules[0]


def _moved(case: Case, offers: Offers, amount: dict[int, int]) -> tuple[Offers, dict[int, tuple[str, str]]]:
    """The offers with rows given way by so much, and for numbers what each is and what ``--set`` makes it.

    A share gives way to the nearest four-place share with which a plan exists, shares after one another.
    """
    moved, sets = offers, {}
    for row, units in amount.items():
        old, rule = offers.rows[row], rule_of(case, offers.rows[row].rule)
        sign = -1 if old.sense == ">=" else 1
        if old.sense == "=":
            loose = tuple(
                replace(each, sense="<=", rhs=10**9) if number == row else each
                for number, each in enumerate(moved.rows)
            )
            moved = replace(moved, rows=loose)
        elif rule is None or old.kind != "limit":
            moved = with_rhs(moved, row, old.rhs + sign * units)
        else:
            scale = scale_of(rule)
            more = sign * -(-units // scale)
            moved = with_rhs(moved, row, old.rhs + (sign * units if rule.spec.get("share") else more * scale))
            if not rule.spec.get("share"):
                name, was = number_of(rule, old), stated(rule, old)
                sets[row] = f"{name}={was}", f"{name}={was + more}"
    for row in amount:
        old, rule = offers.rows[row], rule_of(case, offers.rows[row].rule)
        if rule is None or not rule.spec.get("share"):
            continue
        clock = Clock(SECONDS)
        trial = with_rhs(moved, row, old.rhs)
        found = giving(case, trial, row, clock)
        parts = quotient(case, trial, old)
        if found.share is not None and parts is not None:
            moved = at_share(trial, row, parts, found.share)
            name = number_of(rule, old)
            sets[row] = f"{name}={decimal(Fraction(*rule.spec['share']))}", f"{name}={decimal(found.share)}"
    return moved, sets


def _relaxed(case: Case, offers: Offers, amount: dict[int, int]) -> Relaxation:
    rows = sorted(amount)
    signs = {row: -1 if offers.rows[row].sense == ">=" else 1 for row in rows}
    changed, sets = _moved(case, offers, amount)
    found = resolve(case, changed, Clock(30))
    chosen = np.asarray(found.chosen or (), np.int64)
    worth = found.worth
    return Relaxation(
        rules=tuple(offers.rows[row].rule for row in rows),
        keys=tuple(offers.rows[row].key for row in rows),
        rank=max(rank_of(case, offers.rows[row]) for row in rows),
        was=tuple(offers.rows[row].rhs for row in rows),
        now=tuple(offers.rows[row].rhs + signs[row] * amount[row] for row in rows),
        dropped=all(offers.rows[row].kind != "limit" for row in rows),
        stopped=found.stopped,
        objective=worth,
        bound=tuple(max(now, now if top is None else top) for now, top in zip(worth, found.bound, strict=True)),
        served=int((offers.demand[chosen] >= 0).sum()),
        parcels=sum(len(offers.parcels(int(offer))) for offer in chosen),
        fixes=tuple(fix_of(rule_of(case, offers.rows[row].rule)) for row in rows),
        scale=tuple(scale_of(rule_of(case, offers.rows[row].rule)) for row in rows),
        before=tuple(sets.get(row, ("", ""))[0] for row in rows),
        sets=tuple(sets.get(row, ("", ""))[1] for row in rows),
        ended=found.ended,
    )
