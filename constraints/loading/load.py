"""Rule packs, policies and methods from their files, strictly: all faults at once, each with file and line.

Standard library only (``tomllib``). What is in force on a date is decided here and nowhere else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from constraints.case import Case
from constraints.language import expr
from constraints.loading.key_pairs import together
from constraints.loading.keys import Reading
from constraints.loading.kinds import COMMON, KINDS, LAW_KINDS, PACK_KEYS
from constraints.loading.lint import across, alone
from constraints.loading.method_facts import tables
from constraints.loading.other_day import carried_over
from constraints.loading.overlays import Fact, adopted, applicant_of, fact_of
from constraints.loading.pack_files import Pack as Pack
from constraints.loading.pack_files import own_file, pack_folder, pack_origin, shipped_text
from constraints.loading.pack_files import pack as pack
from constraints.loading.pack_files import pack_names as pack_names
from constraints.loading.ranks import against_law, as_left, is_law, known_packs, looser
from constraints.loading.rule_file import Block, RuleText, iso_date, read_text
from constraints.types import GRADES, Cite, Method, Rule
from parcels.common.catalogue import Bilingual, Told, told
from parcels.common.issues import Issue, Refused, error, note, stop_on_errors, warning
from parcels.common.place import Place, at_line

STATE_FIELDS = frozenset(("in_pbf", "converted", "expropriated", "ownership"))
"""The facts of a parcel's state that land law always asked for: a rule that forbids on them is carried back.

Net land, the ecological red line and the grantor came with their instruments; those stand in the pack with their dates.
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A rule file as read: its rules, the facts it overlays, and findings that do not stop.

    ``applicants`` are the platforms it adds, whose facts stand before the others.
    """

    rules: tuple[Rule, ...]
    facts: tuple[Fact, ...]
    issues: tuple[Issue, ...]
    applicants: tuple[str, ...] = ()


@cache
def methods() -> tuple[Method, ...]:
    """The supply methods in their order (``methods.toml``); ``default_rule`` holds ids separated by blanks."""
    own = {field.name for field in dataclasses.fields(Method)} - {"title"}
    found = []
    for identifier, table in tables().items():
        values = {name: value for name, value in table.items() if name in own}
        title, rules = Bilingual(**table["title"]), " ".join(table["default_rules"])
        found.append(Method(id=identifier, title=title, default_rule=rules, **values))
    return tuple(found)


@cache
def to_read() -> dict[str, Bilingual]:
    """By method: what is to be read for a date on which no rule in force decides about it."""
    return {identifier: Bilingual(**table["read"]) for identifier, table in tables().items()}


def load_pack(name: str) -> tuple[Rule, ...]:
    """All rules of a pack, of every date: a shipped one by its name, another by its folder.

    Raises
    ------
    Refused
        With every fault of the file; for a pack that is not shipped also what it says against law (R024 to R026).
    """
    return _shipped(name) if name in known_packs() else load(pack_folder(name) / "rules.toml", pack_origin(name)).rules


@cache
def _shipped(name: str) -> tuple[Rule, ...]:
    return _loaded(shipped_text(name), name).rules


def load_file(path: Path | str, origin: str = "policy") -> tuple[Rule, ...]:
    """All rules of a policy or overlay file, of every date. Raises :class:`Refused` with every fault of the file."""
    return load(Path(path), origin).rules


def _list(known: Sequence[str]) -> Told:
    return told("near.one-of", names=sorted(known))


def load(path: Path, origin: str, known: Mapping[str, Rule] | None = None, raw: bytes | None = None) -> Loaded:
    """A rule file with its facts and findings.

    Parameters
    ----------
    path
        A TOML file of ``[[rule]]``, ``[[adopt]]``, ``[[applicant]]`` and ``[[fact]]`` tables.
    origin
        The pack's name, ``policy``, or the scenario's name; kept in each rule.
    known
        Rules of other files by id, which ``[[adopt]]`` may name.
    raw
        The content of the file, where it was read before.
    """
    return _loaded(read_text(path, raw), origin, known)


def _loaded(text: RuleText, origin: str, known: Mapping[str, Rule] | None = None) -> Loaded:
    issues: list[Issue] = _pack_head(text)
    rules = [rule for block in text.blocks.get("rule", ()) if (rule := _rule(block, origin, issues))]
    rules += adopted(text.blocks.get("adopt", ()), {**(known or {}), **{r.id: r for r in rules}}, issues)
    late = [each for block in text.blocks.get("applicant", ()) if (each := applicant_of(block, issues))]
    facts = [fact for each in late for fact in each]
    facts += [fact for block in text.blocks.get("fact", ()) if (fact := fact_of(block, issues))]
    if origin not in known_packs():
        law = shipped()
        issues += against_law(rules, law, [rule for rule in (known or {}).values() if is_law(rule)])
        rules = as_left(rules, law)
    for rule in rules:
        issues.extend(alone(rule, policy=origin not in known_packs()))
    issues.extend(across(rules))
    stop_on_errors(issues)
    ordered = tuple(sorted(rules, key=lambda rule: (rule.id, rule.start)))
    return Loaded(ordered, tuple(facts), tuple(issues), tuple(each[0].id for each in late))


@cache
def shipped() -> Mapping[str, Rule]:
    """Every rule of the shipped packs by id, of every date (of one id the last)."""
    return {rule.id: rule for name in pack_names(off=True) for rule in load_pack(name)}


def _pack_head(text: RuleText) -> list[Issue]:
    issues = [
        error("R002.unknown-key-pack", at=text.file, maybe=expr.closest(name, PACK_KEYS), name=name)
        for name in text.pack
        if name not in PACK_KEYS
    ]
    for key in ("complete_from", "checked_until"):
        if key in text.pack and iso_date(text.pack[key]) is None:
            issues.append(error("R006.not-date", at=text.file, key=key, value=text.pack[key]))
    return issues


def _rule(block: Block, origin: str, issues: list[Issue]) -> Rule | None:
    reading = Reading(block, tuple(method.id for method in methods()))
    table = block.table
    kind = table.get("kind")
    if kind not in KINDS:
        reading.bad(
            "R005.rule-no" if kind is None else "R005.unknown-kind",
            "kind",
            maybe=expr.closest(str(kind), KINDS) or _list(list(KINDS)),
            kind=kind,
        )
        issues.extend(reading.issues)
        return None
    keys = {key.name: key for key in (*COMMON, *KINDS[kind])}
    for name in table:
        if name not in keys:
            reading.bad("R002.unknown-key-rule", name, maybe=expr.closest(name, keys), name=name, kind=kind)
    for key in keys.values():
        if key.required and key.name not in table:
            code = "R007" if key.name == "cite" else "R006" if key.name == "from" else "R003"
            reading.bad(f"{code}.key-missing", "id", maybe=told("near.key", meaning=key.meaning), name=key.name)
    found = {
        name: reading.read(keys[name].shape, name, value)
        for name, value in table.items()
        if name in keys and name != "kind"
    }
    together(reading, kind, found)
    if origin in known_packs() and isinstance(table.get("cite"), dict) and not table["cite"].get("article"):
        reading.bad("R007.citation-no-article", "cite")
    issues.extend(reading.issues)
    return None if reading.issues else _built(block, origin, str(kind), found)


def _built(block: Block, origin: str, kind: str, found: dict[str, Any]) -> Rule:
    complete = found["from"][1] and ("until" not in found or found["until"][1])
    spec = {name: found[name] for name in (key.name for key in KINDS[kind]) if name in found and name != "when"}
    when = spec.pop("where", "") if kind == "limit" else found.get("when", "")
    if kind == "term":
        spec = {"methods": spec["methods"], "min_years": spec.get("min_years"), "max_years": spec.get("max_years")}
    elif kind == "preference":
        spec.setdefault("methods", [method.id for method in methods()])
        spec = {"points": 0, "points_per_ha": 0, **spec}
    elif kind == "limit":
        hard = spec.get("hard", "penalty" not in spec)
        empty: dict[str, Any] = {"per": [], "values": [], "share": None, "of": None, "used": [], "credit": None}
        spec = {**empty, "penalty": 0, "tier": None, **spec, "hard": hard}
    elif kind == "relation":
        spec = {"parcels": [], "demands": [], **spec}
    elif kind == "lock":
        spec = {"demand": None, **spec}
    spec |= {name: found[name] for name in ("reason", "leaves_to", "leaves_words") if name in found}
    return Rule(
        id=found["id"],
        kind=kind,
        title=Bilingual(**found["title"]),
        cite=Cite(**found["cite"]),
        start=found["from"][0],
        until=found["until"][0] if "until" in found else None,
        when=when,
        spec=spec,
        domain=tuple(found.get("domain", ())),
        exception_to=tuple(found.get("exception_to", ())),
        date_grade=found.get("date_grade", "" if complete else "U"),
        origin=origin,
        place=block.place(),
    )


def in_force(rules: Iterable[Rule], as_of: str) -> tuple[Rule, ...]:
    """The rules in force on a date, sorted by id; of a limit's values only those in force.

    Asked about a date before all packs are complete, their rules on a parcel's state (farmland, conversion,
    expropriation, ownership) are carried back, graded U: it is forbidden on any date.
    """
    every = tuple(rules)
    found: dict[str, Rule] = {}
    late: list[Rule] = []
    complete = max((pack(name).complete_from for name in {r.origin for r in every} & known_packs()), default="")
    for rule in every:
        if rule.start <= as_of and (rule.until is None or as_of < rule.until):
            found[rule.id] = _values_on(rule, as_of)
        elif as_of < min(rule.start, complete) and _carried(rule):
            late.append(rule)
    for rule in sorted(late, key=lambda each: each.start):
        found.setdefault(rule.id, replace(rule, date_grade="U", cite=replace(rule.cite, grade="U")))
    return tuple(found[identifier] for identifier in sorted(found))


def in_force_through(rules: Iterable[Rule], as_of: str, days: Iterable[str]) -> tuple[Rule, ...]:
    """The rules in force on a date, and beside them the law of some later days (the periods of a programme)."""
    every = tuple(rules)
    known = {rule.id: rule for rule in in_force(every, as_of)}
    for day in sorted(set(days)):
        for rule in in_force(every, day):
            if rule.kind in LAW_KINDS:
                known.setdefault(rule.id, rule)
    return tuple(known[identifier] for identifier in sorted(known))


def _values_on(rule: Rule, as_of: str) -> Rule:
    if rule.kind != "limit" or not rule.spec["values"]:
        return rule
    on = [v for v in rule.spec["values"] if v["from"] <= as_of and (v["until"] is None or as_of < v["until"])]
    return replace(rule, spec={**rule.spec, "values": on})


def _carried(rule: Rule) -> bool:
    if rule.kind != "eligibility" or rule.origin not in known_packs():
        return False
    if "forbid" not in rule.spec["verdict"].values():
        return False
    read = expr.names(expr.parse(rule.when))
    return bool(read) and read <= STATE_FIELDS


def _own(name: str, law: Sequence[Rule], raw: bytes | None) -> tuple[Rule, ...]:
    """The rules of a pack that is not shipped, held against the law of the round."""
    folder = Path(name) if raw is not None else pack_folder(name)
    known = {rule.id: rule for rule in law}
    return _without_facts(load(folder / "rules.toml", pack_origin(name), known, raw), name).rules


def _without_facts(loaded: Loaded, name: str) -> Loaded:
    """A policy or pack, which holds no facts: they would be read past."""
    if loaded.facts:
        raise Refused(error("R003.fact-in-overlay", at=name))
    return loaded


# One pass over packs, policy and adoption: each step reads what the one before it found.
def rules_for(
    packs: Sequence[str],
    policy_paths: Sequence[Path | str] = (),
    as_of: str = "9999-12-31",
    texts: Mapping[str, bytes] | None = None,
    own_day: str | None = None,
    days: Sequence[str] = (),
) -> tuple[tuple[Rule, ...], tuple[Issue, ...]]:
    """The rules of a round in force on ``as_of``, with what is worth knowing about them.

    ``days`` are those on which the law of its periods is read: what comes into force until then stands beside.
    ``own_day`` is the round's own date where another is asked about: its policy is then carried over as of that date.
    ``texts`` holds the content of policies and own packs that were read before: policies by their path as given,
    packs by :func:`~constraints.loading.pack_files.own_file`.

    Raises
    ------
    Refused
        With every fault of every file, and where rules of different files contradict each other.
    """
    rules: list[Rule] = []
    issues: list[Issue] = []
    faults: list[Issue] = []
    own = {name: (texts or {}).get(own_file(name)) for name in packs if name not in known_packs()}
    for name in packs:
        try:
            rules.extend(_own(name, in_force(rules, as_of), own[name]) if name in own else load_pack(name))
        except Refused as refused:
            faults.extend(refused.issues)
    for path in policy_paths:
        try:
            known = {rule.id: rule for rule in in_force(rules, as_of)}
            loaded = _without_facts(load(Path(path), "policy", known, (texts or {}).get(str(path))), str(path))
            rules.extend(loaded.rules if own_day is None else carried_over(in_force(loaded.rules, own_day), as_of))
            issues.extend(loaded.issues)
        except Refused as refused:
            faults.extend(refused.issues)
    issues.extend(across(rules, known=_every_id()))
    stop_on_errors((*faults, *issues))
    active = in_force_through(rules, as_of, days)
    names = {rule.id for rule in active}
    for rule in rules:
        if rule.origin == "policy" and rule.id not in names:
            key = "R021.rule-not-force" if rule.until else "R021.no-end"
            issues.append(
                note(
                    key,
                    at=at_line(rule.place),
                    ids=(rule.id,),
                    id=rule.id,
                    as_of=as_of,
                    start=rule.start,
                    until=rule.until,
                )
            )
    issues.extend(looser(active))
    for name in packs:
        head, short = pack(name, own.get(name)), pack_origin(name)
        if as_of > head.checked_until:
            issues.append(
                warning(
                    "R023.checked-until",
                    at=Place(pack=short),
                    ids=(short,),
                    name=short,
                    checked_until=head.checked_until,
                    as_of=as_of,
                )
            )
        if as_of < head.complete_from:
            issues.append(
                warning(
                    "R023.rule-pack-complete",
                    at=Place(pack=short),
                    ids=(short,),
                    name=short,
                    complete_from=head.complete_from,
                    as_of=as_of,
                )
            )
    return active, tuple(dict.fromkeys(issues))


def _every_id() -> frozenset[str]:
    return frozenset(shipped())


def weakest(grades: Iterable[str]) -> str:
    """The weakest of some verification grades; "" of none."""
    return max((grade for grade in grades if grade), key=GRADES.index, default="")


def strongest(grades: Iterable[str]) -> str:
    """The strongest of some verification grades; "" of none."""
    return min((grade for grade in grades if grade), key=GRADES.index, default="")


def grade_of(rule: Rule) -> str:
    """The grade of a rule's text; a start known by year or month only is a mark of its own (``vague_start``)."""
    return rule.cite.grade


def rules_at(case: Case, as_of: str, days: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules of a case on a date: its packs as installed here, and its own other rules; in force, sorted by id.

    ``days`` are those on which the law of its periods is read then.
    A rule of the case never takes the place of one that its packs have under the same id.
    """
    packed = [rule for name in case.packs for rule in load_pack(name)]
    known = {rule.id for rule in packed}
    own = [rule for rule in case.rules if rule.origin not in case.packs and rule.id not in known]
    return in_force_through([*packed, *own], as_of, days)
