"""The shapes of a rule's keys: each checks a TOML value and returns plain JSON. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from constraints.language import expr
from constraints.loading.kinds import UNITS, VALUE_KEYS, unit_of
from constraints.loading.rule_file import Block, iso_date
from constraints.types import GRADES, STRICTNESS
from parcels.common.catalogue import Told, told
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place
from parcels.common.schema import fields, measures
from parcels.common.visible import says_something

LARGEST = 10**12


@dataclass
class Reading:
    """What is read from one block: issues are collected, never raised."""

    block: Block
    methods: tuple[str, ...]
    issues: list[Issue] = field(default_factory=list)

    def bad(self, fault: str, at: str, /, *, maybe: Told | None = None, **values: Any) -> None:
        """Record an error about a key, which stands ``at``; the sentence also has the rule's id (``rule``)."""
        place = self.block.spot(at.partition(".")[0])
        self.issues.append(error(fault, at=place, maybe=maybe, rule=self.name, **values))

    @property
    def name(self) -> str:
        """The id of the rule, as far as it is known."""
        return str(self.block.table.get("id") or self.block.table.get("rule") or "?")

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
    if isinstance(value, str) and says_something(value):
        return value
    reading.bad("R004.must-text", key, key=key)
    return None


def _texts(reading: Reading, key: str, value: Any) -> list[str] | None:
    if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
        return value
    reading.bad("R004.must-list", key, key=key)
    return None


def _ids(reading: Reading, key: str, value: Any) -> list[str] | None:
    return _texts(reading, key, [value] if isinstance(value, str) else value)


def _names(reading: Reading, key: str, value: Any) -> list[str] | None:
    found = _texts(reading, key, value)
    if found is not None and len(set(found)) < len(found):
        reading.bad("R005.names-one", key, key=key)
    return found


def _bilingual(reading: Reading, key: str, value: Any) -> dict[str, str] | None:
    if isinstance(value, dict) and set(value) == {"en", "zh"} and all(isinstance(v, str) and v for v in value.values()):
        return value
    reading.bad("R004.must-en", key, key=key)
    return None


def _choice(of: Iterable[str]) -> Callable[[Reading, str, Any], str | None]:
    allowed = tuple(of)

    def read(reading: Reading, key: str, value: Any) -> str | None:
        if value in allowed:
            return str(value)
        maybe = expr.closest(str(value), allowed) or told("near.one-of", names=allowed)
        reading.bad("R005.no-value", key, maybe=maybe, key=key, shown=shown(value))
        return None

    return read


def _whole(least: int, most: int) -> Callable[[Reading, str, Any], int | None]:
    def read(reading: Reading, key: str, value: Any) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        reading.bad("R004.must-whole", key, key=key, least=least, most=most, shown=shown(value))
        return None

    return read


def _bool(reading: Reading, key: str, value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    reading.bad("R004.must-true", key, key=key, shown=shown(value))
    return None


def _date(reading: Reading, key: str, value: Any) -> tuple[str, bool] | None:
    found = iso_date(value)
    if found is None:
        reading.bad("R006.rule-not-date", key, key=key, shown=shown(value))
    return found


def _condition(reading: Reading, key: str, value: Any) -> str | None:
    if not isinstance(value, str):
        reading.bad("R004.must-condition", key, key=key, shown=shown(value))
        return None
    return value.strip() if _parses(reading, key, expr.parse, value) else None


def _price(reading: Reading, key: str, value: Any) -> str | None:
    text = value if isinstance(value, str) else decimal_text(value)
    if text is None:
        reading.bad("R004.must-price", key, key=key, shown=shown(value))
        return None
    return text.strip() if _parses(reading, key, expr.parse_price, text) else None


def _parses(reading: Reading, key: str, parse: Callable[[str, Place], object], text: str) -> bool:
    try:
        parse(text, reading.block.spot(key))
    except Refused as refused:
        for issue in refused.issues:
            reading.bad(f"{issue.code}.in-rule", key, maybe=issue.advised, key=key, said=issue.told)
        return False
    return True


def _method(reading: Reading, key: str, value: Any) -> str | None:
    if value in reading.methods:
        return str(value)
    maybe = expr.closest(str(value), reading.methods) or told("near.one-of", names=reading.methods)
    reading.bad("R005.unknown-method", key, maybe=maybe, key=key, shown=shown(value))
    return None


def _methods(reading: Reading, key: str, value: Any) -> list[str] | None:
    found = _texts(reading, key, value)
    if found is None or not found:
        if found is not None:
            reading.bad("R004.names-no", key, key=key)
        return None
    known = [_method(reading, key, item) for item in found]
    return [item for item in known if item is not None]


def _verdicts(reading: Reading, key: str, value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict) or not value:
        reading.bad("R004.must-method", key, key=key)
        return None
    choose = _choice(STRICTNESS)
    read = {method: choose(reading, key, verdict) for method, verdict in value.items() if _method(reading, key, method)}
    return {method: verdict for method, verdict in read.items() if verdict is not None}


def _integer_field(reading: Reading, key: str, value: Any) -> str | None:
    if isinstance(value, str) and value in measures():
        return value
    reading.bad("R009.no-value", key, maybe=expr.closest(str(value), measures()), key=key, shown=shown(value))
    return None


def _fields(reading: Reading, key: str, value: Any) -> list[str] | None:
    found = _texts(reading, key, value)
    for name in found or ():
        if name not in fields():
            reading.bad("R009.rule-unknown-field", key, maybe=expr.closest(name, fields()), name=name, key=key)
    return found


def base_amount(value: object, unit: str) -> int | None:
    """An amount in base integers (m², yuan, count), mu rounded half up; ``None`` if not whole in the base unit."""
    text, known = decimal_text(value), unit_of(unit)
    if text is None or known is None:
        return None
    exact = Fraction(text) * UNITS[known]
    if known == "mu":
        return int(exact + Fraction(1, 2))
    return int(exact) if exact.denominator == 1 else None


def _values(reading: Reading, key: str, value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list) or not value:
        reading.bad("R004.must-list-from", key, key=key)
        return None
    found = []
    for item in value:
        if not isinstance(item, dict) or "amount" not in item:
            reading.bad("R003.value-no", key, key=key)
            continue
        for name in set(item) - set(VALUE_KEYS):
            reading.bad("R002.unknown-key-2", key, maybe=expr.closest(name, VALUE_KEYS), name=name, key=key)
        unit = str(item.get("unit", ""))
        if unit_of(unit) is None:
            reading.bad("R005.no-unit", key, unit=unit, units=tuple(name for name in UNITS if name))
            continue
        amount = base_amount(item["amount"], unit)
        if amount is None or not 0 <= amount < LARGEST:
            reading.bad("R005.not-whole", key, shown=shown(item["amount"]), unit=unit)
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
        reading.bad("R004.must-decimal", key, key=key, shown=shown(value))
        return None
    return [Fraction(text).numerator, Fraction(text).denominator]


def penalty_of(value: object) -> int | str | None:
    """A penalty in points to three decimals: a whole number, else its decimal text; ``None`` where it is none."""
    text = decimal_text(value)
    if text is None or not 0 <= Fraction(text) <= 10**9 or (Fraction(text) * 1000).denominator != 1:
        return None
    exact = Fraction(text)
    return int(exact) if exact.denominator == 1 else format(Decimal(text).normalize(), "f")


def _penalty(reading: Reading, key: str, value: Any) -> int | str | None:
    found = penalty_of(value)
    if found is None:
        reading.bad("R004.must-penalty", key, key=key, shown=shown(value))
    return found


def _used(reading: Reading, key: str, value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        reading.bad("R004.must-list-key", key, key=key)
        return None
    values = reading.block.table.get("values")
    unit = values[0].get("unit", "") if isinstance(values, list) and values and isinstance(values[0], dict) else ""
    found = []
    for item in value:
        amount = base_amount(item.get("amount"), str(item.get("unit", unit)))
        if amount is None or set(item) - {"key", "amount", "unit"}:
            reading.bad("R004.part-not", key, key=key)
            continue
        found.append({"key": [str(part) for part in item.get("key", [])], "amount": amount})
    return found


def _keys(reading: Reading, key: str, value: Any) -> list[list[str]] | None:
    good = isinstance(value, list) and len(value) > 1 and all(isinstance(each, list) and each for each in value)
    found = [[str(part) for part in each] for each in value] if good else []
    if not good or len({tuple(each) for each in found}) < len(found):
        reading.bad("R004.must-keys", key, key=key, shown=shown(value))
        return None
    return found


def _credit(reading: Reading, key: str, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not {"num", "den"} <= set(value) <= {"where", "num", "den"}:
        reading.bad("R004.must-where", key, key=key)
        return None
    where = _condition(reading, key, value.get("where", ""))
    num, den = (_whole(1, 1_000_000)(reading, key, value[part]) for part in ("num", "den"))
    return None if where is None or num is None or den is None else {"where": where, "num": num, "den": den}


def _id(reading: Reading, key: str, value: Any) -> str | None:
    if isinstance(value, str) and re.fullmatch(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)+", value) and len(value) <= 80:
        return value
    reading.bad("R005.not-id", key, shown=shown(value))
    return None


def _cite(reading: Reading, key: str, value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        reading.bad("R007.citation-must", key)
        return None
    known = ("doc", "article", "number", "rank", "grade", "source")
    for name in set(value) - set(known):
        reading.bad("R002.unknown-key", key, maybe=expr.closest(name, known), name=name)
    for name in ("doc", "rank", "grade"):
        if value.get(name) in (None, ""):
            reading.bad("R007.citation-no", key, name=name)
            return None
    rank = _whole(0, 5)(reading, f"{key}.rank", value["rank"])
    grade = _choice(GRADES)(reading, f"{key}.grade", value["grade"])
    texts = {name: value.get(name, "") for name in ("doc", "article", "number", "source")}
    if not all(isinstance(text, str) for text in texts.values()):
        reading.bad("R004.doc-article", key)
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
    "tier": _whole(0, 10**9),
    "penalty": _penalty,
    "bool": _bool,
    "measure": _integer_field,
    "fields": _fields,
    "sense": _choice(("<=", ">=")),
    "values": _values,
    "share": _share,
    "used": _used,
    "credit": _credit,
    "across": _choice(("least", "spread")),
    "keys": _keys,
    "relation": _choice(("conflict", "together", "requires")),
}
