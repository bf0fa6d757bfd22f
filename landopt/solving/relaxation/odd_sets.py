"""Odd sets: rows that close what the relaxation of a packing leaves open, each provable by halving and rounding down.

Take an odd number of parcels and platforms, T. Each is in at most one chosen offer, so the rows of T add up to
sum(|o in T| x_o) <= |T|. Half of it, rounded down on both sides, still holds for every plan:

    sum(floor(|o in T| / 2) x_o) <= (|T| - 1) / 2

(a Chvatal-Gomory cut of rank 1; with |T| = 3 the clique of offers that share two of three). The sets are found as
zero-half cuts: a relaxed point breaks the row of T where the slack of T's rows and the values of the offers that meet
T in an odd number add up to less than 1 (Caprara and Fischetti 1996; elimination as in Koster, Zymolka, Kutschka 2009).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from random import Random

import numpy as np

from landopt.solving.programme.arrays import Floats, Ints, Program, ranges
from landopt.solving.tuning import USUAL

EPS = 1e-6


def unit_rows(prog: Program) -> Ints:
    """True for the hard rows of the round that count offers: ``<=``, every entry 1 (conflicts, caps on numbers)."""
    one = prog.entries.profile.ones
    return np.asarray(one & (prog.sense < 0) & (prog.slack == 0) & (np.arange(len(prog.sense)) < prog.own))


def elements(prog: Program, offers: Ints) -> tuple[Ints, Ints]:
    """``(start, element)``: the rows with entry 1 that some offers stand in, by offer.

    Parcels are 0.., platforms ``parcels``.., rows of the round that count ``parcels + demands``...
    """
    sites = prog.site[offers]
    length = (prog.site_start[sites + 1] - prog.site_start[sites]).astype(np.int64)
    has = (prog.demand[offers] >= 0).astype(np.int64)
    row_start, own, _ = prog.entries.of(offers)
    row_length = np.diff(row_start)
    unit = unit_rows(prog)[own]
    counted = np.bincount(np.repeat(np.arange(len(offers)), row_length), unit, len(offers)).astype(np.int64)
    start = np.concatenate([[0], np.cumsum(length + has + counted)])
    found = np.empty(int(start[-1]), dtype=np.int64)
    found[ranges(start[:-1], length)] = prog.site_parcels[ranges(prog.site_start[sites], length)]
    found[(start[:-1] + length)[has > 0]] = prog.parcels + prog.demand[offers][has > 0]
    found[ranges(start[:-1] + length + has, counted)] = prog.parcels + prog.demands + own[unit]
    return start, found


def rhs_of(prog: Program, element: int) -> int:
    """The right-hand side of an element's row."""
    head = prog.parcels + prog.demands
    return 1 if element < head else int(prog.rhs[element - head])


def halves(prog: Program, chosen: Sequence[int]) -> tuple[Ints, Ints]:
    """The offers that meet a set in two elements or more, and floor(|o in T| / 2) of each."""
    inside = np.zeros(prog.parcels + prog.demands + 1 + len(prog.sense), dtype=np.int64)
    head = prog.parcels + prog.demands
    for name in chosen:
        inside[name + (name >= head)] = 1
    met = np.concatenate([[0], np.cumsum(inside[prog.site_parcels])])
    of_site = met[prog.site_start[1:]] - met[prog.site_start[:-1]]
    wants = np.append(inside[prog.parcels : head], 0)  # the last, -1: the market
    offers = np.flatnonzero((of_site > 0)[prog.site] | (wants > 0)[prog.demand])
    count = of_site[prog.site[offers]] + wants[prog.demand[offers]]
    if inside[head + 1 :].any():  # the rows of a set have no entry but 1
        every = prog.entries.use(inside[head + 1 :])
        every[offers] += count
        offers, count = np.arange(prog.count), every
    half = count // 2
    return offers[half > 0], half[half > 0]


def half_rhs(prog: Program, chosen: Sequence[int]) -> int:
    """The right-hand side of a set's row: half of the sum of its rows', or a limit divided, rounded down."""
    if chosen and chosen[0] < 0:
        return int(prog.rhs[chosen[1]]) // -chosen[0]
    return sum(rhs_of(prog, name) for name in chosen) // 2


def divided(prog: Program, row: int, q: int) -> tuple[Ints, Ints]:
    """The offers that a row counts q times or more, and how often: the row divided by q and rounded down."""
    offers, coefs = prog.entries.row(row)
    times = coefs.astype(np.int64) // q
    return offers[times != 0], times[times != 0]


def broken_limits(prog: Program, offers: Ints, x: Floats, known: Collection[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Hard ``<=`` rows divided so that few large offers fill them, where the point ``x`` over ``offers`` breaks one.

    Named (-q, row). "At most one site of more than half the limit", "two of more than a third" and so on: covers.
    """
    point = np.zeros(prog.count)
    point[offers] = x
    start, rows, coefs = prog.entries.of(offers[x > EPS])
    owner = np.repeat(np.flatnonzero(x > EPS), np.diff(start))
    found: list[tuple[int, ...]] = []
    for parts in range(2, USUAL.multiples + 1):
        q = np.maximum(prog.rhs // parts + 1, 1)
        fit = (prog.sense < 0) & (prog.slack == 0) & (prog.rhs >= parts) & (np.arange(len(prog.sense)) < prog.own)
        fit &= prog.rhs % q != 0
        act = np.bincount(rows, (coefs // q[rows]) * x[owner], len(prog.sense))
        for row in np.flatnonzero(fit & (act > prog.rhs // q + USUAL.broken)).tolist():
            name = (-int(q[row]), row)
            if name not in known:
                found.append(name)
    return found


def with_sets(prog: Program, sets: Sequence[Sequence[int]]) -> Program:
    """The programme with one row more for each set or divided limit (-q, row), after all others."""
    if not sets:
        return prog
    some = len(sets)
    none = np.zeros(some, dtype=np.int64)
    return replace(
        prog,
        entries=prog.entries.plus([divided(prog, c[1], -c[0]) if c and c[0] < 0 else halves(prog, c) for c in sets]),
        sense=np.concatenate([prog.sense, np.full(some, -1, dtype=prog.sense.dtype)]),
        rhs=np.concatenate([prog.rhs, np.array([half_rhs(prog, chosen) for chosen in sets], dtype=np.int64)]),
        slack=np.concatenate([prog.slack, none]),
        most=np.concatenate([prog.most, none]),
        penalty=np.concatenate([prog.penalty, none]),
        carry=np.concatenate([prog.carry, none - 1]),
        carried=np.concatenate([prog.carried, none]),
    )


def broken_sets(prog: Program, offers: Ints, x: Floats, *, most: int, seed: int) -> list[tuple[int, ...]]:
    """Sets whose rows the point ``x`` over ``offers`` breaks, most broken first; elements as in :func:`elements`."""
    taken = x > EPS
    start, element = elements(prog, offers[taken])
    value = np.repeat(x[taken], np.diff(start))
    covered = np.bincount(element, value, prog.parcels + prog.demands + len(prog.sense))
    fractional = np.flatnonzero(taken & (x < 1 - EPS))
    start, element = elements(prog, offers[fractional])
    column = np.repeat(np.arange(len(fractional)), np.diff(start))
    weight = x[fractional].tolist()
    rows: dict[int, int] = {}
    for name, number in zip(element.tolist(), column.tolist(), strict=True):
        rows[name] = rows.get(name, 0) | (1 << number)
    slack = {name: max(0.0, rhs_of(prog, name) - float(covered[name])) for name in rows}
    odd = {name: rhs_of(prog, name) % 2 == 1 for name in rows}
    draw = Random(seed)
    found: dict[frozenset[int], float] = {}
    for attempt in range(USUAL.trials[0]):
        _eliminate(rows, slack, odd, weight, draw, attempt, found)
    best = sorted(found.items(), key=lambda item: (item[1] + 0.01 * len(item[0]), sorted(item[0])))
    return [tuple(sorted(names)) for names, _ in best[:most]]


def _eliminate(
    rows: dict[int, int],
    slack: dict[int, float],
    odd: dict[int, bool],
    weight: Sequence[float],
    draw: Random,
    attempt: int,
    found: dict[frozenset[int], float],
) -> None:
    """One elimination over GF(2): rows are bit sets of fractional offers, combined until their odd part is light."""
    tight = [name for name in sorted(rows) if slack[name] < 1 - EPS]
    active = [(rows[name], slack[name], frozenset((name,)), odd[name]) for name in tight]
    if attempt:
        draw.shuffle(active)
    order = sorted(range(len(weight)), key=lambda number: -weight[number] + (draw.random() * 0.3 if attempt else 0.0))
    for number in order:
        bit = 1 << number
        holding = [row for row in active if row[0] & bit]
        if len(holding) < 2:
            continue
        holding.sort(key=lambda row: (row[1], len(row[2])))
        pivot = holding[0]
        rest = [row for row in active if not row[0] & bit]
        for bits, gone, names, parity in holding[1:]:
            joined, loose, together = bits ^ pivot[0], gone + pivot[1], names ^ pivot[2]
            uneven = parity != pivot[3]
            if loose >= 1 - EPS or len(together) > USUAL.rows:
                continue
            if uneven and together not in found:
                light = loose + _sum(joined, weight)
                if light < 1 - 1e-3:
                    found[together] = light
            rest.append((joined, loose, together, uneven))
        active = rest


def _sum(bits: int, weight: Sequence[float]) -> float:
    total = 0.0
    while bits:
        low = bits & -bits
        total += weight[low.bit_length() - 1]
        bits ^= low
    return total
