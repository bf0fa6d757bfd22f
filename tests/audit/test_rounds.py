"""Rounds over time: adoptions bind the next plan, results return parcels, changes have a cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from constraints.audit.run import audit_plan
from constraints.types import STRICTNESS
from landopt.keeping.ledger import round_steps as rounddesk
from landopt.keeping.ledger.adoption import NotStanding
from landopt.keeping.ledger.chain import START, Entry, entry_hash
from landopt.keeping.ledger.rounds import apply, keep, state
from parcels.common.frozen import FactTable
from parcels.common.issues import Refused, error
from parcels.common.place import within
from tests.audit.folders import Small, small, write
from tests.builders import case, demand, eligibility, parcel

ROOT = Path(__file__).parents[2]


def _entry(seq: int, kind: str, body: Mapping[str, object]) -> Entry:
    return Entry(
        seq, "2026-04-01T00:00:00+00:00", kind, "R1", body, START, entry_hash(seq, "", kind, "R1", body, START)
    )


ADOPTED = {
    "document": "穗规划资源函〔2026〕12号",
    "date": "2026-04-01",
    "assignments": [
        {"parcel_ids": ["P01"], "demand_id": "D01", "method": "listing", "term_years": 50, "period": None},
        {"parcel_ids": ["P02", "P03"], "demand_id": "D02", "method": "lease", "term_years": 20, "period": None},
    ],
}


def _result(name: str, outcome: str) -> dict[str, object]:
    return {"parcel_id": name, "outcome": outcome, "date": "2026-05-01", "price_yuan": None, "document": "第9号"}


def test_state_folds_adoptions_and_results() -> None:
    """Adopted is locked; failed and lapsed return with their history; withdrawn is held; contracted counts."""
    found = state([_entry(1, "open", {}), _entry(2, "adopt", ADOPTED)])
    assert [one.parcel_ids for one in found.adopted] == [("P01",), ("P02", "P03")]
    found = state([_entry(2, "adopt", ADOPTED), _entry(3, "record", {"results": [_result("P01", "failed")]})])
    assert found.status["P01"] == "failed"
    assert found.failed_times["P01"] == 1
    assert [one.parcel_ids for one in found.adopted] == [("P02", "P03")]
    assert [line["outcome"] for line in found.history["P01"]] == ["adopted", "failed"]
    found = state([_entry(2, "adopt", ADOPTED), _entry(3, "record", {"results": [_result("P02", "lapsed")]})])
    assert found.status["P02"] == "candidate"
    assert [one.parcel_ids for one in found.adopted] == [("P01",)]
    found = state([_entry(2, "adopt", ADOPTED), _entry(3, "record", {"results": [_result("P01", "withdrawn")]})])
    assert found.status["P01"] == "withdrawn"
    found = state([_entry(2, "adopt", ADOPTED), _entry(3, "record", {"results": [_result("P01", "contracted")]})])
    assert found.status["P01"] == "contracted"
    assert ("P01",) in [one.parcel_ids for one in found.adopted]


def _round() -> Small:
    land = [parcel(), parcel(district="B"), parcel()]
    wants = [demand(), demand(priority=90), demand(priority=10)]
    rules = [eligibility("t.no", "use != 'IND'", listing="forbid")]
    return small(case(land, wants, rules))


def _after(method: str, *results: dict[str, object]) -> Small:
    """The round after P03 was adopted for D03, the least wanted, and the results recorded."""
    lines = [{"parcel_ids": ["P03"], "demand_id": "D03", "method": method}]
    body = {"document": "Doc 1", "date": "2026-03-01", "assignments": lines}
    entries = [_entry(1, "adopt", body), *([_entry(2, "record", {"results": list(results)})] if results else [])]
    free = _round().case
    names = FactTable(free.demands.ids, {**free.demands.columns, "name": ("甲", "乙", "丙｜Third")})
    return small(apply(replace(free, demands=names), state(entries)))


@pytest.mark.parametrize(
    ("method", "outcome", "taken_by", "verdicts"),
    [
        ("agreement", "contracted", "", "forbid"),
        ("agreement", "announced", "", "forbid"),
        ("listing", "announced", "", "forbid"),  # on offer: not before it is known who takes it
        ("listing", "contracted", "D03", "forbid"),
        ("listing", "contracted", "Third", "forbid"),
        ("listing", "contracted", "丙", "forbid"),
        ("listing", "contracted", "", "condition"),
        ("listing", "contracted", "某公司", None),
        ("listing", "failed", "", None),
        ("agreement", "lapsed", "", None),
    ],
)
def test_a_platform_that_has_its_site_gets_no_other(
    tmp_path: Path, method: str, outcome: str, taken_by: str, verdicts: str | None
) -> None:
    """Announced or contracted: no second site; sold by competition: it hangs on who took it. The audit agrees."""
    made = _after(method, {**_result("P03", outcome), "taken_by": taken_by})
    rules = [rule for rule in made.case.rules if rule.id.endswith(".served")]
    assert [set(rule.spec["verdict"].values()) for rule in rules] == ([] if verdicts is None else [{verdicts}])
    wants = made.case.demands.ids
    mine = [offer for offer in made.offers if offer.demand is not None and wants[offer.demand] == "D03"]
    if verdicts == "forbid":
        assert not mine
    else:
        assert mine
        assert verdicts is None or {offer.verdict for offer in mine} == {STRICTNESS["condition"]}
    assert any(offer.demand == 0 for offer in made.offers)
    write(tmp_path / "plan", made)
    assert audit_plan(tmp_path / "plan", complete=True).stands


def test_adopted_assignments_bind_the_next_plan(tmp_path: Path) -> None:
    """With the ledger applied, every lawful plan holds the adopted assignment, and the plan passes the audit."""
    free = _round()
    lines = [{"parcel_ids": ["P03"], "demand_id": "D03", "method": "listing"}]
    body = {"document": "Doc 1", "date": "2026-03-01", "assignments": lines}
    bound = small(apply(free.case, state([_entry(1, "adopt", body)])))
    taken = {(bound.case.parcels.ids[o.site[0]], o.demand) for o in (bound.offers[k] for k in bound.chosen)}
    assert ("P03", 2) in taken
    write(tmp_path / "plan", bound)
    report = audit_plan(tmp_path / "plan", complete=True)
    assert report.stands, report.breaches
    gone = small(apply(free.case, state([_entry(1, "record", {"results": [_result("P01", "withdrawn")]})])))
    assert all(0 not in gone.offers[k].site for k in gone.chosen)
    failed = apply(free.case, state([_entry(1, "record", {"results": [_result("P01", "failed")]})]))
    assert failed.parcels.column("status")[0] == "failed"
    assert failed.parcels.column("failed_times")[0] == 1


def test_change_cost_keeps_the_old_plan(tmp_path: Path) -> None:
    """``--keep PLAN --change-cost N``: high enough, the old assignments stay; the preference is audited too."""
    old = _round()
    plan = write(tmp_path / "plan", old)
    facts = [dict(row) for row in old.case.demands.rows()]
    for row, priority in zip(facts, (10, 20, 90), strict=True):
        row["priority"] = priority
    changed = case([dict(row) for row in old.case.parcels.rows()], facts, old.case.rules)
    kept = small(keep(changed, plan, 1_000_000))
    before = {(tuple(a["parcel_ids"]), a["demand_id"], a["method"]) for a in plan["assignments"]}
    ids, who = kept.case.parcels.ids, kept.case.demands.ids
    after = {
        (tuple(ids[p] for p in o.site), who[o.demand] if o.demand is not None else None, kept.case.methods[o.method].id)
        for o in (kept.offers[k] for k in kept.chosen)
    }
    assert before <= after
    write(tmp_path / "next", kept)
    assert audit_plan(tmp_path / "next", complete=True).stands


def _desk(tmp_path: Path, one: Small) -> tuple[rounddesk.RoundPlace, Path]:
    place = rounddesk.RoundPlace(one.case.round.id, tmp_path / "round", tmp_path / "round" / rounddesk.LEDGER)
    place.folder.mkdir()
    (place.folder / "round.toml").write_text("# a round\n", encoding="utf-8")
    write(place.folder / "plan", one)
    return place, place.folder / "plan"


def test_a_round_from_open_to_close(tmp_path: Path) -> None:
    """Open, adopt, record, close; show holds it all and the chain stands."""
    one = _round()
    place, plan = _desk(tmp_path, one)
    with pytest.raises(Refused, match="there is no ledger"):
        rounddesk.adopt(place, plan, document="Doc", date="2026-04-01", by="x", sourceless=True)
    opened = rounddesk.open_round(place, "officer-2")
    assert opened.body["inputs"][0]["name"] == "round.toml"
    with pytest.raises(Refused, match="opened before"):
        rounddesk.open_round(place, "x")
    adopted = rounddesk.adopt(
        place, plan, document="穗规划资源函〔2026〕12号", date="2026-04-01", by="officer-2", sourceless=True
    )
    names = [item["parcel_ids"][0] for item in adopted.body["assignments"]]
    results = tmp_path / "results.csv"
    results.write_bytes(f"宗地编号,结果,日期,成交价,文件\n{names[0]},流拍,2026-05-01,,第9号\n".encode("gb18030"))
    rounddesk.record(place, results, "officer-2")
    rounddesk.close(place, "officer-2")
    with pytest.raises(Refused, match="is closed"):
        rounddesk.close(place, "x")
    shown = rounddesk.show(place.ledger)
    assert [entry["kind"] for entry in shown["entries"]] == ["open", "adopt", "record", "close"]
    assert shown["problems"] == []
    assert shown["state"]["closed_rounds"] == [place.id]
    json.dumps(shown)
    for lang in ("en", "zh"):
        assert shown["head"] in rounddesk.text(shown, lang)[0]


def test_results_with_faults_are_refused_all_at_once(tmp_path: Path) -> None:
    """Every row's fault is named; nothing is recorded."""
    one = _round()
    place, plan = _desk(tmp_path, one)
    rounddesk.open_round(place, "x")
    rounddesk.adopt(place, plan, document="Doc", date="2026-04-01", by="x", sourceless=True)
    head = rounddesk.show(place.ledger)["head"]
    results = tmp_path / "results.csv"
    lines = ["P99,failed,2026-05-01,", "P01,sold,2026-05-01,", "P01,failed,1 May,", "P01,contracted,2026-05-01,12.5"]
    text = "\n".join(["parcel_id,outcome,date,price_yuan", *lines, ""])
    results.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        rounddesk.record(place, results, "x")
    assert [issue.code for issue in refused.value.issues] == ["B021", "B022", "B024", "B023"]
    results.write_text("parcel,what\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        rounddesk.record(place, results, "x")
    assert len(refused.value.issues) == 3
    assert rounddesk.show(place.ledger)["head"] == head


def test_plan_that_does_not_stand_is_not_adopted(tmp_path: Path) -> None:
    """Exit 5, and the ledger unchanged."""
    one = _round()
    place, plan = _desk(tmp_path, one)
    rounddesk.open_round(place, "x")
    head = rounddesk.show(place.ledger)["head"]
    content = json.loads((plan / "plan.json").read_bytes())
    content["assignments"][0]["expected_price_yuan"] += 1
    (plan / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(NotStanding) as refused:
        rounddesk.adopt(place, plan, document="Doc", date="2026-04-01", by="x", sourceless=True)
    assert refused.value.exit_code == 5
    assert rounddesk.show(place.ledger)["head"] == head


def test_the_ledger_is_shown_in_chinese_and_not_relied_on_when_altered() -> None:
    """Kinds, outcomes and problems are told in Chinese; a ledger that was altered says nothing is in force."""
    entry = {"seq": 1, "at": "2026-01-01T00:00:00+00:00", "round": "r", "kind": "record"}
    body = {"results": [{"outcome": "failed"}]}
    shown = {"ledger": "l", "head": "h", "entries": [{**entry, "body": body}], "problems": [], "state": {"adopted": []}}
    assert "登记" in rounddesk.text(shown, "zh")[1]
    assert "流拍" in rounddesk.text(shown, "zh")[1]
    assert rounddesk.text(shown, "zh")[-1] == "0 项已批准安排有效"
    problem = error("B080.entry-altered", at=within("l", entry=1), seq=1)
    told = rounddesk.text({**shown, "problems": [problem]}, "zh")
    assert "第 1 条被改动" in "".join(told)
    assert told[-1] == "台账不可采信。"
    assert "altered" in "".join(rounddesk.text({**shown, "problems": [problem]}, "en"))


def test_results_may_come_in_utf_16(tmp_path: Path) -> None:
    """As "Unicode text" saved from Excel; bytes of no known encoding are refused, not replaced."""
    path = tmp_path / "results.csv"
    path.write_bytes("宗地编号,结果,日期\nP01,流拍,2026-05-01\n".encode("utf-16"))
    assert rounddesk.read_results(path, {"P01"})[0]["outcome"] == "failed"
    path.write_bytes("宗地编号,结果,日期\n".encode() + b"\xff\x81\xff\n")
    with pytest.raises(Refused, match="neither UTF-8 nor GB18030"):
        rounddesk.read_results(path, {"P01"})
