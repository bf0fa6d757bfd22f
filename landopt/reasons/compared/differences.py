"""What differs between two cases, as what was changed: one key of a limit, one field of a rule, one row.

What no plan depends on (titles, citations, solver settings) is listed and is no cause. What a ledger brought is told as
what happened to the parcel, however many facts and locks it took.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from typing import Any

from constraints.canonical import canonical
from constraints.case import Case, Record, rule_to_json
from constraints.types import Rule
from landopt.intake.overlay import changed
from parcels.common.frozen import FactTable, Neighbours, table

WORDS = frozenset({"title", "cite", "domain", "date_grade", "reason", "text", "flag", "condition", "document", "unit"})
"""Fields of a rule that no plan depends on."""
SOLVER = frozenset({"gap", "time_limit_s", "nodes", "seed", "threads"})
ROUND = frozenset({"id", "title", "authority"})
HAPPENED = ("status", "failed_times")
AMOUNTS = {"values": "amount", "used": "used"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs between two cases: what it was and is.

    ``kind``: ``rule`` (``field`` blank: the whole rule; ``amount[key]``, ``used[key]``: one key of a limit), ``parcel``
    and ``demand`` (blank: the row comes or goes; else a fact), ``ledger`` (what happened to parcels), ``kept`` (the
    plan that is kept), ``record`` or ``setting``. ``cause``: whether a plan can depend on it.
    """

    kind: str
    id: str
    field: str
    was: str
    now: str
    cause: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The change as plain JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def changes(before: Case, after: Case) -> tuple[Change, ...]:
    """What differs between two cases: rules, settings, what happened, rows, facts, documents."""
    return (
        *_rules(before, after),
        *_kept(before, after),
        *_happened(before, after),
        *_settings(before, after),
        *_records(before, after),
        *_facts(before, after),
    )


def _own(case: Case) -> dict[str, Rule]:
    return {rule.id: rule for rule in case.rules if rule.origin not in ("ledger", "keep")}


def _rules(before: Case, after: Case) -> Iterable[Change]:
    was, now = _own(before), _own(after)
    for name in sorted(was.keys() | now.keys()):
        a, b = was.get(name), now.get(name)
        if a is None or b is None:
            states = ["not in force" if rule is None else "in force" for rule in (a, b)]
            yield Change("rule", name, "", states[0], states[1], (a or b).kind != "note")  # type: ignore[union-attr]
        elif a != b:
            yield from _rule(a, b)


def _flat(rule: Rule) -> dict[str, Any]:
    found = rule_to_json(rule)
    return {**found.pop("spec"), **found}


def _rule(a: Rule, b: Rule) -> Iterable[Change]:
    was, now = _flat(a), _flat(b)
    for field in sorted(was.keys() | now.keys()):
        x, y = was.get(field), now.get(field)
        if x == y:
            continue
        if field in AMOUNTS:
            mine, theirs = _by_key(x), _by_key(y)
            for key in sorted(mine.keys() | theirs.keys()):
                if mine.get(key) != theirs.get(key):
                    amounts = [None if side.get(key) is None else side[key]["amount"] for side in (mine, theirs)]
                    told = f"{AMOUNTS[field]}[{', '.join(key)}]" if key else AMOUNTS[field]
                    was_told, now_told = ("none" if each is None else str(each) for each in amounts)
                    yield Change("rule", a.id, told, was_told, now_told)
        else:
            cause = field not in WORDS and a.kind != "note"
            said = _share if field == "share" else _text
            yield Change("rule", a.id, field, said(x), said(y), cause)


def _by_key(entries: Any) -> dict[tuple[str, ...], Mapping[str, Any]]:
    return {tuple(entry["key"]): entry for entry in entries or ()}


def _share(value: Any) -> str:
    """A share as a percentage."""
    return f"{float(Fraction(*value) * 100):g} %" if isinstance(value, list) and len(value) == 2 else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value).decode("utf-8")


def _kept(before: Case, after: Case) -> Iterable[Change]:
    """The plan a case keeps, as one change."""
    sides = [[rule for rule in case.rules if rule.origin == "keep"] for case in (before, after)]
    if sides[0] != sides[1]:
        names = [rules[0].cite.doc if rules else "none" for rules in sides]
        yield Change("kept", "keep", "", names[0], names[1])


def _happened(before: Case, after: Case) -> Iterable[Change]:
    """What the ledger says of each parcel or block, where the two cases differ in it."""
    for block in _blocks(before, after):
        was, now = (_state(case, block) for case in (before, after))
        yield Change("ledger", "+".join(block), "", was, now)


def _land(rule: Rule) -> Sequence[str]:
    """The parcels of a rule of the ledger: those of a lock, or of the site that its platform has (``.served``)."""
    named: Sequence[str] = rule.spec.get("parcels") or rule.id.removesuffix(".served").split(".", 2)[-1].split("+")
    return named


def _locks(case: Case, names: Iterable[str]) -> list[Rule]:
    wanted = set(names)
    return [rule for rule in case.rules if rule.origin == "ledger" and wanted.intersection(_land(rule))]


def _blocks(before: Case, after: Case) -> list[tuple[str, ...]]:
    """The parcels whose status, failures or locks differ, those of one lock together."""
    sides = before, after
    rows = [case.parcels.index() for case in sides]
    both = sorted(rows[0].keys() & rows[1].keys())
    columns = [[case.parcels.column(name) for name in HAPPENED] for case in sides]
    loose = {
        name
        for name in both
        if [column[rows[0][name]] for column in columns[0]] != [column[rows[1][name]] for column in columns[1]]
    }
    found: list[set[str]] = [{name} for name in loose]
    locks = [{rule.id: rule for rule in case.rules if rule.origin == "ledger"} for case in sides]
    for name in sorted(locks[0].keys() | locks[1].keys()):
        if locks[0].get(name) != locks[1].get(name):
            rule = locks[0].get(name) or locks[1][name]
            group = set(_land(rule))
            touching = [each for each in found if each & group]
            found = [each for each in found if not each & group]
            found.append(group.union(*touching))
    return sorted(tuple(sorted(group)) for group in found)


def _state(case: Case, block: tuple[str, ...]) -> str:
    """What became of parcels: the code of their state, with the method where it is adopted."""
    rows = case.parcels.index()
    known = [rows[name] for name in block if name in rows]
    states = {str(case.parcels.column("status")[row] or "candidate") for row in known}
    failed = max((int(str(case.parcels.column("failed_times")[row] or 0)) for row in known), default=0)
    state = "failed" if "failed" in states else next(iter(sorted(states - {"candidate"})), "candidate")
    if state == "candidate" and _locks(case, block):
        return "adopted"
    return f"{state} ({failed})" if state == "failed" and failed > 1 else state


def _settings(before: Case, after: Case) -> Iterable[Change]:
    for part in ("round", "objective", "market", "settings"):
        a, b = getattr(before, part), getattr(after, part)
        if a != b and is_dataclass(a) and is_dataclass(b):
            for field in fields(a):
                x, y = getattr(a, field.name), getattr(b, field.name)
                if x == y:
                    continue
                if isinstance(x, Mapping):
                    for name in sorted(x.keys() | y.keys()):
                        if x.get(name) != y.get(name):
                            told = f"{field.name}.{name}"
                            yield Change("setting", part, told, _plainly(x.get(name)), _plainly(y.get(name)))
                    continue
                quiet = (part == "settings" and field.name in SOLVER) or (part == "round" and field.name in ROUND)
                yield Change("setting", part, field.name, _plainly(x), _plainly(y), not quiet)
        elif a != b:
            yield Change("setting", part, "", _plainly(a), _plainly(b))


def _records(before: Case, after: Case) -> Iterable[Change]:
    for record in sorted({*before.records} ^ {*after.records}, key=str):
        here = record in before.records
        states = ("on file", "not on file") if here else ("not on file", "on file")
        yield Change("record", *_document(record), *states)


def _document(record: Record) -> tuple[str, str]:
    """What a document is on file for, and where."""
    return record.rule, " ".join(part for part in (record.parcel_id, record.demand_id, record.document) if part)


def _facts(before: Case, after: Case) -> Iterable[Change]:
    for kind, old, new in (("parcel", before.parcels, after.parcels), ("demand", before.demands, after.demands)):
        was, now = old.index(), new.index()
        for name in sorted(was.keys() ^ now.keys()):
            states = ("in the round", "absent") if name in was else ("absent", "in the round")
            yield Change(kind, name, "", *states)
        both = [(name, was[name], now[name]) for name in sorted(was.keys() & now.keys())]
        for field in sorted(old.columns.keys() | new.columns.keys()):
            a, b = old.column(field), new.column(field)
            if a is b or (kind == "parcel" and field in HAPPENED):
                continue
            for name, row, other in both:
                if a[row] != b[other]:
                    yield Change(kind, name, field, _fact(a[row]), _fact(b[other]), field != "name")


def _fact(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return ";".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _plainly(value: Any) -> str:
    """A part of a case as people read it: parts of a whole one after the other."""
    if is_dataclass(value):
        return " / ".join(_plainly(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, tuple | list):
        return "; ".join(map(_plainly, value)) or "none"
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_plainly(entry)}" for name, entry in value.items())
    return "none" if value is None else str(value)


def with_change(case: Case, other: Case, change: Change) -> Case:
    """The case with one change of the other applied (for "which rule or number moved it")."""
    if change.kind == "rule":
        return _with_rule(case, other, change)
    if change.kind == "kept":
        kept_rules = [rule for rule in other.rules if rule.origin == "keep"]
        return _with_rules(case, kept_rules, lambda rule: rule.origin == "keep")
    if change.kind == "ledger":
        return _with_happened(case, other, change.id.split("+"))
    if change.kind == "record":
        moved = next(
            each for each in {*case.records} ^ {*other.records} if _document(each) == (change.id, change.field)
        )
        kept = {*case.records} - {moved} if moved in case.records else {*case.records, moved}
        return replace(case, records=tuple(sorted(kept, key=str)))
    if change.kind == "setting":
        return _with_setting(case, other, change)
    if not change.field:
        return _with_row(case, other, change)
    side = "parcels" if change.kind == "parcel" else "demands"
    mine, theirs = getattr(case, side), getattr(other, side)
    value = theirs.column(change.field)[theirs.index()[change.id]]
    edited = changed(mine, {(mine.index()[change.id], change.field): value})
    return replace(case, parcels=edited) if side == "parcels" else replace(case, demands=edited)


def _with_rules(case: Case, rules: Iterable[Rule], gone: Any) -> Case:
    kept = {rule.id: rule for rule in case.rules if not gone(rule)}
    kept.update((rule.id, rule) for rule in rules)
    return replace(case, rules=tuple(kept[name] for name in sorted(kept)))


def _with_rule(case: Case, other: Case, change: Change) -> Case:
    theirs = {rule.id: rule for rule in other.rules}.get(change.id)
    mine = {rule.id: rule for rule in case.rules}.get(change.id)
    if not change.field or theirs is None or mine is None:
        return _with_rules(case, [] if theirs is None else [theirs], lambda rule: rule.id == change.id)
    name, _, rest = change.field.partition("[")
    listed = next((field for field, told in AMOUNTS.items() if told == name), None)
    if listed is not None:
        key = tuple(part.strip() for part in rest.rstrip("]").split(",")) if rest else ()
        entries = _by_key(mine.spec.get(listed))
        there = _by_key(theirs.spec.get(listed)).get(key)
        if there is None:
            entries.pop(key, None)
        else:
            entries[key] = there
        rule = replace(mine, spec={**mine.spec, listed: list(entries.values())})
    elif change.field in mine.spec or change.field in theirs.spec:
        spec = {**mine.spec}
        if change.field in theirs.spec:
            spec[change.field] = theirs.spec[change.field]
        else:
            spec.pop(change.field, None)
        rule = replace(mine, spec=spec)
    else:
        attribute = {"from": "start"}.get(change.field, change.field)
        rule = replace(mine, **{attribute: getattr(theirs, attribute)})
    return _with_rules(case, [rule], lambda each: each.id == change.id)


def _with_happened(case: Case, other: Case, names: list[str]) -> Case:
    rows, there = case.parcels.index(), other.parcels.index()
    cells = {
        (rows[name], field): other.parcels.column(field)[there[name]]
        for name in names
        for field in HAPPENED
        if name in rows and name in there
    }
    wanted = set(names)

    def touched(rule: Rule) -> bool:
        return rule.origin == "ledger" and bool(wanted.intersection(_land(rule)))

    found = _with_rules(case, _locks(other, names), touched)
    return replace(found, parcels=changed(found.parcels, cells))


def _with_setting(case: Case, other: Case, change: Change) -> Case:
    part, wanted = getattr(case, change.id), getattr(other, change.id)
    if change.field:
        field, _, name = change.field.partition(".")
        value = getattr(wanted, field)
        if name:
            mine = dict(getattr(part, field))
            mine.pop(name, None)
            value = {**mine, **({name: value[name]} if name in value else {})}
        wanted = replace(part, **{field: value})
    found: Case = replace(case, **{change.id: wanted})
    return found


def _with_row(case: Case, other: Case, change: Change) -> Case:
    """A parcel or platform that comes or goes, with its neighbours and distances."""
    side = "parcels" if change.kind == "parcel" else "demands"
    mine, theirs = getattr(case, side), getattr(other, side)
    ids = sorted({*mine.ids} ^ {change.id})
    found = _rows(ids, mine, theirs)
    if side == "demands":
        return replace(case, demands=found)
    names = set(ids)
    pairs: dict[tuple[str, str], int] = {}
    for source in (other, case):
        for (a, b), shared in zip(source.neighbours.pairs, source.neighbours.shared_dm, strict=True):
            pair = source.parcels.ids[a], source.parcels.ids[b]
            if names.issuperset(pair):
                pairs[pair] = shared
    rows = {name: row for row, name in enumerate(ids)}
    order = sorted((rows[a], rows[b], shared) for (a, b), shared in pairs.items())
    neighbours = Neighbours(tuple((a, b) for a, b, _ in order), tuple(shared for _, _, shared in order))
    distances = {}
    for point, metres in case.distances.items():
        far = dict(zip(case.parcels.ids, metres, strict=True))
        there = dict(zip(other.parcels.ids, other.distances.get(point, ()), strict=False))
        far.setdefault(change.id, there.get(change.id, 0))
        distances[point] = tuple(far[name] for name in ids)
    return replace(case, parcels=found, neighbours=neighbours, distances=distances)


def _rows(ids: list[str], mine: FactTable, theirs: FactTable) -> FactTable:
    own, other = mine.index(), theirs.index()
    names = sorted({*mine.columns, *theirs.columns})
    columns = {
        name: [mine.column(name)[own[each]] if each in own else theirs.column(name)[other[each]] for each in ids]
        for name in names
    }
    return table(ids, columns)
