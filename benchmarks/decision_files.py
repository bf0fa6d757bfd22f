"""Time the whole command on files: from a folder to the printed summary, phase by phase, beside one raw simplex solve.

``python -m benchmarks.decision_files 5k 14 15 16`` writes a contested round for each seed, runs ``landopt solve`` on it
in a process of its own with the gap of the round (0.1 %) and prints CPU seconds: of the command's own process in each
phase, of the solver's child, and of all together. What importing the libraries takes is measured before the command
begins, in the same process and in one that imports what the child does, and left out. The raw simplex solve is of the
relaxation of the same round, read from the same files, right after the command. ``--changed`` runs the command once
more after one number of the policy was lowered by a tenth.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contested import contested
from benchmarks.rounds import SIZES
from constraints.case import Case
from landopt.invent.draft import Draft
from landopt.invent.round import write_draft

LIBRARIES = ("geopandas", "highspy", "numpy", "pulp", "shapely", "networkx", "jinja2", "pyogrio", "holidays.countries")
"""Imported beside every module of landopt, its lower rooms and the desk before the clock starts."""
CHILD = (
    "numpy",
    "highspy",
    "pulp",
    "landopt.solving.process.child",
    "landopt.solving.search.tier_search",
    "landopt.solving.search.ties",
)
"""What the solver's child imports."""
PHASES = ("read", "screen", "solve", "justify", "write", "audit")


def _import_all() -> None:
    """Import what the command would import on its way."""
    for name in LIBRARIES:
        importlib.import_module(name)
    home = Path(__file__).resolve().parent.parent
    for room in ("parcels", "constraints", "landopt"):
        for path in sorted((home / room).rglob("*.py")):
            if path.stem != "__main__" and not any(part.startswith("_") for part in path.relative_to(home).parts[:-1]):
                with contextlib.suppress(ImportError):  # an extra that is not installed
                    importlib.import_module(".".join(path.relative_to(home).with_suffix("").parts))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def command(words: list[str]) -> dict[str, Any]:
    """Run the command in this process: CPU seconds by phase, of the child and of all, exit code, printed summary."""
    _import_all()
    import landopt.pipeline
    from cli import desk

    before = _children()
    subprocess.run([sys.executable, "-c", f"import {', '.join(CHILD)}"], check=True)
    child_imports = 2 * (_children() - before)  # that process counts itself among the children
    imports = time.process_time()
    kept: list[Any] = []
    inner = landopt.pipeline.run

    def watched(*given: Any, **named: Any) -> Any:
        kept.append(inner(*given, **named))
        return kept[-1]

    landopt.pipeline.run = watched
    printed, code = io.StringIO(), 0
    with contextlib.redirect_stdout(printed):
        try:
            desk(words, prog_name="landopt")
        except SystemExit as ended:
            code = int(ended.code or 0)
    own, child = time.process_time() - imports, _children() - child_imports
    phases = {name: round(kept[0].phases[name], 3) for name in PHASES} if kept else {}
    rest = own - sum(phases.values())
    return {
        "imports_s": round(imports, 2),
        "child_imports_s": round(child_imports / 2, 2),
        **{f"{name}_s": seconds for name, seconds in phases.items()},
        "print_s": round(rest, 3),
        "own_s": round(own, 2),
        "child_s": round(child, 2),
        "files_to_summary_s": round(own + child, 2),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "exit": code,
        "summary": [line for line in printed.getvalue().splitlines() if "score" in line or "Stopped" in line],
    }


def read_case(drafted: Draft, seed: int) -> Case:
    """The case of a draft as it is read from its files, layers and all."""
    from landopt.intake.assemble import read_round

    with tempfile.TemporaryDirectory() as folder:
        write_draft(folder, drafted, f"bench-{seed}", seed, housing=True)
        return read_round(Path(folder)).ready()


def _raw(folder: Path) -> dict[str, Any]:
    """One raw HiGHS simplex solve of the relaxation of a round on files."""
    from benchmarks.decision import raw_simplex_of
    from landopt.job import Job
    from landopt.pipeline import read_case

    _, case, offers = read_case(Job(folder))
    return raw_simplex_of(case, offers)


def _apart(*words: str) -> dict[str, Any]:
    """What a process of its own printed as JSON on its last line."""
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    return dict(json.loads(lines[-1])) if done.returncode == 0 and lines else {"error": done.stderr[-300:]}


def run(size: str, seed: int, gap: str, *, limit: int = 120, raw: bool = True, changed: bool = False) -> dict[str, Any]:
    """The figures of one round on files."""
    parcels, demands = SIZES[size]
    found: dict[str, Any] = {"size": size, "seed": seed}
    with tempfile.TemporaryDirectory() as folder:
        drafted = contested(parcels, demands, seed, made=read_case)
        write_draft(folder, drafted, f"bench-{size}-{seed}", seed, housing=True)
        words = ["benchmarks.decision_files", "--one", "solve", folder, "--gap", gap, "--time-limit", str(limit)]
        words += ["--lang", "en", "-o"]
        found |= _apart(*words, str(Path(folder) / "cold"))
        if changed:
            less = f"round.cap.listings:amount={drafted.numbers.listings * 9 // 10}"
            again = _apart(*words, str(Path(folder) / "changed"), "--set", less)
            found |= {"changed_s": again.get("files_to_summary_s"), "changed_exit": again.get("exit")}
        if raw:
            found |= _apart("benchmarks.decision_files", "--one", "raw", folder)
        if "raw_lp_s" in found and "files_to_summary_s" in found:
            found["of_raw"] = round(found["files_to_summary_s"] / found["raw_lp_s"], 3)
    return found


def main(arguments: list[str]) -> int:
    """Run sizes x seeds, or (``--one``) the command in this process for the parent."""
    if arguments[:1] == ["--one"]:
        found = _raw(Path(arguments[2])) if arguments[1] == "raw" else command(arguments[1:])
        print(json.dumps(found, ensure_ascii=False))
        return 0
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=list(SIZES))
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--gap", default="0.001")
    parser.add_argument("--limit", type=int, default=120, help="wall seconds of the search")
    parser.add_argument("--no-raw", action="store_true", help="without the raw simplex solve")
    parser.add_argument("--changed", action="store_true", help="also after one number was changed")
    asked = parser.parse_args(arguments)
    every = []
    for seed in asked.seeds:
        every.append(run(asked.size, seed, asked.gap, limit=asked.limit, raw=not asked.no_raw, changed=asked.changed))
        print(json.dumps(every[-1], indent=1, ensure_ascii=False), flush=True)
    names = [name for name, value in every[0].items() if isinstance(value, int | float) and name != "seed"]
    middle = {name: round(median(entry[name] for entry in every if entry.get(name) is not None), 3) for name in names}
    print(json.dumps({"median_of": asked.seeds, **middle}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
