"""``landopt joint``: read the rounds, find prices, decide, and write every city with its two proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from constraints.audit.certificate.price_tree import Vector, read_tree
from constraints.audit.certificate.price_writer import write_tree
from constraints.audit.certificate.proof import gap_text
from constraints.audit.joint import NAME, PROOF, SCHEMA
from constraints.canonical import canonical
from landopt.job import Job, NoPlan, Stopped
from landopt.joint.choose import Candidate, Choice, Effort, bound_of, candidate, run
from landopt.joint.city import City, city, keeps, priced
from landopt.joint.file import MOST, JointFile, read_joint, rule_text
from landopt.joint.prices import Prices, find
from parcels.common.catalogue import Say, told
from parcels.common.gate import read_bytes
from parcels.common.issues import Refused, error
from parcels.common.kept import write_made

if TYPE_CHECKING:
    from landopt.intake.assemble import Loaded
    from landopt.solving.solver import Outcome


@dataclass(frozen=True, slots=True)
class Done:
    """Joint rounds as written: the folder, what ``joint.json`` says, and whether the gap asked for was reached."""

    folder: Path
    said: Mapping[str, Any]
    reached: bool


class _Rounds:
    """The rounds of a joint file: those that can be decided, and why the others are left out."""

    def __init__(self, file: JointFile, home: Path) -> None:
        self.file, self.home = file, home
        self.cities: list[City] = []
        self.loaded: dict[str, Loaded] = {}
        self.left_out: list[dict[str, str]] = []

    def read(self, path: Path, say: Say) -> None:
        """Read and screen one round under limits that hold nothing back."""
        from landopt.intake.roundfile import read_round_file
        from landopt.pipeline import read, scenario, screen

        name = path.parent.name
        try:
            name = read_round_file(path).round.id
            loaded = read(Job(path, booked=False))
            made = scenario(loaded, self.job(name, path, None))
            offers = screen(made.case)
        except Refused as refused:
            if any(issue.code.startswith("C08") for issue in refused.issues):
                raise
            self.left_out.append({"round": name, "why": "unread"})
            say(told("joint.unread", round=name, said=refused.issues[0].told if refused.issues else ""))
            return
        if len(made.case.objective.tiers) != 1:
            raise Refused(error("C081.tiers", at=str(path), round=name))
        if name in self.loaded or Path(name).name != name:
            raise Refused(error("C081.same", at=str(path), round=name))
        self.loaded[name] = loaded
        rules = tuple(limit.rule.id for limit in self.file.limits)
        self.cities.append(city(name, path, made.case, offers, rules))

    def job(self, name: str, path: Path, amounts: Sequence[int] | None, gap: str | None = None) -> Job:
        """The job of a city: its round with the common limits as an overlay."""
        lines = []
        for j, limit in enumerate(self.file.limits):
            if amounts is None:
                allotted = MOST // limit.times * (1 if limit.sense == "<=" else -1)
            elif limit.sense == "<=":
                allotted = -(-amounts[j] // limit.times)
            else:
                allotted = amounts[j] // limit.times
            lines.append(rule_text(limit.table, allotted, limit.base))
        overlay = self.home / name / "joint-limits.toml"
        overlay.parent.mkdir(parents=True, exist_ok=True)
        overlay.write_text("\n".join(lines), "utf-8")
        return Job(path, overlays=(overlay,), booked=False, gap=gap)


def joint(path: Path, output: Path | None, effort: Effort, say: Say) -> Done:
    """Decide the rounds of a joint file together and write the folder.

    Raises
    ------
    Refused
        If the file is refused, a round has several tiers, or two have one name (exit 1).
    NoPlan
        If no plans keep the common limits (exit 3).
    Stopped
        If none were found (exit 7).
    """
    file = read_joint(path)
    with TemporaryDirectory(prefix="landopt-joint-", ignore_cleanup_errors=True) as name:
        rounds = _Rounds(file, Path(name))
        for each in file.rounds:
            rounds.read(each, say)
        decided = _Decided(rounds, effort, say)
        target = output if output is not None else path.with_suffix("")
        said: dict[str, Any] = {}
        kept = write_made(target, lambda fresh: said.update(decided.write(fresh)))
        if kept is not None:
            say(told("progress.kept-aside", kept=kept, path=target))
    return Done(target, said, Fraction(said["gap"]) <= effort.gap)


class _Decided:
    """The common decision and its folder."""

    def __init__(self, rounds: _Rounds, effort: Effort, say: Say) -> None:
        self.rounds, self.effort, self.say = rounds, effort, say
        limits = rounds.file.limits
        self.senses, self.rhs = [one.sense for one in limits], [one.rhs for one in limits]
        self.alone: list[Candidate] = []
        self._alone()
        if not rounds.cities:
            raise NoPlan(error("S040.none", at=rounds.file.path.name))
        say(told("joint.pricing", cities=len(rounds.cities)))
        self.prices: Prices = find(rounds.cities, self.senses, self.rhs)
        if not self.prices.feasible:
            raise NoPlan(error("S040.limits", at=rounds.file.path.name))
        choice = Choice(rounds.cities, self.senses, self.rhs, effort)
        self.priced: list[Outcome] = []
        for number, one in enumerate(rounds.cities):
            choice.add(number, self.alone[number].chosen)
            self.priced.append(run(one, priced(one, self.prices.prices, self.prices.scale), effort))
            choice.add(number, self.priced[-1].chosen)
        if any(not outcome.tiers for outcome in self.priced):
            raise Stopped(error("S040.stopped", at=rounds.file.path.name))
        self.bound = bound_of(self.prices, self.rhs, self.priced)
        plans = choice.best() or choice.steeper(self.prices)
        if plans is None:
            raise Stopped(error("S040.stopped", at=rounds.file.path.name))
        self.plans = choice.improve(plans, self.bound, lambda value: None)
        say(told("joint.chosen", value=sum(plan.value for plan in self.plans) / 1000, bound=self.bound / 1000))

    def _alone(self) -> None:
        """What every city would do without the common limits; one that has no plan at all is left out."""
        kept = []
        for one in self.rounds.cities:
            outcome = run(one, priced(one, (0,) * len(self.rhs), 1), self.effort)
            if outcome.chosen is None:
                why = "infeasible" if outcome.stopped == "infeasible" else "stopped"
                self.rounds.left_out.append({"round": one.id, "why": why})
                self.say(told(f"joint.{why}", round=one.id))
                continue
            kept.append(one)
            self.alone.append(candidate(one, outcome.chosen))
        self.rounds.cities = kept

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the folder; returns what ``joint.json`` says."""
        file, prices = self.rounds.file, self.prices
        folder.mkdir()
        (folder / "joint.toml").write_bytes(read_bytes(file.path))
        cities, total, objective, scope = [], [0] * len(self.rhs), 0, "all"
        for number, one in enumerate(self.rounds.cities):
            said, used, of = self._city(folder / "cities" / one.id, number, one)
            cities.append(said)
            total = [a + b for a, b in zip(total, used, strict=True)]
            objective += said["objective"]
            scope = scope if of == "all" else "listed"
        for limit, together, amount in zip(file.limits, total, self.rhs, strict=True):
            if not keeps(limit.sense, together, amount):
                raise Stopped(error("S040.rounding", at=file.path.name, limit=limit.id))
        listed = [
            {
                "id": limit.id,
                "sense": limit.sense,
                "rhs": amount,
                "total": together,
                "price": price,
                "used": [{"round": name, "amount": value} for name, value in sorted(limit.used.items())],
            }
            for limit, amount, together, price in zip(file.limits, self.rhs, total, prices.prices, strict=True)
        ]
        said = {
            "schema": SCHEMA,
            "id": file.id,
            "joint_sha256": hashlib.sha256(read_bytes(file.path)).hexdigest(),
            "scale": prices.scale,
            "prices": list(prices.prices),
            "limits": listed,
            "objective": objective,
            "bound": self.bound,
            "gap": gap_text(self.bound, objective),
            "scope": scope,
            "cities": cities,
            "left_out": self.rounds.left_out,
        }
        (folder / NAME).write_bytes(canonical(said))
        self._audited(folder)
        return said

    def _city(self, place: Path, number: int, one: City) -> tuple[dict[str, Any], list[int], str]:
        """The folder of a city: its plan under what it is allotted, and its second proof."""
        from landopt import pipeline

        plan, alone = self.plans[number], self.alone[number]
        job = self.rounds.job(one.id, one.path, plan.used, str(float(self.effort.gap)))
        loaded = self.rounds.loaded[one.id]
        made = pipeline.scenario(loaded, job)
        offers = pipeline.screen(made.case)
        again = city(one.id, one.path, made.case, offers, tuple(limit.rule.id for limit in self.rounds.file.limits))
        outcome = run(again, offers, self.effort, plan.chosen)
        if outcome.chosen is None:
            raise Stopped(error("S040.stopped", at=self.rounds.file.path.name))
        decision = pipeline.decide(made, offers, outcome, self.say)
        (place / "plan").mkdir(parents=True)
        pipeline.write(place / "plan", decision, loaded.geometry)
        # what the city is allotted, as a policy: named in round.toml, the round can be solved and adopted by itself
        (place / "joint-limits.toml").write_bytes(read_bytes(Path(job.overlays[0])))
        proof = {"schema": PROOF, "case": decision.plan["case"]["digest"], **self._second(number, again)}
        (place / "joint-proof.json").write_bytes(canonical(proof))
        used, bound = again.used(outcome.chosen).tolist(), self.priced[number].tiers[0].bound
        now = int(decision.plan["result"]["tiers"][0]["objective"])
        served = {entry["demand_id"] for entry in decision.plan["assignments"]}
        wants = one.case.demands.ids
        before = {wants[int(one.offers.demand[k])] for k in alone.chosen.tolist() if one.offers.demand[k] >= 0}
        given = {
            "alone": alone.value,
            "points": alone.value - now,
            "used_alone": list(alone.used),
            "lost": sorted(before - served),
            "won": sorted(name for name in served - before if name is not None),
        }
        said = {"round": one.id, "plan_id": decision.plan["plan_id"], "objective": now, "bound": bound}
        return {**said, "used": used, "gave_up": given}, used, outcome.scope

    def _second(self, number: int, one: City) -> dict[str, Any]:
        """The proof at the prices, as one over the city's own list: every vector prices the common limits too."""
        entry = (self.priced[number].proof or {})["tiers"][0]
        times, count = int(entry["scale"]), len(one.offers.rows)
        tree = read_tree(entry["tree"], count, len(one.case.parcels))
        common = [(row, times * price) for row, price in zip(one.rows, self.prices.prices, strict=True) if price]
        tree.vectors = [
            Vector(each.base, tuple(sorted((*each.rows, *common))), each.parcels) if each.base < 0 else each
            for each in tree.vectors
        ]
        return {"scale": times * self.prices.scale, "tree": write_tree(tree, count)}

    def _audited(self, folder: Path) -> None:
        """The audit of what was written, before it is shown."""
        from constraints.audit.joint import audit_joint
        from landopt.job import Breach
        from parcels.common.catalogue import Bilingual

        report = audit_joint(folder)
        if not report.stands:
            found = [*report.breaches, *((b.en, b.zh) for _, each in report.cities for b in each.breaches)]
            raise Breach(error("A005.withheld", at="audit", breach=Bilingual(en, zh)) for en, zh in found[:20])
