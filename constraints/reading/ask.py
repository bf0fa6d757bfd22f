"""Which methods may this case use, and why: an answer for every method. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

from constraints.case import Record
from constraints.language.evaluate import truth
from constraints.language.expr import closest, parse, parse_price
from constraints.loading.load import grade_of, in_force, load_pack, methods, pack, pack_names, strongest, vague_start
from constraints.reading.book import Clause, RuleBook, book
from constraints.reading.case_facts import block_share
from constraints.reading.judge import Judgement, judge
from constraints.reading.speak import decimal, formula
from constraints.reading.told_facts import FALSE, TRUE, read_facts, shown
from constraints.types import Method, Rule
from parcels.common.issues import Refused, error
from parcels.common.schema import Value, fields

PRICES = ("grade", "benchmark_price", "cost_floor", "office_price", "appraised_price", "reserve_price", "area_m2")
"""Facts that count as lawful where they are not told (prices, and an area within the caps)."""
_RECORD = ("rule", "document", "date", "by")


def ask(
    facts: Mapping[str, str],
    as_of: str,
    packs: Sequence[str] | None = None,
    *,
    policy: Sequence[Rule] = (),
    enabled: Collection[str] = (),
    rate: str = "0.05",
) -> dict[str, Any]:
    """Ask the rules in force on a date about one case.

    Parameters
    ----------
    facts
        Texts by field name (docs/fields.md); ``unknown`` makes a fact unknown; ``rule`` and ``document`` file a record.
    as_of
        ISO date of the plan or notice decision.
    packs
        Names of rule packs; all that are not switched off if ``None``.
    policy
        Further rules, such as a round's policy.
    enabled
        Methods that are off by default and shall be answered (``contribution``).
    rate
        Land reduction rate of the year factor, a decimal text.

    Returns
    -------
    dict
        By method: ``verdict``, ``grade``, ``rules``, ``conditions``, ``notes``, ``term_min_years``, ``term_max_years``,
        ``price_floor``; and ``assumed``: the facts nobody told.

    Raises
    ------
    Refused
        For a fact, a value or a pack that is not known.
    """
    names = tuple(packs) if packs is not None else pack_names()
    told = {key: value for key, value in facts.items() if key not in _RECORD}
    closed = told.get("publication_closed", "").lower()
    if closed in TRUE | FALSE:
        told["publication_closed"] = as_of if closed in TRUE else "unknown"
    case, assumed = complete(read_facts(_mixed(told)), as_of)
    records = _records(facts, as_of)
    known = {rule.id: rule for name in pack_names(off=True) for rule in load_pack(name)} if records else {}
    known |= {rule.id: rule for rule in policy}
    strange = [each.rule for each in records if each.rule not in known]
    if strange:
        raise Refused([error("R016", f"there is no rule '{name}'", "rule=", closest(name, known)) for name in strange])
    rulebook = _book(names, as_of, rate, tuple(policy)) if policy else _book_of_packs(names, as_of, rate)
    quiet = frozenset(name for name in PRICES if name not in case)
    late = [name for name in names if as_of < pack(name).complete_from]
    notes = [incomplete(name, as_of) for name in late]
    answer: dict[str, Any] = {}
    for method in methods():
        if method.id == "contribution" and method.id not in enabled:
            answer[method.id] = _off(notes)
            continue
        judgement = judge(rulebook, case, method, records=records, assumed=quiet)
        answer[method.id] = _answer(rulebook, judgement, method, case, quiet, notes)
    return {**answer, "assumed": assumed}


def _book(names: tuple[str, ...], as_of: str, rate: str, policy: tuple[Rule, ...]) -> RuleBook:
    rules = in_force([*(rule for name in names for rule in load_pack(name)), *policy], as_of)
    return book(rules, methods(), as_of=as_of, rate=rate, law=True)


@lru_cache(maxsize=64)
def _book_of_packs(names: tuple[str, ...], as_of: str, rate: str) -> RuleBook:
    return _book(names, as_of, rate, ())


def _mixed(told: Mapping[str, str]) -> dict[str, str]:
    """``use=RES+IND`` means a mixed parcel."""
    found = dict(told)
    if "+" in found.get("use", ""):
        parts = [part.strip() for part in found["use"].split("+")]
        found.setdefault("use_mix", ";".join(parts))
        found["use"] = parts[0].partition(":")[0].strip()
    return found


def _records(facts: Mapping[str, str], as_of: str) -> tuple[Record, ...]:
    rules = [name.strip() for name in re.split(r"[;、,]", facts.get("rule", "")) if name.strip()]
    document, by = facts.get("document", ""), facts.get("by", "")
    return tuple(Record(name, "", "", document or "on file", facts.get("date", as_of), by) for name in rules)


def complete(told: Mapping[str, Value], as_of: str) -> tuple[dict[str, Value], dict[str, Any]]:
    """The case with what ``rules ask`` assumes (docs/fields.md), and the assumptions as JSON.

    A fact told to be unknown stays unknown; so do the intending users then, where it is the day the publication closed.
    """
    case = dict(told)
    assumed: dict[str, Any] = {}

    def assume(name: str, value: Value) -> None:
        if name not in case:
            case[name] = value
            assumed[name] = shown(fields()[name], value)

    share = block_share(case)
    if share is not None:
        case.setdefault("ind_block_m0_percent", share)
    for name, field in fields().items():
        if field.ask is not None:
            assume(name, field.ask)
        elif field.of == "case" and field.default is not None:
            assume(name, field.default)
    operator = str(case.get("operator") or "")
    if operator in ("gov", "pubinst", "univ"):
        assume("nonprofit", True)
        assume("public_welfare", True)
    elif operator.startswith("npo_"):
        assume("nonprofit", True)
    if operator == "existing_user" and case.get("use") is not None:
        assume("present_use", case["use"])
    if "publication_closed" in case:
        closed = case["publication_closed"]
        if closed is None or str(closed) > as_of:
            case["intending_users"] = None
    else:
        assumed["publication_closed"] = True
        case["publication_closed"] = as_of
    if case.get("use_mix") and "use" not in case:
        mix = case["use_mix"]
        case["use"] = str(mix[0]).partition(":")[0] if isinstance(mix, tuple) else None
    if "area_m2" in case:
        case.setdefault("site_area_m2", case["area_m2"])
        new = case["area_m2"] if case.get("land_source") == "new" else 0
        case.setdefault("new_area_m2", new)
    case.setdefault("site_parcels", 1)
    quiet = [name for name in PRICES if name not in case]
    if quiet:
        assumed["prices"] = "lawful"
    return case, assumed


def incomplete(name: str, as_of: str) -> dict[str, str]:
    """The note that a date lies before a pack's ``complete_from``."""
    since = pack(name).complete_from
    return {
        "rule": "",
        "en": f"pack {name} is complete from {since} only; {as_of} is earlier",
        "zh": f"规则库 {name} 自 {since} 起完整；{as_of} 在此之前",
    }


def _off(notes: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "verdict": "n/a",
        "grade": "",
        "rules": [],
        "conditions": [],
        "notes": notes,
        "term_min_years": None,
        "term_max_years": None,
        "term_years": None,
        "term_rules": [],
        "lease_years": None,
        "parts": [],
        "preferences": [],
        "price_floor": None,
    }


def _answer(
    rulebook: RuleBook,
    judgement: Judgement,
    method: Method,
    case: Mapping[str, Value],
    quiet: frozenset[str],
    notes: list[dict[str, str]],
) -> dict[str, Any]:
    rules = [rule_entry(rulebook, r.rule_id, r.verdict, r.unknowns) for r in judgement.rules]
    floors = _floors(rulebook, judgement, method, case, quiet)
    return {
        "verdict": stated_verdict(rulebook, judgement),
        "grade": strongest(entry["grade"] for entry in rules if entry["verdict"] == judgement.verdict),
        "rules": rules,
        "conditions": [
            {"rule": c.rule, "fact": c.fact, "en": c.text.en, "zh": c.text.zh, "document": c.document}
            for c in judgement.conditions
        ],
        "notes": notes
        + [_note(rulebook.rules[name], judgement) for name in judgement.notes]
        + [_looser_floor(rulebook.rules[low], rulebook.rules[high]) for low, high in sorted(_looser(floors).items())],
        "term_min_years": judgement.term_min,
        "term_max_years": judgement.term_max,
        "term_years": judgement.term,
        "term_rules": list(judgement.term_rules),
        "lease_years": judgement.lease_years,
        "parts": [{"use": p.use, "percent": p.percent, "term_max_years": p.term_max} for p in judgement.parts],
        "preferences": preferences(rulebook, method, judgement, case),
        "price_floor": floor_entry(judgement, floors),
    }


def stated_verdict(rulebook: RuleBook, judgement: Judgement) -> str:
    """The verdict as it is told: ``n/a`` before the method existed, ``undetermined`` where the law is silent."""
    deciding = judgement.deciding
    if judgement.verdict == "forbid" and all(_not_yet(rulebook, name) for name in deciding):
        return "n/a"
    if judgement.verdict == "condition" and any(name.startswith("default.") for name in deciding):
        return "undetermined"
    return judgement.verdict


def _not_yet(rulebook: RuleBook, name: str) -> bool:
    return name in rulebook.rules and bool(rulebook.rules[name].spec.get("not_yet"))


_DEFAULT: dict[str, Any] = {
    "domain": [],
    "cite": {
        "doc": "methods.toml",
        "number": "",
        "article": "",
        "rank": 0,
        "from": "",
        "until": None,
        "vague_start": "",
    },
    "grade": "U",
    "title": {
        "en": "default of the method, no rule in force states it",
        "zh": "该方式的默认规则（当时无成文规则载明）",
    },
}


def rule_entry(rulebook: RuleBook, identifier: str, verdict: str, unknowns: Sequence[str] = ()) -> dict[str, Any]:
    """A deciding rule with its citation and grade, as JSON."""
    rule = rulebook.rules.get(identifier)
    if rule is None:
        return {**_DEFAULT, "id": identifier, "verdict": verdict, "unknown": list(unknowns)}
    cite = rule.cite
    return {
        "id": rule.id,
        "domain": list(rule.domain),
        "verdict": verdict,
        "cite": {
            "doc": cite.doc,
            "number": cite.number,
            "article": cite.article,
            "rank": cite.rank,
            "from": rule.start,
            "until": rule.until,
            "vague_start": vague_start(rule),
        },
        "grade": grade_of(rule),
        "title": {"en": rule.title.en, "zh": rule.title.zh},
        "unknown": list(unknowns),
    }


def _note(rule: Rule, judgement: Judgement) -> dict[str, str]:
    if rule.kind == "note":
        return {"rule": rule.id, "flag": rule.spec["flag"], **rule.spec["text"]}
    if any(verdict == "permit" for verdict in rule.spec["verdict"].values()) and rule.id not in judgement.deciding:
        en, zh = "looser rule of lower rank, not obeyed", "下位规则较宽，不予适用"
        return {"rule": rule.id, "flag": "looser", "en": f"{en}: {rule.title.en}", "zh": f"{zh}：{rule.title.zh}"}
    return {"rule": rule.id, "flag": "unknown", "en": f"may apply: {rule.title.en}", "zh": f"或将适用：{rule.title.zh}"}


def preferences(
    rulebook: RuleBook, method: Method, judgement: Judgement, case: Mapping[str, Value]
) -> list[dict[str, Any]]:
    """The preferences that would count for the method; a wish, never a verdict."""
    here: dict[str, Value] = {**case, "method": method.id, "right": method.right, "competitive": method.competitive}
    here["term_years"] = judgement.term
    return [
        {"rule": rule.id, "points": rule.spec["points"], "points_per_ha": rule.spec["points_per_ha"]}
        for rule in rulebook.rules.values()
        if rule.kind == "preference" and method.id in rule.spec["methods"] and truth(parse(rule.when), here)
    ]


def _floors(
    rulebook: RuleBook, judgement: Judgement, method: Method, case: Mapping[str, Value], quiet: frozenset[str]
) -> tuple[Rule, ...]:
    """The floor rules that hold, and those that would hold for some price facts nobody told."""
    named = [part.rule for part in judgement.derivation.parts]
    if quiet:
        named += [clause.rule.id for clause in _possible(rulebook, method, case)]
    return tuple(rulebook.rules[name] for name in dict.fromkeys(named))


_SHARE = re.compile(r"(\d+(?:\.\d+)?) \* ([a-z_]\w*(?: \* year_factor)?)")
"""A floor that is a share of one price, such as ``0.7 * benchmark_price * year_factor``."""


def _looser(floors: Sequence[Rule]) -> dict[str, str]:
    """Floors that never bind, with the rule of higher rank that asks for a larger share of the same price."""
    shares = [
        (rule, Fraction(found[1]), found[2])
        for rule in floors
        if (found := _SHARE.fullmatch(rule.spec["per_m2"])) and found[2] != "year_factor"
    ]
    return {
        low.id: high.id
        for low, part, price in shares
        for high, whole, same in shares
        if price == same and part < whole and low.cite.rank < high.cite.rank
    }


def _looser_floor(low: Rule, high: Rule) -> dict[str, str]:
    return {
        "rule": low.id,
        "flag": "looser",
        "en": f"looser rule of lower rank, not obeyed, below national rule {high.id}: {low.title.en}",
        "zh": f"下位规则较宽，低于上位规则 {high.id}，不予适用：{low.title.zh}",
    }


def floor_entry(judgement: Judgement, floors: Sequence[Rule]) -> dict[str, Any] | None:
    """The price floor: formula, and yuan per m² where the facts give it; ``None`` if there is none."""
    loose = _looser(floors)
    kept = [rule for rule in floors if rule.id not in loose]
    if not kept:
        return None
    texts = list(dict.fromkeys(rule.spec["per_m2"] for rule in kept))
    return {
        "yuan_per_m2": None if judgement.floor is None else _money(judgement.floor),
        "formula": _largest(texts),
        "words": {lang: _words(texts, lang) for lang in ("en", "zh")},
        "rules": [rule.id for rule in kept],
        "year_factor": _factor(judgement),
    }


def _factor(judgement: Judgement) -> str:
    return decimal(judgement.factor, 6)


def _possible(rulebook: RuleBook, method: Method, case: Mapping[str, Value]) -> list[Clause]:
    """Floors that would hold for some price facts nobody told."""
    here = {**case, "method": method.id, "right": method.right, "competitive": method.competitive}
    return [clause for clause, _ in rulebook.shelves[method.id].floors if clause.holds(here) is not False]


_STEP = re.compile(r"[\d.]+ \* year_factor")


def _ladder(texts: Sequence[str]) -> tuple[list[str], tuple[str, str] | None]:
    """The texts without the steps of a price ladder that nothing chooses from; the ladder's ends."""
    steps = sorted(Fraction(text.split()[0]) for text in texts if _STEP.fullmatch(text))
    if len(steps) <= 3:
        return list(texts), None
    return [text for text in texts if not _STEP.fullmatch(text)], (decimal(steps[-1]), decimal(steps[0]))


def _words(texts: Sequence[str], lang: str) -> list[str]:
    shown, ladder = _ladder(texts)
    words = [formula(parse_price(text), lang) for text in shown]
    if ladder:
        most, least = ladder
        by_grade = f"({most} to {least} by grade) × year factor" if lang == "en" else f"（按等别 {most} 至 {least}）"
        words.append(by_grade if lang == "en" else f"{by_grade}× 年期修正系数")
    return words


def _largest(texts: Sequence[str]) -> str:
    shown, ladder = _ladder(texts)
    if ladder:
        shown.append(f"({ladder[0]} to {ladder[1]} by grade) * year_factor")
    return shown[0] if len(shown) == 1 else f"max({', '.join(shown)})"


def _money(amount: Fraction) -> int | str:
    text = decimal(amount, 4)
    return int(text) if "." not in text else text
