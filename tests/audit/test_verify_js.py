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

from constraints.audit.certificate.proof import BadProof, bounds
from constraints.audit.files.offers_reader import OffersFile
from constraints.audit.files.plan_reader import PROOF_SCHEMA, load_json
from parcels.common.issues import Refused
from tests.audit.folders import Small, proven, random_tree, write
from tests.audit.mutants import load, mutate, reseal, save

NODE = shutil.which("node")
VERIFY = Path(__file__).parents[2] / "landopt" / "report" / "map" / "verify.js"
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


def python(folder: Path) -> bool:
    """Sections 1 to 3 of docs/proof.md by the Python modules."""
    from constraints.audit.certificate.proof import gap_text
    from constraints.audit.files.plan_reader import plan_hash
    from constraints.canonical import digest

    try:
        plan, case, proof = (load(folder)[name] for name in ("plan.json", "case.json", "proof.json"))
        proof = load_json(folder / "proof.json", PROOF_SCHEMA)
        name = digest(case)
        with OffersFile(folder / "offers.jsonl.gz") as offers:
            head, blocks = offers.header, list(offers.blocks())
            sha, seen = offers.sha256(), offers.seen
        places = [part.place for block in blocks for part in block.parts]
        found = bounds(proof, head.rows, len(case["parcels"]["ids"]), blocks)
        tiers = list(zip(plan["result"]["tiers"], proof["tiers"], found, strict=True))
        return (
            (plan["schema"], case["schema"]) == ("landopt.plan/1", "landopt.case/1")
            and plan["case"]["digest"] == proof["case"] == head.case == name
            and sha == proof["offers"]
            and seen == head.count
            and plan["plan_hash"] == plan_hash(plan["assignments"])
            and places == sorted(set(places))
            and all(len(block.score) == head.tiers for block in blocks)
            and plan["result"]["bound_scope"] == proof["scope"] == head.scope
            and head.tiers == len(found)
            and all(
                bound is not None
                and stated["bound"] == entry["bound"] == bound
                and stated["objective"] == entry["objective"] <= bound
                and stated["proven_gap"] == gap_text(bound, entry["objective"])
                for stated, entry, bound in tiers
            )
        )
    except (BadProof, Refused, KeyError, TypeError, ValueError, IndexError, AttributeError):
        return False


def javascript(folders: list[Path], place: Path) -> list[dict[str, Any]]:
    assert NODE is not None
    (place / "batch.js").write_text(BATCH, encoding="utf-8")
    (place / "folders.json").write_text(json.dumps([str(folder) for folder in folders]), encoding="utf-8")
    arguments = [NODE, str(place / "batch.js"), str(VERIFY), str(place / "folders.json")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def test_both_verifiers_accept_true_plans(folders: list[Path], tmp_path: Path) -> None:
    """Bounds agree digit for digit."""
    for folder, said in zip(folders, javascript(folders, tmp_path), strict=True):
        assert said["holds"] is True, said
        tiers = load(folder)["proof.json"]["tiers"]
        assert [tier["bound"] for tier in said["tiers"]] == [str(tier["bound"]) for tier in tiers]


def test_both_verifiers_agree_on_mutants(folders: list[Path], tmp_path: Path) -> None:
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
    said = javascript([folder for folder, _ in made], tmp_path)
    differ = [
        (path, answer) for (folder, path), answer in zip(made, said, strict=True) if answer["holds"] != python(folder)
    ]
    assert differ == []
    assert sum(answer["holds"] is True for answer in said) > 5


def _texts(draw: Random, tree: dict[str, str]) -> list[dict[str, Any]]:
    """The texts of a tree as they are, torn, and with bytes of what they hold changed."""

    def packed(raw: bytes, after: bytes = b"") -> str:
        return base64.b64encode(zlib.compress(raw) + after).decode("ascii")

    made: list[dict[str, Any]] = [tree, {**tree, "rows": ""}, {**tree, "nodes": None}, {**tree, "parcels": None}]
    for name in ("nodes", "parcels"):
        text = tree.get(name) or packed(bytes(40))
        raw = zlib.decompress(base64.b64decode(text))
        odd: list[Any] = [text[:-1], text + " ", "", [], 7, packed(raw, b"more"), packed(raw[:-1]), packed(raw + b"\0")]
        odd += [packed(b""), base64.b64encode(zlib.compress(raw)[:-2]).decode("ascii"), "!!!!", packed(raw[:1])]
        for _ in range(24):
            changed = bytearray(raw)
            for _ in range(draw.randint(1, 2)):
                changed[draw.randrange(len(raw))] = draw.choice([0, 1, 2, 3, 52, 127, 128, 255, draw.randrange(256)])
            odd.append(packed(bytes(changed)))
        made += [{**tree, name: text} for text in odd]
    return made


def test_both_verifiers_read_packed_prices_alike(folders: list[Path], tmp_path: Path) -> None:
    """A torn, short or long text, a number too wide or a price out of range is no proof to either; the rest to both."""
    draw = Random(6)
    made: list[Path] = []
    for number, folder in enumerate(folders[:10]):
        content = load(folder)
        for place, tree in enumerate(_texts(draw, content["proof.json"]["tiers"][0]["tree"])):
            content["proof.json"]["tiers"][0]["tree"] = tree
            made.append(tmp_path / f"{number}-{place}")
            save(made[-1], reseal(content))
    said = [answer["holds"] for answer in javascript(made, tmp_path)]
    assert said == [python(folder) for folder in made]
    assert len(folders[:10]) <= sum(map(bool, said)) < len(made) // 2


@pytest.mark.slow
def test_both_verifiers_prove_the_same_bound_of_random_trees(rounds: list[Small], tmp_path: Path) -> None:
    """Six hundred random trees, deep ones among them: the same bound, or refused by both."""
    draw, made = Random(12), []
    for number in range(600):
        one = rounds[number % len(rounds)]
        assert one.best is not None
        proof: dict[str, Any] = {"schema": PROOF_SCHEMA, "scope": "all", "tiers": []}
        for tier, reached in enumerate(one.best):
            scale = draw.choice([1, 10, 1000])
            entry = {"objective": reached, "scale": scale, "tree": random_tree(draw, one, tier, scale, 6)}
            try:
                bound = proven(entry, one, tier, one.best[:tier])
            except BadProof:
                bound = None
            proof["tiers"].append({**entry, "bound": reached if bound is None else bound})
        made.append(tmp_path / str(number))
        write(made[-1], one, proof)
    said = [answer["holds"] for answer in javascript(made, tmp_path)]
    assert said == [python(folder) for folder in made]
    assert sum(map(bool, said)) > 300


def test_verifier_is_one_file_without_a_library() -> None:
    """Nothing is imported but Node's own fs and path, for the command line."""
    source = VERIFY.read_text(encoding="utf-8")
    assert source.count("require(") == 2
    assert 'require("fs")' in source
    assert 'require("path")' in source
    assert "import " not in source
    assert "http" not in source


def test_command_line_of_the_verifier(folders: list[Path], tmp_path: Path) -> None:
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
