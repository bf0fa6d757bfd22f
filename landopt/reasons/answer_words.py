"""An answer of ``rules ask`` in the register of a formal file: the deciding rule first, one line for each method."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from constraints.loading.load import methods
from constraints.loading.method_facts import looks, off
from constraints.types import STRICTNESS, Method
from landopt.reasons.rulewords import floor_words, years
from landopt.reasons.words import code_word
from parcels.common.catalogue import listed
from parcels.common.schema import fields

DECIDING = 2
"""Deciding rules cited in a method's line; ``--notes`` prints all."""


@cache
def _phrases() -> dict[str, Any]:
    path = Path(__file__).parent / "templates" / "answers.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _word(name: str, lang: str, **values: str) -> str:
    return str(_phrases()["word"][name][lang]).format(**values)


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
        lines.append(f"{_word('late', lang)}{_colon(lang)}{_semicolon(lang).join(about)}{_word('stop', lang)}")
    for method in shown:
        entry = answer[method.id]
        lines.append(method_line(method, entry, lang))
        if notes:
            lines += [f"    {line}" for line in _details(entry, lang)]
    if not notes:
        lines.append(_word("more", lang))
    return lines


def assumed_line(assumed: Mapping[str, Any], as_of: str, lang: str) -> str:
    """What nobody told and the answer takes for granted, in words."""
    parts = [_assumption(name, value, lang) for name, value in assumed.items()]
    left, right = ("（", "）") if lang == "zh" else (" (", ")")
    comma = "、" if lang == "zh" else ", "
    return f"{_word('assumed', lang)}{left}{as_of}{right}{_colon(lang)}{comma.join(parts)}{_word('stop', lang)}"


def _assumption(name: str, value: Any, lang: str) -> str:
    if name == "prices":
        return _word("lawful", lang)
    if name == "publication_closed":
        return _word("published", lang)
    title = fields()[name].title(lang)
    if isinstance(value, bool):
        shown = _word("yes" if value else "no", lang)
    elif isinstance(value, list):
        shown = listed((code_word(name, each, lang) for each in value), lang)
    else:
        shown = code_word(name, value, lang) if isinstance(value, str) else str(value)
    return f"{title}{_colon(lang)}{shown or _word('none', lang)}"


def method_line(method: Method, entry: Mapping[str, Any], lang: str) -> str:
    """What the law says about one method: the verdict, its basis, papers, term and floor."""
    title = method.title.text(lang)
    way = looks()[method.id].way
    said = _phrases()["verdict"][entry["verdict"]][lang].format(way=way, title=title, date=_exists_from(entry, lang))
    unread = entry["grade"] not in ("", "V1")
    head = f"{title}{_colon(lang)}" if lang == "en" else ""
    basis = _basis(entry, lang)
    line = f"{head}{said}{basis}"
    tail = [_papers(entry, lang), _term(entry, lang)]
    if entry["price_floor"] and entry["verdict"] != "forbid":
        tail.append(floor_words(entry["price_floor"], lang))
    line = _semicolon(lang).join([line, *(part for part in tail if part)])
    if unread:
        line = f"{_word('unread', lang)}{line}"
    return line + _word("stop", lang)


def _exists_from(entry: Mapping[str, Any], lang: str) -> str:
    """The first day of the instrument that made a method which is not there yet; "" for the others."""
    dates = [rule["cite"] for rule in deciding(entry) if not rule["cite"]["from"]]
    if entry["verdict"] != "n/a" or not dates:
        return ""
    first = min(dates, key=lambda cite: str(cite["since"]))
    return str(first["since"]) if first["since_known"] else _word("vague", lang, date=first["since"])


def deciding(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rules whose own verdict is the verdict, the highest rank and the best-read first."""
    told = {"n/a": "forbid", "undetermined": "condition"}.get(entry["verdict"], entry["verdict"])
    return [rule for rule in entry["rules"] if rule["verdict"] == told]


def _basis(entry: Mapping[str, Any], lang: str) -> str:
    cited = [citation(rule, lang) for rule in deciding(entry)[:DECIDING] if rule["cite"]["since"]]
    if not cited:
        return ""
    left, right = ("（", "）") if lang == "zh" else (" (", ")")
    return f"{left}{_word('basis', lang)}{_semicolon(lang).join(dict.fromkeys(cited))}{right}"


_BRACKET = re.compile(r"^(.*?)(（[^（）]*）)$")


def citation(rule: Mapping[str, Any], lang: str) -> str:
    """Document, number, article, first day in force and grade: 《…》（…号）第…条，…起施行，V1."""
    cite = rule["cite"]
    found = _BRACKET.match(cite["doc"])
    doc, more = (found[1], found[2]) if found else (cite["doc"], "")
    number = f"（{cite['number']}）" if re.search(r"[号〕]", cite["number"]) else ""
    when = _word("since" if cite["since_known"] else "since_vague", lang, date=cite["since"])
    article = f"{cite['article']}" if lang == "zh" else f" {cite['article']}"
    comma = "，" if lang == "zh" else ", "
    return f"《{doc}》{more}{number}{article}{comma}{when}{comma}{rule['grade']}"


def _papers(entry: Mapping[str, Any], lang: str) -> str:
    if entry["verdict"] not in ("condition", "undetermined"):
        return ""
    texts = list(dict.fromkeys(each[lang] for each in entry["conditions"]))
    if not texts:
        return ""
    return _word("papers", lang) + _semicolon(lang).join(texts)


def _term(entry: Mapping[str, Any], lang: str) -> str:
    if entry["verdict"] in ("forbid", "n/a"):
        return ""
    if len(entry["parts"]) > 1:
        shown = [
            _word(
                "part",
                lang,
                use=code_word("use", part["use"], lang),
                percent=part["percent"],
                years=_part_years(part, lang),
            )
            for part in entry["parts"]
        ]
        return _word("parts", lang) + _semicolon(lang).join(shown)
    span = years(entry["term_min_years"], entry["term_max_years"], lang)
    return _word("term", lang, years=span) if span else ""


def _part_years(part: Mapping[str, Any], lang: str) -> str:
    """The term asked for where it is shorter than the part may have, and the longest the part may have."""
    most = years(None, part["term_max_years"], lang) or "-"
    own = part["term_years"]
    if own is None or own == part["term_max_years"]:
        return most
    return f"{own} 年（{most}）" if lang == "zh" else f"{own} years ({most})"


def _details(entry: Mapping[str, Any], lang: str) -> list[str]:
    """Every rule, the strictest first after the deciding ones; every paper; every note."""
    first = deciding(entry)
    others = sorted((r for r in entry["rules"] if r not in first), key=lambda r: -STRICTNESS[r["verdict"]])
    lines = [f"{rule['id']}{_colon(lang)}{rule['title'][lang]} - {citation(rule, lang)}" for rule in (*first, *others)]
    if entry["verdict"] not in ("condition", "undetermined"):
        lines += [f"{_word('papers', lang)}{each[lang]}" for each in entry["conditions"]]
    lines += [f"{note['rule']}{_colon(lang)}{note[lang]}" for note in entry["notes"] if note["rule"]]
    return list(dict.fromkeys(lines))


def table(rows: Sequence[Mapping[str, Any]], lang: str) -> list[list[str]]:
    """Many answers as a table: number, date, the verdict of each method, and the basis of each."""
    shown = [method for method in methods() if not off(method.id)]
    titles = [method.title.text(lang) for method in shown]
    head = ["编号", "日期", *titles, "依据"] if lang == "zh" else ["case", "as_of", *titles, "basis"]
    lines = [head]
    for row in rows:
        answer = row["answer"]
        words = [_short(answer[method.id]["verdict"], lang) for method in shown]
        basis = _semicolon(lang).join(
            f"{title}{_colon(lang)}{citation(first[0], lang)}"
            for title, method in zip(titles, shown, strict=True)
            if (first := deciding(answer[method.id])) and first[0]["cite"]["since"]
        )
        lines.append([str(row["case"]), str(row["as_of"]), *words, basis])
    return lines


_SHORT = {
    "permit": "可以",
    "condition": "附条件",
    "warn": "可以（预计难成交）",
    "forbid": "不得",
    "undetermined": "待查",
    "n/a": "不适用",
}


def _short(verdict: str, lang: str) -> str:
    return _SHORT[verdict] if lang == "zh" else verdict


def _colon(lang: str) -> str:
    return "：" if lang == "zh" else ": "


def _semicolon(lang: str) -> str:
    return "；" if lang == "zh" else "; "
