"""Try the constants of the search: half and double of each on several shapes, CPU seconds against the shipped value.

``python -m benchmarks.tuning rows unit=1024,65536 --shapes local tight`` prints a line for each value and a cell for
each round: CPU seconds to its gap over those of the shipped value in the same run, or where that was not reached the
gap held (``=``: the same plans, bounds and branches, so that the constant does not act there).
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from benchmarks import shapes
from landopt.solving.programme.arrays import Program, program
from landopt.solving.tuning import USUAL, Tuning

ROUNDS: dict[str, tuple[str, Callable[[], Any]]] = {
    "contested": ("0", lambda: shapes.contest(24, 130, 45)),
    "small": ("0", lambda: shapes.small(2)),
    "plots": ("0", lambda: shapes.local(1, 130, 14, 18)),
    "few": ("0", lambda: shapes.contest(2, 110, 40)),
    "periods": ("0", lambda: shapes.years(1, 70, 14)),
    "local": ("0.001", lambda: shapes.local(1, 1_000, 100, 150)),
    "streets": ("0.0005", lambda: shapes.streets(1)),
    "tight": ("0.0005", lambda: shapes.tight(1, 500, 90)),
    "wanted": ("0.0003", lambda: shapes.contest(1, 2_000, 200)),
    "one": ("0.0003", lambda: shapes.one(1)),
    "many": ("0.001", lambda: shapes.many(1)),
    "jobs": (shapes.SHAPES["c10400"].gap, lambda: shapes.assignment("c10400")),
}
"""The gap each round is timed to, and how it is made. Those of gap 0 are proved to the end, the proof counted."""


@dataclass(frozen=True)
class Run:
    """Seconds to the gap (None: not reached), seconds spent, the gap held, and what tells one search from another."""

    seconds: float | None
    spent: float
    gap: float
    same: tuple[Any, ...]
    phases: dict[str, float]


def timed(prog: Program, gap: str, tuning: Tuning, limit_s: float) -> Run:
    """A search with some constants."""
    from benchmarks.decision import Heard
    from landopt.solving.search.tier_search import search
    from landopt.solving.search_state import Options

    held = [module for name, module in sys.modules.items() if name.startswith("landopt.") and hasattr(module, "USUAL")]
    held = [module for module in held if isinstance(module.USUAL, Tuning)]
    before = [module.USUAL for module in held]
    for module in held:
        module.USUAL = tuning  # type: ignore[attr-defined]
    try:
        heard = Heard()
        options = Options(Fraction(gap), time.monotonic() + limit_s, None, 0, 1, "highs", tuning)
        answer = search(prog, options, heard)
        left = heard.ended(answer)
        spent = time.process_time() - heard.begun
    finally:
        for module, usual in zip(held, before, strict=True):
            module.USUAL = usual  # type: ignore[attr-defined]
    if gap == "0":  # what is audited counts
        left = (answer.bound - answer.objective) / max(1, abs(answer.objective))
    reached = heard.reached(float(Fraction(gap)) * 1.0001) if gap != "0" else None if left else spent
    seen = tuple((found, phase) for _, found, phase in heard.trace)
    return Run(
        reached, spent, 1.0 if left is None else left,
        (answer.objective, answer.bound, seen, str(answer.tree_json)), answer.phases,
    )  # fmt: skip


def values_of(name: str, given: str) -> list[Any]:
    """The values to try: those given, else half and double of the shipped one."""
    shipped = getattr(USUAL, name)
    if isinstance(shipped, tuple) and given:
        return [
            tuple(type(one)(float(each)) for one, each in zip(shipped, of.split("/"), strict=True))
            for of in given.split(",")
        ]
    if given:
        return [type(shipped)(float(each)) for each in given.split(",")]
    if isinstance(shipped, tuple):
        raise SystemExit(f"{name} is several numbers")
    return [type(shipped)(shipped / 2), type(shipped)(shipped * 2)]


def told(run: Run, shipped: Run) -> str:
    """A cell: the ratio of seconds to the gap, or the gap held where it was not reached."""
    if run.same == shipped.same:
        return "="
    if run.seconds is None:
        return f"{100 * run.gap:.2g} %"
    return f"{run.seconds / shipped.seconds:.2f}" if shipped.seconds else f"reached in {run.seconds:.1f} s"


def main(arguments: list[str]) -> int:
    """Print the table, line by line as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="names of constants, with the values to try (default: half and double)"
    )
    parser.add_argument("--shapes", nargs="+", default=list(ROUNDS), choices=list(ROUNDS))
    parser.add_argument("--limit", type=float, default=60.0, help="wall seconds of a search at most")
    parser.add_argument(
        "--base", nargs="*", default=[], metavar="NAME=VALUE", help="constants that differ in every run"
    )
    asked = parser.parse_args(arguments)
    made = {name: ROUNDS[name][1]() for name in asked.shapes}
    progs = {name: program(case, offers, 0) for name, (case, offers) in made.items()}
    shipped = {name: timed(prog, ROUNDS[name][0], USUAL, asked.limit) for name, prog in progs.items()}
    for name, run in shipped.items():
        shown = "not" if run.seconds is None else f"{run.seconds:.2f} s"
        phases = ", ".join(f"{phase} {seconds:.2f}" for phase, seconds in run.phases.items())
        print(f"{name}: {progs[name].count} offers, {shown} to {ROUNDS[name][0]}", end="; ")
        print(f"{100 * run.gap:.2g} % in {run.spent:.2f} s ({phases})", flush=True)
    print("| constant | " + " | ".join(progs) + " |\n|---" + "|---" * len(progs) + "|", flush=True)
    for each in asked.names:
        name, _, given = each.partition("=")
        for value in values_of(name, given):
            tuning = dataclasses.replace(USUAL, **{name: value})
            cells = [
                told(timed(prog, ROUNDS[which][0], tuning, asked.limit), shipped[which])
                for which, prog in progs.items()
            ]
            print(f"| {name} = {value} | " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
