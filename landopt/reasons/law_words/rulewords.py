"""What ``landopt rules`` says in words: verdicts, ranges of years, what changed for whom."""

from __future__ import annotations

import re
from typing import Any

from constraints.reading.asking.told_facts import field_named
from landopt.reasons.words import code_word, word
from parcels.common.catalogue import listed, phrase
from parcels.common.schema import fields
from parcels.common.vocabulary import code_of, subject_of


def floor_words(floor: dict[str, Any], lang: str) -> str:
    """A price floor with its amount, where it is known, and the year factor it was taken with."""
    parts = floor["words"][lang]
    text = parts[0] if len(parts) == 1 else phrase("floor.largest", lang, parts=tuple(parts))
    amount = "" if floor["yuan_per_m2"] is None else f" = {floor['yuan_per_m2']}"
    factor = "" if floor["year_factor"] == "1" else phrase("floor.factor", lang, factor=floor["year_factor"])
    return phrase("floor.line", lang, text=text, amount=amount, factor=factor)


def shift_lines(shifts: list[dict[str, Any]], lang: str) -> list[str]:
    """Verdicts that changed, in words: a line for each change, with the uses, operators and rules."""
    groups: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], dict[tuple[str, int], list[str]]] = {}
    for shift in shifts:
        key = (shift["before"], shift["after"], tuple(shift["rules"]), tuple(shift["operators"]))
        groups.setdefault(key, {}).setdefault((shift["use"], shift["intending_users"]), []).append(shift["method"])
    lines: dict[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...], int], list[str]] = {}
    for (before, after, by, who), cases in groups.items():
        for (use, count), ways in cases.items():
            lines.setdefault((before, after, by, who, tuple(ways), count), []).append(use)
    merged: dict[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]], list[int]] = {}
    for (before, after, by, who, named, count), those in lines.items():
        merged.setdefault((before, after, by, who, named, tuple(those)), []).append(count)

    def several(field: str, codes: tuple[str, ...]) -> str:
        every = fields()[field].values
        left = [code for code in every if code not in codes]
        if len(left) >= len(codes):
            return listed((code_word(field, code, lang) for code in codes), lang)
        if not left:
            return phrase(f"shift.every-{field}", lang)
        rest = tuple(code_word(field, code, lang) for code in left)
        return phrase(f"shift.{field}-but", lang, rest=rest)

    found = []
    for (before, after, by, who, named, uses), counts in merged.items():
        users = "" if len(counts) > 1 else phrase("shift.users", lang, count=counts[0])
        line = phrase(
            "shift.line",
            lang,
            methods=tuple(word("method", method, lang) for method in named),
            before=word("short-verdict", before, lang),
            after=word("short-verdict", after, lang),
            uses=several("use", uses),
            whom=several("operator", who),
            users=users,
            rules=by,
        )
        found.append(line)
    return found


def field_key(word: str) -> str:
    """The name of a field told by its name, a title or an alias; the word itself if there is none."""
    field = field_named(word)
    return word if field is None else field.name


def code_text(name: str, text: str) -> str:
    """A value told in words (科研用地, research land) in the codes of its field; else as it stands."""
    field = fields().get(name)
    if field is None or not field.values:
        return text
    subject = subject_of(name)
    whole = code_of(subject, text, field.values)
    if whole is not None:
        return whole
    return "".join(code_of(subject, part, field.values) or part for part in re.split(r"([;；、,，+])", text))


def years(low: int | None, high: int | None, lang: str) -> str:
    """A range of years in words; blank where it is open on both sides."""
    if high is None:
        return "" if low is None else phrase("years.least", lang, low=low)
    if low is None:
        return phrase("years.most", lang, high=high)
    return phrase("years.range", lang, low=low, high=high)
