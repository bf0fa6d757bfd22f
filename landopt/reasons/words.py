"""Words and numbers for people: names of codes in both languages, money, areas, points, dates. No law."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from constraints.loading.method_facts import tables
from parcels.common.catalogue import find, listed, phrase
from parcels.common.schema import fields
from parcels.common.vocabulary import subject_of

TEMPLATES = Path(__file__).parent / "templates"
_MILLION = 1_000_000


def word(subject: str, code: str | None, lang: str) -> str:
    """The name of a code; the code itself where no name is kept (districts, points)."""
    if code is None:
        return ""
    found = find(f"{subject}.{code}", lang)
    if found is None and subject == "method" and code in tables():
        return str(tables()[code]["title"][lang])
    return found or code


def quarter(iso: str, lang: str) -> str:
    """The quarter of a date: ``2026年第2季度``, ``2026 Q2``."""
    year, month = iso[:4], int(iso[5:7])
    return phrase("when.quarter", lang, year=year, number=(month + 2) // 3)


def period(name: str, lang: str) -> str:
    """A period of a round as people write it: ``2026年第2季度``, ``2026 Q2``; a name of another kind as it is."""
    found = re.fullmatch(r"(\d{4})(?:-(?:(Q)([1-4])|(H)([12])|(\d{2})))?", name)
    if found is None:
        return name
    year = found[1]
    if found[2]:
        return phrase("when.quarter", lang, year=year, number=int(found[3]))
    if found[4]:
        return phrase("when.half-1" if found[5] == "1" else "when.half-2", lang, year=year)
    if found[6]:
        return phrase("when.month", lang, year=year, number=int(found[6]))
    return phrase("when.year", lang, year=year)


def document(doc: str, lang: str) -> str:
    """The name of a document as the language writes it: in book marks in Chinese, unless it has them."""
    return doc if "《" in doc else phrase("document.name", lang, doc=doc)


def placed(doc: str, article: str, lang: str) -> str:
    """A document and the article of it."""
    return phrase("document.place", lang, doc=document(doc, lang), article=article)


def field_title(name: str, lang: str) -> str:
    """The title of a declared field in the language; the name itself if it is not declared."""
    return find(f"field.{name}", lang) or name


def code_word(field: str, code: str, lang: str) -> str:
    """The name of a code of a field (``use``, ``uses`` and ``present_use`` share their words)."""
    return word(subject_of(field), code, lang)


def key_word(field: str, code: str, lang: str) -> str:
    """What a limit counted by a field calls a value of it: a period, a code's name, a place as it is written."""
    return period(code, lang) if field == "period" else code_word(field, code, lang)


def grouped(number: int) -> str:
    """An integer with commas between thousands."""
    return f"{number:,}"


def counted(number: int, one: str) -> str:
    """A number with what it counts, in English: ``1 parcel``, ``2,345 parcels``."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def decimal(value: int, places: int) -> str:
    """An integer of 10^-places units as a decimal text, exact: ``decimal(12345, 2) == '123.45'``."""
    sign, digits = ("-" if value < 0 else ""), str(abs(value)).rjust(places + 1, "0")
    whole = f"{int(digits[:-places]):,}"
    return f"{sign}{whole}.{digits[-places:]}"


def percent(part: int, whole: int) -> str:
    """A part of a whole in per cent to one place, rounded half up; "-" of nothing."""
    if whole <= 0:
        return "-"
    return decimal((part * 2000 + whole) // (2 * whole), 1) + " %"


def hectares(area_m2: int) -> str:
    """Hectares to four places: ``23156`` m² is ``2.3156``."""
    return decimal(area_m2, 4)


def points(millipoints: int) -> str:
    """Points to three places from millipoints."""
    return decimal(millipoints, 3)


def money(yuan: int, lang: str) -> str:
    """Yuan as a file writes them: ``8,640.00 万元`` or ``CNY 86.40 million``; small amounts in yuan."""
    least, unit = (10_000, 100) if lang == "zh" else (_MILLION, 10_000)  # 万元 to a hundredth, millions to a hundredth
    if abs(yuan) >= least and yuan % unit == 0:
        return phrase("money.large", lang, amount=decimal(yuan // unit, 2))
    return phrase("money.yuan", lang, yuan=yuan)


def formula(text: str, lang: str) -> str:
    """A price formula with its fields named: ``0.7 * benchmark_price`` becomes ``0.7 x benchmark price``."""
    names = {"year_factor": phrase("value.year-factor", lang)}
    spoken = re.sub(r"[a-z_][a-z_0-9]+", lambda m: names.get(m[0]) or _function(m[0], lang), text)
    return spoken.replace("*", "×")


def _function(name: str, lang: str) -> str:
    if name in ("max", "min"):
        return phrase("value.higher" if name == "max" else "value.lower", lang)
    return field_title(name, lang)


def date(iso: str | None, lang: str) -> str:
    """An ISO date, in Chinese as a file writes it."""
    if iso is None:
        return phrase("value.unset", lang)
    if len(iso) != 10:
        return iso
    year, month, day = map(int, iso.split("-"))
    return phrase("date.long", lang, iso=iso, year=year, month=month, day=day)


def tie_step(name: str, lang: str) -> str:
    """A step of the order of ties: the lot, or a field by its title, with which end of it comes first."""
    if name == "lot":
        return phrase("tie.lot", lang)
    return phrase(
        "tie.larger" if name.startswith("-") else "tie.smaller", lang, title=field_title(name.lstrip("-"), lang)
    )


def shown(field: str, value: Any, unit: str, lang: str) -> str:
    """A fact's value for people: unknown said so, codes by their names, numbers with their unit."""
    if value is None:
        return phrase("value.unknown", lang)
    if isinstance(value, bool):
        return phrase("value.yes" if value else "value.no", lang)
    if isinstance(value, int):
        text = f"{value:,}"
    elif isinstance(value, list | tuple):
        names = [code_word(field, str(item), lang) for item in value]
        text = listed(names, lang) or phrase("value.none", lang)
    else:
        declared = fields().get(field)
        if declared is not None and declared.type == "date":
            return date(str(value), lang)
        text = code_word(field, str(value), lang)
    name = word("unit", unit, lang) if unit else ""
    return f"{text}{'' if name == '%' or not name else ' '}{name}"


def amount(value: Any, field: str, lang: str) -> str:
    """A value of a field for people, with the unit the field is declared in."""
    declared = fields().get(field)
    return shown(field, value, "" if declared is None else declared.unit, lang)


def width(text: str) -> int:
    """Columns a text takes on a terminal: wide and full-width characters count two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def pad(value: Any, columns: int) -> str:
    """A value padded with blanks to a number of columns: to the right, or to the left where negative."""
    text = str(value)
    blanks = " " * max(0, abs(columns) - width(text))
    return blanks + text if columns < 0 else text + blanks


GROUP = "\x1d"
"""What stands between entries of a text that are drawn together (:func:`alike`)."""
_NUMERALS = "零一二三四五六七八九"


def numeral(number: int) -> str:
    """A number from 1 to 99 as a Chinese numeral, as the items of a file are counted."""
    if not 0 < number < 100:
        return str(number)
    tens, units = divmod(number, 10)
    if tens == 0:
        return _NUMERALS[units]
    return ("" if tens == 1 else _NUMERALS[tens]) + "十" + (_NUMERALS[units] if units else "")


def book_title(doc: str) -> str:
    """A document name between book marks, unless it has them."""
    return doc if not doc or "《" in doc else f"《{doc}》"


def main_reason(reasons: Sequence[Mapping[str, Any]], lang: str) -> str:
    """The reason that came last: what is left when everything that does not suit is set aside."""
    if not reasons:
        return ""
    last = next((each for each in reversed(reasons) if each["code"] in ("taken", "outweighed")), reasons[-1])
    return word("reason", last["code"], lang)


def alike(content: str, lang: str) -> str:
    """Entries "name: words" between group separators, those of the same words drawn together."""
    if GROUP not in content:
        return content
    colon = phrase("list.colon", lang)
    *entries, end = content.split(GROUP)
    named: dict[str, list[str]] = {}
    for entry in entries:
        name, _, said = entry.strip().partition(colon)
        named.setdefault(said, []).append(name)
    return listed((listed(names, lang) + colon + said for said, names in named.items()), lang, "semicolon") + end
