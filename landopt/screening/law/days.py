"""The days on which the array reading asks the law: the round's own, or two of every period of a programme.

A rule that is not in force on a day is false there; in tables without states it is open where some periods have it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from constraints.loading.period_law import period_laws
from constraints.reading.book import silent
from constraints.reading.timetable import Calendar, upstream_days
from constraints.types import STRICTNESS, Method
from landopt.screening.law.arrays import FALSE, TRUE, UNKNOWN
from landopt.screening.law.fact_columns import Sides
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
CONDITION = STRICTNESS["condition"]


class Days:
    """The law by period and day.

    ``count`` is 1 where every period has one law from its first day to its last, else 2; ``apart`` are codes of the
    periods (and of none, last) whose law or last day differ, None where no period has a law of its own.
    """

    def __init__(self, case: Case, ids: Collection[str]) -> None:
        self.case, self.ids = case, frozenset(ids)
        laws = period_laws(case.round, case.rules)
        self.law = bool(case.packs)
        sets = [tuple(self.ids & each for each in law.rules) for law in laws]
        self.count = 2 if any(len(set(each)) > 1 for each in sets) else 1
        self.sets = [tuple(each[day] for each in sets) for day in range(self.count)]
        planned = case.round.purpose == "annual_plan"
        kinds = [(each, law.period.end if planned else "") for each, law in zip(sets, laws, strict=True)]
        known = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
        self.first = [next(at for at, each in enumerate(kinds) if each == kind) for kind in known]
        self.apart = np.array([*(known[kind] for kind in kinds), len(known)], np.int64) if laws else None
        self.periods = len(laws)

    def varies(self, name: str) -> bool:
        """Whether a rule is in force on some of the days only."""
        return len({name in each for day in self.sets for each in day}) > 1

    def mask(self, name: str, day: int, classes: Ints | None) -> Any:
        """Where a rule is in force: by class of period, or for all of them at once (``classes`` None)."""
        held = np.array([name in each for each in self.sets[day]])
        if held.all():
            return TRUE
        if classes is None:
            return UNKNOWN if held.any() else FALSE
        return self._by_class(np.where(held, TRUE, FALSE), classes)

    def start(self, method: Method, day: int, classes: Ints | None) -> Any:
        """The verdict a method starts from: its default, or a question where no rule in force states it."""
        own = STRICTNESS[method.default]
        if not self.periods:
            return CONDITION if silent(method, self.ids, law=self.law) else own
        found = np.array([CONDITION if silent(method, each, law=self.law) else own for each in self.sets[day]], np.int8)
        return found.min() if classes is None else self._by_class(found, classes)

    def _by_class(self, values: Ints, classes: Ints) -> Any:
        """Values by period as values by class of period, on the last axis of a table."""
        found = np.zeros(int(classes.max()) + 1, np.int8)
        found[classes[:-1]] = values
        return found.reshape(1, 1, 1, 1, -1)

    def ready_from(self, sides: Sides) -> Ints:
        """In an annual plan: by face, in how many of the last periods (in the round: 0 or 1) it can be ready."""
        case = self.case
        found = np.zeros(sides.faces.size, np.int8)
        ends = [period.end for period in case.round.periods] or [case.round.end or ""]
        if case.round.purpose != "annual_plan" or not ends[-1]:
            return found
        calendar = Calendar(case.calendar)
        opening = max(case.round.as_of, case.round.start or case.round.as_of)
        for face, row in enumerate(sides.faces.tolist()):
            facts: dict[str, Value] = {**case.parcels.row(row), "in_annual_plan": True}
            if face >= sides.count:
                facts["use"] = sides.mixed[face - sides.count][1]
            start = max(opening, str(facts.get("available_from") or ""))
            day = calendar.after(start, upstream_days(facts))
            found[face] = sum(day <= end for end in ends)
        return found

    def ready(self, levels: Ints, classes: Ints | None) -> NDArray[np.bool_]:
        """Where parcels of some levels (:meth:`ready_from`) can be ready: (parcel class, 1, 1, 1, period class)."""
        shape = (-1, 1, 1, 1, 1)
        if classes is None or not self.periods:
            return np.asarray(levels > 0).reshape(shape)
        place = np.zeros((1, 1, 1, 1, int(classes.max()) + 1), np.int64)
        place[0, 0, 0, 0, classes[:-1]] = np.arange(self.periods)
        return np.asarray(place >= self.periods - levels.reshape(shape).astype(np.int64))
