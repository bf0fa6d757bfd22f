"""Is the case bound to the law and to its round? Rules, methods, objective, market, settings against their sources.

The sources are the packs and methods installed here and the texts of ``round.toml``, policies and overlays, which the
case holds word for word (each among the inputs by digest). Standard library only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from constraints.audit.bound.made import MADE, lawfully_made
from constraints.audit.bound.round_text import equal, read_round_text
from constraints.audit.finding import Unchecked
from constraints.audit.problem import Problem
from constraints.canonical import canonical
from constraints.case import KEPT, Case, rule_to_json
from constraints.loading.corrections import (
    KEPT_ELSEWHERE,
    Correction,
    correction_rules,
    lowers_measured,
    read_corrections,
)
from constraints.loading.load import in_force_through, load, methods, pack_names, rules_for, shipped
from constraints.loading.method_facts import off
from constraints.loading.other_day import asked_day, later_facts, mark
from constraints.loading.overlays import fact_value
from constraints.loading.pack_files import own_file
from constraints.loading.period_law import days_of
from constraints.loading.ranks import LAW_RANK, OWN_MARK, acting_exceptions, known_packs, unlawful_exceptions
from constraints.types import Rule
from parcels.common.catalogue import Text, told
from parcels.common.frozen import FactTable
from parcels.common.issues import Refused
from parcels.common.schema import fields

AT_THE_DESK = ("gap", "time_limit_s", "nodes", "seed", "threads")
"""Settings that may be asked for on the command line: they change how long is searched, not what is lawful."""
ROLES = ("round", "policy", "pack", "corrections", "overlay")
"""What the texts of a case are."""
_SET = re.compile(r"([^\[\]:=\s]+)(?:\[([^\]]*)\])?:([a-z_]+)=(-?[0-9][0-9_]*(?:\.[0-9]+)?)")


class Binding:
    """What of a case differs from its sources (``problems``), and what no source could be found for (``unchecked``)."""

    def __init__(self, case: Case, raw: Mapping[str, Any]) -> None:
        self.case = case
        self.raw = raw
        self.problems: list[Problem] = []
        self.unchecked: list[Unchecked] = []
        self.compared = 0
        self.day = asked_day(case.overlays)
        self.own_day: str | None = None
        self.corrections: tuple[Correction, ...] = ()
        self._methods()
        rounds = [entry for entry in case.sources if entry["role"] == "round"]
        self._digests()
        if len(rounds) != 1:
            self.unchecked.append(Unchecked("round.toml", told("breach.no-round-toml")))
            if any(entry["name"] == "round.toml" for entry in case.inputs) or case.sources:
                self.say("sources", told("breach.round-toml-among"))
            self._rules(case.packs, ())
        else:
            self._round(rounds[0]["text"])
        self._lawful()

    def say(self, rule: str, what: Text) -> None:
        """Note a breach."""
        self.problems.append((rule, what))

    def same(self, name: str, stated: Any, found: Any, where: str = "round.toml") -> None:
        """A statement of the case must be that of its source."""
        self.compared += 1
        key = name.rpartition(".")[2]
        if not equal(key, stated, found):
            self.say(
                name,
                told("breach.case-says-says", name=name, stated=_short(stated), where=where, found=_short(found)),
            )

    def _methods(self) -> None:
        """Methods are those installed: defaults, days, rights, all of it; a round has all that are not off."""
        here = {m.id: {**_plain(m), "title": {"en": m.title.en, "zh": m.title.zh}} for m in methods()}
        stated = self.raw["methods"]
        names = [entry["id"] for entry in stated]
        due = [name for name in here if not off(name)] if self.case.sources else [n for n in here if n in names]
        self.same("methods", names, due, "methods.toml")
        for mine in stated:
            theirs = here.get(mine["id"], {})
            for name in sorted(mine.keys() | theirs.keys()):
                self.same(f"methods.{mine['id']}.{name}", mine.get(name), theirs.get(name), "methods.toml")

    def _digests(self) -> None:
        """Every text is among the inputs, under its name and by its digest."""
        inputs = {(entry["name"], entry["sha256"]) for entry in self.case.inputs}
        for entry in self.case.sources:
            self.compared += 1
            found = hashlib.sha256(entry["text"].encode("utf-8", "surrogatepass")).hexdigest()
            if (entry["name"], found) not in inputs:
                self.say(
                    "sources",
                    told("breach.text-input-name", name=entry["name"], found=found[:8]),
                )
            rows = {each["rows"] for each in self.case.inputs if each["sha256"] == found}
            self.same(f"inputs.{entry['name']}.rows", rows or {0}, {len(entry["text"].splitlines()) if rows else 0})

        for role in sorted({entry["role"] for entry in self.case.sources} - set(ROLES)):
            self.say("sources", told("breach.text-role-none", role=role))

    def _round(self, text: str) -> None:
        """Everything ``round.toml`` decides."""
        try:
            said = read_round_text(text)
        except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as wrong:
            self.say("round.toml", told("breach.round-toml-cannot", wrong=wrong))
            return
        case, raw = self.case, self.raw
        self.own_day = said["round"]["as_of"]
        for name, found in said["round"].items():
            if name == "as_of" and self.day is not None and raw["round"].get(name) == self.day:
                what = told("breach.made-under-law", day=self.day, found=found)
                self.unchecked.append(Unchecked("scenario", what))
                continue
            self.same(f"round.{name}", raw["round"].get(name), found)
        known = {entry["name"] for entry in case.inputs}
        for name in sorted(known):
            digests = {entry["sha256"] for entry in case.inputs if entry["name"] == name}
            if len(digests) > max(1, said["paths"].count(name)):
                self.say("inputs", told("breach.input-two-digests", name=name))
        for name in said["files"]:
            self.compared += 1
            if name not in known:
                self.say("inputs", told("breach.round-toml-among-inputs", name=name))
        for name in sorted(known - {*said["files"], *(entry["name"] for entry in case.sources)}):
            self.compared += 1
            self.say("inputs", told("breach.input-named-by", name=name))
        self.same("packs", list(case.packs), [name for name in said["packs"] if name in known_packs()])
        own = [own_file(name) for name in said["packs"] if name not in known_packs()]
        self.same("packs", [entry["name"] for entry in case.sources if entry["role"] == "pack"], own)
        self._corrections(said)
        named = [entry for entry in case.sources if entry["role"] == "policy"]
        self.same("policy", [entry["name"] for entry in named], said["policy"])
        for name in sorted(said["objective"]["weights"].keys() | raw["objective"]["weights"].keys()):
            mine, theirs = raw["objective"]["weights"].get(name), said["objective"]["weights"].get(name)
            self.same(f"objective.weights.{name}", mine, theirs)
        carried = any(rule.origin == "keep" and rule.spec.get("part") == KEPT for rule in case.rules)
        tiers = raw["objective"]["tiers"]
        self.same(
            "objective.tiers", tiers[:-1] if carried and tiers[-1] == [KEPT] else tiers, said["objective"]["tiers"]
        )
        self.same("objective.ties", raw["objective"]["ties"], said["objective"]["ties"])
        mine, theirs = (each["objective"].get("later", "0") for each in (raw, said))
        if not equal("later", mine, theirs):
            self.same("objective.later", mine, theirs)
        self.same("objective.gives", raw["objective"].get("gives"), said["objective"].get("gives"))
        self.same("market", raw["market"], said["market"])
        for name, found in said["settings"].items():
            stated = raw["settings"].get(name)
            if name in AT_THE_DESK and not equal(name, stated, found):
                what = told("breach.was-asked-desk", name=name, stated=str(stated))
                self.unchecked.append(Unchecked(f"settings.{name}", what, harmless=True))
            else:
                self.same(f"settings.{name}", stated, found)
        self._rules(tuple(said["packs"]), tuple(named))

    def _corrections(self, said: Mapping[str, Any]) -> None:
        """Facts corrected by hand: those of the file the round names, in the tables, and none against a layer."""
        case = self.case
        filed = [entry for entry in case.sources if entry["role"] == "corrections"]
        self.same("corrections", [entry["name"] for entry in filed], said["corrections"])
        try:
            self.corrections = tuple(one for entry in filed for one in read_corrections(entry["text"], entry["name"]))
        except Refused as refused:
            for issue in refused.issues:
                self.say("corrections", issue.told)
            return
        scenario = {(fact["of"], fact["id"], fact["field"]): fact["was"] for fact in case.scenario}
        for one in self.corrections:
            table = case.parcels if one.of == "parcel" else case.demands
            row = table.index().get(one.id)
            stated = None if row is None else table.column(one.field)[row]
            stated = scenario.get((one.of, one.id, one.field), stated)
            found = tuple(stated) if isinstance(stated, list) else stated
            self.same(f"corrections.{one.id}.{one.field}", found, one.new, "the corrections")
            if row is None or lowers_measured(one, said["roles"]):
                self.say("corrections", told("breach.correction-unfit", said=one.told))

    def _rules(self, packs: Sequence[str], policies: Sequence[Mapping[str, str]]) -> None:
        """Each rule of the case is that of the packs, policies and overlays of that date; no other is missing."""
        try:
            here = self._expected(packs, policies)
        except Refused as refused:
            for issue in refused.issues:
                if issue.level == "error":
                    self.say("rules", issue.told)
            return
        filed = {rule.id: rule for rule in self.case.rules}
        if len(filed) != len(self.case.rules):
            self.say("rules", told("breach.rule-id-stands"))
        bound = bool(self.case.sources)
        for name in sorted(here.keys() | filed.keys()):
            rule = filed.get(name)
            self.compared += 1
            if name not in here and rule is not None and rule.origin in MADE:
                if not lawfully_made(self.case, rule):
                    self.say(rule.id, told("breach.rule-landopt-makes", id=rule.id))
            elif name not in here and rule is not None and not bound and rule.origin not in pack_names(off=True):
                continue
            elif rule is None or name not in here or _json(rule) != _json(here[name]):
                self._differs(name, rule, here.get(name))
        if not bound and any(rule.origin not in (*packs, *MADE) for rule in self.case.rules):
            self.unchecked.append(Unchecked("rules", told("breach.rules-as-in-case")))

    def _differs(self, name: str, rule: Rule | None, here: Rule | None) -> None:
        if rule is None:
            what = told("breach.force-on-date", name=name)
        elif here is None:
            what = told("breach.case-stands-none", name=name)
        else:
            mine, theirs = rule_to_json(rule), rule_to_json(here)
            parts = ", ".join(sorted(key for key in mine if canonical(mine[key]) != canonical(theirs[key])))
            what = told("breach.not-as-source", name=name, day=self.case.round.as_of, parts=parts)
        self.say(name, what)

    def _expected(self, packs: Sequence[str], policies: Sequence[Mapping[str, str]]) -> dict[str, Rule]:
        as_of, texts = self.case.round.as_of, {e["name"]: e["text"].encode("utf-8") for e in policies}
        texts |= {e["name"]: e["text"].encode("utf-8") for e in self.case.sources if e["role"] == "pack"}
        own_day = self.own_day if self.day is not None else None
        days, named = days_of(self.case.round), [entry["name"] for entry in policies]
        found = {rule.id: rule for rule in rules_for(packs, named, as_of, texts, own_day, days)[0]}
        for rule in correction_rules(self.corrections, found.values(), [method.id for method in self.case.methods]):
            found[rule.id] = rule
        facts, overlaid = self._set_aside(), dict[tuple[str, str, str], object]()
        for entry in self.case.sources:
            if entry["role"] == "overlay":
                path = Path(entry["name"])
                loaded = load(path, f"{OWN_MARK}{path.stem}", found, entry["text"].encode("utf-8"))
                for rule in loaded.rules:
                    found.pop(rule.id, None)
                found |= {rule.id: rule for rule in in_force_through(loaded.rules, as_of, days)}
                facts += [(fact.of, fact.id, fact.field, fact.scenario) for fact in loaded.facts]
                overlaid |= {(fact.of, fact.id, fact.field): fact.value for fact in loaded.facts}
                self._named(path.stem, entry["name"])
        stated = [(fact["of"], fact["id"], fact["field"], fact["scenario"]) for fact in self.case.scenario]
        self.same("scenario", stated, facts, "the overlays")
        self._overlaid(overlaid)
        known = {Path(entry["name"]).stem for entry in self.case.sources if entry["role"] == "overlay"}
        known |= {fact[3] for fact in facts} | ({mark(self.day)} if self.day is not None else set())
        for text in self.case.overlays:
            match = _SET.fullmatch(text)
            if match is None and self.case.sources and text not in known:
                self.say("overlays", told("breach.overlay-case", text=text))
            if match is not None:
                self._set(found, text, *match.groups())
        return found

    def _overlaid(self, facts: Mapping[tuple[str, str, str], object]) -> None:
        """Each fact of an overlay stands in the tables, also those of a late applicant; the ledger's are its own."""
        for (of, name, field), given in facts.items():
            table = self.case.parcels if of == "parcel" else self.case.demands
            row = table.index().get(name)
            if row is None:
                self.say("scenario", told("breach.overlay-row", name=name))
            elif field not in KEPT_ELSEWHERE:
                stated = table.column(field)[row]
                found = tuple(stated) if isinstance(stated, list) else stated
                self.same(f"scenario.{name}.{field}", found, fact_value(fields()[field], given), "the overlay")

    def _set_aside(self) -> list[tuple[Any, ...]]:
        """The facts later than the day the case was asked for, which a scenario of that day does without."""
        if self.day is None:
            return []
        table, scenario = self.case.parcels, mark(self.day)
        columns = {name: list(column) for name, column in table.columns.items()}
        rows = table.index()
        for fact in self.case.scenario:
            if fact["scenario"] == scenario and fact["of"] == "parcel" and fact["id"] in rows:
                column = columns.setdefault(fact["field"], [None] * len(table))
                column[rows[fact["id"]]] = fact["was"]
                self.same(f"scenario.{fact['id']}.{fact['field']}", fact["is"], None, "the day asked for")
        was = FactTable(table.ids, {name: tuple(column) for name, column in columns.items()})
        return [("parcel", name, field, scenario) for name, field in later_facts(was, self.day)]

    def _named(self, stem: str, name: str) -> None:
        if stem not in self.case.overlays:
            self.say("overlays", told("breach.overlay-named-case", name=name))
        self.unchecked.append(Unchecked("overlays", told("breach.made-under-overlay", name=name)))

    def _set(self, rules: dict[str, Rule], text: str, name: str, key: str | None, what: str, value: str) -> None:
        """Apply a number changed by ``--set`` to the rule as its source has it."""
        rule = rules.get(name) or self._sourceless(name)
        if rule is None or rule.cite.rank >= LAW_RANK:
            self.say("overlays", told("breach.set-moves-what", text=text))
            return
        spec, number = dict(rule.spec), value.replace("_", "")
        if what == "share":
            share = Fraction(number)
            spec["share"] = [share.numerator, share.denominator]
        elif what in ("penalty", "points", "points_per_ha"):
            spec[what] = int(Fraction(number))
        else:
            listed = "values" if what == "amount" else "used"
            wanted = None if key is None else [part.strip() for part in key.split(",")] if key.strip() else []
            entries = [dict(entry) for entry in spec.get(listed) or ()]
            hit = [entry for entry in entries if wanted is None or list(entry["key"]) == wanted]
            for entry in hit:
                entry["amount"] = int(Fraction(number))
            if not hit and wanted is not None:
                entries.append({"key": wanted, "amount": int(Fraction(number))})
            spec[listed] = entries
        rules[name] = replace(rule, spec=spec)
        self.unchecked.append(Unchecked("overlays", told("breach.made-under-set", text=text)))

    def _sourceless(self, name: str) -> Rule | None:
        """A rule of the round's own in a case without sources, as it stands there: its number must be the one set."""
        own = () if self.case.sources else self.case.rules
        known = {*pack_names(off=True), *MADE}
        return next((rule for rule in own if rule.id == name and rule.origin not in known), None)

    def _lawful(self) -> None:
        """Nothing of the round's own silences law; what does act is listed; which facts a scenario changed is said."""
        for rule, base in unlawful_exceptions(self.case.rules, shipped()):
            of = {"rule": rule.id, "rank": rule.cite.rank, "base": base.id, "higher": base.cite.rank}
            self.say(rule.id, told("breach.unlawful-exception", **of))
        forbidden = set(self.case.settings.verdicts) - {"permit", "condition", "warn"}
        if forbidden:
            self.say("settings.verdicts", told("breach.verdicts-may-chosen", forbidden=sorted(forbidden)))
        for entry in self.case.dropped:
            if entry["parcel_id"] in self.case.parcels.ids or not entry["reason"].strip():
                name = entry["parcel_id"]
                self.say("dropped", told("breach.said-left-out", name=name))
        if self.case.dropped:
            names = ", ".join(entry["parcel_id"] for entry in self.case.dropped[:5])
            what = told("breach.dropped-at-desk", count=len(self.case.dropped), names=names)
            self.unchecked.append(Unchecked("dropped", what, harmless=True))
        kinds = {"ledger": 0, "keep": 0, "override": 0}
        for rule in self.case.rules:
            if rule.origin in kinds:
                kinds[rule.origin] += 1
        if kinds["ledger"]:
            self.unchecked.append(Unchecked("ledger", told("breach.ledger-locks", count=kinds["ledger"])))
        if kinds["keep"]:
            self.unchecked.append(Unchecked("keep", told("breach.keep-preferences", count=kinds["keep"])))
        if self.case.scenario:
            cells = ", ".join(f"{fact['id']} {fact['field']}" for fact in self.case.scenario[:5])
            what = told("breach.scenario", count=len(self.case.scenario), cells=cells)
            self.unchecked.append(Unchecked("scenario", what))

    def exceptions(self) -> Iterator[Text]:
        """Every exception of the round's own that acts."""
        for rule, bases in acting_exceptions(self.case.rules):
            source = " ".join(part for part in (rule.cite.doc, rule.cite.number, rule.cite.article) if part)
            yield told("breach.silences", id=rule.id, source=source, bases=bases)


def _json(rule: Rule) -> bytes:
    return canonical(rule_to_json(rule))


def _plain(method: Any) -> dict[str, Any]:
    return {name: getattr(method, name) for name in method.__slots__}


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 100 else text[:97] + "..."
