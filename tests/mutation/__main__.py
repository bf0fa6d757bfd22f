"""``make mutants N=400 SEED=1``: change the code in N places, one at a time, and run the tests that cover each place.

First ``python -m tests.mutation --map`` runs the tests in a copy of the tree and keeps which test runs which line
(build/mutation/map.json); then each mutant is put into the copy and its tests run there until one fails.
A test that fails in the copy with nothing changed is never asked, a change with which the module cannot be imported is
no mutant, and what never comes to its end is named apart. The survivors are printed and kept
(build/mutation/seed-SEED.json); docs/mutation.md lists those that were looked at, with reasons.
"""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import click

from tests.mutation.covered import SECONDS, Covered, make
from tests.mutation.sites import Mutant, mutants

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "mutation"
CARRYING = (
    *("constraints/language", "constraints/loading", "constraints/reading", "constraints/audit"),
    *("parcels/common/units.py", "parcels/geometry/areas.py", "parcels/geometry/overlaps.py"),
    *("parcels/geometry/crs.py", "parcels/geometry/systems.py"),
    *("landopt/screening", "landopt/solving/proof", "landopt/keeping/ledger", "landopt/keeping/sealing"),
    *("landopt/keeping/plan.py", "landopt/reasons/whynot.py"),
)
"""The modules that carry law, money, areas, limits, proofs and the ledger."""
SERVED = "landopt/keeping/ledger/stores/postgres.py"
"""Not changed: its tests start a server of their own (``make postgis``)."""
STATES = ("killed", "hung", "survived", "uncovered", "unborn", "broken")
"""A test fails or can no longer be collected; never ends (noticed as well, and said); all pass; no test runs the line;
the module cannot be imported (left out of the share); pytest could not run the tests unchanged either (left out, and
the run ends with 1)."""
LEFT = (".git", ".venv*", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "plans", "results")


def sources(root: Path = ROOT) -> list[str]:
    """The modules that are changed."""
    found: list[str] = []
    for name in CARRYING:
        path = root / name
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        found += [file.relative_to(root).as_posix() for file in files if file.name != "__init__.py"]
    found.remove(SERVED)
    return found


def drawn(count: int, seed: int) -> list[Mutant]:
    """``count`` changes of the sources, the same for the same seed and sources."""
    every = [mutant for name in sources() for mutant in mutants(name, (ROOT / name).read_text(encoding="utf-8"))]
    return sorted(random.Random(seed).sample(sorted(set(every)), min(count, len(set(every)))))


def copied(to: Path) -> Path:
    """A copy of the tree with what its tests read."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(ROOT, to, ignore=lambda folder, names: _left(Path(folder), names))
    return to


def _left(folder: Path, names: list[str]) -> set[str]:
    """Only at the top: a package of the product may have any of these names."""
    return shutil.ignore_patterns(*(LEFT if folder == ROOT else ("__pycache__",)))(str(folder), names)


def tried(copy: Path, mutant: Mutant, tests: list[str], seconds: float) -> str:
    """The state of one mutant in the copy, which is as it was afterwards."""
    if not tests:
        return "uncovered"
    path = copy / mutant.module
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: mutant.start] + mutant.new + text[mutant.end :], encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, timeout=seconds, check=False)
        if done.returncode == 0:
            return "survived"
        name = mutant.module.removesuffix(".py").replace("/", ".")
        born = subprocess.run(
            [sys.executable, "-c", f"import {name}"], cwd=copy, env=environment, capture_output=True, check=False
        )
        if born.returncode:
            return "unborn"
        if done.returncode in (1, 2):
            return "killed"
        path.write_text(text, encoding="utf-8")  # not even collected: is it the change, or are the tests gone?
        asked = subprocess.run([*words, "--collect-only"], cwd=copy, env=environment, capture_output=True, check=False)
        return "broken" if asked.returncode else "killed"
    except subprocess.TimeoutExpired:
        return "hung"
    finally:
        path.write_text(text, encoding="utf-8")


def run(chosen: list[Mutant], held: Covered, cores: int, most: float) -> dict[str, list[str]]:
    """Every mutant's state, ``cores`` at a time, each in a copy of its own."""
    trees: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for at in range(cores):
        trees.put(copied(PLACE / f"tree-{at}"))

    def one(mutant: Mutant) -> tuple[str, Mutant]:
        asked = held.of(mutant, (ROOT / mutant.module).read_text(encoding="utf-8"), most)
        tree = trees.get()
        try:
            long = 120 + 10 * sum(held.seconds[test] for test in asked)
            return tried(tree, mutant, [held.tests[test] for test in asked], long), mutant
        finally:
            trees.put(tree)

    found: dict[str, list[str]] = {state: [] for state in STATES}
    with ThreadPoolExecutor(cores) as pool:
        for number, (state, mutant) in enumerate(pool.map(one, chosen), 1):
            found[state].append(str(mutant))
            if state != "killed":
                click.echo(f"{number:4} {state:9} {mutant}")
    return found


@click.command()
@click.option("--count", default=40, show_default=True, help="How many mutants.")
@click.option("--seed", default=1, show_default=True, help="The same seed draws the same mutants of the same sources.")
@click.option("--map", "mapped", is_flag=True, help="Make the map of tests to lines first (else where there is none).")
@click.option("--only", default="", help="Mutants of modules with this in their name alone.")
@click.option("--cores", default=os.cpu_count() or 1, show_default=True, help="How many processes at a time.")
@click.option("--seconds", default=SECONDS, show_default=True, help="Seconds of tests for one mutant.")
@click.argument("tests", nargs=-1)
def main(count: int, seed: int, mapped: bool, only: str, cores: int, seconds: int, tests: tuple[str, ...]) -> None:
    """Draw mutants, run the tests that cover them, name the survivors. TESTS: what the map is made from."""
    kept = PLACE / "map.json"
    PLACE.mkdir(parents=True, exist_ok=True)
    if mapped or not kept.is_file():
        made = make(copied(PLACE / "tree-0"), PLACE, sources(), tests, cores)
        kept.write_text(json.dumps(asdict(made)), encoding="utf-8")
        click.echo(f"{len(made.tests)} tests mapped, {len(made.failing)} left out that do not pass in a copy")
    held = Covered(**json.loads(kept.read_text(encoding="utf-8")))
    found = run([each for each in drawn(count, seed) if only in each.module], held, cores, seconds)
    (PLACE / f"seed-{seed}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")
    noticed = len(found["killed"]) + len(found["hung"])
    total = noticed + len(found["survived"]) + len(found["uncovered"])
    click.echo(
        f"{total} mutants: {noticed} noticed ({100 * noticed / max(1, total):.0f} %; {len(found['hung'])} of them never"
        f" ended), {len(found['survived'])} survived, {len(found['uncovered'])} on lines no test runs; left out: "
        f"{len(found['unborn'])} with which the module cannot be imported, {len(found['broken'])} not run"
    )
    if found["broken"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
