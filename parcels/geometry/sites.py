"""Sites: one parcel, or a connected block of adjacent parcels. Every connected set is listed exactly once.

Two ways to the same sets. :func:`connected_sites` walks the sets of one wish (an eligible mask, an area window);
:func:`shared_sites` lists, once for all wishes, the sets of parcels that at least one wish could accept, by bit masks
over whole arrays. Both follow ESU (Wernicke 2006): a set grows from its least parcel by neighbours that no earlier
choice has seen, so that no set is met twice.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parcels.common.frozen import Neighbours
from parcels.geometry.site_walk import Level, Mixer, levels_of, universes

Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Sites:
    """Sites as CSR: ``parcels[start[s]:start[s + 1]]`` are ascending parcel rows (int32); ``area`` in m2.

    ``capped`` tells that the list was cut short.
    """

    start: Ints
    parcels: Ints
    area: Ints
    capped: bool = False

    def __len__(self) -> int:
        return int(self.area.size)

    def as_tuples(self) -> list[tuple[int, ...]]:
        """The sites as tuples of parcel rows."""
        rows, cuts = self.parcels.tolist(), self.start.tolist()
        return [tuple(rows[a:b]) for a, b in itertools.pairwise(cuts)]


@dataclass(frozen=True)
class SharedSites(Sites):
    """Sites with the set of parcel classes each consists of: ``mix[s]`` indexes ``mixes`` (ascending class numbers)."""

    mix: Ints = field(default_factory=lambda: np.zeros(0, np.int32))
    mixes: tuple[tuple[int, ...], ...] = ()


def adjacency(neighbours: Neighbours, parcels: int) -> tuple[Ints, Ints]:
    """The neighbours as CSR in both directions: ``start`` int64[parcels + 1], ``adj`` int32, ascending in each row."""
    pairs = np.array(neighbours.pairs, np.int32).reshape(-1, 2)
    ends = np.concatenate((pairs, pairs[:, ::-1]))
    ends = ends[np.lexsort((ends[:, 1], ends[:, 0]))]
    start = np.concatenate(([0], np.cumsum(np.bincount(ends[:, 0], minlength=parcels))))
    return start, ends[:, 1].copy()


def connected_sites(
    start: Ints,
    adj: Ints,
    eligible: NDArray[np.bool_],
    area: Ints,
    area_min: int,
    area_max: int,
    max_parcels: int,
    cap: int,
) -> Sites:
    """The connected sets of at most ``max_parcels`` eligible parcels whose total area is in the window.

    Sets whose area already passes ``area_max`` are not grown. Listed by least parcel, then as ESU meets them; after
    ``cap`` sites the list ends and ``capped`` is true. Areas are in m2, positive.
    """
    nodes = np.flatnonzero(eligible & (area <= area_max)).tolist()
    weight: list[int] = area.tolist()
    open_ = set(nodes)
    near = {node: [u for u in adj[start[node] : start[node + 1]].tolist() if u in open_] for node in nodes}
    found: list[tuple[int, ...]] = []
    for root in nodes:
        for site, total in _grow(root, near, weight, area_max, max_parcels):
            if total < area_min:
                continue
            if len(found) >= cap:
                return _sites(found, area, capped=True)
            found.append(site)
    return _sites(found, area, capped=False)


def _grow(
    root: int, near: dict[int, list[int]], weight: Sequence[int], area_max: int, max_parcels: int
) -> Iterator[tuple[tuple[int, ...], int]]:
    """All connected sets with least member ``root``, with their areas (ESU, depth first, without recursion)."""
    first = [u for u in near[root] if u > root]
    stack: list[tuple[tuple[int, ...], int, list[int], frozenset[int]]]
    stack = [((root,), weight[root], first, frozenset((root, *near[root])))]
    while stack:
        members, total, extension, seen = stack.pop()
        yield members, total
        if len(members) == max_parcels:
            continue
        for place, node in enumerate(extension):
            grown = total + weight[node]
            if grown <= area_max:
                fresh = [u for u in near[node] if u > root and u not in seen]
                stack.append(((*members, node), grown, extension[place + 1 :] + fresh, seen.union(near[node])))


def _sites(found: list[tuple[int, ...]], area: Ints, *, capped: bool) -> Sites:
    sizes = np.array([len(site) for site in found], np.int64)
    cuts = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
    rows = np.array([p for site in found for p in sorted(site)], np.int32)
    total = np.add.reduceat(area[rows], cuts[:-1]) if found else np.zeros(0, np.int64)
    return Sites(cuts, rows, np.asarray(total, np.int64), capped)


def shared_sites(
    start: Ints,
    adj: Ints,
    classes: Ints,
    wishes: NDArray[Any],
    area: Ints,
    area_max: Sequence[int],
    budget: int,
) -> SharedSites:
    """The connected sets that at least one wish accepts, each with the set of classes of its parcels.

    Parameters
    ----------
    start, adj
        CSR of the neighbours.
    classes
        (parcels,) class of each parcel, -1 = never part of a site.
    wishes
        (classes, wishes) whether a wish accepts parcels of a class (booleans, or packed bits); a set is listed if one
        wish accepts all of it.
    area, area_max
        m2; ``area_max[k - 1]`` is the largest area of k parcels anyone can use (its length is the most parcels).
    budget
        Most sets to list in all, shared among the connected components by their number of parcels; a component that
        would pass its share is listed up to the number of parcels that fits, and ``capped`` is true.
    """
    mixer = Mixer(wishes)
    wanted = (classes >= 0) & (area <= (area_max[0] if area_max else 0))
    wanted[wanted] = mixer.alone[classes[wanted]] >= 0
    alone = np.flatnonzero(wanted)
    singles = Level(alone.astype(np.int32)[:, None], area[alone], mixer.alone[classes[alone]])
    parts = [singles]
    capped = False
    if len(area_max) > 1:
        inside = np.zeros(classes.size, bool)
        inside[alone] = True
        for universe in universes(start, adj, inside, len(area_max), budget):
            levels, cut = levels_of(universe, classes, area, area_max, mixer)
            parts.extend(levels)
            capped = capped or cut
    return _shared(parts, mixer, capped)


def _shared(parts: list[Level], mixer: Mixer, capped: bool) -> SharedSites:
    sizes = np.concatenate([np.full(part.area.size, part.members.shape[1], np.int64) for part in parts])
    return SharedSites(
        start=np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))),
        parcels=np.concatenate([part.members.reshape(-1) for part in parts]),
        area=np.concatenate([part.area for part in parts]),
        capped=capped,
        mix=np.concatenate([part.mix for part in parts]),
        mixes=tuple(mixer.mixes),
    )
