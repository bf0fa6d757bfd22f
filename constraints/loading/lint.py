"""What is wrong with rules that load: contradictions, cycles, rules that never match. Standard library only."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from constraints.language import expr
from constraints.language.nodes import And, Compare, Const, Contains, Flag, In, Node, Not, Or
from constraints.types import STRICTNESS, Rule
from parcels.common.catalogue import Told, told
from parcels.common.issues import Issue, error, note, warning
from parcels.common.place import at_line, within
from parcels.common.schema import Value, fields, measures

IDENTITY = frozenset(("operator", "partners", "hkmo", "name", "demand_id", "level", "holds"))
"""Facts of identity, ownership or place of registration (fair-competition review)."""
_MOST_TERMS = 512


def alone(rule: Rule, *, policy: bool) -> list[Issue]:
    """Findings about one rule: never matches (R015), fair competition (R018, policy rules and rank 0-1 only)."""
    issues = []
    node = expr.parse(rule.when)
    if not satisfiable(node):
        issues.append(
            warning("R015.rule-can-never", at=at_line(rule.place), ids=(rule.id,), id=rule.id, when=rule.when)
        )
    named = sorted(expr.names(node) & IDENTITY)
    entry = rule.kind == "preference" or (rule.kind == "eligibility" and (policy or rule.cite.rank <= 1))
    if entry and named and not (rule.spec.get("reason") and rule.until):
        issues.append(warning("R018.rule-turns-on", at=at_line(rule.place), ids=(rule.id,), id=rule.id, named=named))
    return issues


def across(rules: Sequence[Rule], known: Collection[str] | None = None) -> list[Issue]:
    """Findings about rules together: same id (R012), same thing (R013), cycles (R014), bases (R016)."""
    issues = _same_id(rules) + _same_value(rules) + _same_thing(rules) + _cycles(rules)
    if known is not None:
        ids = {rule.id for rule in rules}
        for rule in rules:
            for base in rule.exception_to:
                if base not in ids and base not in known:
                    maybe = expr.closest(base, [*ids, *known])
                    issues.append(
                        error("R016.rule-exception-not", at=at_line(rule.place), maybe=maybe, id=rule.id, base=base)
                    )
    return issues


def overlap(a: Rule, b: Rule) -> bool:
    """Whether two rules are in force on a common day."""
    return a.start < (b.until or "9999-99-99") and b.start < (a.until or "9999-99-99")


def _same_id(rules: Iterable[Rule]) -> list[Issue]:
    by_id: dict[str, list[Rule]] = {}
    for rule in rules:
        by_id.setdefault(rule.id, []).append(rule)
    return [
        error("R012.rule-stands-twice", at=within(at_line(a.place), also=at_line(b.place)), id=a.id)
        for same in by_id.values()
        for a, b in itertools.combinations(same, 2)
        if overlap(a, b)
    ]


def _same_value(rules: Iterable[Rule]) -> list[Issue]:
    issues = []
    for rule in rules:
        for a, b in itertools.combinations(rule.spec.get("values", ()), 2):
            overlap = a["from"] < (b["until"] or "9999-99-99") and b["from"] < (a["until"] or "9999-99-99")
            if a["key"] == b["key"] and overlap and a["amount"] != b["amount"]:
                key, unit = "/".join(a["key"]), measures()[rule.spec["measure"]]
                issues.append(
                    error(
                        "R013.rule-two-values",
                        at=at_line(rule.place),
                        id=rule.id,
                        key=key,
                        amount=_amount(a["amount"], unit),
                        amount2=_amount(b["amount"], unit),
                    )
                )
    return issues


def _subject(rule: Rule) -> list[tuple[Any, Any, Told]]:
    """What a rule sets: subject, value, the value in words; equal subjects with unequal values contradict."""
    where, spec, rank = _normal(rule.when), rule.spec, rule.cite.rank
    if rule.kind == "eligibility":
        return [
            ((rule.kind, rank, where, method), verdict, told("set.verdict", verdict=verdict))
            for method, verdict in spec["verdict"].items()
        ]
    if rule.kind == "term":
        return [
            ((rule.kind, rank, where, method, name), years, _amount(years, "years"))
            for method in spec["methods"]
            for name in ("min_years", "max_years")
            if (years := spec[name]) is not None
        ]
    if rule.kind == "limit":
        return _limited(rule, (rule.kind, rank, where))
    if rule.kind == "lock":
        value = (tuple(spec["parcels"]), spec["demand"], spec["method"])
        key = "set.lock" if spec["demand"] else "set.lock-whoever"
        words = told(key, parcels=spec["parcels"], demand=spec["demand"], method=spec["method"])
        return [((rule.kind, parcel), value, words) for parcel in spec["parcels"]]
    return []


def _limited(rule: Rule, base: tuple[Any, ...]) -> list[tuple[Any, Any, Told]]:
    """What a hard limit sets. A soft one charges and forbids nothing: beside another it is a step, no contradiction."""
    spec = rule.spec
    if not spec["hard"]:
        return []
    credit = repr(sorted(spec["credit"].items())) if spec["credit"] else ""
    keys = tuple(sorted(map(tuple, spec.get("keys") or ())))
    compared = (spec.get("across"), keys, credit)
    subject = (*base, spec["measure"], tuple(spec["per"]), spec["sense"], _normal(spec["of"] or ""), compared)
    if spec["share"]:
        num, den = spec["share"]
        percent = f"{Decimal(100 * num) / Decimal(den):.6g}"
        return [((*subject, "share"), (num, den), told("set.share", percent=percent))]
    unit = measures()[spec["measure"]]
    return [
        ((*subject, tuple(v["key"]), v["from"], v["until"]), v["amount"], _amount(v["amount"], unit))
        for v in spec["values"]
    ]


def _amount(number: int, unit: str) -> Told:
    return told("set.amount", number=number, unit=unit)


def _normal(text: str) -> str:
    return repr(expr.parse(text)) if text else ""


def _same_thing(rules: Sequence[Rule]) -> list[Issue]:
    seen: dict[Any, list[tuple[Rule, Any, Told]]] = {}
    issues: dict[tuple[str, str], Issue] = {}
    for rule in rules:
        for subject, value, words in _subject(rule):
            for other, before, earlier in seen.setdefault(subject, []):
                related = other.id in rule.exception_to or rule.id in other.exception_to
                adopted = "adopted" in rule.spec or "adopted" in other.spec
                if other.id != rule.id and value != before and overlap(rule, other) and not related and not adopted:
                    issues[other.id, rule.id] = error(
                        "R013.rules-set-same",
                        at=within(at_line(other.place), also=at_line(rule.place)),
                        ids=(other.id, rule.id),
                        id=other.id,
                        id2=rule.id,
                        earlier=earlier,
                        value=words,
                    )
            seen[subject].append((rule, value, words))
    return list(issues.values())


def _cycles(rules: Iterable[Rule]) -> list[Issue]:
    bases: dict[str, set[str]] = {}
    place: dict[str, str] = {}
    for rule in rules:
        bases.setdefault(rule.id, set()).update(rule.exception_to)
        place[rule.id] = rule.place
    issues, done = [], set[str]()
    for start in sorted(bases):
        path: list[str] = []

        def walk(node: str, path: list[str] = path) -> list[str] | None:
            if node in path:
                return [*path[path.index(node) :], node]
            if node in done:
                return None
            path.append(node)
            for base in sorted(bases.get(node, ())):
                found = walk(base, path)
                if found:
                    return found
            path.pop()
            done.add(node)
            return None

        cycle = walk(start)
        if cycle:
            done.update(cycle)
            shown = " -> ".join(cycle)
            issues.append(
                error("R014.exceptions-run-circle", at=at_line(place.get(cycle[0], "")), ids=cycle[:-1], shown=shown)
            )
    return issues


def satisfiable(node: Node) -> bool:
    """Whether some facts make a condition true; errs towards true where it would take too long to know."""
    terms = _terms(node, True)
    return terms is None or any(_consistent(term) for term in terms)


def _terms(node: Node, positive: bool) -> list[list[tuple[Node, bool]]] | None:
    """The condition as alternatives of literals; ``None`` if there are too many."""
    match node:
        case Not(item):
            return _terms(item, not positive)
        case Const(value):
            return [[]] if value == positive else []
        case And(items) | Or(items):
            parts = [_terms(item, positive) for item in items]
            known = [part for part in parts if part is not None]
            if len(known) < len(parts):
                return None
            if isinstance(node, Or) == positive:
                joined = [term for part in known for term in part]
            else:
                joined = [[]]
                for part in known:
                    joined = [left + right for left in joined for right in part]
                    if len(joined) > _MOST_TERMS:
                        return None
            return joined if len(joined) <= _MOST_TERMS else None
    return [[(node, positive)]]


def _consistent(literals: list[tuple[Node, bool]]) -> bool:
    by_field: dict[str, list[tuple[Node, bool]]] = {}
    for node, positive in literals:
        if isinstance(node, Flag | Compare | In):
            by_field.setdefault(node.field, []).append((node, positive))
        elif isinstance(node, Contains) and any(
            isinstance(other, Contains)
            and set(other.values) == set(node.values)
            and other.field == node.field
            and sign != positive
            for other, sign in literals
        ):
            return False
    return all(_possible(name, each) for name, each in by_field.items())


def _possible(name: str, literals: list[tuple[Node, bool]]) -> bool:
    field = fields()[name]
    candidates: set[Any]
    if field.type == "bool":
        candidates = {True, False}
    elif field.values:
        candidates = set(field.values)
    else:
        candidates = set()
        for node, _ in literals:
            values = node.values if isinstance(node, In) else (node.value,) if isinstance(node, Compare) else ()
            for value in values:
                candidates |= {value - 1, value, value + 1} if isinstance(value, int) else {value, f"{value}~", ""}
        if field.min is not None:
            candidates = {value for value in candidates if value >= field.min * field.scale}
        if field.max is not None:
            candidates = {value for value in candidates if value <= field.max * field.scale}
    return any(all(_holds(node, value) == positive for node, positive in literals) for value in candidates)


def _holds(node: Node, value: Any) -> bool:
    from constraints.language.evaluate import truth

    assert isinstance(node, Flag | Compare | In)
    return bool(truth(node, {node.field: value}))


def strictest(verdicts: Iterable[str]) -> str:
    """The strictest of some verdicts; ``permit`` of none."""
    return max(verdicts, key=STRICTNESS.__getitem__, default="permit")


def coverage(rules: Iterable[Rule], columns: Mapping[str, Sequence[Value]]) -> list[Issue]:
    """Rules whose condition matches none or all of a round's parcels (R022), with counts; unknown counts as neither.

    Parameters
    ----------
    rules
        Rules in force.
    columns
        The facts of the round's parcels by field name; fields of demands and offers are missing, thus unknown.

    Returns
    -------
    list of Issue
        A warning for each rule of the round's own policy; one note for all rules of the packs that match no parcel.
    """
    from constraints.language.evaluate import compiled

    issues: list[Issue] = []
    idle: list[str] = []
    size = len(next(iter(columns.values()), ()))
    distinct: dict[tuple[str, ...], Counter[tuple[Value, ...]]] = {}
    for rule in rules:
        if not rule.when or not size:
            continue
        node = expr.parse(rule.when)
        read = tuple(sorted(name for name in expr.names(node) if name in columns))
        if read not in distinct:
            distinct[read] = Counter(zip(*(columns[name] for name in read), strict=True) if read else {(): size})
        test, counts = compiled(node), {True: 0, False: 0, None: 0}
        for values, times in distinct[read].items():
            counts[test(dict(zip(read, values, strict=True)))] += times
        never, always = counts[False], counts[True]
        if size not in (never, always):
            continue
        if rule.origin == "policy":
            key = "R022.policy-none" if never else "R022.policy-all"
            found = warning(key, at=at_line(rule.place), ids=(rule.id,), id=rule.id, size=size, when=rule.when)
            issues.append(found)
        elif never:
            idle.append(rule.id)
    if idle:
        issues.append(note("R022.rules-packs-match", ids=idle, count=len(idle), size=size))
    return issues
