"""Tokens of a timestamp authority (RFC 3161), made elsewhere and attached to a head of the ledger.

The imprint is the hash of the entry itself: ``openssl ts -query -sha256 -digest HASH``.  A token is checked by
``rfc3161-client`` (part of ``landopt[seal]``): status, imprint, usage and chain of the authority's certificate, its
signature.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parcels.common.gate import MB, read_bytes
from parcels.common.issues import Environment, Refused, error


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says: its time (UTC, ISO), whether it was verified, and what is wrong with it ("" if nothing)."""

    at: str = ""
    verified: bool = False
    wrong: str = ""


def check(token: str, head: str, authorities: Sequence[Path]) -> Stamp:
    """Check a token (base64 of a timestamp response) of a head against trusted certificates, if there are any.

    Raises
    ------
    Refused
        If a certificate cannot be read (B091).
    Environment
        If certificates are named and ``rfc3161-client`` is not installed (E083).
    """
    try:
        raw = base64.b64decode(token, validate=True)
    except ValueError:
        return Stamp(wrong="not base64")
    try:
        import rfc3161_client
        from cryptography import x509
    except ImportError as missing:
        if authorities:
            raise Environment(error("E083.library", at="--tsa-ca")) from missing
        return Stamp()
    roots: list[x509.Certificate] = []
    for path in authorities:
        try:
            roots += x509.load_pem_x509_certificates(read_bytes(path, MB))
        except (OSError, ValueError) as wrong:
            raise Refused(error("B091.certificate", at=str(path), name=path.name, why=str(wrong))) from wrong
    try:
        answer = rfc3161_client.decode_timestamp_response(raw)
        info = answer.tst_info
        at = info.gen_time.isoformat(timespec="seconds")
        if info.message_imprint.message != bytes.fromhex(head):
            return Stamp(at, wrong="the imprint is not the head of that entry")
        if not roots:
            return Stamp(at)
        rfc3161_client.VerifierBuilder(roots=roots).build().verify(answer, bytes.fromhex(head))
    except Exception as wrong:  # the library names several errors of its own, all of them "does not hold"
        return Stamp(wrong=str(wrong).splitlines()[0][:200] if str(wrong) else type(wrong).__name__)
    return Stamp(at, verified=True)


def read_token(path: Path) -> str:
    """A timestamp response file as base64.

    Raises
    ------
    Refused
        If it cannot be read (B091).
    """
    try:
        return base64.b64encode(read_bytes(path, MB)).decode("ascii")
    except OSError as trouble:
        raise Refused(
            error("B091.token", at=str(path), name=path.name, why=trouble.strerror or str(trouble))
        ) from trouble
