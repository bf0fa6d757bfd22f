"""Numbers and units at the border: exact decimals in, integers (value x scale) out. Standard library only.

Area is m², money yuan, price yuan/m². One rounding everywhere: half up, that is floor(x + 1/2).
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any

LIMIT = 10**12
"""No fact may reach this size (after scaling): every model row stays exact."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_PER = re.compile(r"\bper\b|每")
_CLOSE = {"（": "(", "）": ")", "㎡": "m2", "²": "2", "／": "/"}

_MU = Fraction(10000, 15)
_AREA = {
    "m2": Fraction(1),
    "sqm": Fraction(1),
    "平方米": Fraction(1),
    "平米": Fraction(1),
    "ha": Fraction(10000),
    "hm2": Fraction(10000),
    "公顷": Fraction(10000),
    "mu": _MU,
    "亩": _MU,
    "万m2": Fraction(10000),
    "万平方米": Fraction(10000),
    "km2": Fraction(1000000),
    "平方公里": Fraction(1000000),
}
_MONEY = {
    "yuan": Fraction(1),
    "元": Fraction(1),
    "千元": Fraction(1000),
    "万元": Fraction(10000),
    "wan_yuan": Fraction(10000),
    "10k_yuan": Fraction(10000),
    "百万元": Fraction(1000000),
    "亿元": Fraction(100000000),
}
_SPELT = {
    "sqm": ("sq.m", "m^2", "squaremetre", "squaremetres", "squaremeter", "squaremeters"),
    "ha": ("hectare", "hectares"),
    "km2": ("sqkm", "squarekilometre", "squarekilometres", "squarekilometer", "squarekilometers"),
    "mu": ("mou",),
    "yuan": ("rmb", "cny", "人民币元", "元人民币"),
    "万元": ("人民币万元", "万元人民币"),
    "wan_yuan": ("wanyuan",),
    "10k_yuan": ("10kyuan", "10000yuan", "10krmb", "10kcny", "tenthousandyuan"),
    "百万元": ("millionyuan", "millionrmb", "millioncny", "人民币百万元"),
    "亿元": ("人民币亿元", "yiyuan", "100millionyuan"),
    "years": ("year",),
    "days": ("day",),
    "%": ("percent", "percentage", "百分比"),
}
_KEYS = {spelling: key for key, spellings in _SPELT.items() for spelling in spellings}
UNITS: dict[str, dict[str, Fraction]] = {
    "m2": _AREA,
    "yuan": _MONEY,
    "yuan/m2": {f"{m}/{a}": money / area for m, money in _MONEY.items() for a, area in _AREA.items()},
    "years": {"years": Fraction(1), "年": Fraction(1)},
    "days": {"days": Fraction(1), "天": Fraction(1), "日": Fraction(1)},
    "%": {"%": Fraction(1)},
}
"""For each unit of the schema: the units a column may be in, with their exact factor."""


class BadValue(ValueError):
    """A cell that cannot be read: ``key`` is the sentence of the finding; who catches it fills its hole ``field``."""

    def __init__(self, key: str, /, **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def round_half_up(value: Fraction | Decimal) -> int:
    """The nearest integer, halves towards plus infinity.

    Examples
    --------
    >>> round_half_up(Decimal("2.5")), round_half_up(Fraction(-5, 2))
    (3, -2)
    """
    return math.floor(Fraction(value) + Fraction(1, 2))


def exact(cell: object) -> Fraction:
    """The exact value of a cell: an ASCII decimal text, an integer or a binary float by its shortest decimal form.

    Raises
    ------
    BadValue
        27 for text that is no plain number ("12,000", full-width digits), 35 for infinities and for sizes from 10^12.
    """
    if isinstance(cell, bool):
        raise BadValue("027.truth-value-not", cell=cell)
    if isinstance(cell, int):
        value = Fraction(cell)
    elif isinstance(cell, float):
        if not math.isfinite(cell):
            raise BadValue("035.not-finite-number", text=cell)
        value = Fraction(Decimal(repr(cell)))
    elif isinstance(cell, Decimal):
        if not cell.is_finite():
            raise BadValue("035.not-finite-number-2", cell=cell)
        if cell.adjusted() > 15:
            raise BadValue("035.too-large-2", cell=cell)
        value = Fraction(cell) if cell.adjusted() > -40 else Fraction(0)
    else:
        value = _exact_text(str(cell))
    if abs(value) >= LIMIT:
        raise BadValue("035.too-large-10", cell=cell)
    return value


def _exact_text(text: str) -> Fraction:
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        number = Decimal(stripped)
        if number.adjusted() > 15:
            raise BadValue("035.too-large", text=text)
        return Fraction(number) if number.adjusted() > -40 else Fraction(0)
    if stripped.lower().lstrip("+-") in ("inf", "infinity", "nan", "1.#inf", "1.#qnan"):
        raise BadValue("035.not-finite-number", text=text)
    plain = unicodedata.normalize("NFKC", stripped).replace(",", "").replace(" ", "")
    if _NUMBER.fullmatch(plain):
        raise BadValue("027.not-plain-near", text=text, plain=plain)
    raise BadValue("027.not-plain", text=text)


def scaled(cell: object, scale: int = 1, factor: Fraction = Fraction(1), *, whole: bool = False) -> int:
    """A cell as an integer of value x factor x scale, rounded half up.

    Parameters
    ----------
    cell
        As :func:`exact`.
    scale
        Parts per unit that are kept (100: hundredths).
    factor
        Units of the field per unit of the column (ha to m²: 10000).
    whole
        The value must be a whole number (a count): a fraction is refused, not rounded.

    Raises
    ------
    BadValue
        As :func:`exact`; 27 for a fraction where a whole number is owed.
    """
    top, bottom = _ratio(cell)
    top, bottom = top * factor.numerator * scale, bottom * factor.denominator
    if whole and top % bottom:
        raise BadValue("027.not-whole-number", cell=cell)
    if abs(top) >= LIMIT * bottom:
        raise BadValue("035.too-large-10", cell=cell)
    return (2 * top + bottom) // (2 * bottom)


def _ratio(cell: object) -> tuple[int, int]:
    """:func:`exact` as numerator and denominator, fast for the finite floats that most columns hold."""
    if type(cell) is float and math.isfinite(cell) and abs(cell) < LIMIT:
        return Decimal(repr(cell)).as_integer_ratio() if abs(cell) > 1e-40 else (0, 1)
    return exact(cell).as_integer_ratio()


def unit_name(text: str) -> str:
    """A unit as written, in the spelling of :data:`UNITS` ("元／㎡" is "元/m2")."""
    for old, new in _CLOSE.items():
        text = text.replace(old, new)
    text = _PER.sub("/", unicodedata.normalize("NFKC", text).strip().lower())
    parts = ["".join(part.split()) for part in text.split("/")]
    return "/".join(_KEYS.get(part.replace("_", "").replace(",", ""), part) for part in parts)


def unit_factor(of: str, unit: str) -> Fraction | None:
    """Units ``of`` per one ``unit`` (exact), or ``None`` if the two do not go together."""
    return UNITS.get(of, {of: Fraction(1)}).get(unit_name(unit))
