"""Which change moved what: the first round solved again with one change at a time, staying with its plan otherwise.

A move that one change alone brings about is explained by it. What no single change explains is a joint effect only
where every change was tried and every run came to its end; else it is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from constraints.case import Case
from landopt.reasons.alternatives import Choice, choices
from landopt.reasons.clock import Clock
from landopt.reasons.compared.differences import Change, changes, with_change
from landopt.reasons.resolved.placed import Key, key_of
from landopt.reasons.resolved.resolve import SMALL, keeping, resolve
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused


@dataclass(frozen=True, slots=True)
class Cause:
    """What one change does on its own: value and bound of the plan, parcels that move, those it explains.

    ``ended``: the run came to its end; of the best plans the one that moves least is told.
    """

    change: Change
    objective: tuple[int, ...] | None
    bound: tuple[int, ...] | None
    moved: tuple[str, ...]
    explains: tuple[str, ...]
    ended: bool

    def as_dict(self) -> dict[str, Any]:
        """The cause as plain JSON."""
        return {
            "change": self.change.as_dict(),
            "objective": None if self.objective is None else list(self.objective),
            "bound": None if self.bound is None else list(self.bound),
            "moved": list(self.moved),
            "explains": list(self.explains),
            "ended": self.ended,
        }


@dataclass(frozen=True, slots=True)
class Causes:
    """The causes that were tried, the changes that were not, and the moves that none explains.

    ``joint`` is empty, and all such moves are ``open``, where anything was left untried or stopped early.
    """

    tried: tuple[Cause, ...]
    untried: tuple[Change, ...]
    joint: tuple[str, ...]
    open: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON, to be put beside the moves."""
        return {
            "causes": [cause.as_dict() for cause in self.tried],
            "untried": [change.as_dict() for change in self.untried],
            "joint": list(self.joint),
            "open": list(self.open),
        }


def causes(
    before: Case, after: Case, base: Mapping[str, Any], target: Mapping[str, Any], clock: Clock, most: int = 40
) -> Causes:
    """Which change moved which parcel.

    Parameters
    ----------
    base, target
        The two plans (``plan.json``).
    clock
        The time all runs share.
    most
        The most changes that are tried; the others are told as not tried.
    """
    was, now = _choices(base), _choices(target)
    held, wanted = ({_key(entry) for entry in plan["assignments"]} for plan in (base, target))
    moved = {name for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
    todo = [change for change in changes(before, after) if change.cause]
    tried: list[Cause] = []
    untried = list(todo[most:])
    explained: set[str] = set()
    for done, change in enumerate(todo[:most], 1):
        if not clock.left():
            untried.append(change)
            continue
        clock.tell("cause", done=done, changes=min(len(todo), most))
        cause = _tried(with_change(before, after, change), change, (held, wanted), was, now, moved, clock)
        explained.update(cause.explains)
        tried.append(cause)
    left = tuple(sorted(moved - explained))
    sure = not untried and all(cause.ended for cause in tried)
    return Causes(tuple(tried), tuple(untried), left if sure else (), () if sure else left)


def _tried(
    case: Case,
    change: Change,
    near: tuple[set[Key], set[Key]],
    was: Mapping[str, Choice],
    now: Mapping[str, Choice],
    moved: set[str],
    clock: Clock,
) -> Cause:
    try:
        offers = build_offers(case)
    except Refused:
        return Cause(change, None, None, (), (), True)
    found = _solved(case, offers, near, clock)
    if found is None:
        return Cause(change, None, None, (), (), not clock.why)
    plan, worth, bound, ended = found
    here = choices(case, offers, plan)
    shifted = sorted(name for name in was.keys() | here.keys() if was.get(name) != here.get(name))
    mine = sorted(name for name in moved if name in shifted and here.get(name) == now.get(name))
    return Cause(change, worth, bound, tuple(shifted), tuple(mine), ended)


def _solved(
    case: Case, offers: Offers, near: tuple[set[Key], set[Key]], clock: Clock
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], bool] | None:
    """A best plan with its worth and bound a tier, and whether it is proved; ``None`` where there is none.

    Of the best plans one that keeps most of the first plan, of these one that has most of the second.
    """
    if len(offers) <= SMALL:
        keys = [key_of(case, offers, offer) for offer in range(len(offers))]
        sought = offers
        for wanted in near:
            sought = keeping(sought, [offer for offer, key in enumerate(keys) if key in wanted])
        found = resolve(case, sought, clock)
        if found.chosen is None:
            return None
        worth, tops = found.worth[: offers.tiers], found.bound[: offers.tiers]
        bound = tuple(now if top is None else top for now, top in zip(worth, tops, strict=True))
        return found.chosen, worth, bound, tops == worth
    from landopt.solving.solver import solve

    settings = case.settings
    outcome = solve(
        case,
        offers,
        gap=settings.gap,
        time_limit_s=max(1, int(clock.left())),
        nodes=settings.nodes,
        seed=settings.seed,
        threads=settings.threads,
    )
    if outcome.chosen is None:
        return None
    worth = tuple(tier.objective for tier in outcome.tiers)
    bound = tuple(tier.bound for tier in outcome.tiers)
    return tuple(int(offer) for offer in outcome.chosen), worth, bound, worth == bound


def _key(entry: Mapping[str, Any]) -> Key:
    return tuple(sorted(entry["parcel_ids"])), entry["demand_id"], entry["method"], entry["period"]


def _choices(plan: Mapping[str, Any]) -> dict[str, Choice]:
    return {
        name: (entry["demand_id"], entry["method"], entry["period"])
        for entry in plan["assignments"]
        for name in entry["parcel_ids"]
    }
