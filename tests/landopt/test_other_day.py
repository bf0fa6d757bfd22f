"""The law of another day on the same round: what is set aside, carried over, and what the audit holds it to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from constraints.audit.bound.binding import Binding
from constraints.case import Case, from_json, to_json
from constraints.loading.load import rules_for
from constraints.loading.other_day import asked_day, later_facts, mark
from landopt.intake.assemble import Loaded, read_round
from parcels.common.issues import Refused

EXAMPLE = Path(__file__).parents[2] / "examples" / "nansha"
DAY = "2018-06-30"


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    """The example under the law of 2018."""
    return read_round(EXAMPLE, as_of=DAY)


def _problems(case: Case) -> list[str]:
    raw = to_json(case)
    return [name for name, _ in Binding(from_json(raw), raw).problems]


def test_what_is_later_is_set_aside_and_told(loaded: Loaded) -> None:
    """No dated fact and no document is later than the day; each is among the notes and the scenario's facts."""
    case, own = loaded.ready(), read_round(EXAMPLE).ready()
    assert case.round.as_of == DAY
    assert asked_day(case.overlays) == DAY
    assert later_facts(case.parcels, DAY) == []
    gone = later_facts(own.parcels, DAY)
    assert gone
    assert [(fact["id"], fact["field"]) for fact in case.scenario] == gone
    assert all(record.date <= DAY for record in case.records)
    assert len(case.records) < len(own.records)
    told = {issue.code for issue in loaded.issues}
    assert "C060" in told
    for name, field in gone:
        if field in ("publication_closed", "appraised_on"):
            assert any(name in issue.ids and field == issue.named.get("field") for issue in loaded.issues)


def test_the_law_is_that_of_the_day_and_the_policy_that_of_the_round(loaded: Loaded) -> None:
    """Pack rules are those in force on the day; the round's policy is all there, with its amounts."""
    case, own = loaded.ready(), read_round(EXAMPLE).ready()
    packs = {rule.id for rule in rules_for(case.packs, (), DAY)[0]}
    assert {rule.id for rule in case.rules if rule.origin != "policy"} == packs
    mine = {rule.id: rule for rule in case.rules if rule.origin == "policy"}
    theirs = {rule.id: rule for rule in own.rules if rule.origin == "policy"}
    assert set(mine) == set(theirs)
    for name, rule in theirs.items():
        if rule.kind == "limit":
            amounts = [(v["key"], v["amount"]) for v in rule.spec["values"] or ()]
            assert [(v["key"], v["amount"]) for v in mine[name].spec["values"] or ()] == amounts


def test_the_audit_holds_the_case_to_it(loaded: Loaded) -> None:
    """The case is bound as it is; a fact kept, a rule of another day or a day that is not named is a breach."""
    case = loaded.ready()
    assert _problems(case) == []
    assert any(name == "scenario" for name in _problems(replace(case, scenario=case.scenario[1:])))
    plain = tuple(each for each in case.overlays if asked_day([each]) is None)
    assert "round.as_of" in _problems(replace(case, overlays=plain))
    assert _problems(replace(case, overlays=(*plain, mark("2017-06-30")))) != []
    own = read_round(EXAMPLE).ready()
    assert _problems(replace(case, rules=own.rules)) != []


def test_what_is_no_day_is_refused() -> None:
    """A text that is no day is C060."""
    with pytest.raises(Refused, match="is no day"):
        read_round(EXAMPLE, as_of="last year")


@pytest.mark.parametrize("day", ["2026-06-01", "2099-01-01", "2026-03-30"])
def test_a_day_later_than_every_fact_is_a_scenario_too(day: str) -> None:
    """Nothing is set aside there: the case is bound all the same, and the plan is none that may be adopted."""
    case = read_round(EXAMPLE, as_of=day).ready()
    raw = to_json(case)
    bound = Binding(from_json(raw), raw)
    assert bound.problems == []
    assert "scenario" in {each.what for each in bound.unchecked}
