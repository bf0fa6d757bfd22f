"""Timetables in working days, with the steps a parcel still lacks."""

from __future__ import annotations

import datetime

import pytest

from constraints.loading.load import load_pack, methods, pack_names
from constraints.reading.timetable import STEPS, TITLES, Calendar, lead_days, timetable, upstream, upstream_days

BY_ID = {method.id: method for method in methods()}
NATIONAL_DAYS = [f"2026-10-0{day}" for day in range(1, 8)]
WEEKENDS = [
    day.isoformat()
    for offset in range(365)
    if (day := datetime.date(2026, 1, 1) + datetime.timedelta(offset)).weekday() >= 5
    and day.isoformat() != "2026-10-10"
]


def test_planning_steps_add_up_to_the_method():
    """The planning values of a method's steps are its planning lead time, and every step has a title."""
    for method in methods():
        assert sum(step.planning for step in STEPS[method.id]) == method.planning_days
        assert all(step.step in TITLES for step in STEPS[method.id])


def test_every_step_names_a_rule_of_the_packs():
    """A step that law sets cites a rule that exists."""
    ids = {rule.id for name in pack_names(off=True) for rule in load_pack(name)}
    missing = {"use": "WHITE", "expropriated": False, "converted": False, "net_land": False, "in_annual_plan": False}
    steps = [step for every in STEPS.values() for step in every] + list(upstream(missing))
    assert {step.rule for step in steps} - {""} <= ids


def test_working_days_skip_holidays_and_count_made_up_days():
    """The holiday list decides: national days off are skipped, a Saturday at work counts."""
    calendar = Calendar([*NATIONAL_DAYS, *WEEKENDS])
    assert calendar.after("2026-09-30", 1) == "2026-10-08"
    assert calendar.after("2026-09-30", 3) == "2026-10-10"
    assert calendar.after("2026-09-30", 0) == "2026-09-30"
    assert Calendar().after("2026-10-09", 1) == "2026-10-12"


def test_a_listing_takes_twenty_and_ten_days_by_law():
    """Notice 20 and listing 10 calendar days end on working days; planning takes 55 working days."""
    steps = {step.step: step for step in timetable(BY_ID["listing"], {}, "2026-03-02")}
    assert steps["notice"].earliest == "2026-03-23"
    assert steps["listing"].earliest == "2026-04-02"
    assert steps["contract"].latest == Calendar().after("2026-03-02", 55)
    assert steps["notice"].rule == "cn.order39.art8"


@pytest.mark.parametrize(
    ("method", "day"),
    [
        ("allocation", "2026-03-02"),
        ("agreement", "2026-04-06"),
        ("bid", "2026-03-23"),
        ("auction", "2026-03-23"),
        ("listing", "2026-04-02"),
        ("lease", "2026-03-23"),
        ("lease_then_grant", "2026-04-02"),
        ("contribution", "2026-03-02"),
    ],
)
def test_the_law_sets_no_other_minimum(method, day):
    """From Monday 2 March the earliest contract is after 20, 30, 30 + 5 or no calendar days, moved to a working day."""
    assert timetable(BY_ID[method], {}, "2026-03-02")[-1].earliest == day


def test_before_2007_a_listing_takes_ten_working_days():
    """Order 11 of 2002 counted working days."""
    steps = {step.step: step for step in timetable(BY_ID["listing"], {}, "2005-03-01")}
    assert steps["listing"].rule == "cn.order11.listing"
    assert steps["listing"].earliest == Calendar().after(steps["notice"].earliest, 10)


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
def test_missing_states_add_their_steps(facts, steps, days):
    """Only a state that is known to be missing adds its upstream step, before the method's own."""
    assert [step.step for step in upstream(facts)] == steps
    assert upstream_days(facts) == days
    assert lead_days(BY_ID["listing"], facts) == 55 + days
    assert [step.step for step in timetable(BY_ID["listing"], facts, "2026-03-02")][: len(steps)] == steps


def test_the_earliest_day_is_never_after_the_planned_one():
    """Law's minimum and the plan's default run in order for every method and every missing state."""
    for method in methods():
        for facts in ({}, {"net_land": False, "expropriated": False}):
            steps = timetable(method, facts, "2026-01-30", [*NATIONAL_DAYS, *WEEKENDS])
            assert all(step.earliest <= step.latest for step in steps)
            assert [step.earliest for step in steps] == sorted(step.earliest for step in steps)
