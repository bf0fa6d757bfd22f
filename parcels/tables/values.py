"""One cell of a file as one fact, by the type of its field. Standard library only.

Every parser returns the canonical value (``None`` for blank) or raises :class:`parcels.common.units.BadValue`.
"""

from __future__ import annotations

import datetime
import difflib
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from parcels.common.schema import Field, Value
from parcels.common.units import BadValue, exact, scaled
from parcels.common.vocabulary import code_of, folded, readings, subject_of
from parcels.tables.columns import Column
from parcels.tables.use_codes import use_of
from parcels.tables.use_mix import read_mix

_TRUE = {"true", "1", "是", "1.0", "yes", "y", "t", "√", "✓", "✔", "☑", "有"}
_FALSE = {"false", "0", "否", "0.0", "no", "n", "f", "×", "✗", "✘", "无"}
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?")
_LOOSE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 0?0:00(?::00)?)?")
_LIST = re.compile(r"[;；、,，]")
_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u061c]")
CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]"
"""Characters that a text never keeps, as a class of a regular expression."""
_CONTROL = re.compile(CONTROL)
DATE_FORMATS = {"-": "2026-03-31", "/": "2026/3/31", ".": "2026.3.31", "年": "2026年3月31日"}


def clean_text(cell: object) -> str:
    """A text as compared and stored: NFC, trimmed, control characters (tab and line feed too) stripped."""
    text = cell if isinstance(cell, str) else plain(cell)
    if text.isascii() and text.isprintable():
        return text.strip()
    text = unicodedata.normalize("NFC", text)
    return _CONTROL.sub("", text.replace("\t", " ").replace("\r\n", " ").replace("\n", " ")).strip()


def plain(cell: object) -> str:
    """A non-text cell as text: an integer without a decimal point.

    Raises
    ------
    BadValue
        28 for a number that may have lost digits (beyond 2^53 as a binary float, or with a fraction).
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if not abs(cell) < 2**53 or cell != int(cell):
            raise BadValue("028.stored-number-may", cell=cell)
        return str(int(cell))
    if isinstance(cell, Decimal):
        if not cell.is_finite() or cell != cell.to_integral_value() or "E" in str(cell).upper():
            raise BadValue("028.stored-number-may-lost", cell=cell)
        return str(int(cell))
    if isinstance(cell, datetime.datetime | datetime.date):
        return cell.isoformat()
    return str(cell)


def has_control(cell: object) -> bool:
    """True if :func:`clean_text` strips a control character."""
    return isinstance(cell, str) and not cell.isprintable() and _CONTROL.search(cell) is not None


def hidden_marks(text: str) -> str | None:
    """The text with its bidi and zero-width characters written as escapes, or ``None`` if it has none."""
    if text.isascii() or not _HIDDEN.search(text):
        return None
    return _HIDDEN.sub(lambda mark: f"\\u{ord(mark.group()):04x}", text)


def without_marks(text: str) -> str:
    """The text without its bidi and zero-width characters."""
    return _HIDDEN.sub("", text)


def parser(column: Column, use_codes: str | None) -> Callable[[object], Value]:
    """The function that reads a (non-blank) cell of a column."""
    field = column.field
    if field.type == "int":
        whole = (not field.unit and field.scale == 1) or field.unit in ("years", "days", "months", "working days")
        return lambda cell: _number(cell, column, whole)
    if field.type == "bool":
        return lambda cell: _bool(cell)
    if field.type == "date":
        return lambda cell: parse_date(cell)
    if field.type == "code":
        return lambda cell: _code(clean_text(cell), field, use_codes)
    if field.type == "codes":
        return lambda cell: tuple(sorted({_code(item, field, use_codes) for item in _items(cell, field)}))
    if field.type == "ids":
        return lambda cell: tuple(sorted(set(split(cell))))
    if field.type == "mix":
        return lambda cell: read_mix(clean_text(cell), use_codes or "landopt")
    if field.type == "near":
        return lambda cell: _near(clean_text(cell))
    return clean_text


def split(cell: object) -> list[str]:
    """The items of a list cell; ``;``, ``、`` and ``,`` part them."""
    return [item.strip() for item in _LIST.split(clean_text(cell)) if item.strip()]


def _items(cell: object, field: Field) -> list[str]:
    """The items of a list of codes; a comma that belongs to a word (lease first, grant later) parts nothing."""
    subject = subject_of(field.name)
    found: list[str] = []
    for part in re.split("[;；、]", clean_text(cell)):
        found += [part] if code_of(subject, part, field.values) else split(part)
    return [item.strip() for item in found if item.strip()]


def _number(cell: object, column: Column, whole: bool) -> int:
    field = column.field
    value = scaled(cell, field.scale, column.factor, whole=whole)
    if field.name.endswith("area_m2") and value < 0:
        raise BadValue("026.negative", cell=cell)
    if field.name == "area_m2" and value == 0:
        raise BadValue("026.zero-rounded" if exact(cell) else "026.zero", cell=cell)
    if field.min is not None and value < field.min * field.scale:
        raise BadValue("026.below" if field.min in (0, 1) else "049.below", cell=cell, min=field.min)
    if field.max is not None and value > field.max * field.scale:
        raise BadValue("049.above", cell=cell, max=field.max)
    if field.min is None and value < 0:
        raise BadValue("026.negative", cell=cell)
    return value


def _bool(cell: object) -> bool:
    if isinstance(cell, bool):
        return cell
    word = clean_text(cell).lower() if isinstance(cell, str) else str(cell)
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadValue("050.neither-true-false", cell=cell)


def parse_date(cell: object) -> str | None:
    """An ISO date; 1900-01-01 (a common filler) is blank.

    Raises
    ------
    BadValue
        38 for a text that is no date of the calendar, or a date with a time of day.
    """
    if isinstance(cell, datetime.datetime):
        if cell.time() != datetime.time(0):
            raise BadValue("038.time-day", cell=cell)
        cell = cell.date()
    if isinstance(cell, datetime.date):
        return None if cell.isoformat() == "1900-01-01" else cell.isoformat()
    text = clean_text(cell) if isinstance(cell, str) else str(cell)
    found = _ISO.fullmatch(text) or _LOOSE.fullmatch(text)
    if not found and (meant := serial_date(text)) is not None:
        raise BadValue("038.serial", cell=cell, day=meant)
    if not found:
        raise BadValue("038.not-date-such", cell=cell)
    year, month, day = (int(part) for part in found.groups())
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        raise BadValue("038.no-day", cell=cell) from None
    return None if date.isoformat() == "1900-01-01" else date.isoformat()


def serial_date(text: str) -> str | None:
    """The day that a spreadsheet means by a bare number, if it lies between 1990 and 2100: told, never assumed."""
    if not re.fullmatch(r"[0-9]{5}(\.0+)?", text):
        return None
    day = datetime.date(1899, 12, 30) + datetime.timedelta(days=int(float(text)))
    return day.isoformat() if 1990 <= day.year <= 2100 else None


def date_format(cell: object) -> str | None:
    """The separator a text date is written with (to find mixed formats), or ``None`` for typed dates."""
    if not isinstance(cell, str):
        return None
    found = re.search(r"[0-9]{4}([-/.年])", cell)
    return found.group(1) if found else None


def _code(text: str, field: Field, use_codes: str | None) -> str:
    if field.name in ("use", "uses", "present_use", "use_mix"):
        return use_of(text, use_codes or "landopt", own=field.name == "uses")
    subject = subject_of(field.name)
    found = code_of(subject, text, field.values)
    if found is None:
        known = {**dict.fromkeys(field.values), **dict.fromkeys(readings(subject))}
        near = difflib.get_close_matches(folded(text), known, 1, 0.5)
        if near:
            meant = readings(subject).get(near[0], near[0])
            raise BadValue("051.none-near", text=text, all_values=field.values, near=meant)
        raise BadValue("051.none", text=text, all_values=field.values)
    return found


def _near(text: str) -> str:
    parts: dict[str, int] = {}
    for item in split(text):
        point, colon, metres = item.replace("：", ":").rpartition(":")
        if not colon or not point.strip():
            raise BadValue("053.no-list-such", text=text)
        if point.strip() in parts:
            raise BadValue("053.names-twice", text=text, point=point.strip())
        parts[point.strip()] = scaled(metres.strip(), whole=True)
        if parts[point.strip()] < 0:
            raise BadValue("053.distance-negative", text=text)
    return ";".join(f"{point}:{metres}" for point, metres in sorted(parts.items()))
