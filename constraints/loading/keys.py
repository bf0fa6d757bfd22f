"""The shapes of a rule's keys: each checks a TOML value and returns plain JSON. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from constraints.language import expr
from constraints.loading.kinds import UNITS, VALUE_KEYS
from constraints.loading.rule_file import Block, iso_date
from constraints.types import GRADES, STRICTNESS
from parcels.common.issues import Issue, Refused, error
from parcels.common.schema import fields

LARGEST = 10**12


@dataclass
class Reading:
    """What is read from one block: issues are collected, never raised."""

    block: Block
    methods: tuple[str, ...]
    issues: list[Issue] = field(default_factory=list)

    def bad(self, code: str, key: str, what: str, maybe: str = "") -> None:
        """Record an error about a key."""
        name = self.block.table.get("id") or self.block.table.get("rule") or "?"
        self.issues.append(error(code, f"rule {name}: {what}", self.block.place(key.partition(".")[0]), maybe))

    def read(self, shape: str, key: str, value: Any) -> Any:
        """The value of a key in its shape; ``None`` (with an issue) if it does not fit."""
        return _SHAPES[shape](self, key, value)


def shown(value: object) -> str:
    """A value of a rule file as it stands there."""
    if isinstance(value, bool):
        return str(value).lower()
    text = None if isinstance(value, str) else decimal_text(value)
    return repr(value) if text is None else text


def decimal_text(value: object) -> str | None:
    """An exact decimal as text; ``None`` if the value is not one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", value):
        return value
    return None


def _text(reading: Reading, key: str, value: Any) -> str | None:
    if isinstance(value, str) and value.strip():
        return value
    reading.bad("R004", key, f"'{key}' must be a text that is not blank")
    return None


def _texts(reading: Reading, key: str, value: Any) -> list[str] | None:
    if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
        return value
    reading.bad("R004", key, f"'{key}' must be a list of texts", f"Maybe {key} = [...].")
    return None


def _ids(reading: Reading, key: str, value: Any) -> list[str] | None:
    return _texts(reading, key, [value] if isinstance(value, str) else value)


def _names(reading: Reading, key: str, value: Any) -> list[str] | None:
    found = _texts(reading, key, value)
    if found is not None and len(set(found)) < len(found):
        reading.bad("R005", key, f"'{key}' names one id twice")
    return found


def _bilingual(reading: Reading, key: str, value: Any) -> dict[str, str] | None:
    if isinstance(value, dict) and set(value) == {"en", "zh"} and all(isinstance(v, str) and v for v in value.values()):
        return value
    reading.bad("R004", key, f"'{key}' must be {{ en = ..., zh = ... }}, both not blank")
    return None


def _choice(of: Iterable[str]) -> Callable[[Reading, str, Any], str | None]:
    allowed = tuple(of)

    def read(reading: Reading, key: str, value: Any) -> str | None:
        if value in allowed:
            return str(value)
        maybe = expr.closest(str(value), allowed) or f"Maybe one of {', '.join(allowed)}."
        reading.bad("R005", key, f"'{key}' has no value {shown(value)}", maybe)
        return None

    return read


def _whole(least: int, most: int) -> Callable[[Reading, str, Any], int | None]:
    def read(reading: Reading, key: str, value: Any) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        reading.bad("R004", key, f"'{key}' must be a whole number from {least} to {most}, not {shown(value)}")
        return None

    return read


def _bool(reading: Reading, key: str, value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    reading.bad("R004", key, f"'{key}' must be true or false, not {shown(value)}")
    return None


def _date(reading: Reading, key: str, value: Any) -> tuple[str, bool] | None:
    found = iso_date(value)
    if found is None:
        reading.bad("R006", key, f"'{key}' is not a date: {shown(value)}", 'Maybe write it as 2022-08-01 (or "2022").')
    return found


def _condition(reading: Reading, key: str, value: Any) -> str | None:
    if not isinstance(value, str):
        reading.bad("R004", key, f"'{key}' must be a condition in quotes, not {shown(value)}")
        return None
    return value.strip() if _parses(reading, key, expr.parse, value) else None


def _price(reading: Reading, key: str, value: Any) -> str | None:
    text = value if isinstance(value, str) else decimal_text(value)
    if text is None:
        reading.bad("R004", key, f"'{key}' must be a price expression in quotes, not {shown(value)}")
        return None
    return text.strip() if _parses(reading, key, expr.parse_price, text) else None


def _parses(reading: Reading, key: str, parse: Callable[[str, str], object], text: str) -> bool:
    try:
        parse(text, reading.block.place(key))
    except Refused as refused:
        for issue in refused.issues:
            reading.bad(issue.code, key, f"{key}: {issue.what}", issue.maybe)
        return False
    return True


def _method(reading: Reading, key: str, value: Any) -> str | None:
    if value in reading.methods:
        return str(value)
    maybe = expr.closest(str(value), reading.methods) or f"Maybe one of {', '.join(reading.methods)}."
    reading.bad("R005", key, f"'{key}': unknown method {shown(value)}", maybe)
    return None


def _methods(reading: Reading, key: str, value: Any) -> list[str] | None:
    found = _texts(reading, key, value)
    if found is None or not found:
        if found is not None:
            reading.bad("R004", key, f"'{key}' names no method")
        return None
    known = [_method(reading, key, item) for item in found]
    return [item for item in known if item is not None]


def _verdicts(reading: Reading, key: str, value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict) or not value:
        reading.bad("R004", key, f"'{key}' must be {{ method = verdict }}")
        return None
    choose = _choice(STRICTNESS)
    read = {method: choose(reading, key, verdict) for method, verdict in value.items() if _method(reading, key, method)}
    return {method: verdict for method, verdict in read.items() if verdict is not None}


def _integer_field(reading: Reading, key: str, value: Any) -> str | None:
    declared = fields().get(value) if isinstance(value, str) else None
    if value in ("count", "expected_price_yuan") or (declared is not None and declared.type == "int"):
        return str(value)
    known = ["count", "expected_price_yuan", *(name for name, each in fields().items() if each.type == "int")]
    reading.bad("R009", key, f"'{key}' has no value {shown(value)}", expr.closest(str(value), known))
    return None


def _fields(reading: Reading, key: str, value: Any) -> list[str] | None:
    found = _texts(reading, key, value)
    for name in found or ():
        if name not in fields():
            reading.bad("R009", key, f"unknown field '{name}' in '{key}'", expr.closest(name, fields()))
    return found


def base_amount(value: object, unit: str) -> int | None:
    """An amount in base integers (m², yuan, count), mu rounded half up; ``None`` if not whole in the base unit."""
    text = decimal_text(value)
    if text is None or (unit not in UNITS and unit != "mu"):
        return None
    if unit == "mu":
        return int(Fraction(text) * 10_000 / 15 + Fraction(1, 2))
    exact = Fraction(text) * UNITS[unit]
    return int(exact) if exact.denominator == 1 else None


def _values(reading: Reading, key: str, value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list) or not value:
        reading.bad("R004", key, f"'{key}' must be a list of {{ from, until, key, amount, unit }}")
        return None
    found = []
    for item in value:
        if not isinstance(item, dict) or "amount" not in item:
            reading.bad("R003", key, f"a value of '{key}' has no amount")
            continue
        for name in set(item) - set(VALUE_KEYS):
            reading.bad("R002", key, f"unknown key '{name}' in '{key}'", expr.closest(name, VALUE_KEYS))
        unit = item.get("unit", "")
        amount = base_amount(item["amount"], unit)
        if amount is None or not 0 <= amount < LARGEST:
            reading.bad(
                "R005", key, f"{shown(item['amount'])} {unit} is not a whole amount below 10^12", "Maybe another unit."
            )
            continue
        start = _date(reading, key, item.get("from", reading.block.table.get("from")))
        until = _date(reading, key, item["until"]) if "until" in item else None
        if start is None or ("until" in item and until is None):
            continue
        found.append(
            {
                "from": start[0],
                "until": until[0] if until else None,
                "key": [str(part) for part in _ids(reading, key, item.get("key", [])) or ()],
                "amount": amount,
                "unit": unit,
            }
        )
    return found


def _share(reading: Reading, key: str, value: Any) -> list[int] | None:
    text = decimal_text(value)
    if text is None or not 0 <= Fraction(text) <= 1:
        reading.bad("R004", key, f"'{key}' must be a decimal from 0 to 1, not {shown(value)}", 'Maybe share = "0.40".')
        return None
    return [Fraction(text).numerator, Fraction(text).denominator]


def _used(reading: Reading, key: str, value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        reading.bad("R004", key, f"'{key}' must be a list of {{ key, amount }}")
        return None
    values = reading.block.table.get("values")
    unit = values[0].get("unit", "") if isinstance(values, list) and values and isinstance(values[0], dict) else ""
    found = []
    for item in value:
        amount = base_amount(item.get("amount"), item.get("unit", unit))
        if amount is None or set(item) - {"key", "amount", "unit"}:
            reading.bad("R004", key, f"a part of '{key}' is not {{ key, amount }}")
            continue
        found.append({"key": [str(part) for part in item.get("key", [])], "amount": amount})
    return found


def _credit(reading: Reading, key: str, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not {"num", "den"} <= set(value) <= {"where", "num", "den"}:
        reading.bad("R004", key, f"'{key}' must be {{ where, num, den }}")
        return None
    where = _condition(reading, key, value.get("where", ""))
    num, den = (_whole(1, 1_000_000)(reading, key, value[part]) for part in ("num", "den"))
    return None if where is None or num is None or den is None else {"where": where, "num": num, "den": den}


def _id(reading: Reading, key: str, value: Any) -> str | None:
    if isinstance(value, str) and re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)+", value) and len(value) <= 80:
        return value
    reading.bad(
        "R005",
        key,
        f"{shown(value)} is not an id",
        "Maybe authority.instrument.point, lower case, such as cn.order39.art4.",
    )
    return None


def _cite(reading: Reading, key: str, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        reading.bad("R007", key, "the citation must be { doc, article, number, rank, grade, source }")
        return None
    known = ("doc", "article", "number", "rank", "grade", "source")
    for name in set(value) - set(known):
        reading.bad("R002", key, f"unknown key '{name}' in the citation", expr.closest(name, known))
    for name in ("doc", "rank", "grade"):
        if value.get(name) in (None, ""):
            reading.bad("R007", key, f"the citation has no {name}", "Maybe copy it from the gazette.")
            return None
    rank = _whole(0, 5)(reading, f"{key}.rank", value["rank"])
    grade = _choice(GRADES)(reading, f"{key}.grade", value["grade"])
    texts = {name: value.get(name, "") for name in ("doc", "article", "number", "source")}
    if not all(isinstance(text, str) for text in texts.values()):
        reading.bad("R004", key, "doc, article, number and source of a citation are texts")
        return None
    return None if rank is None or grade is None else {**texts, "rank": rank, "grade": grade}


_SHAPES: dict[str, Callable[[Reading, str, Any], Any]] = {
    "id": _id,
    "text": _text,
    "texts": _texts,
    "ids": _ids,
    "names": _names,
    "bilingual": _bilingual,
    "cite": _cite,
    "date": _date,
    "grade": _choice(GRADES),
    "condition": _condition,
    "price": _price,
    "method": _method,
    "methods": _methods,
    "verdicts": _verdicts,
    "years": _whole(1, 999),
    "integer": _whole(-LARGEST, LARGEST),
    "points": _whole(0, 10**9),
    "bool": _bool,
    "measure": _integer_field,
    "fields": _fields,
    "sense": _choice(("<=", ">=")),
    "values": _values,
    "share": _share,
    "used": _used,
    "credit": _credit,
    "relation": _choice(("conflict", "together", "requires")),
}
