"""Text from records, last of all: the wording of a formal file in English and in Chinese.

Templates (``landopt/reasons/templates/<lang>/*.j2``) hold no law; every citation and grade comes from the record.
Nothing reads these texts back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from landopt.reasons import words
from landopt.reasons.across_words import FILTERS
from landopt.reasons.compared.change_words import ChangeWords
from landopt.reasons.explain.open_facts import office_name
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.law_words.article_words import article_words
from landopt.reasons.law_words.own_corrections import own_corrections
from landopt.reasons.law_words.own_exceptions import own_exceptions
from landopt.reasons.law_words.pack_words import late_lines
from landopt.reasons.limit_words import LimitWords
from landopt.reasons.two_names import said_in, two_names
from parcels.common.catalogue import both

if TYPE_CHECKING:
    from jinja2 import Environment

    from constraints.case import Case
    from constraints.types import Rule

LANGUAGES = ("en", "zh")
_METHODS = frozenset(dir(dict))
UNIT, RECORD = "\x1f", "\x1e"
"""Separators of cells and rows of a form: control characters, which no text from outside carries."""
LONG = 40
"""More records than this and the printed plan is a summary that says how to see one case."""
Compared = Callable[[Mapping[str, Any]], Mapping[str, Any]]
CASES = 100
"""More assignments than this and the summary leaves out the line for each case."""
HELD_REASONS = 6


@cache
def environment(lang: str) -> Environment:
    """The template environment of a language, with the filters bound to it.

    Raises
    ------
    ValueError
        If the language is neither ``en`` nor ``zh``.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    class OfRecords(Environment):
        """Records are dictionaries: a name is looked up there first, unless dictionaries have it for a method."""

        def getattr(self, obj: Any, attribute: str) -> Any:
            if type(obj) is dict and attribute in obj and attribute not in _METHODS:
                return obj[attribute]
            return super().getattr(obj, attribute)

    if lang not in LANGUAGES:
        raise ValueError(f"language {lang!r} is not one of {', '.join(LANGUAGES)}")
    made = OfRecords(
        loader=FileSystemLoader(str(words.TEMPLATES)),
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # plain text for a terminal and a file, never HTML
        keep_trailing_newline=False,
    )
    made.filters.update(
        word=lambda code, subject: words.word(subject, code, lang),
        word_of=lambda code, subject: words.word(subject, code, lang),
        tie_step=lambda name: words.tie_step(name, lang),
        title_of=lambda name: words.field_title(name, lang),
        fact=lambda entry: words.shown(entry["field"], entry["value"], entry["unit"], lang),
        money=lambda yuan: words.money(yuan, lang),
        ha=words.hectares,
        formula=lambda text: words.formula(text, lang),
        percent=words.percent, points=words.points,
        signed=lambda value: ("+" if value > 0 else "-" if value < 0 else "") + words.points(abs(value)),
        grouped=words.grouped, counted=words.counted,
        unit=lambda code: f" {words.word('unit', code, lang)}" if code else "",
        date=lambda iso: words.date(iso, lang),
        period=lambda name: words.period(name, lang),
        capfirst=lambda text: text[:1].upper() + text[1:],
        office=lambda code: office_name(code, lang),
        numeral=words.numeral, doc=words.book_title,
        article=lambda text: article_words(text, lang),
        pad=words.pad, by_worth=_by_worth, amount=lambda value, name: words.amount(value, name, lang),
        **FILTERS,
    )  # fmt: skip
    return made


def _by_worth(record: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], int]]:
    """The limits whose lifting could bring something, with how much at most, the largest first."""
    pairs = [(limit, worth) for limit, worth in zip(record["limits"], record["worth"], strict=True) if worth]
    return sorted(pairs, key=lambda pair: -pair[1])


def render(record: Any, lang: str, rules: Iterable[Rule] = ()) -> str:
    """The text of one record (dataclass or its JSON) in ``en`` or ``zh``; ends in a newline.

    ``rules`` of its case give the keys of limits their words.

    Raises
    ------
    ValueError
        If the record is of no known kind.
    """
    data = record if isinstance(record, Mapping) else as_json(record)
    kind = data.get("kind")
    if kind not in ("assignment", "unserved", "held", "plan"):
        raise ValueError(f"a record of kind {kind!r} has no text")
    text = (
        environment(lang)
        .get_template(f"{lang}/{kind}.j2")
        .render(r={"still": None, "open": None, "basis": None, "worth": [], **data}, said=LimitWords(rules, lang))
    )
    return _tidy(text)


def render_sheet(record: Mapping[str, Any], entry: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """The form of a review sheet as (label, content): ``record`` as compared, ``entry`` its assignment in the plan."""
    text = (
        environment(lang)
        .get_template(f"{lang}/sheet.j2")
        .render(
            r={"still": None, "open": None, "basis": None, "mixed": None, **record},
            e=entry,
            US=UNIT,
            RS=RECORD,
            GS=words.GROUP,
        )
    )
    rows = [part.split(UNIT, 1) for part in text.split(RECORD) if UNIT in part]
    return [(label.strip(), words.alike(re.sub(r"[ \n]+", " ", content).strip(), lang)) for label, content in rows]


def render_notice(
    record: Mapping[str, Any], entry: Mapping[str, Any], lang: str, given: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """The rows of a draft notice as (item, content, place of the figure; "" for what the office fills in)."""
    template = environment(lang).get_template(f"{lang}/notice.j2")
    text = template.render(r={"mixed": None, **record}, e=entry, US=UNIT, RS=RECORD, **given)
    rows = [part.split(UNIT, 2) for part in text.split(RECORD) if UNIT in part]
    return [(label.strip(), re.sub(r"[ \n]+", " ", content).strip(), where.strip()) for label, content, where in rows]


def render_public(record: Mapping[str, Any], lang: str) -> str:
    """What the public edition says of a site, or of the plan as a whole: the land, the method, its basis."""
    return _tidy(environment(lang).get_template(f"{lang}/public.j2").render(r=record))


def render_proposal(plan: Mapping[str, Any], case: Case, lang: str) -> str:
    """What the proposal of a round says: supply, methods, limits by their titles, who is left out, main texts.

    No scores, bounds, ids of rules or commands: they stand in the technical annex.
    """
    records = plan["justification"]
    whole = next(record for record in records if record["kind"] == "plan")
    documents: dict[tuple[str, str], Mapping[str, Any]] = {}
    for cite in sorted(whole["sources"], key=lambda cite: (-cite["rank"], cite["doc"], cite["grade"] != "V1")):
        documents.setdefault((cite["doc"], cite["number"]), cite)  # by the best read of its articles
    left = [
        {"name": left["platform"] or left["id"], "reason": words.main_reason(left["reasons"], lang)}
        | {"premises": left["premises"]}
        for left in records
        if left["kind"] == "unserved"
    ]
    template = environment(lang).get_template(f"{lang}/proposal.j2")
    given = {"unserved": left, "documents": list(documents.values()), "periods": _periods(plan, case)}
    text = template.render(r=whole, said=LimitWords(case.rules, lang), **given)
    return "".join(f"{line}\n" for line in late_lines(case, lang)) + _tidy(text)


def _periods(plan: Mapping[str, Any], case: Case) -> list[dict[str, Any]]:
    """What is supplied in each period of a round that has several: cases, parcels, area, starting prices."""
    found = []
    for period in case.round.periods if len(case.round.periods) > 1 else ():
        rows = [entry for entry in plan["assignments"] if entry["period"] == period.id]
        found.append(
            {
                "id": period.id,
                "cases": len(rows),
                "parcels": sum(len(entry["parcel_ids"]) for entry in rows),
                "area_m2": sum(entry["area_m2"] for entry in rows),
                "start_price_yuan": sum(entry["start_price_yuan"] or 0 for entry in rows),
            }
        )
    return found


def _tidy(text: str) -> str:
    """No trailing blanks, no more than one empty line in a row, one newline at the end."""
    lines: list[str] = []
    for line in text.splitlines():
        line = line.rstrip()
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip("\n") + "\n"


def reasons(record: Any, known: dict[int, dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The reasons of a held parcel or an unserved platform as ``{"rule"|"offer", "en", "zh"}`` (plan.json).

    ``known`` remembers reasons that records share, by identity, for as long as the records are held.
    """
    data = record if isinstance(record, Mapping) else as_json(record)
    known = {} if known is None else known
    found: list[dict[str, Any]] = []
    for entry in data["reasons"]:
        said = known.get(id(entry))
        if said is None:
            said = known[id(entry)] = _reason(entry, data["id"])
        found.append(said)
    for entry in data["best"]:
        ids, demand = entry["parcel_ids"], entry["demand_id"]
        offered = _offered(len(ids), demand is not None, entry["method"])
        en, zh = (_filled(text, (demand or "", *ids)) for text in offered)
        less, loss = _lost(entry["loss"], entry["tier"])
        name = "+".join(ids) + f"/{demand or 'market'}/{entry['method']}"
        found.append({"offer": name, "en": f"{en}: {less}.", "zh": f"{zh}，{loss}。"})
    if data.get("premises"):
        found.append(
            {
                "rule": data["premises_cites"][0]["rule"] if data["premises_cites"] else "premises",
                "premises": True,
                **both("own-reason.premises").pair,
            }
        )
    return found


def _mark(number: int) -> str:
    """What stands for an id in a text that is made once for many: private-use characters, in no id."""
    return f"\ue000{number}\ue001"


def _filled(text: str, ids: Iterable[str]) -> str:
    """A text with the ids in the places of their marks."""
    for number, name in enumerate(ids):
        text = text.replace(_mark(number), name)
    return text


def _reason(entry: Mapping[str, Any], own: str) -> dict[str, Any]:
    """One reason; texts that differ by the ids they name alone are made once."""
    ruling = entry["ruling"]
    said: tuple[Any, ...] | None = None
    if ruling is not None:
        facts = [
            (
                fact["field"],
                _mark(0) if fact["owner"] == own else fact["owner"],
                fact["unit"],
                tuple(fact["value"]) if isinstance(fact["value"], list) else fact["value"],
            )
            for fact in ruling["facts"]
        ]
        said = (tuple(ruling["cite"].items()), ruling["verdict"], tuple(facts), tuple(ruling["unknowns"]))
    ids = entry["parcels"]
    en, zh = _spoken((entry["code"], entry["count"], entry["detail"], entry["of"], len(ids)), said)
    name = entry["code"] if ruling is None else ruling["cite"]["rule"]
    return {
        "rule": name,
        "count": entry["count"],
        "en": _filled(en, (own, *ids)),
        "zh": _filled(zh, (own, *ids)),
    }


@lru_cache(maxsize=65536)
def _spoken(parts: tuple[Any, ...], said: tuple[Any, ...] | None) -> tuple[str, str]:
    """A reason in English and in Chinese; thousands of parcels share one."""
    entry = dict(zip(("code", "count", "detail", "of"), parts[:4], strict=True))
    entry["parcels"] = [_mark(number + 1) for number in range(parts[4])]
    entry["ruling"] = None
    if said is not None:
        cite, verdict, facts, unknowns = said
        told = [dict(zip(("field", "owner", "unit", "value"), fact, strict=True)) for fact in facts]
        entry["ruling"] = {"cite": dict(cite), "verdict": verdict, "facts": told, "unknowns": unknowns}
    en, zh = (_macro(lang, "reasons", "reason", entry).strip() for lang in LANGUAGES)
    return en, zh


@lru_cache(maxsize=1024)
def _offered(parcels: int, demand: bool, method: str) -> tuple[str, str]:
    """An offer with marks for its ids, in English and in Chinese."""
    entry = {
        "parcel_ids": [_mark(number + 1) for number in range(parcels)],
        "demand_id": _mark(0) if demand else None,
        "method": method,
    }
    en, zh = (_macro(lang, "law", "offer", entry) for lang in LANGUAGES)
    return en, zh


@lru_cache(maxsize=4096)
def _lost(loss: int | None, tier: int) -> tuple[str, str]:
    """A proven least loss in English and in Chinese."""
    en, zh = (_macro(lang, "law", "loss", {"loss": loss, "tier": tier}) for lang in LANGUAGES)
    return en, zh


def _macro(lang: str, template: str, name: str, entry: Mapping[str, Any]) -> str:
    return str(_macros(lang, template)[name](entry))


@cache
def _macros(lang: str, template: str) -> dict[str, Any]:
    """The macros of a template."""
    return vars(environment(lang).get_template(f"{lang}/{template}.j2").module)


def render_all(records: Iterable[Mapping[str, Any]], lang: str, rules: Iterable[Rule] = ()) -> str:
    """The texts of several records, one after the other, separated by a line."""
    known = tuple(rules)
    return ("\n" + "-" * 72 + "\n\n").join(render(record, lang, known) for record in records)


def render_summary(plan_json: Mapping[str, Any], case: Case, lang: str) -> str:
    """The printed plan: method table, hectares, starting prices, binding limits, bound lines, how to see one case."""
    records = plan_json["justification"]
    plan = next((record for record in records if record["kind"] == "plan"), None)
    if plan is None:
        raise ValueError("the plan has no record of the plan as a whole")
    cases = [record for record in records if record["kind"] == "assignment"]
    held = [record for record in records if record["kind"] == "held"]
    unserved = [record for record in records if record["kind"] == "unserved"]
    by_whom = (
        by_hand(plan_json, lang).rstrip("\n"),
        own_exceptions(case, plan_json, lang),
        own_corrections(case, lang),
    )
    template = environment(lang).get_template(f"{lang}/summary.j2")
    text = template.render(
        r={"worth": [], **plan},
        said=LimitWords(case.rules, lang),
        plan=plan_json,
        title=case.round.title.text(lang),
        authority=case.round.authority,
        cases=cases if len(cases) <= CASES else [],
        unserved=unserved if len(cases) <= CASES else [],
        held=_by_first_reason(held),
        one=cases[0] if cases else None,
        left=unserved[0] if unserved else None,
        by_hand="\n".join(filter(None, by_whom)),
    )
    return "".join(f"{line}\n" for line in late_lines(case, lang)) + _tidy(text)


def _by_first_reason(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What keeps parcels back, by the first reason of each, the most frequent first."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for record in records:
        if not record["reasons"]:
            continue
        reason = record["reasons"][0]
        ruling = reason["ruling"]
        key = (reason["code"], "" if ruling is None else ruling["cite"]["rule"])
        entry = found.setdefault(key, {"code": reason["code"], "ruling": ruling, "count": 0})
        entry["count"] += 1
    return sorted(found.values(), key=lambda entry: -entry["count"])[:HELD_REASONS]


def render_plan(
    plan_json: Mapping[str, Any], lang: str, case: Case, compared: Callable[[], Compared] = lambda: dict
) -> str:
    """The summary, followed by every record where the round is short: as what ``compared`` gives makes of it."""
    head = render_summary(plan_json, case, lang)
    records = [record for record in plan_json["justification"] if record["kind"] != "plan"]
    if len(records) <= LONG:
        return head + "\n" + "=" * 72 + "\n\n" + render_all(map(compared(), records), lang, case.rules)
    return head


def render_answer(template: str, answer: Mapping[str, Any], lang: str, rules: Iterable[Rule] = ()) -> str:
    """The text of an answer of the desk (``whynot``, ``compare`` ...); the ``rules`` give limits their words."""
    made = environment(lang).get_template(f"{lang}/{template}.j2")
    known = tuple(rules)
    text = _tidy(made.render(r=answer, said=LimitWords(known, lang), changed=ChangeWords(known, lang)))
    return str(said_in(text, two_names(answer), lang))


def by_hand(plan_json: Mapping[str, Any], lang: str, parcel_ids: Sequence[str] | None = None) -> str:
    """What was fixed by hand, by whom, why and at what cost: all of it, or for one site; empty where nothing was."""
    wanted = [
        entry
        for entry in plan_json.get("overrides", ())
        if parcel_ids is None or sorted(entry.get("parcel_ids", ())) == sorted(parcel_ids)
    ]
    return render_answer("by_hand", {"overrides": wanted}, lang) if wanted else ""
