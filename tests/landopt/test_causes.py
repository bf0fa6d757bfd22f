"""Causes between two cases: the unit is what was changed; words are none; nothing untried is joint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constraints.case import Case, Record, Settings
from constraints.types import Cite, Rule
from landopt.keeping.ledger.rounds import Adopted, State, apply
from landopt.keeping.plan import plan_json
from landopt.reasons.clock import Clock
from landopt.reasons.compared.causes import causes
from landopt.reasons.compared.differences import changes, with_change
from landopt.reasons.compared.moves import moves
from landopt.reasons.justify import justify
from landopt.reasons.texts import render_answer
from landopt.solving.solver import solve
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import FactTable, Neighbours
from tests.builders import case, demand, limit, parcel, preference, random_case
from tests.landopt.decided import decided, offers_of, planned


def _round() -> Case:
    rules = [
        limit("p.quota", "", "<=", {("A",): 30_000, ("B",): 30_000}, per=("district",)),
        limit("p.cap", "", "<=", 2, measure="count"),
        preference("p.like", "use == 'IND'", points=5),
    ]
    land = [parcel(district="A"), parcel(district="B"), parcel(district="B", use="RES")]
    return case(land, [demand(), demand(priority=40)], rules, [("P01", "P02")])


def _plan(round_: Case) -> dict[str, Any]:
    offers = offers_of(round_)
    outcome = solve(round_, offers, gap="0")
    assert outcome.chosen is not None
    tiers = [(tier.objective, tier.bound, tier.solver_bound) for tier in outcome.tiers]
    records = justify(round_, offers, outcome.chosen.tolist(), outcome)
    return plan_json(
        round_, stopped=outcome.stopped, scope=offers.scope, ties=outcome.ties, tiers=tiers, records=records
    )


def _with(round_: Case, name: str, **parts: Any) -> Case:
    rules = [replace(rule, **parts) if rule.id == name else rule for rule in round_.rules]
    return replace(round_, rules=tuple(rules))


def _spec(round_: Case, name: str, **parts: Any) -> Case:
    rule = next(each for each in round_.rules if each.id == name)
    return _with(round_, name, spec={**rule.spec, **parts})


def _amounts(round_: Case, name: str, new: dict[tuple[str, ...], int]) -> Case:
    rule = next(each for each in round_.rules if each.id == name)
    values = [{**entry, "amount": new.get(tuple(entry["key"]), entry["amount"])} for entry in rule.spec["values"]]
    return _spec(round_, name, values=values)


def test_the_unit_of_change_is_what_was_changed() -> None:
    """One key of a limit, one field of a rule, one weight, one document: each a change of its own."""
    before = _round()
    after = _amounts(before, "p.quota", {("A",): 0, ("B",): 10_000})
    after = _spec(after, "p.like", points=9, methods=["listing"])
    after = replace(after, records=(Record("p.like", "P01", "", "Note 1", "2026-01-01", "bureau"),))
    weights = {**after.objective.weights, "served": "50"}
    after = replace(after, objective=replace(after.objective, weights=weights))
    found = {(change.kind, change.id, change.field): change for change in changes(before, after)}
    assert set(found) == {
        ("rule", "p.quota", "amount[A]"),
        ("rule", "p.quota", "amount[B]"),
        ("rule", "p.like", "points"),
        ("rule", "p.like", "methods"),
        ("record", "p.like", "P01 Note 1"),
        ("setting", "objective", "weights.served"),
    }
    one = with_change(before, after, found["rule", "p.quota", "amount[A]"])
    assert one == _amounts(before, "p.quota", {("A",): 0})


def test_words_and_solver_settings_are_no_causes() -> None:
    """A title, a citation, the gap, the seed and the round's name differ and are listed; none is tried."""
    before = _round()
    after = _with(before, "p.cap", title=Bilingual("Other", "别的"), cite=Cite("Doc", "1", "2", 0, "V1", "x"))
    after = replace(after, settings=Settings(gap="0.01", seed=9, threads=2), round=replace(after.round, id="other"))
    listed = changes(before, after)
    assert {change.field for change in listed} == {"title", "cite", "gap", "seed", "threads", "id"}
    assert not [change for change in listed if change.cause]
    found = causes(before, after, _plan(before), _plan(before), Clock())
    assert (found.tried, found.untried, found.joint, found.open) == ((), (), (), ())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_the_ledger_brought_is_told_as_what_happened(lang: str) -> None:
    """Locks and states of a parcel are one change, told as adopted, sold or failed; it explains its move."""
    before = _round()
    book = State()
    book.adopted.append(Adopted(("P02",), "D02", "listing", "Doc 3", "2026-01-02", 1))
    book.status.update(P01="failed", P02="contracted")
    book.failed_times.update(P01=1)
    after = apply(before, book)
    found = [change for change in changes(before, after) if change.kind == "ledger"]
    assert [(change.id, change.was, change.now) for change in found] == [
        ("P01", "candidate", "failed"),
        ("P02", "candidate", "contracted"),
    ]
    assert len(changes(before, after)) == 2
    both = with_change(with_change(before, after, found[0]), after, found[1])
    assert (both.rules, dict(both.parcels.columns)) == (after.rules, dict(after.parcels.columns))
    old, new = _plan(before), _plan(after)
    told = moves(old, new)
    told["changes"] = [change.as_dict() for change in found]
    told |= causes(before, after, old, new, Clock()).as_dict()
    text = render_answer("compare", told, lang)
    assert ("failed at auction" if lang == "en" else "流拍") in text
    assert ("sold" if lang == "en" else "已成交") in text
    assert "ledger.0" not in text


@pytest.mark.parametrize("seed", planned(6))
def test_every_change_applied_makes_the_other_case(seed: int) -> None:
    """All units of change one after the other turn the first case into the second: nothing is lost between them."""
    before, other = random_case(seed), random_case(seed + 1)
    same = {name: getattr(before, name) for name in ("methods", "calendar", "sources", "inputs", "notes", "packs")}
    after = replace(other, **same)
    now = before
    for change in changes(before, after):
        now = with_change(now, after, change)
    assert now.rules == after.rules
    assert now.objective == after.objective
    assert now.parcels.ids == after.parcels.ids
    assert now.demands.ids == after.demands.ids
    for mine, theirs in ((now.parcels, after.parcels), (now.demands, after.demands)):
        for name in {*mine.columns, *theirs.columns}:
            assert mine.column(name) == theirs.column(name)


def test_a_parcel_dropped_is_tried_as_one_change() -> None:
    """A parcel that is gone takes its neighbours with it; the run without it explains the move."""
    before = _round()
    kept = [row for row, name in enumerate(before.parcels.ids) if name != "P01"]
    columns = {name: tuple(column[row] for row in kept) for name, column in before.parcels.columns.items()}
    table = FactTable(tuple(before.parcels.ids[row] for row in kept), columns)
    after = replace(before, parcels=table, neighbours=Neighbours((), ()))
    [change] = changes(before, after)
    assert (change.kind, change.id, change.now) == ("parcel", "P01", "absent")
    assert with_change(before, after, change).neighbours == after.neighbours
    old, new = _plan(before), _plan(after)
    found = causes(before, after, old, new, Clock())
    assert [cause.change.id for cause in found.tried] == ["P01"]
    assert set(found.tried[0].explains) == {entry["parcel_id"] for entry in moves(old, new)["parcels"]}
    back = causes(after, before, new, old, Clock())
    assert with_change(after, before, back.tried[0].change).neighbours == before.neighbours


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_was_not_tried_is_never_joint(lang: str) -> None:
    """With a limit on changes, or no time, moves nobody explains are open, and what was not tried is named."""
    before = _round()
    after = _amounts(before, "p.quota", {("A",): 0, ("B",): 0})
    old, new = _plan(before), _plan(after)
    assert moves(old, new)["parcels"]
    for found in (causes(before, after, old, new, Clock(), most=1), causes(before, after, old, new, Clock(0))):
        assert found.untried
        assert found.joint == ()
        text = render_answer("compare", {**moves(old, new), "changes": [], **found.as_dict()}, lang)
        assert ("Not tried: p.quota" if lang == "en" else "未试：p.quota") in text
        assert ("Joint effect" if lang == "en" else "共同作用") not in text
    whole = causes(before, after, old, new, Clock())
    assert (whole.untried, whole.open) == ((), ())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_scores_within_the_gaps_are_said_to_be_so(lang: str) -> None:
    """Two plans whose bounds reach over each other's scores are not told apart by them."""
    round_, _, _ = decided(planned(1)[0])
    one = _plan(round_)
    tier = one["result"]["tiers"][0]
    other = {**one, "result": {**one["result"], "tiers": [{**tier, "objective": tier["objective"] - 5}]}}
    said = "within the gaps of both plans" if lang == "en" else "在两方案的差距之内"
    told = {**moves(one, other), "changes": []}
    assert told["tiers"][0]["apart"] is False
    assert said in render_answer("compare", told, lang)
    other["result"]["tiers"][0]["bound"] = tier["objective"] - 5
    assert said not in render_answer("compare", {**moves(one, other), "changes": []}, lang)


def test_a_plan_kept_is_one_change() -> None:
    """The preferences for staying with a plan are one change, however many there are."""
    before = _round()
    keep = [
        Rule(f"keep.{n:05d}", "preference", Bilingual("a", "a"),
             Cite("P-1", "", "h", 0, "V1", "plan"), "2026-01-01", None,
             "use == 'IND'", {"methods": ["listing"], "points": 9, "points_per_ha": 0, "reason": "least change"},
             origin="keep")
        for n in (1, 2)
    ]  # fmt: skip
    after = replace(before, rules=tuple(sorted((*before.rules, *keep), key=lambda rule: rule.id)))
    [change] = changes(before, after)
    assert (change.kind, change.was, change.now) == ("kept", "none", "P-1")
    assert with_change(before, after, change).rules == after.rules
