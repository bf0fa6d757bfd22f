"""Which coordinate system a text names, decided on its whole normal form and on nothing less.

The normal form is kind, datum, ellipsoid, prime meridian, unit and direction of the axes and, for a grid, projection,
latitude and longitude of origin, scale, false easting and false northing. A grid is a zone of CGCS2000 only if all of
these are those of the zone: a grid of that name with another false northing lies 2,000 km away.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyproj

from parcels.common.catalogue import Told, told

GEOGRAPHIC = 4490
ZONED = range(4513, 4534)
MERIDIAN = range(4534, 4555)
SIX_ZONED = range(4491, 4502)
SIX_MERIDIAN = range(4502, 4513)
SIX_DEGREE = range(4491, 4513)
_ALL = (GEOGRAPHIC, *SIX_DEGREE, *ZONED, *MERIDIAN)

_DATUMS = (
    ("old", re.compile("beijing|xi'?an|1954|1980", re.I)),
    ("cgcs2000", re.compile("cgcs|china[ _]*2000|china[ _]geodetic|国家大地|2000", re.I)),
    ("wgs84", re.compile("wgs[ _]?(19)?84|world geodetic system 1984", re.I)),
)
_PARAMETERS = (("8801", 0.0), ("8802", 0.0), ("8805", 1.0), ("8806", 0.0), ("8807", 0.0))
_NAMES = {
    "8801": "latitude",
    "8802": "meridian",
    "8805": "scale",
    "8806": "easting",
    "8807": "northing",
}


@dataclass(frozen=True, slots=True)
class Normal:
    """A system by everything that places a coordinate; two systems are one if their normal forms are equal."""

    datum: str
    ellipsoid: tuple[float, float]
    prime_meridian: float
    axes: tuple[tuple[str, float], ...]
    method: str = ""
    parameters: tuple[tuple[str, float], ...] = ()

    @property
    def geographic(self) -> bool:
        """True for degrees."""
        return not self.method


def zone_of(epsg: int) -> int | None:
    """The three-degree zone of an EPSG code, or ``None``."""
    if epsg in ZONED:
        return epsg - 4488
    return epsg - 4509 if epsg in MERIDIAN else None


@cache
def parsed(text: str) -> pyproj.CRS:
    """The system as pyproj reads it, without a height system or a shift bound to it.

    Raises
    ------
    pyproj.exceptions.CRSError
        If the text is no CRS.
    """
    crs = pyproj.CRS.from_user_input(text)
    while crs.is_compound or (crs.is_bound and crs.source_crs is not None):
        crs = crs.sub_crs_list[0] if crs.is_compound else crs.source_crs
    return crs


@cache
def normal(text: str) -> Normal:
    """The normal form of a CRS text.

    Raises
    ------
    pyproj.exceptions.CRSError
        If the text is no CRS.
    """
    return _normal(parsed(text))


def _normal(crs: pyproj.CRS) -> Normal:
    base = crs.geodetic_crs
    ellipsoid = base.ellipsoid if base is not None else None
    shape = (round(ellipsoid.semi_major_metre, 3), round(ellipsoid.inverse_flattening, 6)) if ellipsoid else (0.0, 0.0)
    meridian = base.prime_meridian if base is not None else None
    greenwich = round(float(meridian.longitude), 9) if meridian else 0.0
    named = [base.datum.name if base.datum else "", base.name] if base is not None else []
    axes = tuple(sorted((axis.direction, round(axis.unit_conversion_factor, 12)) for axis in crs.axis_info[:2]))
    datum = _datum([*named, crs.name], shape)
    if crs.is_geographic or crs.coordinate_operation is None:
        return Normal(datum, shape, greenwich, axes, "" if crs.is_geographic else "none")
    operation = crs.coordinate_operation
    given = {param.code: _value(param) for param in operation.params}
    method = operation.method_name
    if method == "Transverse Mercator":
        kept = tuple((code, given.get(code, default)) for code, default in _PARAMETERS)
    else:
        kept = tuple(sorted((param.name, _value(param)) for param in operation.params))
    return Normal(datum, shape, greenwich, axes, method, kept)


def _value(param: Any) -> float:
    """A parameter in degrees, metres or as a ratio."""
    factor = param.unit_conversion_factor
    degree = 0.017453292519943295
    value = param.value * factor / degree if param.unit_name.lower() in _ANGLES else param.value * factor
    return round(float(value), 7)


_ANGLES = ("degree", "radian", "grad", "gon", "degree minute second")


def _datum(names: list[str], shape: tuple[float, float]) -> str:
    """The datum by its name, if the ellipsoid is that of the datum; the first name that says anything counts."""
    for name in names:
        for datum, pattern in _DATUMS:
            if pattern.search(name):
                fits = {"cgcs2000": (6378137.0, 298.257222), "wgs84": (6378137.0, 298.257224)}.get(datum, shape)
                return datum if fits == shape else f"{name} on another ellipsoid"
    return names[0] or names[-1]


@cache
def _known() -> dict[Normal, int]:
    """The systems of CGCS2000 by normal form."""
    return {_normal(pyproj.CRS.from_epsg(code)): code for code in _ALL}


@cache
def epsg_of(text: str) -> int | None:
    """The EPSG code of a CRS as written (``EPSG:4526``, WKT, ESRI WKT), or ``None`` if none is the same throughout.

    Raises
    ------
    pyproj.exceptions.CRSError
        If the text is no CRS.
    """
    form = normal(text)
    found = parsed(text).to_epsg(min_confidence=70) or parsed(text).to_epsg(min_confidence=20)
    if found is not None and _normal(pyproj.CRS.from_epsg(found)) == form:
        return int(found)  # the six-degree zone of a meridian and its three-degree one have one form and two codes
    if form.geographic and form == normal("EPSG:4326"):
        return 4326
    return _known().get(form)


def difference(text: str) -> tuple[Told, ...]:
    """What keeps a grid of CGCS2000 from being one of its zones; empty if it is no such grid."""
    form = normal(text)
    if form.datum != "cgcs2000" or form.method != "Transverse Mercator":
        return ()
    given = dict(form.parameters)
    apart: list[Told] = []
    for code, name in _NAMES.items():
        value = given[code]
        if code == "8802":
            usual = {dict(other.parameters)["8802"] for other in _known() if other.method}
        elif code == "8806":
            usual = {500_000.0, *(zone * 1e6 + 5e5 for zone in range(13, 46))}
        else:
            usual = {dict(_PARAMETERS)[code]}
        if value not in usual:
            apart.append(told(f"grid.{name}", value=f"{value:,.10g}"))
    metres = (("east", 1.0), ("north", 1.0))
    if form.axes != metres:
        apart.append(told("grid.axes", axes=[f"{direction} ({unit:g} m)" for direction, unit in form.axes]))
    return tuple(apart) or (told("grid.two-zones"),)
