"""What each limit and key is worth: lifted alone, and by one round step of its own unit, solved again, as an interval.

A limit can bind without being used to the last unit: what it is worth is what the best plan gains without it. The
prices of the proof say at once what lifting could bring at most; where that is nothing, nothing is solved. No dual
price is printed as a marginal value (docs/explain.md). A limit that compares its keys (``across``) is one: all its
rows are lifted and moved together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from constraints.case import Case
from constraints.loading.ranks import LAW_RANK
from constraints.types import Row
from landopt.reasons.alternatives import value
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.variants import only_rows, with_rhs
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.limits import Limits
from landopt.reasons.explain.losses import bounds_with
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.explain.records import LimitUse
from landopt.reasons.resolved.forced import Best, best, closest, solve_near
from landopt.reasons.resolved.resolve import SMALL, resolve
from landopt.reasons.resolved.shares import with_share
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers

STEPS = {"m2": 10_000, "yuan": 1_000_000, "count": 1}
"""One step: a hectare, a million yuan, one parcel; of a share a point (1 %)."""
POINT = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Gain:
    """What the best plan gains, per tier, millipoints: at least ``low``, at most ``high`` (``None``: nothing is known).

    ``feasible``: whether there is a plan at all (``None``: none was found). ``ended``: the interval is one number,
    found by a search that came to its end or, ``by`` being ``prices``, settled by the proof.
    """

    low: tuple[int | None, ...]
    high: tuple[int | None, ...]
    feasible: bool | None
    ended: bool
    by: str


@dataclass(frozen=True, slots=True)
class Step:
    """One limit moved by one step (``step`` in its unit; of a share in per cent), ``now`` the amount or share then."""

    step: int
    now: int | str
    gain: Gain


@dataclass(frozen=True, slots=True)
class Worth:
    """A limit and key with what lifting it brings, and one step looser (and tighter, where the plan is at the limit).

    ``law``: the limit is law, which nobody in the bureau lifts.
    """

    limit: LimitUse
    law: bool
    lifted: Gain
    steps: tuple[Step, ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        found: dict[str, Any] = as_json(self)
        return found


def lifting(context: Context, numbers: Sequence[int]) -> list[int] | None:
    """The bound of each tier without some rows, by the prices of the proof; ``None`` without a proof."""
    return bounds_with(context.offers, context.proof, len(context.case.parcels), numbers)


def limits_by_worth(context: Context, bounds: Sequence[int], clock: Clock) -> tuple[Worth, ...]:
    """Every limit and key, the one that is worth most first.

    ``bounds`` are the audited bounds of the plan, millipoints. What the clock does not reach is left with what the
    prices say.
    """
    limits = Limits(context)
    known = best(context, bounds, clock)
    groups = _groups(limits)
    tops = {group: lifting(context, group) for group in groups}
    order = sorted(groups, key=lambda group: (-_top(tops[group]), group))
    found = []
    for done, group in enumerate(order, 1):
        clock.tell("limit-worth", done=done, limits=len(order))
        found.append(_Lifted(context, limits, known, clock).of(group, tops[group]))
    return tuple(sorted(found, key=_rank))


def _groups(limits: Limits) -> list[tuple[int, ...]]:
    """The rows that are one limit and key: each alone, of a limit across its keys all, the one that is told first."""
    found: dict[str | int, list[int]] = {}
    for number, row in enumerate(limits.rows):
        if row.kind == "limit":
            found.setdefault(row.rule if limits.use(number).across else number, []).append(number)

    def ahead(number: int) -> int:
        use = limits.use(number)
        return use.used - use.limit if use.across == "least" else -use.used

    return [tuple(sorted(group, key=ahead)) for group in found.values()]


def _top(bounds: list[int] | None) -> int:
    return bounds[0] if bounds else 0


def _rank(entry: Worth) -> tuple[int, int]:
    low, high = entry.lifted.low[0], entry.lifted.high[0]
    return -(low or 0), -(high or 0)


class _Lifted:
    """One limit after the other, lifted and moved, against the best plan known."""

    def __init__(self, context: Context, limits: Limits, known: Best, clock: Clock) -> None:
        self.context, self.limits, self.known, self.clock = context, limits, known, clock

    def of(self, group: Sequence[int], tops: list[int] | None) -> Worth:
        """A limit and key of the round (its rows, the told one first), lifted, and one step looser and tighter."""
        number = group[0]
        context, row = self.context, self.limits.rows[number]
        use = self.limits.use(number)
        kept = [each for each in range(len(context.offers.rows)) if each not in group]
        lifted = self._gain(context.case, only_rows(context.offers, kept), tops, True)
        rule = context.rules.get(row.rule)
        law = rule is not None and rule.cite.rank >= LAW_RANK
        steps = []
        for looser in (True, False):
            if looser or self._near(number, use):
                step = self._step(group, use, looser, lifted)
                steps += [] if step is None else [step]
        return Worth(use, law, lifted, tuple(steps))

    def _near(self, number: int, use: LimitUse) -> bool:
        """Whether the plan is less than a step from the limit."""
        row = self.limits.rows[number]
        if use.share:
            share = Fraction(*self.context.rules[row.rule].spec["share"])
            if use.part is None or not use.whole:
                return self.limits.binding(number)
            return abs(Fraction(use.part, use.whole) - share) < POINT
        return abs(row.rhs - self.limits.activity[number]) < STEPS.get(use.unit, 1) * scale_of(self.context, row.rule)

    def _step(self, group: Sequence[int], use: LimitUse, looser: bool, lifted: Gain) -> Step | None:
        context, row = self.context, self.limits.rows[group[0]]
        sign = (1 if looser else -1) * (-1 if row.sense == ">=" else 1)
        nothing = looser and lifted.ended and not any(lifted.high)
        if use.share:
            share = Fraction(*context.rules[row.rule].spec["share"])
            other = min(Fraction(1), max(Fraction(0), share + sign * POINT))
            if other == share:
                return None
            case = with_share(context.case, row.rule, other)
            gain = lifted if nothing else self._shared(case, row, looser)
            return Step(sign, f"{float(other * 100):g} %", gain)
        step = sign * STEPS.get(use.unit, 1)
        if use.limit + step < 0:
            return None
        variant, by = context.offers, step * scale_of(context, row.rule)
        for number in group:
            variant = with_rhs(variant, number, self.limits.rows[number].rhs + by)
        tops = bounds_with(variant, context.proof, len(context.case.parcels))
        return Step(step, use.limit + step, lifted if nothing else self._gain(context.case, variant, tops, looser))

    def _shared(self, case: Case, row: Row, looser: bool) -> Gain:
        """A share moved: what every offer counts in its row is listed again."""
        if len(self.context.offers) > SMALL or not self.clock.left():
            nothing: tuple[int | None, ...] = (None,) * self.context.offers.tiers
            return Gain(nothing, nothing, None, False, self.clock.why or "limit")
        return self._gain(case, build_offers(case), None, looser)

    def _gain(self, case: Case, variant: Offers, tops: list[int] | None, looser: bool) -> Gain:
        known = self.known
        count = len(known.worth)
        most: list[int | None] = [None] * count if tops is None else list(tops)
        if tops is not None and tops[0] != known.worth[0]:
            most[1:] = [None] * (count - 1)  # of plans that keep the earlier values as they were, not of these
        if looser and tops is not None and tuple(tops) == known.worth == known.bound:
            return Gain((0,) * count, (0,) * count, True, True, "prices")
        plan, worth, above, stopped = self._solved(case, variant)
        for tier, bound in enumerate(above):
            have = most[tier]
            most[tier] = bound if have is None else have if bound is None else min(have, bound)
        high = [None if top is None else top - had for top, had in zip(most, known.worth, strict=True)]
        if not looser and high[0] is not None:
            high[0] = min(0, high[0])
        if plan is None:
            no = stopped == "infeasible"
            low: list[int | None] = [0 if looser and not tier else None for tier in range(count)]
            return Gain(tuple(low), (None,) * count if no else tuple(high), False if no else None, no, stopped)
        low = [now - top for now, top in zip(worth, known.bound, strict=True)]
        if looser:
            low[0] = max(0, low[0] or 0)  # whatever held before still holds
        return Gain(tuple(low), tuple(high), True, low == high, "solve")

    def _solved(
        self, case: Case, variant: Offers
    ) -> tuple[tuple[int, ...] | None, tuple[int, ...], tuple[int | None, ...], str]:
        """The best plan of a variant, its worth and bound a tier; near the plan where the round is large."""
        context = self.context
        if len(variant) <= SMALL:
            same = len(variant) == len(context.offers)
            found = resolve(case, variant, self.clock, start=context.chosen if same else None)
            return found.chosen, found.worth, found.bound, found.stopped
        if not self.clock.left():
            return None, (), (), self.clock.why
        pool = np.unique(np.concatenate([closest(context), np.asarray(context.chosen, np.int64)]))
        plan = solve_near(case, variant, pool)
        return plan, () if plan is None else value(variant, plan), (), "limit"


def scale_of(context: Context, rule: str) -> int:
    """Row units in one unit of the limit (a credit scales its row)."""
    spec: Mapping[str, Any] = context.rules[rule].spec if rule in context.rules else {}
    credit, share = spec.get("credit"), spec.get("share")
    return int(share[1]) if share else int(credit["den"]) if credit else 1
