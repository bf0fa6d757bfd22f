"""What a rule closes, asked the short way, is what every method says one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from constraints.audit.reread import Reader
from constraints.audit.words.closing import Closing
from constraints.case import Case
from constraints.reading.core import ban
from tests.audit.folders import reached
from tests.builders import random_case
from tests.spiced import spiced_case


def _said(reader: Reader, row: int, demand: int | None) -> set[tuple[str, str, tuple[str, ...]]]:
    """Everything the law says of a parcel for one who asks, by every method."""
    methods = range(len(reader.case.methods))
    judged = [reader.judge_site((row,), demand, method, -1, noted=False) for method in methods]
    return {(one.rule_id, one.verdict, one.unknowns) for each in judged for one in each.rulings}


def _cases(make: Callable[[int], Case], seed: int, purpose: str) -> Case:
    case = make(seed)
    return replace(case, round=replace(case.round, purpose=purpose))


@pytest.mark.parametrize(
    ("make", "purpose"), [(random_case, "supply"), (random_case, "annual_plan"), (spiced_case, "supply")]
)
def test_what_a_rule_closes_is_found_as_by_asking_every_method(make: Callable[[int], Case], purpose: str) -> None:
    """Each rule and verdict that is said anywhere, of every parcel and platform, mixed ones too, the short way."""
    closed = open_ = quick = 0
    for seed in range(10):
        reader = reached(_cases(make, seed, purpose))
        asked = [
            (row, who) for row in range(len(reader.case.parcels)) for who in (None, *range(len(reader.case.demands)))
        ]
        whole = {each: _said(reader, *each) for each in asked}
        rules = {(rule, verdict) for said in whole.values() for rule, verdict, _ in said}
        rules |= {(rule.id, "forbid") for rule in reader.case.rules if rule.kind == "eligibility"}
        quick += sum(verdict == "forbid" and ban(reader.book, rule) is not None for rule, verdict in rules)
        closing = Closing(reader)
        for (row, who), said in whole.items():
            for rule, verdict in sorted(rules):
                due = {unknowns for name, word, unknowns in said if (name, word) == (rule, verdict)}
                assert closing.closes(row, who, rule, verdict, ()) == bool(due), (seed, row, who, rule, verdict)
                for unknowns in due:
                    assert closing.closes(row, who, rule, verdict, unknowns)
                assert not closing.closes(row, who, rule, verdict, ("no_such_fact",))
                closed, open_ = closed + bool(due), open_ + (not due)
    assert closed > 100
    assert open_ > 100
    assert (quick > 20) == (purpose == "supply")


def test_a_reason_counts_what_it_closes_and_no_more() -> None:
    """One parcel more than a rule closes is told, with how many it does close; so is a rule that closes none."""
    reader = reached(random_case(3))
    closing, rows = Closing(reader), list(range(len(reader.case.parcels)))
    told: list[tuple[str, object, object]] = []

    def same(where: str, name: str, stated: object, found: object) -> None:
        if stated != found:
            told.append((name, stated, found))

    for rule in [rule for rule in reader.case.rules if rule.kind == "eligibility"]:
        hits = sum(("forbid" in {v for name, v, _ in _said(reader, row, 0) if name == rule.id}) for row in rows)
        for count in (hits, hits + 1):
            told.clear()
            reason = {"code": "forbid", "count": count, "ruling": {"cite": rule.id, "verdict": "forbid"}}
            closing.of_parcels(same, "here", reason, lambda key: key, rows, [0])
            due = [] if 0 < count <= hits or count == hits else [(f"{rule.id}: parcels it closes", count, hits)]
            assert told == due
