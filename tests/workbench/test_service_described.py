"""The description held against the server: what schemathesis makes of it, right and wrong, meets no fault."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance

from landopt.workbench.service.tokens import add_token

pytestmark = pytest.mark.slow
PEM = serialization.Encoding.PEM
EXCLUDED: list[CheckFunction] = [positive_data_acceptance]
"""A fact may be told in any word of either language; which words are understood is said by the answer, not the type."""
NAMED: dict[str, Any] = {"round": "r1", "plan": "plan", "sets": []}
EXAMPLES = 25 if "LANDOPT_LONG" not in os.environ else 400


@contextlib.contextmanager
def running(folder: Path, *options: str) -> Iterator[tuple[str, str]]:
    """The service as a user starts it: its address, and the token of this start."""
    words = ["serve", str(folder), "--api", "--lang", "en", "--rate", "100000", *options]
    with subprocess.Popen([sys.executable, "-m", "landopt", *words], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            address = server.stderr.readline().split(" answers at ")[1].split(" ")[0]
            told = "" if "--tokens" in options else server.stderr.readline().split(" is in ")[1].strip()
            yield address, Path(told).read_text("ascii") if told else ""
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(20) == 0
    assert not told or not Path(told).exists()


def test_schemathesis_finds_no_fault(solved: Path, tmp_path: Path) -> None:
    """Every operation, with requests that are as described and with such as are not: no server error, every answer as
    described, what is wrong refused; the round is as it was afterwards."""
    shutil.copytree(solved, tmp_path / "r1")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    asked = []
    with running(tmp_path) as (address, token):
        headers = {"Authorization": f"Bearer {token}"}
        schema = schemathesis.openapi.from_url(f"{address}openapi.json", headers=headers)
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()
            for mode in GenerationMode if operation.method == "post" else [GenerationMode.POSITIVE]:
                asked += _asked(operation, mode, headers)
    assert set(asked) >= {200, 404, 422}
    assert max(asked) < 500
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def _asked(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, headers: dict[str, str]) -> list[int]:
    """What the answers to many requests were; those as described name the round there is half of the time."""
    heard: list[int] = []

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE and isinstance(case.body, dict) and len(heard) % 2:
            case.body = {**case.body, **{name: known for name, known in NAMED.items() if name in case.body}}
        heard.append(case.call_and_validate(headers=headers, excluded_checks=EXCLUDED).status_code)

    ask()
    return heard


def test_others_are_let_in_by_tls_and_token_alone(tmp_path: Path) -> None:
    """``--listen``: TLS, the name and the token; a key that others can read or that wants a passphrase is refused."""
    cert, key, tokens = _certificate(tmp_path)
    held = add_token(tokens, "planning")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    files = ["--tls-cert", str(cert), "--tls-key", str(key), "--tokens", str(tokens)]
    listen = ["--listen", f"127.0.0.1:{port}", "--name", "localhost", *files]
    with running(tmp_path, *listen) as (address, _):
        assert address == f"https://localhost:{port}/api/v1/"
        asked: dict[str, Any] = {
            "url": f"{address}rules/ask",
            "json": {"facts": {"use": "RES"}},
            "verify": str(cert),
            "timeout": 60,
        }
        with_token = {"Authorization": f"Bearer {held}"}
        assert requests.post(**asked, headers=with_token).json()["schema"] == "landopt.api/1"
        assert requests.post(**asked).status_code == 401
        assert requests.post(**asked, headers={**with_token, "Host": "127.0.0.1"}).status_code == 421
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(f"http://localhost:{port}/api/v1/rounds", headers=with_token, timeout=60)
    for spoil in (lambda: key.chmod(0o644), lambda: _locked(key), lambda: cert.write_text("none", "ascii")):
        spoil()
        words = [sys.executable, "-m", "landopt", "serve", str(tmp_path), "--api", "--lang", "en", *listen]
        found = subprocess.run(words, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
        assert found.returncode == 6, found.stderr
        assert "Traceback" not in found.stderr


def _certificate(folder: Path) -> tuple[Path, Path, Path]:
    """A certificate for localhost, its key and where tokens are kept."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(PEM))
    secret.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    secret.chmod(0o600)
    return cert, secret, folder / "tokens.txt"


def _locked(path: Path) -> None:
    """The key behind a passphrase."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    lock = serialization.BestAvailableEncryption(b"secret")
    path.write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, lock))
    path.chmod(0o600)
