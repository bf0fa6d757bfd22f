"""What a worker does for one city of joint rounds: read and screen it, decide it at prices, write its plan and proofs.

Every step is a run of :mod:`landopt.runs`: plain JSON in and out. What is larger lies below the folder of the runs,
which every worker sees under the same path.
"""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from constraints.audit.certificate.price_tree import Vector, read_tree
from constraints.audit.certificate.price_writer import write_tree
from constraints.audit.joint import PROOF, audit_city
from constraints.canonical import canonical
from landopt.joint import store
from landopt.joint.choose import Candidate, Effort, candidate, run
from landopt.joint.city import City, capped, city, priced
from landopt.joint.file import MOST, Common, limits_of, rule_text
from landopt.solving.process.child import CYCLES
from parcels.common.atomic import write_folder
from parcels.common.catalogue import as_data
from parcels.common.digests import sha256_of
from parcels.common.issues import LandoptError, Refused, error

if TYPE_CHECKING:
    from landopt.intake.assemble import Loaded
    from landopt.pipeline import Scenario
    from landopt.runs.work import Run
    from landopt.screening.offers import Offers
    from landopt.solving.solver import Outcome


ALONE = 8
"""Times the gap asked for within which a city is decided alone: no bound rests on it; others begin from its plan.

2, 4, 8, 20 (``benchmarks.joint_gaps``, four cities, 0.5 %; CPU s in all): contested 9.6, 6.9, 5.3, 6.0; local limits
5.2, 5.7, 5.3, 4.8; years 9.5, 9.0, 5.7, 3.2. 8, since what a city
gave up is told against this plan.
"""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all runs share: the text of the joint file, its path, the folder of the runs and how far programmes go."""

    path: str
    text: str
    runs: str
    effort: Effort

    def as_text(self) -> str:
        """As JSON."""
        effort = {**vars_of(self.effort), "gap": str(self.effort.gap)}
        return json.dumps({"path": self.path, "text": self.text, "runs": self.runs, "effort": effort})


def vars_of(effort: Effort) -> dict[str, Any]:
    """An effort by its fields."""
    return {name: getattr(effort, name) for name in ("gap", "time_limit_s", "nodes", "seed")}


def open_worker(shared: str) -> Run:
    """A worker from what all runs share."""
    if parent_process() is not None:
        gc.set_threshold(CYCLES, 10, 10)
    data = json.loads(shared)
    effort = data["effort"]
    found = Shared(data["path"], data["text"], data["runs"], Effort(**{**effort, "gap": Fraction(effort["gap"])}))
    return _Worker(found).run


def overlay(limits: Sequence[Common], amounts: Sequence[int]) -> str:
    """The common limits as a rule file of one city that is allotted so much (:func:`allotted`)."""
    return "\n".join(rule_text(limit.table, amount, limit.base) for limit, amount in zip(limits, amounts, strict=True))


def allotted(limits: Sequence[Common], used: Sequence[int] | None) -> list[int]:
    """What a city is allotted of each limit that uses so much of its row; ``None``: what holds nothing back.

    In the unit of the limit (of a share its surplus): of a use that is no multiple of it, what lets the use through.
    """
    if used is None:
        return [MOST // limit.times * (1 if limit.sense == "<=" else -1) for limit in limits]
    return [
        -(-use // limit.times) if limit.sense == "<=" else use // limit.times
        for limit, use in zip(limits, used, strict=True)
    ]


def as_json(plan: Candidate) -> dict[str, Any]:
    """A candidate as plain JSON."""
    return {"chosen": plan.chosen.tolist(), "value": plan.value, "used": list(plan.used)}


def from_json(said: Mapping[str, Any]) -> Candidate:
    """A candidate from plain JSON."""
    return Candidate(np.array(said["chosen"], np.int64), int(said["value"]), tuple(said["used"]))


class _Worker:
    def __init__(self, shared: Shared) -> None:
        self.shared, self.runs = shared, Path(shared.runs)
        self.limits = limits_of(Path(shared.path), shared.text)
        self.rules = tuple(limit.rule.id for limit in self.limits)
        # one that is watched itself needs no process of its own for the solver
        self.effort = replace(shared.effort, here=parent_process() is not None)

    def run(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """One step of one city; what is refused is a result."""
        steps = {"open": self.open, "price": self.price, "write": self.write}
        try:
            if not self.runs.is_dir():
                raise Refused(error("C082.not-seen", at=str(self.runs)))
            return steps[given["do"]](given)
        except LandoptError as trouble:
            named = [issue.as_record() for issue in trouble.issues]
            return {"stopped": "refused", "issues": named, "round": given.get("round")}

    def open(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Read, screen, keep, and decide a round as if there were no common limits."""
        path = Path(given["path"])
        name = given["round"]
        _, made = self._case(path, allotted(self.limits, None), None)
        if len(made.case.objective.tiers) != 1:
            raise Refused(error("C081.tiers", at=str(path), round=name))
        one = self._city(path, made, screened(made))
        effort = replace(self.effort, gap=ALONE * self.effort.gap)
        outcome = run(one, priced(one, (0,) * len(self.rules), 1), effort)
        said = {"round": name, "stopped": outcome.stopped}
        if outcome.chosen is None:
            return said if outcome.stopped == "infeasible" else {**said, "stopped": "failed"}
        store.keep(self.runs / "cities" / given["key"], one)
        return {**said, "alone": as_json(candidate(one, outcome.chosen))}

    def price(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The best plan found at prices, its bound there and the tree that proves it.

        The city's own plan is begun from only where none is found without it: at other prices it leads a solver astray
        (docs/scale.md).
        """
        one = store.kept(self.runs / "cities" / given["key"])
        offers = priced(one, tuple(given["prices"]), int(given["scale"]))
        effort = replace(self.effort, gap=Fraction(given["gap"]))
        outcome = run(one, offers, effort)
        if outcome.chosen is None:
            outcome = run(one, offers, effort, np.array(given["warm"], np.int64))
        said: dict[str, Any] = {"round": one.id, "stopped": outcome.stopped, "bound": None}
        if outcome.chosen is None:
            return {**said, "stopped": "failed"}
        return {**said, "plan": as_json(candidate(one, outcome.chosen)), **proof_of(outcome)}

    def write(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The folder of a city below ``made``, and what the audit found of it."""
        name, place = given["round"], self.runs / "made" / given["made"]
        found: dict[str, Any] = {}
        write_folder(place, lambda fresh: found.update(self._folder(fresh, name, given)))
        return {"stopped": "gap", "round": name, **found}

    def _folder(self, fresh: Path, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        from landopt import pipeline

        said, prices = given["said"], [each["price"] for each in given["said"]["limits"]]
        plan, kept = from_json(given["plan"]), self.runs / "cities" / given["key"]
        path, home = Path(given["path"]), fresh / "cities" / name
        (home / "plan").mkdir(parents=True)
        (fresh / "joint.toml").write_bytes(self.shared.text.encode("utf-8"))
        amounts = allotted(self.limits, plan.used)
        loaded, made = self._case(path, amounts, home / "joint-limits.toml")
        if store.past_cap(kept):
            one = self._city(path, made, screened(made))
        else:
            one = replace(store.kept(kept), case=made.case)
            due = [amount * limit.times for amount, limit in zip(amounts, self.limits, strict=True)]
            one = replace(one, offers=capped(one, np.array(due, np.int64)))
        proof = _second(one, given["proof"], prices, int(said["scale"]))
        outcome = _decided(one, plan.chosen, proof, self.effort.gap)
        decision = pipeline.decide(made, one.offers, outcome, lambda line: None)
        pipeline.write(home / "plan", decision, loaded.geometry)
        second = {"schema": PROOF, "case": decision.plan["case"]["digest"], **proof}
        (home / "joint-proof.json").write_bytes(canonical(second))
        objective = int(decision.plan["result"]["tiers"][0]["objective"])
        city = {
            "round": name,
            "plan_id": decision.plan["plan_id"],
            "objective": objective,
            "bound": int(given["bound"]),
            "used": list(plan.used),
            "gave_up": _gave_up(one, from_json(given["alone"]), decision.plan, objective),
        }
        found = audit_city(
            fresh, {**said, "scope": one.offers.scope}, city, every=len(one.offers) <= pipeline.RE_DERIVED
        )
        return {
            "city": city,
            "scope": one.offers.scope,
            "verdict": found.verdict,
            "breaches": [as_data(text) for text in found.breaches],
            "wrong": [as_data(text) for text in found.wrong],
            "objective": found.objective,
            "bound": found.bound,
            "used": list(found.used),
        }

    def _case(self, path: Path, amounts: Sequence[int], kept: Path | None) -> tuple[Loaded, Scenario]:
        """A round with the common limits at these amounts as an overlay, which is kept at a place, if any."""
        from landopt import pipeline
        from landopt.job import Job

        with TemporaryDirectory(prefix="landopt-joint-", ignore_cleanup_errors=True) as name:
            file = kept if kept is not None else Path(name) / "joint-limits.toml"
            file.write_text(overlay(self.limits, amounts), "utf-8")
            job = Job(path, overlays=(file,), booked=False, gap=str(float(self.effort.gap)))
            loaded = pipeline.read(job)
            return loaded, pipeline.scenario(loaded, job)

    def _city(self, path: Path, made: Scenario, offers: Offers) -> City:
        return city(made.case.round.id, path, made.case, offers, self.rules)


def screened(made: Scenario) -> Offers:
    """Every lawful offer of a city."""
    from landopt import pipeline

    return pipeline.screen(made.case)


def proof_of(outcome: Outcome) -> dict[str, Any]:
    """The bound of a programme at prices and its tree."""
    entry = (outcome.proof or {})["tiers"][0]
    return {"bound": outcome.tiers[0].bound, "proof": {"scale": entry["scale"], "tree": entry["tree"]}}


def _second(one: City, proof: Mapping[str, Any], prices: Sequence[int], scale: int) -> dict[str, Any]:
    """The proof at the prices, as one over the city's own list: every vector prices the common limits too."""
    times, count = int(proof["scale"]), len(one.offers.rows)
    tree = read_tree(proof["tree"], count, len(one.case.parcels))
    common = [(row, times * price) for row, price in zip(one.rows, prices, strict=True) if price]
    tree.vectors = [
        Vector(each.base, tuple(sorted((*each.rows, *common))), each.parcels) if each.base < 0 else each
        for each in tree.vectors
    ]
    return {"scale": times * scale, "tree": write_tree(tree, count)}


def _decided(one: City, chosen: Any, proof: Mapping[str, Any], gap: Fraction) -> Outcome:
    """A plan under what its city is allotted, proved by the second proof: at that amount it proves this round too."""
    from landopt.solving.programme.arrays import program, standing
    from landopt.solving.solver import Outcome, TierResult, Withheld, proof_bound

    prog = program(one.case, one.offers, 0)
    state = standing(prog, chosen)
    if not state.lawful:
        raise Withheld(error("S005.solver-plan-breaks", rows=one.id))
    bound = proof_bound(prog, proof["tree"], int(proof["scale"]))
    if bound < state.objective:
        raise Withheld(error("S005.solver-prices-contradict"))
    near = bound - state.objective <= gap * max(1, abs(state.objective))
    stopped = "optimal" if bound == state.objective else "gap" if near else "limit"
    tier = {"objective": state.objective, "bound": bound, "scale": proof["scale"], "tree": proof["tree"]}
    written = {"scope": one.offers.scope, "tiers": [tier]}
    worth = state.objective
    tiers, ties = (TierResult(worth, bound, None, worth, worth),), {"status": "not examined"}
    return Outcome(stopped, chosen, tiers, written, ties, 0.0, {}, (), one.offers.scope)


def _gave_up(one: City, alone: Candidate, plan: Mapping[str, Any], now: int) -> dict[str, Any]:
    """What the common limits make a city give up against what it would do alone."""
    served = {entry["demand_id"] for entry in plan["assignments"]}
    wants = one.case.demands.ids
    before = {wants[int(one.offers.demand[k])] for k in alone.chosen.tolist() if one.offers.demand[k] >= 0}
    return {
        "alone": alone.value,
        "points": alone.value - now,
        "used_alone": list(alone.used),
        "lost": sorted(before - served),
        "won": sorted(name for name in served - before if name is not None),
    }


def digest_of(path: Path) -> str:
    """What a round is made from, by content: every file of its folder but its plans, and the files it names elsewhere.

    One that cannot be read is told by what can.
    """
    from landopt.intake.roundfile import read_round_file

    home = path.parent
    files = {file for file in home.rglob("*") if file.is_file() and not _apart(file.relative_to(home))}
    try:
        named = read_round_file(path)
        given: list[Any] = [named.parcels, named.demands, named.records, named.corrections, *named.policy]
        given += [place for layer in named.layers for place in (layer.path, layer.coverage)]
        for each in given:
            if isinstance(each, Path) and not each.is_relative_to(home):
                files |= {file for file in each.parent.glob(f"{each.stem}.*") if file.is_file()}
                files |= {file for file in each.rglob("*") if file.is_file()}
    except LandoptError:
        pass
    found = [f"{file.relative_to(home) if file.is_relative_to(home) else file} {sha256_of(file)}" for file in files]
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


def _apart(file: Path) -> bool:
    """Plans, records of what was made and the ledger: nothing that a plan is made from."""
    return file.parts[0] in ("plan", "plans", "reports") or file.parts[0].startswith((".", "ledger"))
