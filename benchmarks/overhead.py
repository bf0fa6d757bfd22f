"""What the executor costs: settings of the example through ``sweep`` beside the same runs in bare processes.

``python -m benchmarks.overhead --runs 100 --jobs 2`` solves so many amounts of one limit of the shipped example twice,
one after the other: by the executor (spawned workers, results kept on disk), and by as many bare processes that each
make their part of the same runs and hand nothing back. It prints CPU and wall seconds of both (workers and solvers
included) and their ratios.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from constraints.case import to_json
from landopt.intake.assemble import read_round
from landopt.reasons.many.scenario import Effort
from landopt.reasons.many.sweep import open_desk
from landopt.runs.execute import execute
from landopt.runs.work import Task, Where, Work

ROUND = Path(__file__).parents[1] / "examples" / "nansha"


def given(number: int) -> dict[str, Any]:
    """What a run is given: a number of listings, and a share of competitive supply that rises every 25 runs."""
    share = f"0.{40 + 5 * (number // 25 % 12)}"
    return {
        "sets": [f"round.cap.listings:amount={20 + number % 25}", f"round.share.competitive:share={share}"],
        "overlays": [],
    }


def bare(shared: str, numbers: Sequence[int]) -> None:
    """The life of a bare process: its part of the runs."""
    run = open_desk(shared)
    for number in numbers:
        run(given(number))


def _spent() -> tuple[float, float]:
    return sum(os.times()[:4]), time.monotonic()


def main(arguments: list[str]) -> int:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--gap", default="0.005")
    asked = parser.parse_args(arguments)
    case = read_round(ROUND).ready()
    shared = json.dumps({"case": to_json(case), "gap": asked.gap, "time_limit_s": None, "base": None})
    numbers = range(asked.runs)
    begun = _spent()
    with tempfile.TemporaryDirectory() as folder:
        tasks = [Task(f"run{number}", given(number)) for number in numbers]
        ran = execute(Work(open_desk, shared, Effort().longest_s(case)), tasks, Where(asked.jobs), Path(folder))
    between = _spent()
    context = multiprocessing.get_context("spawn")
    parts = [context.Process(target=bare, args=(shared, list(numbers[k :: asked.jobs]))) for k in range(asked.jobs)]
    for part in parts:
        part.start()
    for part in parts:
        part.join()
    ended = _spent()
    cpu, wall = ((between[k] - begun[k], ended[k] - between[k]) for k in (0, 1))
    figures = {
        "runs": asked.runs,
        "jobs": asked.jobs,
        "stopped": sorted({result["stopped"] for result in ran.results.values()}),
        "sweep_cpu_s": round(cpu[0], 1),
        "bare_cpu_s": round(cpu[1], 1),
        "cpu_ratio": round(cpu[0] / cpu[1], 3),
        "sweep_wall_s": round(wall[0], 1),
        "bare_wall_s": round(wall[1], 1),
        "wall_ratio": round(wall[0] / wall[1], 3),
    }
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
