"""Ledgers for tests: keys, rounds that fix their signers, adoptions, and a forger who makes all hashes anew."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from cli import desk
from constraints.canonical import canonical
from landopt.keeping.ledger import steps as ledger_steps
from landopt.keeping.ledger.chain import START, Ledger, entry_hash
from landopt.keeping.ledger.trust import trust

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


def new_keys(place: Path) -> Path:
    """Three pairs of keys in a folder: a.pem, a.pub.pem ..."""
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


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """What a forger does: change entries, make all hashes anew, put the chain back."""
    with Ledger(path) as book:
        rows = [entry.as_dict() for entry in book.entries()]
    rows = change(rows)
    before = START
    for number, row in enumerate(rows, 1):
        row["seq"], row["prev"] = number, before
        row["hash"] = before = entry_hash(number, row["at"], row["kind"], row["round"], row["body"], before)
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


def openssl(place: Path, *words: str) -> None:
    """A call of openssl in a folder."""
    done = subprocess.run(["openssl", *words], cwd=place, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def new_authority(place: Path) -> Path:
    """A timestamp authority in a folder: ca.pem, tsa.pem, tsa.key, and another ca that knows nothing of it."""
    (place / "conf").write_text(AUTHORITY.format(place=place))
    (place / "serial").write_text("01")
    for name in ("ca", "other"):
        words = ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "3650"]
        openssl(place, "req", "-x509", "-config", "conf", "-extensions", "ca", *words, "-subj", f"/CN={name}")
    openssl(place, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-config", "conf")
    signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3000", "-extfile", "conf"]
    openssl(place, "x509", "-req", "-in", "tsa.csr", *signed, "-extensions", "tsa", "-out", "tsa.pem")
    return place


def stamp(authority: Path, head: str) -> Path:
    """The answer of the authority to a head."""
    openssl(authority, "ts", "-query", "-sha256", "-digest", head, "-cert", "-out", "q.tsq")
    openssl(authority, "ts", "-reply", "-config", "conf", "-section", "stamp", "-queryfile", "q.tsq", "-out", "a.tsr")
    return authority / "a.tsr"
