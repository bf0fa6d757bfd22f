"""An answer of ``rules ask`` in the register of a formal file: the deciding rule first, one line for each method."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from constraints.loading.load import methods
from constraints.loading.method_facts import looks, off
from constraints.types import STRICTNESS, Method
from landopt.reasons.law_words.rulewords import floor_words, years
from landopt.reasons.words import code_word
from parcels.common.catalogue import listed, phrase
from parcels.common.schema import fields

DECIDING = 2
"""Deciding rules cited in a method's line; ``--notes`` prints all."""


def answer_lines(answer: Mapping[str, Any], as_of: str, lang: str, *, notes: bool = False) -> list[str]:
    """An answer (:func:`constraints.reading.asking.ask.ask`) as lines: assumptions, warnings, a line for each method.

    Parameters
    ----------
    answer
        The answer as data.
    as_of
        ISO date asked about.
    lang
        ``zh`` or ``en``.
    notes
        Below each line every rule that speaks, every paper and every note.

    Returns
    -------
    list of str
        Never more than ten without ``notes``.
    """
    lines = [assumed_line(answer["assumed"], as_of, lang)]
    shown = [method for method in methods() if answer[method.id]["verdict"] != "n/a" or answer[method.id]["rules"]]
    about = list(
        dict.fromkeys(note[lang] for method in shown for note in answer[method.id]["notes"] if not note["rule"])
    )
    if about:
        head = phrase("answer.late", lang) + _colon(lang)
        lines.append(head + listed(about, lang, "semicolon") + phrase("answer.stop", lang))
    for method in shown:
        entry = answer[method.id]
        lines.append(method_line(method, entry, lang))
        if notes:
            lines += [f"    {line}" for line in _details(entry, lang)]
    if not notes:
        lines.append(phrase("answer.more", lang))
    return lines


def assumed_line(assumed: Mapping[str, Any], as_of: str, lang: str) -> str:
    """What nobody told and the answer takes for granted, in words."""
    parts = [_assumption(name, value, lang) for name, value in assumed.items()]
    head = phrase("answer.assumed", lang) + phrase("answer.brackets", lang, text=as_of) + _colon(lang)
    return head + listed(parts, lang) + phrase("answer.stop", lang)


def _assumption(name: str, value: Any, lang: str) -> str:
    if name == "prices":
        return phrase("answer.lawful", lang)
    if name == "publication_closed":
        return phrase("answer.published", lang)
    title = fields()[name].title(lang)
    if isinstance(value, bool):
        shown = phrase("value.yes" if value else "value.no", lang)
    elif isinstance(value, list):
        shown = listed((code_word(name, each, lang) for each in value), lang)
    else:
        shown = code_word(name, value, lang) if isinstance(value, str) else str(value)
    return f"{title}{_colon(lang)}{shown or phrase('value.none', lang)}"


def method_line(method: Method, entry: Mapping[str, Any], lang: str) -> str:
    """What the law says about one method: the verdict, its basis, papers, term and floor."""
    title = method.title.text(lang)
    way = looks()[method.id].way
    date = _exists_from(entry, lang)
    said = phrase(f"answer-verdict.{entry['verdict']}", lang, way=way, title=title, date=date)
    unread = entry["grade"] not in ("", "V1")
    basis = _basis(entry, lang)
    line = phrase("answer.line", lang, title=title, said=said, basis=basis)
    tail = [_papers(entry, lang), _term(entry, lang)]
    if entry["price_floor"] and entry["verdict"] != "forbid":
        tail.append(floor_words(entry["price_floor"], lang))
    line = listed([line, *(part for part in tail if part)], lang, "semicolon")
    if unread:
        line = phrase("answer.unread", lang) + line
    return line + phrase("answer.stop", lang)


def _exists_from(entry: Mapping[str, Any], lang: str) -> str:
    """The first day of the instrument that made a method which is not there yet; "" for the others."""
    dates = [rule["cite"] for rule in deciding(entry) if not rule["cite"]["from"]]
    if entry["verdict"] != "n/a" or not dates:
        return ""
    first = min(dates, key=lambda cite: str(cite["since"]))
    return str(first["since"]) if first["since_known"] else phrase("answer.vague", lang, date=first["since"])


def deciding(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rules whose own verdict is the verdict, the highest rank and the best-read first."""
    told = {"n/a": "forbid", "undetermined": "condition"}.get(entry["verdict"], entry["verdict"])
    return [rule for rule in entry["rules"] if rule["verdict"] == told]


def _basis(entry: Mapping[str, Any], lang: str) -> str:
    cited = [citation(rule, lang) for rule in deciding(entry)[:DECIDING] if rule["cite"]["since"]]
    if not cited:
        return ""
    text = phrase("answer.basis", lang) + listed(dict.fromkeys(cited), lang, "semicolon")
    return phrase("answer.brackets", lang, text=text)


_BRACKET = re.compile(r"^(.*?)(（[^（）]*）)$")


def citation(rule: Mapping[str, Any], lang: str) -> str:
    """Document, number, article, first day in force and grade: 《…》（…号）第…条，…起施行，V1."""
    cite = rule["cite"]
    found = _BRACKET.match(cite["doc"])
    doc, more = (found[1], found[2]) if found else (cite["doc"], "")
    number = f"（{cite['number']}）" if re.search(r"[号〕]", cite["number"]) else ""
    when = phrase("answer.since" if cite["since_known"] else "answer.since-vague", lang, date=cite["since"])
    told = {"doc": doc, "more": more, "number": number, "article": cite["article"], "when": when}
    return phrase("answer.cited", lang, **told, grade=rule["grade"])


def _papers(entry: Mapping[str, Any], lang: str) -> str:
    if entry["verdict"] not in ("condition", "undetermined"):
        return ""
    texts = list(dict.fromkeys(each[lang] for each in entry["conditions"]))
    if not texts:
        return ""
    return phrase("answer.papers", lang) + listed(texts, lang, "semicolon")


def _term(entry: Mapping[str, Any], lang: str) -> str:
    if entry["verdict"] in ("forbid", "n/a"):
        return ""
    if len(entry["parts"]) > 1:
        shown = [
            phrase(
                "answer.part",
                lang,
                use=code_word("use", part["use"], lang),
                percent=part["percent"],
                years=_part_years(part, lang),
            )
            for part in entry["parts"]
        ]
        return phrase("answer.parts", lang) + listed(shown, lang, "semicolon")
    span = years(entry["term_min_years"], entry["term_max_years"], lang)
    return phrase("answer.term", lang, years=span) if span else ""


def _part_years(part: Mapping[str, Any], lang: str) -> str:
    """The term asked for where it is shorter than the part may have, and the longest the part may have."""
    most = years(None, part["term_max_years"], lang) or "-"
    own = part["term_years"]
    if own is None or own == part["term_max_years"]:
        return most
    return phrase("answer.shorter", lang, own=own, most=most)


def _details(entry: Mapping[str, Any], lang: str) -> list[str]:
    """Every rule, the strictest first after the deciding ones; every paper; every note."""
    first = deciding(entry)
    others = sorted((r for r in entry["rules"] if r not in first), key=lambda r: -STRICTNESS[r["verdict"]])
    lines = [f"{rule['id']}{_colon(lang)}{rule['title'][lang]} - {citation(rule, lang)}" for rule in (*first, *others)]
    if entry["verdict"] not in ("condition", "undetermined"):
        lines += [f"{phrase('answer.papers', lang)}{each[lang]}" for each in entry["conditions"]]
    lines += [f"{note['rule']}{_colon(lang)}{note[lang]}" for note in entry["notes"] if note["rule"]]
    return list(dict.fromkeys(lines))


def table(rows: Sequence[Mapping[str, Any]], lang: str) -> list[list[str]]:
    """Many answers as a table: number, date, the verdict of each method, and the basis of each."""
    shown = [method for method in methods() if not off(method.id)]
    titles = [method.title.text(lang) for method in shown]
    head = [phrase("answer.case", lang), phrase("answer.date", lang), *titles, phrase("answer.grounds", lang)]
    lines = [head]
    for row in rows:
        answer = row["answer"]
        words = [_short(answer[method.id]["verdict"], lang) for method in shown]
        basis = [
            f"{title}{_colon(lang)}{citation(first[0], lang)}"
            for title, method in zip(titles, shown, strict=True)
            if (first := deciding(answer[method.id])) and first[0]["cite"]["since"]
        ]
        lines.append([str(row["case"]), str(row["as_of"]), *words, listed(basis, lang, "semicolon")])
    return lines


def _short(verdict: str, lang: str) -> str:
    return phrase(f"answer-short.{verdict}", lang)


def _colon(lang: str) -> str:
    return phrase("answer.colon", lang)
