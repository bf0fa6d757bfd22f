"""Solve a round: hand arrays to a child process, check its best plan in integers, keep bounds and claims apart.

*Why it stopped* (``stopped``) is apart from *what we hold* (``chosen``). A plan that breaks a row is withheld.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from constraints.case import held_at
from landopt.solving.process import child
from landopt.solving.process.child_handle import Ended, inside, watch
from landopt.solving.programme.arrays import Ints, Program, base_arrays, from_arrays, standing
from landopt.solving.programme.model import check_sizes
from landopt.solving.proof.certificate import Certificate
from landopt.solving.search.ties import ladder
from landopt.solving.search_state import Warm
from parcels.common.issues import Environment, Issue, LandoptError, error

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.screening.offers import Offers

GRACE_S = 10.0
"""Seconds beyond the limit after which the child is ended from outside."""


def memory_needed(offers: int) -> int:
    """An estimate of the child's address space in bytes, from the number of offers (measured: docs/performance.md)."""
    return 450_000_000 + 1_000 * offers


class Withheld(LandoptError):
    """The solver handed back a plan that breaks a rule: it is not shown (exit 5)."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class TierResult:
    """One tier: what the plan is worth, what the prices prove, what the solver claims (None: nothing); millipoints.

    ``reached`` is what the tier came to before later ones took what it gives (the plan's own worth where it gives
    nothing), ``held_at`` what they hold it to.
    """

    objective: int
    bound: int
    solver_bound: int | None
    reached: int
    held_at: int


@dataclass(frozen=True)
class Outcome:
    """How a solve ended. ``chosen`` are offer positions (sorted) or None; ``proof`` follows docs/plan.md.

    ``ties``: ``{"status": "unique"|"tied"|"not examined", "parcels": how many could differ, "broken_by": [...]}``;
    ``claimed`` is there where only the solver says so.
    ``issues`` say what went wrong in the child, if anything did. ``phases`` are CPU seconds. ``left`` is what a round
    with other numbers may start from (large rounds only).
    """

    stopped: str
    chosen: Ints | None
    tiers: tuple[TierResult, ...]
    proof: dict[str, Any] | None
    ties: Mapping[str, Any]
    seconds: float
    phases: Mapping[str, float]
    issues: tuple[Issue, ...] = ()
    scope: str = "all"
    left: Warm | None = None

    def gap(self) -> Fraction:
        """The largest gap of a tier by the better bound."""
        return max((_gap(tier) for tier in self.tiers), default=Fraction(0))


def _gap(tier: TierResult) -> Fraction:
    bound = tier.bound if tier.solver_bound is None else min(tier.bound, max(tier.solver_bound, tier.reached))
    return Fraction(max(0, bound - tier.reached), max(1, abs(tier.reached)))


Progress = Callable[[Mapping[str, Any]], None]


# One parameter a setting of a run; the numbers are the round's own.
def solve(
    case: Case,
    offers: Offers,
    *,
    gap: Fraction | str = "0.001",
    time_limit_s: float | None = None,
    nodes: int | None = None,
    seed: int = 0,
    threads: int = 1,
    solver: str = "highs",
    warm: Ints | None = None,
    start: Warm | None = None,
    progress: Progress | None = None,
    memory: int | None = None,
    here: bool = False,
    ties: bool = True,
    prove: bool = True,
) -> Outcome:
    """Choose offers.

    ``gap`` is relative, 0 for a proof; ``nodes`` sets the reproducible mode (one thread, a node limit, no clock);
    ``warm`` are offers to start from; ``start`` is what a round with the same offers and other numbers left
    (``Outcome.left``), for large rounds; ``memory`` is the child's limit in bytes; ``progress`` hears ``{"phase",
    "tier", "value", "bound", "claimed", "seconds"}``, ``claimed`` where no proof carries the bound. ``here`` searches
    in this process, for one that is watched itself; without ``ties`` they are not examined; without ``prove`` a large
    round's bound is proved by prices alone. Ctrl-C once ends the search with the best plan (``stopped = "user"``).

    Raises
    ------
    Refused
        S001: a coefficient of 10^12 or more.
    Environment
        S010: the solver is unknown or missing; S011: the child could not be started; S015: ``memory`` is too small.
    Withheld
        S005: the solver's plan breaks a row, or its prices contradict it.
    """
    began = monotonic()
    needed = memory_needed(len(offers.site))
    if memory is not None and memory < needed:
        raise Environment(
            error("S015.offers-need-about", count=len(offers.site), needed=needed // 10**6, memory=memory // 10**6)
        )
    base = base_arrays(case, offers)
    for tier in range(len(base["score"])):
        check_sizes(from_arrays(base, 0) if tier == 0 else from_arrays(base | {"score": base["score"][tier:]}, 0))
    with tempfile.TemporaryDirectory(prefix="landopt-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        child.save_arrays(folder, base)
        if warm is not None:
            np.save(folder / "warm.npy", np.asarray(warm, dtype=np.int64), allow_pickle=False)
        if start is not None:
            child.save_warm(folder / "from", start)
        request = {
            "gap": str(Fraction(gap)),
            "time_limit_s": time_limit_s,
            "nodes": nodes,
            "seed": seed,
            "threads": 1 if nodes is not None else threads,
            "solver": solver,
            "memory": memory,
            "ties": ladder(case, offers) if ties else None,
            "gives": case.objective.gives,
            "prove": prove,
        }
        (folder / "request.json").write_text(json.dumps(request), "utf-8")
        hard = None if time_limit_s is None or nodes is not None else time_limit_s + GRACE_S
        ended = inside(folder, request) if here else watch(folder, hard, progress, memory)
        chosen = best_plan(folder, len(offers.site))
        left = child.load_warm(folder / "left") if ended.why == "done" else None
    return replace(_outcome(case, offers, base, ended, chosen, monotonic() - began), left=left)


def best_plan(folder: Path, count: int) -> Ints | None:
    """The best plan that a child has written, offers ascending; None where it has none."""
    path = folder / "best.npy"
    if not path.exists():
        return None
    chosen = np.unique(np.load(path, allow_pickle=False))
    if len(chosen) and (chosen[0] < 0 or chosen[-1] >= count):
        raise Withheld(error("S005.solver-handed-back"))
    return chosen


def _outcome(
    case: Case, offers: Offers, base: dict[str, Any], ended: Ended, chosen: Ints | None, seconds: float
) -> Outcome:
    result = ended.result or {}
    if "error" in result:
        kind = Environment if result["exit"] == 6 else LandoptError
        raise kind(Issue.of_record(entry) for entry in result["error"])
    stopped = _stopped(ended, result, chosen)
    if chosen is None or stopped == "infeasible":
        return Outcome(
            stopped, None, (), None, {"status": "not examined"}, seconds, result.get("phases", {}), ended.issues
        )
    tiers: list[TierResult] = []
    proofs: list[dict[str, Any]] = []
    found = result.get("tiers", [])
    reached: list[int] = []
    for tier in range(len(base["score"])):
        prog = from_arrays(base, tier, reached)
        state = standing(prog, chosen)
        if not state.lawful:
            rows = ", ".join(_row_name(case, offers, prog, row) for row in state.broken[:5])
            raise Withheld(error("S005.solver-plan-breaks", rows=rows))
        entry = found[tier] if tier < len(found) and found[tier].get("tree") is not None else None
        # without prices (a run that ended before it had any) the bound is every part's best offer: no text at all
        node, scale = (entry["tree"], int(entry["scale"])) if entry else ({}, 1)
        proven = proof_bound(prog, node, scale)
        claim = entry.get("solver_bound") if entry else None
        if proven < state.objective:
            raise Withheld(error("S005.solver-prices-contradict"))
        give = case.objective.give(tier)
        came_to = max(state.objective, int(entry.get("objective", state.objective)) if entry and give[0] else 0)
        came_to = min(proven, came_to) if give[0] else state.objective
        held = held_at(came_to, give)
        claimed = claim if claim is None or claim >= came_to else None
        tiers.append(TierResult(state.objective, proven, claimed, came_to, held))
        told = {"reached": came_to, "held_at": held} if give[0] else {}
        proofs.append({"objective": state.objective, "bound": proven, **told, "scale": scale, "tree": node})
        reached.append(held)
    if stopped in ("optimal", "gap", "limit"):
        stopped = _honest(stopped, tiers)
    ties = dict(result.get("ties") or {"status": "not examined"})
    if any(tier.bound > tier.reached for tier in tiers) and ties["status"] == "unique":
        ties = {"status": "not examined", "claimed": "unique"}  # rests on the solver's word alone
    proof = {"scope": offers.scope, "tiers": proofs}
    phases = dict(result.get("phases", {}))
    return Outcome(stopped, chosen, tuple(tiers), proof, ties, seconds, phases, ended.issues, offers.scope)


def _honest(stopped: str, tiers: list[TierResult]) -> str:
    """``optimal`` only where the audited gap is 0 in every tier."""
    if all(tier.bound <= tier.reached for tier in tiers):
        return "optimal"
    return "gap" if stopped == "optimal" else stopped


def _stopped(ended: Ended, result: Mapping[str, Any], chosen: Ints | None) -> str:
    if ended.why == "user":
        return "user"
    if ended.why == "limit":
        return "limit"
    if ended.why == "failed":
        return "failed"
    stopped = str(result.get("stopped", "failed"))
    return "failed" if stopped == "infeasible" and chosen is not None else stopped


def _row_name(case: Case, offers: Offers, prog: Program, row: int) -> str:
    if row < prog.parcels:
        return f"parcel {case.parcels.ids[row]} (in two offers)"
    if row < prog.parcels + prog.demands:
        return f"platform {case.demands.ids[row - prog.parcels]} (served twice)"
    row -= prog.parcels + prog.demands
    return offers.rows[row].id if row < len(offers.rows) else f"the value of tier {row - len(offers.rows)}"


def proof_bound(prog: Program, tree: Mapping[str, Any], scale: int) -> int:
    """The bound of a written proof, exact (docs/proof.md)."""
    found = Certificate(prog, tree, scale).value
    return -(10**18) if found is None else found
