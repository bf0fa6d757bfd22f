"""Which rules hold in each period of a programme: on its first day that is still to come, and on its last day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from constraints.case import Period, Round
from constraints.loading.kinds import LAW_KINDS
from constraints.loading.load import in_force
from constraints.types import Rule


@dataclass(frozen=True, slots=True)
class PeriodLaw:
    """The law of a period: the two days it is read on and the ids of the rules in force on each.

    The stricter of the two holds. ``changes`` are the ids in force on one of the days only.
    """

    period: Period
    days: tuple[str, str]
    rules: tuple[frozenset[str], frozenset[str]]

    @property
    def changes(self) -> frozenset[str]:
        """The rules that begin or end inside the period."""
        return self.rules[0] ^ self.rules[1]

    def changes_for(self, method: str, rules: Iterable[Rule]) -> tuple[tuple[str, bool], ...]:
        """Of the changes those that speak of a method, or of none by name: (id, whether it begins), by their ids."""
        named = [rule for rule in rules if rule.id in self.changes]
        told = sorted({rule.id for rule in named if method in (methods := _methods(rule)) or not methods})
        return tuple((name, name in self.rules[1]) for name in told)


def _methods(rule: Rule) -> frozenset[str]:
    """The methods a rule names."""
    return frozenset((*rule.spec.get("verdict", {}), *(rule.spec.get("methods") or ())))


def law_days(as_of: str, period: Period) -> tuple[str, str]:
    """The first day of a period that is still to come, and its last; the round's date where the period is over."""
    first = max(as_of, period.start)
    return first, max(first, period.end)


def days_of(round_: Round) -> tuple[str, ...]:
    """Every day on which the law of some period is read."""
    return tuple(sorted({day for period in round_.periods for day in law_days(round_.as_of, period)}))


def period_laws(round_: Round, rules: Iterable[Rule]) -> tuple[PeriodLaw, ...]:
    """The law of every period, from the rules of a case."""
    law = tuple(rule for rule in rules if rule.kind in LAW_KINDS)
    on: dict[str, frozenset[str]] = {}
    found = []
    for period in round_.periods:
        days = law_days(round_.as_of, period)
        for day in days:
            if day not in on:
                on[day] = frozenset(rule.id for rule in in_force(law, day))
        found.append(PeriodLaw(period, days, (on[days[0]], on[days[1]])))
    return tuple(found)


def vague_start(rule: Rule) -> str:
    """What is known of a start whose day is not: "1999", "2022-08", or the day remembered; "" where it is known."""
    return _vague(rule.start) if rule.date_grade else ""


def vague_end(rule: Rule) -> str:
    """As :func:`vague_start`, of the day from which a rule no longer holds; "" where it is known or none."""
    return _vague(rule.until) if rule.date_grade and rule.until else ""


def _vague(day: str) -> str:
    return day[:4] if day.endswith("-01-01") else day[:7] if day[8:] == "01" else day
