"""What is done with a ledger besides the rounds in it: sign, revoke, supersede, witness, back up, attach a token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.keeping.ledger.chain import START, Content, Entry, Ledger
from landopt.keeping.ledger.rounds import state
from landopt.keeping.ledger.stores.places import LedgerPlace
from landopt.keeping.ledger.trust import examined, witness_text
from landopt.keeping.sealing.signing import head_message, key_id, private_key, public_key
from parcels.common.issues import Refused, error, stop_on_errors
from parcels.common.kept import Written, write_kept
from parcels.common.visible import says_something

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def fixed_keys(paths: Sequence[Path], need: int | None, until: str | None) -> dict[str, Any]:
    """What ``open`` says of the keys that must sign an adoption of the round, and how many; nothing without keys.

    Raises
    ------
    Refused
        If a key cannot be read or is named twice, or more must sign than there are (B083).
    """
    if not paths:
        if need:
            raise Refused(error("B083.none", at="--need"))
        return {}
    keys = [(path, public_key(path)) for path in paths]
    ids = [key_id(key) for _, key in keys]
    if len(set(ids)) < len(ids):
        raise Refused(error("B083.twice", at="--signer"))
    wanted = need or len(ids)
    if wanted > len(ids):
        raise Refused(error("B083.few", at="--need", need=wanted, keys=len(ids)))
    listed = [
        {"id": name, "public": key.public_bytes_raw().hex(), "name": path.stem.removesuffix(".pub"), "until": until}
        for name, (path, key) in zip(ids, keys, strict=True)
    ]
    return {"keys": listed, "need": wanted}


def signers(paths: Sequence[Path]) -> list[Ed25519PrivateKey]:
    """The private keys that sign; raises as :func:`landopt.keeping.sealing.signing.private_key`."""
    return [private_key(path) for path in paths]


def signature(key: Ed25519PrivateKey, entry: int, head: str, round_id: str, said: dict[str, Any]) -> dict[str, Any]:
    """The body of an entry that signs the head after another."""
    public = key.public_key()
    return {
        **said,
        "entry": entry,
        "head": head,
        "key": key_id(public),
        "public": public.public_bytes_raw().hex(),
        "sig": key.sign(head_message(entry, head, round_id)).hex(),
    }


def append_signed(
    book: Ledger,
    kind: str,
    round_id: str,
    body: dict[str, Any],
    keys: Sequence[Ed25519PrivateKey],
    before: Sequence[tuple[str, str, dict[str, Any]]] = (),
    seen: int | None = None,
) -> Entry:
    """Append an entry, and the signatures of the head after it, all or none; the entry names who signs it.

    ``before`` are entries that go first (what this one supersedes), ``seen`` is that of
    :meth:`landopt.keeping.ledger.chain.Ledger.append_all`. Returns the entry itself.
    """
    named = {**body, "signers": sorted(key_id(key.public_key()) for key in keys)} if keys else body
    seat: dict[str, Any] = {}

    def sign(key: Ed25519PrivateKey) -> Callable[[int, str], dict[str, Any]]:
        def made(seq: int, prev: str) -> dict[str, Any]:
            # the head after the entry is what stands before the first signature
            seat.setdefault("entry", seq - 1)
            seat.setdefault("head", prev)
            return signature(key, seat["entry"], seat["head"], round_id, {"by": body.get("by", "")})

        return made

    new: list[tuple[str, str, Content]] = [
        *before,
        (kind, round_id, named),
        *(("sign", round_id, sign(key)) for key in keys),
    ]
    return book.append_all(new, seen=seen)[len(before)]


def sign_entry(ledger: LedgerPlace, entry: int | None, keys: Sequence[Path], said: dict[str, Any]) -> list[Entry]:
    """Sign the head after an adoption (the last one unless named) with keys that the round fixed.

    Raises
    ------
    Refused
        If there is no such adoption, or a key is not one of the round's or has signed it (B086).
    """
    with Ledger(ledger) as book:
        stop_on_errors(examined(book, lacking=False))
        entries = book.entries()
        wanted = [each for each in entries if each.kind == "adopt" and entry in (None, each.seq)]
        if not wanted:
            raise Refused(error("B086.none", at=str(ledger)))
        target = wanted[-1]
        opened = next((each.body for each in entries if each.kind == "open" and each.round == target.round), {})
        allowed = {str(each["id"]) for each in opened.get("keys") or ()}
        done = {each.body["key"] for each in entries if each.kind == "sign" and each.body["entry"] == target.seq}
        made = []
        for path, key in zip(keys, signers(keys), strict=True):
            name = key_id(key.public_key())
            if allowed and name not in allowed:
                raise Refused(error("B086.foreign", at=str(path), name=path.name, round=target.round))
            if name in done:
                raise Refused(error("B086.twice", at=str(path), name=path.name, entry=target.seq))
            made.append(("sign", target.round, signature(key, target.seq, target.hash, target.round, said)))
        return book.append_all(made)


def revoke(ledger: LedgerPlace, key: Path, reason: str, said: dict[str, Any]) -> Entry:
    """Revoke a key: what it signs from here on does not count, what it signed before only if that is proven older."""
    if not says_something(reason):
        raise Refused(error("B032.reason", at="--reason"))
    with Ledger(ledger) as book:
        stop_on_errors(book.problems())
        return book.append("revoke", "", {**said, "key": key_id(public_key(key)), "reason": reason})


def supersede(book: Ledger, round_id: str, reason: str | None, said: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """The entries that a second adoption of a round needs before it: that the first is superseded, and why.

    Raises
    ------
    Refused
        If the round has an adoption in force and no reason is given (B093).
    """
    standing = [seq for seq, name in state(book.entries()).adoptions if name == round_id]
    if not standing:
        return []
    if reason is None or not says_something(reason):
        raise Refused(error("B093.second", at=str(book.place), round=round_id, entry=standing[-1]))
    return [("supersede", round_id, {**said, "entry": seq, "reason": reason}) for seq in standing]


def attach(ledger: LedgerPlace, token: Path, entry: int | None, said: dict[str, Any]) -> Entry:
    """Attach a timestamp response to an entry (the last one unless named).

    Raises
    ------
    Refused
        If it cannot be read, or is not of the head after that entry (B090).
    """
    from landopt.keeping.sealing.timestamps import check, read_token

    content = read_token(token)
    with Ledger(ledger) as book:
        stop_on_errors(book.problems())
        entries = book.entries()
        target = next((each for each in reversed(entries) if entry in (None, each.seq)), None)
        if target is None:
            raise Refused(error("B086.none", at=str(ledger)))
        found = check(content, target.hash, ())
        if found.wrong:
            raise Refused(error("B090.refused", at=str(token), name=token.name, why=found.wrong))
        body = {**said, "entry": target.seq, "head": target.hash, "token": content}
        return book.append("token", target.round, body)


def write_witness(ledger: LedgerPlace, target: Path) -> tuple[Written, int, str]:
    """Write the heads so far to a file that is to be held elsewhere; returns the file, how many, and the last."""
    with Ledger(ledger, read_only=True) as book:
        stop_on_errors(book.problems())
        entries = book.entries()
        done = write_kept(target, witness_text(entries).encode("ascii"))
        return done, len(entries), entries[-1].hash if entries else START
