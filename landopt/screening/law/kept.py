"""What the law said once and says again: draws of one round differ in areas, prices and amounts, seldom in verdicts.

Between cases that share rules, methods, records, round and settings, two laws whose classes answer every comparison
alike say the same to the same voices: what one was asked is kept for the next. That they are alike is read from the
classes themselves, never assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from landopt.screening.law.classes import Grid
from landopt.screening.law.clauses import Said

Ints = NDArray[np.integer[Any]]
MOST = 16
"""Laws kept at most: beyond, all are forgotten."""


@dataclass(eq=False)
class Answers:
    """What one law said: to voices in full and hopefully, with the floor states that the tables number."""

    said: dict[object, Said] = field(default_factory=dict)
    hopes: dict[object, NDArray[np.int8]] = field(default_factory=dict)
    floor_states: list[tuple[tuple[int, int], ...]] = field(default_factory=list)
    floor_numbers: dict[tuple[tuple[int, int], ...], int] = field(default_factory=dict)

    def floor_state(self, key: tuple[tuple[int, int], ...]) -> int:
        """The number of a state: which floor rules (by number) hold or may hold together."""
        if key not in self.floor_numbers:
            self.floor_numbers[key] = len(self.floor_states)
            self.floor_states.append(key)
        return self.floor_numbers[key]


class Kept:
    """Answers of laws by all that they read of the facts."""

    def __init__(self) -> None:
        self.ground: tuple[object, ...] | None = None
        self.answers: dict[object, Answers] = {}

    def of(self, case: Case, grid: Grid, states: bool, extra: Sequence[Ints], asked: tuple[str, ...]) -> Answers:
        """The answers of a law over some classes.

        ``extra`` are codes of its faces that no comparison reads, ``asked`` the facts of demands that prices read.
        """
        rules = tuple(rule.id if rule.kind == "limit" else rule for rule in case.rules)
        ground = (rules, case.methods, case.records, case.round, case.packs, case.calendar)
        if ground != self.ground:
            self.ground, self.answers = ground, {}
        key = (states, asked, grid.read(states), *(codes[grid.face_first].tobytes() for codes in extra))
        if key not in self.answers:
            if len(self.answers) >= MOST:
                self.answers.clear()
            self.answers[key] = Answers()
        return self.answers[key]
