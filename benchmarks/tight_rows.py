"""What tight rows are worth: the relaxation of small contested rounds with them, and with looser rows instead.

``python -m benchmarks.tight_rows`` prints, for each kind of row, by how much the looser relaxation is above the tight
one (per cent, mean and largest over ten seeds of rounds of 300 parcels and 30 platforms). Compared are

* overlapping sites: one row a parcel (a clique), or a row for every two offers that share a parcel;
* conflicts: one row a set of five parcels, or a row for every two of them (ten sets drawn at random);
* required parcels: a row for each (of four), or one for all (ten drawn at random);
* soft limits: what goes beyond priced at its penalty, or the limit left out (every limit soft at half its price).
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contested import contested_case
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import Program, columns, program
from landopt.solving.relaxation.prices import relax

Floats = NDArray[np.float64]
Rows = list[tuple[Floats, float, float]]
"""(coefficients of all offers, least, most)."""
PAIRS = 60_000
"""Rounds with more pairs of offers on a parcel than this are left out: the looser programme would not fit."""
SEEDS = range(11, 21)


def relaxation(prog: Program, rows: Rows, slack: Floats | None = None, first: int = 0) -> float:
    """The optimum over ``rows``; ``slack`` is what a unit beyond each row from the ``first`` on costs (none: hard)."""
    import highspy

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    none = np.zeros(0, dtype=np.int32)
    for score in prog.score.tolist():
        solver.addCol(float(score), 0.0, solver.getInfinity(), 0, none, np.zeros(0))
    for coefs, low, high in rows:
        at = np.flatnonzero(coefs)
        solver.addRow(low, high, len(at), at.astype(np.int32), coefs[at])
    for number, cost in enumerate([] if slack is None else slack.tolist()):
        sign = 1.0 if np.isfinite(rows[first + number][1]) else -1.0
        row = np.array([first + number], dtype=np.int32)
        solver.addCol(-cost, 0.0, solver.getInfinity(), 1, row, np.array([sign]))
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(solver.modelStatusToString(solver.getModelStatus()))
    return float(solver.getInfo().objective_function_value)


def _rows(prog: Program) -> Rows:
    """Parcels, platforms, then the programme's own rows."""
    starts, index, coefs = columns(prog, np.arange(prog.count))
    owner = np.repeat(np.arange(prog.count), np.diff(starts))
    head = prog.parcels + prog.demands
    dense = np.zeros((head + len(prog.sense), prog.count))
    dense[index, owner] = coefs
    low = np.concatenate([np.full(head, -np.inf), np.where(prog.sense >= 0, prog.rhs, -np.inf)])
    high = np.concatenate([np.ones(head), np.where(prog.sense <= 0, prog.rhs, np.inf)])
    return list(zip(dense, low.tolist(), high.tolist(), strict=True))


def excess(seed: int) -> dict[str, float]:
    """Per cent by which each looser relaxation of one round is above the tight one."""
    prog = program(case := contested_case(300, 30, seed), build_offers(case), 0)
    rows, head = _rows(prog), prog.parcels + prog.demands
    land, rest = rows[: prog.parcels], rows[prog.parcels :]
    plain = relaxation(prog, rows)
    draw = np.random.default_rng(seed)
    found: dict[str, float] = {}
    pairs = {pair for use, _, _ in land for pair in combinations(np.flatnonzero(use).tolist(), 2)}
    if len(pairs) > PAIRS:
        raise RuntimeError(f"{len(pairs)} pairs")
    edges: Rows = [(np.bincount(pair, minlength=prog.count).astype(float), -np.inf, 1.0) for pair in pairs]
    alone = [row for row in land if row[0].sum() == 1]
    found["sites"] = relaxation(prog, [*edges, *alone, *rest]) / plain
    wanted = np.flatnonzero([use.any() for use, _, _ in land])
    sets = [draw.choice(wanted, 5, replace=False).tolist() for _ in range(10)]
    uses = [[land[parcel][0] for parcel in chosen] for chosen in sets]
    tight: Rows = [(np.sum(use, axis=0), -np.inf, 1.0) for use in uses]
    loose: Rows = [(a + b, -np.inf, 1.0) for use in uses for a, b in combinations(use, 2)]
    found["conflicts"] = relaxation(prog, [*rows, *loose]) / relaxation(prog, [*rows, *tight])
    tight = [(first - other, -np.inf, 0.0) for first, *others in uses for other in others]
    loose = [(4 * first - np.sum(others, axis=0), -np.inf, 0.0) for first, *others in uses]
    found["required"] = relaxation(prog, [*rows, *loose]) / relaxation(prog, [*rows, *tight])
    relaxed, _ = relax(prog)
    half = np.abs(relaxed.rows) / 2
    found["soft"] = relaxation(prog, rows[:head]) / relaxation(prog, rows, half, head)
    return {name: 100 * (ratio - 1) for name, ratio in found.items()}


def main() -> None:
    """Print the table."""
    every: list[dict[str, Any]] = []
    for seed in SEEDS:
        try:
            every.append(excess(seed))
        except RuntimeError as error:
            print(f"{seed}: {error}")
    for name in every[0]:
        values = [each[name] for each in every]
        print(f"{name}: mean {np.mean(values):.2f} %, largest {max(values):.2f} % ({len(values)} rounds)")


if __name__ == "__main__":
    main()
