"""The common choice: integers once at the prices, the best mix of whole plans, then repair city by city."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from landopt.joint.city import City, capped, keeps, priced
from landopt.joint.merge import merged
from landopt.joint.prices import Column, Prices, fitting, mix
from landopt.solving.solver import Outcome, solve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[Any]

SWEEPS = 4
TOGETHER = 30_000
"""Offers of the cities that are repaired together, at most."""
STEEPER = (2, 4, 16, 64)
"""Times the prices at which cities are asked for plans that use less (or more), until some mix keeps the limits."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A whole plan of a city: its offers, its score with the city's own penalties, its use of the limits."""

    chosen: Ints
    value: int
    used: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Effort:
    """How far each city's programme goes."""

    gap: Fraction
    time_limit_s: int | None = None
    nodes: int | None = None
    seed: int = 0
    here: bool = False
    """In this process, which is watched itself."""


Ask = Callable[[tuple[int, ...], int], Sequence[Candidate | None]]
"""The plan of every city at prices over a scale."""


def run(one: City, offers: Any, effort: Effort, warm: Ints | None = None) -> Outcome:
    """Solve one programme of a city."""
    return solve(
        one.case,
        offers,
        gap=effort.gap,
        time_limit_s=effort.time_limit_s,
        nodes=effort.nodes,
        seed=effort.seed,
        warm=warm,
        here=effort.here,
        ties=False,
    )


def candidate(one: City, chosen: Ints) -> Candidate:
    """A choice as a candidate: valued by the city's own programme, whatever the common limits."""
    from landopt.solving.programme.arrays import program, standing

    state = standing(program(one.case, priced(one, (0,) * len(one.rows), 1), 0), chosen)
    return Candidate(chosen, state.objective, tuple(one.used(chosen).tolist()))


class Choice:
    """The search for the common plan."""

    def __init__(
        self,
        cities: Sequence[City],
        senses: Sequence[str],
        rhs: Sequence[int],
        effort: Effort,
        ask: Ask | None = None,
    ) -> None:
        self.cities, self.senses, self.rhs, self.effort = cities, list(senses), list(rhs), effort
        self.pool: list[dict[bytes, Candidate]] = [{} for _ in cities]
        self.ask = self._one_by_one if ask is None else ask
        self.infeasible = False
        """Whether all cities together were found to have no plan."""

    def add(self, number: int, chosen: Ints | None) -> Candidate | None:
        """Keep a plan of a city."""
        return None if chosen is None else self.know(number, candidate(self.cities[number], chosen))

    def know(self, number: int, plan: Candidate) -> Candidate:
        """Keep a candidate of a city."""
        return self.pool[number].setdefault(np.asarray(plan.chosen, np.int64).tobytes(), plan)

    def _one_by_one(self, prices: tuple[int, ...], scale: int) -> list[Candidate | None]:
        found = [run(one, priced(one, prices, scale), self.effort).chosen for one in self.cities]
        return [self.add(number, chosen) for number, chosen in enumerate(found)]

    def first(self, prices: Prices) -> list[Candidate] | None:
        """Plans that keep the limits: of those known, of those at higher prices, of some cities decided together.

        ``None`` where none were found; then ``infeasible`` says whether there are none.
        """
        return self.best() or self.steeper(prices) or self.mended()

    def best(self) -> list[Candidate] | None:
        """The best mix of whole plans that keeps the limits; ``None`` where none of the plans known do."""
        plans = self.mixed()
        return plans if self.kept(plans) else None

    def mixed(self) -> list[Candidate]:
        """The mix of whole plans, one of each city, that keeps the limits best."""
        flat = [(k, one) for k, pool in enumerate(self.pool) for one in pool.values()]
        columns = [Column(k, float(one.value), tuple(map(float, one.used))) for k, one in flat]
        weights, _, _ = mix(columns, len(self.cities), self.senses, self.rhs, whole=True)
        picked = [next(iter(pool.values())) for pool in self.pool]
        for weight, (k, one) in zip(weights, flat, strict=True):
            if weight > 0.5:
                picked[k] = one
        return picked

    def mended(self) -> list[Candidate] | None:
        """Some cities at a time decided anew within what the others' nearest plans leave, until the limits are kept."""
        plans = self.mixed()
        for group in self.groups(0):
            new, ended = self.decided(plans, group)
            if new is not None and self.kept(new):
                return new
            self.infeasible |= ended == "infeasible" and len(group) == len(self.cities)
        return None

    def total(self, plans: Sequence[Candidate]) -> list[int]:
        """What plans use together."""
        return [sum(plan.used[j] for plan in plans) for j in range(len(self.rhs))]

    def kept(self, plans: Sequence[Candidate]) -> bool:
        """Whether plans keep the common limits together, in integers."""
        return all(
            keeps(sense, used, amount)
            for sense, used, amount in zip(self.senses, self.total(plans), self.rhs, strict=True)
        )

    def steeper(self, prices: Prices) -> list[Candidate] | None:
        """Ask for plans at higher prices until some mix keeps the limits."""
        floor = max(1, prices.scale // 1000)
        for times in STEEPER:
            steep = tuple(
                times * (price or (floor if sense == "<=" else -floor))
                for price, sense in zip(prices.prices, self.senses, strict=True)
            )
            for number, plan in enumerate(self.ask(*fitting(self.cities, steep, prices.scale))):
                if plan is not None:
                    self.know(number, plan)
            if (found := self.best()) is not None:
                return found
        return None

    def improve(self, plans: list[Candidate], bound: int, tell: Callable[[int], None]) -> list[Candidate]:
        """Some cities at a time with what the others leave, then the best mix of all plans known, while it gains.

        Parameters
        ----------
        plans
            Plans that keep the limits together.
        bound
            What no plan passes: the repair ends within the gap asked for.
        """
        for turn in range(SWEEPS):
            before = sum(plan.value for plan in plans)
            for group in self.groups(turn):
                now = sum(plan.value for plan in plans)
                if bound - now <= self.effort.gap * max(1, abs(now)):
                    return plans
                plans = self.repair(plans, group)
                tell(sum(plan.value for plan in plans))
            mixed = self.best()
            if mixed is not None and sum(plan.value for plan in mixed) > sum(plan.value for plan in plans):
                plans = mixed
            if sum(plan.value for plan in plans) <= before:
                break
        return plans

    @cached_property
    def sizes(self) -> list[int]:
        """The offers of every city."""
        return [len(one.offers) for one in self.cities]

    def groups(self, turn: int) -> list[list[int]]:
        """The cities in groups whose offers together stay small; every turn begins one city later."""
        count = len(self.cities)
        order = [(turn + k) % count for k in range(count)]
        found: list[list[int]] = [[]]
        size = 0
        for number in order:
            more = self.sizes[number]
            if found[-1] and (size + more > TOGETHER or len(found[-1]) >= count):
                found.append([])
                size = 0
            found[-1].append(number)
            size += more
        return found

    def repair(self, plans: list[Candidate], group: list[int]) -> list[Candidate]:
        """The best plans of a group while the other cities keep theirs."""
        new, _ = self.decided(plans, group)
        better = new is not None and sum(plan.value for plan in new) > sum(plan.value for plan in plans)
        return new if new is not None and better and self.kept(new) else plans

    def decided(self, plans: list[Candidate], group: list[int]) -> tuple[list[Candidate] | None, str]:
        """Plans of a group within what the other cities leave (None: not found), and how the search ended."""
        total = self.total(plans)
        room = np.array(
            [self.rhs[j] - total[j] + sum(plans[k].used[j] for k in group) for j in range(len(self.rhs))], np.int64
        )
        new = list(plans)
        if len(group) == 1:
            one = self.cities[group[0]]
            outcome = run(one, capped(one, room), self.effort, plans[group[0]].chosen)
            found = [outcome.chosen]
        else:
            outcome, found = self._of_group(plans, group, room)
        for number, chosen in zip(group, found, strict=True):
            plan = self.add(number, chosen)
            if plan is None:
                return None, outcome.stopped
            new[number] = plan
        return new, outcome.stopped

    def _of_group(self, plans: list[Candidate], group: list[int], room: Ints) -> tuple[Outcome, list[Ints | None]]:
        cities = [self.cities[k] for k in group]
        case, offers, origin = merged(cities, self.senses, room)
        place = {(n, k): at for at, (n, k) in enumerate(zip(*origin.tolist(), strict=True))}
        warm = np.array(sorted(place[n, k] for n, number in enumerate(group) for k in plans[number].chosen.tolist()))
        effort = replace(self.effort, gap=self.effort.gap / 2)
        outcome = run(replace(cities[0], case=case), offers, effort, warm)
        if outcome.chosen is None:
            return outcome, [None] * len(group)
        taken = origin[:, outcome.chosen]
        return outcome, [np.sort(taken[1][taken[0] == n]) for n in range(len(group))]


def bound_of(prices: Prices, rhs: Sequence[int], bounds: Sequence[int]) -> int:
    """floor((sum(price x right-hand side) + sum of the cities' bounds) / scale), exact."""
    total = sum(price * amount for price, amount in zip(prices.prices, rhs, strict=True))
    return (total + sum(bounds)) // prices.scale
