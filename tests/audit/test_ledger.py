"""The ledger: nothing lost, nothing rewritten unseen, and what it means for the next plan (FAULTS 75, 76, 79-81)."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from constraints.audit import audit_plan
from landopt import rounddesk
from landopt.ledger import START, Entry, Ledger, entry_hash
from landopt.rounds import apply, keep, state
from parcels.issues import Environment, Refused
from tests.audit.folders import Small, small, write
from tests.builders import case, demand, eligibility, parcel

ROOT = Path(__file__).parents[2]


def _filled(path: Path, count: int = 12) -> None:
    with Ledger(path, create=True) as book:
        for number in range(count):
            book.append("open", f"R{number}", {"by": "officer-2", "number": number})


def _append_many(path: str, who: int) -> None:
    for number in range(100):
        with Ledger(path) as book:
            book.append("open", f"w{who}-{number}", {"by": str(who)})


def test_four_writers_lose_nothing(tmp_path: Path):
    """Four processes append a hundred entries each: four hundred entries in one unbroken chain."""
    path = tmp_path / "ledger.sqlite"
    with Ledger(path, create=True):
        pass
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(str(path), who)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    with Ledger(path) as book:
        entries = book.entries()
        assert [issue for issue in book.problems() if issue.level == "error"] == []
    assert len(entries) == 400
    assert len({entry.round for entry in entries}) == 400
    assert [entry.seq for entry in entries] == list(range(1, 401))


def test_updates_and_deletes_are_refused(tmp_path: Path):
    """The triggers hold against SQL."""
    _filled(tmp_path / "l")
    raw = sqlite3.connect(tmp_path / "l")
    for statement in (
        "UPDATE entries SET body = '{}'",
        "DELETE FROM entries",
        "INSERT INTO entries VALUES (99,'','open','','{}','','x')",
    ):
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|follow"):
            raw.execute(statement)
    raw.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entries SET body = replace(body, 'officer-2', 'officer-3') WHERE seq = 5", "entry 5 was altered"),
        ("UPDATE entries SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 5", "entry 5 was altered"),
        ("UPDATE entries SET body = 'not json' WHERE seq = 5", "entry 5 was altered"),
        ("DELETE FROM entries WHERE seq = 5", "entries 5 to 5 are missing"),
        ("DELETE FROM entries WHERE seq < 3", "entries 1 to 2 are missing"),
        ("UPDATE entries SET prev = hash WHERE seq = 5", "entry 5 does not follow"),
    ],
)
def test_altered_ledger_is_reported_and_not_extended(tmp_path: Path, statement: str, said: str):
    """FAULTS 80: an entry changed or a hole is named by number, and nothing is appended."""
    _filled(tmp_path / "l")
    raw = sqlite3.connect(tmp_path / "l")
    raw.executescript("DROP TRIGGER entries_keep; DROP TRIGGER entries_stay;" + statement)
    raw.commit()
    raw.close()
    with Ledger(tmp_path / "l") as book:
        assert any(said in issue.what for issue in book.problems())
        with pytest.raises(Refused) as refused:
            book.append("open", "late", {})
        assert refused.value.issues[0].code == "B080"
        assert all(entry.round != "late" for entry in book.entries())


def test_cut_tail_shows_by_the_head_on_the_plan(tmp_path: Path):
    """A chain cut at its end is whole in itself; the head printed on a plan is no longer there."""
    _filled(tmp_path / "l")
    with Ledger(tmp_path / "l") as book:
        plan = {"ledger_head": book.head()}
        assert rounddesk.ledger_issues(tmp_path / "l", plan) == []
    raw = sqlite3.connect(tmp_path / "l")
    raw.executescript("DROP TRIGGER entries_stay; DELETE FROM entries WHERE seq > 8;")
    raw.close()
    with Ledger(tmp_path / "l") as book:
        assert book.problems() == []
    found = rounddesk.ledger_issues(tmp_path / "l", plan)
    assert [issue.code for issue in found] == ["B080"]


def test_clock_that_went_back_is_told_and_order_kept(tmp_path: Path):
    """FAULTS 76: the order is by number."""
    with Ledger(tmp_path / "l", create=True) as book:
        book.append("open", "a", {}, at="2026-05-02T00:00:00+00:00")
        book.append("open", "b", {}, at="2026-05-01T00:00:00+00:00")
        assert book.warnings[0].code == "B076"
        assert [issue.level for issue in book.problems()] == ["warning"]
        assert [entry.round for entry in book.entries()] == ["a", "b"]
        book.append("open", "c", {})


def test_newer_or_foreign_files_are_refused(tmp_path: Path):
    """FAULTS 81: a newer version, another application's file, no database at all."""
    _filled(tmp_path / "l", 1)
    raw = sqlite3.connect(tmp_path / "l")
    raw.execute("PRAGMA user_version = 2")
    raw.close()
    with pytest.raises(Refused, match="version 2"):
        Ledger(tmp_path / "l")
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE t (x)")
    other.commit()
    other.close()
    with pytest.raises(Refused, match="is not a ledger"):
        Ledger(tmp_path / "other")
    (tmp_path / "text").write_bytes(b"no database " * 100)
    with pytest.raises(Refused):
        Ledger(tmp_path / "text")
    with pytest.raises(Refused, match="there is no ledger"):
        Ledger(tmp_path / "none")


def test_disk_without_shared_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """FAULTS 79: where write-ahead logging is not to be had (network drives), the ledger warns and works."""
    real = sqlite3.connect

    class Plain(sqlite3.Connection):
        def execute(self, sql: str, *more: object) -> sqlite3.Cursor:  # type: ignore[override]
            return super().execute("PRAGMA journal_mode = DELETE" if "WAL" in sql else sql, *more)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=Plain))
    with Ledger(tmp_path / "l", create=True) as book:
        assert book.warnings[0].code == "B079"
        assert book.append("open", "a", {}).seq == 1


@pytest.mark.parametrize(
    "message", ["database or disk is full", "disk I/O error", "attempt to write a readonly database"]
)
def test_full_or_broken_disk_leaves_the_ledger_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str):
    """FAULTS 75: an error at any statement of an append ends in exit 6 with the old state."""
    _filled(tmp_path / "l", 3)
    real = sqlite3.connect
    plan = {"at": -1, "calls": 0}

    class Failing(sqlite3.Connection):
        def execute(self, sql: str, *more: object) -> sqlite3.Cursor:  # type: ignore[override]
            plan["calls"] += 1
            if plan["calls"] == plan["at"]:
                raise sqlite3.OperationalError(message)
            return super().execute(sql, *more)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=Failing))
    failed = 0
    for at in range(1, 25):
        plan.update(at=at, calls=0)
        try:
            with Ledger(tmp_path / "l") as book:
                book.append("open", "extra", {})
        except Environment as trouble:
            failed += 1
            assert trouble.exit_code == 6  # noqa: PT017
        plan["at"] = -1
        with Ledger(tmp_path / "l") as book:
            assert [issue for issue in book.problems() if issue.level == "error"] == []
    assert failed >= 8


KILLED = """
import sys
sys.path.insert(0, {root!r})
from landopt.ledger import Ledger
with Ledger({path!r}) as book:
    print("ready", flush=True)
    for number in range(100000):
        entry = book.append("open", "r", {{"number": number}})
        print(entry.seq, flush=True)
"""


@pytest.mark.slow
def test_killed_at_fifty_moments_loses_nothing_said(tmp_path: Path):
    """kill -9 at 50 moments: every entry that was reported is there, the chain holds, and appending goes on."""
    path = tmp_path / "l"
    _filled(path, 1)
    code = KILLED.format(root=str(ROOT), path=str(path))
    for moment in range(50):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.002 * (moment + 1))
        child.kill()
        said = [int(line) for line in child.stdout.read().split("\n") if line.isdigit()]
        child.wait()
        child.stdout.close()
        with Ledger(path) as book:
            assert book.problems() == []
            assert max(said, default=0) <= len(book.entries())
            book.append("open", "after", {"moment": moment})
        if len(said) > 400:
            path.unlink()
            _filled(path, 1)


def _entry(seq: int, kind: str, body: dict[str, object]) -> Entry:
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


def test_state_folds_adoptions_and_results():
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


def test_adopted_assignments_bind_the_next_plan(tmp_path: Path):
    """With the ledger applied, every lawful plan holds the adopted assignment, and the plan passes the audit."""
    free = _round()
    body = {"document": "Doc 1", "date": "2026-03-01"}
    body["assignments"] = [{"parcel_ids": ["P03"], "demand_id": "D03", "method": "listing"}]  # type: ignore[assignment]
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


def test_change_cost_keeps_the_old_plan(tmp_path: Path):
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


def test_a_round_from_open_to_close(tmp_path: Path):
    """Open, adopt, record, close; show holds it all and the chain stands."""
    one = _round()
    place, plan = _desk(tmp_path, one)
    with pytest.raises(Refused, match="there is no ledger"):
        rounddesk.adopt(place, plan, document="Doc", date="2026-04-01", by="x")
    opened = rounddesk.open_round(place, "officer-2")
    assert opened.body["inputs"][0]["name"] == "round.toml"
    with pytest.raises(Refused, match="opened before"):
        rounddesk.open_round(place)
    adopted = rounddesk.adopt(place, plan, document="穗规划资源函〔2026〕12号", date="2026-04-01", by="officer-2")
    names = [item["parcel_ids"][0] for item in adopted.body["assignments"]]
    results = tmp_path / "results.csv"
    results.write_bytes(f"宗地编号,结果,日期,成交价,文件\n{names[0]},流拍,2026-05-01,,第9号\n".encode("gb18030"))
    rounddesk.record(place, results, "officer-2")
    rounddesk.close(place, "officer-2")
    with pytest.raises(Refused, match="is not open"):
        rounddesk.close(place)
    shown = rounddesk.show(place.ledger)
    assert [entry["kind"] for entry in shown["entries"]] == ["open", "adopt", "record", "close"]
    assert shown["problems"] == []
    assert shown["state"]["closed_rounds"] == [place.id]
    json.dumps(shown)
    for lang in ("en", "zh"):
        assert shown["head"] in rounddesk.text(shown, lang)[0]


def test_results_with_faults_are_refused_all_at_once(tmp_path: Path):
    """Every row's fault is named; nothing is recorded."""
    one = _round()
    place, plan = _desk(tmp_path, one)
    rounddesk.open_round(place)
    rounddesk.adopt(place, plan, document="Doc", date="2026-04-01", by="x")
    head = rounddesk.show(place.ledger)["head"]
    results = tmp_path / "results.csv"
    lines = ["P99,failed,2026-05-01,", "P01,sold,2026-05-01,", "P01,failed,1 May,", "P01,contracted,2026-05-01,12.5"]
    text = "\n".join(["parcel_id,outcome,date,price_yuan", *lines, ""])
    results.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        rounddesk.record(place, results)
    assert [issue.code for issue in refused.value.issues] == ["B021", "B022", "B024", "B023"]
    results.write_text("parcel,what\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        rounddesk.record(place, results)
    assert len(refused.value.issues) == 3
    assert rounddesk.show(place.ledger)["head"] == head


def test_plan_that_does_not_stand_is_not_adopted(tmp_path: Path):
    """Exit 5, and the ledger unchanged."""
    one = _round()
    place, plan = _desk(tmp_path, one)
    rounddesk.open_round(place)
    head = rounddesk.show(place.ledger)["head"]
    content = json.loads((plan / "plan.json").read_bytes())
    content["assignments"][0]["expected_price_yuan"] += 1
    (plan / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(rounddesk.NotStanding) as refused:
        rounddesk.adopt(place, plan, document="Doc", date="2026-04-01", by="x")
    assert refused.value.exit_code == 5
    assert rounddesk.show(place.ledger)["head"] == head


def test_byte_flips_in_the_ledger_are_found(tmp_path: Path):
    """Any changed byte in an entry's text, time, kind or hash is found."""
    _filled(tmp_path / "l", 4)
    with Ledger(tmp_path / "l") as book:
        book._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        texts = [entry.hash for entry in book.entries()] + ["officer-2", entry_hash.__name__]
    raw = (tmp_path / "l").read_bytes()
    draw, missed = Random(3), 0
    spots = [
        at for text in texts[:-1] for at in range(max(0, raw.find(text.encode())), raw.find(text.encode()) + len(text))
    ]
    for _ in range(100):
        at = draw.choice(spots)
        flipped = bytearray(raw)
        flipped[at] ^= 1 << draw.randrange(7)
        place = tmp_path / "flipped"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / "l").write_bytes(bytes(flipped))
        try:
            with Ledger(place / "l") as book:
                missed += not any(issue.level == "error" for issue in book.problems())
        except (Refused, Environment):
            continue
    assert missed == 0
