"""Time the decision on rounds of many shapes beside stock solvers on the same whole model; CPU seconds of one thread.

``python -m benchmarks.suite --shapes local gap`` runs every shape whose name begins so, each solver in a process of its
own, one after the other, and prints a table of seconds to the gap of the shape, with the gap held where it was not
reached; ``--mps FOLDER`` writes the models of the five largest instead, so that others can try. The models are those of
``landopt export``: nothing is left out of them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.shapes import SHAPES
from constraints.case import Case
from landopt.screening.offers import Offers

SEEDS = (1, 2, 3, 4, 5)
OTHERS = ("highs", "bare", "cbc", "scip", "cpsat")
"""HiGHS with and without presolve, and the rest."""
MOST = 600_000
"""Offers up to which others than HiGHS are run."""
RESULTS = Path(__file__).parent / "results" / "suite.json"


def ours(name: str, seed: int, limit_s: float) -> dict[str, Any]:
    """The search alone, prices included: seconds to the gap by the better bound, and what was held at the end."""
    from benchmarks.decision import Heard, peak_mb
    from landopt.solving.programme.arrays import program
    from landopt.solving.search.tier_search import search
    from landopt.solving.search_state import Options

    shape = SHAPES[name]
    begun = time.monotonic()
    case, offers, before = made(name, seed, limit_s)
    prog = program(case, offers, 0)
    heard = Heard()
    end = begun + limit_s if before else time.monotonic() + limit_s
    answer = search(prog, Options(Fraction(shape.gap), end, None, 0, 1, "highs"), heard, offers.start)
    gap = heard.ended(answer)
    spent = time.process_time() - heard.begun + before
    worth = max(1, abs(answer.objective))
    better = answer.bound if answer.solver_bound is None else min(answer.bound, answer.solver_bound)
    seconds = heard.reached(float(Fraction(shape.gap)) * 1.0001)
    if "over_all" in offers.stats:  # the bound of all sites, listed or not
        better = max(better, int(offers.stats["over_all"]))
        gap = (better - answer.objective) / worth
        seconds = None if seconds is None or gap > float(Fraction(shape.gap)) else seconds + before
    return {
        "offers": prog.count, "seconds": seconds, "spent": spent,
        "gap": gap, "audited": (answer.bound - answer.objective) / worth, "value": answer.objective,
        "bound": better, "stopped": answer.stopped, "scope": offers.scope, "phases": answer.phases,
        "memory_mb": peak_mb(), "trace": heard.trace,
    }  # fmt: skip


def made(name: str, seed: int, limit_s: float) -> tuple[Case, Offers, float]:
    """The round of a shape, with the sites found where lists of them were cut short, and the CPU seconds that took."""
    from landopt.solving.site_search import search_sites

    case, offers = SHAPES[name].made(seed)
    if offers.beyond is None:
        return case, offers, 0.0
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    case = replace(case, settings=replace(case.settings, gap=SHAPES[name].gap))
    found, _ = search_sites(case, offers, limit_s)
    now = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    spent = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(used, now, strict=True))
    return case, found, spent


def other(name: str, seed: int, limit_s: float, solver: str) -> dict[str, Any]:
    """A stock solver on the whole model."""
    from benchmarks.decision_stock import RUNNERS
    from landopt.solving.programme.arrays import program
    from landopt.solving.programme.highs_model import handed

    shape = SHAPES[name]
    case, offers, _ = made(name, seed, limit_s)
    prog = program(case, offers, 0)
    whole = handed(prog)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "round.mps"
        whole.writeModel(str(path))
        del whole
        gap = float(Fraction(shape.gap))
        seconds, held = RUNNERS[solver](path, gap, limit_s)
    reached = held is not None and held <= gap * 1.0001 + 1e-9
    return {"seconds": seconds if reached else None, "spent": seconds, "gap": held}


def write_models(folder: Path, names: list[str], seeds: list[int]) -> None:
    """The MPS files of the five largest of some instances."""
    from landopt.solving.programme.arrays import program
    from landopt.solving.programme.highs_model import handed

    made = []
    for name in names:
        for seed in seeds if SHAPES[name].seeded else seeds[:1]:
            _, offers = SHAPES[name].made(seed)
            made.append((len(offers.site), name, seed))
    folder.mkdir(parents=True, exist_ok=True)
    for _, name, seed in sorted(made)[-5:]:
        path = folder / f"{name}-{seed}.mps"
        handed(program(*SHAPES[name].made(seed), 0)).writeModel(str(path))
        print(path)


def main(arguments: list[str]) -> int:
    """Run the suite, write models, or (``--one``) measure once for the parent process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", nargs="+", default=[""], help="beginnings of names (default: all)")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--limit", type=float, default=60.0, help="wall seconds of a run at most")
    parser.add_argument("--others", nargs="*", default=list(OTHERS), choices=OTHERS)
    parser.add_argument("--mps", type=Path)
    parser.add_argument("--one", nargs=3, metavar=("KIND", "SHAPE", "SEED"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    if asked.one:
        kind, name, seed = asked.one
        found = ours(name, int(seed), asked.limit) if kind == "ours" else other(name, int(seed), asked.limit, kind)
        print(json.dumps(found))
        return 0
    names = [name for name in SHAPES if any(name.startswith(begin) for begin in asked.shapes)]
    if asked.mps is not None:
        write_models(asked.mps, names, asked.seeds)
        return 0
    results = []
    for name in names:
        for seed in asked.seeds if SHAPES[name].seeded else asked.seeds[:1]:
            results.append(_measure(name, seed, asked))
            print(_line(results[-1]), file=sys.stderr, flush=True)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(table(results))
    return 0


def _measure(name: str, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {"shape": name, "seed": seed}
    for kind in ("ours", *asked.others):
        if kind not in ("ours", "highs", "bare") and found["ours"].get("offers", 0) > MOST:
            continue
        command = [
            sys.executable,
            "-m",
            "benchmarks.suite",
            "--one",
            kind,
            name,
            str(seed),
            "--limit",
            str(asked.limit),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = done.stdout.strip().splitlines()
        found[kind] = json.loads(lines[-1]) if done.returncode == 0 and lines else {"error": done.stderr[-300:]}
    return found


def _told(run: dict[str, Any] | None) -> str:
    if run is None:
        return "-"
    if "error" in run:
        return "failed"
    if run["seconds"] is not None:
        return f"{run['seconds']:.1f} s"
    return "no plan" if run["gap"] is None else f"{100 * run['gap']:.3g} % in {run['spent']:.0f} s"


def _line(found: dict[str, Any]) -> str:
    return f"{found['shape']} {found['seed']}: " + ", ".join(
        f"{kind} {_told(found.get(kind))}" for kind in ("ours", *OTHERS)
    )


def table(results: list[dict[str, Any]]) -> str:
    """Shapes x solvers as a Markdown table: the run of median time over the seeds (not reached counts as longest)."""
    kinds = ["ours", *(kind for kind in OTHERS if any(kind in found for found in results))]
    lines = ["| shape | offers | " + " | ".join(kinds) + " | ours over best other |"]
    lines.append("|---" * (3 + len(kinds)) + "|")
    for name in dict.fromkeys(found["shape"] for found in results):
        mine = [found for found in results if found["shape"] == name]
        middle = {kind: _middle([found[kind] for found in mine if kind in found]) for kind in kinds}
        best = min(
            (run["seconds"] for kind, run in middle.items() if kind != "ours" and run and run.get("seconds")),
            default=None,
        )
        own = (middle["ours"] or {}).get("seconds")
        ratio = f"{own / best:.2f}" if own and best else "only ours" if own else "not reached" if best else "none"
        offers = median(found["ours"].get("offers", 0) for found in mine)
        lines.append(
            f"| {name} | {offers:,.0f} | " + " | ".join(_told(middle[kind]) for kind in kinds) + f" | {ratio} |"
        )
    return "\n".join(lines)


def _middle(runs: list[dict[str, Any]]) -> dict[str, Any] | None:
    ranked = sorted(runs, key=lambda run: (run.get("seconds") or 1e9, run.get("gap") or 1e9))
    return ranked[len(ranked) // 2] if ranked else None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
