"""What changed in the rules between two dates, in words, and for whom. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constraints.language import expr
from constraints.loading.load import grade_of, in_force, load_pack, methods, pack
from constraints.loading.method_facts import off
from constraints.reading.asking.ask import stated_verdict
from constraints.reading.asking.assumed import complete, incomplete
from constraints.reading.book import RuleBook, book
from constraints.reading.judge import judge
from constraints.reading.speak import Namer, formula, plain, sentence
from constraints.types import Rule
from parcels.common.catalogue import Bilingual, both, phrase, told
from parcels.common.schema import Value, fields

APPLICANTS = (1, 2)
"""Numbers of intending users the comparison tries."""


@dataclass(frozen=True, slots=True)
class Change:
    """One rule that began, ended or changed a dated value, in both languages; ``date`` is when.

    ``law`` is false where only the packs changed: the instrument stays in force, another rule of it goes on.
    """

    rule: str
    kind: str
    what: str
    date: str
    en: str
    zh: str
    law: bool = True
    instrument: str = ""
    title: Bilingual | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A verdict that differs between the dates: for these uses, operators and numbers of applicants."""

    method: str
    before: str
    after: str
    use: str
    operators: tuple[str, ...]
    intending_users: int
    rules: tuple[str, ...]


def changes(rules: Iterable[Rule], earlier: str, later: str, word: Namer = plain) -> tuple[Change, ...]:
    """Rules that began, ended or changed a value after ``earlier`` and up to ``later`` (ISO), by date."""
    every = tuple(rules)
    found = []
    for rule in every:
        before, after = in_force((rule,), earlier), in_force((rule,), later)
        if not before and after:
            found.append(_change(rule, "begins", rule.start, word, every))
        elif before and not after:
            found.append(_change(rule, "ends", rule.until or later, word, every))
        elif before and after and before[0].spec != after[0].spec:
            found.append(_value(before[0], after[0]))
        elif not before and earlier < rule.start <= later:
            found.append(_change(rule, "begins and ends", rule.start, word, every))
    return tuple(sorted(found, key=lambda change: (change.date, change.rule)))


_KEYS = {"begins": "begins", "ends": "ends", "goes on": "goes-on", "begins and ends": "begins-and-ends"}


def _goes_on(rule: Rule, date: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Other rules of the same instrument in force on a date."""
    same = (rule.cite.doc, rule.cite.number)
    others = (each for each in rules if each.id != rule.id and (each.cite.doc, each.cite.number) == same)
    return tuple(each for each in others if each.start <= date and (each.until is None or date < each.until))


def _change(rule: Rule, what: str, date: str, word: Namer, rules: Sequence[Rule]) -> Change:
    node = expr.parse(rule.when)
    others = _goes_on(rule, date, rules)
    happens = told(f"law-change.{_KEYS['goes on' if what == 'ends' and others else what]}")
    told_before = what == "begins" and any(each.start < date for each in others)
    said = told("law-change.rule", date=date, rule=rule.id, happens=happens, title=rule.title, cited=cited(rule))
    does = effect(rule)
    where = Bilingual(sentence(node, "en", word), sentence(node, "zh", word))
    if rule.when:
        text = both("law-change.told-for", said=said, does=does, where=where)
    else:
        text = both("law-change.told", said=said, does=does)
    return Change(
        rule.id,
        rule.kind,
        what,
        date,
        text.en.strip(),
        text.zh.strip(),
        law=not (told_before or (what == "ends" and others)),
        instrument=" ".join(part for part in (rule.cite.doc, rule.cite.number) if part),
        title=rule.title,
    )


def by_instrument(found: Sequence[Mapping[str, Any]], lang: str) -> list[str]:
    """Changes (as JSON) as lines: what begins or ends with one instrument on one day stands in one line."""
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for change in found:
        groups.setdefault((change["date"], change["instrument"] or change["rule"], change["what"]), []).append(change)
    lines = []
    for (date, instrument, what), group in groups.items():
        if len(group) == 1:
            lines.append(group[0].get(lang, group[0]["en"]))
            continue
        titles = [Bilingual(**change["title"]) for change in group]
        rules = [change["rule"] for change in group]
        happens = told(f"law-change.{_KEYS[what]}")
        values = {"date": date, "instrument": instrument, "happens": happens, "titles": titles, "rules": rules}
        lines.append(phrase("law-change.group", lang, **values))
    return lines


def _value(before: Rule, after: Rule) -> Change:
    old, new = ({tuple(v["key"]): v["amount"] for v in rule.spec["values"]} for rule in (before, after))
    date = max((v["from"] for v in after.spec["values"]), default=after.start)
    parts = [
        f"{'/'.join(key) or '-'}: {old.get(key, '-')} -> {new.get(key, '-')}" for key in sorted(old.keys() | new.keys())
    ]
    text = both("law-change.value", date=date, rule=before.id, title=before.title, parts=parts)
    return Change(
        before.id,
        before.kind,
        "value",
        date,
        text.en,
        text.zh,
    )


def cited(rule: Rule) -> str:
    """Document, number, article and grade, as shown to users."""
    parts = [rule.cite.doc, rule.cite.number, rule.cite.article]
    return " ".join(part for part in parts if part) + f", {grade_of(rule)}"


def effect(rule: Rule) -> Bilingual:
    """What a rule does, in a short sentence of each language; empty Chinese for kinds that have no such sentence."""
    titles = {method.id: method.title for method in methods()}
    spec = rule.spec
    if rule.kind == "eligibility":
        groups: dict[str, list[str]] = {}
        for method, verdict in spec["verdict"].items():
            groups.setdefault(verdict, []).append(method)
        said = []
        for verdict, group in groups.items():
            which = told("effect.every") if len(group) == len(titles) else tuple(titles[name] for name in group)
            said.append(told("effect.verdict", verdict=told(f"short-verdict.{verdict}"), methods=which))
        text = both("effect.all", said=said)
        return Bilingual(text.en[:1].upper() + text.en[1:], text.zh)
    if rule.kind == "note":
        text = Bilingual(**spec["text"])
        return Bilingual(text.en.rstrip(".") + ".", text.zh.rstrip("。") + "。")
    if rule.kind not in ("term", "price_floor"):
        return Bilingual(f"{rule.kind.capitalize()}.", "")
    names = [titles[name] for name in spec["methods"]]
    if rule.kind == "term":
        low, high = spec["min_years"], spec["max_years"]
        bounds = "between" if low and high else "least" if low else "most"
        return both("effect.term", bounds=told(f"effect.{bounds}", low=low, high=high), methods=names)
    price = expr.parse_price(spec["per_m2"])
    return both("effect.floor", price=Bilingual(formula(price, "en"), formula(price, "zh")), methods=names)


def shifts(rules: Sequence[Rule], earlier: str, later: str) -> tuple[Shift, ...]:
    """Verdicts that differ between two dates, over uses, operators and one or two applicants (else as assumed)."""
    books = {date: book(in_force(rules, date), methods(), as_of=date, law=True) for date in (earlier, later)}
    found: dict[tuple[str, str, str, str, int, tuple[str, ...]], list[str]] = {}
    for use in fields()["use"].values:
        for operator in fields()["operator"].values:
            for count in APPLICANTS:
                told: dict[str, Value] = {"use": use, "operator": operator, "intending_users": count}
                before, after = (_verdicts(books[date], told, date) for date in (earlier, later))
                for method, (verdict, _) in before.items():
                    now, deciding = after[method]
                    if now != verdict:
                        found.setdefault((method, verdict, now, use, count, deciding), []).append(operator)
    return tuple(
        Shift(method, old, new, use, tuple(operators), count, deciding)
        for (method, old, new, use, count, deciding), operators in found.items()
    )


def _verdicts(rulebook: RuleBook, told: dict[str, Value], date: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    case, _ = complete(told, date)
    quiet = frozenset(("grade", "benchmark_price", "cost_floor", "office_price", "appraised_price", "reserve_price"))
    answers = {m.id: judge(rulebook, case, m, assumed=quiet) for m in methods() if not off(m.id)}
    return {name: (stated_verdict(rulebook, answer), answer.deciding) for name, answer in answers.items()}


def diff(packs: Sequence[str], earlier: str, later: str, word: Namer = plain) -> dict[str, Any]:
    """What changed in some packs between two dates, as JSON: ``changes`` of rules, ``shifts`` of verdicts."""
    if later < earlier:
        earlier, later = later, earlier
    rules = [rule for name in packs for rule in load_pack(name)]
    return {
        "from": earlier,
        "to": later,
        "notes": [incomplete(name, earlier) for name in packs if earlier < pack(name).complete_from],
        "changes": [
            {
                "rule": c.rule,
                "kind": c.kind,
                "what": c.what,
                "date": c.date,
                "law": c.law,
                "instrument": c.instrument,
                "title": {"en": c.title.en, "zh": c.title.zh} if c.title else None,
                "en": c.en,
                "zh": c.zh,
            }
            for c in changes(rules, earlier, later, word)
        ],
        "shifts": [
            {
                "method": s.method,
                "before": s.before,
                "after": s.after,
                "use": s.use,
                "operators": list(s.operators),
                "intending_users": s.intending_users,
                "rules": list(s.rules),
            }
            for s in shifts(rules, earlier, later)
        ],
    }
