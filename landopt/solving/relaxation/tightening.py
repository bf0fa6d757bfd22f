"""The relaxation made tighter by rows of odd sets and divided limits: closer prices for search and proof."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from landopt.solving.programme.arrays import Floats, Program
from landopt.solving.relaxation.odd_sets import broken_limits, broken_sets, with_sets
from landopt.solving.relaxation.prices import Relaxation, improving, margins, result
from landopt.solving.relaxation.sifter import Sifter, Stopped
from landopt.solving.tuning import USUAL


def tighten(
    sifter: Sifter,
    enough: float,
    *,
    seed: int = 0,
    deadline: float | None = None,
    seconds: float | None = None,
    known: Sequence[tuple[int, ...]] = (),
) -> tuple[Relaxation, Program, tuple[tuple[int, ...], ...]] | None:
    """The relaxation with rows of odd sets besides, as far as they lower it; the programme with those that count.

    ``known`` are sets to begin with. Ends once the value is at most ``enough`` (millipoints) or
    so many seconds are over; None where no set is
    broken. The prices and the bound speak of the programme with these rows, which hold for every plan and which a proof
    derives again. The sifter is left as it came.
    """
    prog, left, idle, best = sifter.prog, USUAL.cut_rounds, 0, sifter.value
    duals: tuple[Floats, Floats, Floats] | None = None
    found: tuple[Relaxation, Program, tuple[tuple[int, ...], ...]] | None = None
    every: list[tuple[int, ...]] = []
    sifter.deadline = deadline
    end = None if seconds is None else monotonic() + seconds
    try:
        while left and idle < USUAL.stalled and sifter.value > enough and (end is None or monotonic() < end):
            sets = list(known) if known and not every else _broken(sifter, seed + left, every)
            if not sets:
                break
            sifter.add_sets(sets)
            every += sets
            sifter.solver.setOptionValue("simplex_strategy", 1)
            duals = _priced(sifter)
            left -= 1
            idle = 0 if sifter.value < best - 1e-5 * abs(best) else idle + 1
            best = min(best, sifter.value)
    except Stopped:
        duals = None
    if duals is not None:
        relaxed = result(sifter, duals, USUAL.cut_rounds - left, feasible=True)
        counts = [chosen for chosen, price in zip(every, duals[2][len(prog.sense) :], strict=True) if price > 1e-6]
        found = relaxed, with_sets(prog, counts), tuple(counts)
    sifter.solver.setOptionValue("simplex_strategy", 4)
    sifter.drop_sets(prog)
    return found


def _broken(sifter: Sifter, seed: int, every: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Limits divided where some are broken, else odd sets."""
    limits = broken_limits(sifter.prog, sifter.order, sifter.x(), frozenset(every))
    return limits or broken_sets(sifter.prog, sifter.order, sifter.x(), most=USUAL.rows, seed=seed)


def _priced(sifter: Sifter) -> tuple[Floats, Floats, Floats]:
    """Solve and bring in offers until none is worth more than its prices; the prices."""
    while True:
        sifter.run()
        duals = sifter.duals()
        new = improving(sifter, margins(sifter, *duals), 1e-7 * sifter.unit * 64)
        if not len(new):
            return duals
        sifter.add(new)
        sifter.solver.setOptionValue("simplex_strategy", 4)
