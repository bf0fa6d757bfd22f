"""Facts told in words (``rules ask use=RES``), read strictly in the declared fields. Standard library only."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from constraints.language.expr import closest
from parcels.common.catalogue import told
from parcels.common.issues import Issue, Refused, error
from parcels.common.schema import Field, Value, fields
from parcels.common.units import BadValue
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
    for field in declared.values():
        if word in (field.title_en, field.title_zh):
            return field
    return next((field for field in declared.values() if word in field.aliases), None)


def read_facts(facts: Mapping[str, str]) -> dict[str, Value]:
    """Facts as they are stored; ``None`` where told to be unknown.

    Raises
    ------
    Refused
        With every unknown field (R009), value of a wrong type (R010) and unknown code (R011).
    """
    found: dict[str, Value] = {}
    issues: list[Issue] = []
    for word, text in facts.items():
        field = field_named(word.strip())
        if field is None:
            issues.append(error("R009", f"unknown field '{word}'", f"{word}={text}", closest(word, fields())))
            continue
        try:
            found[field.name] = read_value(field, text.strip())
        except _NotRead as trouble:
            code = "R011" if trouble.maybe else "R010"
            issues.append(error(code, f"'{field.name}': {trouble}", f"{word}={text}".replace(":", "："), trouble.maybe))
    if issues:
        raise Refused(issues)
    return found


class _NotRead(Exception):
    def __init__(self, what: str, maybe: str = "") -> None:
        super().__init__(what)
        self.maybe = maybe


def read_value(field: Field, text: str) -> Value:
    """One value of a field from its text: blank or a word for it is unknown."""
    low = text.lower()
    if low == "" or low in UNKNOWN:
        return None
    if field.type == "bool":
        if low in TRUE or low in FALSE:
            return low in TRUE
        raise _NotRead(f"{text!r} is neither true nor false")
    if field.type == "int":
        return _integer(field, text)
    if field.type == "date":
        try:
            return datetime.date.fromisoformat(text).isoformat()
        except ValueError:
            raise _NotRead(f"{text!r} is not a date such as 2026-11-22") from None
    if field.type == "mix":
        return _mix(text)
    if field.type in ("codes", "ids", "near"):
        parts = () if low == "none" else tuple(part.strip() for part in _SEPARATORS.split(text) if part.strip())
        for part in parts:
            _known(field, part)
        return parts
    return _known(field, text)


def _mix(text: str) -> Value:
    """A mix of uses with its shares; uses alone (``RES;IND``, from ``use=RES+IND``) are a mix of unknown shares."""
    try:
        if ":" in text or "：" in text:
            return read_mix(text)
        return tuple(use_of(part, "landopt") for part in _SEPARATORS.split(text) if part.strip())
    except BadValue as trouble:
        said = told(f"{trouble.key}.what", field="use_mix", **trouble.values).text()
        raise _NotRead(said.removeprefix("use_mix: ")) from None


def _known(field: Field, text: str) -> str:
    if field.values and text not in field.values:
        maybe = closest(text, field.values) or f"Maybe one of {', '.join(field.values)}."
        raise _NotRead(f"unknown value {text!r}", maybe)
    return text


def _integer(field: Field, text: str) -> int:
    try:
        number = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        raise _NotRead(f"{text!r} is not a number") from None
    if not number.is_finite() or abs(number) >= 10**13:
        raise _NotRead(f"{text!r} is too large")
    exact = Fraction(number) * field.scale
    if exact.denominator != 1 and field.scale == 1 and field.unit != "m2":
        raise _NotRead(f"{text!r} is not a whole number")
    value = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    if (field.min is not None and value < field.min * field.scale) or (
        field.max is not None and value > field.max * field.scale
    ):
        raise _NotRead(f"{text!r} is outside {field.min} to {field.max if field.max is not None else 'any'}")
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
