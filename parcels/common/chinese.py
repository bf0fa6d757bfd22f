"""What findings say, in Chinese: sentences by template (``chinese.toml``, ``chinese_rooms.toml``), places by parts.

Standard library only. The English sentence is the record; the Chinese one is made from it for the screen. A sentence
without a template stays as it is, behind its title.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from parcels.common.schema import fields_of

ROLES = {
    "permanent_basic_farmland": "永久基本农田",
    "ecological_red_line": "生态保护红线",
    "ecological_red_line_core": "自然保护地核心区",
    "urban_boundary": "城镇开发边界",
    "industrial_block": "工业产业区块",
    "zones": "政策区",
    "points": "点",
}
_PLACES = (
    (r", layer ([^,]+)", r"，图层 \1"),
    (r", sheet ([^,]+)", r"，工作表 \1"),
    (r"(?:, | and |^)row (\d+)(?:-(\d+))?", r"，第 \1 行"),
    (r"(?:, |^)id ", "，编号 "),
    (r", entry (\d+)$", r"，第 \1 条"),
    (r"(?:, |^)column ", "，列 "),
    (r"(?<=\w):(\d+)(?=$|,| and )", r" 第 \1 行"),
    (r" and (?=.+ 第 \d+ 行$)", "；"),
)


@cache
def _templates(section: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns of a section, the most literal first."""
    entries: dict[str, str] = {}
    for name in ("chinese.toml", "chinese_rooms.toml"):
        page = tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
        entries.update(page.get(section, {}))
    order = sorted(entries, key=lambda english: (-len(_HOLE.sub("", english)), english))
    return tuple((re.compile("".join(map(_piece, _HOLE.split(english))), re.S), entries[english]) for english in order)


_HOLE = re.compile(r"(\{(?:word|number)?\})")


def _piece(text: str) -> str:
    """A part of a template as a pattern: ``{}`` is any text, ``{word}`` one word, ``{number}`` digits."""
    return {"{}": "(.*?)", "{word}": r"(\S+?)", "{number}": r"(\d+)"}.get(text, re.escape(text))


@cache
def _titles() -> dict[str, str]:
    return {name: field.title_zh for of in ("demand", "parcel") for name, field in fields_of(of).items()}


def sentence(english: str, section: str = "what") -> str | None:
    """The Chinese of a sentence, or ``None`` if no template fits.

    Examples
    --------
    >>> sentence("net_land: '对' is neither true/false, 1/0 nor 是/否")
    "净地（net_land）：'对' 既非 true/false、1/0，也非 是/否"
    """
    name, colon, rest = english.partition(": ")
    if section == "what" and colon and name in _titles() and (said := sentence(rest)) is not None:
        return f"{_value(name)}：{said}"
    for pattern, chinese in (*(_templates("frame") if section == "what" else ()), *_templates(section)):
        found = pattern.fullmatch(english)
        if found:
            return _filled(chinese, [_value(value) for value in found.groups()])
    return None


def _filled(chinese: str, values: list[str]) -> str:
    position = iter(range(len(values)))
    return re.sub(r"\{(\d*)\}", lambda mark: values[int(mark.group(1) or next(position))], chinese)


def _value(text: str) -> str:
    """A value inside a sentence: the title of a field, a sentence of its own, or itself."""
    if text in _titles():
        return f"{_titles()[text]}（{text}）"
    if " " not in text.strip() and text not in _WORDS:
        return text
    for pattern, chinese in (*_templates("frame"), *_templates("what")):
        if pattern.pattern != "(.*?):\\ (.*?)" and (found := pattern.fullmatch(text)):
            return _filled(chinese, [_value(value) for value in found.groups()])
    parts = text.split("; ")
    return "；".join(map(_value, parts)) if len(parts) > 1 else text


_WORDS = ("point", "line", "ring", "points", "lines", "polygons", "collection", "thing", "self-intersection")


def where(english: str) -> str:
    """A place (file, layer, row, id, column) in Chinese."""
    text = english
    for pattern, chinese in _PLACES:
        text = re.sub(pattern, chinese, text)
    text = re.sub(r" \((\w+)\)", lambda role: f"（{ROLES[role[1]]}）" if role[1] in ROLES else role[0], text)
    return text.removeprefix("，")


def progress(english: str) -> str:
    """A line of progress in Chinese; a finding among them keeps its code; a line nobody knows stays as it is."""
    found = re.fullmatch(r"(error|warning|note) ([A-Z]\d{3})  (.*)", english, re.S)
    if found:
        return f"{_LEVELS[found[1]]} {found[2]}  {sentence(found[3], 'progress') or sentence(found[3]) or found[3]}"
    line = english.lstrip()
    said = _whole(line, "progress")
    return english if said is None else english[: len(english) - len(line)] + said


def usage(english: str) -> str:
    """A line of a usage error in Chinese; a line nobody knows stays as it is."""
    return _whole(english.strip(), "usage") or sentence(english.strip(), "maybe") or english.strip()


def _whole(line: str, section: str) -> str | None:
    """A line by the templates of its section alone, and so the values in it."""
    for pattern, chinese in _templates(section):
        if found := pattern.fullmatch(line):
            return _filled(chinese, [_whole(value, section) or value for value in found.groups() if value is not None])
    return None


_LEVELS = {"error": "错误", "warning": "警告", "note": "提示"}


def note(english: str) -> str:
    """A note ("file, layer: sentence") in Chinese."""
    place, colon, rest = english.partition(": ")
    if not colon:
        return sentence(english, "note") or sentence(english) or english
    said = sentence(rest, "note") or sentence(rest) or rest
    said = re.sub(r"(\w+) \(([^\x00-\x7f]+)\)", r"\2", said)
    return f"{where(place)}：{said}"
