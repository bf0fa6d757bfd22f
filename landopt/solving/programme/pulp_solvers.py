"""Solvers that PuLP knows, by the name a user gives them, and what to install where one is missing."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from parcels.common.issues import Environment, error

NAMES = {
    "highs": ("HiGHS",),
    "cbc": ("COIN_CMD",),
    "scip": ("SCIP_PY", "SCIP_CMD"),
    "gurobi": ("GUROBI", "GUROBI_CMD"),
    "cplex": ("CPLEX_PY", "CPLEX_CMD"),
    "xpress": ("XPRESS_PY", "XPRESS"),
    "copt": ("COPT", "COPT_CMD"),
    "mosek": ("MOSEK",),
    "glpk": ("GLPK_CMD",),
}
INSTALL = {
    "highs": "pip install highspy",
    "cbc": "pip install cbcbox",
    "scip": "pip install PySCIPOpt",
    "gurobi": "pip install gurobipy (and a licence)",
    "glpk": "install glpsol and put it on PATH",
}


def pulp_solver(name: str, gap: Fraction, seconds: float | None, threads: int) -> Any:
    """A PuLP solver by its short name.

    Raises
    ------
    Environment
        S010: the solver is unknown or not installed; says what to install.
    """
    from landopt.solving.programme.pulp_imported import pulp

    found = NAMES.get(name.lower())
    if found is None:
        raise Environment(error("S010.solver-not-known", name=name, names=NAMES))
    for identifier in found:
        keywords: dict[str, Any] = {"msg": False, "gapRel": float(gap)}
        if seconds is not None:
            keywords["timeLimit"] = max(1, round(seconds))
        if identifier not in ("GLPK_CMD", "SCIP_PY"):
            keywords["threads"] = threads
        if identifier == "GLPK_CMD":
            keywords.pop("gapRel")
        try:
            solver = pulp.getSolver(identifier, **keywords)
        except (pulp.PulpSolverError, TypeError):
            continue
        if solver.available():
            return solver
    hint = INSTALL.get(name.lower(), "install it where PuLP finds it")
    raise Environment(error("S010.solver-not-installed", name=name, hint=hint))
