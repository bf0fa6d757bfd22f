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
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.feasible import least_violation, out_of_reach, search
from landopt.reasons.explain.changed.variants import with_rhs, with_row
from landopt.reasons.impossible.closers import Build, Closers, closing_rules
from landopt.reasons.impossible.conflict import (
    ASKED,
    Closed,
    Diagnosis,
    Relaxation,
    Unreached,
    decimal,
    fix_of,
    number_of,
    row_member,
    rule_member,
    rule_of,
    scale_of,
    stated,
)
from landopt.reasons.impossible.openings import closed_platform, without_offer
from landopt.reasons.impossible.unserved import Serving
from landopt.reasons.resolved.resolve import resolve
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
    clock: Clock | None = None,
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
    clock
        The time all of it may take (two minutes by default); what it does not reach is named in the answer.
    """
    asked = _Asked(case, offers, clock or Clock())
    name = None if demand is None else case.demands.ids[demand]
    if demand is not None and not _lawful(offers, demand):
        closed = asked.closed([demand])
        if closed:
            return asked.told(
                Diagnosis("conflict", name, closed[0].members, 0, (), closed[0].minimal, closed, _cut(closed))
            )
    found = asked.planless(Diagnosis("possible", name, (), _lawful(offers, demand), (), False), demand, build, relax)
    alone = without_offer(offers)[:platforms] if demand is None else []
    closed = asked.closed(alone)
    left = len(without_offer(offers)) - len(alone) if demand is None and platforms else 0
    cut = (*_cut(closed), *(("platforms",) if left else ()), *found.bounded)
    return asked.told(replace(found, platforms=closed, bounded=tuple(dict.fromkeys(cut)), left=left))


class _Asked:
    """One diagnosis under one clock, and what the clock left out."""

    def __init__(self, case: Case, offers: Offers, clock: Clock) -> None:
        self.case, self.offers, self.clock = case, offers, clock
        self.unreached: list[Unreached] = []

    def told(self, found: Diagnosis) -> Diagnosis:
        """With what was not reached; a limit met when all was done left nothing out."""
        if self.clock.why == "limit" and not self.unreached and found.state != "unknown":
            self.clock.why = ""
        return replace(found, stopped=self.clock.why, unreached=tuple(self.unreached))

    def planless(self, found: Diagnosis, demand: int | None, build: Build | None, relax: bool) -> Diagnosis:
        """Whether there is a plan; if not, the rows and rules in conflict, and the relaxations."""
        case, clock = self.case, self.clock
        asked = self.offers if demand is None else serve(self.offers, demand)
        clock.tell("diagnose-plan")
        answer = search(case, asked, range(len(asked.rows)), clock=clock).answer
        if answer != "no":
            return replace(found, state="possible" if answer == "yes" else "unknown")
        kept, sure = conflict_rows(case, asked, clock)
        if clock.why:
            self._left_out("row", [named(asked.rows[row]) for row in kept if row not in sure])
        closing = Closers((), True)
        if build is not None:
            serves = None if demand is None else lambda _, made: serve(made, demand)
            closing = closing_rules(case, asked, kept, build, serves, clock)
            if clock.why and not closing.complete:
                self._left_out("rule", closing.rules or ("*",))
        members = [row_member(case, asked.rows[row], row in sure) for row in kept if asked.rows[row].rule != SERVE]
        members += [rule_member(case, rule, closing.complete) for rule in closing.rules]
        relaxed, ended = self._relaxations(asked, kept) if relax else ((), True)
        minimal = closing.complete and sure.issuperset(kept)
        cut = () if clock.why else (*(() if closing.complete else ("trials",)), *(() if ended else ("relaxations",)))
        return replace(
            found,
            state="conflict",
            members=tuple(members),
            relaxations=relaxed,
            minimal=minimal,
            bounded=cut,
            looked=relax and not any(each.kind == "relaxation" for each in self.unreached),
        )

    def closed(self, demands: Sequence[int]) -> tuple[Closed, ...]:
        """Platforms without an offer explained, as many as the clock allows."""
        ids = self.case.demands.ids
        serving = Serving(self.case, self.offers) if demands and self.clock.left() else None
        found: list[Closed | None] = []
        for done, demand in enumerate(demands):
            if serving is None or not self.clock.left():
                self._left_out("platform", [ids[row] for row in demands[done:]])
                break
            self.clock.tell("diagnose-platform", done=done + 1, platforms=len(demands), name=ids[demand])
            found.append(closed_platform(serving, demand))
        return tuple(each for each in found if each is not None)

    def _left_out(self, kind: str, names: Sequence[str]) -> None:
        if names:
            self.unreached.append(Unreached(kind, tuple(names)))

    def _relaxations(self, offers: Offers, kept: Sequence[int]) -> tuple[tuple[Relaxation, ...], bool]:
        """The relaxations of policy rows of a conflict, each with its plan, the one that saves most first.

        Where no single row is enough, the cheapest joint relaxation of all policy rows is given. Also says whether
        every search came to an end.
        """
        case, clock = self.case, self.clock
        policy = [row for row in kept if rank_of(case, offers.rows[row]) < BINDING_RANK]
        found: list[Relaxation] = []
        complete = True
        for done, row in enumerate(policy):
            name = named(offers.rows[row])
            if clock.left():
                clock.tell("relaxing", done=done + 1, limits=len(policy), name=name)
            amount = least_violation(case, offers, {row: 1}, clock=clock)
            if amount == {} and clock.why:
                self._left_out("relaxation", [named(offers.rows[each]) for each in policy[done:]])
                return tuple(sorted(found, key=_saved)), False
            if amount == {} and offers.rows[row].kind == "lock":
                amount = {row: 1}  # a lock gives way whole; the run with it dropped says whether a plan is found
            complete = complete and amount != {}
            if amount:
                found.append(_relaxed(case, offers, amount, clock))
        if not found:
            every = [row for row in range(len(offers.rows)) if rank_of(case, offers.rows[row]) < BINDING_RANK]
            weights = {row: max(1, 10**6 // max(1, abs(offers.rows[row].rhs))) for row in every}
            clock.tell("relaxing-jointly", limits=len(every))
            amount = least_violation(case, offers, weights, clock=clock)
            complete = complete and amount != {}
            if amount:
                found.append(_relaxed(case, offers, amount, clock))
            elif amount == {} and clock.why:
                self._left_out("relaxation", [named(offers.rows[row]) for row in every])
        return tuple(sorted(found, key=_saved)), complete


def named(row: Row) -> str:
    """A row as a person names it: its rule and key."""
    return f"{row.rule} [{', '.join(row.key)}]" if row.key else row.rule


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


def conflict_rows(case: Case, offers: Offers, clock: Clock | None = None) -> tuple[list[int], frozenset[int]]:
    """A minimal set of rows without a plan, and those of them whose need is proved.

    Policy rows are tried first while law stays hard; then law; what is asked (serve a platform) stays. What ``clock``
    does not reach is kept, unproved.
    """
    clock = clock or Clock()
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
            if not clock.left():
                return kept, frozenset(sure)
            clock.now_and_then("conflict-rows", rows=len(kept))
            block = order[start : start + size]
            without = [row for row in kept if row not in block]
            answer = search(case, offers, without, clock=clock).answer
            if answer == "no":
                kept, order = without, [row for row in order if row not in block]
                continue
            sure.update(block if size == 1 and answer == "yes" else ())
            start += size
        if size == 1:
            break
        size = max(1, size // 2)
    return kept, frozenset(sure)


def _saved(entry: Relaxation) -> tuple[bool, tuple[int, ...], int, str]:
    """What has a plan before what has none; the plan worth most first; lower rank first."""
    return not entry.objective, tuple(-worth for worth in entry.objective), entry.rank, entry.rules[0]


def _moved(
    case: Case, offers: Offers, amount: dict[int, int], clock: Clock
) -> tuple[Offers, dict[int, tuple[str, str]]]:
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
        trial = with_rhs(moved, row, old.rhs)
        found = giving(case, trial, row, clock)
        parts = quotient(case, trial, old)
        if found.share is not None and parts is not None:
            moved = at_share(trial, row, parts, found.share)
            name = number_of(rule, old)
            sets[row] = f"{name}={decimal(Fraction(*rule.spec['share']))}", f"{name}={decimal(found.share)}"
    return moved, sets


def _relaxed(case: Case, offers: Offers, amount: dict[int, int], clock: Clock) -> Relaxation:
    rows = sorted(amount)
    signs = {row: -1 if offers.rows[row].sense == ">=" else 1 for row in rows}
    changed, sets = _moved(case, offers, amount, clock)
    found = resolve(case, changed, clock)
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
