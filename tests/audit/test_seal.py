"""The seal: any changed byte shows, signatures verify with openssl alone, receipts lead to the signed root."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from constraints.canonical import canonical
from landopt.keeping.sealing.seal import check_receipt, files_of, leaves, merkle_root, receipt, seal, verify
from parcels.common.issues import Refused

pytest.importorskip("cryptography")
OPENSSL = shutil.which("openssl")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An ed25519 key pair as PEM files."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    place = tmp_path_factory.mktemp("keys")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    (place / "key.pem").write_bytes(private)
    (place / "key.pub.pem").write_bytes(public)
    return place / "key.pem", place / "key.pub.pem"


@pytest.fixture
def sealed(folders: list[Path], keys: tuple[Path, Path], tmp_path: Path) -> Path:
    """A signed plan folder."""
    shutil.copytree(folders[0], tmp_path / "plan")
    seal(tmp_path / "plan", keys[0])
    return tmp_path / "plan"


def _errors(folder: Path, *keys: Path) -> list[str]:
    return [issue.what for issue in verify(folder, keys) if issue.level == "error"]


def test_signed_plan_verifies(sealed: Path, keys: tuple[Path, Path]) -> None:
    """With the right key nothing is said; without a key the digests still hold."""
    assert _errors(sealed, keys[1]) == []
    assert _errors(sealed) == []


def test_statement_is_in_toto_in_dsse(sealed: Path) -> None:
    """The statement has the in-toto form and names every file, inputs, rules and the root."""
    envelope = json.loads((sealed / "seal" / "statement.dsse.json").read_bytes())
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    names = {entry["name"] for entry in statement["subject"]}
    assert {*files_of(sealed), "seal/SHA256SUMS"} == names
    assert {"plan_hash", "case", "inputs", "rules", "ledger_head", "merkle_root"} <= statement["predicate"].keys()


def test_every_flipped_byte_is_found(sealed: Path, keys: tuple[Path, Path]) -> None:
    """A thousand single-byte changes over all files, the seal's own included."""
    draw = Random(7)
    names = [*files_of(sealed), *(f"seal/{path.name}" for path in sorted((sealed / "seal").iterdir()))]
    content = {name: (sealed / name).read_bytes() for name in names}
    missed = []
    for number in range(1_000):
        name = names[number % len(names)]
        raw = bytearray(content[name])
        at = draw.randrange(len(raw))
        raw[at] ^= 1 << draw.randrange(8)
        (sealed / name).write_bytes(raw)
        if not _errors(sealed, keys[1]):
            missed.append((name, at))
        (sealed / name).write_bytes(content[name])
    assert missed == []
    assert _errors(sealed, keys[1]) == []


def test_fault_82_key_that_was_not_named_is_refused(sealed: Path, tmp_path: Path) -> None:
    """FAULTS 82: a signature by an unknown key is refused; so is a plan without one where a key is asked.

    Keys are plain ed25519 keys without a date: whom to trust is said by naming the key, so none can expire.
    """
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = Ed25519PrivateKey.generate().public_key()
    other = tmp_path / "other.pem"
    other.write_bytes(public.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo))
    assert "not among the keys named" in _errors(sealed, other)[0]
    seal(sealed)
    assert "not signed" in _errors(sealed, other)[0]
    with pytest.raises(Refused, match="private key cannot be read"):
        seal(sealed, other)


@pytest.mark.skipif(OPENSSL is None or shutil.which("sha256sum") is None, reason="openssl or sha256sum is missing")
def test_openssl_and_sha256sum_alone_verify(sealed: Path, keys: tuple[Path, Path]) -> None:
    """The three commands of docs/audit.md, with no Python of ours."""
    assert OPENSSL is not None
    inside = sealed / "seal"
    command = [OPENSSL, "pkeyutl", "-verify", "-pubin", "-inkey", str(keys[1]), "-rawin"]
    command += ["-in", str(inside / "statement.pae"), "-sigfile", str(inside / "statement.sig")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sums = subprocess.run(["sha256sum", "-c", "seal/SHA256SUMS"], cwd=sealed, capture_output=True, check=False)
    assert sums.returncode == 0
    named = subprocess.run(["sha256sum", "seal/SHA256SUMS"], cwd=sealed, capture_output=True, text=True, check=True)
    assert named.stdout[:64].encode() in (inside / "statement.pae").read_bytes()
    (inside / "statement.pae").write_bytes((inside / "statement.pae").read_bytes() + b" ")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_receipt_leads_to_the_signed_root(sealed: Path) -> None:
    """Every parcel's receipt is at most 1 kB and true; a changed one is not."""
    root = json.loads((sealed / "seal" / "statement.json").read_bytes())["predicate"]["merkle_root"]
    case = json.loads((sealed / "case.json").read_bytes())
    for name in case["parcels"]["ids"]:
        paper = receipt(sealed, name)
        assert check_receipt(paper, root)
        assert len(canonical(paper)) <= 1024
        assert not check_receipt({**paper, "leaf": {**paper["leaf"], "method": "auction"}}, root)
        assert not check_receipt({**paper, "index": paper["index"] + 1}, root)
    with pytest.raises(Refused, match="was not in the round"):
        receipt(sealed, "nowhere")


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 100, 5_000])
def test_receipts_hold_for_any_number_of_parcels(count: int, tmp_path: Path) -> None:
    """The tree works for every size; at 5,000 parcels a receipt is under 1 kB."""
    ids = [f"440115-{number:06d}" for number in range(count)]
    (tmp_path / "case.json").write_bytes(canonical({"schema": "landopt.case/1", "parcels": {"ids": ids}}))
    plan = {"schema": "landopt.plan/1", "plan_id": "2026-R1/P-01234567", "assignments": []}
    (tmp_path / "plan.json").write_bytes(canonical(plan))
    root = merkle_root(leaves({"parcels": {"ids": ids}}, plan)).hex()
    for name in {ids[0], ids[-1], ids[count // 2]}:
        paper = receipt(tmp_path, name)
        assert check_receipt(paper, root)
        assert len(canonical(paper)) <= 1024


def test_canonical_json_agrees_with_rfc8785() -> None:
    """Our standard-library form equals the reference for integers, texts, null and booleans with ASCII keys."""
    rfc8785 = pytest.importorskip("rfc8785")
    draw = Random(11)
    letters = [
        '"',
        "\\",
        "/",
        "\b",
        "\f",
        "\n",
        "\r",
        "\t",
        "\x00",
        "\x1f",
        "\x7f",
        "é",
        "中",
        "\u2028",
        "😀",
        "a",
        " ",
    ]

    def value(depth: int) -> object:
        kind = draw.randrange(8 if depth else 5)
        if kind == 0:
            return draw.choice([None, True, False])
        if kind in (1, 2):
            return draw.choice([0, -1, draw.randint(-(2**53) + 1, 2**53 - 1)])
        if kind in (3, 4):
            return "".join(draw.choice(letters) for _ in range(draw.randrange(8)))
        if kind in (5, 6):
            return [value(depth - 1) for _ in range(draw.randrange(5))]
        keys = {"".join(draw.choice("azAZ09_-. ~") for _ in range(draw.randrange(6))) for _ in range(draw.randrange(6))}
        return {key: value(depth - 1) for key in sorted(keys)}

    for _ in range(2_000):
        item = value(4)
        assert canonical(item) == rfc8785.dumps(item)
    for bad in (1.5, {"é": 1}, {1: 2}, {1, 2}):
        with pytest.raises(ValueError, match=r"ASCII|canonical"):
            canonical(bad)


def test_zip_of_a_plan_is_audited_like_the_folder(sealed: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    """Two files and a public key: a zip of the folder (and the ledger) are enough; a harmful zip is refused."""
    import zipfile

    from click.testing import CliRunner

    from landopt.desk.keep.audit import audit

    shutil.make_archive(str(tmp_path / "sent"), "zip", sealed.parent, sealed.name)
    run = CliRunner()
    done = run.invoke(audit, [str(tmp_path / "sent.zip"), "--key", str(keys[1])])
    assert done.exit_code == 0, done.output
    assert "Plan stands as far as checked." in done.stdout
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../plan.json", "{}")
    with pytest.raises(Refused, match="leaves the archive"):
        run.invoke(audit, [str(tmp_path / "evil.zip")], catch_exceptions=False)
    (tmp_path / "torn.zip").write_bytes((tmp_path / "sent.zip").read_bytes()[:500])
    with pytest.raises(Refused, match="no zip file"):
        run.invoke(audit, [str(tmp_path / "torn.zip")], catch_exceptions=False)
