"""The law narrowed to a kind of parcel gives the very answers of the whole law, texts and unknown facts included."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

import constraints.reading.core
from constraints.case import Record
from constraints.language.evaluate import compiled
from constraints.language.nodes import And, Compare, Const, Flag, In, Node, Not, Or
from constraints.loading.load import in_force, load_pack, methods, pack_names
from constraints.reading.book import Clause, book
from constraints.reading.judge import answer, judge
from constraints.reading.narrowing import narrowed, simplified
from parcels.common.schema import Value, fields
from tests.builders import eligibility

DAY = "2026-03-31"
END = "2026-12-31"


def _told(urn: random.Random, kind: dict[str, Value]) -> dict[str, Value]:
    """Random facts of every declared field (a third of them unknown) beside those of a kind."""
    found: dict[str, Value] = {}
    for name, field in fields().items():
        if urn.random() < 0.35 or name == "use_mix":
            continue
        if field.type == "bool":
            found[name] = urn.random() < 0.5
        elif name in ("want_term", "lease_years"):
            found[name] = urn.choice([5, 20, 40, 50, 70])
        elif field.type == "int":
            found[name] = urn.choice([0, 1, 2, 3, 20, 30, 99, 100, 250, 300, 5000, 200_001, 10**7])
        elif field.type == "date":
            found[name] = urn.choice(["2026-01-01", "2026-06-30", "2027-01-01"])
        elif field.values:
            code = urn.choice(field.values)
            found[name] = (code,) if field.type in ("codes", "set", "list") else code
    return {name: value for name, value in {**found, **kind}.items() if value is not None}


@pytest.mark.parametrize("purpose", ["supply", "annual_plan"])
@pytest.mark.parametrize("market", [False, True])
def test_the_narrowed_law_gives_the_answers_of_the_whole_law(
    monkeypatch: pytest.MonkeyPatch, purpose: str, market: bool
) -> None:
    """Judgements of random cases of a few kinds are equal, whether the law is narrowed at once or never."""
    rules = in_force([rule for name in pack_names() for rule in load_pack(name)], DAY)
    whole, small = (book(rules, methods(), as_of=DAY, purpose=purpose, start=DAY, end=END) for _ in range(2))
    urn = random.Random(7)
    kinds: list[dict[str, Value]] = [
        {"use": use, "in_udb": True, "converted": True, "expropriated": True, "net_land": True, "ownership": "state"}
        for use in ("IND", "EDU", "COM")
    ]
    kinds += [{"use": "RES", "existing_right": "alloc", "ownership": "collective", "net_land": None}, {"use": None}]
    asked = 0
    for _ in range(60):
        told = _told(urn, urn.choice(kinds))
        for method in methods():
            found = []
            for rulebook, often in ((whole, 10**9), (small, 1)):
                monkeypatch.setattr(constraints.reading.core, "OFTEN", often)
                full = judge(rulebook, told, method, market=market)
                short = answer(rulebook, told, method, market=market)
                assert short == (full.verdict, full.term, full.floor, full.unit_price)
                found.append(full)
            assert found[0] == found[1]
            asked += 1
    assert any(kind.shelf not in small.shelves.values() for kind in small.kinds.values())
    assert asked == 60 * len(methods())


def test_a_record_still_answers_a_condition_of_the_narrowed_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document on file turns the condition of a narrowed law into a permit, as before."""
    monkeypatch.setattr(constraints.reading.core, "OFTEN", 1)
    rules = in_force([rule for name in pack_names() for rule in load_pack(name)], DAY)
    rulebook, method = book(rules, methods(), as_of=DAY), methods()[1]
    told: dict[str, Value] = {"use": "RES", "operator": "pubinst", "parcel_id": "P1"}
    for _ in range(2):
        full = judge(rulebook, told, method)
    open_rules = {ruling.rule_id for ruling in full.rules if ruling.verdict == "condition"}
    assert open_rules
    filed = [Record(name, "P1", "", "doc 1", DAY, "x") for name in open_rules]
    assert not {r.rule_id for r in judge(rulebook, told, method, records=filed).rules if r.verdict == "condition"}


def test_what_the_facts_settle_falls_out_of_a_condition() -> None:
    """Settled parts fall out of and, or and not; what is open stays as it was."""
    use, small, flag = Compare("use", "==", "IND"), Compare("area_m2", "<", 5), Flag("for_sale")
    here: dict[str, Value] = {"use": "IND"}
    assert simplified(And((use, small)), here) == small
    assert simplified(Or((use, small)), here) == Const(True)
    assert simplified(Not(In("use", ("IND", "COM"))), here) == Const(False)
    assert simplified(And((small, Or((Not(use), flag)), use)), here) == And((small, flag))
    assert simplified(And((Not(use), small)), here) == Const(False)
    assert simplified(small, here) == small


def test_a_clause_of_two_days_keeps_those_on_which_it_can_hold() -> None:
    """Both, the one, the other, or none at all."""
    rule = eligibility("t.days", "", listing="forbid")
    flags = [Flag(name) for name in ("for_sale", "net_land")]
    first, last = (Clause(rule, flag, compiled(flag), ()) for flag in flags)
    clause = replace(first, last=last)

    def left(**facts: Value) -> list[Node] | None:
        found = narrowed(clause, facts)
        return None if found is None else [found.node, *([found.last.node] if found.last else [])]

    assert left() == flags
    assert left(for_sale=False) == [flags[1]]
    assert left(net_land=False) == [flags[0]]
    assert left(for_sale=False, net_land=False) is None
