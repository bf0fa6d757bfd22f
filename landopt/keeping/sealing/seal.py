"""The seal of a plan folder: digests of every file, an in-toto statement in a DSSE envelope, and Merkle receipts.

``seal/SHA256SUMS`` is checked with ``sha256sum -c``, the signature with ``openssl pkeyutl`` (docs/audit.md); only
signing and verifying here need ``cryptography`` (``pip install landopt[seal]``).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.audit.files.plan_reader import load_json, read_plan
from constraints.audit.files.strict_json import strict_json
from constraints.canonical import canonical, digest
from constraints.case import SCHEMA
from landopt.keeping.sealing.signing import key_id, pre_authentication, private_key, public_key
from parcels.common.atomic import write_folder
from parcels.common.gate import admit, read_bytes
from parcels.common.issues import Environment, Issue, Refused, error, note
from parcels.common.kept import is_record

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FOLDER = "seal"
SUMS, STATEMENT, ENVELOPE, SIGNED, SIGNATURE = (
    *("SHA256SUMS", "statement.json", "statement.dsse.json"),
    *("statement.pae", "statement.sig"),
)
PAYLOAD_TYPE = "application/vnd.in-toto+json"
PREDICATE = "urn:landopt:plan:1"
RECEIPT_SCHEMA = "landopt.receipt/1"


def files_of(folder: Path) -> list[str]:
    """The files a seal covers, sorted, as POSIX paths relative to the folder: all but the seal itself.

    The records of what ``landopt report`` wrote go on after the seal and are not covered.
    """
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and not is_record(path.name))
    return sorted(path.as_posix() for path in found if path.parts[0] != FOLDER)


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def statement(folder: Path, sums: bytes) -> dict[str, Any]:
    """The in-toto statement: every file by digest, and what the plan rests on."""
    plan = read_plan(folder)
    case = load_json(folder / "case.json", SCHEMA)
    lines = [line.split("  ", 1) for line in sums.decode("utf-8").splitlines()]
    subject = [{"name": name, "digest": {"sha256": sha}} for sha, name in lines]
    subject.append({"name": f"{FOLDER}/{SUMS}", "digest": {"sha256": hashlib.sha256(sums).hexdigest()}})
    predicate = {
        "plan_id": plan["plan_id"],
        "plan_hash": plan["plan_hash"],
        "case": plan["case"]["digest"],
        "inputs": plan["case"]["inputs"],
        "rules": digest(case["rules"]),
        "ledger_head": plan.get("ledger_head"),
        "parcels": len(case["parcels"]["ids"]),
        "merkle_root": merkle_root(leaves(case, plan)).hex(),
    }
    kind = "https://in-toto.io/Statement/v1"
    return {"_type": kind, "subject": subject, "predicateType": PREDICATE, "predicate": predicate}


def seal(folder: str | Path, signer: str | Path | None = None) -> dict[str, Any]:
    """Seal a plan folder; sign it where a private key (PEM, ed25519) is given.

    Returns
    -------
    dict
        The statement.

    Raises
    ------
    Refused
        If the key cannot be read or is not an ed25519 key.
    Environment
        If ``cryptography`` is not installed or the disk refuses.
    """
    place = Path(folder)
    sums = "".join(f"{file_digest(place / name)}  {name}\n" for name in files_of(place)).encode("utf-8")
    said = statement(place, sums)
    payload = canonical(said)
    written = {SUMS: sums, STATEMENT: payload}
    if signer is not None:
        key = private_key(Path(signer))
        signed = pre_authentication(payload, PAYLOAD_TYPE)
        signature = key.sign(signed)
        envelope = {
            "payload": base64.b64encode(payload).decode("ascii"),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key_id(key.public_key()), "sig": base64.b64encode(signature).decode("ascii")}],
        }
        written |= {ENVELOPE: canonical(envelope), SIGNED: signed, SIGNATURE: signature}

    def fill(fresh: Path) -> None:
        for name, content in written.items():
            (fresh / name).write_bytes(content)

    write_folder(place / FOLDER, fill, keep=lambda old: _other_seal(old, place, written))
    return said


@contextlib.contextmanager
def sealing(folder: Path, signer: Path | None) -> Iterator[None]:
    """Seal a plan for something that is done under the seal; where that fails, a seal that was not there goes again.

    Without a key nothing is sealed.  Where nobody knows whether it was done (B102), the seal stays.
    """
    if signer is None:
        yield
        return
    there = (folder / FOLDER).exists()
    seal(folder, signer)
    try:
        yield
    except BaseException as trouble:
        unknown = isinstance(trouble, Environment) and any(issue.key == "B102.unknown" for issue in trouble.issues)
        if not there and not unknown:
            shutil.rmtree(folder / FOLDER, ignore_errors=True)
        raise


def _other_seal(old: Path, place: Path, written: Mapping[str, bytes]) -> Path | None:
    """Where an earlier seal goes that a new one takes the place of; nowhere where it says the same, or is unsigned."""
    signed = old / ENVELOPE
    if not signed.is_file() or read_bytes(signed) == written.get(ENVELOPE):
        return None
    places = (place / f"{FOLDER}-{number}" for number in range(2, 1_000_000))
    return next(path for path in places if not path.exists())


def verify(folder: str | Path, public_keys: Sequence[str | Path] = ()) -> list[Issue]:
    """What does not hold of a seal; with public keys, whether one of them signed it.

    A signature by a key that was not named is refused; an unsigned seal is refused where keys are named.
    """
    place = Path(folder)
    inside = place / FOLDER
    if not (inside / STATEMENT).is_file() or not (inside / SUMS).is_file():
        return [error("A080.plan-folder-no", at=str(place))]
    found: list[Issue] = []
    sums = read_bytes(inside / SUMS)
    stated = dict(_sums(sums))
    here = set(files_of(place))
    for name in sorted(stated.keys() - here):
        found.append(error("A081.missing", at=str(place), name=name))
    for name in sorted(here - stated.keys()):
        found.append(note("A081.added-after-seal", at=str(place), name=name))
    for name in sorted(here & stated.keys()):
        if file_digest(place / name) != stated[name]:
            found.append(error("A081.changed-after-seal", at=str(place), name=name))
    payload = read_bytes(inside / STATEMENT)
    if not any(issue.level == "error" for issue in found):
        try:
            if canonical(statement(place, sums)) != payload:
                found.append(error("A081.statement-not-these", at=str(inside)))
        except (ValueError, KeyError, TypeError, Refused) as torn:
            found.append(error("A081.sealed-files-cannot", at=str(place), torn=torn))
    present = [name for name in (ENVELOPE, SIGNED, SIGNATURE) if (inside / name).is_file()]
    if present or public_keys:
        found += _signature(inside, payload, [public_key(Path(path)) for path in public_keys])
    strange = {path.name for path in inside.iterdir()} - {SUMS, STATEMENT, ENVELOPE, SIGNED, SIGNATURE}
    found += [error("A081.does-not-belong", at=str(inside), folder=FOLDER, name=name) for name in sorted(strange)]
    return found


def _signature(inside: Path, payload: bytes, keys: Sequence[Ed25519PublicKey]) -> list[Issue]:
    from cryptography.exceptions import InvalidSignature

    where = str(inside)
    try:
        raw = read_bytes(inside / ENVELOPE)
        envelope = strict_json(raw)
        entry = envelope["signatures"][0]
        signature = base64.b64decode(entry["sig"], validate=True)
        strict = canonical(envelope) == raw and len(envelope["signatures"]) == 1
        same = base64.b64decode(envelope["payload"], validate=True) == payload
        strict = strict and base64.b64encode(payload).decode("ascii") == envelope["payload"]
        strict = strict and base64.b64encode(signature).decode("ascii") == entry["sig"]
        aside = read_bytes(inside / SIGNED) == pre_authentication(payload, PAYLOAD_TYPE)
        aside = aside and read_bytes(inside / SIGNATURE) == signature
        kind, signer = envelope["payloadType"] == PAYLOAD_TYPE, str(entry["keyid"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as torn:
        return [error("A082.plan-not-signed", at=where, torn=torn)]
    if not (same and aside and strict and kind):
        return [error("A082.envelope-does-not", at=where)]
    if not keys:
        return []
    for key in keys:
        if key_id(key) == signer:
            try:
                key.verify(signature, pre_authentication(payload, PAYLOAD_TYPE))
            except InvalidSignature:
                return [error("A082.signature-does-not", at=where)]
            return []
    return [error("A082.signed-key-not", at=where, signer=signer[:16])]


@contextlib.contextmanager
def unzipped(plan: Path) -> Iterator[Path]:
    """The plan folder of an argument; a zip of one is unpacked, with suspicion, for as long as it is needed.

    Raises
    ------
    Refused
        If the zip is harmful (FAULTS 77, 78) or holds no plan.
    """
    if plan.suffix.lower() != ".zip" or plan.is_dir():
        yield plan
        return
    if not plan.exists():
        raise Refused(error("A001.missing", at=str(plan), file=plan.name))
    from parcels.formats.decoding.archives import TORN, check_members, unpack

    try:
        with tempfile.TemporaryDirectory(prefix="landopt-") as name, zipfile.ZipFile(admit(plan)) as archive:
            unpack(archive, check_members(archive, plan.name), Path(name))
            found = sorted(path.parent for path in Path(name).rglob("plan.json"))
            if len(found) != 1:
                raise Refused(error("A085.holds-plans", at=str(plan), plan=plan.name, count=len(found)))
            yield found[0]
    except TORN as torn:
        raise Refused(error("A085.no-zip-file", at=str(plan), plan=plan.name, torn=torn)) from torn


def _sums(content: bytes) -> Iterator[tuple[str, str]]:
    for line in content.decode("utf-8", "replace").splitlines():
        sha, _, name = line.partition("  ")
        if re.fullmatch(r"[0-9a-f]{64}", sha):
            yield name, sha


# --- receipts: a Merkle tree over the parcels of the round (as in RFC 6962) ------------------------------------------


def leaves(case: Mapping[str, Any], plan: Mapping[str, Any]) -> list[bytes]:
    """One leaf a parcel, in id order: its id and what the plan does with it, canonical."""
    taken = {name: entry for entry in plan["assignments"] for name in entry["parcel_ids"]}
    return [canonical(_leaf(name, taken.get(name))) for name in case["parcels"]["ids"]]


def _leaf(name: str, entry: Mapping[str, Any] | None) -> dict[str, Any]:
    if entry is None:
        return {"parcel_id": name, "method": None, "demand_id": None, "term_years": None}
    return {
        "parcel_id": name,
        "method": entry["method"],
        "demand_id": entry["demand_id"],
        "term_years": entry["term_years"],
    }


def _hash_leaf(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def merkle_root(items: Sequence[bytes]) -> bytes:
    """The root over the leaves."""
    return _root([_hash_leaf(item) for item in items])


def _root(hashes: Sequence[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    at = _split(len(hashes))
    return _join(_root(hashes[:at]), _root(hashes[at:]))


def receipt(folder: str | Path, parcel_id: str) -> dict[str, Any]:
    """A proof of at most 1 kB that one parcel was in the round and what became of it.

    Raises
    ------
    Refused
        If the round has no such parcel.
    """
    place = Path(folder)
    plan = read_plan(place)
    case = load_json(place / "case.json", SCHEMA)
    if parcel_id not in case["parcels"]["ids"]:
        raise Refused(error("A084.parcel-not-round", at=str(place / "case.json"), parcel_id=parcel_id))
    index = case["parcels"]["ids"].index(parcel_id)
    items = leaves(case, plan)
    hashes = [_hash_leaf(item) for item in items]
    path = b"".join(_path(index, hashes))
    return {
        "schema": RECEIPT_SCHEMA,
        "plan_id": plan["plan_id"],
        "leaf": json.loads(items[index]),
        "index": index,
        "count": len(items),
        "path": base64.b64encode(path).decode("ascii"),
        "root": _root(hashes).hex(),
    }


def _path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    at = _split(len(hashes))
    if index < at:
        return [*_path(index, hashes[:at]), _root(hashes[at:])]
    return [*_path(index - at, hashes[at:]), _root(hashes[:at])]


def check_receipt(paper: Mapping[str, Any], root: str) -> bool:
    """Whether a receipt leads to the ``merkle_root`` of a signed statement."""
    try:
        raw = base64.b64decode(paper["path"], validate=True)
        steps = [raw[at : at + 32] for at in range(0, len(raw), 32)]
        found = _climb(int(paper["index"]), int(paper["count"]), _hash_leaf(canonical(paper["leaf"])), steps)
    except (KeyError, ValueError, TypeError):
        return False
    return found is not None and found.hex() == root == paper["root"]


def _climb(index: int, count: int, value: bytes, steps: Sequence[bytes]) -> bytes | None:
    if not 0 <= index < count:
        return None
    if count == 1:
        return value if not steps else None
    if not steps:
        return None
    at = _split(count)
    if index < at:
        below = _climb(index, at, value, steps[:-1])
        return None if below is None else _join(below, steps[-1])
    below = _climb(index - at, count - at, value, steps[:-1])
    return None if below is None else _join(steps[-1], below)
