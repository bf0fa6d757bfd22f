"""The array reading of prices (docs/model.md §4): floors and unit prices of all parcels at once, in integers.

An amount is held as a pair of int64 bounds over a common denominator. Bounds meet unless a year factor is in it; where
they leave a rounding open, the amount is computed again for that parcel as an exact rational.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language.nodes import Apply, Number, PriceField, PriceNode, YearFactor

Ints = NDArray[np.integer[Any]]
MICRO = 1_000_000
"""Floors are kept in millionths of a yuan per m2."""
_ROOM = 1 << 61


@dataclass(frozen=True)
class Band:
    """Amounts between ``low / scale`` and ``high / scale``.

    ``known`` is false where nothing can be said, ``whole`` where a fact is missing: what is known there is the least
    the amount comes to whatever the missing facts are (docs/model.md §4).
    """

    low: Ints
    high: Ints
    scale: int
    known: NDArray[np.bool_]
    whole: NDArray[np.bool_]

    @property
    def size(self) -> int:
        """The largest numerator there is."""
        return max(abs(int(each)) for bound in (self.low, self.high) for each in (bound.min(), bound.max()))


class TooWide(Exception):
    """The numbers do not fit 62 bits: count exactly instead."""


def _raise(band: Band, scale: int) -> Band:
    times = scale // band.scale
    if band.size * times >= _ROOM:
        raise TooWide
    return Band(band.low * times, band.high * times, scale, band.known, band.whole)


def _common(bands: list[Band]) -> list[Band]:
    scale = 1
    for band in bands:
        scale = scale * band.scale // np.gcd(scale, band.scale).item()
    return [_raise(band, scale) for band in bands]


def exact(value: Fraction) -> Band:
    """The band of one exact number."""
    one = np.array([value.numerator], np.int64)
    return Band(one, one, value.denominator, np.ones(1, bool), np.ones(1, bool))


def factor_band(factor: Fraction) -> Band:
    """A year factor to eight places (exactly, if it has no more)."""
    scale = 10**8
    if factor.denominator < scale:
        return exact(factor)
    low = factor.numerator * scale // factor.denominator
    return Band(np.array([low]), np.array([low + 1]), scale, np.ones(1, bool), np.ones(1, bool))


def amounts(node: PriceNode, fields: Mapping[str, tuple[Ints, NDArray[np.bool_]]], factor: Fraction) -> Band:
    """A price text over columns (numerators, known).

    Raises
    ------
    TooWide
        If an intermediate number does not fit 62 bits.
    """
    match node:
        case Number(value):
            return exact(value)
        case PriceField(name, scale):
            if name not in fields:
                return Band(np.zeros(1, np.int64), np.zeros(1, np.int64), 1, np.zeros(1, bool), np.zeros(1, bool))
            values, known = fields[name]
            return Band(values, values, scale, known, known)
        case YearFactor():
            return factor_band(factor)
        case Apply(op, items):
            bands = [amounts(item, fields, factor) for item in items]
            return _times(bands[0], bands[1]) if op == "*" else _combined(op, _common(bands))


def _combined(op: str, bands: list[Band]) -> Band:
    """Bands of one scale together; in a maximum and a sum what nothing is known of counts 0."""
    found, *rest = bands
    for band in rest:
        whole = found.whole & band.whole
        known = found.known | band.known if op in ("max", "+") else whole
        if op == "max":
            alone, other = ~band.known, ~found.known
            low = np.where(alone, found.low, np.where(other, band.low, np.maximum(found.low, band.low)))
            high = np.where(alone, found.high, np.where(other, band.high, np.maximum(found.high, band.high)))
        elif op == "min":
            low, high = np.minimum(found.low, band.low), np.minimum(found.high, band.high)
        elif op == "+":
            low = np.where(found.known, found.low, 0) + np.where(band.known, band.low, 0)
            high = np.where(found.known, found.high, 0) + np.where(band.known, band.high, 0)
        else:
            low, high = found.low - band.high, found.high - band.low
        found = Band(low, high, found.scale, known, whole)
    return found


def _times(a: Band, b: Band) -> Band:
    if a.size * b.size >= _ROOM or a.scale * b.scale >= _ROOM:
        raise TooWide
    products = (a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high)
    low = np.minimum(np.minimum(products[0], products[1]), np.minimum(products[2], products[3]))
    high = np.maximum(np.maximum(products[0], products[1]), np.maximum(products[2], products[3]))
    whole = a.whole & b.whole
    return Band(low, high, a.scale * b.scale, whole | (a.known & b.known & (a.low >= 0) & (b.low >= 0)), whole)


def spread(band: Band, size: int) -> Band:
    """The band over ``size`` parcels."""
    return Band(
        np.broadcast_to(band.low, size),
        np.broadcast_to(band.high, size),
        band.scale,
        np.broadcast_to(band.known, size),
        np.broadcast_to(band.whole, size),
    )


def largest(bands: list[Band], size: int) -> Band:
    """The largest of several amounts as far as they are known."""
    return spread(_combined("max", _common(bands)), size)


def ceilings(band: Band) -> tuple[Ints, NDArray[np.bool_]]:
    """Whole yuan, rounded up; and where the bounds leave that open."""
    low, high = -(-band.low // band.scale), -(-band.high // band.scale)
    return high, low != high


def micro(band: Band) -> tuple[Ints, Ints]:
    """The bounds in millionths, outwards."""
    common = np.gcd(band.scale, MICRO).item()
    times, by = MICRO // common, band.scale // common
    if band.size * times >= _ROOM:
        raise TooWide
    return band.low * times // by, -(-band.high * times // by)
