"""What stands against rewriting a whole ledger: signatures, witnesses, tokens; damaged files; backups; receipts."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner, Result

from cli import desk
from constraints.canonical import canonical
from landopt.keeping import ledger_steps, round_steps
from landopt.keeping.ledger import START, Ledger, entry_hash
from landopt.keeping.ledger_trust import read_witness, trust, witness_text
from landopt.keeping.seal import receipt, seal
from parcels.common.issues import Issue, Refused
from tests.audit.folders import Small, small, write
from tests.builders import case, demand, eligibility, parcel

PLAN_SHA = "ab" * 32
BODY = {
    "document": "穗〔2026〕1号",
    "date": "2026-04-01",
    "by": "officer-1",
    "plan_id": "p",
    "plan_sha256": PLAN_SHA,
    "assignments": [{"parcel_ids": ["P01"], "demand_id": None, "method": "listing", "term_years": 50, "period": None}],
}


def call(*words: object, lang: str = "en") -> Result:
    """A command of the desk; never a traceback."""
    done = CliRunner().invoke(desk, [str(word) for word in words], env={"LANDOPT_LANG": lang})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pairs of keys: a.pem, a.pub.pem ..."""
    place = tmp_path_factory.mktemp("keys")
    for name in "abc":
        private, public = place / f"{name}.pem", place / f"{name}.pub.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", private], check=True)
        subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    return place


def opened(path: Path, keys: Path, need: int = 1, until: str | None = None, *, signers: str = "ab") -> None:
    """A ledger with an open round whose keys are fixed."""
    fixed = ledger_steps.fixed_keys([keys / f"{name}.pub.pem" for name in signers], need, until)
    with Ledger(path, create=True) as book:
        book.append("open", "R", {"by": "officer-1", "inputs": [], **fixed})


def adopt(path: Path, keys: Path, *names: str) -> int:
    """An adoption signed by some."""
    with Ledger(path) as book:
        signers = ledger_steps.signers([keys / f"{name}.pem" for name in names])
        return ledger_steps.append_signed(book, "adopt", "R", BODY, signers).seq


def found(path: Path, witness: Path | None = None, *tsa: Path) -> list[str]:
    """The errors and notes of an examination, as keys, without what is only not checked."""
    with Ledger(path, read_only=True) as book:
        assert [issue for issue in book.problems() if issue.level == "error"] == []
        issues = trust(book.entries(), "l", witness, tsa)
    return [issue.key for issue in issues if issue.key != "B088.unchecked"]


def rewrite(path: Path, change: Callable[[list[dict[str, object]]], list[dict[str, object]]]) -> None:
    """What a forger does: change entries, make all hashes anew, put the chain back."""
    with Ledger(path) as book:
        rows = [entry.as_dict() for entry in book.entries()]
    rows = change(rows)
    before = START
    for number, row in enumerate(rows, 1):
        row["seq"], row["prev"] = number, before
        row["hash"] = before = entry_hash(number, row["at"], row["kind"], row["round"], row["body"], before)  # type: ignore[arg-type]
    path.unlink()
    with Ledger(path, create=True):
        pass
    raw = sqlite3.connect(path)
    for row in rows:
        values = [row[name] for name in ("seq", "at", "kind", "round", "body", "prev", "hash")]
        values[4] = canonical(row["body"]).decode()
        raw.execute("INSERT INTO entries VALUES (?,?,?,?,?,?,?)", values)
    raw.commit()
    raw.close()


def test_an_adoption_signed_by_those_the_round_fixed_holds(tmp_path: Path, keys: Path) -> None:
    """One of two, both of two; the entry names its signers and the signatures follow it."""
    for need, names in ((1, "a"), (2, "ab")):
        path = tmp_path / f"l{need}"
        opened(path, keys, need)
        adopt(path, keys, *names)
        assert found(path) == []
        with Ledger(path) as book:
            assert [entry.kind for entry in book.entries()] == ["open", "adopt", *["sign"] * len(names)]


def test_a_signature_that_lacks_or_was_taken_away_is_a_breach_without_any_flag(tmp_path: Path, keys: Path) -> None:
    """Too few; the tail cut; the signers' names taken out and every hash made anew; all end the same way."""
    path = tmp_path / "l"
    opened(path, keys, 2)
    adopt(path, keys, "a")
    assert found(path) == ["B084.missing"]
    shutil.copy(path, tmp_path / "two")
    ledger_steps.sign_entry(tmp_path / "two", None, [keys / "b.pem"], {"by": "officer-2"})
    assert found(tmp_path / "two") == []
    raw = sqlite3.connect(tmp_path / "two")
    raw.executescript("DROP TRIGGER entries_stay; DELETE FROM entries WHERE seq > 2;")
    raw.close()
    assert set(found(tmp_path / "two")) == {"B084.missing", "B084.stripped"}

    def strip(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        body = dict(BODY, document="穗〔2026〕999号")
        return [rows[0], {**rows[1], "body": body}]

    rewrite(tmp_path / "two", strip)
    assert found(tmp_path / "two") == ["B084.missing"]
    with pytest.raises(Refused) as refused, Ledger(tmp_path / "two") as book:
        round_steps._standing(book, round_steps.RoundPlace("R", tmp_path, tmp_path / "two"))
    assert refused.value.issues[0].code == "B084"


def test_a_rewritten_chain_with_signatures_kept_is_a_breach(tmp_path: Path, keys: Path) -> None:
    """The document changed and every hash made anew: the signature is of another head."""
    path = tmp_path / "l"
    opened(path, keys, 1)
    adopt(path, keys, "a")

    def change(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        rows[1]["body"]["document"] = "穗〔2026〕999号"  # type: ignore[index]
        return rows

    rewrite(path, change)
    assert "B085.bad" in found(path)


def test_a_key_of_somebody_else_does_not_count(tmp_path: Path, keys: Path) -> None:
    """Signed, but not by one of the round's; nor is it taken by ``sign``; nor twice."""
    path = tmp_path / "l"
    opened(path, keys, 1)
    adopt(path, keys, "c")
    assert found(path) == ["B084.missing"]
    for name, key in (("c", "B086.foreign"), ("a", None), ("a", "B086.twice")):
        if key is None:
            ledger_steps.sign_entry(path, None, [keys / f"{name}.pem"], {"by": "x"})
            continue
        with pytest.raises(Refused) as refused:
            ledger_steps.sign_entry(path, None, [keys / f"{name}.pem"], {"by": "x"})
        assert refused.value.issues[0].key == key
    assert found(path) == []


def test_the_number_of_signers_must_fit_the_keys(keys: Path) -> None:
    """More than there are, a key twice, a number without keys."""
    public = [keys / "a.pub.pem", keys / "b.pub.pem"]
    for paths, need, key in ((public, 3, "B083.few"), ([public[0]] * 2, 1, "B083.twice"), ([], 1, "B083.none")):
        with pytest.raises(Refused) as refused:
            ledger_steps.fixed_keys(paths, need, None)
        assert refused.value.issues[0].key == key
    assert ledger_steps.fixed_keys([], None, None) == {}
    assert ledger_steps.fixed_keys(public, None, None)["need"] == 2


def test_expiry_counts_by_the_order_of_entries(tmp_path: Path, keys: Path) -> None:
    """After an entry of a later day the key is gone, also where the clock is put back for the signature."""
    path = tmp_path / "l"
    fixed = ledger_steps.fixed_keys([keys / "a.pub.pem"], 1, "2026-04-30")
    with Ledger(path, create=True) as book:
        book.append("open", "R", {"by": "x", "inputs": [], **fixed}, at="2026-04-01T00:00:00+00:00")
        book.append("record", "R", {"by": "x", "results": []}, at="2026-05-02T00:00:00+00:00")
        entry = book.append("adopt", "R", BODY, at="2026-04-02T00:00:00+00:00")
        key = ledger_steps.signers([keys / "a.pem"])[0]
        said = ledger_steps.signature(key, entry.seq, entry.hash, "R", {"by": "x"})
        book.append("sign", "R", said, at="2026-04-02T00:00:00+00:00")
    assert found(path) == ["B085.expired", "B084.missing"]


def test_what_a_revoked_key_signed_counts_only_under_an_older_witness(tmp_path: Path, keys: Path) -> None:
    """Later: never. Earlier: where heads written down between signature and revocation are shown."""
    path, early, old, late = tmp_path / "l", tmp_path / "early", tmp_path / "old", tmp_path / "late"
    opened(path, keys, 1)
    ledger_steps.write_witness(path, early)
    adopt(path, keys, "a")
    ledger_steps.write_witness(path, old)
    ledger_steps.revoke(path, keys / "a.pub.pem", "lost", {"by": "x"})
    ledger_steps.write_witness(path, late)
    assert found(path) == ["B085.doubtful", "B084.stripped", "B084.missing"]
    assert "B085.doubtful" in found(path, early)
    assert "B085.doubtful" in found(path, late)
    assert found(path, old) == ["B089.continues"]
    with Ledger(path) as book:
        issues: list[Issue] = trust(book.entries(), "l", strict=False)
        assert [(issue.level, issue.key) for issue in issues][1:] == [("warning", "B085.doubtful")]
    adopt(path, keys, "a")
    assert "B085.revoked" in found(path, old)
    with pytest.raises(Refused):
        ledger_steps.revoke(path, keys / "a.pub.pem", " ", {"by": "x"})


def test_a_witness_shows_a_cut_and_a_rewriting(tmp_path: Path) -> None:
    """An older copy put back, fifteen lines that make all hashes anew; a ledger that goes on continues it."""
    path, seen = tmp_path / "l", tmp_path / "w.txt"
    with Ledger(path, create=True) as book:
        for number in range(6):
            book.append("open", f"R{number}", {"by": "x", "inputs": []})
            if number == 2:
                shutil.copy(path, tmp_path / "older")
    done, count, head = ledger_steps.write_witness(path, seen)
    assert (done.path, count) == (seen, 6)
    assert seen.read_text().splitlines()[2] == f"head {head}"
    assert found(path, seen) == ["B089.continues"]
    with Ledger(path) as book:
        book.append("close", "R1", {"by": "x"})
    assert found(path, seen) == ["B089.continues"]
    assert found(tmp_path / "older", seen) == ["B089.cut"]

    def change(rows: list[dict[str, object]]) -> list[dict[str, object]]:
        rows[3]["body"] = {"by": "somebody", "inputs": []}
        return rows

    rewrite(path, change)
    assert found(path) == []
    assert found(path, seen) == ["B089.rewritten"]


def test_a_torn_witness_is_refused(tmp_path: Path) -> None:
    """Every line and every byte of it counts."""
    with Ledger(tmp_path / "l", create=True) as book:
        for number in range(3):
            book.append("open", f"R{number}", {"by": "x", "inputs": []})
        text = witness_text(book.entries())
    torn = [text[:-80], text.replace("entries 3", "entries 4"), text.replace("witness 1", "witness 2"), "", "x",
            text.replace("\n2 ", "\n7 "), text.upper(), text.rsplit("\n", 2)[0]]  # fmt: skip
    for number, content in enumerate(torn):
        (tmp_path / "w").write_text(content)
        with pytest.raises(Refused) as refused:
            read_witness(tmp_path / "w")
        assert refused.value.issues[0].key == "B030.torn", number
    (tmp_path / "w").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refused):
        read_witness(tmp_path / "w")
    with pytest.raises(Refused):
        read_witness(tmp_path / "none")


# --- timestamp tokens ------------------------------------------------------------------------------------------------

AUTHORITY = """
[ req ]
distinguished_name = name
prompt = no
[ name ]
CN = Test Authority
[ ca ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ tsa ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[ server ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, serverAuth
[ stamp ]
serial = {place}/serial
crypto_device = builtin
signer_cert = {place}/tsa.pem
signer_key = {place}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
ess_cert_id_chain = no
"""


def _openssl(place: Path, *words: str) -> None:
    done = subprocess.run(["openssl", *words], cwd=place, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A timestamp authority: ca.pem, tsa.pem, tsa.key, and another ca that knows nothing of it."""
    place = tmp_path_factory.mktemp("tsa")
    (place / "conf").write_text(AUTHORITY.format(place=place))
    (place / "serial").write_text("01")
    for name in ("ca", "other"):
        words = ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "3650"]
        _openssl(place, "req", "-x509", "-config", "conf", "-extensions", "ca", *words, "-subj", f"/CN={name}")
    _openssl(place, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-config", "conf")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3000", "-extfile", "conf"]
    _openssl(place, "x509", "-req", "-in", "tsa.csr", *signed, "-extensions", "tsa", "-out", "tsa.pem")
    return place


def stamp(authority: Path, head: str) -> Path:
    """The answer of the authority to a head."""
    _openssl(authority, "ts", "-query", "-sha256", "-digest", head, "-cert", "-out", "q.tsq")
    _openssl(authority, "ts", "-reply", "-config", "conf", "-section", "stamp", "-queryfile", "q.tsq", "-out", "a.tsr")
    return authority / "a.tsr"


def test_a_token_is_attached_and_checked_against_its_authority(tmp_path: Path, keys: Path, authority: Path) -> None:
    """Without certificates it is attached, not checked; with the authority's it holds; with another's it does not."""
    path = tmp_path / "l"
    opened(path, keys, 1)
    seq = adopt(path, keys, "a")
    with Ledger(path) as book:
        head = book.entries()[seq - 1].hash
    entry = ledger_steps.attach(path, stamp(authority, head), seq, {"by": "x"})
    assert (entry.kind, entry.body["entry"], entry.body["head"]) == ("token", seq, head)
    assert found(path) == ["B090.unchecked"]
    assert found(path, None, authority / "ca.pem") == ["B090.holds"]
    assert found(path, None, authority / "other.pem") == ["B090.wrong"]
    with pytest.raises(Refused) as refused:
        ledger_steps.attach(path, stamp(authority, "00" * 32), seq, {"by": "x"})
    assert refused.value.issues[0].key == "B090.refused"
    (tmp_path / "bad.tsr").write_bytes((authority / "a.tsr").read_bytes()[:-40])
    with pytest.raises(Refused):
        ledger_steps.attach(path, tmp_path / "bad.tsr", seq, {"by": "x"})


def test_a_token_older_than_the_revocation_bears_a_signature_out(tmp_path: Path, keys: Path, authority: Path) -> None:
    """As a witness does; only where the authority is trusted."""
    path = tmp_path / "l"
    opened(path, keys, 1)
    adopt(path, keys, "a")
    with Ledger(path) as book:
        last = book.entries()[-1]
    ledger_steps.attach(path, stamp(authority, last.hash), last.seq, {"by": "x"})
    with Ledger(path) as book:
        from landopt.keeping.signing import key_id, public_key

        body = {"by": "x", "key": key_id(public_key(keys / "a.pub.pem")), "reason": "lost"}
        book.append("revoke", "", body, at="2099-01-01T00:00:00+00:00")
    assert "B085.doubtful" in found(path)
    assert found(path, None, authority / "ca.pem") == ["B090.holds"]


def test_a_certificate_for_another_use_makes_no_token(tmp_path: Path, keys: Path, authority: Path) -> None:
    """A chain that ends at the trusted root, but a certificate for servers."""
    place = tmp_path / "server"
    shutil.copytree(authority, place)
    (place / "conf").write_text(AUTHORITY.format(place=place))
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3000", "-extfile", "conf"]
    _openssl(place, "x509", "-req", "-in", "tsa.csr", *signed, "-extensions", "server", "-out", "tsa.pem")
    _openssl(place, "ts", "-query", "-sha256", "-digest", "00" * 32, "-cert", "-out", "q.tsq")
    done = subprocess.run(
        ["openssl", "ts", "-reply", "-config", "conf", "-section", "stamp", "-queryfile", "q.tsq", "-out", "b.tsr"],
        cwd=place, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0 or b"error" in done.stderr.lower() or (place / "b.tsr").exists()
    if done.returncode == 0:
        from landopt.keeping import timestamps

        token = timestamps.read_token(place / "b.tsr")
        assert timestamps.check(token, "00" * 32, [place / "ca.pem"]).wrong


# --- the desk --------------------------------------------------------------------------------------------------------


def _round() -> Small:
    rules = [eligibility("t.no", "use != 'IND'", listing="forbid")]
    return small(case([parcel(), parcel(district="B"), parcel()], [demand(), demand(priority=90)], rules))


def _desk(tmp_path: Path, one: Small) -> tuple[round_steps.RoundPlace, Path]:
    place = round_steps.RoundPlace(one.case.round.id, tmp_path / "round", tmp_path / "round" / round_steps.LEDGER)
    place.folder.mkdir()
    write(place.folder / "plan", one)
    return place, place.folder / "plan"


def _adopt(place: round_steps.RoundPlace, plan: Path, document: str = "Doc 1", **words: object) -> None:
    round_steps.adopt(place, plan, document=document, date="2026-04-01", by="x", sourceless=True, **words)  # type: ignore[arg-type]


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
    from landopt.keeping.adoption_paper import read_adoption

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
