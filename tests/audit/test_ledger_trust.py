"""What stands against rewriting a whole ledger: signatures, witnesses, tokens; damaged files; backups; receipts."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from landopt.keeping.ledger import round_steps
from landopt.keeping.ledger import steps as ledger_steps
from landopt.keeping.ledger.chain import Ledger
from landopt.keeping.ledger.trust import read_witness, trust, witness_text
from parcels.common.issues import Issue, Refused
from tests.audit.ledgers import AUTHORITY, BODY, adopt, found, new_authority, opened, openssl, rewrite, stamp


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

    def strip(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        body = dict(BODY, document="穗〔2026〕999号")
        return [rows[0], {**rows[1], "body": body}]

    rewrite(tmp_path / "two", strip)
    assert found(tmp_path / "two") == ["B084.missing"]
    with pytest.raises(Refused) as refused, Ledger(tmp_path / "two") as book:
        round_steps.standing(book, round_steps.RoundPlace("R", tmp_path, tmp_path / "two"))
    assert refused.value.issues[0].code == "B084"


def test_a_rewritten_chain_with_signatures_kept_is_a_breach(tmp_path: Path, keys: Path) -> None:
    """The document changed and every hash made anew: the signature is of another head."""
    path = tmp_path / "l"
    opened(path, keys, 1)
    adopt(path, keys, "a")

    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows[1]["body"]["document"] = "穗〔2026〕999号"
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

    def change(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
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


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A timestamp authority: ca.pem, tsa.pem, tsa.key, and another ca that knows nothing of it."""
    return new_authority(tmp_path_factory.mktemp("tsa"))


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
        from landopt.keeping.sealing.signing import key_id, public_key

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
    openssl(place, "x509", "-req", "-in", "tsa.csr", *signed, "-extensions", "server", "-out", "tsa.pem")
    openssl(place, "ts", "-query", "-sha256", "-digest", "00" * 32, "-cert", "-out", "q.tsq")
    done = subprocess.run(
        ["openssl", "ts", "-reply", "-config", "conf", "-section", "stamp", "-queryfile", "q.tsq", "-out", "b.tsr"],
        cwd=place, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0 or b"error" in done.stderr.lower() or (place / "b.tsr").exists()
    if done.returncode == 0:
        from landopt.keeping.sealing import timestamps

        token = timestamps.read_token(place / "b.tsr")
        assert timestamps.check(token, "00" * 32, [place / "ca.pem"]).wrong
