"""Time the decision on contested rounds: sizes x seeds, each in a process of its own; JSON, a table, a curve.

``python -m benchmarks.decision --sizes 1k 5k --seeds 11 12 --stock`` prints the table and writes
``benchmarks/results/decision.json``. Times are CPU seconds of one thread. ``--stock`` runs HiGHS, CBC, SCIP and CP-SAT
on the MPS file of the same model, ended at 300 s and counted as 300 where the gap was not reached.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results" / "decision.json"
CENSORED_S = 300.0


@dataclass(frozen=True)
class Size:
    """A round of the registry: the gap it is timed to and the wall seconds the search may take at most."""

    parcels: int
    demands: int
    gap: str
    limit_s: float


SIZES = {
    "1k": Size(1_000, 100, "0.001", 300.0),
    "5k": Size(5_000, 500, "0.0006", 120.0),
    "20k": Size(20_000, 1_000, "0.001", 120.0),
    "100k": Size(100_000, 5_000, "0.001", 600.0),
}
SEEDS = (11, 12, 13, 14, 15)


def offers_of(size: Size, seed: int) -> tuple[Any, Any, dict[str, Any]]:
    """The case, its lawful offers and the figures that say how contested it is, with the CPU seconds of screening."""
    from benchmarks.contested import contested_case
    from benchmarks.rounds import contest
    from landopt.screening.uncapped_sites import build_offers

    case = contested_case(size.parcels, size.demands, seed)
    begun = time.process_time()
    offers = build_offers(case)
    screening = time.process_time() - begun
    return case, offers, {"screen_s": screening, **contest(case, offers)}


def run_one(size: Size, seed: int, limit_s: float) -> dict[str, Any]:
    """Everything measured in process on one instance, without stock solvers."""
    from benchmarks.rounds import binding
    from landopt.solving.programme.arrays import program
    from landopt.solving.relaxation.prices import relax
    from landopt.solving.search.tier_search import search
    from landopt.solving.search_state import Options

    case, offers, found = offers_of(size, seed)
    prog = program(case, offers, 0)
    begun = time.process_time()
    enough = float(Fraction(size.gap)) / 50 if size.parcels >= 100_000 else 0.0  # as close as the search itself asks
    relaxed, sifter = relax(prog, enough=enough)
    found |= {"lp_s": time.process_time() - begun, "lp_rounds": relaxed.rounds, "lp_columns": len(relaxed.columns)}
    if not relaxed.feasible:
        return found | {"stopped": "infeasible"}
    amounts = [0.0] * prog.count
    for column, value in zip(relaxed.columns.tolist(), relaxed.x.tolist(), strict=True):
        amounts[column] = value
    tight = binding(offers, amounts)
    found |= {"binding": tight["binding"], "binding_at_least": tight["binding_at_least"]}
    found["fractional"] = int(((relaxed.x > 1e-6) & (relaxed.x < 1 - 1e-6)).sum())
    found["changed_lp_s"] = _prices_again(prog, relaxed, sifter)
    gap = float(Fraction(size.gap)) * 1.0001
    heard = Heard()
    options = Options(Fraction(size.gap), time.monotonic() + limit_s, None, 0, 1, "highs")
    answer = search(prog, options, heard)
    heard.ended(answer)
    found["solve_s"] = time.process_time() - heard.begun
    held = (answer.bound - answer.objective) / max(1, abs(answer.objective))
    found |= {"stopped": answer.stopped, "objective": answer.objective, "bound": answer.bound, "audited_gap": held}
    better = answer.bound if answer.solver_bound is None else min(answer.bound, answer.solver_bound)
    found["gap"] = max(0, better - answer.objective) / max(1, abs(answer.objective))
    found |= {"to_gap_s": heard.reached(gap), "trace": heard.trace, "phases": answer.phases, "memory_mb": peak_mb()}
    found |= _rerun(case, offers, relaxed, answer, size)
    return found


class Heard:
    """The progress of a search: CPU seconds and gap whenever the gap shrinks."""

    def __init__(self) -> None:
        self.begun = time.process_time()
        self.trace: list[tuple[float, float, str]] = []

    def __call__(self, phase: str, value: int | None, bound: int | None, _plan: Any, _claimed: bool) -> None:
        """Hear of a plan or a bound."""
        if value is not None and bound is not None:
            gap = max(0, bound - value) / max(1, abs(value))
            if not self.trace or gap < self.trace[-1][1]:
                self.trace.append((round(time.process_time() - self.begun, 3), gap, phase))

    def ended(self, answer: Any) -> float | None:
        """Hear what the search answers, which its last proof may bring without another word; the gap it holds."""
        if answer.chosen is None:
            return None
        better = answer.bound if answer.solver_bound is None else min(answer.bound, answer.solver_bound)
        self("answer", answer.objective, better, None, False)
        return float(max(0, better - answer.objective) / max(1, abs(answer.objective)))

    def reached(self, gap: float) -> float | None:
        """Seconds to the gap, None where it was not reached."""
        return next((seconds for seconds, held, _ in self.trace if held <= gap), None)


def _priced_rows(prog: Any, relaxed: Any) -> list[int]:
    import numpy as np

    return [int(row) for row in np.flatnonzero((np.abs(relaxed.rows) > 1e-9) & (prog.rhs != 0))]


def _prices_again(prog: Any, relaxed: Any, sifter: Any) -> float | None:
    """One amount lowered by a tenth: CPU seconds of the prices from the last basis."""
    from landopt.solving.relaxation.prices import relax

    rows = _priced_rows(prog, relaxed)
    if not rows:
        return None
    rhs = prog.rhs.copy()
    rhs[rows[0]] = rhs[rows[0]] * 9 // 10
    begun = time.process_time()
    relax(replace(prog, rhs=rhs), again=sifter)
    return time.process_time() - begun


def _rerun(case: Any, offers: Any, relaxed: Any, answer: Any, size: Size) -> dict[str, Any]:
    """One amount lowered by a tenth, as ``landopt sweep`` does it: CPU seconds from the changed case to the gap."""
    from landopt.intake.overlay import apply_sets
    from landopt.screening.changed_amounts import again
    from landopt.solving.programme.arrays import program
    from landopt.solving.search.tier_search import search
    from landopt.solving.search_state import Options

    prog = program(case, offers, 0)
    named = [offers.rows[row] for row in _priced_rows(prog, relaxed) if offers.rows[row].kind == "limit"]
    if not named or answer.warm is None:
        return {}
    row = named[0]
    key = f"[{';'.join(row.key)}]" if row.key else ""
    rule = next(rule for rule in case.rules if rule.id == row.rule)
    amount = next((int(each["amount"]) for each in rule.spec["values"] if tuple(each["key"]) == row.key), None)
    if amount is None:
        return {}
    heard = Heard()
    changed = apply_sets(case, [f"{row.rule}{key}:amount={amount * 9 // 10}"])
    other = again(case, offers, changed)
    if other is None:
        return {}
    options = Options(Fraction(size.gap), time.monotonic() + size.limit_s, None, 0, 1, "highs")
    heard.ended(search(program(changed, other, 0), options, heard, answer.chosen, None, answer.warm))
    return {"rerun": row.id, "rerun_s": heard.reached(float(Fraction(size.gap)) * 1.0001)}


def long_run(size: Size, seed: int) -> dict[str, Any]:
    """The gap held after five minutes where gap 0 is asked for."""
    from landopt.solving.programme.arrays import program
    from landopt.solving.search.tier_search import search
    from landopt.solving.search_state import Options

    case, offers, _ = offers_of(size, seed)
    heard = Heard()
    answer = search(program(case, offers, 0), Options(Fraction(0), time.monotonic() + 300, None, 0, 1, "highs"), heard)
    spent = time.process_time() - heard.begun
    better = answer.bound if answer.solver_bound is None else min(answer.bound, answer.solver_bound)
    value = max(1, abs(answer.objective))
    found = {"long_gap": max(0, better - answer.objective) / value, "long_s": spent}
    return found | {"long_audited_gap": (answer.bound - answer.objective) / value}


def peak_mb() -> float | None:
    """The most memory the process held, in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def raw_simplex(size: Size, seed: int) -> dict[str, Any]:
    """One HiGHS simplex solve of the whole relaxation, handed over as arrays."""
    case, offers, _ = offers_of(size, seed)
    return raw_simplex_of(case, offers)


def raw_simplex_of(case: Any, offers: Any) -> dict[str, Any]:
    """:func:`raw_simplex` of a case and its offers."""
    import highspy
    import numpy as np

    from landopt.solving.programme.arrays import columns, program

    prog = program(case, offers, 0)
    starts, rows, coefs = columns(prog, np.arange(prog.count))
    head = prog.parcels + prog.demands
    infinity = highspy.kHighsInf
    low = np.concatenate([np.full(head, -infinity), np.where(prog.sense >= 0, prog.rhs, -infinity)])
    high = np.concatenate([np.ones(head), np.where(prog.sense <= 0, prog.rhs, infinity)])
    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("solver", "simplex"), ("threads", 1), ("time_limit", CENSORED_S)):
        solver.setOptionValue(option, value)
    none = np.zeros(0, dtype=np.int32)
    solver.addRows(len(low), low, high, 0, none, none, np.zeros(0))
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    count = prog.count
    solver.addCols(
        count, prog.score.astype(float), np.zeros(count), np.ones(count), len(rows),
        starts[:-1].astype(np.int32), rows.astype(np.int32), coefs.astype(float),
    )  # fmt: skip
    begun = time.process_time()
    solver.run()
    return {"raw_lp_s": time.process_time() - begun, "raw_lp_value": solver.getObjectiveValue()}


def stock(size: Size, seed: int, name: str, limit_s: float) -> dict[str, Any]:
    """One stock solver on the exported MPS: CPU seconds to the gap, or the limit, and the gap it held then."""
    from benchmarks.decision_stock import RUNNERS
    from landopt.solving.programme.model import write_mps

    case, offers, _ = offers_of(size, seed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "round.mps"
        write_mps(path, case, offers)
        seconds, gap = RUNNERS[name](path, float(Fraction(size.gap)), limit_s)
    reached = gap is not None and gap <= float(Fraction(size.gap)) * 1.0001
    return {f"{name}_s": seconds if reached else max(seconds, limit_s), f"{name}_gap": gap, f"{name}_reached": reached}


def main(arguments: list[str]) -> int:
    """Run the registry, or (``--one``) a single measurement for the parent process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", default=["1k", "5k"], choices=list(SIZES))
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--limit", type=float, help="wall seconds of each search (default: of the size)")
    parser.add_argument("--raw", action="store_true", help="also one raw simplex solve of the whole relaxation")
    parser.add_argument("--long", action="store_true", help="also five minutes towards gap 0 (1k)")
    parser.add_argument("--stock", action="store_true", help="also HiGHS, CBC, SCIP and CP-SAT (up to 5k)")
    parser.add_argument("--stock-limit", type=float, default=CENSORED_S)
    parser.add_argument("--one", nargs=3, metavar=("KIND", "SIZE", "SEED"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    if asked.one:
        kind, name, seed = asked.one
        size = SIZES[name]
        if kind == "ours":
            found = run_one(size, int(seed), asked.limit or size.limit_s)
        elif kind == "raw":
            found = raw_simplex(size, int(seed))
        elif kind == "long":
            found = long_run(size, int(seed))
        else:
            found = stock(size, int(seed), kind, asked.stock_limit)
        print(json.dumps(found))
        return 0
    results = [_measure(name, seed, asked) for name in asked.sizes for seed in asked.seeds]
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    head = {"python": platform.python_version(), "machine": platform.machine(), "versions": _versions()}
    asked.out.write_text(json.dumps({**head, "results": results}, indent=1) + "\n", "utf-8")
    print(table(results))
    return 0


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("pulp", "highspy", "numpy")}


def _measure(name: str, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    found: dict[str, Any] = {"size": name, "seed": seed, **asdict(SIZES[name])}
    kinds = ["ours"] + (["raw"] if asked.raw and name in ("1k", "5k") else [])
    kinds += ["long"] if asked.long and name == "1k" else []
    kinds += ["highs", "cbc", "scip", "cpsat"] if asked.stock and name in ("1k", "5k") else []
    for kind in kinds:
        command = [sys.executable, "-m", "benchmarks.decision", "--one", kind, name, str(seed)]
        command += ["--stock-limit", str(asked.stock_limit)] + (["--limit", str(asked.limit)] if asked.limit else [])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = done.stdout.strip().splitlines()
        found |= json.loads(lines[-1]) if done.returncode == 0 and lines else {f"{kind}_error": done.stderr[-300:]}
    found |= _ratios(found)
    print(f"{name} {seed}: {found.get('stopped')} {found.get('gap')}", file=sys.stderr, flush=True)
    return found


def _ratios(found: dict[str, Any]) -> dict[str, Any]:
    """Screening and search to the gap (not reached: the limit) over one raw simplex solve; a changed number over it."""
    if "screen_s" not in found or "solve_s" not in found:
        return {}
    cold = found["screen_s"] + (found["limit_s"] if found["to_gap_s"] is None else found["to_gap_s"])
    ratios = {"cold_s": cold}
    if "raw_lp_s" in found:
        ratios["cold_of_raw"] = cold / found["raw_lp_s"]
    if "rerun" in found:
        ratios["rerun_of_cold"] = (found["limit_s"] if found["rerun_s"] is None else found["rerun_s"]) / cold
    return ratios


COLUMNS = (
    "offers",
    "binding",
    "binding_at_least",
    "several",
    "screen_s",
    "lp_s",
    "raw_lp_s",
    "changed_lp_s",
    "cold_s",
    "cold_of_raw",
    "rerun_of_cold",
    "solve_s",
    "gap",
    "audited_gap",
    "long_gap",
    "long_audited_gap",
    "memory_mb",
    "highs_s",
    "cbc_s",
    "scip_s",
    "cpsat_s",
)


def table(results: list[dict[str, Any]]) -> str:
    """Medians over the seeds of each size as a Markdown table; gaps in per cent."""
    lines = ["| | " + " | ".join(dict.fromkeys(entry["size"] for entry in results)) + " |"]
    lines.append("|---" * (1 + len({entry["size"] for entry in results})) + "|")
    for column in COLUMNS:
        cells = []
        for name in dict.fromkeys(entry["size"] for entry in results):
            values = [e[column] for e in results if e["size"] == name and isinstance(e.get(column), int | float)]
            if not values:
                cells.append("-")
            elif column.endswith("gap"):
                cells.append(f"{100 * median(values):.4f} %")
            else:
                cells.append(f"{median(values):.3g}" if median(values) < 1000 else f"{median(values):,.0f}")
        lines.append(f"| {column} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
