"""Adoptions at the desk, backups, damaged ledgers, receipts."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import Result

from constraints.canonical import canonical
from landopt.keeping.ledger import round_steps
from landopt.keeping.ledger.chain import Ledger
from landopt.keeping.sealing.seal import receipt, seal
from parcels.common.issues import Refused
from tests.audit.folders import Small, small, write
from tests.audit.ledgers import adopt, call, opened
from tests.builders import case, demand, eligibility, parcel

# --- the desk --------------------------------------------------------------------------------------------------------


def _round() -> Small:
    rules = [eligibility("t.no", "use != 'IND'", listing="forbid")]
    return small(case([parcel(), parcel(district="B"), parcel()], [demand(), demand(priority=90)], rules))


def _desk(tmp_path: Path, one: Small) -> tuple[round_steps.RoundPlace, Path]:
    place = round_steps.RoundPlace(one.case.round.id, tmp_path / "round", tmp_path / "round" / round_steps.LEDGER)
    place.folder.mkdir()
    write(place.folder / "plan", one)
    return place, place.folder / "plan"


def _adopt(place: round_steps.RoundPlace, plan: Path, document: str = "Doc 1", **words: Any) -> None:
    round_steps.adopt(place, plan, document=document, date="2026-04-01", by="x", sourceless=True, **words)


def test_a_second_adoption_is_refused_unless_the_first_is_superseded(tmp_path: Path) -> None:
    """With a reason, in an entry of its own, before the second; the first then no longer bears a plan out."""
    place, plan = _desk(tmp_path, _round())
    round_steps.open_round(place, "x")
    _adopt(place, plan)
    for reason in (None, "", " "):
        with pytest.raises(Refused) as refused:
            _adopt(place, plan, supersedes=reason)
        assert refused.value.issues[0].key == "B093.second"
    assert [issue.key for issue in round_steps.ledger_findings(place.ledger, plan, None, ())][-1] == "B094.found"
    first = shutil.copytree(plan, tmp_path / "first")
    (first / "adoption.json").unlink()
    content = json.loads((plan / "plan.json").read_bytes())
    _adopt(place, plan, "Doc 2", supersedes="new facts")
    kinds = [entry["kind"] for entry in round_steps.show(place.ledger)["entries"]]
    assert kinds == ["open", "adopt", "supersede", "adopt"]
    assert round_steps.show(place.ledger)["entries"][2]["body"]["reason"] == "new facts"
    assert {one["document"] for one in round_steps.show(place.ledger)["state"]["adopted"]} == {"Doc 2"}
    content["x"] = 1
    (first / "plan.json").write_bytes(canonical(content))
    assert [issue.key for issue in round_steps.ledger_findings(place.ledger, first, None, ())][-1] == "B092.none"


def test_an_adopted_plan_prints_the_head_after_its_entry(tmp_path: Path, keys: Path) -> None:
    """adoption.json says what the entry says; another one is a breach; the paper prints it."""
    from landopt.keeping.ledger.adoption_paper import read_adoption

    place, plan = _desk(tmp_path, _round())
    round_steps.open_round(place, "x", [keys / "a.pub.pem"])
    _adopt(place, plan, key=[keys / "a.pem"])
    with Ledger(place.ledger) as book:
        entry = next(each for each in book.entries() if each.kind == "adopt")
    paper = read_adoption(plan)
    assert paper is not None
    assert (paper.entry, paper.head, paper.document) == (entry.seq, entry.hash, "Doc 1")
    for lang in ("en", "zh"):
        assert entry.hash in paper.line(lang)
        assert "印章" not in paper.line(lang)
    done = call("audit", plan, "--ledger", place.ledger)
    assert "rollback and rewriting not checked" in done.output
    assert entry.hash in done.output
    found_ = json.loads((plan / "adoption.json").read_bytes())
    for name, value in (("document", "Doc 9"), ("head", "00" * 32), ("entry", 1), ("signers", [])):
        (plan / "adoption.json").write_bytes(canonical({**found_, name: value}))
        done = call("audit", plan, "--ledger", place.ledger)
        assert done.exit_code == 5, name
        assert "adoption.json" in done.output


def test_a_plan_never_adopted_does_not_pass_the_ledger(tmp_path: Path) -> None:
    """Exit 5 with the code, in both languages."""
    place, plan = _desk(tmp_path, _round())
    round_steps.open_round(place, "x")
    for lang in ("en", "zh"):
        done = call("audit", plan, "--ledger", place.ledger, lang=lang)
        assert done.exit_code == 5
        assert "B092" in done.output


def test_backup_and_witness_by_command(tmp_path: Path) -> None:
    """A whole copy at a free place; a place that is taken is refused, and stays."""
    with Ledger(tmp_path / "l", create=True) as book:
        book.append("open", "R", {"by": "x", "inputs": []})
    done = call("round", "backup", tmp_path / "l", tmp_path / "b" / "l")
    assert done.exit_code == 0, done.output
    with Ledger(tmp_path / "b" / "l") as copy:
        assert len(copy.entries()) == 1
    assert call("round", "backup", tmp_path / "l", tmp_path / "b" / "l").exit_code == 1
    done = call("round", "witness", tmp_path / "l", tmp_path / "w.txt", "--json")
    assert json.loads(done.stdout)["entries"] == 1
    (tmp_path / "w.txt").write_text("mine")
    done = call("round", "witness", tmp_path / "l", tmp_path / "w.txt", "--json")
    assert json.loads(done.stdout)["file"].endswith("w-2.txt")
    assert (tmp_path / "w.txt").read_text() == "mine"


def test_a_copy_of_the_one_file_holds_every_entry(tmp_path: Path) -> None:
    """No write-ahead log: while the ledger is open and after each entry, the file alone is whole."""
    with Ledger(tmp_path / "l", create=True) as book:
        for number in range(1, 6):
            book.append("open", f"R{number}", {"by": "x", "inputs": []})
            shutil.copy(tmp_path / "l", tmp_path / "copy")
            assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "l"]
            with Ledger(tmp_path / "copy", read_only=True) as copy:
                assert len(copy.entries()) == number
            (tmp_path / "copy").unlink()


def test_a_ledger_with_a_write_ahead_log_is_taken_over_whole(tmp_path: Path) -> None:
    """A ledger of an earlier landopt is put into the one file when it is next opened to write."""
    with Ledger(tmp_path / "l", create=True) as book:
        book.append("open", "R1", {"by": "x", "inputs": []})
    raw = sqlite3.connect(tmp_path / "l")
    raw.execute("PRAGMA journal_mode = WAL")
    raw.close()
    with Ledger(tmp_path / "l") as book:
        book.append("open", "R2", {"by": "x", "inputs": []})
        assert [path.name for path in tmp_path.iterdir()] == ["l"]


DAMAGE = ("byte", "cut", "zero", "body", "type", "kind", "hole", "order", "form", "deep", "number", "text")


def damaged(path: Path, how: str, random: Random) -> None:
    """Harm a ledger in one of twelve ways."""
    content = bytearray(path.read_bytes())
    if how == "byte":
        for _ in range(random.choice([1, 5, 200])):
            content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    elif how == "cut":
        del content[random.randrange(len(content)) :]
    elif how == "zero":
        start = random.randrange(len(content))
        content[start : start + random.choice([16, 512, 4096])] = bytes(random.choice([16, 512, 4096]))
    if how in ("byte", "cut", "zero"):
        path.write_bytes(content)
        return
    seq = random.randrange(1, 5)
    deep = "[" * 5000 + "]" * 5000
    form = json.dumps({"assignments": random.choice([1, [1], [{}], [{"parcel_ids": 1}]])})
    wild = random.choice(['{"a":1e999}', '{"a":NaN}', '{"a":1.5}', '{"a":' + "9" * 5000 + "}"])
    change = {
        "body": f"body = '{random.choice(['not json', '[]', '1', 'null', '{', '{}'])}' WHERE seq = {seq}",
        "type": f"body = x'ff00ff' WHERE seq = {seq}",
        "kind": f"kind = '{random.choice(['', 'adopt', 'sign', 'x', 'record'])}' WHERE seq = {seq}",
        "hole": None,
        "order": f"seq = seq + 100 WHERE seq = {seq}",
        "form": f"body = '{form}' WHERE seq = 2",
        "deep": f"body = '{{\"a\":{deep}}}' WHERE seq = {seq}",
        "number": f"body = '{wild}' WHERE seq = {seq}",
        "text": f"at = CAST(x'fffe80' AS TEXT) WHERE seq = {seq}",
    }[how]
    raw = sqlite3.connect(path)
    raw.executescript("DROP TRIGGER entries_keep; DROP TRIGGER entries_stay; PRAGMA ignore_check_constraints = 1;")
    try:
        raw.execute(f"DELETE FROM entries WHERE seq = {seq}" if change is None else f"UPDATE entries SET {change}")
        raw.commit()
    except sqlite3.Error:
        raw.rollback()
        raw.execute("UPDATE entries SET at = 'x' WHERE seq = 1")
        raw.commit()
    raw.close()


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_ledgers_end_in_words_and_nothing_is_written(tmp_path: Path, keys: Path, how: str) -> None:
    """120 of them, through show, witness, backup and sign: exit 1, 5 or 6, the entry named, never a traceback."""
    whole = tmp_path / "whole"
    opened(whole, keys, 1)
    adopt(whole, keys, "a")
    with Ledger(whole) as book:
        book.append("record", "R", {"by": "x", "results": []})
    random = Random(how)
    (tmp_path / "round").mkdir()
    for number in range(10):
        path = tmp_path / f"l{number}"
        shutil.copy(whole, path)
        damaged(path, how, random)
        before = path.read_bytes()
        if before == whole.read_bytes():
            continue
        codes = set()
        for words in (
            ["round", "witness", path, tmp_path / f"w{number}"],
            ["round", "backup", path, tmp_path / f"b{number}"],
        ):
            done = call(*words)
            codes.add(done.exit_code)
            if done.exit_code:
                assert done.exit_code in (1, 6), done.output
                assert any(code in done.stderr for code in ("B080", "B002", "B075", "B081", "F013")), done.stderr
        assert path.read_bytes() == before
        try:
            shown = round_steps.show(path)
            told = round_steps.text(shown, "zh") + round_steps.text(shown, "en")
            if codes != {0}:
                assert any(issue.code == "B080" for issue in shown["problems"]), told
        except Refused as refused:
            assert refused.issues[0].code in ("B080", "B002", "B081")  # noqa: PT017
        assert path.read_bytes() == before


def test_another_signature_does_not_take_the_place_of_the_first(tmp_path: Path, keys: Path) -> None:
    """A plan sealed anew by another key keeps the earlier seal beside it; the same seal again is one."""
    folder = tmp_path / "plan"
    write(folder, _round())
    seal(folder, keys / "a.pem")
    first = (folder / "seal" / "statement.dsse.json").read_bytes()
    seal(folder, keys / "a.pem")
    assert not (folder / "seal-2").exists()
    seal(folder, keys / "b.pem")
    assert (folder / "seal-2" / "statement.dsse.json").read_bytes() == first


# --- receipts --------------------------------------------------------------------------------------------------------


def test_a_receipt_is_checked_with_leaf_path_root_count_and_signature(tmp_path: Path, keys: Path) -> None:
    """The whole holds; each part changed is exit 5; without a key the signature is said not to be checked."""
    folder = tmp_path / "plan"
    write(folder, _round())
    seal(folder, keys / "a.pem")
    paper = receipt(folder, "P02")
    path = tmp_path / "receipt.json"

    def check(said: dict[str, object], *words: object) -> Result:
        path.write_bytes(canonical(said))
        return call("receipt", path, folder, *words)

    done = check(paper, "--key", keys / "a.pub.pem")
    assert done.exit_code == 0, done.output
    assert "P02 was in the round" in done.output
    assert "A087.unchecked" not in done.output
    done = check(paper)
    assert (done.exit_code, "not checked" in done.output) == (0, True)
    assert check(paper, "--key", keys / "b.pub.pem").exit_code == 5
    leaf = {**paper["leaf"], "method": "auction"}
    changes = ({"leaf": leaf}, {"count": 4}, {"count": 2}, {"index": 0}, {"root": "00" * 32}, {"plan_id": "x"},
               {"path": ""}, {"count": "3"}, {"count": True})  # fmt: skip
    for change in changes:
        done = check({**paper, **change}, "--key", keys / "a.pub.pem")
        assert done.exit_code == 5, change
        assert "A087" in done.output
    for content in (b"", b"{", b"[]", b'{"schema":"x"}', b"\xff"):
        path.write_bytes(content)
        done = call("receipt", path, folder, lang="zh")
        assert (done.exit_code, "A086" in done.stderr) == (1, True)
    assert call("receipt", path, tmp_path).exit_code == 1
