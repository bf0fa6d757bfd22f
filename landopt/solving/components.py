"""Parts of a round that no rule connects: solved apart where that is exact.

Two platforms are connected when offers of theirs share a parcel or a row that could ever bind. A limit over everything
connects everything unless even the largest use of it keeps it; such rows are set aside first.
"""

from __future__ import annotations

import numpy as np

from landopt.solving.model_arrays import Ints, Program, columns
from landopt.solving.prices_bound import part_best


def idle_rows(prog: Program, pool: Ints) -> Ints:
    """Which rows of the round no choice among the offers of ``pool`` can break (a boolean each)."""
    idle = np.zeros(len(prog.sense), dtype=bool)
    start, rows, coefs = prog.entries.of(pool)
    offer = np.repeat(pool, np.diff(start))
    for row in range(len(prog.sense)):
        entry = np.flatnonzero(rows == row)
        use = np.zeros(prog.count, dtype=np.int64)
        use[offer[entry]] = coefs[entry]
        most = int(np.maximum(part_best(prog, use), 0).sum())
        least = -int(np.maximum(part_best(prog, -use), 0).sum())
        low, high = prog.sense[row] >= 0, prog.sense[row] <= 0
        idle[row] = not (low and least < prog.rhs[row]) and not (high and most > prog.rhs[row])
    return idle


def components(prog: Program, pool: Ints) -> list[Ints]:
    """The offers of ``pool`` in groups that share no parcel, no platform and no row that could bind, largest first."""
    import networkx as nx

    if not len(pool):
        return []
    idle = idle_rows(prog, pool)
    starts, rows, _ = columns(prog, pool)
    head = prog.parcels + prog.demands
    counts = np.diff(starts)
    graph = nx.Graph()
    owner = np.repeat(np.arange(len(pool)), counts)
    live = (rows < head) | ~idle[np.maximum(rows - head, 0)]
    anchor = rows[starts[:-1]]
    graph.add_nodes_from(anchor.tolist())
    graph.add_edges_from(zip(anchor[owner[live]].tolist(), rows[live].tolist(), strict=True))
    soft = np.flatnonzero((prog.carry >= 0) & ~idle)
    graph.add_edges_from((head + int(row), head + int(prog.carry[row])) for row in soft)
    label: dict[int, int] = {}
    for number, group in enumerate(nx.connected_components(graph)):
        label.update(dict.fromkeys(group, number))
    kind = np.array([label[node] for node in anchor.tolist()])
    groups = [pool[kind == number] for number in np.unique(kind)]
    return sorted(groups, key=lambda group: (-len(group), int(group[0])))
