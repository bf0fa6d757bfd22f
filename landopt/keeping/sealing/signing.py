"""ed25519 keys and signatures: of seals and of heads of the ledger. Needs ``cryptography`` (``landopt[seal]``)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from constraints.canonical import canonical
from parcels.common.gate import MB, read_bytes
from parcels.common.issues import Environment, Refused, error

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEAD_TYPE = "application/vnd.landopt.ledger-head+json"
_MAKE = "Maybe openssl genpkey -algorithm ed25519 -out key.pem; openssl pkey -in key.pem -pubout -out key.pub.pem"
_OPENSSL = "pip install landopt[seal], or use openssl (docs/audit.md)"


def pre_authentication(payload: bytes, kind: str) -> bytes:
    """The bytes that are signed (DSSE v1)."""
    name = kind.encode()
    return b"DSSEv1 %d %s %d %s" % (len(name), name, len(payload), payload)


def key_id(key: Ed25519PublicKey) -> str:
    """The id of a public key: SHA-256 of its 32 raw bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


Asker = Callable[[Path], str | None]
"""Gives the passphrase of a key file, or ``None``."""
_asker: ContextVar[Asker] = ContextVar("asker", default=lambda _path: None)


@contextmanager
def unlocked_by(ask: Asker) -> Iterator[None]:
    """Within it, a key that is locked is unlocked with what ``ask`` gives, for one signature; nothing is kept."""
    before = _asker.set(ask)
    try:
        yield
    finally:
        _asker.reset(before)


def private_key(path: Path) -> Ed25519PrivateKey:
    """A private key (PEM); a locked one is unlocked as :func:`unlocked_by` says.

    Raises
    ------
    Refused
        If it cannot be read or is not an ed25519 key (A083).
    Environment
        If ``cryptography`` is not installed.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as missing:
        raise Environment(error("E082.signing-needs-cryptography")) from missing
    try:
        raw = read_bytes(path, MB)
        try:
            key = load_pem_private_key(raw, None)
        except TypeError:  # locked
            said = _asker.get()(path)
            key = load_pem_private_key(raw, None if said is None else said.encode("utf-8"))
    except (OSError, ValueError, TypeError) as wrong:
        raise Refused(error("A083.private-key-cannot", at=str(path), wrong=wrong)) from wrong
    if not isinstance(key, Ed25519PrivateKey):
        raise Refused(error("A083.private-key-not", at=str(path)))
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """A public key (PEM). Raises as :func:`private_key`."""
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError as missing:
        raise Environment(error("E082.checking-signature-here")) from missing
    try:
        key = load_pem_public_key(read_bytes(path, MB))
    except (OSError, ValueError) as wrong:
        raise Refused(error("A083.public-key-cannot", at=str(path), wrong=wrong)) from wrong
    if not isinstance(key, Ed25519PublicKey):
        raise Refused(error("A083.public-key-not", at=str(path)))
    return key


def head_message(entry: int, head: str, round_id: str) -> bytes:
    """The bytes that are signed of a head: the number of an entry, its hash, its round."""
    return pre_authentication(canonical({"entry": entry, "head": head, "round": round_id}), HEAD_TYPE)


def verifies(public: str, signature: str, message: bytes) -> bool:
    """Whether a signature (hex) of a message holds under a raw public key (hex).

    Raises
    ------
    ImportError
        If ``cryptography`` is not installed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
