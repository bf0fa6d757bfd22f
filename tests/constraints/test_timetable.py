"""Timetables in working days, with the steps a parcel still lacks."""

from __future__ import annotations

import datetime

import pytest

from constraints.loading.load import load_pack, methods, pack_names
from constraints.reading.timetable import (
    STEPS,
    Calendar,
    Step,
    lead_days,
    longest,
    step_title,
    timetable,
    upstream,
    upstream_days,
)
from landopt.intake import days_off
from landopt.intake.days_off import non_working_days
from parcels.common.schema import Value

BY_ID = {method.id: method for method in methods()}
NATIONAL_DAYS = [f"2026-10-0{day}" for day in range(1, 8)]
WEEKENDS = [
    day.isoformat()
    for offset in range(365)
    if (day := datetime.date(2026, 1, 1) + datetime.timedelta(offset)).weekday() >= 5
    and day.isoformat() != "2026-10-10"
]


def test_planning_steps_add_up_to_the_method() -> None:
    """The planning values of a method's steps are its planning lead time, and every step has a title."""
    for method in methods():
        assert sum(step.planning for step in STEPS[method.id]) == method.planning_days
        assert all(step_title(step.step).text("zh") != step.step for step in STEPS[method.id])


def test_every_step_names_a_rule_of_the_packs() -> None:
    """A step that law sets cites a rule that exists."""
    ids = {rule.id for name in pack_names(off=True) for rule in load_pack(name)}
    ready = dict.fromkeys(("expropriated", "converted", "net_land", "in_annual_plan"), False)
    missing: dict[str, Value] = {"use": "WHITE", **ready}
    steps = [step for every in STEPS.values() for step in every] + list(upstream(missing))
    assert {step.rule for step in steps} - {""} <= ids


def test_working_days_skip_holidays_and_count_made_up_days() -> None:
    """The holiday list decides: national days off are skipped, a Saturday at work counts."""
    calendar = Calendar([*NATIONAL_DAYS, *WEEKENDS])
    assert calendar.after("2026-09-30", 1) == "2026-10-08"
    assert calendar.after("2026-09-30", 3) == "2026-10-10"
    assert calendar.after("2026-09-30", 0) == "2026-09-30"
    assert Calendar().after("2026-10-09", 1) == "2026-10-12"


def test_a_listing_takes_twenty_and_ten_days_by_law() -> None:
    """Decided on Monday 2 March 2026: four weeks of preparation, then 20 days of notice and 10 of listing, counted.

    Preparation 3 to 30 March (20 working days); the notice of 31 March runs to 20 April; the listing of 21 April to
    1 May, a Friday; qualification and contract take a week each.
    """
    steps = {step.step: step for step in timetable(BY_ID["listing"], {}, "2026-03-02")}
    assert [(step.earliest, step.latest, step.expected) for step in steps.values()] == [
        ("2026-03-03", "2026-03-30", True),
        ("2026-03-31", "2026-04-20", False),
        ("2026-04-21", "2026-05-04", True),
        ("2026-05-05", "2026-05-11", True),
        ("2026-05-12", "2026-05-18", True),
    ]
    assert steps["notice"].rule == "cn.order39.art8"


def test_a_term_that_ends_on_a_holiday_ends_on_the_next_working_day() -> None:
    """Civil Code art. 203: 20 days after 11 September 2026 is 1 October, a day off until 7 October."""
    calendar = Calendar([*NATIONAL_DAYS, *WEEKENDS])
    assert calendar.after_calendar("2026-09-11", 20) == "2026-10-08"


MINIMA = {
    "agreement": {"applications": 30, "display": 5},
    "bid": {"notice": 20},
    "auction": {"notice": 20},
    "listing": {"notice": 20, "listing": 10},
    "lease": {"notice": 20},
    "lease_then_grant": {"notice": 20, "listing": 10},
    "allocation": {},
    "contribution": {},
}
"""Days each step lasts at least (docs/rules.md: Order 39 arts. 8 and 18, Order 21 art. 9, the agreement norm)."""


@pytest.mark.parametrize("method", MINIMA)
def test_steps_run_one_after_the_other_and_keep_the_terms_of_law(method: str) -> None:
    """From 1,000 days: no step begins before the last has ended, on a day off, or ends before its term has run."""
    calendar = Calendar([*NATIONAL_DAYS, *WEEKENDS])
    for offset in range(1000):
        start = (datetime.date(2026, 1, 1) + datetime.timedelta(offset)).isoformat()
        end = start
        for step in timetable(BY_ID[method], {}, start, calendar):
            first, last = datetime.date.fromisoformat(step.earliest), datetime.date.fromisoformat(step.latest)
            assert step.earliest > end
            assert calendar.works(first)
            assert calendar.works(last)
            assert last - first >= datetime.timedelta(MINIMA[method].get(step.step, 0))
            end = step.latest


def test_the_result_of_an_agreement_is_published_within_seven_days() -> None:
    """Agreement norm: seven days from the contract, over a long holiday too; a term that ends on a day off moves on."""
    calendar = Calendar([*NATIONAL_DAYS, *WEEKENDS])
    for offset in range(300):
        start = (datetime.date(2026, 1, 1) + datetime.timedelta(offset)).isoformat()
        steps = {step.step: step for step in timetable(BY_ID["agreement"], {}, start, calendar)}
        assert steps["contract"].latest < steps["result"].earliest <= steps["result"].latest
        assert steps["result"].latest <= calendar.after_calendar(steps["contract"].latest, 7)


def test_before_2007_a_listing_takes_ten_working_days() -> None:
    """Order 11 of 2002 counted working days."""
    steps = {step.step: step for step in timetable(BY_ID["listing"], {}, "2005-03-01")}
    assert steps["listing"].rule == "cn.order11.listing"
    assert steps["listing"].latest == Calendar().after(steps["listing"].earliest, 10)


@pytest.mark.parametrize(
    ("facts", "steps", "days"),
    [
        ({}, [], 0),
        ({"net_land": None, "converted": None}, [], 0),
        ({"net_land": False}, ["clearance"], 180),
        ({"converted": False}, ["conversion"], 90),
        ({"converted": False, "area_m2": 700_000}, ["conversion"], 90),
        ({"converted": False, "area_m2": 700_001}, ["conversion"], 180),
        ({"converted": False, "cultivated_m2": 350_001}, ["conversion"], 180),
        ({"ownership": "collective", "converted": False}, ["expropriation", "conversion"], 270),
        ({"in_annual_plan": False, "use": "IND_M0"}, ["siting", "supply_plan"], 60),
        ({"use": "WHITE"}, ["rezoning"], 120),
    ],
)
def test_missing_states_add_their_steps(facts: dict[str, Value], steps: list[str], days: int) -> None:
    """Only a state that is known to be missing adds its upstream step, before the method's own."""
    assert [step.step for step in upstream(facts)] == steps
    assert upstream_days(facts) == days
    assert lead_days(BY_ID["listing"], facts) == 55 + days
    assert [step.step for step in timetable(BY_ID["listing"], facts, "2026-03-02")][: len(steps)] == steps


def test_a_step_never_ends_before_it_begins() -> None:
    """First and last days run in order for every method and every missing state."""
    for method in methods():
        for facts in ({}, {"net_land": False, "expropriated": False}):
            steps = timetable(method, facts, "2026-01-30", [*NATIONAL_DAYS, *WEEKENDS])
            assert all(step.earliest <= step.latest for step in steps)
            days = [day for step in steps for day in (step.earliest, step.latest)]
            assert days == sorted(days)


def test_a_year_is_announced_where_weekends_are_worked_for_its_holidays() -> None:
    """Weekends and the days that law names are known of every year; what is moved to them is announced year by year."""
    calendar = Calendar([*NATIONAL_DAYS, *WEEKENDS, "2027-01-01", "2027-01-02", "2027-01-03", "2027-02-06"])
    assert calendar.announced("2026-05-01")
    plain = Calendar(
        [
            day.isoformat()
            for offset in range(365)
            if (day := datetime.date(2027, 1, 1) + datetime.timedelta(offset)).weekday() >= 5 or day.day == 1
        ]
    )
    assert not plain.announced("2027-05-01")
    assert not plain.announced("2028-05-01")
    assert not Calendar().announced("2026-05-01")


@pytest.mark.parametrize("as_of", ["2025-03-31", "2026-01-01", "2026-03-31", "2026-11-02", "2026-12-31", "1999-06-01"])
def test_the_year_of_a_round_is_announced_and_years_to_come_are_not(as_of: str) -> None:
    """The list that a round takes from the holiday library: holidays four years on are not arranged by anyone yet."""
    calendar = Calendar(non_working_days(as_of))
    assert calendar.announced(as_of)
    assert calendar.announced(f"{as_of[:4]}-12-30")
    assert not Calendar(non_working_days("2026-03-31")).announced("2030-03-01")


def test_the_days_kept_are_those_of_the_holiday_library() -> None:
    """Day for day, as a round of any year asks for them; a file of another version is not asked."""
    import holidays

    assert days_off.kept().keys() == set(days_off.YEARS)
    for year in (*range(2010, 2042, 3), 2026):
        first, last = datetime.date(year, 3, 31), datetime.date(year + days_off.HORIZON_YEARS, 12, 31)
        known = holidays.country_holidays("CN", years=range(first.year, last.year + 1))
        days = (first + datetime.timedelta(days=number) for number in range((last - first).days + 1))
        wanted = [day for day in days if day in known or (day.weekday() >= 5 and day not in known.weekend_workdays)]
        assert non_working_days(str(first)) == tuple(map(str, wanted))


def test_another_version_of_the_library_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days kept of one version say nothing of what another was told since."""
    wanted = non_working_days("2026-03-31")
    monkeypatch.setattr(days_off, "version", lambda name: "0")
    days_off.kept.cache_clear()
    try:
        assert days_off.kept() == {}
        assert non_working_days("2026-03-31") == wanted
    finally:
        days_off.kept.cache_clear()


def test_a_site_takes_as_long_as_the_parcel_that_ends_last() -> None:
    """Whatever the steps before the last one; of two that end alike the first, and none is later than a real one."""

    def steps(*ends: str) -> tuple[Step, ...]:
        return tuple(Step("contract", end, end, "") for end in ends)

    early, late = steps("2026-05-08", "2026-06-01"), steps("2026-05-04", "2026-06-02")
    assert longest([early, late]) == longest([late, early]) == late
    alike = steps("2026-05-09", "2026-06-02")
    assert longest([late, alike]) == late
    assert longest([alike, late]) == alike
    assert longest([(), early]) == longest([early, ()]) == early
    assert longest([()]) == ()
