"""The words of a plan held against facts and rules by a second reading: the records, one kind after the other.

Shares nothing with the program that wrote them (``landopt.reasons``) but the scalar reading of the law. What only that
program can make again (proven losses, which offers come next, sentences of held parcels) is not said here.
Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from constraints.audit.cells import PartReader, Reading
from constraints.audit.finding import short
from constraints.audit.problem import Problem
from constraints.audit.reread import Reader
from constraints.audit.tally import Tally
from constraints.audit.words.absent import Absences
from constraints.audit.words.amounts import Amounts
from constraints.audit.words.fixes import read_fixes
from constraints.audit.words.losses import Least, Losses
from constraints.audit.words.other_methods import OtherMethods, fallback, rulings_as_said
from constraints.audit.words.prices import Prices
from constraints.audit.words.shown import distinct, shown, text, totals, unit_of
from constraints.loading.load import grade_of, weakest
from constraints.loading.period_law import period_laws
from constraints.reading.timetable import longest, step_title, timetable
from constraints.types import STRICTNESS, Rule
from parcels.common.catalogue import told
from parcels.common.schema import Value, fields

WORD = {number: word for word, number in STRICTNESS.items()}
Json = Mapping[str, Any]


class Words:
    """One reading of the words of a plan: ``problems`` found, ``count`` statements compared."""

    def __init__(
        self,
        reader: Reader,
        plan: Json,
        chosen: Mapping[tuple[str, ...], Reading],
        shown: Mapping[tuple[str, tuple[str, ...]], Json],
        least: Least | None = None,
    ) -> None:
        self.reader, self.case, self.plan = reader, reader.case, plan
        self.chosen = chosen
        self.rules: dict[str, Rule] = {rule.id: rule for rule in self.case.rules}
        self.losses = Losses(reader, plan, least)
        self.amounts = Amounts(reader, self.rules, chosen.values(), shown)
        self.prices = Prices(reader)
        self.others = OtherMethods(reader, self.rules, self._lawful)
        self._laws = period_laws(self.case.round, self.case.rules)
        self.cites: Mapping[str, Json] = plan.get("citations") or {}
        self.problems: list[Problem] = []
        self.count = 0

    def same(self, where: str, name: str, stated: Any, found: Any) -> None:
        """A word must be the one that the facts give."""
        self.count += 1
        if stated != found or type(stated) is not type(found):
            amounts = {"says": short(stated), "gives": short(found)}
            self.problems.append(("words", told("breach.word-facts", where=where, name=name, **amounts)))

    def cite(self, key: Any) -> Any:
        """The rule that a key of a citation stands for."""
        return None if key is None else self.cites.get(key, {}).get("rule", f"no citation {key}")

    def read(self, absences: Absences | None) -> None:
        """Every record: of assignments, of what is left out, of the plan; ``absences`` needs every listed offer."""
        records = self.plan["justification"]
        entries = {tuple(entry["parcel_ids"]): entry for entry in self.plan["assignments"]}
        kinds = [record["kind"] for record in records]
        due = [*["assignment"] * len(entries), *["unserved"] * len(self.plan["unserved"])]
        due += [*["held"] * len(self.plan["held"]), "plan"]
        self.same("justification", "kinds", sorted(kinds), sorted(due))
        title = self.case.round.title
        self.same("case", "title", self.plan["case"].get("title"), {"en": title.en, "zh": title.zh})
        for record in records:
            where = f"{record['kind']} {record.get('id', '')}"
            self._common(where, record)
            self._facts(where, record, self._asker(record))
            self._named_offers(where, record, None if absences is None else absences.tally)
            if record["kind"] == "assignment":
                entry = entries.get(tuple(record["parcel_ids"]))
                reading = self.chosen.get(tuple(record["parcel_ids"]))
                if entry is None:
                    self.same(where, "parcel_ids", record["parcel_ids"], None)
                elif reading is not None:
                    self._assignment(where, record, entry, reading)
            elif record["kind"] == "plan":
                self._whole(where, record)
            elif absences is not None:
                absences.read(self.same, where, record, self.cite)
        self.same("plan", "plan_id", self.plan["plan_id"], f"{self.case.round.id}/P-{self.plan['plan_hash'][:8]}")
        read_fixes(self.same, self.plan, self.case)
        for kind, name in (("held", "parcel_id"), ("unserved", "demand_id")):
            told = [record["id"] for record in records if record["kind"] == kind]
            self.same(kind, "ids", sorted(told), sorted(entry[name] for entry in self.plan[kind]))
            self._summaries(kind, {entry[name]: entry for entry in self.plan[kind]})

    def _common(self, where: str, record: Json) -> None:
        case = self.case
        due = {"round_id": case.round.id, "as_of": case.round.as_of, "overlays": list(case.overlays)}
        for name, found in due.items():
            self.same(where, name, record[name], found)

    def _asker(self, record: Json) -> int | None:
        """The platform a record speaks of."""
        name = record["id"] if record["kind"] == "unserved" else record.get("demand_id")
        return None if name is None else self.reader.facts.demand_row.get(name)

    def _named_offers(self, where: str, record: Json, tally: Tally | None) -> None:
        """Every other offer that a record names is a lawful one of the round."""
        named = [each for name in ("next_sites", "next_platforms", "best") for each in record.get(name, ())]
        named += [cut[end] for cut in record.get("cutoffs", ()) for end in ("winner", "runner_up")]
        for each in named:
            name = f"{'+'.join(each['parcel_ids'])} for {each['demand_id']} by {each['method']}"
            self.same(where, f"{name}: lawful", bool(self._lawful(each)), True)
            self.same(where, f"{name}: tier", each["tier"] in range(len(self.case.objective.tiers)), True)
            self.losses.check(self.same, where, each, each)
        for cut in record.get("cutoffs", ()):
            held = [cut["winner"]["demand_id"], *cut["winner"]["parcel_ids"]]
            self.same(where, f"cut-off of {cut['id']}", cut["id"] in held, True)
            self.same(where, f"cut-off of {cut['id']}: of", cut["of"], self._kind(cut["id"]))
            mine = (tuple(cut["winner"]["parcel_ids"]), cut["winner"]["demand_id"], cut["winner"]["method"])
            taken = [(tuple(e["parcel_ids"]), e["demand_id"], e["method"]) for e in self.plan["assignments"]]
            self.same(where, f"winner of {cut['id']}", mine in taken, True)
            if tally is not None:
                self.same(where, f"rivals of {cut['id']}", cut["rivals"], self._rivals(cut["id"], tally))

    def _rivals(self, name: str, tally: Tally) -> int | None:
        """How many other lawful offers there are for a supplied parcel or a platform that is served."""
        facts = self.reader.facts
        if name in facts.parcel_row:
            return tally.rivals_of_parcel(facts.parcel_row[name])
        return tally.rivals_of_demand(facts.demand_row[name]) if name in facts.demand_row else None

    def _kind(self, name: str) -> str:
        return "parcel" if name in self.reader.facts.parcel_row else "demand"

    def _lawful(self, each: Json, periods: Sequence[int] = ()) -> frozenset[str]:
        """The verdicts of an offer in those of some periods (of all) in which it is lawful."""
        facts, demand = self.reader.facts, None
        site = tuple(sorted(facts.parcel_row.get(name, -1) for name in each["parcel_ids"]))
        if each["demand_id"] is not None:
            demand = facts.demand_row.get(each["demand_id"], -1)
        method = self.reader.method_row.get(each["method"])
        if method is None or self.reader.site_problem(site, demand) is not None:
            return frozenset()
        part = PartReader(self.reader, demand)
        readings = [part.read(site, method, period) for period in periods or self.reader.periods]
        return frozenset(WORD[reading.verdict] for reading in readings if reading.refused is None)

    def _facts(self, where: str, record: Json, demand: int | None) -> None:
        """Every fact a record cites, wherever in it: whose it is, its value as people write it, its unit."""
        queue: list[Any] = [value for name, value in record.items() if name not in ("ties", "fallback")]
        while queue:
            value = queue.pop()
            if isinstance(value, list):
                queue += value
            elif isinstance(value, dict) and {"field", "owner", "value"} <= value.keys():
                self._fact(where, value, demand, record)
            elif isinstance(value, dict):
                queue += value.values()

    def _fact(self, where: str, said: Json, demand: int | None, record: Json) -> None:
        name, owner, facts = said["field"], said["owner"], self.reader.facts
        declared = fields().get(name)
        if declared is None:
            self.same(where, "a field", name, "a declared field")
            return
        self.same(where, f"unit of {name}", said["unit"], declared.unit)
        found: list[Value] = []
        if owner in facts.parcel_row:
            row = facts.parcel_row[owner]
            who_asks = demand is None and name in ("operator", "other_applicants")  # what depends on the platform
            asking = [None, *range(len(self.case.demands))] if who_asks else [demand]
            found = [self.reader.parcel_facts(row, each).get(name) for each in asking]
        elif owner in facts.demand_row:
            row = facts.demand_row[owner]
            found = [facts.demands[row].get(name)] + (["existing_user"] if name == "operator" else [])
        elif owner == "site":
            ids = record.get("parcel_ids") or [record["id"]] * (record["kind"] == "held")
            site = [facts.parcel_row[each] for each in ids if each in facts.parcel_row]
            if not site or name not in facts.site(site):
                return
            found = [facts.site(site)[name]]
        else:
            self.same(where, f"owner of {name}", owner, "a parcel, a platform or the site")
            return
        told = [shown(name, value) for value in found]
        self.same(where, f"{name} of {owner}", said["value"], said["value"] if said["value"] in told else told[0])

    def _assignment(self, where: str, record: Json, entry: Json, reading: Reading) -> None:
        reader, facts, site = self.reader, self.reader.facts, reading.site
        method = self.case.methods[reading.method]
        judged = reader.judge_site(site, reading.demand, reading.method, reading.period)
        wish = {} if reading.demand is None else facts.demands[reading.demand]
        mine = [facts.parcels[row] for row in site]
        said = list(dict.fromkeys(ruling.rule_id for ruling in judged.rulings))
        grades = [grade_of(self.rules[name]) if name in self.rules else "U" for name in said]
        due: dict[str, Any] = {
            "id": "+".join(entry["parcel_ids"]),
            "parcel_names": [str(each["parcel_name"]) for each in mine if each.get("parcel_name")],
            "districts": distinct(each.get("district") for each in mine),
            "uses": distinct(each.get("use") for each in mine),
            "land_sources": distinct(each.get("land_source") for each in mine),
            "platform": str(wish.get("name") or ""),
            "platform_kind": text(wish.get("platform_kind")),
            "operator": text(wish.get("operator")),
            "lease_years": judged.lease_years,
            "grade": weakest(grades) or "U",
            "score": list(reading.score),
        }
        same_as_entry = ("area_m2", "demand_id", "role", "method", "right", "term_years", "period", "verdict")
        due |= {name: entry[name] for name in same_as_entry}
        for name, found in due.items():
            self.same(where, name, record[name], found)
        first = {ruling.rule_id: ruling for ruling in reversed(judged.rulings)}
        permits = [first[name] for name in said if first[name].verdict == "permit"]
        rulings_as_said(self.same, where, "permits", record["permits"], permits, self.cite)
        self._conditions(where, record, entry)
        price, floor_rule = record["price"], self.cite(record["price"]["floor_rule"])
        self.prices.read(self.same, where, price, entry, judged, reading, floor_rule)
        self._notes(where, record["notes"], judged.notes)
        self._steps(where, record, reading, method)
        told_limits = self.amounts.read(self.same, where, record["limits"], self.cite, reading)
        self.same(where, "limits", sorted(told_limits), self.amounts.touched(reading))
        names = [each.id for each in self.case.methods if each.id != record["method"]]
        self.same(where, "other methods", [each["method"] for each in record["others"]], names)
        self.others.read(self.same, where, record, reading, self.cite)
        for each in record["others"]:
            if each["why"] == "cost":
                self.losses.check(self.same, where, {**record, "method": each["method"]}, each)
            else:
                self.same(where, f"{each['method']}: loss", (each.get("loss"), each.get("tier", 0)), (None, 0))
        fallback(self.same, where, record["fallback"], method, self.case.rules, self.cite)
        changing = self._laws[reading.period].changes_for(method.id, self.case.rules) if reading.period >= 0 else ()
        stated = [(self.cite(each["cite"]), each["begins"]) for each in record["changes"]]
        self.same(where, "changes of law", stated, list(changing))

    def _conditions(self, where: str, record: Json, entry: Json) -> None:
        stated = [{name: value for name, value in each.items() if name != "cite"} for each in record["conditions"]]
        self.same(where, "conditions", stated, entry["conditions"])
        for each in record["conditions"]:
            due = each["rule"] if each["rule"] in self.rules else None
            self.same(where, "the rule of a condition", self.cite(each["cite"]), due)

    def _notes(self, where: str, notes: Sequence[Any], judged: Sequence[str]) -> None:
        stated = [self.cite(note if isinstance(note, str) else note["cite"]) for note in notes]
        self.same(where, "notes", stated, [name for name in judged if not self._general(name)])
        self._plain(where, notes)

    def _plain(self, where: str, notes: Sequence[Any]) -> None:
        """A note says its text and nothing else."""
        for note in notes:
            if not isinstance(note, str):
                more = note["verdict"], list(note.get("facts", ())), list(note.get("unknowns", ()))
                self.same(where, f"note {self.cite(note['cite'])}", more, ("note", [], []))

    def _general(self, name: str) -> bool:
        """Whether a note holds whatever the case, so that it is said once, of the plan."""
        rule = self.rules.get(name)
        if rule is None or rule.kind != "note" or rule.when.strip():
            return False
        return not 0 < len(rule.spec.get("methods") or ()) < len(self.case.methods) - 1

    def _steps(self, where: str, record: Json, reading: Reading, method: Any) -> None:
        reader, stated = self.reader, (self.plan.get("timetables") or {}).get(record["timetable"])
        start = max(reader.free_from(reading.site), reader.planned_from)
        since = self.case.round.periods[reading.period].start if reading.period >= 0 else ""
        tables = [timetable(method, reader.facts.parcels[row], start, reader.calendar, since) for row in reading.site]
        due = []
        for step in longest(tables):
            known = reader.calendar.announced(step.earliest) and reader.calendar.announced(step.latest)
            due.append(
                {
                    "step": step.step,
                    **step_title(step.step).pair,
                    "earliest": step.earliest,
                    "latest": step.latest,
                    "expected": step.expected,
                    "weekends_only": not known,
                    "cite": step.rule if step.rule in self.rules else None,
                }
            )
        said = None if stated is None else [{**each, "cite": self.cite(each["cite"])} for each in stated]
        self.same(where, "timetable", said, due)

    def _whole(self, where: str, record: Json) -> None:
        case, plan = self.case, self.plan
        result, entries = plan["result"], plan["assignments"]
        taken = sum(len(entry["parcel_ids"]) for entry in entries)
        served = {entry["demand_id"] for entry in entries} - {None}
        names = ("objective", "bound", "solver_bound", "reached", "held_at")
        tiers = [{name: tier.get(name) for name in names} for tier in result["tiers"]]
        closed = bool(tiers) and all(t["bound"] == t.get("reached", t["objective"]) for t in result["tiers"])
        best = closed and result["bound_scope"] == "all"
        due: dict[str, Any] = {
            "id": case.round.id,
            "stopped": result["stopped"],
            "scope": result["bound_scope"],
            "optimal": best,
            "unique": best and result["ties"].get("status") == "unique",
            "methods": totals(entries, [method.id for method in case.methods]),
            "parcels_total": len(case.parcels),
            "parcels_supplied": taken,
            "parcels_held": len(case.parcels) - taken,
            "demands_total": len(case.demands),
            "demands_served": len(served),
            "unmet": [name for name in case.demands.ids if name not in served],
            "packs": list(case.packs),
            "rules_in_force": len(case.rules),
        }
        for name, found in due.items():
            self.same(where, name, record[name], found)
        stated = [{name: tier.get(name) for name in names} for tier in record["tiers"]]
        self.same(where, "tiers", stated, tiers)
        self.same(where, "gaps", [t["gap"] for t in record["tiers"]], [t["proven_gap"] for t in result["tiers"]])
        notes = [rule for rule in case.rules if rule.kind == "note"]
        tense = [rule.id for rule in notes if str(rule.spec.get("flag", "")).startswith("tension")]
        due_notes = [rule.id for rule in notes if rule.id not in tense and self._general(rule.id)]
        for name, ids in (("tensions", tense), ("notes", due_notes)):
            told_notes = [self.cite(each if isinstance(each, str) else each["cite"]) for each in record[name]]
            self.same(where, name, told_notes, ids)
            self._plain(where, record[name])
        self._ties(where, record["ties"], closed, taken)
        told = self.amounts.read(self.same, where, record["limits"], self.cite, None)
        relaxed = self.amounts.read(self.same, where, record["relaxed"], self.cite, None)
        self.same(where, "relaxed", sorted(relaxed), self.amounts.missed())
        self.same(where, "limits", sorted(told), sorted((e["rule"], tuple(e["key"])) for e in plan["limits"]))
        units = [(entry["rule"], entry["unit"]) for entry in plan["limits"]]
        self.same("limits", "units", units, [(name, unit_of(self.rules.get(name))) for name, _ in units])
        cited = [self.cite(key) for key in record["sources"]]
        permits = {self.cite(e["cite"]) for r in plan["justification"] for e in r.get("permits", ())}
        self.same(where, "sources", cited, sorted(name for name in permits if name in self.rules))

    def _ties(self, where: str, ties: Json, closed: bool, taken: int) -> None:
        """What the second stage found is as the plan claims; what the prices settle adds up to all supplied parcels."""
        claim = {"status": "not examined", "by": "", "parcels": 0, "broken_by": [], **self.plan["result"]["ties"]}
        for name, found in claim.items():
            self.same(where, f"ties: {name}", ties.get(name), found)
        if claim["status"] == "unique":
            due: tuple[int | None, int, int] = taken, 0, 0
        elif not closed or ties["in_every"] is None:
            due = None, 0, 0
        else:
            supplied = {name for entry in self.plan["assignments"] for name in entry["parcel_ids"]}
            open_ = [name for name in dict.fromkeys(ties["in_some"]) if name in supplied]
            due = taken - len(open_) - ties["more"], len(open_), ties["more"]
        self.same(where, "ties: settled", (ties["in_every"], len(ties["in_some"]), ties["more"]), due)

    def _summaries(self, kind: str, entries: Mapping[str, Json]) -> None:
        """The reasons beside a held parcel and an unserved platform are those of its record, by rule and count."""
        for record in self.plan["justification"]:
            if record["kind"] != kind or record["id"] not in entries:
                continue
            told = [(e["rule"], e.get("count")) for e in entries[record["id"]]["reasons"] if "rule" in e]
            due: list[tuple[Any, int | None]] = [(self._named(each), each["count"]) for each in record["reasons"]]
            if record.get("premises"):  # by the first rule that speaks of premises; by its own word where none does
                due.append((next(map(self.cite, record["premises_cites"]), "premises"), None))
            self.same(f"{kind} {record['id']}", "reasons", told, due)
            entry = entries[record["id"]]
            offers = [each["offer"] for each in entry["reasons"] if "offer" in each]
            self.same(f"{kind} {record['id']}", "offers", offers, [_offer(each) for each in record["best"]])
            flags = [each.get("premises", False) for each in entry["reasons"] if "rule" in each]
            premises = [False] * len(record["reasons"]) + [True] * bool(record.get("premises"))
            self.same(f"{kind} {record['id']}", "premises", flags, premises)

    def _named(self, reason: Json) -> Any:
        return self.cite(reason["ruling"]["cite"]) if reason.get("ruling") else reason["code"]


def _offer(each: Json) -> str:
    return "+".join(each["parcel_ids"]) + f"/{each['demand_id'] or 'market'}/{each['method']}"
