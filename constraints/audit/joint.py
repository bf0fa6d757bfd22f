"""Joint rounds re-checked: every city by its own audit, the common limits, and the joint bound. Standard library only.

For prices y over a scale K, and of each city the bound of its *second proof* at the scores K x score - sum(y x use):

    joint bound = floor((sum(y x right-hand side) + sum of the cities' bounds) / K)

The second proof is one of docs/proof.md over the city's own list of offers, whose uses the city's audit derives again:
it prices every common limit at k x y where its scale is k x K, and rests on no common limit in any other way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from constraints.audit.bound.joint_form import foreign, form, limits_alone, own_overlay, tables
from constraints.audit.certificate.derived_rows import rests_on
from constraints.audit.certificate.price_tree import BadProof, Sum
from constraints.audit.certificate.proof import Bound, gap_text
from constraints.audit.files.offers_reader import OffersFile
from constraints.audit.files.plan_reader import load_json, read_plan, uncollected
from constraints.audit.finding import BREACH, AuditReport, Unchecked
from constraints.audit.joint_found import CityFound, JointReport
from constraints.audit.run import audit_plan
from constraints.canonical import digest
from constraints.case import SCHEMA as CASE
from constraints.types import Row
from parcels.common.catalogue import Text, told
from parcels.common.gate import read_bytes
from parcels.common.issues import Refused
from parcels.common.units import exact

SCHEMA, PROOF = "landopt.joint/1", "landopt.joint-proof/1"
NAME = "joint.json"
CLAIMED = Unchecked("claims", told("breach.what-each-city"), harmless=True)


Audit = Callable[..., AuditReport]
"""An audit of a plan folder."""


def is_joint(path: Path) -> bool:
    """Whether a path is the folder (or the main file) of joint rounds."""
    return (path / NAME).is_file() or path.name == NAME


def audit_joint(path: str | Path, audit: Audit = audit_plan, **options: Any) -> JointReport:
    """Re-check joint rounds.

    Parameters
    ----------
    path
        The folder that ``landopt joint`` wrote, or its ``joint.json``.
    audit
        The audit of a city's plan: that of the standard library, or ``landopt.keeping.whole_audit``.
    options
        Of :func:`constraints.audit.run.audit_plan`, for every city.

    Raises
    ------
    Refused
        If a file is missing, torn or of another schema.
    """
    given = Path(path)
    folder = given if given.is_dir() else given.parent
    said = load_json(folder / NAME, SCHEMA)
    form(said, folder / NAME)
    return together(folder, [audit_city(folder, said, city, audit, **options) for city in said["cities"]])


def audit_city(
    folder: Path, said: Mapping[str, Any], city: Mapping[str, Any], audit: Audit = audit_plan, **options: Any
) -> CityFound:
    """One city of joint rounds: its own audit, its rules, what it uses, its second proof.

    Parameters
    ----------
    folder
        Holds ``joint.toml`` and ``cities/ROUND``.
    said
        What ``joint.json`` says of the limits, the scale and the scope.
    city
        What it says of the city.
    audit
        As for :func:`audit_joint`.
    options
        Of :func:`constraints.audit.run.audit_plan`.
    """
    checks = _Joint(folder, said)
    name = str(city["round"])
    if Path(name).name != name or name in ("", ".", ".."):
        wrong = (told("breach.city-name-folder", name=name),)
        return CityFound(dict(city), BREACH, (), wrong, 0, 0, tuple(checks.used))
    with uncollected():
        report, objective = checks.city(city, audit, options)
    return CityFound(
        dict(city),
        report.verdict,
        tuple(breach.said for breach in report.breaches),
        tuple(checks.breaches),
        objective,
        checks.bound,
        tuple(checks.used),
        report.unchecked,
        checks.scope,
    )


def together(folder: Path, cities: Sequence[CityFound]) -> JointReport:
    """The common limits and the joint bound, from what was found of each city."""
    said = load_json(folder / NAME, SCHEMA)
    checks = _Joint(folder, said)
    report = JointReport(list(cities), checks.breaches, unchecked=[*form(said, folder / NAME), CLAIMED])
    names = [str(each.city["round"]) for each in cities]
    if [each.city for each in cities] != said["cities"]:
        checks.say(told("breach.cities-those-result"))
    for name in sorted({name for name in names if names.count(name) > 1}):
        checks.say(told("breach.city-stands-twice", name=name))
    for name in sorted({place.name for place in (folder / "cities").glob("*") if place.is_dir()} - set(names)):
        checks.say(told("breach.city-folder-named", name=name))
    for name in sorted({str(each["round"]) for each in said["left_out"]} & set(names)):
        checks.say(told("breach.city-both-decided", name=name))
    if said["scope"] != ("all" if all(each.scope == "all" for each in cities) else "listed"):
        checks.say(told("breach.scope-cities-lists"))
    report.unchecked += foreign(folder, names)
    checks.sum(cities, report)
    return report


class _Joint:
    def __init__(self, folder: Path, said: Mapping[str, Any]) -> None:
        self.folder, self.said = folder, said
        self.limits: list[dict[str, Any]] = [dict(each) for each in said["limits"]]
        self.prices, self.scale = [int(each["price"]) for each in self.limits], int(said["scale"])
        self.used = [0] * len(self.limits)
        self.bound = 0
        self.breaches: list[Text] = []
        self.told, self.scope = False, "all"
        self._text()

    def say(self, what: Text) -> None:
        self.breaches.append(what)

    def _text(self) -> None:
        """The limits are those of ``joint.toml``, read a second time; signs of the prices."""
        raw = read_bytes(self.folder / "joint.toml")
        if hashlib.sha256(raw).hexdigest() != self.said["joint_sha256"]:
            self.say(told("breach.joint-toml-one"))
        text = tables(raw.decode("utf-8", "replace"), self.folder / "joint.toml")
        try:
            if self.said.get("id", text["joint"]["id"]) != text["joint"]["id"]:
                self.say(told("breach.id-joint-toml"))
            self._each({each["id"]: each for each in text["limit"]})
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as wrong:
            self.say(told("breach.joint-toml-none", wrong=repr(wrong)))

    def _each(self, stated: Mapping[str, Any]) -> None:
        """Every limit as ``joint.toml`` states it, and the sign of its price."""
        if self.said.get("prices", self.prices) != self.prices:
            self.say(told("breach.prices-those-limits"))
        if sorted(stated) != [each["id"] for each in self.limits] or self.scale < 1:
            self.say(told("breach.limits-those-joint"))
            return
        for limit in self.limits:
            text = stated[limit["id"]]
            share = exact(text["share"]) if "share" in text else None
            amount = 0 if share is not None else _base(text["values"][0])
            used = {each["round"]: _base(each) for each in text.get("used", ())}
            of_rounds = {each["round"]: int(each["amount"]) for each in limit["used"]}
            due = amount - sum(used.values())
            if (limit["sense"], limit["rhs"], of_rounds) != (text["sense"], due, used):
                self.say(told("breach.limit-as-joint", id=limit["id"]))
            if (limit["sense"] == "<=" and limit["price"] < 0) or (limit["sense"] == ">=" and limit["price"] > 0):
                self.say(told("breach.price-wrong-sign", id=limit["id"]))
            self._rule_of(limit, text, share)
        self.told = True

    def _rule_of(self, limit: dict[str, Any], text: Mapping[str, Any], share: Fraction | None) -> None:
        """What the rule of every city must say of the limit."""
        limit["spec"] = {"measure": text["measure"], "sense": text["sense"], "per": []}
        limit["credit"] = None
        if share is not None:
            of = text.get("of", "")
            limit["credit"] = {"where": of, "num": share.numerator, "den": share.denominator}
        limit["where"] = text.get("where", "")

    def city(self, city: Mapping[str, Any], audit: Audit, options: Mapping[str, Any]) -> tuple[AuditReport, int]:
        """One city: its own audit and its objective; its rules, what it uses, its second proof."""
        name = str(city["round"])
        place = self.folder / "cities" / name
        report = audit(place / "plan", **options)
        plan = read_plan(place / "plan")
        case = load_json(place / "plan" / "case.json", CASE)
        if (plan["plan_id"], plan["case"]["round"]) != (city["plan_id"], name):
            self.say(told("breach.another-plan-than", name=name))
        if any(breach.rule == "format" for breach in report.breaches):
            return report, 0
        if own_overlay(place, case, [each["id"] for each in self.limits]):
            report = replace(report, unchecked=limits_alone(report.unchecked))
        self.scope = str(plan["result"]["bound_scope"])
        if self.scope != "all" and self.said["scope"] == "all":
            self.say(told("breach.its-offers-all", name=name))
        objective = int(plan["result"]["tiers"][0]["objective"])
        if objective != city["objective"] or len(plan["result"]["tiers"]) != 1:
            self.say(told("breach.its-score-one", name=name))
        if not self.told:  # which limits there are is not known, and was said
            return report, objective
        self._rules(name, case)
        try:
            self._proof(name, city, case, plan)
        except (BadProof, KeyError, TypeError, ValueError, StopIteration) as bad:
            self.say(told("breach.its-second-proof", name=name, bad=bad))
        if list(city["used"]) != self.used:
            self.say(told("breach.uses-stated", name=name, used=str(self.used), stated=str(city["used"])))
        self._gave(name, city["gave_up"], plan, objective)
        return report, objective

    def _gave(self, name: str, gave: Mapping[str, Any], plan: Mapping[str, Any], objective: int) -> None:
        """What a city is said to have given up: what of it the plan itself bears out or denies."""
        served = {entry["demand_id"] for entry in plan["assignments"]} - {None}
        known = served | {entry["demand_id"] for entry in plan["unserved"]}
        lost, won = set(gave["lost"]), set(gave["won"])
        sums = gave["points"] == gave["alone"] - objective and len(gave["used_alone"]) == len(self.limits)
        if not sums or lost & served or not lost <= known or not won <= served:
            self.say(told("breach.gives-up-not-so", name=name))

    def _rules(self, name: str, case: Mapping[str, Any]) -> None:
        rules = {rule["id"]: rule for rule in case["rules"]}
        for limit in self.limits:
            rule = rules.get(f"joint.{limit['id']}")
            spec = {} if rule is None else rule["spec"]
            same = rule is not None and rule["kind"] == "limit" and rule["when"] == limit["where"]
            same = same and all(spec.get(key) == value for key, value in limit["spec"].items())
            same = same and spec.get("credit") == limit["credit"] and not spec.get("share") and spec.get("hard", True)
            if not same:
                self.say(told("breach.limit-rule-its", name=name, id=limit["id"]))

    def _proof(self, name: str, city: Mapping[str, Any], case: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
        place = self.folder / "cities" / name
        proof = load_json(place / "joint-proof.json", PROOF)
        if proof["case"] != digest(case):
            self.say(told("breach.second-proof-another", name=name))
        with OffersFile(place / "plan" / "offers.jsonl.gz") as offers:
            rows = offers.header.rows
            at = [next(k for k, row in enumerate(rows) if row.rule == f"joint.{each['id']}") for each in self.limits]
            bound = Bound({"scale": proof["scale"], "tree": proof["tree"]}, 0, rows, len(case["parcels"]["ids"]), [])
            times = self._fits(bound, rows, at)
            chosen = _Chosen(case, plan)
            for block in offers.blocks():
                if flaw := block.flaw(len(case["parcels"]["ids"]), len(rows), 1):
                    raise BadProof(str(flaw))
                bound.feed(block)
                chosen.look(block)
            if chosen.left:
                raise BadProof("a chosen offer is not listed")
        total = bound.total
        if total is None:
            raise BadProof("it covers no plan")
        own = sum(price * rows[k].rhs for price, k in zip(self.prices, at, strict=True))
        value = (total - times * own) // times
        if value != city["bound"]:
            self.say(told("breach.its-bound-stated", name=name, value=value, bound=city["bound"]))
        self.bound = value
        for j, k in enumerate(at):
            self.used[j] = chosen.used.get(k, 0)

    def _fits(self, bound: Bound, rows: Sequence[Row], at: Sequence[int]) -> int:
        """How many times the joint scale the proof's is; every vector prices the limits so, and nothing else does."""
        times, rest = divmod(bound.scale, self.scale)
        if rest or times < 1:
            raise BadProof("its scale is no multiple of the joint one")
        common = set(at)
        vectors = {node.vector for node in bound.tree.nodes if node.on is None} | {d.vector for d in bound.tree.drops}
        for vector in vectors:
            prices = bound.prices[vector][0]
            if any(prices[k] != times * price for k, price in zip(at, self.prices, strict=True)):
                raise BadProof("a common limit is priced otherwise")
        if any(rows[k].slack for k in at) or common & {row for row, _ in bound.tree.alone}:
            raise BadProof("it leans on a common limit alone")
        if any(common & found for found in rests_on(bound.tree.derived, len(rows))):
            raise BadProof("a derived row rests on a common limit")
        if any(isinstance(node.on, Sum) and node.on.row in common for node in bound.tree.nodes):
            raise BadProof("it branches on a common limit")
        return times

    def sum(self, cities: Sequence[CityFound], report: JointReport) -> None:
        """The limits over all, and the joint bound."""
        total = sum(each.bound for each in cities)
        report.objective = sum(each.objective for each in cities)
        together = [sum(each.used[j] for each in cities) for j in range(len(self.limits))]
        for limit, price, used in zip(self.limits, self.prices, together, strict=True):
            total += price * limit["rhs"]
            if limit["id"] in {each["id"] for each in self.limits[: self.limits.index(limit)]}:
                self.say(told("breach.limit-stands-twice", id=limit["id"]))
            if used != limit["total"]:
                self.say(told("breach.used-stated", id=limit["id"], used=used, total=limit["total"]))
            if (used > limit["rhs"]) if limit["sense"] == "<=" else (used < limit["rhs"]):
                self.say(told("breach.common-used", id=limit["id"], used=used, sense=limit["sense"], rhs=limit["rhs"]))
        bound = total // self.scale
        report.bound = bound
        report.left_out = [str(each["round"]) for each in self.said["left_out"]]
        stated = (self.said["objective"], self.said["bound"], self.said["gap"])
        found = (report.objective, bound, gap_text(bound, report.objective))
        if stated != found:
            self.say(told("breach.objective-bound-gap", found=str(found), stated=str(stated)))
        if bound < report.objective:
            self.say(told("breach.bound-below-plans"))


class _Chosen:
    """The chosen offers of a plan among those listed, and what they use of each row."""

    def __init__(self, case: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
        parcels = {name: k for k, name in enumerate(case["parcels"]["ids"])}
        demands = {name: k for k, name in enumerate(case["demands"]["ids"])}
        methods = {each["id"]: k for k, each in enumerate(case["methods"])}
        periods = {each["id"]: k for k, each in enumerate(case["round"]["periods"])}
        self.used: dict[int, int] = {}
        self.left = set()
        for entry in plan["assignments"]:
            site = tuple(sorted(parcels[name] for name in entry["parcel_ids"]))
            who = ("d", demands[entry["demand_id"]]) if entry["demand_id"] is not None else ("m", site[0])
            period = -1 if entry["period"] is None else periods[entry["period"]]
            self.left.add((who, site, methods[entry["method"]], period))

    def look(self, block: Any) -> None:
        """Find chosen offers in a block."""
        wanted = {each[0] for each in self.left}
        for part in block.parts:
            if part.place not in wanted:
                continue
            for k in range(part.begin, part.end):
                way = block.ways[block.way[k]]
                key = (part.place, tuple(sorted(block.sites[block.site[k]])), way[0], way[1])
                if key in self.left:
                    self.left.discard(key)
                    pairs = block.lists[block.adds[k]]
                    for row, coefficient in zip(pairs[::2], pairs[1::2], strict=True):
                        self.used[row] = self.used.get(row, 0) + coefficient


def _base(entry: Mapping[str, Any]) -> int:
    """An amount in base integers, as the reader of rules has it."""
    from constraints.loading.keys import base_amount

    found = base_amount(entry.get("amount"), str(entry.get("unit", "")))
    if found is None:
        raise Refused(())
    return found
