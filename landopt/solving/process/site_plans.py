"""A plan of sites that are priced and not listed; writes ``columns.npz``.

Platforms are placed on all the land at once, then those of a piece of land, with those left out, again and again: each
time by a beam that counts what a plan lacks of the bound. One that is a little worse is gone on from, the best is kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import numpy as np

from landopt.solving.process.site_columns import CLOSE, NAMES, Columns, Model, Prices, relaxed
from landopt.solving.process.site_packing import Packer
from landopt.solving.programme.arrays import Floats, Ints

FIRST = 0.003
"""How close the relaxation of land as a whole comes before parcels are priced by themselves."""
LAND = 120
"""About as many parcels are placed again together."""
PIECES = 150
"""Pieces of land placed again at most."""
WHOLE = 8
"""The same where a piece is all the land."""
FLOORS = (0.0, 0.005)
"""What a parcel left costs at least of what the best platform is worth; the better of both goes on."""
WORSE = 6e-4
"""A plan worth this part less than the best is gone on from."""

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


def placed(packer: Packer, plan: Plan, draw: np.random.Generator | None = None) -> Plan:
    """The plan with those that have nothing placed on the land that is left."""
    waiting = np.ones(plan.model.parts, bool)
    waiting[plan.taken.part[plan.taken.part >= 0]] = False
    here = plan.model.without(plan.land())
    more = packer.packed(here, ~plan.land(), plan.room(), waiting, draw)
    return Plan(plan.model, plan.taken.plus(more))


def begun(model: Model, prices: Prices) -> tuple[Packer, Plan]:
    """A plan on all the land, by the packer that made the better one."""
    empty = Plan(model, model.listed.at(slice(0, 0)))
    packers = [Packer.of(model, prices, floor) for floor in FLOORS]
    plans = [placed(each, empty) for each in packers]
    best = max(range(len(plans)), key=lambda at: plans[at].value)
    return packers[best], plans[best]


def mended(packer: Packer, plan: Plan, enough: float, left: Left, keep: Callable[[Plan], None]) -> Plan:
    """The best of plans whose platforms are placed again piece by piece of the land; ``keep`` hears of better ones."""
    draw = np.random.default_rng(0)
    best = plan
    for turn in range(PIECES):
        if best.value >= enough or not (left is None or left()):
            break
        stays = ~piece(plan.model, draw)[plan.taken.members].any(axis=1)
        if turn >= WHOLE and not stays.any():
            break
        trial = placed(packer, Plan(plan.model, plan.taken.at(stays)), draw)
        if trial.value > best.value * (1 - WORSE):
            plan = trial
        if trial.value > best.value + 1e-6:
            best = trial
            keep(best)
    return best


def find(held: Mapping[str, Any], folder: Path) -> None:
    """Find columns of a model, and a plan; what there is, is written to ``folder`` as it comes."""
    model = _model(held)
    ends = float(held["seconds"]), monotonic() + float(held["wall"])
    start = process_time()
    clock = bool(np.isfinite(ends[0]))
    left = (lambda: process_time() - start < ends[0] and monotonic() < ends[1]) if clock else None
    pool, prices, bound = relaxed(model, held["classes"], None, FIRST)

    def keep(plan: Plan) -> None:
        _write(folder, pool.plus(plan.taken), plan.taken, bound)

    _, first = begun(model, prices)
    keep(first)
    pool, prices, bound = relaxed(model, None, prices, CLOSE)
    keep(first)
    packer, plan = begun(model, prices)
    plan = max(first, plan, key=lambda one: one.value)
    keep(plan)
    mended(packer, plan, bound / (1 + float(held["gap"])), left, keep)


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
