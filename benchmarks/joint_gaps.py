"""The gaps within which cities of joint rounds are decided, tried on several shapes of :mod:`benchmarks.shapes`.

``python -m benchmarks.joint_gaps [--shapes NAME ...] [--cities 4] [--gap 0.005]`` puts ``--cities`` seeds of a shape
under two common limits (nine tenths of the area they would take alone; at least as much by ``listing``), and decides
them with each number of ``landopt/joint`` in turn beside the others as they stand: one line of JSON each, with CPU
seconds of the plans alone, of the decisions at the prices and of the mix, and the gap that was proven.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import shapes
from constraints.types import Row
from landopt.joint import run as deciding
from landopt.joint import store, work
from landopt.joint.choose import Effort, candidate, run
from landopt.joint.city import City, city, priced
from landopt.joint.prices import find

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.screening.offers import Offers

MADE: dict[str, Callable[[int], tuple[Case, Offers]]] = {
    "contested": shapes.contest,
    "local": lambda seed: shapes.local(seed, 300, 30, 45),
    "years": shapes.years,
}
FAR = 10**11
RULES = ("joint.area", "joint.listing")


def with_limits(name: str, case: Case, offers: Offers) -> City:
    """A shape's round with the rows of the two limits after its own."""
    area = np.array(case.parcels.column("area_m2"), np.int64)
    land = np.add.reduceat(area[offers.site_parcels], offers.site_start[:-1])[offers.site]
    listing = np.array([method.id == "listing" for method in case.methods])[offers.method]
    count, own = len(offers.rows), np.diff(offers.row_start)
    start = np.concatenate(([0], np.cumsum(own + 1 + listing)))
    index, coef = np.zeros(start[-1], np.int32), np.zeros(start[-1], np.int64)
    for k in range(len(offers)):
        at, mine = int(start[k]), slice(int(offers.row_start[k]), int(offers.row_start[k + 1]))
        end = at + int(own[k])
        index[at:end], coef[at:end] = offers.row_index[mine], offers.row_coef[mine]
        index[end : int(start[k + 1])] = [count, count + 1][: 1 + int(listing[k])]
        coef[end : int(start[k + 1])] = land[k]
    senses = (("<=", FAR), (">=", -FAR))
    rows = [Row(f"{rule}[]", rule, (), "limit", *far, 0, 0, 0) for rule, far in zip(RULES, senses, strict=True)]
    more: dict[str, Any] = {
        "row_start": start,
        "row_index": index,
        "row_coef": coef,
        "rows": (*offers.rows, *rows),
        "beyond": None,
    }
    more |= {"spread": np.append(offers.spread, [-1, -1])} if offers.spread.size else {}
    made = replace(offers, **more)
    return city(name, Path(name), case, made, RULES)


class Tried(deciding._Decided):
    """The common decision of cities that were kept in a folder, in this process."""

    def __init__(self, folder: Path, cities: Sequence[City], amounts: Sequence[int], gap: Fraction) -> None:
        self.runs, self.effort, self.say = folder, Effort(gap, 120, here=True), lambda line: None
        self.senses, self.rhs, self.left_out = ["<=", ">="], list(amounts), []
        self.clock, self.bound, self.plans = deciding._Clock(), 0, []
        self.known, self.decisions = [], 0
        self.worker = work._Worker.__new__(work._Worker)
        self.worker.runs, self.worker.effort = folder, self.effort
        for one in cities:
            outcome = run(one, priced(one, (0, 0), 1), replace(self.effort, gap=work.ALONE * gap))
            assert outcome.chosen is not None
            self.known.append(deciding._Known(one.id, one.path, one.id, candidate(one, outcome.chosen)))
        self.clock.mark("alone")
        self.prices = find(cities, self.senses, self.rhs)
        self.clock.mark("price")
        self._choose(cities)

    def _ran(self, given: Sequence[tuple[str, Mapping[str, Any]]], folder: Path | None) -> list[dict[str, Any]]:
        self.decisions += len(given)
        return [self.worker.price(each) for _, each in given]


def tried(shape: str, count: int, gap: Fraction, settings: Sequence[Mapping[str, Any]]) -> None:
    """One line for every setting of the numbers."""
    usual: dict[str, Any] = {"ALONE": work.ALONE, "LOOSE": deciding.LOOSE, "LEFT": deciding.LEFT}
    with TemporaryDirectory(prefix="landopt-bench-") as name:
        cities = [with_limits(f"{shape}-{seed}", *MADE[shape](seed)) for seed in range(1, count + 1)]
        for one in cities:
            store.keep(Path(name) / "cities" / one.id, one)
        used = np.zeros(2, np.int64)
        for one in cities:
            outcome = run(one, priced(one, (0, 0), 1), Effort(Fraction(1, 20), 120, here=True))
            assert outcome.chosen is not None
            used += one.used(outcome.chosen)
        amounts = [int(used[0]) * 9 // 10, min(int(used[1]), int(used[0]) // 2)]
        for setting in settings:
            work.ALONE, deciding.LOOSE, deciding.LEFT = (setting.get(name, usual[name]) for name in usual)
            begun = time.process_time()
            done = Tried(Path(name), cities, amounts, gap)
            worth = sum(plan.value for plan in done.plans)
            found = {
                "shape": shape,
                "offers": sum(len(one.offers) for one in cities),
                **{name: str(value) for name, value in setting.items()},
                "cpu_s": round(time.process_time() - begun, 2),
                **done.clock.phases,
                "decisions": done.decisions,
                "gap": round(float(done.bound / max(1, worth) - 1), 5),
            }
            print(json.dumps(found), flush=True)
        work.ALONE, deciding.LOOSE, deciding.LEFT = usual.values()


SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    *({"ALONE": each} for each in (2, 4, 20)),
    *({"LOOSE": each} for each in (1, 4)),
    *({"LEFT": each} for each in (Fraction(1, 2), Fraction(1, 20))),
)


def main(arguments: list[str]) -> int:
    """Every shape, every setting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", nargs="*", default=sorted(MADE), choices=sorted(MADE))
    parser.add_argument("--cities", type=int, default=4)
    parser.add_argument("--gap", default="0.005")
    asked = parser.parse_args(arguments)
    for shape in asked.shapes:
        tried(shape, asked.cities, Fraction(asked.gap), SETTINGS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
