"""A plan of sites that are priced and not listed; writes ``columns.npz``.

What the relaxation of all sites takes most of is taken, a few sites at a time, and the rest is priced again on the land
that is left; an integer programme places the last. Then the platforms of a piece of land, and those left out, are
placed again together, piece after piece.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import numpy as np

from landopt.solving.process.site_columns import (
    CLOSE,
    NAMES,
    Columns,
    Model,
    Prices,
    Programme,
    best_sites,
    relaxed,
)
from landopt.solving.programme.arrays import Floats, Ints

FIRST = 0.003
"""How close the relaxation of land as a whole comes before parcels are priced by themselves."""
TAKEN = 3
"""Sites taken at a time while a plan is made."""
AGAIN = 3
"""Times the rest is priced before the next are taken."""
CHOICE = 50
"""Columns of a platform that an integer programme chooses from."""
POOL = 80
"""Columns of a platform that stay while a plan is made."""
LAST = 14
"""So many platforms are left to an integer programme."""
LATE = 8
"""Times what is left is priced before an integer programme."""
BETTER = 1e-4
"""What a piece must bring besides to be placed again."""
LAND = 90
"""About as many parcels are placed again together."""
PIECES = 60
"""Pieces of land placed again at most."""
SECONDS, NODES = 3.0, 200
"""Seconds (where a clock is read) and nodes of one integer programme at most."""

Left = Callable[[], bool] | None
"""Whether there is time left; None: no clock is read."""


class Plan:
    """A plan in the making: the columns taken, the land and room left."""

    def __init__(self, model: Model, taken: Columns) -> None:
        self.model, self.taken = model, taken

    @property
    def value(self) -> float:
        """What it is worth."""
        return float(self.taken.value.sum())

    def land(self) -> Ints:
        """(parcels + 1,) which parcels are taken."""
        out = np.zeros(self.model.count + 1, bool)
        out[self.taken.members] = True
        out[-1] = False
        return out

    def room(self) -> Floats:
        """What is left of every row."""
        return np.asarray(self.model.rhs - self.taken.coef.sum(axis=0))

    def fits(self, columns: Columns) -> Ints:
        """Which columns could be taken besides."""
        parts = np.zeros(self.model.parts + 1, bool)
        parts[self.taken.part[self.taken.part >= 0]] = True
        good = ~self.land()[columns.members].any(axis=1) & ~parts[columns.part]
        return np.asarray(good & (columns.coef <= self.room() + 1e-6).all(axis=1))

    def waiting(self) -> Ints:
        """The places of platforms that have nothing."""
        return np.flatnonzero(~np.isin(self.model.part, self.taken.part))


def nearest(columns: Columns, prices: Prices, most: int) -> Columns:
    """The columns of each part that are nearest to their prices, ``most`` each."""
    worth = columns.reduced(prices)
    order = np.lexsort((-worth, columns.part))
    part = columns.part[order]
    new = np.append(True, part[1:] != part[:-1])[: len(part)]
    begin = np.maximum.accumulate(np.where(new, np.arange(len(part)), 0))
    return columns.at(order[(np.arange(len(part)) - begin < most) | (part < 0)])


def priced(model: Model, plan: Plan, pool: Columns, prices: Prices, again: int) -> tuple[Columns, Prices, Floats]:
    """The rest of a plan relaxed, priced so many times: its columns, prices, and what is taken of each."""
    programme = Programme(model, plan.room())
    programme.add(pool)
    platforms = plan.waiting()
    for turn in range(again):
        _, x, prices = programme.run()
        if turn == again - 1:
            break
        found, _ = best_sites(model, prices, whole=False, platforms=platforms)
        found = found.at(np.flatnonzero(found.reduced(prices) > 1e-3))
        if not len(found):
            break
        programme.add(found)
        pool = pool.plus(found)
    return pool, prices, x


def dived(model: Model, pool: Columns, prices: Prices, clock: bool) -> tuple[Plan, Prices]:
    """A plan by taking what the relaxation takes most of, and pricing the rest again."""
    plan = Plan(model, pool.at(slice(0, 0)))
    here = model
    while len(plan.waiting()) > LAST:
        pool = nearest(pool.at(plan.fits(pool)), prices, POOL)
        pool, prices, x = priced(here, plan, pool, prices, AGAIN)
        took = 0
        for at in np.argsort(-x, kind="stable").tolist():
            if x[at] < 1e-6 or (took >= TAKEN and x[at] < 0.999):
                break
            one = pool.at(slice(at, at + 1))
            if plan.fits(one)[0]:
                plan.taken = plan.taken.plus(one)
                took += 1
        if not took:
            break
        here = model.without(plan.land())
    return completed(model, plan, pool, prices, pool.at(slice(0, 0)), clock), prices


def completed(model: Model, plan: Plan, pool: Columns, prices: Prices, before: Columns, clock: bool) -> Plan:
    """The plan with the best of what is left, by an integer programme over priced columns.

    ``before`` are columns that could be taken together: where little more is in sight they are.
    """
    here = model.without(plan.land())
    pool = nearest(pool.at(plan.fits(pool)), prices, POOL)
    pool, prices, x = priced(here, plan, pool.plus(before), prices, LATE)
    held = Plan(model, plan.taken.plus(before))
    if plan.value + float(pool.value @ x) <= held.value * (1 + BETTER):
        return held
    more, _ = best_sites(
        here, replace(prices, parts=prices.parts * 0.9), whole=False, platforms=plan.waiting(), new=CHOICE
    )
    pool = pool.plus(more)
    pool = before.plus(nearest(pool.at(plan.fits(pool)), prices, CHOICE))
    if not len(pool):
        return held
    programme = Programme(model, plan.room(), integer=True)
    programme.add(pool)
    programme.highs.setOptionValue("mip_rel_gap", CLOSE)
    programme.highs.setOptionValue("mip_max_nodes", NODES)
    if clock:
        programme.highs.setOptionValue("time_limit", SECONDS)
    programme.begin(np.arange(len(before)))
    _, x, _ = programme.run()
    if len(x) != len(pool) or not np.isfinite(x).all():
        return held
    best = Plan(model, plan.taken)
    for at in np.flatnonzero(x > 0.5).tolist():
        one = pool.at(slice(at, at + 1))
        if best.fits(one)[0]:
            best.taken = best.taken.plus(one)
    return best


def piece(model: Model, draw: np.random.Generator) -> Ints:
    """(parcels + 1,) a piece of land: neighbours about a parcel drawn, about another where there are no more."""
    start, other = model.links
    out = np.zeros(model.count + 1, bool)
    while out.sum() < min(LAND, model.count):
        front = [int(draw.choice(np.flatnonzero(~out[:-1])))]
        out[front] = True
        while front and out.sum() < LAND:
            at = front.pop(0)
            fresh = [each for each in other[start[at] : start[at + 1]].tolist() if not out[each]]
            out[fresh] = True
            front += fresh
    return out


def mended(plan: Plan, pool: Columns, prices: Prices, enough: float, left: Left, keep: Callable[[Plan], None]) -> Plan:
    """The plan, its platforms placed again piece by piece of the land; ``keep`` hears of better ones."""
    draw = np.random.default_rng(0)
    for _ in range(PIECES):
        if plan.value >= enough or not (left is None or left()):
            break
        here = piece(plan.model, draw)
        stays = ~here[plan.taken.members].any(axis=1)
        trial = Plan(plan.model, plan.taken.at(stays))
        again = completed(plan.model, trial, pool, prices, plan.taken.at(~stays), left is not None)
        if again.value > plan.value + 1e-6:
            plan = again
            keep(plan)
        if not stays.any():  # all land was one piece
            break
    return plan


def find(held: Mapping[str, Any], folder: Path) -> None:
    """Find columns of a model, and a plan; what there is, is written to ``folder`` as it comes."""
    model = _model(held)
    ends = float(held["seconds"]), monotonic() + float(held["wall"])
    begun = process_time()
    clock = bool(np.isfinite(ends[0]))
    left = (lambda: process_time() - begun < ends[0] and monotonic() < ends[1]) if clock else None
    _, prices, _ = relaxed(model, held["classes"], None, FIRST)
    pool, prices, bound = relaxed(model, None, prices, CLOSE)

    def keep(plan: Plan) -> None:
        _write(folder, pool.plus(plan.taken), plan.taken, bound)

    keep(Plan(model, pool.at(slice(0, 0))))
    plan, prices = dived(model, pool, prices, clock)
    keep(plan)
    mended(plan, pool, prices, bound / (1 + float(held["gap"])), left, keep)


def _model(held: Mapping[str, Any]) -> Model:
    listed = Columns(*(held[f"listed_{name}"] for name in NAMES))
    cuts, ways = held["list_start"], held["way_start"]
    shared = [held["list_sites"][a:b] for a, b in itertools.pairwise(cuts)]
    return Model(
        area=held["area"], links=(held["link_start"], held["link_other"]), rhs=held["rhs"],
        sites=(held["site_start"], held["site_parcels"], held["site_area"]),
        lists=tuple(shared[at] for at in held["list_of"].tolist()),
        least=held["least"], most=held["most"], served=held["served"], part=held["part"],
        ways=tuple(tuple(held["ways"][a:b].tolist()) for a, b in itertools.pairwise(ways)),
        worth=held["worth"], coef=held["coef"], listed=listed, parts=int(held["parts"]),
    )  # fmt: skip


def _write(folder: Path, columns: Columns, plan: Columns, bound: float) -> None:
    np.savez(
        folder / "columns.new.npz", place=columns.place, members=columns.members, way=columns.way,
        plan_members=plan.members, plan_way=plan.way, plan_part=plan.part, bound=bound, value=float(plan.value.sum()),
    )  # fmt: skip
    (folder / "columns.new.npz").replace(folder / "columns.npz")
