"""Unit prices and floors of all parcels under one price case: which floor rules hold, the term, the full term.

The arrays of :mod:`landopt.screening.law.price_bands` do the work; where they leave a rounding open the parcel is
counted exactly.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language.nodes import Apply, Number, PriceField, PriceNode, YearFactor
from landopt.screening.law.price_bands import MICRO, Band, TooWide, amounts, ceilings, largest, micro, spread
from landopt.screening.law.verdicts import CONDITION, OPEN, Law
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
HOLDS, FILED = 2, 3


Case = tuple[tuple[tuple[int, int], ...], int, int, tuple[Value, ...]]
"""(state of the floor rules, term, full term under a listing, price facts of the demand)."""
Prices = tuple[Ints, Ints, Ints, NDArray[np.bool_], NDArray[np.int8]]
"""Over parcels: unit price (yuan/m2, -1 none), bounds of what is known of the floor in millionths (-1 nothing), whether
that is all of it, verdict."""


class PriceTable:
    """Prices by price case, each worked out once for all parcels."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self.count = law.sides.count
        self.rate = Fraction(law.sides.case.round.land_reduction_rate)
        self._numbers: dict[Case, int] = {}
        self.unit = np.zeros((4, self.count), np.int32)
        self.low = np.zeros((4, self.count), np.int64)
        self.high = np.zeros((4, self.count), np.int64)
        self.sure = np.zeros((4, self.count), bool)
        self.asks = np.zeros((4, self.count), np.int8)
        self._fields: dict[str, tuple[Ints, NDArray[np.bool_]]] = {}

    def field(self, name: str) -> tuple[Ints, NDArray[np.bool_]] | None:
        """A numeric fact of all parcels, and where it is known."""
        if name not in self._fields:
            found = self.law.sides.parcel(name)
            if found is None:
                return None
            self._fields[name] = found.integers(), found.codes >= 0
        return self._fields[name]

    def factor(self, term: int, full: int) -> Fraction:
        """The year factor; 1 where either term is open or they agree. ``OPEN`` or 0 is no term."""
        if term in (0, OPEN) or full in (0, OPEN) or term == full:
            return Fraction(1)
        if self.rate == 0:
            return Fraction(term, full)
        grown = 1 + self.rate
        return Fraction(1 - 1 / grown**term) / Fraction(1 - 1 / grown**full)

    def number(self, case: Case) -> int:
        """The row of a price case in ``unit``, ``low``, ``high``, ``sure`` and ``asks``."""
        if case not in self._numbers:
            row = self._numbers[case] = len(self._numbers)
            if row == self.unit.shape[0]:
                for name in ("unit", "low", "high", "sure", "asks"):
                    setattr(self, name, np.concatenate((getattr(self, name),) * 2))
            made = self._make(case)
            self.unit[row], self.low[row], self.high[row], self.sure[row], self.asks[row] = made
        return self._numbers[case]

    def _columns(self, facts: tuple[Value, ...], node: PriceNode) -> dict[str, tuple[Ints, NDArray[np.bool_]]]:
        given = dict(zip(self.law.price_facts, facts, strict=True))
        found = {}
        for name in _names(node):
            value = given.get(name)
            column = (np.array([value], np.int64), np.ones(1, bool)) if isinstance(value, int) else self.field(name)
            if column is not None:
                found[name] = column
        return found

    def _make(self, case: Case) -> Prices:
        try:
            return self._bands(case)
        except TooWide:
            return self._exactly(case)

    def _bands(self, case: Case) -> Prices:
        state, term, full, facts = case
        factor, count = self.factor(term, full), self.count
        asks = np.zeros(count, np.int8)
        sure = np.full(count, bool(state) and all(how >= HOLDS for _, how in state), bool)
        floors: list[Band] = []
        for number, how in state:
            if how < HOLDS:
                continue
            node = self.law.prices[number]
            band = spread(amounts(node, self._columns(facts, node), factor), count)
            floors.append(band)
            sure &= band.whole
            if how == HOLDS:
                asks[~band.whole] = CONDITION
        price, priced = self._base(factor)
        if not floors:
            unit, open_ = ceilings(price)
            low, high = (np.full(count, -1, np.int64),) * 2
        else:
            floor = largest(floors, count)
            unit, open_ = ceilings(_larger(price, priced, replace(floor, known=sure)))
            low, high = (np.where(floor.known, each, -1) for each in micro(floor))
        unit = np.where(priced | sure, unit, -1)
        for row in np.flatnonzero(open_ & (priced | sure)).tolist():
            unit[row] = self.exact_unit(case, row)
        return unit, low, high, sure, asks

    def _base(self, factor: Fraction) -> tuple[Band, NDArray[np.bool_]]:
        """The appraised price, else the benchmark price times the year factor; and where there is one."""
        count = self.count
        nothing = (np.zeros(count, np.int64), np.zeros(count, bool))
        appraised, has = self.field("appraised_price") or nothing
        benchmark, priced = self.field("benchmark_price") or nothing
        times = amounts(Apply("*", (PriceField("b", 100), YearFactor())), {"b": (benchmark, priced)}, factor)
        stated = amounts(Apply("*", (PriceField("a", 100), Number(Fraction(1)))), {"a": (appraised, has)}, factor)
        scale = times.scale * stated.scale // np.gcd(times.scale, stated.scale).item()
        up, over = scale // times.scale, scale // stated.scale
        if max(times.size * up, stated.size * over) >= 1 << 61:
            raise TooWide
        low = np.where(has, stated.low * over, times.low * up)
        high = np.where(has, stated.high * over, times.high * up)
        either = has | priced
        return Band(np.where(either, low, 0), np.where(either, high, 0), scale, either, either), either

    def _exactly(self, case: Case) -> Prices:
        """Parcel by parcel, for numbers beyond 62 bits."""
        count = self.count
        unit, low, high = (np.full(count, -1, np.int64) for _ in range(3))
        asks = np.zeros(count, np.int8)
        sure = np.zeros(count, bool)
        nodes = [(self.law.prices[number], how) for number, how in case[0] if how >= HOLDS]
        for row in range(count):
            unit[row] = self.exact_unit(case, row)
            sure[row] = self.exact_floor(case, row) is not None
            least = max([each for node, _ in nodes if (each := self._least(node, case, row)) is not None], default=None)
            if least is not None:
                low[row] = least.numerator * MICRO // least.denominator
                high[row] = -(-least.numerator * MICRO // least.denominator)
            missing = [node for node, how in nodes if how == HOLDS and self._amount(node, case, row) is None]
            asks[row] = CONDITION if missing else 0
        return unit, low, high, sure, asks

    def exact_floor(self, case: Case, row: int) -> Fraction | None:
        """The floor of one parcel, exactly."""
        found = [self._amount(self.law.prices[number], case, row) for number, how in case[0] if how >= HOLDS]
        if not found or any(how < HOLDS for _, how in case[0]):
            return None
        known = [each for each in found if each is not None]
        return max(known) if len(known) == len(found) else None

    def exact_unit(self, case: Case, row: int) -> int:
        """The unit price of one parcel, counted exactly; -1 if there is none."""
        floor = self.exact_floor(case, row)
        prices = [] if floor is None else [floor]
        for name, factor in (("appraised_price", Fraction(1)), ("benchmark_price", self.factor(case[1], case[2]))):
            column = self.field(name)
            if column is not None and column[1][row]:
                prices.append(Fraction(int(column[0][row]), 100) * factor)
                break
        return -1 if not prices else -(-max(prices).numerator // max(prices).denominator)

    def _amount(self, node: PriceNode, case: Case, row: int) -> Fraction | None:
        match node:
            case Number(value):
                return value
            case YearFactor():
                return self.factor(case[1], case[2])
            case PriceField(name, scale):
                values, known = self._columns(case[3], node).get(name, (np.zeros(1, np.int64), np.zeros(1, bool)))
                at = row if values.size > 1 else 0
                return Fraction(int(values[at]), scale) if known[at] else None
            case Apply(op, items):
                found = [self._amount(item, case, row) for item in items]
                known_ = [each for each in found if each is not None]
                if len(known_) < len(found):
                    return None
                if op in ("max", "min"):
                    return max(known_) if op == "max" else min(known_)
                a, b = known_
                return a * b if op == "*" else a + b if op == "+" else a - b

    def _least(self, node: PriceNode, case: Case, row: int) -> Fraction | None:
        """What an amount comes to whatever its missing facts are."""
        whole = self._amount(node, case, row)
        if whole is not None or not isinstance(node, Apply) or node.op in ("min", "-"):
            return whole
        known = [each for item in node.items if (each := self._least(item, case, row)) is not None]
        match node.op:
            case "max":
                return max(known, default=None)
            case "+":
                return sum(known, Fraction(0)) if known else None
        return known[0] * known[1] if len(known) == 2 and min(known) >= 0 else None


def _larger(price: Band, priced: NDArray[np.bool_], floor: Band) -> Band:
    """The larger of price and floor where both are known, else the one that is."""
    both = largest([price, floor], priced.size)
    up, over = both.scale // price.scale, both.scale // floor.scale
    low = np.where(floor.known, np.where(priced, both.low, floor.low * over), price.low * up)
    high = np.where(floor.known, np.where(priced, both.high, floor.high * over), price.high * up)
    known = priced | floor.known
    return Band(low, high, both.scale, known, known)


def _names(node: PriceNode) -> tuple[str, ...]:
    match node:
        case PriceField(name):
            return (name,)
        case Apply(_, items):
            return tuple(name for item in items for name in _names(item))
    return ()
