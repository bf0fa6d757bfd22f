"""Parts of a round that no rule connects: solved apart where that is exact.

Two platforms are connected when offers of theirs share a parcel or a row that could ever bind. A limit over everything
connects everything unless even the largest use of it keeps it; such rows are set aside first.
"""

from __future__ import annotations

import numpy as np

from landopt.solving.programme.arrays import Ints, Program, columns


def idle_rows(prog: Program, pool: Ints) -> Ints:
    """Which rows of the round no choice among the offers of ``pool`` can break (a boolean each)."""
    start, row, coef = prog.entries.of(pool)
    part = np.repeat(prog.part()[pool], np.diff(start))
    order = np.lexsort((part, row))
    row, part, coef = row[order], part[order], coef[order]
    begins = np.flatnonzero(np.concatenate([[True], (row[1:] != row[:-1]) | (part[1:] != part[:-1])]))[: len(row)]
    most, least = np.zeros(len(prog.sense), dtype=np.int64), np.zeros(len(prog.sense), dtype=np.int64)
    if len(row):
        np.add.at(most, row[begins], np.maximum(np.maximum.reduceat(coef, begins), 0))
        np.add.at(least, row[begins], np.minimum(np.minimum.reduceat(coef, begins), 0))
    short = (prog.sense >= 0) & (least < prog.rhs)
    over = (prog.sense <= 0) & (most > prog.rhs)
    return np.asarray(~(short | over))


def components(prog: Program, pool: Ints) -> list[Ints]:
    """The offers of ``pool`` in groups that share no parcel, platform, row that could bind or slack, largest first."""
    if not len(pool):
        return []
    idle = idle_rows(prog, pool)
    starts, rows, _ = columns(prog, pool)
    head = prog.parcels + prog.demands
    counts = np.diff(starts)
    own = rows >= head
    reach = np.bincount(rows[own] - head, minlength=len(idle))
    if (~idle & (reach == len(pool))).any():
        return [pool]  # a limit that counts every offer
    owner = np.repeat(np.arange(len(pool)), counts)
    live = ~np.isin(rows - head, np.flatnonzero(idle))  # those of parcels and platforms are below 0
    soft = np.flatnonzero((prog.carry >= 0) & ~idle)
    pairs = [(head + int(row), head + int(prog.carry[row])) for row in soft]
    for members in prog.together:  # one slack for them: whichever is missed most counts for all
        bound = [head + row for row in members if not idle[row]]
        pairs += [(bound[0], other) for other in bound[1:]]
    more = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    label = _joined(
        head + len(idle) + len(pool),
        np.concatenate([rows[live], more[:, 0]]),
        np.concatenate([head + len(idle) + owner[live], more[:, 1]]),
    )
    kind = label[head + len(idle) :]
    groups = [pool[kind == number] for number in np.unique(kind)]
    return sorted(groups, key=lambda group: (-len(group), int(group[0])))


def _joined(count: int, one: Ints, two: Ints) -> Ints:
    """The least node that each of ``count`` nodes is connected with by edges ``one`` - ``two``."""
    label = np.arange(count)
    while True:
        low = np.minimum(label[one], label[two])
        new = label.copy()
        np.minimum.at(new, one, low)
        np.minimum.at(new, two, low)
        np.minimum.at(new, label, new)  # what a group's least node learns holds for the group
        new = new[new]
        if np.array_equal(new, label):
            return label
        label = new
