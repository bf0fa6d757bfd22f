"""Whether a ledger can be relied on beyond its own chain: signatures, witnesses held elsewhere, timestamp tokens.

A chain of hashes can be rewritten as a whole.  What stands against that: the keys that ``open`` fixes and that must
sign each adoption, the heads that were written down elsewhere (witness), and tokens of a timestamp authority.  Signing
keys expire and are revoked by the order of the entries: the clock of an entry is that of the machine that wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landopt.keeping.ledger.chain import START, Entry, Ledger
from landopt.keeping.sealing import timestamps
from landopt.keeping.sealing.signing import head_message, verifies
from parcels.common.gate import MB, read_text
from parcels.common.issues import Issue, Refused, error, note, stop_on_errors, warning
from parcels.common.place import within

MISSING = ("B084.missing", "B084.stripped")
"""What another signature may still mend."""
WITNESS = "landopt ledger witness 1"


@dataclass(frozen=True, slots=True)
class Witness:
    """The heads of a ledger as they were written down: by number, from 1."""

    heads: tuple[str, ...]
    name: str


def trust(
    entries: Sequence[Entry], ledger: str, witness: Path | None = None, tsa: Sequence[Path] = (), *, strict: bool = True
) -> list[Issue]:
    """Examine signatures, witness and tokens of entries whose chain holds.

    Errors are breaches, warnings say what was not checked.

    Parameters
    ----------
    ledger
        The name of the file, for messages.
    witness
        A witness file held elsewhere.
    tsa
        Certificates (PEM) of the timestamp authorities that are trusted.
    strict
        Whether an earlier signature of a key that was revoked later is an error without a witness or token older than
        the revocation (the audit), or a warning (the next step of the round).

    Raises
    ------
    Refused
        If the witness file or a certificate cannot be read.
    """
    found: list[Issue] = []
    seen = read_witness(witness) if witness is not None else None
    if seen is not None:
        found += continues(entries, ledger, seen)
    else:
        found.append(warning("B088.unchecked", at=ledger))
    found += out_of_order(entries, ledger)
    stamped = _tokens(entries, ledger, tsa, found)
    _signatures(entries, ledger, (len(seen.heads) if seen else 0, stamped), strict, found)
    return found


def examined(book: Ledger, *, lacking: bool = True) -> list[Issue]:
    """What speaks against going on with a ledger: its chain, its signatures; ``lacking``: also those not there yet."""
    issues = book.problems()
    stop_on_errors(issues)
    found = trust(book.entries(), book.place.name, strict=False)
    serious = [issue for issue in found if issue.level == "error"]
    return [*issues, *(issue for issue in serious if lacking or issue.key not in MISSING)]


# --- witnesses -------------------------------------------------------------------------------------------------------


def witness_text(entries: Sequence[Entry]) -> str:
    """The heads so far, a line each, as a file to be held elsewhere (another machine, paper, a notary)."""
    head = entries[-1].hash if entries else START
    at = entries[-1].at if entries else "-"
    lines = [WITNESS, f"entries {len(entries)}", f"head {head}", f"last entry at {at} (clock of the machine)"]
    return "\n".join([*lines, *(f"{entry.seq} {entry.hash}" for entry in entries), ""])


def read_witness(path: Path) -> Witness:
    """A witness file.

    Raises
    ------
    Refused
        If it cannot be read or is not whole (B030).
    """
    try:
        lines = read_text(path, 500 * MB).splitlines()
    except (OSError, UnicodeDecodeError) as trouble:
        raise Refused(error("B030.unreadable", at=str(path), name=path.name, why=str(trouble))) from trouble
    heads = [line.split(" ") for line in lines[4:] if line.strip()]
    whole = len(lines) >= 4 and lines[0] == WITNESS
    whole = whole and lines[1] == f"entries {len(heads)}" and lines[2] == f"head {heads[-1][-1] if heads else START}"
    numbered = all(
        len(parts) == 2 and parts[0] == str(number) and re.fullmatch("[0-9a-f]{64}", parts[1])
        for number, parts in enumerate(heads, 1)
    )
    if not whole or not numbered:
        raise Refused(error("B030.torn", at=str(path), name=path.name))
    return Witness(tuple(parts[1] for parts in heads), path.name)


def continues(entries: Sequence[Entry], ledger: str, witness: Witness) -> list[Issue]:
    """Whether a ledger continues what a witness saw: the same heads, and perhaps more."""
    for number, head in enumerate(witness.heads, 1):
        if number > len(entries):
            return [error("B089.cut", at=ledger, witness=witness.name, seen=len(witness.heads), here=len(entries))]
        if entries[number - 1].hash != head:
            return [error("B089.rewritten", at=within(ledger, entry=number), witness=witness.name, entry=number)]
    return [note("B089.continues", at=ledger, witness=witness.name, seen=len(witness.heads), here=len(entries))]


# --- order -----------------------------------------------------------------------------------------------------------


def out_of_order(entries: Sequence[Entry], ledger: str) -> Iterable[Issue]:
    """Entries that no command would have written after those before them: whoever holds the file can append.

    A round is opened once, and that entry fixes its keys; it is adopted in while it is open, and again only after what
    stood before was superseded; what is superseded is an adoption of the round that still stands.
    """
    opened: dict[str, int] = {}
    closed: set[str] = set()
    standing: dict[str, int] = {}
    for entry in entries:
        name, why = entry.round, ""
        if entry.kind == "open":
            why = "opened" if name in opened else ""
            opened.setdefault(name, entry.seq)
        elif entry.kind == "close":
            closed.add(name)
        elif entry.kind == "supersede":
            why = "" if standing.get(name) == entry.body["entry"] else "superseded"
            standing.pop(name, None)
        elif entry.kind == "adopt":
            why = "unopened" if name not in opened else "closed" if name in closed else ""
            why = why or ("standing" if name in standing else "")
            standing[name] = entry.seq
        if why:
            yield error(f"B096.{why}", at=within(ledger, entry=entry.seq), entry=entry.seq, round=name)


# --- tokens ----------------------------------------------------------------------------------------------------------


def _tokens(entries: Sequence[Entry], ledger: str, tsa: Sequence[Path], found: list[Issue]) -> list[tuple[int, str]]:
    """(entry, time) of every token that holds under a trusted authority."""
    held: list[tuple[int, str]] = []
    by_number = {entry.seq: entry for entry in entries}
    for entry in (each for each in entries if each.kind == "token"):
        where = within(ledger, entry=entry.seq)
        stamped = by_number.get(entry.body["entry"])
        if stamped is None or stamped.seq >= entry.seq or stamped.hash != entry.body["head"]:
            found.append(error("B090.head", at=where, entry=entry.seq))
            continue
        checked = timestamps.check(str(entry.body["token"]), stamped.hash, tsa)
        if checked.wrong:
            found.append(error("B090.wrong", at=where, entry=entry.seq, why=checked.wrong))
        elif checked.verified:
            held.append((stamped.seq, checked.at))
            found.append(note("B090.holds", at=where, entry=stamped.seq, time=checked.at))
        else:
            found.append(warning("B090.unchecked", at=where, entry=entry.seq, time=checked.at))
    return held


# --- signatures ------------------------------------------------------------------------------------------------------


def _signatures(
    entries: Sequence[Entry], ledger: str, proven: tuple[int, list[tuple[int, str]]], strict: bool, found: list[Issue]
) -> None:
    first = {entry.round: entry for entry in reversed(entries) if entry.kind == "open"}
    fixed = {name: entry.body for name, entry in first.items() if entry.body.get("keys")}
    by_number = {entry.seq: entry for entry in entries}
    revoked = {str(entry.body["key"]): entry for entry in reversed(entries) if entry.kind == "revoke"}
    signed: dict[int, set[str]] = {}
    clock, last = "", {}
    for entry in entries:
        clock = max(clock, entry.at)
        last[entry.seq] = clock
    for entry in (each for each in entries if each.kind == "sign"):
        where = within(ledger, entry=entry.seq)
        target, key = by_number.get(entry.body["entry"]), str(entry.body["key"])
        if target is None or target.seq >= entry.seq or target.hash != entry.body["head"] or not _holds(entry, target):
            found.append(error("B085.bad", at=where, entry=entry.seq))
            continue
        allowed = {str(each["id"]): each for each in fixed.get(target.round, {}).get("keys", ())}
        until = allowed.get(key, {}).get("until")
        if until is not None and last[entry.seq][:10] > until:
            found.append(error("B085.expired", at=where, entry=entry.seq, key=key[:16], until=until))
            continue
        ended = revoked.get(key)
        if ended is not None and ended.seq < entry.seq:
            found.append(error("B085.revoked", at=where, entry=entry.seq, key=key[:16], by=ended.seq))
            continue
        if ended is not None and not _older(entry.seq, ended, proven):
            make = error if strict else warning
            found.append(make("B085.doubtful", at=where, entry=entry.seq, key=key[:16], by=ended.seq))
            if strict:
                continue
        signed.setdefault(target.seq, set()).add(key)
    for entry in entries:
        found += _lacking(entry, fixed.get(entry.round), signed.get(entry.seq, set()), ledger)


def _holds(entry: Entry, target: Entry) -> bool:
    """Whether a signature fits; raises Environment where it cannot be checked here."""
    from hashlib import sha256

    public = str(entry.body["public"])
    if sha256(bytes.fromhex(public)).hexdigest() != entry.body["key"]:
        return False
    return verifies(public, str(entry.body["sig"]), head_message(target.seq, target.hash, target.round))


def _older(seq: int, ended: Entry, proven: tuple[int, list[tuple[int, str]]]) -> bool:
    """Whether a signature is proven older than the revocation of its key: by a witness, or by a token, of between."""
    witnessed, stamped = proven
    return seq <= witnessed < ended.seq or any(seq <= at < ended.seq and time < ended.at for at, time in stamped)


def _lacking(entry: Entry, opened: Mapping[str, Any] | None, signers: set[str], ledger: str) -> Iterable[Issue]:
    """Signatures that an entry says it has, or that its round asks for, and that are not there."""
    where = within(ledger, entry=entry.seq)
    promised = set(entry.body.get("signers") or ()) if entry.kind == "adopt" else set()
    for key in sorted(promised - signers):
        yield error("B084.stripped", at=where, entry=entry.seq, key=key[:16])
    if entry.kind == "adopt" and opened is not None:
        allowed = {str(each["id"]) for each in opened["keys"]}
        need, have = int(opened.get("need") or 1), len(signers & allowed)
        if have < need:
            yield error("B084.missing", at=where, entry=entry.seq, have=have, need=need)
