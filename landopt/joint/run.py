"""``landopt joint``: open the rounds, find prices, decide, and write every city with its two proofs.

Cities are opened, decided at prices and written by the executor of all commands of many runs (:mod:`landopt.runs`);
prices, the mix of plans and their repair are this process's own. What ended is kept by content in ``NAME.runs``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from constraints.audit.certificate.proof import gap_text
from constraints.audit.joint import NAME, SCHEMA, together
from constraints.audit.joint_found import CityFound
from constraints.canonical import canonical, digest
from landopt.job import Breach, NoPlan, Stopped
from landopt.joint import past as steps
from landopt.joint import store
from landopt.joint.choose import Candidate, Choice, Effort, bound_of
from landopt.joint.city import City
from landopt.joint.file import JointFile, read_joint
from landopt.joint.prices import Past, Prices, find
from landopt.joint.work import Shared, allotted, as_json, digest_of, from_json, open_worker, overlay, vars_of
from landopt.runs.execute import execute
from landopt.runs.work import Task, Where, Work
from parcels.common.atomic import move
from parcels.common.catalogue import Bilingual, Say, Text, Told, heard, told
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, LandoptError, Refused, error
from parcels.common.kept import write_made

LOOSE = 2
"""Times the gap asked for within which every city is decided at the prices first; what misses it is decided again.

1, 2, 4 (``benchmarks.joint_gaps``, four cities, 0.5 %; CPU s in all): contested 8.1, 5.3, 7.4; local limits 6.0, 5.3,
5.8; years 5.4, 5.7, 1.1.
"""
LEFT, APART = Fraction(1, 5), 8
"""Of the gap asked for, what is left to the mix of whole plans, at most; and times a city's own share of it.

The cities' own gaps take the rest together. In a mix about as many cities as there are common limits have another plan
than their best, however many cities there are: what it costs goes down with their number. Above forty they take more.
``LEFT`` of 1/2, 1/5, 1/20 (as above): contested 8.5, 5.3, 5.5; local limits 5.6, 5.3, 5.4; years 5.0, 5.7, 6.6.
``APART`` has no measurement of its own: 24 cities that took 0.40 % together came to 0.38 % with the mix.
"""
LONGEST = 3
"""A run of a city hangs after so many times its limit, and five minutes."""
PACKS = Path(__file__).parents[2] / "constraints" / "packs"


@dataclass(frozen=True, slots=True)
class Done:
    """Joint rounds as written: the folder, what ``joint.json`` says, and whether the gap asked for was reached."""

    folder: Path
    said: Mapping[str, Any]
    reached: bool
    seconds: Mapping[str, float]
    """CPU seconds of this process and its workers (those of a cluster apart) in each step."""


@dataclass
class _Known:
    """What is known of a city that takes part: ``key`` names what it was screened to, ``run`` what was decided.

    ``plans`` are those found at the prices, the last one last; ``short`` says how far it is from ``bound`` there.
    """

    name: str
    path: Path
    key: str
    alone: Candidate
    run: str = ""
    bound: int = 0
    proof: Mapping[str, Any] = field(default_factory=dict)
    plans: list[Candidate] = field(default_factory=list)
    short: int = 0


def joint(path: Path, output: Path | None, effort: Effort, say: Say, where: Where | None = None) -> Done:
    """Decide the rounds of a joint file together and write the folder.

    Raises
    ------
    Refused
        If the file is refused, a round has several tiers, or two have one name (exit 1).
    NoPlan
        If no plans keep the common limits (exit 3).
    Stopped
        If none were found (exit 7).
    KeyboardInterrupt
        Ctrl-C: what ended is kept, and found by the next run.
    """
    file = read_joint(path)
    target = (output if output is not None else path.with_suffix("")).absolute()
    runs = target.with_name(f"{target.name}.runs")
    runs.mkdir(parents=True, exist_ok=True)
    decided = _Decided(file, runs, effort, say, Where() if where is None else where)
    said: dict[str, Any] = {}
    kept = write_made(target, lambda fresh: said.update(decided.write(fresh)))
    if kept is not None:
        say(told("progress.kept-aside", kept=kept, path=target))
    shutil.rmtree(runs / "made", ignore_errors=True)
    decided.clock.mark("write")
    return Done(target, said, Fraction(said["gap"]) <= effort.gap, decided.clock.phases)


class _Clock:
    """CPU seconds of this process and of its workers that ended, step by step."""

    def __init__(self) -> None:
        self.last, self.phases = self._now(), dict[str, float]()

    def _now(self) -> float:
        return sum(os.times()[:4])

    def mark(self, phase: str) -> None:
        """A step has ended."""
        before, self.last = self.last, self._now()
        self.phases[phase] = round(self.last - before, 2)


class _Decided:
    """The common decision and its folder."""

    def __init__(self, file: JointFile, runs: Path, effort: Effort, say: Say, where: Where) -> None:
        self.file, self.runs, self.effort, self.say, self.where = file, runs, effort, say, where
        self.senses, self.rhs = [one.sense for one in file.limits], [one.rhs for one in file.limits]
        shared = Shared(str(file.path.absolute()), file.text, str(runs), effort)
        longest = None if effort.nodes is not None else 300.0 + LONGEST * (effort.time_limit_s or 600)
        self.work = Work(open_worker, shared.as_text(), longest)
        self.clock = _Clock()
        self.left_out: list[dict[str, str]] = []
        self.known: list[_Known] = []
        self._open()
        self._require()
        self.clock.mark("open")
        say(told("joint.pricing", cities=len(self.known)))
        cities = store.Shelf(self._place(one.key) for one in self.known)
        self.prices = self._priced(cities)
        if not self.prices.feasible:
            raise NoPlan(error("S040.limits", at=file.path.name))
        self.clock.mark("price")
        self.plans: list[Candidate] = []
        self.bound = 0
        self._choose(cities)

    def _priced(self, cities: Sequence[City]) -> Prices:
        """The prices; from what was learnt at other amounts, unless the result shall be the same bit for bit."""
        file = self.runs / "prices" / f"{digest([one.key for one in self.known])[:24]}.npz"
        past = steps.kept(file) if self.effort.nodes is None else Past()
        found = find(cities, self.senses, self.rhs, past=past)
        if self.effort.nodes is None:
            steps.keep(file, past)
        return found

    def _place(self, key: str) -> Path:
        return self.runs / "cities" / key

    def _ran(self, given: Sequence[tuple[str, Mapping[str, Any]]], folder: Path | None) -> list[dict[str, Any]]:
        """The results of runs in their order; what ended before is taken as it was kept."""
        tasks = [Task(key, each) for key, each in given]
        ran = execute(self.work, tasks, self.where, folder, self.say)
        if ran.interrupted:
            raise KeyboardInterrupt
        return [ran.results[key] for key, _ in given]

    def _open(self) -> None:
        """Read and screen every round, and decide it alone; one that has no plan at all is left out."""
        from landopt import __version__

        limits = self.file.limits
        far = overlay(limits, allotted(limits, None))
        effort = {**vars_of(self.effort), "gap": str(self.effort.gap)}
        head = {"version": __version__, "packs": sha256_of(PACKS), "limits": far, "effort": effort}
        given = []
        for path in self.file.rounds:
            key = digest({**head, "round": digest_of(path)})[:24]
            given.append((key, {"do": "open", "key": key, "path": str(path.absolute()), "round": _name(path)}))
        self.say(told("joint.opening", cities=len(given)))
        found = self._ran(given, self.runs)
        gone = [k for k, each in enumerate(found) if "alone" in each and not store.stands(self._place(given[k][0]))]
        if gone:  # what was kept of a round is no more: its screening was thrown away
            again = self._ran([given[k] for k in gone], None)
            for k, each in zip(gone, again, strict=True):
                found[k] = each
        for (key, asked), each in zip(given, found, strict=True):
            name, path = str(asked["round"]), Path(str(asked["path"]))
            if "alone" in each:
                if any(one.name == name for one in self.known) or Path(name).name != name:
                    raise Refused(error("C081.same", at=str(path), round=name))
                self.known.append(_Known(name, path, key, from_json(each["alone"])))
                continue
            issues = [Issue.of_record(entry) for entry in each.get("issues", ())]
            if any(issue.code.startswith("C08") for issue in issues):
                raise Refused(issues)
            if each["stopped"] == "refused":
                self._without(name, "unread", issues[0].told if issues else "")
            else:
                self._without(name, "infeasible" if each["stopped"] == "infeasible" else "stopped", "")

    def _without(self, name: str, why: str, said: Told | str) -> None:
        self.left_out.append({"round": name, "why": why})
        self.say(told(f"joint.{why}", round=name, said=said))

    def _require(self) -> None:
        if not self.known:
            raise NoPlan(error("S040.none", at=self.file.path.name))

    def _price(
        self, ones: Sequence[_Known], prices: Sequence[int], scale: int, gap: Fraction
    ) -> list[tuple[str, dict[str, Any]]]:
        """The runs of some cities at prices, each within a gap of its own."""
        found = []
        for one in ones:
            head = {"prices": list(prices), "scale": scale, "gap": str(gap)}
            warm = one.plans[-1] if one.plans else one.alone
            given = {"do": "price", "key": one.key, **head, "round": one.name, "warm": warm.chosen.tolist()}
            found.append((digest({"open": one.key, **head})[:24], given))
        return found

    def _decide(self, ones: Sequence[_Known], gap: Fraction) -> None:
        """Decide some cities at the prices; the better bound of each is kept, and every plan."""
        prices, scale = self.prices.prices, self.prices.scale
        asked = self._price(ones, prices, scale, gap)
        for one, (key, _), each in zip(ones, asked, self._ran(asked, self.runs), strict=True):
            if each.get("bound") is None:
                continue
            if not one.plans or int(each["bound"]) < one.bound:
                one.run, one.bound, one.proof = key, int(each["bound"]), each["proof"]
            one.plans.append(from_json(each["plan"]))
            reached = [self._worth(plan) for plan in one.plans]
            one.short = one.bound - max(reached)

    def _worth(self, plan: Candidate) -> int:
        """What a plan scores at the prices, times the scale."""
        paid = [price * use for price, use in zip(self.prices.prices, plan.used, strict=True)]
        return self.prices.scale * plan.value - sum(paid)

    def _tightened(self) -> None:
        """Decide those cities again whose own gaps are largest, until all together take less of the gap asked for."""
        gap, scale = self.effort.gap, self.prices.scale
        left = sorted(self.known, key=lambda one: (-one.short, one.name))
        worth = [abs(one.plans[-1].value) for one in self.known]
        room = (1 - min(LEFT, Fraction(APART, len(worth)))) * gap * scale * sum(worth)
        while left and (over := sum(one.short for one in self.known) - room) > 0:
            some: list[_Known] = []
            while left and over > 0:  # as many as do it if each comes to half of what it may
                some.append(left.pop(0))
                spared = some[-1].short - gap * scale * abs(some[-1].plans[-1].value) / 2
                over -= max(spared, Fraction(0))
            self._decide(some, gap)

    def _choose(self, cities: Sequence[City]) -> None:
        """Integers once at the prices, the best mix of plans, and its repair."""
        self.say(told("joint.deciding", cities=len(cities)))
        self._decide(self.known, LOOSE * self.effort.gap)
        for one in self.known:
            if not one.plans:
                self._without(one.name, "stopped", "")
        self.known = [one for one in self.known if one.plans]
        self._require()
        self._tightened()
        self.clock.mark("decide")
        cities = store.Shelf(self._place(one.key) for one in self.known)
        choice = Choice(cities, self.senses, self.rhs, self.effort, self._asked)
        for number, one in enumerate(self.known):
            for plan in (one.alone, *one.plans):
                choice.know(number, plan)
        self.bound = bound_of(self.prices, self.rhs, [one.bound for one in self.known])
        plans = choice.first(self.prices)
        if choice.infeasible and all(one.offers.scope == "all" for one in cities):
            raise NoPlan(error("S040.limits", at=self.file.path.name))
        if plans is None:
            raise Stopped(error("S040.stopped", at=self.file.path.name))
        plans = self._closer(choice, plans)
        self.plans = choice.improve(plans, self.bound, lambda value: None)
        self.clock.mark("mix")
        self.say(told("joint.chosen", value=sum(plan.value for plan in self.plans) / 1000, bound=self.bound / 1000))

    def _closer(self, choice: Choice, plans: list[Candidate]) -> list[Candidate]:
        """Where the mix leaves the gap above the one asked for, decide every city within that gap, and mix again."""
        gap, scale, now = self.effort.gap, self.prices.scale, sum(plan.value for plan in plans)
        wide = [one for one in self.known if one.short > gap * scale * abs(one.plans[-1].value)]
        if self.bound - now <= gap * max(1, abs(now)) or not wide:
            return plans
        self._decide(wide, gap)
        self.bound = bound_of(self.prices, self.rhs, [one.bound for one in self.known])
        for number, one in enumerate(self.known):
            choice.know(number, one.plans[-1])
        mixed = choice.best()
        return plans if mixed is None or sum(plan.value for plan in mixed) < now else mixed

    def _asked(self, prices: tuple[int, ...], scale: int) -> list[Candidate | None]:
        found = self._ran(self._price(self.known, prices, scale, self.effort.gap), self.runs)
        return [from_json(each["plan"]) if "plan" in each else None for each in found]

    def _limits(self) -> dict[str, Any]:
        """What ``joint.json`` says of the limits, the scale and the text they are from."""
        total = [sum(plan.used[j] for plan in self.plans) for j in range(len(self.rhs))]
        listed = [
            {
                "id": limit.id,
                "sense": limit.sense,
                "rhs": amount,
                "total": used,
                "price": price,
                "used": [{"round": name, "amount": value} for name, value in sorted(limit.used.items())],
            }
            for limit, amount, used, price in zip(self.file.limits, self.rhs, total, self.prices.prices, strict=True)
        ]
        sha = hashlib.sha256(self.file.text.encode("utf-8")).hexdigest()
        return {"joint_sha256": sha, "scale": self.prices.scale, "limits": listed}

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the folder; returns what ``joint.json`` says."""
        said = self._limits()
        self.say(told("joint.writing", cities=len(self.known)))
        found = self._written(said)
        folder.mkdir()
        (folder / "joint.toml").write_bytes(self.file.text.encode("utf-8"))
        (folder / "cities").mkdir()
        for one, (made, _) in zip(self.known, found, strict=True):
            move(self.runs / "made" / made / "cities" / one.name, folder / "cities" / one.name)
        cities = [each["city"] for _, each in found]
        objective = sum(city["objective"] for city in cities)
        whole = {
            "schema": SCHEMA,
            "id": self.file.id,
            **said,
            "prices": list(self.prices.prices),
            "objective": objective,
            "bound": self.bound,
            "gap": gap_text(self.bound, objective),
            "scope": "all" if all(each["scope"] == "all" for _, each in found) else "listed",
            "cities": cities,
            "left_out": self.left_out,
        }
        (folder / NAME).write_bytes(canonical(whole))
        self._audited(folder, [_found(each) for _, each in found])
        return whole

    def _written(self, said: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
        """The cities' folders below ``made`` and what was found of each."""
        given = []
        for one, plan in zip(self.known, self.plans, strict=True):
            key = digest({"run": one.run, "plan": plan.chosen.tolist(), "said": said})[:24]
            asked: dict[str, Any] = {"do": "write", "made": key, "key": one.key, "round": one.name, "said": said}
            alone = max((one.alone, *one.plans, plan), key=lambda each: each.value)
            asked |= {"path": str(one.path), "plan": as_json(plan), "alone": as_json(alone)}
            asked |= {"bound": one.bound, "proof": one.proof}
            given.append((key, asked))
        found = self._ran(given, self.runs)
        gone = [k for k, (key, _) in enumerate(given) if not (self.runs / "made" / key).is_dir()]
        if gone:
            for k, each in zip(gone, self._ran([given[k] for k in gone], None), strict=True):
                found[k] = each
        for one, each in zip(self.known, found, strict=True):
            if "city" not in each:
                issues = [Issue.of_record(entry) for entry in each.get("issues", ())]
                raise Stopped(issues or error("S040.not-written", at=one.name))
        return [(key, each) for (key, _), each in zip(given, found, strict=True)]

    def _audited(self, folder: Path, found: Sequence[CityFound]) -> None:
        """The audit of what was written, before it is shown: of every city by its worker, of all together here."""
        report = together(folder, found)
        if report.broken:
            wrong = [*report.wrong, *(text for each in report.cities for text in each.breaches)]
            raise Breach(error("A005.withheld", at="audit", breach=each) for each in wrong[:20])


def _name(path: Path) -> str:
    """The id of a round, or the name of its folder where it cannot be read."""
    from landopt.intake.roundfile import read_round_file

    try:
        return read_round_file(path).round.id
    except LandoptError:
        return path.parent.name


def _found(said: Mapping[str, Any]) -> CityFound:
    """What a worker's audit found of its city."""
    breaches, wrong = (tuple(_text(each) for each in said[name]) for name in ("breaches", "wrong"))
    used = tuple(said["used"])
    numbers = said["objective"], said["bound"], used
    return CityFound(said["city"], said["verdict"], breaches, wrong, *numbers, scope=said["scope"])


def _text(data: Any) -> Text:
    """What a worker's audit says, as it travelled."""
    said = heard(data)
    return said if isinstance(said, Text) else Bilingual(str(said), str(said))
