"""What ``landopt rules`` says in words: verdicts, ranges of years, what changed for whom."""

from __future__ import annotations

import re
from typing import Any

from constraints.loading.load import methods
from constraints.reading.asking.law_changes import VERDICTS_ZH
from constraints.reading.asking.told_facts import field_named
from landopt.reasons.words import code_word
from parcels.common.schema import fields

GRADES = {
    "V1": ("article read", "已核原文"),
    "V2": ("read as quoted elsewhere", "据他处引述"),
    "V2L": ("read in a local restatement", "据地方规定转述"),
    "T": ("title only", "仅见标题"),
    "U": ("unverified", "未核实"),
}
"""What a verification grade means, in English and Chinese."""


def floor_words(floor: dict[str, Any], lang: str) -> str:
    """A price floor with its amount, where it is known, and the year factor it was taken with."""
    chinese = lang == "zh"
    parts = floor["words"][lang]
    text = (
        parts[0]
        if len(parts) == 1
        else f"取高者（{'、'.join(parts)}）"
        if chinese
        else f"largest of {'; '.join(parts)}"
    )
    amount = "" if floor["yuan_per_m2"] is None else f" = {floor['yuan_per_m2']}"
    factor = floor["year_factor"]
    if factor != "1":
        amount += f"（年期修正系数 {factor}）" if chinese else f" (year factor {factor})"
    return f"最低价（元/平方米）：{text}{amount}" if chinese else f"floor, yuan/m2: {text}{amount}"


def shift_lines(shifts: list[dict[str, Any]], lang: str) -> list[str]:
    """Verdicts that changed, in words: a line for each change, with the uses, operators and rules."""
    chinese = lang == "zh"
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
        shown = ("、" if chinese else ", ").join(code_word(field, code, lang) for code in codes)
        if len(left) >= len(codes):
            return shown
        rest = ("、" if chinese else ", ").join(code_word(field, code, lang) for code in left)
        if not left:
            return {"use": "各类用途" if chinese else "every use", "operator": "各类主体" if chinese else "everyone"}[
                field
            ]
        if field == "use":
            return f"除{rest}外各类用途" if chinese else f"every use but {rest}"
        return f"除{rest}外各类主体" if chinese else f"everyone but {rest}"

    titles = {method.id: method.title.zh if chinese else method.title.en for method in methods()}
    found = []
    for (before, after, by, who, named, uses), counts in merged.items():
        how = ("、" if chinese else ", ").join(titles[method] for method in named)
        change = f"{verdict_word(before, lang)} -> {verdict_word(after, lang)}"
        number = (
            ""
            if len(counts) > 1
            else f"，意向用地者 {counts[0]} 个"
            if chinese
            else f", {counts[0]} intending user{'s' * (counts[0] > 1)}"
        )
        where, whom = several("use", uses), several("operator", who)
        if chinese:
            found.append(f"  {how}：{change}。{where}；{whom}{number}（{'、'.join(by)}）")
        else:
            found.append(f"  {how}: {change}. {where}; {whom}{number} ({', '.join(by)})")
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
    codes = {code_word(name, code, lang): code for code in field.values for lang in ("zh", "en")}
    return "".join(codes.get(part.strip(), part) for part in re.split(r"([;、,+])", text))


def verdict_word(verdict: str, lang: str) -> str:
    """A verdict in the language."""
    return VERDICTS_ZH[verdict] if lang == "zh" else verdict


def years(low: int | None, high: int | None, lang: str) -> str:
    """A range of years in words; blank where it is open on both sides."""
    chinese = lang == "zh"
    if high is None:
        return "" if low is None else f"不少于 {low} 年" if chinese else f"at least {low} years"
    if low is None:
        return f"最长 {high} 年" if chinese else f"up to {high} years"
    return f"{low}-{high} 年" if chinese else f"{low} to {high} years"
