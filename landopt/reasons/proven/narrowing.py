"""What plans within a loss can still hold, case by case of a proof: bounds, conflicts and hard rows, one after another.

In a case, an offer is out where taking it costs more than is left above the threshold: what it is worth less than the
best of its part, and what every other part then misses on its parcels. What is out makes the bests smaller, so that
more is out. A part that costs more to leave empty than is left must take an offer; a parcel on all offers of such a
part is its own; of hard rows the least that all parts must use leaves the rest so much room. All of it holds for every
plan of the case that reaches the threshold, in integers, without a solver.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from landopt.screening.blocks import Ints
from landopt.solving.programme.arrays import Program, ranges
from landopt.solving.proof.certificate import NONE, Case, Mask

ROUNDS = 12
"""Times that a case is narrowed again, at most."""
LARGE = 30_000
"""Offers of a case beyond which conflicts and rows are not looked at."""
FAR = 2**62


@dataclass(frozen=True)
class Narrow:
    """A case with the offers that plans within the loss may still hold.

    ``offers`` are their numbers (ascending) in the round, ``part`` and ``worth`` theirs (times the scale), ``land`` and
    ``uses`` their (offer, parcel) and (offer, row, coefficient) as places among them, of hard rows as ``<=``; ``most``
    is what each of these rows allows; ``must`` marks the parts that take one, ``supplied`` the parcels supplied;
    ``base`` is what plans reach beside their parts, ``least`` the threshold (both times the scale).
    """

    offers: Ints
    part: Ints
    worth: Ints
    land: tuple[Ints, Ints]
    uses: tuple[Ints, Ints, Ints]
    most: Ints
    must: Mask
    supplied: Mask
    base: int
    least: int

    def kept(self, keep: Mask) -> Narrow:
        """Only some of the offers."""
        if keep.all():
            return self
        place = np.cumsum(keep) - 1
        on, using = keep[self.land[0]], keep[self.uses[0]]
        return replace(
            self,
            offers=self.offers[keep],
            part=self.part[keep],
            worth=self.worth[keep],
            land=(place[self.land[0][on]], self.land[1][on]),
            uses=(place[self.uses[0][using]], self.uses[1][using], self.uses[2][using]),
        )

    def without(self, members: Ints) -> Narrow:
        """The case without some offers (numbers of the round, ascending)."""
        return self.kept(~np.isin(self.offers, members, assume_unique=True))


def narrow(core: Program, case: Case, least: int) -> Narrow | None:
    """A leaf of a proof, narrowed to what reaches ``least`` (times the scale); None where nothing does.

    Where more than :data:`LARGE` offers are near enough by their own worth, that is all that is looked at.
    """
    assert case.total is not None
    part = core.part()
    must = np.zeros(len(core.part_start) - 1, bool)
    must[case.forced] = True
    supplied = np.zeros(core.parcels, bool)
    supplied[[parcel for parcel, is_so in case.supplied.items() if is_so]] = True
    left = case.total - least
    if left < 0:
        return None
    near = case.best[part] - case.worth <= left
    at = np.flatnonzero(near if case.allowed is None else near & case.allowed)
    base = case.total - int(sum(case.best.tolist()))
    none = np.zeros(0, np.int64)
    bare = Narrow(
        case.offers[at], part[at], case.worth[at], (none, none), (none, none, none), none, must, supplied, base, least
    )
    if len(at) > LARGE:
        return bare
    sites = core.site[at]
    size = np.diff(core.site_start)[sites]
    land = core.site_parcels[ranges(core.site_start[sites], size)].astype(np.int64)
    hard = np.flatnonzero((core.slack == 0) & (np.arange(len(core.sense)) < core.own))
    start, row, coefficient = core.entries.of(at)
    offer = np.repeat(np.arange(len(at)), np.diff(start))
    use, most = _signed(core, hard, offer, row.astype(np.int64), coefficient.astype(np.int64))
    return again(replace(bare, land=(np.repeat(np.arange(len(at)), size), land), uses=use, most=most))


def _signed(
    core: Program, hard: Ints, offer: Ints, row: Ints, coefficient: Ints
) -> tuple[tuple[Ints, Ints, Ints], Ints]:
    """The entries of hard rows as rows ``<=`` (an ``=`` is two), and what each allows."""
    above, below = hard[core.sense[hard] <= 0], hard[core.sense[hard] >= 0]
    place = np.full((2, len(core.sense)), -1)
    place[0, above] = np.arange(len(above))
    place[1, below] = len(above) + np.arange(len(below))
    pairs = [(place[0][row], coefficient), (place[1][row], -coefficient)]
    keep = [at >= 0 for at, _ in pairs]
    use = (
        np.concatenate([offer[which] for which in keep]),
        np.concatenate([at[which] for (at, _), which in zip(pairs, keep, strict=True)]),
        np.concatenate([value[which] for (_, value), which in zip(pairs, keep, strict=True)]),
    )
    return use, np.concatenate([core.rhs[above], -core.rhs[below]]).astype(np.int64)


def again(of: Narrow, rounds: int = ROUNDS) -> Narrow | None:
    """A case narrowed until nothing changes (or ``rounds`` times); None where no plan of it reaches the threshold."""
    for _ in range(rounds):
        count, must = len(of.offers), int(of.must.sum())
        for step in (_by_bound, _by_land, _by_rows):
            found = step(of)
            if found is None:
                return None
            of = found
        if len(of.offers) == count and int(of.must.sum()) == must:
            break
    return of


def _tops(of: Narrow) -> tuple[Ints, int] | None:
    """What each part adds at most, and what is left above the threshold; None where that is less than nothing."""
    top = np.full(len(of.must), NONE)
    np.maximum.at(top, of.part, of.worth)
    if (of.must & (top == NONE)).any():
        return None
    top = np.where(of.must, top, np.maximum(top, 0))
    left = of.base + int(sum(top.tolist())) - of.least
    return None if left < 0 else (top, left)


def _by_bound(of: Narrow) -> Narrow | None:
    found = _tops(of)
    if found is None:
        return None
    top, left = found
    must = of.must | (top > left)
    lost = top[of.part] - of.worth
    lost = lost + np.where(lost <= left, _missed(of, top), 0)
    return replace(of, must=must).kept(lost <= left)


def _missed(of: Narrow, top: Ints) -> Ints:
    """What other parts miss, at least, where an offer is taken: of each the most that one of its parcels costs it."""
    offer, parcel = of.land
    part = of.part[offer]
    # a parcel that every best offer of a part holds costs it what lies between its best and the best without it
    best = np.flatnonzero((of.worth == top[of.part]) & (top[of.part] > 0))
    named = np.bincount(of.part[best], minlength=len(top))
    on = np.isin(offer, best)
    width = int(parcel.max(initial=0)) + 1
    keys, held = np.unique(part[on] * width + parcel[on], return_counts=True)
    keys = keys[held == named[keys // width]]
    if not len(keys):
        return np.zeros(len(of.offers), np.int64)
    whose, where = keys // width, keys % width
    cost = np.zeros(len(keys), np.int64)
    order = np.argsort(of.part, kind="stable")
    edges = np.searchsorted(of.part[order], np.arange(len(top) + 1))
    by_parcel = np.argsort(parcel, kind="stable")
    starts = np.searchsorted(parcel[by_parcel], np.arange(width + 1))
    for number, (one, spot) in enumerate(zip(whose.tolist(), where.tolist(), strict=True)):
        mine = order[edges[one] : edges[one + 1]]
        rest = of.worth[mine[~np.isin(mine, offer[by_parcel[starts[spot] : starts[spot + 1]]])]]
        second = int(rest.max(initial=NONE)) if of.must[one] else max(0, int(rest.max(initial=0)))
        cost[number] = FAR // 1024 if second == NONE else int(top[one]) - second
    by_spot = np.argsort(where, kind="stable")
    first = np.searchsorted(where[by_spot], np.arange(width + 1))
    many = first[parcel + 1] - first[parcel]
    entry = by_spot[ranges(first[parcel], many)]
    taker = np.repeat(offer, many)
    keep = whose[entry] != of.part[taker]
    taker, entry = taker[keep], entry[keep]
    pair = taker * len(top) + whose[entry]
    order = np.lexsort((-cost[entry], pair))
    lead = order[np.unique(pair[order], return_index=True)[1]]
    out = np.zeros(len(of.offers), np.int64)
    np.add.at(out, taker[lead], cost[entry[lead]])
    return out


def _by_land(of: Narrow) -> Narrow | None:
    """Parcels that a part takes whatever it takes are no other's; a parcel that one part alone can supply is its."""
    offer, parcel = of.land
    part = of.part[offer]
    width = len(of.supplied)
    keys, held = np.unique(part * width + parcel, return_counts=True)
    size = np.bincount(of.part, minlength=len(of.must))
    whose, where = keys // width, keys % width
    own = of.must[whose] & (held == size[whose])
    owner = np.full(width, -1)
    owner[where[own]] = whose[own]
    if len(np.unique(where[own])) < int(own.sum()):
        return None  # two parts must have one parcel
    keep = np.ones(len(of.offers), bool)
    keep[offer[(owner[parcel] >= 0) & (owner[parcel] != part)]] = False
    supplied = of.supplied | (owner >= 0)
    able = np.bincount(where, minlength=width)
    if (supplied & (able == 0)).any():
        return None
    must = of.must.copy()
    for spot in np.flatnonzero(of.supplied & (able == 1) & (owner < 0)).tolist():
        one = int(whose[where == spot][0])
        must[one] = True
        mine = of.part == one
        mine[offer[parcel == spot]] = False
        keep[mine] = False
    return replace(of, must=must, supplied=supplied).kept(keep)


def _by_rows(of: Narrow) -> Narrow | None:
    """Of every hard row: what an offer counts beyond the least of its part must find room beside all other parts."""
    offer, row, value = of.uses
    if not len(offer):
        return of if (of.most >= 0).all() else None
    parts = len(of.must)
    key = row * parts + of.part[offer]
    keys, at, many = np.unique(key, return_inverse=True, return_counts=True)
    least = np.full(len(keys), FAR)
    np.minimum.at(least, at, value)
    whose = keys % parts
    size = np.bincount(of.part, minlength=parts)
    free = ~of.must[whose] | (many < size[whose])  # the part may count nothing there
    least = np.where(free, np.minimum(least, 0), least)
    used = np.zeros(len(of.most), np.int64)
    np.add.at(used, keys // parts, least)
    if (used > of.most).any():
        return None
    keep = np.ones(len(of.offers), bool)
    keep[offer[value - least[at] + used[row] > of.most[row]]] = False
    return of.kept(keep)
