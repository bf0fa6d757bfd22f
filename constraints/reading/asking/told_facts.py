"""Facts told in words (``rules ask use=RES``), read strictly in the declared fields. Standard library only."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from constraints.language.expr import closest
from parcels.common.catalogue import Told, told
from parcels.common.issues import Issue, Refused, error
from parcels.common.schema import Field, Value, fields
from parcels.common.units import BadValue
from parcels.common.vocabulary import code_of, folded, subject_of
from parcels.tables.use_codes import use_of
from parcels.tables.use_mix import read_mix

TRUE = frozenset(("true", "1", "yes", "是"))
FALSE = frozenset(("false", "0", "no", "否"))
UNKNOWN = frozenset(("unknown", "null", "none known", "未知", "?", "any", "n/a"))
_SEPARATORS = re.compile(r"[;、,]")


def field_named(word: str) -> Field | None:
    """The field of a name, a title in either language or an alias."""
    declared = fields()
    if word in declared:
        return declared[word]
    plain = folded(word)
    for field in declared.values():
        if plain in (folded(field.title_en), folded(field.title_zh)):
            return field
    return next((each for each in declared.values() if plain in map(folded, each.aliases)), None)


def read_facts(told: Mapping[str, str]) -> dict[str, Value]:
    """Facts as they are stored; ``None`` where told to be unknown.

    Raises
    ------
    Refused
        With every unknown field (R009), value of a wrong type (R010) and unknown code (R011).
    """
    found: dict[str, Value] = {}
    issues: list[Issue] = []
    for word, text in told.items():
        field = field_named(word.strip())
        if field is None:
            issues.append(
                error("R009.unknown-field-told", at=f"{word}={text}", maybe=closest(word, fields()), word=word)
            )
            continue
        try:
            found[field.name] = read_value(field, text.strip())
        except _NotRead as trouble:
            place = f"{word}={text}"
            issues.append(error(trouble.key, at=place, maybe=trouble.maybe, field=field.name, **trouble.values))
    if issues:
        raise Refused(issues)
    return found


class _NotRead(Exception):
    """Why a value cannot be read: a sentence without its hole ``field``."""

    def __init__(self, key: str, /, maybe: Told | None = None, **values: Any) -> None:
        super().__init__(key)
        self.key, self.maybe, self.values = key, maybe, values


def read_value(field: Field, text: str) -> Value:
    """One value of a field from its text: blank or a word for it is unknown."""
    low = text.lower()
    if low == "" or low in UNKNOWN:
        return None
    if field.type == "bool":
        if low in TRUE or low in FALSE:
            return low in TRUE
        raise _NotRead("R010.told-not-truth", text=text)
    if field.type == "int":
        return _integer(field, text)
    if field.type == "date":
        try:
            return datetime.date.fromisoformat(text).isoformat()
        except ValueError:
            raise _NotRead("R010.told-not-date", text=text) from None
    if field.type == "mix":
        return _mix(text)
    if field.type in ("codes", "ids", "near"):
        whole = code_of(subject_of(field.name), text, field.values) if field.values else None
        if whole is not None and low != "none":
            return (whole,)
        parts = () if low == "none" else tuple(part.strip() for part in _SEPARATORS.split(text) if part.strip())
        return tuple(_known(field, part) for part in parts)
    return _known(field, text)


def _known(field: Field, text: str) -> str:
    values = field.values
    code = code_of(subject_of(field.name), text, values) if values else text
    if code is None:
        raise _NotRead("R011.told-unknown-value", closest(text, values) or told("near.one-of", names=values), code=text)
    return code


_MIX = {
    "052.no-mix-such": "R010.told-no-mix",
    "052.names-twice": "R010.told-mix-twice",
    "052.shares-do-not": "R010.told-mix-sum",
}


def _mix(text: str) -> Value:
    """A mix of uses with its shares; uses alone (``RES;IND``, from ``use=RES+IND``) are a mix of unknown shares."""
    try:
        if ":" in text or "：" in text:
            return read_mix(text)
        return tuple(use_of(part, "landopt") for part in _SEPARATORS.split(text) if part.strip())
    except BadValue as trouble:
        raise _NotRead(_MIX.get(trouble.key, "R010.told-mix-use"), text=text) from None


def _integer(field: Field, text: str) -> int:
    try:
        number = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        raise _NotRead("R010.told-not-number", text=text) from None
    if not number.is_finite() or abs(number) >= 10**13:
        raise _NotRead("R010.told-too-large", text=text)
    exact = Fraction(number) * field.scale
    if exact.denominator != 1 and field.scale == 1 and field.unit != "m2":
        raise _NotRead("R010.told-not-whole", text=text)
    value = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    if (field.min is not None and value < field.min * field.scale) or (
        field.max is not None and value > field.max * field.scale
    ):
        raise _NotRead(
            "R010.told-below" if field.max is None else "R010.told-outside", text=text, least=field.min, most=field.max
        )
    return value


def shown(field: Field, value: Value) -> object:
    """A stored value as JSON shows it: integers, decimal strings, booleans, lists."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return list(value)
    if field.scale == 1:
        return value
    exact = Decimal(value) / field.scale
    return int(exact) if exact == exact.to_integral_value() else format(exact.normalize(), "f")
