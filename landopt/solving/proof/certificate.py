"""A written proof over the arrays of a round (docs/proof.md): the offers each case leaves, what they are worth, bounds.

What a proof says before any offer (prices times amounts, derived amounts, which ends a price may have) is read by
``constraints.audit.certificate.proof``; the offers are added up here, exactly, in 64-bit integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.audit.certificate.derived_rows import Rule
from constraints.audit.certificate.price_tree import BadProof, Branch, Clique, Node, Sum, Supplied, Tree
from constraints.audit.certificate.proof import Bound
from constraints.audit.files.offers_reader import Place
from constraints.types import Row
from landopt.solving.programme.arrays import Floats, Ints, Program, ranges, segment_sum
from landopt.solving.programme.dominance import take
from landopt.solving.programme.price_bound import LIMIT, part_best
from landopt.solving.proof.columns import Columns

Mask = NDArray[np.bool_]
NONE = -(2**62)
"""Below what any offer is worth."""
FEW = 8
"""Rows up to which each is added up by itself."""


@dataclass(frozen=True)
class Case:
    """One case of a proof: a leaf, or the offers that a drop bounds.

    ``offers`` are those it looks at (positions in the programme), ``worth`` what each is worth (times the scale),
    ``allowed`` which of them it leaves (None: all), ``best`` what each part adds at most, ``total`` what all plans of
    the case reach at most (times the scale), None where it holds no plan. ``behind`` of a drop: nothing else reaches
    more than ``total`` less the smallest distance of what it drops. ``vector`` are its prices, ``supplied`` what the
    path of a leaf says of parcels.
    """

    offers: Ints
    worth: Ints
    allowed: Mask | None
    best: Ints
    forced: Ints
    total: int | None
    dropped: Mask | None = None
    vector: int = 0
    supplied: Mapping[int, bool] = field(default_factory=dict)


def rows_of(prog: Program) -> list[Row]:
    """The rows of a programme as the auditor reads them (names are numbers)."""
    tier = len(prog.sense) - prog.own
    found = []
    for number in range(prog.own):
        own = tier if prog.penalty[number] else tier + 1
        late = int(prog.carry[number])
        penalty = int(prog.penalty[number] or prog.carried[number])
        sense = ("<=", "=", ">=")[int(prog.sense[number]) + 1]
        name, rhs, slack = f"row {number}", int(prog.rhs[number]), int(prog.slack[number])
        found.append(Row(name, name, (), "limit", sense, rhs, slack, penalty, own if late < 0 else late - prog.own))
    for members in prog.together:
        for row in members:
            found[row] = replace(found[row], rule=f"row {members[0]}", once=True)
    return found


def compact(prog: Program, left: Ints) -> Program:
    """The programme over some offers (ascending), with no other sites than theirs."""
    found = take(prog, left)
    sites, place = np.unique(found.site, return_inverse=True)
    size = np.diff(prog.site_start)[sites]
    land = prog.site_parcels[ranges(prog.site_start[sites], size)]
    return replace(
        found,
        site=place.astype(found.site.dtype),
        site_start=np.concatenate([[0], np.cumsum(size)]),
        site_parcels=land,
    )


def used(prog: Program, rows: Mapping[int, int], parcels: Mapping[int, int], demands: Mapping[int, int]) -> Ints:
    """What every offer uses of some rows, parcels and demands at whole weights.

    Raises
    ------
    BadProof
        If a sum might not fit in 64 bits.
    """
    of_rows = np.zeros(len(prog.sense), np.int64)
    land = np.zeros(prog.parcels, np.int64)
    of_demands = np.zeros(prog.demands + 1, np.int64)
    for array, weights in ((of_rows, rows), (land, parcels), (of_demands, demands)):
        for place, weight in weights.items():
            if place < len(array) and abs(weight) < LIMIT:
                array[place] = weight
            elif place < len(array):
                raise BadProof("a number of a derived row is too large to be added up")
    out = np.zeros(prog.count, np.int64)
    named = np.flatnonzero(of_rows)
    if len(named) > FEW:
        _fits(prog.entries.most(np.abs(of_rows).astype(float)))
        out += prog.entries.use(of_rows)
    elif len(named):
        sizes = np.zeros(prog.count)
        for row in named.tolist():
            offers, coefs = prog.entries.row(row)
            sizes[offers] += np.abs(coefs.astype(float) * float(of_rows[row]))
            out[offers] += coefs * of_rows[row]
        _fits(sizes)
    if land.any():
        out += segment_sum(land[prog.site_parcels], prog.site_start)[prog.site]
    if of_demands.any():
        of_demands[-1] = 0
        out += of_demands[prog.demand]
    return out


def _fits(sizes: Floats) -> None:
    if float(np.max(sizes, initial=0.0)) >= LIMIT:
        raise BadProof("the numbers of a proof are too large to be added up")


def rounding(prog: Program, rule: Rule, before: Sequence[Ints]) -> Ints:
    """The coefficients of every offer in a row by mixed-integer rounding; ``before`` are those of earlier rows."""
    columns = []
    own = len(prog.sense)
    for which in (0, 1):
        rows = {row: pair[which] for row, pair in rule.rows.items() if row < own}
        land = {parcel: pair[which] for parcel, pair in rule.parcels.items()}
        demands = {demand: pair[which] for demand, pair in rule.demands.items()}
        column = used(prog, rows, land, demands)
        for row, pair in rule.rows.items():
            if row >= own:
                _fits(np.abs(before[row - own]).astype(float) * abs(pair[which]))
                column = column + before[row - own] * pair[which]
        _fits(np.abs(column).astype(float))
        columns.append(column)
    q, rest = rule.q, rule.rest
    at = np.flatnonzero((columns[0] != 0) | (columns[1] != 0))  # elsewhere the row counts nothing
    whole, slack = columns[0][at], columns[1][at]
    _fits(np.abs(whole // q + 1).astype(float) * q * max(1, rule.t))
    _fits(np.abs(slack).astype(float) * max(1, rule.t))
    value = whole // q * (q - rest) + np.maximum(0, whole % q - rest) - slack
    out = np.zeros(prog.count, np.int64)
    out[at] = rule.t * value // (q - rest) if rule.t else value
    return out


class Certificate:
    """A proof over a programme; :meth:`cases` are its cases, :attr:`value` what it proves (None: it holds no plan)."""

    def __init__(self, prog: Program, tree: Tree | Mapping[str, Any], scale: int) -> None:
        tier = len(prog.sense) - prog.own
        reached = [int(value) for value in prog.rhs[prog.own :]]
        self.prog, self.scale = prog, scale
        self.head = Bound({"scale": scale, "tree": tree}, tier, rows_of(prog), prog.parcels, reached)
        self.tree = self.head.tree
        self.position = np.arange(prog.count) - prog.part_start[prog.part()]
        self.left = np.flatnonzero(~alone(prog, self.head.derived.signs))
        self.core = compact(prog, self.left)
        self._columns = Columns(len(self.left))
        self._values: dict[int, Ints] = {}

    def _narrow(self, kept: Ints) -> None:
        """Go on with some of the offers left (places among them)."""
        self.left, self._columns = self.left[kept], self._columns.narrowed(kept)
        self.core, self._values = compact(self.prog, self.left), {}

    def columns(self, most: int) -> Columns:
        """The coefficients of the offers left in the first ``most`` derived rows at least."""
        found = self._columns
        for rule in self.head.derived.rules[len(found) : most]:
            if isinstance(rule, Clique):
                named = [offer_of(self.prog, place, at) for place, at in rule.members]
                found.append(np.isin(self.left, named).astype(np.int64))
            else:
                found.append(rounding(self.core, rule, found))
        return found

    def worth(self, vector: int) -> Ints:
        """What the offers left are worth beyond the prices of a vector, times the scale."""
        if vector not in self._values:
            of_rows, land = self.head.prices[vector]
            own = len(self.prog.sense)
            rows, parcels = np.array(of_rows[:own], np.int64), np.array(land, np.int64)
            core = self.core
            tight = not self._surely_fits(of_rows, parcels)
            sizes = self._sizes(rows, parcels) if tight else np.zeros(0)
            worth = core.score * self.scale - segment_sum(parcels[core.site_parcels], core.site_start)[core.site]
            if rows.any():
                worth = worth - core.entries.use(rows)
            for number, price in enumerate(of_rows[own:]):
                if price:
                    at, value = self.columns(number + 1).cells[number]
                    if tight:
                        sizes[at] += np.abs(value).astype(float) * abs(price)
                        _fits(sizes[at])
                    worth[at] -= value * price
            _fits(sizes)
            self._values[vector] = worth
        return self._values[vector]

    def _surely_fits(self, of_rows: Sequence[int], land: Ints) -> bool:
        """True where no offer's sum can leave 64 bits, by the largest number of each kind."""
        core, own = self.core, len(self.prog.sense)
        longest = int(np.diff(core.site_start).max(initial=0))
        top = float(np.abs(core.score).max(initial=0)) * self.scale
        top += float(longest) * float(np.abs(land).max(initial=0))
        top += float(np.abs(np.array(of_rows[:own], float)) @ core.entries.profile.largest.astype(float))
        for number, price in enumerate(of_rows[own:]):
            if price:
                top += float(abs(price)) * float(np.abs(self.columns(number + 1).cells[number][1]).max(initial=0))
        return top < LIMIT

    def _sizes(self, rows: Ints, land: Ints) -> Floats:
        """How large the sums of every offer may get, without derived rows."""
        core = self.core
        sizes = np.abs(core.score).astype(float) * self.scale
        sizes += segment_sum(np.abs(land[core.site_parcels]).astype(float), core.site_start)[core.site]
        return np.asarray(sizes + core.entries.most(np.abs(rows).astype(float)))

    def cases(self) -> Iterator[Case]:
        """The drops in their order, then the leaves."""
        none = np.zeros(0, np.int64)
        for number, drop in enumerate(self.tree.drops):
            worth = self.worth(drop.vector)
            best = np.maximum(part_best(self.core, worth), 0)
            behind = best[self.core.part()] - worth
            out = behind > drop.margin
            total = self.head.drop_sum[number] + _exact_sum(best)
            if out.any():
                yield Case(self.left, worth, None, best, none, total, out, drop.vector)
                self._narrow(np.flatnonzero(~out))
        paths: list[tuple[int, tuple[tuple[Node, bool], ...]]] = [(0, ())]
        while paths:
            number, path = paths.pop()
            node = self.tree.nodes[number]
            if node.on is None:
                yield self._leaf(number, path)
            else:
                paths += [(node.one, (*path, (node, True))), (node.zero, (*path, (node, False)))]

    def _leaf(self, number: int, path: tuple[tuple[Node, bool], ...]) -> Case:
        worth = self.worth(self.tree.nodes[number].vector)
        allowed: Mask | None = None
        forced: set[int] = set()
        void = self.head.void[number]
        for node, taken in path:
            on = node.on
            if isinstance(on, Sum) or (isinstance(on, Supplied) and taken):
                continue
            allowed = np.ones(len(worth), bool) if allowed is None else allowed
            if isinstance(on, Supplied):
                allowed &= ~holding(self.core, on.parcel)
                continue
            assert on is not None
            part = part_of(self.prog, on.place)
            void |= taken and part is None
            if part is not None:
                here = slice(int(self.core.part_start[part]), int(self.core.part_start[part + 1]))
                hit = self._matching(on, here)
                allowed[here] &= hit if taken else ~hit
                forced |= {part} if taken else set()
        must = np.array(sorted(forced), np.int64)
        best, total = best_of(self.core, worth, allowed, must)
        void |= total is None
        supplied = {node.on.parcel: taken for node, taken in path if isinstance(node.on, Supplied)}
        whole = None if void or total is None else self.head.leaf[number] + total
        return Case(self.left, worth, allowed, best, must, whole, None, self.tree.nodes[number].vector, supplied)

    def _matching(self, on: Branch, here: slice) -> Mask:
        if on.offer is not None:
            return np.asarray(self.position[self.left[here]] == on.offer)
        hit = np.ones(here.stop - here.start, bool)
        if on.method is not None:
            hit &= self.core.method[here] == on.method
        if on.parcel is not None:
            hit &= holding(self.core, on.parcel, here)
        return hit

    def level(self, value: int) -> Ints:
        """The offers (ascending) that a plan worth ``value`` millipoints or more may take, as far as the proof sees."""
        found = [np.zeros(0, np.int64)]
        for case in self.cases():
            if case.total is None:
                continue
            behind = case.best[self.core.part()] - case.worth
            if case.dropped is not None:
                # a plan of this case takes one of the offers dropped: another offer of it is of another part
                behind = np.where(case.dropped, behind, behind + int(behind[case.dropped].min()))
            near = case.total - behind >= value * self.scale
            found.append(case.offers[near if case.allowed is None else near & case.allowed])
        return np.unique(np.concatenate(found))

    @property
    def value(self) -> int | None:
        """The bound in millipoints, rounded down; None where no case holds a plan."""
        found = []
        for case in self.cases():
            if case.total is not None:
                least = 0
                if case.dropped is not None:
                    least = int((case.best[self.core.part()] - case.worth)[case.dropped].min())
                found.append((case.total - least) // self.scale)
        return max(found, default=None)


def part_of(prog: Program, place: Place) -> int | None:
    """The number of a part as branches name it; None where it has no offers at all."""
    kind, row = place
    if kind == "d":
        return row if row < prog.demands else None
    first = prog.site_parcels[prog.site_start[prog.site[prog.part_start[prog.demands : -1]]]]
    at = int(np.searchsorted(first, row))
    return prog.demands + at if at < len(first) and first[at] == row else None


def offer_of(prog: Program, place: Place, at: int) -> int:
    """The offer at a position of a part; -1 where there is none."""
    part = part_of(prog, place)
    if part is None or at >= prog.part_start[part + 1] - prog.part_start[part]:
        return -1
    return int(prog.part_start[part]) + at


def best_of(core: Program, worth: Ints, allowed: Mask | None, forced: Ints) -> tuple[Ints, int | None]:
    """What each part adds at most, and all together; None where a part that must take an offer has none."""
    best = part_best(core, worth if allowed is None else np.where(allowed, worth, NONE))
    size = np.diff(core.part_start)
    void = bool(len(forced)) and bool(((best[forced] == NONE) | (size[forced] == 0)).any())
    top = np.maximum(best, 0)
    top[forced] = best[forced]
    return top, None if void else _exact_sum(top)


def holding(core: Program, parcel: int, here: slice | None = None) -> Mask:
    """Which offers (of a slice) have a parcel on their site."""
    if here is not None and here.stop - here.start < len(core.site_start):  # most parts hold few offers
        sites = core.site[here]
        size = core.site_start[sites + 1] - core.site_start[sites]
        on = core.site_parcels[ranges(core.site_start[sites], size)] == parcel
        return np.asarray(segment_sum(on.astype(np.int64), np.concatenate(([0], np.cumsum(size)))) > 0)
    hit = segment_sum((core.site_parcels == parcel).astype(np.int64), core.site_start) > 0
    return np.asarray(hit[core.site if here is None else core.site[here]])


def alone(prog: Program, signs: Mapping[int, tuple[int, int, int]]) -> Mask:
    """Which offers alone exceed a row: (sign, most, least activity) of each."""
    out = np.zeros(prog.count, bool)
    for row, (sign, most, least) in signs.items():
        offers, coefs = prog.entries.row(row)
        out[offers[(coefs != 0) & (sign * coefs.astype(np.int64) + least > most)]] = True
    return out


def _exact_sum(values: Ints) -> int:
    """A sum of 64-bit integers that cannot overflow: high and low halves apart."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
