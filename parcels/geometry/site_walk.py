"""The walk behind :func:`parcels.geometry.sites.shared_sites`: connected sets of whole maps by bit masks, size by size.

Small connected components walk together, one bit a parcel; a large one walks the balls around its parcels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer[Any]]
_WORD = 64


@dataclass(frozen=True)
class Level:
    """Sets of one size: parcel rows (sets, size), areas in m2, numbers of their sets of classes."""

    members: Ints
    area: Ints
    mix: Ints


class Mixer:
    """Numbers the sets of classes met so far; a set that no wish accepts is -1."""

    def __init__(self, wishes: NDArray[Any]) -> None:
        self.wishes = wishes
        self.mixes: list[tuple[int, ...]] = []
        self.accepts: list[NDArray[Any]] = []
        self.known: dict[tuple[int, ...], int] = {}
        self.steps: dict[int, int] = {}
        self.alone = np.array([self._number((k,), wishes[k]) for k in range(wishes.shape[0])], np.int32)

    def _number(self, mix: tuple[int, ...], accepts: NDArray[Any]) -> int:
        if mix not in self.known:
            self.known[mix] = len(self.mixes) if accepts.any() else -1
            if accepts.any():
                self.mixes.append(mix)
                self.accepts.append(accepts)
        return self.known[mix]

    def add(self, mix: Ints, classes: Ints) -> Ints:
        """The numbers of the sets ``mix`` with one more parcel of each of ``classes``."""
        width = self.wishes.shape[0]
        steps = mix.astype(np.int64) * width + classes
        size = len(self.mixes) * width
        if size <= 1 << 24:
            table = np.full(size, -2, np.int32)
            table[steps] = -1
            met = np.flatnonzero(table == -1)
            table[met] = [self._step(step, width) for step in met.tolist()]
            return np.asarray(table[steps])
        met, where = np.unique(steps, return_inverse=True)
        return np.array([self._step(step, width) for step in met.tolist()], np.int32)[where]

    def _step(self, step: int, width: int) -> int:
        if step not in self.steps:
            mix, klass = divmod(step, width)
            before = self.mixes[mix]
            after = before if klass in before else tuple(sorted((*before, klass)))
            self.steps[step] = self._number(after, self.accepts[mix] & self.wishes[klass])
        return self.steps[step]


@dataclass(frozen=True)
class _Universe:
    """Groups of parcels, each with its own bits.

    ``node[offset[g] + bit]`` is a parcel row and ``near`` (words of 64 bits, first axis) its neighbours as bits of the
    group. A walk starts at each (group, bit) of ``roots`` and goes to higher bits only. ``share[c]`` sets may be listed
    for component c, ``component[g]`` is a group's component.
    """

    node: Ints
    near: NDArray[np.uint64]
    offset: Ints
    component: Ints
    share: Ints
    roots: Ints


_CHUNK = 1 << 15


def universes(start: Ints, adj: Ints, inside: NDArray[np.bool_], max_parcels: int, budget: int) -> Iterator[_Universe]:
    """Components of at most 64 parcels, many at a time; a larger one by the balls around its parcels."""
    nodes = np.flatnonzero(inside)
    labels, count = _components(start, adj, inside)
    sizes = np.bincount(labels[nodes], minlength=count)
    share = np.maximum(1000, budget * sizes // max(1, nodes.size))
    order = nodes[np.lexsort((nodes, labels[nodes]))]
    ends = np.cumsum(sizes)
    small = np.flatnonzero((sizes <= _WORD) & (sizes > 1))
    taken = np.concatenate(([0], np.cumsum(sizes[small])))
    at = 0
    while at < small.size:
        upto = max(at + 1, int(np.searchsorted(taken, taken[at] + _CHUNK, side="right")) - 1)
        yield _component_groups(start, adj, labels, order, ends, sizes, small[at:upto], share)
        at = upto
    for label in np.flatnonzero(sizes > _WORD).tolist():
        members = order[ends[label] - sizes[label] : ends[label]]
        yield _ball_groups(start, adj, inside, members, max_parcels, int(share[label]))


def _components(start: Ints, adj: Ints, inside: NDArray[np.bool_]) -> tuple[Ints, int]:
    """Connected components of the parcels ``inside``: a label each (-1 outside) and their number."""
    source = np.repeat(np.arange(inside.size), np.diff(start))
    keep = inside[source] & inside[adj]
    source, target = source[keep], adj[keep].astype(np.int64)
    least = np.arange(inside.size)
    while True:
        before = least
        least = least.copy()
        np.minimum.at(least, source, before[target])
        least = np.minimum(least, least[least])
        if np.array_equal(before, least):
            break
    roots = np.unique(least[inside])
    labels = np.full(inside.size, -1, np.int64)
    labels[inside] = np.searchsorted(roots, least[inside])
    return labels, int(roots.size)


def _component_groups(
    start: Ints, adj: Ints, labels: Ints, order: Ints, ends: Ints, sizes: Ints, chosen: Ints, share: Ints
) -> _Universe:
    """One group a component, its bits in row order."""
    offset = np.concatenate(([0], np.cumsum(sizes[chosen])))[:-1]
    node = np.concatenate([order[ends[c] - sizes[c] : ends[c]] for c in chosen.tolist()])
    bit = np.zeros(labels.size, np.int64)
    group = np.repeat(np.arange(chosen.size), sizes[chosen])
    bit[node] = np.arange(node.size) - offset[group]
    degree = np.diff(start)[node]
    target = adj[np.repeat(start[node], degree) + _ramp(degree)]
    source = np.repeat(np.arange(node.size), degree)
    same = labels[target] == np.repeat(labels[node], degree)
    near = np.zeros((1, node.size), np.uint64)
    np.bitwise_or.at(near[0], source[same], np.uint64(1) << bit[target[same]].astype(np.uint64))
    return _Universe(node, near, offset, np.arange(chosen.size), share[chosen], np.stack((group, bit[node])))


def _ramp(sizes: Ints) -> Ints:
    """``arange`` of each size, one after the other."""
    ends: Ints = np.cumsum(sizes)
    return np.asarray(np.arange(int(ends[-1]) if ends.size else 0) - np.repeat(ends - sizes, sizes))


def _ball_groups(
    start: Ints, adj: Ints, inside: NDArray[np.bool_], members: Ints, max_parcels: int, share: int
) -> _Universe:
    """One group a parcel: the parcels, later in breadth-first order, that a set starting with it could reach."""
    near = {v: [u for u in adj[start[v] : start[v + 1]].tolist() if inside[u]] for v in members.tolist()}
    rank = {v: place for place, v in enumerate(_breadth_first(int(members[0]), near))}
    node: list[int] = []
    masks: list[list[int]] = []
    offset: list[int] = []
    words = 1
    for root in rank:
        ball = _ball(root, near, rank, max_parcels)
        place = {v: bit for bit, v in enumerate(ball)}
        words = max(words, -(-len(ball) // _WORD))
        offset.append(len(node))
        node.extend(ball)
        masks.extend([place[u] for u in near[v] if u in place] for v in ball)
    table = np.zeros((words, len(node)), np.uint64)
    for at, bits in enumerate(masks):
        for bit in bits:
            table[bit // _WORD, at] |= np.uint64(1 << bit % _WORD)
    groups = np.arange(len(offset))
    roots = np.stack((groups, np.zeros(groups.size, np.int64)))
    return _Universe(np.array(node), table, np.array(offset), np.zeros(groups.size, np.int64), np.array([share]), roots)


def _breadth_first(root: int, near: dict[int, list[int]]) -> list[int]:
    order, seen = [root], {root}
    for node in order:
        for other in near[node]:
            if other not in seen:
                seen.add(other)
                order.append(other)
    return order


def _ball(root: int, near: dict[int, list[int]], rank: dict[int, int], max_parcels: int) -> list[int]:
    """``root`` and what can be reached in fewer than ``max_parcels`` steps over parcels of higher rank, by distance."""
    ball, seen, edge = [root], {root}, [root]
    for _ in range(max_parcels - 1):
        edge = [u for v in edge for u in near[v] if rank[u] > rank[root]]
        edge = [u for u in dict.fromkeys(edge) if u not in seen]
        seen.update(edge)
        ball.extend(edge)
    return ball


@dataclass(frozen=True)
class _Walk:
    """The sets of one size: masks of the set, of what may still join it and of all it has seen, words first."""

    group: Ints
    inside: NDArray[np.uint64]
    joins: NDArray[np.uint64]
    seen: NDArray[np.uint64]
    area: Ints
    mix: Ints

    def at(self, rows: Ints | NDArray[np.bool_]) -> _Walk:
        """The sets at ``rows`` only."""
        masks = (self.inside[:, rows], self.joins[:, rows], self.seen[:, rows])
        return _Walk(self.group[rows], *masks, self.area[rows], self.mix[rows])


def levels_of(
    universe: _Universe, classes: Ints, area: Ints, area_max: Sequence[int], mixer: Mixer
) -> tuple[list[Level], bool]:
    """The sets of two parcels and more of all groups, size by size, and whether a component was cut short."""
    walk = _roots(universe, classes, area, mixer)
    listed = np.zeros(universe.share.size, np.int64)
    levels: list[Level] = []
    capped = False
    for size in range(2, len(area_max) + 1):
        walk = _grown(universe, walk, classes, area, area_max[size - 1], mixer, last=size == len(area_max))
        component = universe.component[walk.group]
        listed += np.bincount(component, minlength=listed.size)
        over = listed > universe.share
        if over.any():
            capped = True
            walk = walk.at(~over[component])
        if walk.group.size == 0:
            break
        levels.append(Level(_members(universe, walk, size), walk.area, walk.mix))
    return levels, capped


def _bits(words: int, bit: Ints) -> NDArray[np.uint64]:
    masks = np.zeros((words, bit.size), np.uint64)
    masks[bit // _WORD, np.arange(bit.size)] = np.uint64(1) << (bit % _WORD).astype(np.uint64)
    return masks


def _roots(universe: _Universe, classes: Ints, area: Ints, mixer: Mixer) -> _Walk:
    group, bit = universe.roots
    at = universe.offset[group] + bit
    inside = _bits(universe.near.shape[0], bit)
    near = universe.near[:, at]
    row = universe.node[at]
    return _Walk(group, inside, near & _later(inside), near | inside, area[row], mixer.alone[classes[row]])


def _later(inside: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """All bits above the lowest bit of each mask."""
    later = np.empty_like(inside)
    met = np.zeros(inside.shape[1], bool)
    for word, mask in enumerate(inside):
        low = mask & -mask
        above = -(low << np.uint64(1))
        later[word] = np.where(met, ~np.uint64(0), np.where(mask != 0, above, np.uint64(0)))
        met |= mask != 0
    return later


def _pop(masks: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], Ints]:
    """The lowest bit of each mask, as a mask and as a number."""
    low = np.zeros_like(masks)
    bit = np.full(masks.shape[1], -1, np.int64)
    for word, mask in enumerate(masks):
        here = (bit < 0) & (mask != 0)
        lowest = mask & -mask
        low[word] = np.where(here, lowest, np.uint64(0))
        bit = np.where(here, word * _WORD + np.bitwise_count(lowest - np.uint64(1)).astype(np.int64), bit)
    return low, bit


def _grown(
    universe: _Universe, walk: _Walk, classes: Ints, area: Ints, area_max: int, mixer: Mixer, *, last: bool
) -> _Walk:
    """Every set with one parcel more, each once."""
    found: list[_Walk] = []
    joins = walk.joins
    while True:
        more = joins.any(axis=0)
        if not more.all():
            walk, joins = walk.at(more), joins[:, more]
        if walk.group.size == 0:
            break
        low, bit = _pop(joins)
        joins = joins ^ low
        at = universe.offset[walk.group] + bit
        row = universe.node[at]
        total = walk.area + area[row]
        fits = np.flatnonzero(total <= area_max)
        mix = mixer.add(walk.mix[fits], classes[row[fits]])
        fits, mix = fits[mix >= 0], mix[mix >= 0]
        parent, inside = walk.at(fits), walk.inside[:, fits] | low[:, fits]
        if last:
            found.append(_Walk(parent.group, inside, parent.joins, parent.seen, total[fits], mix))
            continue
        near = universe.near[:, at[fits]]
        fresh = joins[:, fits] | (near & ~parent.seen & _later(inside))
        found.append(_Walk(parent.group, inside, fresh, parent.seen | near, total[fits], mix))
    if not found:
        return walk
    columns = zip(*((f.group, f.inside, f.joins, f.seen, f.area, f.mix) for f in found), strict=True)
    return _Walk(*(np.concatenate(column, axis=-1) for column in columns))


def _members(universe: _Universe, walk: _Walk, size: int) -> Ints:
    """The parcel rows of each set, ascending."""
    rows = np.empty((walk.group.size, size), np.int32)
    left = walk.inside
    for place in range(size):
        low, bit = _pop(left)
        left = left ^ low
        rows[:, place] = universe.node[universe.offset[walk.group] + bit]
    rows.sort(axis=1)
    return rows
