"""The article of a Chinese document as an English paper names it: 第二条第二款 is art. 2 para. 2.

What is no number of an article, section, item or annex (a heading of the text) stays as the document has it.
"""

from __future__ import annotations

import re

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")}
_N = "[零一二三四五六七八九十百]+"
_UNITS = {"款": "para.", "项": "item", "目": "sub-item"}
_NAMED = {
    "附件": "annex",
    "全文": "whole text",
    "总则": "general part",
    "标准表": "table of standards",
    "说明": "notes",
}
_UNREAD = re.compile("（(?:未见原文|原文未见|条文未见|数值未见原文)）$")


def number(text: str) -> int:
    """A Chinese numeral below 1,000 as a number.

    >>> number("三百四十七"), number("十九"), number("二十")
    (347, 19, 20)
    """
    total = digit = 0
    for sign in text:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit


def article_words(text: str, lang: str) -> str:
    """Where in a document, in the words of a language.

    >>> article_words("第五十四条第一至四项", "en"), article_words("一（二）", "en"), article_words("净地出让", "en")
    ('art. 54 items 1-4', 's. 1(2)', '净地出让')
    """
    if lang == "zh" or not re.search(r"[\u4e00-\u9fff]", text):
        return text
    if _UNREAD.search(text):
        return f"{article_words(_UNREAD.sub('', text), lang)} (text not read)"
    if text in _NAMED:
        return _NAMED[text]
    said = re.sub(rf"（(\d{{4}})年文本({_N}|第{_N}条)）", lambda hit: f" ({_point(hit[2])} of the {hit[1]} text)", text)
    parts = [_point(part) for part in re.split(r"([、；])", said)]
    found = "".join({"、": ", ", "；": "; "}.get(part, part) for part in parts)
    if re.search(r"[\u4e00-\u9fff（）]", found):
        return text
    return re.sub(r" +(?=[,;]|$)", "", re.sub(r" +", " ", found)).strip()


def _point(text: str) -> str:
    """One place: an article with its paragraphs and items, a section, an item, an annex."""
    text = re.sub(
        rf"第({_N})(?:至({_N}))?条", lambda hit: f"{_several('art.', 'arts.', hit)} ", text.replace("条第", "条 第")
    )
    text = re.sub(
        rf"第({_N})(?:至({_N}))?([款项目])",
        lambda hit: f" {_several(_UNITS[hit[3]], _UNITS[hit[3]].rstrip('.') + 's', hit)} ",
        text,
    )
    text = re.sub(r"^附件：(\d+)等$", r"annex, grade \1", text)
    text = re.sub(rf"^说明({_N})$", lambda hit: f"note {number(hit[1])}", text)
    text = re.sub(rf"^({_N})(?=$|（)", lambda hit: f"s. {number(hit[1])}", text)
    if re.match(rf"（{_N}）", text):
        text = f"item {text}"
    text = re.sub(rf"）至（({_N})）", lambda hit: f"）-({number(hit[1])})", text)
    return re.sub(rf"（({_N})）", lambda hit: f"({number(hit[1])})", text)


def _several(one: str, more: str, hit: re.Match[str]) -> str:
    first, last = number(hit[1]), hit[2]
    return f"{one} {first}" if last is None else f"{more} {first}-{number(last)}"
