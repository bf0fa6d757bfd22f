"""How compact sites are: floor(1600 x area / perimeter^2), the array reading (docs/model.md section 1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from parcels.geometry.sites import Sites

Ints = NDArray[np.integer[Any]]


def compactness(case: Case, sites: Sites) -> Ints:
    """Of each site (-1: not measured); 100 for a square. The edge is that of the parcels less twice what they share."""
    count = sites.area.size
    if not count or len(case.perimeters) != len(case.parcels):
        return np.full(count, -1)
    edge = np.add.reduceat(np.array(case.perimeters, np.int64)[sites.parcels], sites.start[:-1])
    pairs = np.array(case.neighbours.pairs, np.int64).reshape(-1, 2)
    keys = pairs[:, 0] * len(case.parcels) + pairs[:, 1]
    order = np.argsort(keys)
    keys, shared = keys[order], np.array(case.neighbours.shared_dm, np.int64)[order]
    sizes = np.diff(sites.start)
    for size in np.unique(sizes[sizes > 1]).tolist() if len(keys) else ():
        here = np.flatnonzero(sizes == size)
        land = np.sort(sites.parcels[sites.start[here][:, None] + np.arange(size)].astype(np.int64), axis=1)
        for one in range(size - 1):
            for other in range(one + 1, size):
                wanted = land[:, one] * len(case.parcels) + land[:, other]
                at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
                edge[here] -= 2 * np.where(keys[at] == wanted, shared[at], 0)
    return np.where(edge > 0, 160_000 * sites.area.astype(np.int64) // np.maximum(edge, 1) ** 2, -1)
