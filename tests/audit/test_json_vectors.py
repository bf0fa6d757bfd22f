"""One grammar for both verifiers: every vector is refused, or accepted, by Python and by JavaScript alike."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from constraints.audit.files.strict_json import strict_json
from constraints.audit.run import audit_plan
from landopt.screening.offers_file import read_offers
from parcels.common.issues import LandoptError

NODE = shutil.which("node")
ROOT = Path(__file__).parents[2]
VERIFY = ROOT / "landopt" / "report" / "map" / "verify.js"
VECTORS = json.loads((ROOT / "docs" / "json-vectors.json").read_text(encoding="utf-8"))
READ = """
require(process.argv[2]);
const texts = JSON.parse(require("fs").readFileSync(process.argv[3], "utf8"));
const found = texts.map((text) => {
  try { return JSON.stringify(globalThis.landoptVerify.parse(new Uint8Array(Buffer.from(text, "base64")))); }
  catch (e) { return null; }
});
process.stdout.write(JSON.stringify(found));
"""
needs_node = pytest.mark.skipif(NODE is None, reason="node is not installed")


def _python(raw: bytes) -> object:
    try:
        return json.loads(json.dumps(strict_json(raw)))
    except ValueError:
        return _REFUSED


_REFUSED = object()


def _javascript(texts: list[bytes], place: Path) -> list[object]:
    (place / "read.js").write_text(READ, encoding="utf-8")
    (place / "texts.json").write_text(json.dumps([base64.b64encode(text).decode() for text in texts]), "utf-8")
    command = [str(NODE), str(place / "read.js"), str(VERIFY), str(place / "texts.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [_REFUSED if each is None else json.loads(each) for each in json.loads(done.stdout)]


def test_there_are_enough_vectors() -> None:
    """At least 60 that must be refused and 20 that must be accepted, each under a name of its own."""
    assert sum(not each["accept"] for each in VECTORS) >= 60
    assert sum(each["accept"] for each in VECTORS) >= 20
    assert len({each["name"] for each in VECTORS}) == len(VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each["name"])
def test_python_reads_the_grammar(vector: dict[str, object]) -> None:
    """As the vector says."""
    raw = base64.b64decode(str(vector["base64"]))
    assert (_python(raw) is not _REFUSED) is vector["accept"]


@needs_node
def test_javascript_reads_the_grammar(tmp_path: Path) -> None:
    """As the vectors say, and what is accepted has the same value."""
    texts = [base64.b64decode(each["base64"]) for each in VECTORS]
    for each, raw, found in zip(VECTORS, texts, _javascript(texts, tmp_path), strict=True):
        assert (found is not _REFUSED) is each["accept"], each["name"]
        assert found == _python(raw), each["name"]


@needs_node
def test_both_read_random_texts_alike(tmp_path: Path) -> None:
    """Two thousand texts made of the pieces that readers disagree about."""
    draw = Random(7)
    pieces = ["{", "}", "[", "]", ",", ":", '"a"', '"\\u0061"', "0", "-0", "1", "1.0", "01", "true", "null", " ", "\n"]
    pieces += ['"\\ud83d\\ude00"', '"\\ud800"', "9007199254740991", "9007199254740993", '"-0"', '"é"', "e1", "\ufeff"]
    seeds = ['{"a":%s}', "[%s,1]", "%s", '{"a":1,"b":%s}']
    texts = []
    for _ in range(2_000):
        inner = "".join(draw.choice(pieces) for _ in range(draw.randint(1, 4)))
        texts.append((draw.choice(seeds) % inner).encode())
    found = _javascript(texts, tmp_path)
    assert [raw for raw, js in zip(texts, found, strict=True) if js != _python(raw)] == []
    assert sum(js is not _REFUSED for js in found) > 100


def _first(raw: bytes, old: bytes, new: bytes) -> bytes:
    assert old in raw
    return raw.replace(old, new, 1)


TRICKS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a mark before the plan": ("plan.json", lambda raw: b"\xef\xbb\xbf" + raw),
    "the plan in UTF-16": ("plan.json", lambda raw: raw.decode().encode("utf-16")),
    "a key twice in the plan": ("plan.json", lambda raw: _first(raw, b'"score":', b'"score":0,"score":')),
    "a key twice by escape": ("case.json", lambda raw: _first(raw, b'"packs":', b'"p\\u0061cks":[],"packs":')),
    "a fraction": ("proof.json", lambda raw: _first(raw, b'"scale":', b'"scale":1.0,"x":')),
    "true for one": ("plan.json", lambda raw: _first(raw, b'"deposit_yuan":0', b'"deposit_yuan":false')),
    "something after the plan": ("plan.json", lambda raw: raw + b"{}"),
    "minus zero": ("plan.json", lambda raw: _first(raw, b'"deposit_yuan":0', b'"deposit_yuan":-0')),
}


@needs_node
@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_in_a_folder_is_refused(folders: list[Path], tmp_path: Path, name: str) -> None:
    """By the audit always; by JavaScript where the trick is one of encoding (types of words are not its matter)."""
    file, change = TRICKS[name]
    target = tmp_path / "forged"
    source = next(f for f in folders if b'"deposit_yuan":0' in (f / "plan.json").read_bytes())
    shutil.copytree(source, target)
    (target / file).write_bytes(change((target / file).read_bytes()))
    try:
        stands = audit_plan(target).stands
    except LandoptError:
        stands = False
    assert not stands
    if name != "true for one":
        done = subprocess.run([str(NODE), str(VERIFY), str(target)], capture_output=True, text=True, check=False)
        assert done.returncode == 5


PACKED: dict[str, Callable[[bytes, bytes], bytes]] = {
    "two members": lambda raw, text: gzip.compress(text[:40]) + gzip.compress(text[40:]),
    "bytes after": lambda raw, text: raw + b"x",
    "zeros after": lambda raw, text: raw + bytes(16),
    "cut": lambda raw, text: raw[:-3],
    "no last line feed": lambda raw, text: gzip.compress(text[:-1], mtime=0),
    "a blank line": lambda raw, text: gzip.compress(text + b"\n", mtime=0),
    "a fraction": lambda raw, text: gzip.compress(text.replace(b'"tiers":1', b'"tiers":1.0'), mtime=0),
    "a key twice": lambda raw, text: gzip.compress(text.replace(b'"tiers":', b'"tiers":9,"tiers":'), mtime=0),
    "a name": lambda raw, text: raw[:3] + bytes([raw[3] | 8]) + raw[4:10] + b"offers\x00" + raw[10:],
    "a comment": lambda raw, text: raw[:3] + bytes([raw[3] | 16]) + raw[4:10] + b"offers\x00" + raw[10:],
    "an extra field": lambda raw, text: raw[:3] + bytes([raw[3] | 4]) + raw[4:10] + b"\x02\x00ab" + raw[10:],
    "not deflated": lambda raw, text: text,
}


@needs_node
@pytest.mark.parametrize("how", PACKED)
def test_offers_are_one_member_of_whole_lines(folders: list[Path], tmp_path: Path, how: str) -> None:
    """A gzip file of exactly one member, each line with its end: one grammar for audit, JavaScript and reports."""
    target = tmp_path / "forged"
    shutil.copytree(folders[0], target)
    path = target / "offers.jsonl.gz"
    raw = path.read_bytes()
    text = gzip.decompress(raw)
    changed = PACKED[how](raw, text)
    assert changed != raw
    path.write_bytes(changed)
    with pytest.raises(LandoptError):
        read_offers(path)
    with pytest.raises(LandoptError):
        audit_plan(target)
    done = subprocess.run([str(NODE), str(VERIFY), str(target)], capture_output=True, text=True, check=False)
    assert done.returncode == 5
