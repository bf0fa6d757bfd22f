"""Other plans: the next best, one by one, or clearly different ones; each with its loss and how often choices recur."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic
from typing import Any

from constraints.case import Case
from constraints.types import missed_units
from landopt.progress import heard
from landopt.reasons.clock import LIMIT_S
from landopt.reasons.explain.changed.variants import another_plan, different_plan
from landopt.screening.offers import Offers
from landopt.solving.solver import Outcome, solve
from parcels.common.catalogue import Say, told


@dataclass(frozen=True, slots=True)
class Alternative:
    """A plan: rank, offers, value per tier (millipoints), loss against the first, bounds, parcels that moved.

    ``loss`` is negative in a tier where this plan is worth more; ``better`` says that it is worth more in the first
    tier that differs, as can be where the plan held was within its gap and not proven best.
    """

    rank: int
    chosen: tuple[int, ...]
    objective: tuple[int, ...]
    loss: tuple[int, ...]
    bound: tuple[int, ...]
    proven: bool
    moved: tuple[str, ...]

    @property
    def better(self) -> bool:
        """True where this plan beats the one held."""
        return next((loss < 0 for loss in self.loss if loss), False)

    def as_dict(self, case: Case, offers: Offers) -> dict[str, Any]:
        """The plan as plain JSON."""
        return {
            "rank": self.rank,
            "objective": list(self.objective),
            "loss": list(self.loss),
            "better": self.better,
            "bound": list(self.bound),
            "proven": self.proven,
            "moved": list(self.moved),
            "assignments": [assignment(case, offers, offer) for offer in self.chosen],
        }


@dataclass(frozen=True, slots=True)
class Listed:
    """Plans, the one that is held first; whether there is no other; ``ended`` early by ``limit`` or ``user`` (Ctrl-C).

    A plan found last before an early end has its bound beside it, and may not be the next best.
    """

    plans: tuple[Alternative, ...]
    no_more: bool
    ended: str

    def as_dict(self, case: Case, offers: Offers) -> dict[str, Any]:
        """The list as plain JSON, with how often choices recur."""
        return {
            "plans": [entry.as_dict(case, offers) for entry in self.plans],
            "no_more": self.no_more,
            "ended": self.ended,
            "recurrence": recurrence(case, offers, self.plans),
        }


def assignment(case: Case, offers: Offers, offer: int) -> dict[str, Any]:
    """Who gets what how, of one offer."""
    demand, period = int(offers.demand[offer]), int(offers.period[offer])
    return {
        "parcel_ids": [case.parcels.ids[row] for row in offers.parcels(offer)],
        "demand_id": None if demand < 0 else case.demands.ids[demand],
        "method": case.methods[int(offers.method[offer])].id,
        "period": None if period < 0 else case.round.periods[period].id,
    }


Choice = tuple[str | None, str, str | None]
"""Whom a parcel goes to (``None``: the market), how, and in which period of the round (``None``: it has none)."""


def choices(case: Case, offers: Offers, chosen: tuple[int, ...]) -> dict[str, Choice]:
    """For each supplied parcel whom it goes to, how and when."""
    found = {}
    for offer in chosen:
        told = assignment(case, offers, offer)
        for name in told["parcel_ids"]:
            found[name] = (told["demand_id"], told["method"], told["period"])
    return found


# The options of the command, one for one.
def alternatives(
    case: Case,
    offers: Offers,
    chosen: tuple[int, ...],
    k: int,
    *,
    min_different: Fraction = Fraction(0),
    gap: str = "0",
    time_limit_s: int | None = None,
    seed: int = 0,
    say: Say = lambda line: None,
) -> Listed:
    """The plan and up to ``k`` others, best first.

    Parameters
    ----------
    chosen
        The plan to start from (offer indices); its value is the yardstick of every loss.
    min_different
        The part of the assignments of every earlier plan that a plan must leave behind; 0 lists strictly the next best.
    gap
        The gap each search may stop at; 0 makes the order proven.
    time_limit_s
        Seconds of all searches together (default: two minutes; none where the round names ``nodes``).
    say
        Hears a line for each plan.
    """
    clocked = time_limit_s is not None or case.settings.nodes is None
    end = monotonic() + (LIMIT_S if time_limit_s is None else time_limit_s)
    first = _entry(case, offers, 1, tuple(sorted(chosen)), value(offers, chosen), None, None)
    found = [first]
    current = offers
    for number in range(2, k + 2):
        last = found[-1].chosen
        if min_different > 0:
            keep = len(last) - max(1, -(-len(last) * min_different.numerator // min_different.denominator))
            current = different_plan(current, last, keep, number)
        else:
            current = another_plan(current, last, number)
        left = end - monotonic() if clocked else None
        if left is not None and left < 1:
            say(told("progress.question-limit"))
            return Listed(tuple(found), False, "limit")
        try:
            outcome = solve(
                case,
                current,
                gap=gap,
                time_limit_s=left,
                nodes=case.settings.nodes,
                seed=seed,
                threads=1,
                progress=heard(say),
            )
        except KeyboardInterrupt:
            say(told("progress.question-user"))
            return Listed(tuple(found), False, "user")
        ended = outcome.stopped if outcome.stopped in ("limit", "user") else ""
        if outcome.chosen is not None:
            plan = tuple(sorted(int(offer) for offer in outcome.chosen))
            worth = tuple(tier.objective for tier in outcome.tiers)
            found.append(_entry(case, offers, number, plan, worth, first, outcome))
            say(told("progress.another-plan", number=number - 1, plans=k))
        if ended:
            say(told(f"progress.question-{ended}"))
        if outcome.chosen is None or ended:
            return Listed(tuple(found), outcome.stopped == "infeasible", ended)
    return Listed(tuple(found), False, "")


def value(offers: Offers, chosen: tuple[int, ...]) -> tuple[int, ...]:
    """The value of a plan per tier: scores less the penalties of soft rows."""
    used = [0] * len(offers.rows)
    for offer in chosen:
        for number, coefficient in offers.coefficients(offer):
            used[number] += coefficient
    found = [sum(int(offers.score[tier, offer]) for offer in chosen) for tier in range(offers.tiers)]
    for first, units in missed_units(offers.rows, lambda row: offers.rows[row].missed(used[row])).items():
        found[offers.rows[first].tier] -= units * offers.rows[first].penalty
    return tuple(found)


def _entry(
    case: Case,
    offers: Offers,
    rank: int,
    plan: tuple[int, ...],
    worth: tuple[int, ...],
    first: Alternative | None,
    outcome: Outcome | None,
) -> Alternative:
    here = choices(case, offers, plan)
    there = here if first is None else choices(case, offers, first.chosen)
    moved = tuple(sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name)))
    base = worth if first is None else first.objective
    bound = worth if outcome is None else tuple(_bound(tier) for tier in outcome.tiers)
    loss = tuple(was - now for was, now in zip(base, worth, strict=True))
    return Alternative(rank, plan, worth, loss, bound, outcome is None or bound == worth, moved)


def _bound(tier: Any) -> int:
    return int(tier.bound if tier.solver_bound is None else min(tier.bound, tier.solver_bound))


def recurrence(case: Case, offers: Offers, found: tuple[Alternative, ...]) -> list[dict[str, Any]]:
    """For each parcel how often each choice recurs over the plans, most frequent first; parcels whose choice varies."""
    counts: dict[str, Counter[Choice | tuple[None, None, None]]] = {}
    plans = [choices(case, offers, entry.chosen) for entry in found]
    names = sorted({name for plan in plans for name in plan})
    for name in names:
        counts[name] = Counter(plan.get(name, (None, None, None)) for plan in plans)
    return [
        {
            "parcel_id": name,
            "choices": [
                {"demand_id": who, "method": how, "period": when, "plans": times}
                for (who, how, when), times in sorted(counter.items(), key=lambda entry: (-entry[1], str(entry[0])))
            ],
        }
        for name, counter in counts.items()
        if len(counter) > 1
    ]
