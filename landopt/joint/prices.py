"""The prices of the common limits: column generation over the cities' relaxations (Dantzig and Wolfe 1960).

A small linear programme mixes what each city's relaxation did at earlier prices, so that the common limits hold; its
duals are the next prices.  Whatever prices come out are a bound by weak duality: they need not be exact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import highspy
import numpy as np

from landopt.joint.city import City, priced
from landopt.solving.programme.arrays import LARGEST, program
from landopt.solving.programme.silent_highs import live_highs
from landopt.solving.relaxation.prices import relax
from landopt.solving.search_state import Warm

STEPS, CLOSE = 60, 1e-5
"""Price steps at most; the loop ends once the bound is this close (relative) to the mix of what was found."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a city does: its value in millipoints and its use of the limits (real numbers of a relaxation)."""

    city: int
    value: float
    used: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Prices:
    """Integer prices over ``scale`` (millipoints a unit of the row), and whether the limits can be kept at all."""

    prices: tuple[int, ...]
    scale: int
    feasible: bool
    steps: int


def mix(
    columns: Sequence[Column], cities: int, senses: Sequence[str], rhs: Sequence[int], *, whole: bool = False
) -> tuple[list[float], list[float], float]:
    """The best mix of columns, one of each city in sum, under the limits: weights, prices, and how far it misses them.

    What is missed costs more than any plan is worth; ``whole`` takes one column of each city as it is.
    """
    worth = sum(max((abs(c.value) for c in columns if c.city == k), default=0.0) for k in range(cities)) + 1.0
    sizes = [max([abs(c.used[j]) for c in columns] + [abs(float(rhs[j])), 1.0]) for j in range(len(rhs))]
    lp = highspy.HighsLp()
    count = len(columns)
    lp.num_col_, lp.num_row_ = count + len(rhs), len(rhs) + cities
    unit = worth / max(1, cities)  # what a city is worth: numbers of the programme near 1, however many cities
    cost = [-c.value / unit for c in columns] + [1e3 * worth / unit] * len(sizes)
    lp.col_cost_, lp.col_lower_ = np.array(cost), np.zeros(lp.num_col_)
    lp.col_upper_ = np.array([1.0] * count + [highspy.kHighsInf] * len(rhs))
    start, index, value = [0], [], []
    for c in columns:
        index += [*range(len(rhs)), len(rhs) + c.city]
        value += [*(use / size for use, size in zip(c.used, sizes, strict=True)), 1.0]
        start.append(len(index))
    for j, sense in enumerate(senses):
        index.append(j)
        value.append(-1.0 if sense == "<=" else 1.0)  # what is missed, in sizes of its row
        start.append(len(index))
    low = [
        -highspy.kHighsInf if sense == "<=" else amount / size
        for sense, amount, size in zip(senses, rhs, sizes, strict=True)
    ]
    high = [
        amount / size if sense == "<=" else highspy.kHighsInf
        for sense, amount, size in zip(senses, rhs, sizes, strict=True)
    ]
    lp.row_lower_, lp.row_upper_ = np.array(low + [1.0] * cities), np.array(high + [1.0] * cities)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = np.array(start), np.array(index)
    lp.a_matrix_.value_ = np.array(value, float)
    if whole:
        kinds = [highspy.HighsVarType.kInteger] * count + [highspy.HighsVarType.kContinuous] * len(rhs)
        lp.integrality_ = kinds
    solver = live_highs({"threads": 1, "mip_rel_gap": 0.0, "time_limit": 30.0})
    solver.passModel(lp)
    solver.run()
    found = solver.getSolution()
    weights = list(found.col_value)
    prices = (
        [] if whole else [-dual * unit / size for dual, size in zip(found.row_dual[: len(rhs)], sizes, strict=True)]
    )
    return weights[:count], prices, sum(weights[count:])


@dataclass(frozen=True, slots=True)
class Step:
    """What the cities' relaxations did at prices: the sum of their bounds (times the scale), a column of each."""

    prices: tuple[int, ...]
    bound: int
    columns: tuple[Column, ...]


@dataclass(slots=True)
class Past:
    """Steps that were made, and what each city's last relaxation left: nothing in it hangs on the limits' amounts."""

    steps: list[Step] = field(default_factory=list)
    left: list[Warm | None] = field(default_factory=list)


def find(
    cities: Sequence[City],
    senses: Sequence[str],
    rhs: Sequence[int],
    tell: Callable[[int, float], None] | None = None,
    past: Past | None = None,
) -> Prices:
    """The prices at which the cities' relaxations keep the limits together, nearly.

    Each city is asked for once a step and let go again: of its relaxation the offers and the basis alone are kept, from
    which the next step goes on. ``past`` are the steps made for other amounts; those made here are added to it.
    """
    peaks = [_peaks(one) for one in cities]
    scale = scale_of(peaks)
    past = Past() if past is None else past
    past.left = past.left or [None] * len(peaks)
    prices, made = (0,) * len(rhs), 0

    def bound(step: Step) -> float:
        return (sum(price * amount for price, amount in zip(step.prices, rhs, strict=True)) + step.bound) / scale

    while True:
        if prices not in {step.prices for step in past.steps}:
            past.steps.append(_step(cities, prices, scale, past.left))
            made += 1
        best = min(past.steps, key=bound)
        columns = [each for step in past.steps for each in step.columns]
        weights, duals, missed = mix(columns, len(peaks), senses, rhs)
        value = sum(w * c.value for w, c in zip(weights, columns, strict=True))
        if tell is not None:
            tell(made, bound(best))
        near = missed <= 1e-6 and bound(best) - value <= CLOSE * max(1.0, abs(value))
        prices = tuple(_whole(dual, sense, scale) for dual, sense in zip(duals, senses, strict=True))
        if near or made == STEPS or prices in {step.prices for step in past.steps}:
            break
    return Prices(*fitting(cities, best.prices, scale, peaks), missed <= 1e-6, made)


def _step(cities: Sequence[City], prices: tuple[int, ...], scale: int, left: list[Warm | None]) -> Step:
    """Every city's relaxation at prices."""
    bound, columns = 0, []
    for number, one in enumerate(cities):
        relaxed, sifter = relax(program(one.case, priced(one, prices, scale), 0), warm=left[number])
        left[number] = Warm(sifter.order, sifter.left(), ())
        bound += relaxed.bound
        at, x = relaxed.columns, relaxed.x
        used = one.uses[:, at] @ x
        value = (relaxed.value + float(np.dot(prices, used))) / scale
        columns.append(Column(number, value, tuple(used.tolist())))
    return Step(prices, bound, tuple(columns))


def fitting(
    cities: Sequence[City], prices: Sequence[int], scale: int, peaks: Sequence[Sequence[int]] | None = None
) -> tuple[tuple[int, ...], int]:
    """Prices and their scale, made coarser together until no offer's score at them is too large for a programme.

    ``peaks`` of the cities (:func:`_peaks`), where they are known: most prices are told by them to fit.
    """
    found, now = tuple(prices), scale
    while now > 1 and not (peaks and _surely(peaks, found, now)):
        if max((_largest(one, found, now) for one in cities), default=0) < LARGEST // 2:
            break
        now = max(1, now // 10)
        found = tuple(round(Fraction(price * now, scale)) for price in prices)
    return found, now


def _peaks(one: City) -> tuple[int, ...]:
    """The largest score of a city, then its largest use of each limit, in size."""
    score = int(np.abs(one.offers.score[0]).max(initial=1))
    return (score, *(int(np.abs(use).max(initial=0)) for use in one.uses))


def _surely(peaks: Sequence[Sequence[int]], prices: Sequence[int], scale: int) -> bool:
    """Whether no score at the prices can be too large, by the peaks alone."""
    sizes = (scale, *map(abs, prices))
    return all(sum(a * b for a, b in zip(sizes, each, strict=True)) < LARGEST // 2 for each in peaks)


def _largest(one: City, prices: Sequence[int], scale: int) -> int:
    """The largest score at prices, in size."""
    score = scale * np.asarray(one.offers.score[0], np.int64) - np.array(prices, np.int64) @ one.uses
    return int(np.abs(score).max(initial=0))


def _whole(dual: float, sense: str, scale: int) -> int:
    """A price over the scale as an integer of the lawful sign."""
    price = round(dual * scale)
    return max(0, price) if sense == "<=" else min(0, price)


def scale_of(peaks: Sequence[Sequence[int]]) -> int:
    """A power of ten that keeps scaled scores well below what a solver holds exactly."""
    largest = max((each[0] for each in peaks), default=1)
    scale = 1
    while scale < 1_000_000 and largest * scale * 10 < 10**11:
        scale *= 10
    return scale
