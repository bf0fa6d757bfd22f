"""When a supply could be done: the steps of a method in working days, and what must happen upstream first.

Statutory minima and planning defaults are those of the legal fact base (§10; the planning values are estimates).
Standard library only; the non-working days come from the case, so that the auditor needs no holiday library.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from constraints.loading.method_facts import steps as steps_of
from constraints.loading.method_facts import tables
from constraints.types import Method
from parcels.common.catalogue import FIRST, Bilingual, Text, find, told
from parcels.common.schema import Value

Facts = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Step:
    """A step with its first and last day (ISO) in one lawful run, and its rule ("" if none).

    ``earliest`` is the first day, ``latest`` the last. ``expected``: the last day is a planning length, not
    the day on which a term set by law ends.
    """

    step: str
    earliest: str
    latest: str
    rule: str
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Duration:
    """A step's length: at least ``days`` (calendar) and ``working`` days by law, ``planning`` working days by plan.

    ``within``: by law it is done so many calendar days after the step before, whatever was planned (0: no such term).
    """

    step: str
    days: int
    working: int
    planning: int
    rule: str
    within: int = 0


LISTING = Duration("listing", 10, 0, 10, "cn.order39.art18")
LISTING_2002 = Duration("listing", 0, 10, 10, "cn.order11.listing")
STEPS = {name: tuple(Duration(*step) for step in steps_of(name)) for name in tables()}
"""The steps of each method; their planning values add up to the ``planning_days`` of ``methods.toml``."""


def step_title(step: str) -> Text:
    """What a step is called: the title the languages have for it, else the id it was given in ``methods.toml``."""
    title = told(f"step.{step}")
    return title if find(title.key, FIRST) else Bilingual(step, step)


STATE_COUNCIL_CULTIVATED_M2 = 350_000
STATE_COUNCIL_AREA_M2 = 700_000


FIRST_ARRANGED = "2001"
"""The first year whose worked weekends the lists hold; before it the days of rest are those of law alone."""
LAST_HOLIDAY = "10-10"
"""No holiday of a year is arranged by moving a weekend after this day, but for New Year's of the year that follows."""


class Calendar:
    """Working days from a list of non-working days; weekends in years the list does not reach."""

    def __init__(self, non_working: Collection[str] = ()) -> None:
        self._off = frozenset(non_working)
        self._years = frozenset(day[:4] for day in self._off)
        self._arranged: dict[str, bool] = {}
        self._memo: dict[tuple[str, int], str] = {}

    def _is_arranged(self, year: str) -> bool:
        """Whether the list has the arrangement announced for a year: weekends worked for holidays that were moved.

        A year that is not announced is listed with its weekends and the days that law itself names, and no weekend is
        worked in it. A list that begins after the year's last holiday cannot show one, and needs none.
        """
        first = max(min(day for day in self._off if day[:4] == year), f"{year}-01-01")
        if year < FIRST_ARRANGED or (year == min(self._years) and first[5:] > LAST_HOLIDAY):
            return True
        day, end = datetime.date.fromisoformat(first), datetime.date(int(year), 12, 31)
        weekends = (day + datetime.timedelta(days=number) for number in range((end - day).days + 1))
        return any(each.weekday() >= 5 and each.isoformat() not in self._off for each in weekends)

    def works(self, day: datetime.date) -> bool:
        """Whether a day is a working day."""
        text = day.isoformat()
        return text not in self._off if text[:4] in self._years else day.weekday() < 5

    def after(self, start: str, working_days: int) -> str:
        """The day that is so many working days after ``start`` (0: the day itself)."""
        found = self._memo.get((start, working_days))
        if found is None:
            day = datetime.date.fromisoformat(start)
            left = working_days
            while left > 0:
                day += datetime.timedelta(days=1)
                left -= self.works(day)
            found = self._memo[start, working_days] = day.isoformat()
        return found

    def after_calendar(self, start: str, days: int) -> str:
        """The working day on or next after so many calendar days."""
        if days == 0:
            return start
        day = datetime.date.fromisoformat(start) + datetime.timedelta(days=days)
        while not self.works(day):
            day += datetime.timedelta(days=1)
        return day.isoformat()

    def announced(self, day: str) -> bool:
        """Whether the holidays of its year are announced; else weekends and the days that law names are counted."""
        year = day[:4]
        if year not in self._arranged:
            self._arranged[year] = year in self._years and self._is_arranged(year)
        return self._arranged[year] or (bool(self._off) and day < min(self._off))  # before its first day of rest


def upstream(facts: Facts) -> tuple[Duration, ...]:
    """What must happen before a parcel can be supplied, in order; unknown states count as missing only where false."""
    steps = []
    if facts.get("use") == "WHITE":
        steps.append(Duration("rezoning", 0, 0, 120, ""))
    if facts.get("use") == "IND_M0" and facts.get("in_annual_plan") is False:
        steps.append(Duration("siting", 0, 0, 40, "gz.m0-2019.siting"))
    if facts.get("expropriated") is False or facts.get("ownership") == "collective":
        steps.append(Duration("expropriation", 0, 46, 180, "cn.order743.art26"))
    if facts.get("converted") is False:
        steps.append(Duration("conversion", 0, 0, 180 if _state_council(facts) else 90, "cn.lal.art44"))
    if facts.get("net_land") is False:
        steps.append(Duration("clearance", 30, 0, 180, "cn.order53.art21"))
    if facts.get("in_annual_plan") is False:
        steps.append(Duration("supply_plan", 0, 0, 20, "cn.order743.art16"))
    return tuple(steps)


def _state_council(facts: Facts) -> bool:
    """R-LAL-46: basic farmland, more than 35 ha of cultivated land or more than 70 ha go to the State Council."""
    sizes = (("in_pbf", 0), ("cultivated_m2", STATE_COUNCIL_CULTIVATED_M2), ("area_m2", STATE_COUNCIL_AREA_M2))
    return any(isinstance(fact := facts.get(name), int) and fact > most for name, most in sizes)


def upstream_days(facts: Facts) -> int:
    """Planning working days of the missing upstream steps; 0 where the parcel is ready."""
    return sum(step.planning for step in upstream(facts))


def lead_days(method: Method, facts: Facts | None = None) -> int:
    """Planning working days from decision to contract, with the upstream steps the parcel lacks."""
    return method.planning_days + (upstream_days(facts) if facts else 0)


def timetable(
    method: Method, facts: Facts, start: str, non_working: Collection[str] | Calendar = (), since: str = ""
) -> tuple[Step, ...]:
    """The steps of a supply decided on ``start``, one after the other in one lawful run.

    A step begins on the working day after the one before has ended. A term of days set by law counts from the day after
    its event, and ends on the next working day where its last day is none (Civil Code arts. 201 and 203); the step ends
    with the later of that term and its planning length, and before a term within which law wants it done is over.

    Parameters
    ----------
    method
        The supply method.
    facts
        Facts of the parcel; where a state is missing its upstream step comes first.
    start
        ISO date of the decision.
    non_working
        ISO dates of non-working days, weekends included, or a :class:`Calendar`.
    since
        The first day of the period of supply: what makes the parcel ready may come before it, the supply does not.
    """
    calendar = non_working if isinstance(non_working, Calendar) else Calendar(non_working)
    own = STEPS[method.id]
    before = _run(upstream(facts), start, calendar)
    begins = max(since, before[-1].latest if before else start)
    if begins < "2007-11-01":
        own = tuple(LISTING_2002 if step == LISTING else step for step in own)
    return (*before, *_run(own, begins, calendar))


def _run(durations: Iterable[Duration], start: str, calendar: Calendar) -> tuple[Step, ...]:
    end, steps = start, []
    for step in durations:
        first = calendar.after(end, 1)
        lawful = calendar.after(calendar.after_calendar(first, step.days), step.working)
        planned = calendar.after(first, max(0, step.planning - 1))
        if step.within:
            planned = min(planned, calendar.after_calendar(end, step.within))
        end = max(lawful, planned)
        steps.append(Step(step.step, first, end, step.rule, end != lawful or not (step.days or step.working)))
    return tuple(steps)


def longest(tables: Iterable[tuple[Step, ...]]) -> tuple[Step, ...]:
    """The timetable of a site: of its parcels' the one that ends last; of those that end alike the first."""
    return max(tables, key=lambda steps: max((step.latest for step in steps), default=""))


PUBLIC = ("notice", "applications", "display")
"""Steps by which a supply becomes public."""


def again(method: Method, day: str, non_working: Collection[str] | Calendar = ()) -> tuple[Step, ...]:
    """The steps from the public one on, where it begins anew on ``day`` (a notice that was amended or resumed)."""
    calendar = non_working if isinstance(non_working, Calendar) else Calendar(non_working)
    own = STEPS[method.id]
    since = next((at for at, step in enumerate(own) if step.step in PUBLIC), len(own))
    before = (datetime.date.fromisoformat(day) - datetime.timedelta(days=1)).isoformat()
    return _run(own[since:], before, calendar)


def done_by(method: Method, facts: Facts, start: str, calendar: Calendar) -> str:
    """The planned day of contract: the last day of the timetable."""
    steps = timetable(method, facts, start, calendar)
    return steps[-1].latest if steps else start
