"""The common choice: integers once at the prices, the best mix of whole plans, then repair city by city."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from landopt.joint.city import City, capped, keeps, priced
from landopt.joint.merge import merged
from landopt.joint.prices import Column, Prices, mix
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
    time_limit_s: float | None = None
    nodes: int | None = None
    seed: int = 0


@dataclass
class Chosen:
    """What was found: of each city the outcome at the prices (its bound and tree), its plan alone, its plan now."""

    priced: list[Outcome]
    alone: list[Candidate | None]
    plans: list[Candidate] = field(default_factory=list)
    left_out: dict[int, str] = field(default_factory=dict)

    @property
    def objective(self) -> int:
        """What the plans score together."""
        return sum(plan.value for plan in self.plans)


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
    )


def candidate(one: City, chosen: Ints) -> Candidate:
    """A choice as a candidate: valued by the city's own programme, whatever the common limits."""
    from landopt.solving.programme.arrays import program, standing

    state = standing(program(one.case, priced(one, (0,) * len(one.rows), 1), 0), chosen)
    return Candidate(chosen, state.objective, tuple(one.used(chosen).tolist()))


class Choice:
    """The search for the common plan."""

    def __init__(self, cities: Sequence[City], senses: Sequence[str], rhs: Sequence[int], effort: Effort) -> None:
        self.cities, self.senses, self.rhs, self.effort = list(cities), list(senses), list(rhs), effort
        self.pool: list[dict[bytes, Candidate]] = [{} for _ in cities]

    def add(self, number: int, chosen: Ints | None) -> Candidate | None:
        """Keep a plan of a city."""
        if chosen is None:
            return None
        key = np.asarray(chosen, np.int64).tobytes()
        if key not in self.pool[number]:
            self.pool[number][key] = candidate(self.cities[number], chosen)
        return self.pool[number][key]

    def best(self) -> list[Candidate] | None:
        """The best mix of whole plans that keeps the limits; ``None`` where none of the plans known do."""
        flat = [(k, one) for k, pool in enumerate(self.pool) for one in pool.values()]
        columns = [Column(k, float(one.value), tuple(map(float, one.used))) for k, one in flat]
        weights, _, _ = mix(columns, len(self.cities), self.senses, self.rhs, whole=True)
        picked: list[Candidate | None] = [None] * len(self.cities)
        for weight, (k, one) in zip(weights, flat, strict=True):
            if weight > 0.5:
                picked[k] = one
        plans = [one for one in picked if one is not None]
        return plans if len(plans) == len(self.cities) and self.kept(plans) else None

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
            for number, one in enumerate(self.cities):
                self.add(number, run(one, priced(one, steep, prices.scale), self.effort).chosen)
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

    def groups(self, turn: int) -> list[list[int]]:
        """The cities in groups whose offers together stay small; every turn begins one city later."""
        count = len(self.cities)
        order = [(turn + k) % count for k in range(count)]
        found: list[list[int]] = [[]]
        size = 0
        for number in order:
            more = len(self.cities[number].offers)
            if found[-1] and (size + more > TOGETHER or len(found[-1]) >= count):
                found.append([])
                size = 0
            found[-1].append(number)
            size += more
        return found

    def repair(self, plans: list[Candidate], group: list[int]) -> list[Candidate]:
        """The best plans of a group while the other cities keep theirs."""
        total = self.total(plans)
        room = np.array(
            [self.rhs[j] - total[j] + sum(plans[k].used[j] for k in group) for j in range(len(self.rhs))], np.int64
        )
        if len(group) == 1:
            one = self.cities[group[0]]
            outcome = run(one, capped(one, room), self.effort, plans[group[0]].chosen)
            found = [None if outcome.chosen is None else self.add(group[0], outcome.chosen)]
        else:
            found = list(self._of_group(plans, group, room))
        new = list(plans)
        for number, each in zip(group, found, strict=True):
            if each is None:
                return plans
            new[number] = each
        better = sum(plan.value for plan in new) > sum(plan.value for plan in plans)
        return new if better and self.kept(new) else plans

    def _of_group(self, plans: list[Candidate], group: list[int], room: Ints) -> Iterator[Candidate | None]:
        case, offers, origin = merged([self.cities[k] for k in group], self.senses, room)
        place = {(n, k): at for at, (n, k) in enumerate(zip(*origin.tolist(), strict=True))}
        warm = np.array(sorted(place[n, k] for n, number in enumerate(group) for k in plans[number].chosen.tolist()))
        effort = self.effort
        limits: dict[str, Any] = {"time_limit_s": effort.time_limit_s, "nodes": effort.nodes, "seed": effort.seed}
        outcome = solve(case, offers, gap=effort.gap / 2, warm=warm, **limits)
        for n, number in enumerate(group):
            if outcome.chosen is None:
                yield None
            else:
                taken = origin[:, outcome.chosen]
                yield self.add(number, np.sort(taken[1][taken[0] == n]))


def bound_of(prices: Prices, rhs: Sequence[int], outcomes: Sequence[Outcome]) -> int:
    """floor((sum(price x right-hand side) + sum of the cities' bounds) / scale), exact."""
    total = sum(price * amount for price, amount in zip(prices.prices, rhs, strict=True))
    return (total + sum(outcome.tiers[0].bound for outcome in outcomes)) // prices.scale
