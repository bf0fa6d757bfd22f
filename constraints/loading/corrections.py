"""Facts corrected by hand: ``corrections.toml`` of a round, and the rules that print and hold back what rests on them.

Each ``[[correction]]`` keeps the old value and the new, the document, the person and the date. With a document it is a
note on every sheet concerned; without one every offer that may rest on it is at best ``condition``, whatever the law
says otherwise. The rules are made of the text alone, so that the audit makes them again. Standard library only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from constraints.language import expr
from constraints.loading.keys import decimal_text
from constraints.loading.overlays import UNKNOWN, fact_value
from constraints.loading.ranks import LAW_RANK
from constraints.loading.rule_file import iso_date
from constraints.types import Cite, Rule
from parcels.common.catalogue import Bilingual, Told, both, told
from parcels.common.gate import load_toml
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place
from parcels.common.schema import Field, Value, fields
from parcels.common.visible import says_something

ORIGIN = "correction"
"""The origin of the rules made of corrections; their ids begin with it."""
KEYS = ("parcel", "demand", "field", "old", "new", "document", "person", "date")
KEPT_ELSEWHERE = ("status", "failed_times", "approved_unsupplied", "idle")
"""What the ledger keeps: a result is recorded there, not written over by hand."""
OVERLAPS = {
    "in_pbf": "permanent_basic_farmland",
    "in_erl": "ecological_red_line",
    "in_erl_core": "ecological_red_line_core",
}
"""Overlaps in m² and the layer each is measured from: more may be written by hand, never less."""
MEASURED = OVERLAPS | {
    "in_udb": "urban_boundary",
    "in_ind_block": "industrial_block",
    "ind_block": "industrial_block",
    "ind_block_level": "industrial_block",
    "ind_block_area_m2": "industrial_block",
    "ind_block_ind_m2": "industrial_block",
    "ind_block_m0_m2": "industrial_block",
    "zone": "zones",
}
"""Every fact that a layer gives, with its role."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One fact corrected: ``of`` parcel or demand, canonical values, ``document`` blank where there is none."""

    of: str
    id: str
    field: str
    old: Value
    new: Value
    document: str
    person: str
    date: str

    @property
    def rule(self) -> str:
        """The id of the rule that prints it."""
        return f"{ORIGIN}.{self.id}.{self.field}"

    def change(self, lang: str) -> str:
        """Whose field it is, with old and new value, in a language."""
        return self._change.text(lang)

    @property
    def _change(self) -> Told:
        field = fields()[self.field]
        values = {"old": shown(self.old, field), "new": shown(self.new, field)}
        return told("correction.change", id=self.id, field=self.field, **values)

    def said(self, lang: str) -> str:
        """The change with document, person and date, in a language."""
        return self.told.text(lang)

    @property
    def told(self) -> Told:
        """The change with document, person and date, to be said."""
        paper = told("correction.by", document=self.document) if self.document else told("correction.without")
        return told("correction.said", change=self._change, paper=paper, person=self.person, date=self.date)

    def due(self, key: str) -> Bilingual:
        """The condition that a document be given, by the key of its text."""
        return both(key, change=self._change, person=self.person, date=self.date)

    @property
    def when(self) -> str:
        """Where it is of consequence: its parcel or platform, and the parcels a platform held or applied for."""
        mine = f"{self.of}_id == {self.id!r}"
        if self.field not in ("holds", "applied_for"):
            return mine
        named = sorted({name for value in (self.old, self.new) if isinstance(value, tuple) for name in value})
        return f"{mine} or parcel_id in [{', '.join(map(repr, named))}]" if named else mine


def shown(value: Value, field: Field) -> str:
    """A value as it is written in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and field.scale > 1:
        return format(Decimal(value) / field.scale, "f")
    return UNKNOWN if value is None else ";".join(value) if isinstance(value, tuple) else str(value)


def read_corrections(text: str, name: str) -> tuple[Correction, ...]:
    """The corrections of a text, in the order of the file.

    Raises
    ------
    Refused
        R027, every fault at once: not TOML, unknown or missing keys, a field that cannot be corrected, a value the
        field cannot have, a cell corrected twice.
    """
    try:
        tables = load_toml(text.removeprefix("\ufeff").replace("\r\n", "\n"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as trouble:
        raise Refused(error("R027.not-toml", at=name, trouble=trouble)) from None
    except ValueError as trouble:  # a date such as 2024-02-30
        raise Refused(error("R027.not-toml", at=name, trouble=trouble)) from None
    blocks = tables.pop("correction", [])
    if tables or not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise Refused(error("R027.tables", at=name, names=sorted(tables)))
    issues: list[Issue] = []
    found: list[Correction] = []
    for number, block in enumerate(blocks, 1):
        one = _read(block, Place(name, table="correction", entry=number), issues)
        if one is None:
            continue
        if any((one.of, one.id, one.field) == (other.of, other.id, other.field) for other in found):
            issues.append(
                error("R027.twice", at=Place(name, table="correction", entry=number), id=one.id, field=one.field)
            )
        found.append(one)
    if issues:
        raise Refused(issues)
    return tuple(found)


def _read(block: dict[str, Any], at: Place, issues: list[Issue]) -> Correction | None:
    before = len(issues)
    for name in block:
        if name not in KEYS:
            issues.append(error("R027.unknown-key", at=at, maybe=expr.closest(name, KEYS), name=name))
    if ("parcel" in block) == ("demand" in block):
        issues.append(error("R027.whose", at=at))
    for name in ("field", "old", "new", "person", "date"):
        blank = name == "person" and isinstance(block.get(name), str) and not says_something(block[name])
        if name not in block or block[name] == "" or blank:
            issues.append(error("R027.key-missing", at=at, name=name))
    for name in ("parcel", "demand", "field", "document", "person"):
        if not isinstance(block.get(name, ""), str):
            issues.append(error("R027.no-text", at=at, name=name))
    day = iso_date(block.get("date"))
    if "date" in block and (day is None or not day[1]):
        issues.append(error("R027.no-date", at=at, value=block["date"]))
    if len(issues) > before or day is None:
        return None
    of = "parcel" if "parcel" in block else "demand"
    field = fields().get(block["field"])
    if field is None or field.of not in (of, "case") or field.derived or field.name == f"{of}_id":
        maybe = expr.closest(block["field"], [name for name, each in fields().items() if each.of in (of, "case")])
        issues.append(error("R027.no-field", at=at, maybe=maybe, name=block["field"], of=of))
        return None
    if field.name in KEPT_ELSEWHERE:
        issues.append(error("R027.ledger", at=at, name=field.name))
        return None
    values: list[Value] = []
    for name in ("old", "new"):
        given = block[name]
        plain = decimal_text(given) if decimal_text(given) is not None else given
        value = fact_value(field, plain)
        if value is None and given != UNKNOWN:
            issues.append(error("R027.no-value", at=at, name=field.name, value=given))
        values.append(value)
    if values[0] == values[1] and len(issues) == before:
        issues.append(error("R027.same", at=at, name=field.name, value=block["new"]))
    if len(issues) > before:
        return None
    paper = str(block.get("document", "")).strip()
    person, paper = block["person"].strip(), paper if says_something(paper) else ""
    return Correction(of, block[of], field.name, values[0], values[1], paper, person, day[0])


def lowers_measured(one: Correction, roles: Iterable[str]) -> bool:
    """Whether a correction goes against what a layer of the round measured.

    An overlap may be raised by hand, never lowered; any other fact of a layer is corrected in the layer. Where the
    layer does not reach (the old value is unknown) there is nothing measured.
    """
    if MEASURED.get(one.field) not in set(roles) or one.old is None:
        return False
    if one.field in OVERLAPS and isinstance(one.old, int) and isinstance(one.new, int):
        return one.new < one.old
    return True


def correction_rules(corrections: Sequence[Correction], law: Iterable[Rule], methods: Sequence[str]) -> list[Rule]:
    """The rules that corrections make.

    With a document: a note where the correction is of consequence. Without: ``condition`` for every method there, and
    for every method whose law counts who else could use a parcel ``condition`` in the whole round, since that count
    rests on the fact too.

    Parameters
    ----------
    law
        The rules in force.
    methods
        The methods of the round.
    """
    counting = {
        method
        for rule in law
        if rule.kind == "eligibility" and rule.cite.rank >= LAW_RANK
        if "other_applicants" in expr.names(expr.parse(rule.when))
        for method in rule.spec["verdict"]
    }
    shared = [method for method in methods if method in counting]
    found: list[Rule] = []
    for one in corrections:
        words = {"en": one.said("en"), "zh": one.said("zh")}
        if one.document:
            found.append(_rule(one, one.rule, "note", one.when, {"text": words, "flag": ORIGIN}))
            continue
        due = one.due("correction.due").pair
        spec = {"verdict": dict.fromkeys(methods, "condition"), "condition": due}
        found.append(_rule(one, one.rule, "eligibility", one.when, spec))
        if shared:
            others = one.due("correction.due-others").pair
            spec = {"verdict": dict.fromkeys(shared, "condition"), "condition": others}
            found.append(_rule(one, f"{one.rule}.others", "eligibility", "", spec))
    return found


def _rule(one: Correction, name: str, kind: str, when: str, spec: dict[str, Any]) -> Rule:
    title = Bilingual(one.said("en"), one.said("zh"))
    cite = Cite(one.document or "人工更正 corrections by hand", "", "", 0, "U", ORIGIN)
    return Rule(name, kind, title, cite, one.date, None, when, spec, origin=ORIGIN)
