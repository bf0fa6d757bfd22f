"""The state of a search: how far to go, the best plan so far, the bound that is proved and the one that is claimed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic, process_time
from typing import Any

import numpy as np

from landopt.solving.programme.arrays import Floats, Ints, Program, standing
from landopt.solving.proof.prove import Guide
from landopt.solving.tuning import USUAL, Tuning


@dataclass(frozen=True)
class Options:
    """How far to go: ``gap`` asked for, ``deadline`` of ``time.monotonic`` (None: no clock), ``nodes`` a search.

    Without ``prove`` a large round's bound is proved by prices alone: what the solver claims beyond stays a claim.
    """

    gap: Fraction
    deadline: float | None
    nodes: int | None
    seed: int
    threads: int
    solver: str
    tuning: Tuning = USUAL
    prove: bool = True


@dataclass(frozen=True)
class Warm:
    """What a solved programme leaves to one over the same offers with other numbers.

    The offers its relaxation held, in their order, with the last basis (columns, then rows), and its odd sets.
    """

    columns: Ints
    basis: tuple[Ints, Ints]
    sets: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Answer:
    """One tier's end: ``stopped`` is optimal, gap, limit or infeasible; ``bound`` is proved by ``tree_json``.

    ``warm``, of large rounds, is what a round with other numbers may start from.
    """

    stopped: str
    chosen: Ints | None
    objective: int
    bound: int
    solver_bound: int | None
    scale: int
    tree_json: dict[str, Any] | None
    phases: dict[str, float]
    warm: Warm | None = None


Tell = Callable[[str, int | None, int | None, Ints | None], None]
"""Hears (phase, best value, best bound, new best plan or None)."""
Hear = Callable[[str, int | None, int | None, Ints | None, bool], None]
"""As :data:`Tell`, and whether the bound is claimed: by rows of odd sets, filled limits or a solver, not by a proof."""


BUSIEST = 32.0
"""Clock seconds a processor second is taken for, at most: beyond, the machine slept."""

Keep = Callable[[int, int, dict[str, Any]], None]
"""Takes (bound, scale, leaf of the proof)."""


def gap_of(objective: int, bound: int) -> Fraction:
    """(bound - objective) / max(1, abs(objective))."""
    return Fraction(max(0, bound - objective), max(1, abs(objective)))


class Search:
    """The state of one tier's search: the best plan, the bound and who is told."""

    def __init__(self, prog: Program, options: Options, tell: Tell) -> None:
        self.prog, self.options, self.tell = prog, options, tell
        self.tight = prog  # with rows that hold for every plan and help an integer programme
        self.chosen: Ints | None = None
        self.objective = 0
        self.bound: int | None = None
        self.claim: int | None = None
        self.phases: dict[str, float] = {}  # processor seconds
        self.began = monotonic(), process_time()
        self.warm: Warm | None = None
        self.support = np.zeros(0, dtype=np.int64)  # offers that a relaxation takes, whole or in part
        self.guide: Guide | None = None  # the prices that the proof begins with
        self.later: tuple[Floats, int] | None = None  # (margin, bound) of a programme that waits for the proof

    def offer(self, chosen: Ints | None, phase: str) -> bool:
        """Take a set of offers as the best plan if it is lawful and better."""
        if chosen is None:
            return False
        state = standing(self.prog, chosen)
        if not state.lawful or (self.chosen is not None and state.objective <= self.objective):
            return False
        self.chosen, self.objective = np.sort(chosen), state.objective
        self.tell(phase, self.objective, self.better_bound(), self.chosen)
        return True

    def better_bound(self) -> int | None:
        """The smaller of the proved bound and the solver's claim."""
        if self.bound is None:
            return self.claim
        return self.bound if self.claim is None else min(self.bound, max(self.claim, self.objective))

    def claimed(self) -> bool:
        """True where the better bound is a claim."""
        return self.claim is not None and (self.bound is None or self.claim < self.bound)

    def reached(self) -> bool:
        """True where the gap by the better bound is at most the one asked for."""
        bound = self.better_bound()
        return self.chosen is not None and bound is not None and gap_of(self.objective, bound) <= self.options.gap

    def target(self) -> int:
        """A plan worth this is good enough against the better bound."""
        bound = self.better_bound()
        assert bound is not None
        if bound <= 0:
            return bound
        gap = self.options.gap
        return int(-(-bound * gap.denominator // (gap.denominator + gap.numerator)))

    def enough(self) -> int:
        """A bound this low makes the plan held good enough; 0 without a plan."""
        if self.chosen is None:
            return 0
        return self.objective + int(max(1, abs(self.objective)) * self.options.gap)

    def left(self, most: float | None = None) -> float | None:
        """Seconds of the clock left, at most ``most`` of the processor; None without a clock.

        Stages are counted by the processor, the deadline by the clock: a busy machine gets the plan of an idle one,
        later, where the deadline allows.
        """
        most = None if most is None else most * self.busy()
        if self.options.deadline is None:
            return None if self.options.nodes is not None else most
        rest = max(0.0, self.options.deadline - monotonic())
        return rest if most is None or self.options.nodes is not None else min(rest, most)

    def busy(self) -> float:
        """Clock seconds that a processor second took so far."""
        clock, spent = monotonic() - self.began[0], process_time() - self.began[1]
        return max(1.0, min(BUSIEST, clock / spent)) if spent > 0 else 1.0

    def out_of_time(self) -> bool:
        """True once the deadline has passed."""
        return self.options.deadline is not None and monotonic() >= self.options.deadline
