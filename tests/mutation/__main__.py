"""``make mutants N=400 SEED=1``: change the code in N places, one at a time, and run the tests that cover each place.

First ``python -m tests.mutation --map`` runs the tests under coverage and keeps which test runs which line
(build/mutation/map.json); then each mutant is put into a copy of the tree and its tests run there until one fails. The
survivors are printed and kept (build/mutation/seed-SEED.json); docs/mutation.md lists those of the shipped seed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click

from tests.mutation.sites import Mutant, mutants

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "mutation"
CARRYING = (
    *("constraints/language", "constraints/loading", "constraints/reading", "constraints/audit"),
    *(
        "parcels/common/units.py",
        "parcels/geometry/areas.py",
        "parcels/geometry/overlaps.py",
        "parcels/geometry/crs.py",
    ),
    *(
        "landopt/screening",
        "landopt/solving/proof",
        "landopt/keeping/ledger/chain.py",
        "landopt/keeping/ledger/rounds.py",
    ),
    *("landopt/keeping/sealing/seal.py", "landopt/keeping/plan.py", "landopt/reasons/whynot.py"),
)
"""The modules that carry law, money, areas, limits, proofs and the ledger."""
TESTS = 40
"""Tests run against one mutant: those that cover its line, the ones that cover the fewest lines first."""
SECONDS = 300
"""A mutant that runs longer than this has not come to its end and counts as noticed."""
LEFT = shutil.ignore_patterns(".git", ".venv*", "build", "dist", "__pycache__", ".*_cache", "plans", "results")


def sources() -> list[str]:
    """The modules that are changed."""
    found: list[str] = []
    for name in CARRYING:
        path = ROOT / name
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
        found += [file.relative_to(ROOT).as_posix() for file in files if file.name != "__init__.py"]
    return found


def drawn(count: int, seed: int) -> list[Mutant]:
    """``count`` changes of the sources, the same for the same seed and sources."""
    every = [mutant for name in sources() for mutant in mutants(name, (ROOT / name).read_text(encoding="utf-8"))]
    return sorted(random.Random(seed).sample(sorted(set(every)), min(count, len(set(every)))))


def make_map(tests: tuple[str, ...]) -> None:
    """Run tests under coverage, a context a test, and keep which tests run which line of the sources."""
    import coverage

    PLACE.mkdir(parents=True, exist_ok=True)
    settings = PLACE / "coveragerc"
    listed = "\n  ".join(("constraints", "parcels", "landopt"))
    settings.write_text(
        f"[run]\ndynamic_context = test_function\ncore = ctrace\nsource =\n  {listed}\n", encoding="utf-8"
    )
    data = PLACE / "coverage"
    environment = {**os.environ, "COVERAGE_FILE": str(data), "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", "-q", "-n0", *tests]
    subprocess.run(words, cwd=ROOT, env=environment, check=False)
    held = coverage.CoverageData(str(data))
    held.read()
    lines: dict[str, dict[str, list[str]]] = {}
    for name in sources():
        found = held.contexts_by_lineno(str(ROOT / name))
        lines[name] = {str(line): sorted({c for c in of if c}) for line, of in found.items()}
    (PLACE / "map.json").write_text(json.dumps(lines), encoding="utf-8")


def covering(lines: dict[str, dict[str, list[str]]], mutant: Mutant) -> list[str]:
    """The node ids of the tests that run a mutant's line, the narrowest first."""
    wide: dict[str, int] = {}
    for of in lines.values():
        for tests in of.values():
            for test in tests:
                wide[test] = wide.get(test, 0) + 1
    module = lines.get(mutant.module, {})
    here = module.get(str(mutant.line), [])
    whole = not here and str(mutant.line) in module
    if whole:  # runs when the module is imported: every file with a test that runs any line of it
        here = sorted({test for of in module.values() for test in of})
    nodes: dict[str, None] = {}
    for test in sorted(here, key=lambda name: (wide[name], name)):
        home, _, function = test.rpartition(".")
        path = home.replace(".", "/") + ".py"
        if (ROOT / path).is_file():
            nodes[path if whole else f"{path}::{function}"] = None
    return list(nodes)[:TESTS]


def noticed(copy: Path, mutant: Mutant, tests: list[str]) -> bool:
    """Whether a test fails (or never ends) with the mutant in the copy; the copy is as it was afterwards."""
    path = copy / mutant.module
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: mutant.start] + mutant.new + text[mutant.end :], encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, timeout=SECONDS, check=False)
        return done.returncode == 1 or done.returncode == 2  # 2: the source no longer imports
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(text, encoding="utf-8")


@click.command()
@click.option("--count", default=40, show_default=True, help="How many mutants.")
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same mutants of the same sources.")
@click.option("--map", "mapped", is_flag=True, help="Make the map of tests to lines first (else where there is none).")
@click.option("--only", default="", help="Mutants of modules with this in their name alone.")
@click.argument("tests", nargs=-1)
def main(count: int, seed: int, mapped: bool, only: str, tests: tuple[str, ...]) -> None:
    """Draw mutants, run the tests that cover them, name the survivors. TESTS: what the map is made from."""
    if mapped or not (PLACE / "map.json").is_file():
        make_map(tests)
    lines = json.loads((PLACE / "map.json").read_text(encoding="utf-8"))
    copy = PLACE / "tree"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(ROOT, copy, ignore=LEFT)
    found: dict[str, list[Any]] = {"killed": [], "survived": [], "uncovered": []}
    for mutant in (each for each in drawn(count, seed) if only in each.module):
        asked = covering(lines, mutant)
        state = "uncovered" if not asked else "killed" if noticed(copy, mutant, asked) else "survived"
        found[state].append(str(mutant))
        if state != "killed":
            click.echo(f"{state:9} {mutant}")
    (PLACE / f"seed-{seed}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    total = sum(len(each) for each in found.values())
    share = 100 * len(found["killed"]) / max(1, total)
    click.echo(
        f"{total} mutants: {len(found['killed'])} noticed ({share:.0f} %), {len(found['survived'])} survived, "
        f"{len(found['uncovered'])} on lines no test runs"
    )


if __name__ == "__main__":
    main()
