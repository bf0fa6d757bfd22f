"""A receipt held against a signed statement: leaf, path, root, number of parcels, signature."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constraints.audit.files.strict_json import strict_json
from landopt.keeping.sealing.seal import (
    ENVELOPE,
    FOLDER,
    PAYLOAD_TYPE,
    PREDICATE,
    RECEIPT_SCHEMA,
    STATEMENT,
    check_receipt,
)
from landopt.keeping.sealing.signing import key_id, pre_authentication, public_key, verifies
from parcels.common.gate import MB, read_bytes
from parcels.common.issues import Issue, Refused, error, note, warning


@dataclass(frozen=True, slots=True)
class Held:
    """What came of it: errors where the receipt does not lead to the statement, warnings for what was not checked."""

    leaf: Mapping[str, Any]
    issues: tuple[Issue, ...]


def check_paper(paper: Path, seal: Path, keys: Sequence[Path]) -> Held:
    """Hold a receipt against a seal (a plan folder, its ``seal``, or the statement in its envelope).

    Raises
    ------
    Refused
        If a file cannot be read or is not of its form (A086), or a key cannot be read.
    """
    said = _object(paper)
    if said.get("schema") != RECEIPT_SCHEMA or not isinstance(said.get("leaf"), dict):
        raise Refused(error("A086.form", at=str(paper), name=paper.name))
    place = _statement(seal)
    payload, signatures = _payload(place)
    try:
        statement = strict_json(payload)
        predicate = statement["predicate"]
        root, count = str(predicate["merkle_root"]), int(predicate["parcels"])
        plan, known = str(predicate["plan_id"]), statement["predicateType"] == PREDICATE
    except (ValueError, KeyError, TypeError) as torn:
        raise Refused(error("A086.form", at=str(place), name=place.name)) from torn
    issues: list[Issue] = []
    if not known or said.get("plan_id") != plan:
        issues.append(error("A087.plan", at=paper.name, plan=str(said.get("plan_id")), signed=plan))
    if type(said.get("count")) is not int or said["count"] != count:
        issues.append(error("A087.count", at=paper.name, count=str(said.get("count")), signed=count))
    elif not check_receipt(said, root):
        issues.append(error("A087.path", at=paper.name))
    issues += _signed(place, payload, signatures, keys)
    if not any(issue.level == "error" for issue in issues):
        leaf = said["leaf"]
        given = {name: str(leaf.get(name) or "-") for name in ("parcel_id", "method", "demand_id")}
        issues.append(note("A087.holds", at=paper.name, plan=plan, count=count, **given))
    return Held(said["leaf"], tuple(issues))


def _object(path: Path) -> dict[str, Any]:
    try:
        found = strict_json(read_bytes(path, 100 * MB))
    except (OSError, ValueError) as trouble:
        raise Refused(error("A086.unreadable", at=str(path), name=path.name, why=str(trouble)[:200])) from trouble
    if not isinstance(found, dict):
        raise Refused(error("A086.form", at=str(path), name=path.name))
    return found


def _statement(seal: Path) -> Path:
    """The statement of a seal, in its envelope where it is signed."""
    if not seal.is_dir():
        return seal
    for folder in (seal / FOLDER, seal):
        for name in (ENVELOPE, STATEMENT):
            if (folder / name).is_file():
                return folder / name
    raise Refused(error("A086.none", at=str(seal), name=seal.name))


def _payload(place: Path) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The statement's bytes, and (key id, signature) of each signature."""
    found = _object(place)
    if "payload" not in found:
        return read_bytes(place), []
    try:
        if found["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(found["payloadType"])
        signatures = [
            (str(each["keyid"]), base64.b64decode(each["sig"], validate=True)) for each in found["signatures"]
        ]
        return base64.b64decode(found["payload"], validate=True), signatures
    except (ValueError, KeyError, TypeError) as torn:
        raise Refused(error("A086.form", at=str(place), name=place.name)) from torn


def _signed(place: Path, payload: bytes, signatures: Sequence[tuple[str, bytes]], keys: Sequence[Path]) -> list[Issue]:
    if not keys:
        return [warning("A087.unchecked", at=place.name)]
    message = pre_authentication(payload, PAYLOAD_TYPE)
    for key in map(public_key, keys):
        for signer, signature in signatures:
            if signer == key_id(key) and verifies(key.public_bytes_raw().hex(), signature.hex(), message):
                return []
    return [error("A087.signature", at=place.name)]
