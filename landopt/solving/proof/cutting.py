"""Rows by mixed-integer rounding that a relaxation breaks: from its tableau (Gomory) and from single limits (covers).

All data and so all slacks are whole numbers, so that the multipliers of any tableau row, made whole, give a row that
holds for every plan (Nemhauser and Wolsey 1990; Marchand and Wolsey 2001). What is found is a ``Rounding`` of
docs/proof.md: the auditor derives it again.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from constraints.audit.certificate.derived_rows import Range, Rule, rule_of
from constraints.audit.certificate.price_tree import BadProof, Rounding
from constraints.audit.files.strict_json import LARGEST
from landopt.solving.programme.arrays import Floats, Ints, ranges
from landopt.solving.programme.price_bound import LIMIT
from landopt.solving.proof.certificate import rounding
from landopt.solving.proof.columns import Columns
from landopt.solving.proof.core import FREE, Core
from landopt.solving.tuning import USUAL

WHOLE = (2, 3, 4, 5, 6, 8, 10, 12, 20, 30, 60)
"""Divisors tried at which all multipliers are whole."""
FINE = 1 << 34
"""Divisor where they are not."""


@dataclass(frozen=True)
class Cut:
    """A row that the relaxation breaks: how it is derived, its coefficients over the core, how far it is broken."""

    made: Rounding
    column: Ints
    broken: float


@dataclass(frozen=True)
class _Promise:
    """A row, how its coefficients follow, the most it allows, and how far it may be broken at most."""

    made: Rounding
    rule: Rule
    most: int
    broken: float


def cuts(
    core: Core, x: Floats, ends: Sequence[Range | None], columns: Columns, times: int, deep: frozenset[int]
) -> list[Cut]:
    """The rows to add to the relaxation just solved; ``ends`` and ``columns`` are those of all rows so far.

    No row rests on those that are ``deep`` enough already. Rows of the tableau are looked at up to ``times`` times
    over: each multiple rounds at other places (k-cuts: Cornuejols, Li and Vandenbussche 2003). Where that is more than
    once, limits are looked at as knapsacks of parcels too.
    """
    # the most broken first: what offers outside ``x`` count makes a row less broken, so few are counted whole
    heap: list[tuple[float, str, int, _Promise | Cut]] = [
        (-promise.broken, str(promise.made), 0, promise) for promise in _promising(core, x, ends, columns, times, deep)
    ]
    heapq.heapify(heap)
    alike = USUAL.alike[times > 1]
    taken: list[Cut] = []
    while heap and len(taken) < USUAL.rows:
        _, name, _, one = heapq.heappop(heap)
        if isinstance(one, _Promise):
            cut = _cut(core, x, one, columns)
            if cut is not None:
                heapq.heappush(heap, (-cut.broken, name, 1, cut))
            continue
        size = np.linalg.norm(one.column)
        if all(abs(one.column @ other.column) < alike * size * np.linalg.norm(other.column) for other in taken):
            taken.append(one)
    return taken


def _promising(
    core: Core, x: Floats, ends: Sequence[Range | None], columns: Columns, times: int, deep: frozenset[int]
) -> Iterator[_Promise]:
    """Rows that are broken enough for what they count of the offers that ``x`` takes."""
    rules: list[tuple[Rounding, Rule, int]] = []
    found = (*_tableau(core, x, times), *_limits(core, x), *(_covers(core, x) if times > 1 else ()))
    for one in dict.fromkeys(found):
        if not deep.isdisjoint(reference // 3 for reference, _ in one.terms if reference % 3 == 0):
            continue
        with contextlib.suppress(BadProof):
            rule, most = rule_of(one, ends)
            if abs(most) <= LARGEST:
                rules.append((one, rule, most))
    if not rules:
        return
    taken = np.flatnonzero(x)
    whole, slacks = _counted(core, taken, [rule for _, rule, _ in rules], columns)
    q = np.array([rule.q for _, rule, _ in rules], np.int64)[:, None]
    rest = np.array([rule.rest for _, rule, _ in rules], np.int64)[:, None]
    value = whole // q * (q - rest) + np.maximum(0, whole % q - rest) - slacks
    for number, (one, rule, most) in enumerate(rules):
        mine = rule.t * value[number] // (rule.q - rule.rest) if rule.t else value[number]
        broken = (float(mine @ x[taken]) - most) / max(1.0, float(np.linalg.norm(mine)))
        if broken > USUAL.broken * 0.999:
            yield _Promise(one, rule, most, broken)


def _counted(core: Core, taken: Ints, rules: Sequence[Rule], columns: Columns) -> tuple[Ints, Ints]:
    """What some offers use of the sums that rules round: (whole, of slacks), a line a rule.

    A rule whose numbers may not fit into 64 bits is left at 0: it is broken by nothing.
    """
    prog, own = core.prog, len(core.prog.sense)
    head, demands = own + len(columns), own + len(columns) + prog.parcels
    named = sorted(
        {row for rule in rules for row in rule.rows}
        | {head + parcel for rule in rules for parcel in rule.parcels}
        | {demands + demand for rule in rules for demand in rule.demands}
    )
    place = {reference: number for number, reference in enumerate(named)}
    at = np.full(demands + prog.demands + 1, -1)
    at[named] = np.arange(len(named))
    use = np.zeros((len(named), len(taken)), np.int64)
    starts, rows, coefs = prog.entries.of(taken)
    length = np.diff(prog.site_start)[prog.site[taken]]
    land = prog.site_parcels[ranges(prog.site_start[prog.site[taken]], length)]
    each = np.arange(len(taken))
    owner = np.concatenate([np.repeat(each, np.diff(starts)), np.repeat(each, length), each])
    cell = at[np.concatenate([rows, head + land, demands + prog.demand[taken]])]  # -1 of no demand: no cell
    cell[len(owner) - len(taken) :][prog.demand[taken] < 0] = -1
    value = np.concatenate([coefs, np.ones(len(land) + len(taken), np.int64)])
    use[cell[cell >= 0], owner[cell >= 0]] = value[cell >= 0]
    for number in range(len(columns)):
        if at[own + number] >= 0:
            use[at[own + number]] = columns[number][taken]
    found = []
    for which in (0, 1):
        times = np.zeros((len(rules), len(named)), np.int64)
        for number, rule in enumerate(rules):
            for first, pairs in ((0, rule.rows), (head, rule.parcels), (demands, rule.demands)):
                for reference, pair in pairs.items():
                    times[number, place[first + reference]] = pair[which]
        sizes = np.abs(times).astype(float) @ np.abs(use).astype(float)
        times[(sizes.max(axis=1, initial=0.0) * USUAL.unit) >= LIMIT] = 0
        found.append(times @ use)
    return found[0], found[1]


def _cut(core: Core, x: Floats, promise: _Promise, columns: Columns) -> Cut | None:
    try:
        column = rounding(core.prog, promise.rule, columns)
    except BadProof:
        return None
    if not column.any() or int(np.abs(column).max()) > 1 << 40:
        return None
    size = float(np.linalg.norm(column))
    broken = (float(column @ x) - promise.most) / size
    return Cut(promise.made, column, broken) if broken > USUAL.broken else None


def _whole(of: dict[int, float], most: int) -> Iterator[Rounding]:
    """Multipliers (of references, for rows signed ``<=``) made whole by the divisors that fit."""
    of = {reference: value for reference, value in of.items() if abs(value) > 1e-9}
    if not of or len(of) > 400:
        return
    places = np.array(sorted(of), np.int64)
    values = np.array([of[int(reference)] for reference in places])
    for q in WHOLE:
        times = np.rint(values * q)
        if (np.abs(values * q - times) < 1e-5).all():
            yield from _signed(places, times, q, 0, most)
            return
    times = np.rint(values * FINE)
    if np.abs(times).max() < 2**52:
        yield from _signed(places, times, FINE, USUAL.unit, most)


def _signed(places: Ints, times: Floats, q: int, t: int, most: int) -> Iterator[Rounding]:
    """The rows of some multipliers up to ``most`` times over, and those of their negatives."""
    for sign in (each * side for each in range(1, most + 1) for side in (1, -1)):
        terms = tuple(
            (int(reference), sign * int(value)) for reference, value in zip(places, times, strict=True) if value
        )
        if terms:
            yield Rounding(q, t, terms)


def _tableau(core: Core, x: Floats, most: int) -> Iterator[Rounding]:
    """From the rows of the tableau whose offer is taken in part."""
    solver, prog = core.live.solver, core.prog
    _, basic = solver.getBasicVariables()
    basic = np.asarray(basic)
    offers = np.flatnonzero((basic >= 0) & (basic < prog.count))
    part = np.abs(x[basic[offers]] - np.rint(x[basic[offers]]))
    order = np.lexsort((basic[offers], -part))
    soft = np.flatnonzero((prog.slack > 0) | (prog.carry >= 0))
    late = set(prog.carry[prog.carry >= 0].tolist()) | set(soft.tolist())
    for at in order[: int((part > 1e-3).sum())][: 2 * USUAL.rows].tolist():
        _, row = solver.getBasisInverseRow(int(offers[at]))
        times = np.asarray(row) / core.live.unit_of_row
        of: dict[int, float] = {}
        usable = True
        for place in np.flatnonzero(np.abs(times) > 1e-10).tolist():
            value = float(times[place])
            if place < core.live.first_part:
                of[3 * int(core.live.parcels[place]) + 1] = value
            elif place < core.live.first_row:
                demand = place - core.live.first_part
                usable &= demand < prog.demands
                of[3 * demand + 2] = value
            else:
                number = place - core.live.first_row
                usable &= number not in late
                of[3 * number] = value if core.high[number] < FREE else -value
        if usable:
            yield from _whole(of, most)


def _tight(core: Core, x: Floats) -> Iterator[tuple[int, Ints]]:
    """The hard limits that are used up, and what every offer counts in them (signed to ``<=``)."""
    prog = core.prog
    owner, rows, coefs = core.triples
    act = np.bincount(rows, coefs * x[owner], len(prog.sense))
    for row in range(prog.own):
        if prog.slack[row] or prog.carry[row] >= 0:
            continue
        sign = 1 if core.high[row] < FREE else -1
        end = int(core.high[row]) if sign > 0 else -int(core.low[row])
        if sign * act[row] < end - 1e-6 * max(1, abs(end)):
            continue
        mine = rows == row
        count = np.zeros(prog.count, np.int64)
        count[owner[mine]] = sign * coefs[mine].astype(np.int64)
        yield row, count


def _covers(core: Core, x: Floats) -> Iterator[Rounding]:
    """From tight limits: parcels supplied almost whole complemented, divided by what one supplied in part brings.

    What a parcel brings is read from the offers of it alone, else from its share of others: however it is read, the row
    holds.
    """
    prog = core.prog
    holder, land = core.uses
    length = np.diff(prog.site_start)[prog.site][holder]
    filled = np.bincount(land, x[holder], prog.parcels)
    single = length == 1
    shared = np.ones(prog.parcels, bool)
    shared[land[single]] = False
    for row, count in _tight(core, x):
        size = np.zeros(prog.parcels, np.int64)
        np.maximum.at(size, land[single], count[holder[single]])
        rest = shared[land]
        np.maximum.at(size, land[rest], (count[holder] // length)[rest])
        parts = np.flatnonzero((filled > 1e-6) & (filled < 1 - 1e-6) & (size > 1))
        for least in (0.5, 0.9, 1 - 1e-6):
            whole = np.flatnonzero((size > 0) & (filled > least)).tolist()
            terms = ((3 * row, 1), *((3 * parcel + 1, -int(size[parcel])) for parcel in whole))
            for q in np.unique(size[parts])[-12:].tolist():
                for divisor in (q, q // 2, q // 4):
                    if divisor > 1:
                        yield Rounding(divisor, 0, tuple(sorted(terms)))


def _limits(core: Core, x: Floats) -> Iterator[Rounding]:
    """From tight limits: the offers of a platform taken in part complemented, divided by what one of them counts."""
    prog = core.prog
    for row, count in _tight(core, x):
        open_ = np.flatnonzero((x > 1e-6) & (count != 0))
        if not len(open_):
            continue
        terms = {3 * row: 1}
        left = count.copy()
        for demand in np.unique(prog.demand[open_]).tolist():
            if demand < 0:
                continue
            members = open_[prog.demand[open_] == demand]
            if x[members].sum() > 0.5:
                top = int(count[members[np.argmax(x[members])]])
                terms[3 * demand + 2] = -top
                left[prog.demand == demand] -= top
        for divisors in (count[open_], left[open_]):
            for q in np.unique(np.abs(divisors[np.abs(divisors) > 1]))[-12:].tolist():
                one = tuple(sorted(terms.items())) if divisors is not count[open_] else ((3 * row, 1),)
                yield Rounding(int(q), 0, one)
                yield Rounding(int(q), 0, ((3 * row, 1),))
