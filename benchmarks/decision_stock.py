"""Stock solvers on an MPS file, one thread each: (CPU seconds, proven relative gap or None without a plan)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

Runner = Callable[[Path, float, float], tuple[float, float | None]]


def highs(path: Path, gap: float, limit_s: float, presolve: str = "choose") -> tuple[float, float | None]:
    """HiGHS with its defaults."""
    import highspy

    solver = highspy.Highs()
    settings = {"output_flag": False, "threads": 1, "time_limit": limit_s, "mip_rel_gap": gap, "presolve": presolve}
    for option, value in settings.items():
        solver.setOptionValue(option, value)
    solver.readModel(str(path))
    begun = time.process_time()
    solver.run()
    seconds = time.process_time() - begun
    found = solver.getInfo()
    return seconds, _gap(found.objective_function_value, found.mip_dual_bound)


def bare(path: Path, gap: float, limit_s: float) -> tuple[float, float | None]:
    """HiGHS without presolve."""
    return highs(path, gap, limit_s, "off")


def scip(path: Path, gap: float, limit_s: float) -> tuple[float, float | None]:
    """SCIP with its defaults."""
    from pyscipopt import Model

    model = Model()
    model.hideOutput()
    model.readProblem(str(path))
    model.setParam("limits/time", limit_s)
    model.setParam("limits/gap", gap)
    begun = time.process_time()
    model.optimize()
    seconds = time.process_time() - begun
    if model.getNSols() == 0:
        return seconds, None
    return seconds, _gap(model.getPrimalbound(), model.getDualbound())


def cbc(path: Path, gap: float, limit_s: float) -> tuple[float, float | None]:
    """CBC's command line with its defaults."""
    import cbcbox

    command = [cbcbox.cbc_bin_path(), str(path), "-threads", "0", "-ratio", str(gap)]
    command += ["-seconds", str(limit_s), "-solve"]
    begun = time.monotonic()
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    seconds = time.monotonic() - begun
    used = re.search(r"Total time \(CPU seconds\):\s+([\d.]+)", said)
    value = re.search(r"Objective value:\s+(-?[\d.e+]+)", said)
    bound = re.search(r"(?:Upper|Lower) bound:\s+(-?[\d.e+]+)", said)
    seconds = float(used.group(1)) if used else seconds
    if value is None:
        return seconds, None
    if bound is None:  # printed only when it stopped short of the gap
        return seconds, gap if "Optimal solution found" in said else None
    return seconds, _gap(float(value.group(1)), float(bound.group(1)))


def cpsat(path: Path, gap: float, limit_s: float) -> tuple[float, float | None]:
    """CP-SAT, one worker, in a process of its own: OR-tools cannot be loaded beside highspy."""
    command = [sys.executable, __file__, str(path), str(gap), str(limit_s)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = json.loads(said.strip().splitlines()[-1])
    return float(found[0]), found[1]


def _cpsat(path: Path, gap: float, limit_s: float) -> tuple[float, float | None]:
    from ortools.linear_solver.python import model_builder

    model = model_builder.Model()
    model.import_from_mps_file(str(path))
    solver = model_builder.Solver("sat")
    solver.enable_output(False)
    solver.set_solver_specific_parameters(f"num_workers: 1 relative_gap_limit: {gap} max_time_in_seconds: {limit_s}")
    begun = time.process_time()
    status = solver.solve(model)
    seconds = time.process_time() - begun
    if status not in (model_builder.SolveStatus.OPTIMAL, model_builder.SolveStatus.FEASIBLE):
        return seconds, None
    return seconds, _gap(solver.objective_value, solver.best_objective_bound)


def _gap(value: float, bound: float) -> float | None:
    if abs(value) > 1e19 or abs(bound) > 1e29:
        return None
    return abs(bound - value) / max(1.0, abs(value))


RUNNERS: dict[str, Runner] = {"highs": highs, "bare": bare, "cbc": cbc, "scip": scip, "cpsat": cpsat}


if __name__ == "__main__":
    print(json.dumps(_cpsat(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))))
