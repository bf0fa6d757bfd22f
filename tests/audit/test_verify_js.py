"""The second verifier, written from docs/proof.md alone, agrees with the Python one on every fixture."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import zlib
from pathlib import Path
from random import Random
from typing import Any

import pytest

from constraints.plan import PROOF_SCHEMA, OffersFile, load_json
from constraints.proof import BadProof, bounds, pack_rows, unpack_rows
from parcels.issues import Refused
from tests.audit.mutants import load, mutate, reseal, save

NODE = shutil.which("node")
VERIFY = Path(__file__).parents[2] / "landopt" / "report" / "verify.js"
BATCH = """
require(process.argv[2]);
const fs = require("fs"), path = require("path");
(async () => {
  const found = [];
  for (const folder of JSON.parse(fs.readFileSync(process.argv[3], "utf8"))) {
    const read = (name) => new Uint8Array(fs.readFileSync(path.join(folder, name)));
    found.push(await globalThis.landoptVerify.verify(
      { plan: read("plan.json"), proof: read("proof.json"), case: read("case.json"),
        offers: read("offers.jsonl.gz") }));
  }
  process.stdout.write(JSON.stringify(found));
})();
"""

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def _python(folder: Path) -> bool:
    """Sections 1 to 3 of docs/proof.md by the Python modules."""
    from constraints.canonical import digest
    from constraints.plan import plan_hash
    from constraints.proof import gap_text

    try:
        plan, case, proof = (load(folder)[name] for name in ("plan.json", "case.json", "proof.json"))
        proof = load_json(folder / "proof.json", PROOF_SCHEMA)
        name = digest(case)
        with OffersFile(folder / "offers.jsonl.gz") as offers:
            head, parts = offers.header, list(offers.parts())
            sha, seen = offers.sha256(), offers.seen
        places = [(0, part.demand) if part.demand is not None else (1, part.sites[0][0]) for part in parts]
        found = bounds(proof, head.rows, len(case["parcels"]["ids"]), parts)
        tiers = list(zip(plan["result"]["tiers"], proof["tiers"], found, strict=True))
        return (
            (plan["schema"], case["schema"]) == ("landopt.plan/1", "landopt.case/1")
            and plan["case"]["digest"] == proof["case"] == head.case == name
            and sha == proof["offers"]
            and seen == head.count
            and plan["plan_hash"] == plan_hash(plan["assignments"])
            and places == sorted(set(places))
            and all(
                offer[0] in range(len(part.sites)) and all(row in range(len(head.rows)) for row in offer[8][::2])
                for part in parts
                for offer in part.offers
            )
            and plan["result"]["bound_scope"] == proof["scope"] == head.scope
            and head.tiers == len(found)
            and all(
                stated["bound"] == entry["bound"] == bound
                and stated["objective"] == entry["objective"] <= bound
                and stated["proven_gap"] == gap_text(bound, entry["objective"])
                for stated, entry, bound in tiers
            )
        )
    except (BadProof, Refused, KeyError, TypeError, ValueError, IndexError, AttributeError):
        return False


def _javascript(folders: list[Path], place: Path) -> list[dict[str, object]]:
    assert NODE is not None
    (place / "batch.js").write_text(BATCH, encoding="utf-8")
    (place / "folders.json").write_text(json.dumps([str(folder) for folder in folders]), encoding="utf-8")
    arguments = [NODE, str(place / "batch.js"), str(VERIFY), str(place / "folders.json")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_both_verifiers_accept_true_plans(folders: list[Path], tmp_path: Path):
    """Bounds agree digit for digit."""
    for folder, said in zip(folders, _javascript(folders, tmp_path), strict=True):
        assert said["holds"] is True, said
        tiers = load(folder)["proof.json"]["tiers"]
        assert [tier["bound"] for tier in said["tiers"]] == [str(tier["bound"]) for tier in tiers]  # type: ignore[attr-defined]


def test_both_verifiers_agree_on_mutants(folders: list[Path], tmp_path: Path):
    """Forgeries and lies about what both check: same answer."""
    draw = Random(3)
    made = []
    for number in range(120):
        mutant, path, _, _ = mutate(draw, load(folders[number % len(folders)]))
        lie = number % 2 == 0
        if path[:2] == ("proof.json", "schema"):
            continue
        try:
            save(tmp_path / str(number), reseal(mutant) if lie else mutant)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
        made.append((tmp_path / str(number), path))
    said = _javascript([folder for folder, _ in made], tmp_path)
    differ = [
        (path, answer) for (folder, path), answer in zip(made, said, strict=True) if answer["holds"] != _python(folder)
    ]
    assert differ == []
    assert sum(answer["holds"] is True for answer in said) > 5


def _leaf_of(node: dict[str, Any]) -> dict[str, Any]:
    while "on" in node:
        node = node["zero"]
    return node


def test_both_verifiers_read_packed_row_prices_alike(folders: list[Path], tmp_path: Path):
    """Any width from 1 to 8 bytes that holds the prices is the same proof; a torn, short or long text is none."""

    def packed(raw: bytes) -> str:
        return base64.b64encode(zlib.compress(raw)).decode("ascii")

    made: list[tuple[Path, bool]] = []
    for number, folder in enumerate(folders):
        content = load(folder)
        leaf, count = _leaf_of(content["proof.json"]["tiers"][0]["tree"]), len(content["offers.jsonl.gz"][0]["rows"])
        text = leaf.get("rows") or pack_rows([0] * count)
        prices = unpack_rows(text, count)
        raw = bytes([8]) + b"".join(price.to_bytes(8, "little", signed=True) for price in prices)
        wide = bytes([9]) + b"".join(price.to_bytes(9, "little", signed=True) for price in prices)
        cases: list[tuple[Any, bool]] = [
            (text, True),
            (packed(raw), True),
            (packed(wide), False),
            (packed(raw[:-1]), False),
            (packed(raw + b"\0"), False),
            (packed(b""), False),
            (packed(b"\0"), False),
            (text[:-1], False),
            (text + " ", False),
            ("", False),
            ([], False),
            (base64.b64encode(zlib.compress(raw) + b"more").decode("ascii"), False),
            (base64.b64encode(zlib.compress(raw)[:-2]).decode("ascii"), False),
            (pack_rows([*prices, 0]), False),
            (pack_rows([2**53, *prices[1:]]), False),
        ]
        for place, (rows, holds) in enumerate(cases):
            leaf["rows"] = rows
            save(tmp_path / f"{number}-{place}", reseal(content))
            made.append((tmp_path / f"{number}-{place}", holds))
    said = _javascript([folder for folder, _ in made], tmp_path)
    assert [answer["holds"] for answer in said] == [holds for _, holds in made]
    assert [_python(folder) for folder, _ in made] == [holds for _, holds in made]


def test_verifier_is_one_file_without_a_library():
    """Nothing is imported but Node's own fs and path, for the command line."""
    source = VERIFY.read_text(encoding="utf-8")
    assert source.count("require(") == 2
    assert 'require("fs")' in source
    assert 'require("path")' in source
    assert "import " not in source
    assert "http" not in source


def test_command_line_of_the_verifier(folders: list[Path], tmp_path: Path):
    """``node verify.js PLAN`` exits 0 for a true plan and 5 for a forged one."""
    assert NODE is not None
    done = subprocess.run([NODE, str(VERIFY), str(folders[0])], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["holds"] is True
    content = load(folders[0])
    content["plan.json"]["result"]["tiers"][0]["bound"] -= 1
    save(tmp_path / "forged", content)
    done = subprocess.run([NODE, str(VERIFY), str(tmp_path / "forged")], capture_output=True, text=True, check=False)
    assert done.returncode == 5
    assert json.loads(done.stdout)["holds"] is False
