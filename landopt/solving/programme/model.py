"""The model in PuLP, and its public copies: an MPS file a tier and a CSV of every lawful offer.

PuLP gets plain names only: column ``x{k}`` is offer k (line k, from 0, of the CSV), ``s{j}`` the slack of row j of the
round (and of the rows missed together with it), ``r{i}`` row i counted over parcels, demands, then rows. PuLP rewrites
names silently, so ours never enter it.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from landopt.solving.programme.arrays import LARGEST, Ints, Program, columns, program
from parcels.common.catalogue import told
from parcels.common.issues import Refused, error

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.screening.offers import Offers

VERDICTS = ("permit", "warn", "condition", "forbid")


@dataclass(frozen=True)
class Built:
    """A PuLP problem over some offers; ``offers[k]`` is the offer of ``x[k]``, ``soft[j]`` the first row of a slack."""

    problem: Any
    offers: Ints
    x: list[Any]
    soft: Ints
    s: list[Any]


def build(
    prog: Program, chosen: Ints, fixed: Ints | None = None, extra: Sequence[tuple[Ints, Ints, str, int]] = ()
) -> Built:
    """The integer programme over the offers ``chosen``, with the offers ``fixed`` taken (their worth is the constant).

    ``extra`` rows are ``(offers, coefficients, sense, rhs)`` over chosen offers. Rows nothing can break are left out.

    Raises
    ------
    Refused
        S001: a coefficient of 10^12 or more.
    """
    from landopt.solving.programme.pulp_imported import pulp

    check_sizes(prog)
    chosen = np.asarray(chosen, dtype=np.int64)
    problem = pulp.LpProblem("landopt", pulp.LpMaximize)
    x = [problem.add_variable(f"x{offer}", 0, 1, "Integer") for offer in chosen.tolist()]
    starts, rows, coefs = columns(prog, chosen)
    size = prog.parcels + prog.demands + len(prog.sense)
    fixed_act, constant = np.zeros(size, dtype=np.int64), 0
    if fixed is not None and len(fixed):
        _, fixed_rows, fixed_coefs = columns(prog, fixed)
        np.add.at(fixed_act, fixed_rows, fixed_coefs)
        constant = int(prog.score[fixed].sum())
    soft = prog.slacks
    s = [problem.add_variable(f"s{row}", 0, int(prog.most[row]), "Integer") for row in soft.tolist()]
    terms = list(zip(x, prog.score[chosen].tolist(), strict=True))
    terms += [(var, -int(prog.penalty[row])) for var, row in zip(s, soft.tolist(), strict=True)]
    problem.setObjective(pulp.lpSum_vars_coefs(terms) + constant)
    slack_terms: dict[int, list[tuple[Any, int]]] = {}
    for var, row in zip(s, soft.tolist(), strict=True):
        for each in prog.soft[row]:
            worth = int(prog.slack[each])
            slack_terms.setdefault(each, []).append((var, -worth if prog.sense[each] < 0 else worth))
        if prog.carry[row] >= 0:
            slack_terms.setdefault(int(prog.carry[row]), []).append((var, -int(prog.carried[row])))
    column = np.repeat(np.arange(len(chosen)), np.diff(starts))
    order = np.argsort(rows, kind="stable")
    edges = np.searchsorted(rows[order], np.arange(size + 1))
    column_sorted, coef_sorted = column[order].tolist(), coefs[order].tolist()
    head = prog.parcels + prog.demands
    for row in range(size):
        low, high = int(edges[row]), int(edges[row + 1])
        pairs = [(x[column_sorted[k]], coef_sorted[k]) for k in range(low, high)]
        sense, rhs = ("<=", 1) if row < head else (_SIGN[int(prog.sense[row - head])], int(prog.rhs[row - head]))
        rhs -= int(fixed_act[row])
        if row < head and len(pairs) < 2 and rhs >= 1:
            continue
        pairs += slack_terms.get(row - head, []) if row >= head else []
        if not pairs and _holds(sense, rhs):
            continue
        _add(problem, pairs, sense, rhs, f"r{row}")
    place = {int(offer): k for k, offer in enumerate(chosen)}
    for number, (members, weights, sense, rhs) in enumerate(extra):
        pairs = [(x[place[int(o)]], int(w)) for o, w in zip(members, weights, strict=True)]
        _add(problem, pairs, sense, rhs, f"e{number}")
    return Built(problem, chosen, x, soft, s)


_SIGN = {-1: "<=", 0: "=", 1: ">="}


def _holds(sense: str, rhs: int) -> bool:
    return rhs >= 0 if sense == "<=" else rhs <= 0 if sense == ">=" else rhs == 0


def _add(problem: Any, pairs: list[tuple[Any, int]], sense: str, rhs: int, name: str) -> None:
    from landopt.solving.programme.pulp_imported import pulp

    if not pairs:  # 0 <sense> rhs does not hold: keep the contradiction as a row that any reader understands
        never = problem.add_variable(f"n{name}", 0, 0, "Integer")
        pairs = [(never, 1)]
    expression = pulp.lpSum_vars_coefs(pairs)
    problem.addConstraint(
        expression <= rhs if sense == "<=" else expression >= rhs if sense == ">=" else expression == rhs, name
    )


def check_sizes(prog: Program) -> None:
    """Refuse coefficients that a double might not hold exactly.

    Raises
    ------
    Refused
        S001: a score, coefficient or right-hand side of 10^12 or more.
    """
    for what, values in (("score", prog.score), ("coefficient", prog.entries.profile.largest), ("limit", prog.rhs)):
        worst = int(np.abs(values).max(initial=0))
        if worst >= LARGEST:
            raise Refused(error("S001.model-not-below", thing=told(f"model.{what}"), worst=worst))


def write_mps(path: Path, case: Case, offers: Offers, tier: int = 0, reached: Sequence[int] = ()) -> None:
    """Write one tier's whole model: OBJSENSE MAX, integers, no constant; ``reached`` are the earlier objectives."""
    prog = program(case, offers, tier, reached)
    built = build(prog, np.arange(prog.count))
    aside = path.with_name(path.name + ".new")
    built.problem.writeMPS(str(aside), with_objsense=True)
    with aside.open(encoding="ascii") as source, path.open("w", encoding="ascii", newline="\n") as out:
        head = [next(source) for _ in range(3)]
        if head[0].strip() != "OBJSENSE" or not head[2].startswith("NAME"):
            raise AssertionError("PuLP writes MPS files in another order than expected")
        out.writelines([head[2], head[0], "    MAX\n"])  # SCIP reads OBJSENSE only after NAME
        shutil.copyfileobj(source, out)
    aside.unlink()


def write_csv(path: Path, case: Case, offers: Offers) -> None:
    """Write every lawful offer, one line each; the first line after the header is column x0.

    ``rules`` are the rules that decide its verdict (by the scalar reading) and those whose rows it enters.
    """
    ids, demand_ids = case.parcels.ids, case.demands.ids
    area = [int(str(value)) for value in case.parcels.column("area_m2")]
    score = np.atleast_2d(np.asarray(offers.score))
    row_names = [row.id for row in offers.rows]
    from constraints.audit.reread import Reader

    reader = Reader(case)
    if offers.reach is not None:
        start, reached = offers.reach
        for demand in range(len(case.demands)):
            reader.reach[demand] = frozenset(reached[int(start[demand]) : int(start[demand + 1])].tolist())
        reader.count_reach()
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(
            [
                "column",
                "parcel_ids",
                "demand_id",
                "method",
                "right",
                "period",
                "term_years",
                "area_m2",
                "floor_price",
                "score",
                "verdict",
                "rows",
                "rules",
            ]
        )
        for k in range(len(offers.site)):
            site, method = int(offers.site[k]), case.methods[int(offers.method[k])]
            land = offers.site_parcels[int(offers.site_start[site]) : int(offers.site_start[site + 1])].tolist()
            used = offers.coefficients(k)
            demand, period, term = int(offers.demand[k]), int(offers.period[k]), int(offers.term[k])
            asked = reader.judge_site(land, demand if demand >= 0 else None, int(offers.method[k]), period)
            rules = {ruling.rule_id for ruling in asked.rulings} | {offers.rows[r].rule for r, _ in used}
            out.writerow(
                [
                    f"x{k}",
                    ";".join(ids[p] for p in land),
                    demand_ids[demand] if demand >= 0 else "",
                    method.id,
                    method.right,
                    case.round.periods[period].id if period >= 0 else "",
                    term or "",
                    sum(area[p] for p in land),
                    int(offers.floor[k]) if offers.floor[k] >= 0 else "",
                    ";".join(str(int(line[k])) for line in score),
                    VERDICTS[int(offers.verdict[k])],
                    ";".join(f"{row_names[r]}:{c}" for r, c in used),
                    ";".join(sorted(rules)),
                ]
            )
