"""What is not known, one entry a fact: nothing lost, and every outcome is what the law says once the fact is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constraints.case import Case
from landopt.intake.overlay import changed
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.open_facts import LAYERS, Outcome, office_name, office_of, open_facts
from parcels.common.schema import Value, fields
from tests.landopt.decided import context_of, decided, planned


def _stored(name: str, shown: object) -> Value:
    field = fields()[name]
    if isinstance(shown, str) and field.type == "int":
        whole, _, part = shown.partition(".")
        return int(whole + part)
    if isinstance(shown, list):
        return tuple(str(each) for each in shown)
    assert shown is None or isinstance(shown, int | str)
    return shown


def _told(outcome: Outcome) -> list[object]:
    if outcome.values:
        return list(outcome.values)
    return [value for value in (outcome.low, outcome.high) if value is not None]


@pytest.mark.parametrize("seed", planned(12))
def test_each_outcome_is_the_verdict_of_a_case_that_knows_the_fact(seed: int) -> None:
    """The fact is written into the tables of the case and the law asked afresh."""
    round_, offers, outcome = decided(seed)
    context, law = context_of(round_, offers, outcome)
    for offer in context.chosen:
        site, row = offers.parcels(offer), int(offers.demand[offer])
        demand = None if row < 0 else row
        method = context.methods[int(offers.method[offer])]
        period = context.periods[int(offers.period[offer])] if int(offers.period[offer]) >= 0 else None
        judged = law.ask(site, demand, method, period).judged
        found = open_facts(law, site, demand, method, period, judged)
        assert {one.field for one in found} == {each.fact for each in judged.conditions}
        named = [one.field for one in found if one.field]
        assert len(named) == len(set(named))
        for one in found:
            assert office_name(one.office, "zh") != office_name(one.office, "en")
            assert one.layer == (one.field in LAYERS)
            if one.field not in round_.parcels.columns or one.field == "intending_users":
                continue
            for expected in one.outcomes:
                for value in _told(expected):
                    cells = {(place, one.field): _stored(one.field, value) for place in site}
                    known = Law(Context(_with(round_, cells), offers, context.chosen, None))
                    assert known.ask(site, demand, method, period).verdict == expected.verdict


def _with(case: Case, cells: dict[tuple[int, str], Value]) -> Case:
    return replace(case, parcels=changed(case.parcels, cells))


def test_every_fact_of_the_office_list_is_a_declared_field() -> None:
    """A name that no rule can read would send an officer to the wrong door."""
    from landopt.reasons.explain import open_facts as module

    listed = [name for names in module._offices()["facts"].values() for name in names]
    assert len(listed) == len(set(listed))
    assert set(listed) <= set(fields())
    assert office_of("in_pbf") == "protection"
    assert office_of("no_such_fact") == "bureau"
