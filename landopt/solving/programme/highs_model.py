"""A programme handed to HiGHS as arrays: where tens of thousands of offers are too many to be told one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from landopt.solving.programme.arrays import Ints, Program, columns, standing

ENDLESS = 10**18
"""A right-hand side so far away asks nothing."""


def handed(prog: Program, pool: Ints | None = None, plan: Ints | None = None) -> Any:
    """A HiGHS model over the offers of ``pool`` (default: all), slack columns last; ``plan`` is given as a start.

    Rows of parcels and demands that one offer alone stands in are left out.
    """
    import highspy

    from landopt.solving.programme.silent_highs import live_highs

    inf = highspy.kHighsInf
    pool = np.arange(prog.count) if pool is None else pool
    head, count = prog.parcels + prog.demands, len(pool)
    starts, rows, coefs = columns(prog, pool)
    low = np.concatenate([np.full(head, -inf), np.where((prog.sense >= 0) & (prog.rhs > -ENDLESS), prog.rhs, -inf)])
    high = np.concatenate([np.ones(head), np.where((prog.sense <= 0) & (prog.rhs < ENDLESS), prog.rhs, inf)])
    used = np.bincount(rows, minlength=len(low)) > 1
    used[head:] = True
    place = np.cumsum(used) - 1
    keep = used[rows]
    starts = np.concatenate([[0], np.cumsum(keep)])[starts]
    solver = live_highs({})
    none = np.zeros(0, dtype=np.int32)
    solver.addRows(int(used.sum()), low[used], high[used], 0, none, none, np.zeros(0))
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    solver.addCols(
        count, prog.score[pool].astype(float), np.zeros(count), np.ones(count), int(keep.sum()),
        starts[:-1].astype(np.int32), place[rows[keep]].astype(np.int32), coefs[keep].astype(float),
    )  # fmt: skip
    soft = prog.slacks
    for row, members in prog.soft.items():
        entries = {
            int(place[head + each]): float(prog.slack[each] * (-1 if prog.sense[each] < 0 else 1)) for each in members
        }
        if prog.carry[row] >= 0:
            entries[int(place[head + prog.carry[row]])] = -float(prog.carried[row])
        index, value = np.array(list(entries), dtype=np.int32), np.array(list(entries.values()))
        solver.addCol(-float(prog.penalty[row]), 0.0, float(prog.most[row]), len(index), index, value)
    total = count + len(soft)
    whole = np.full(total, highspy.HighsVarType.kInteger)
    solver.changeColsIntegrality(total, np.arange(total, dtype=np.int32), whole)
    if plan is not None:
        start = highspy.HighsSolution()
        taken = np.isin(pool, plan).astype(float).tolist()
        start.col_value = taken + standing(prog, plan).slack[soft].astype(float).tolist()
        solver.setSolution(start)
    return solver
