"""Coordinate systems: CGCS2000 three-degree zones, found, checked and never guessed.

EPSG 4513-4533 are zones 25-45 with the zone in front of the easting (eight digits), 4534-4554 the same central
meridians (75, 78, ... 135 degrees) with six-digit eastings; 4490 is geographic and serves for exchange only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyproj
import shapely

from parcels.common.catalogue import Told, told
from parcels.common.issues import Issue, error, note, warning
from parcels.common.place import Place

GEOGRAPHIC = 4490
ZONED = range(4513, 4534)
MERIDIAN = range(4534, 4555)
SIX_DEGREE = range(4491, 4513)
CHINA = (73.0, 3.0, 136.0, 54.0)
"""Degrees: no parcel of the round lies outside."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Geometry in a projected CGCS2000 system, its EPSG code as text, and what was done."""

    geometry: np.ndarray[Any, Any]
    crs: str
    issues: tuple[Issue, ...]


def _bounds(geometry: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """West, south, east, north; NaN where there is no geometry at all."""
    if not len(geometry):
        return np.full(4, np.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray(shapely.total_bounds(geometry))


def zone_epsg(zone: int, *, prefixed: bool = True) -> int:
    """EPSG code of a three-degree zone 25-45, with or without the zone in front of the easting."""
    if not 25 <= zone <= 45:
        raise ValueError(f"{zone} is no three-degree zone of CGCS2000 (25-45)")
    return zone + 4488 if prefixed else zone + 4509


def zone_of(epsg: int) -> int | None:
    """The three-degree zone of an EPSG code, or ``None``."""
    if epsg in ZONED:
        return epsg - 4488
    return epsg - 4509 if epsg in MERIDIAN else None


@cache
def epsg_of(text: str) -> int | None:
    """The EPSG code of a CRS as written (``EPSG:4526``, WKT, ESRI WKT), or ``None`` if it has none that fits surely.

    Raises
    ------
    pyproj.exceptions.CRSError
        If the text is no CRS.
    """
    crs = pyproj.CRS.from_user_input(text)
    found = crs.to_epsg(min_confidence=70) or crs.to_epsg(min_confidence=20)
    if found is not None and (crs.is_geographic or _same(crs, pyproj.CRS.from_epsg(found))):
        return int(found)
    return _by_parameters(crs)


def _same(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    keys = ("lon_0", "x_0", "lat_0", "k", "proj")
    a, b = _parameters(one), _parameters(other)
    return all(a.get(key, 0) == b.get(key, 0) for key in keys)


def _parameters(crs: pyproj.CRS) -> dict[str, Any]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return dict(crs.to_dict())


def _by_parameters(crs: pyproj.CRS) -> int | None:
    """A transverse Mercator grid named CGCS2000 by its meridian and false easting."""
    name = f"{crs.name} {crs.geodetic_crs.name if crs.geodetic_crs else ''}".lower()
    if not re.search("cgcs ?_?2000|china_?_?2000|china geodetic coordinate system 2000|国家大地|2000", name):
        return None
    p = _parameters(crs)
    if p.get("proj") != "tmerc" or p.get("k", 1) != 1 or p.get("lat_0", 0) != 0:
        return None
    lon, easting = float(p.get("lon_0", 0)), float(p.get("x_0", 0))
    if lon % 3:
        return None
    zone = int(lon / 3)
    if not 25 <= zone <= 45:
        return None
    if easting == 500_000:
        return zone_epsg(zone, prefixed=False)
    return zone_epsg(zone) if easting == zone * 1_000_000 + 500_000 else None


def place(
    geometry: np.ndarray[Any, Any], crs: str | None, where: Place, *, declared: str | None = None, prefix: str = "P"
) -> Placed:
    """Bring geometry into a projected CGCS2000 system, or say why not.

    Parameters
    ----------
    geometry
        As read; x is east.
    crs
        What the file says, or ``None``.
    declared
        What the round says (``crs =``): the file's CRS where it has none, the target where it is geographic.
    where
        File and layer, for messages.

    Returns
    -------
    Placed
        With findings 14 (none), 15 (geographic), 16 (outside its zone, swapped axes), 17 (declared and found differ).
    """
    issues: list[Issue] = []
    try:
        own = epsg_of(crs) if crs else None
        said = epsg_of(declared) if declared else None
    except pyproj.exceptions.CRSError as problem:
        text = str(problem).splitlines()[0][:120]
        return Placed(geometry, "", (error(f"{prefix}014.crs-cannot-understood", at=where, text=text),))
    if declared and said is None:
        issue = error(f"{prefix}014.crs-no-epsg", at=where, declared=declared)
        return Placed(geometry, "", (issue,))
    bounds = _bounds(geometry)
    if not np.isfinite(bounds).all():
        return Placed(geometry, f"EPSG:{own or said}" if own or said else "", ())
    if crs and own is None:
        return _foreign(geometry, crs, where, said, prefix)
    if own is None and said is None:
        return Placed(geometry, "", (error(f"{prefix}014.file-no-crs", at=where, maybe=_advice(bounds)),))
    found = own if own is not None else said
    assert found is not None
    geometry, swapped = _unswap(geometry, bounds, found, where, prefix)
    if swapped:
        return Placed(geometry, f"EPSG:{found}", swapped)
    if own is not None and said is not None and own != said and zone_of(said) is None and said not in SIX_DEGREE:
        return Placed(geometry, f"EPSG:{own}", (error(f"{prefix}017.file-says-epsg", at=where, own=own, said=said),))
    outside = _outside(bounds, found)
    if outside:
        return Placed(geometry, f"EPSG:{found}", (_not_there(outside, prefix, where, _advice(bounds)),))
    if zone_of(found) is None and found not in SIX_DEGREE:
        target = said if said is not None and said != found else _zone_by_longitude(geometry, found)
        if target is None or (zone_of(target) is None and target not in SIX_DEGREE):
            return Placed(geometry, "", (error(f"{prefix}014.epsg-not-usable", at=where, found=found),))
        return _transform(geometry, found, target, where, prefix)
    if said is not None and said != found:
        placed = _transform(geometry, found, said, where, prefix)
        return Placed(placed.geometry, placed.crs, (*issues, *placed.issues))
    return Placed(geometry, f"EPSG:{found}", tuple(issues))


def _not_there(outside: Told, prefix: str, where: Place, maybe: Told) -> Issue:
    return error(f"{prefix}{outside.key}", at=where, maybe=maybe, **outside.named)


def _advice(bounds: np.ndarray[Any, Any]) -> Told:
    """What the coordinates look like; a proposal, never a decision."""
    west, south, east, north = bounds.tolist()
    if west > 25_000_000 and east < 46_000_000 and west // 1_000_000 == east // 1_000_000:
        zone = int(west // 1_000_000)
        return told("crs.zone", zone=zone, epsg=zone_epsg(zone))
    if south > 25_000_000 and north < 46_000_000:
        return told("crs.swapped")
    if west > 73 and east < 136 and south > 3 and north < 54:
        return told("crs.degrees")
    if west > 0 and east < 1_000_000:
        return told("crs.six-digits")
    return told("crs.say")


def _unswap(
    geometry: np.ndarray[Any, Any], bounds: np.ndarray[Any, Any], epsg: int, where: Place, prefix: str
) -> tuple[np.ndarray[Any, Any], tuple[Issue, ...]]:
    """Swapped axes are refused, with the proof that the other order would fit."""
    west, south, east, north = bounds.tolist()
    turned = np.array([south, west, north, east])
    if not _outside(bounds, epsg) or _outside(turned, epsg):
        return geometry, ()
    return geometry, (error(f"{prefix}016.axes-swapped-x", at=where, west=west, east=east, epsg=epsg),)


def _outside(bounds: np.ndarray[Any, Any], epsg: int) -> Told | None:
    """Why coordinates cannot be of that system (``None`` if they can): a sentence of finding 16."""
    west, south, east, north = (float(value) for value in bounds)
    crs = pyproj.CRS.from_epsg(epsg)
    if crs.is_geographic:
        if CHINA[0] <= west and east <= CHINA[2] and CHINA[1] <= south and north <= CHINA[3]:
            return None
        return told("016.not-in-china", west=west, south=south, east=east, north=north)
    if not crs.is_projected or (zone_of(epsg) is None and epsg not in SIX_DEGREE):
        return None
    centre = _parameters(crs).get("x_0", 500_000)
    half = 300_000 if epsg not in SIX_DEGREE else 500_000
    if abs(west - centre) <= half and abs(east - centre) <= half and south >= 300_000 and north <= 6_100_000:
        return None
    if zone_of(epsg) is not None and west > 25_000_000 and east < 46_000_000 and west // 10**6 != east // 10**6:
        return told("016.two-zones", first=int(west // 10**6), second=int(east // 10**6))
    return told("016.not-in-system", west=west, east=east, south=south, north=north, epsg=epsg, crs=crs.name)


def _zone_by_longitude(geometry: np.ndarray[Any, Any], epsg: int) -> int | None:
    west, south, east, north = _bounds(geometry).tolist()
    x, y = (west + east) / 2, (south + north) / 2
    crs = pyproj.CRS.from_epsg(epsg)
    if not crs.is_geographic:
        x, y = pyproj.Transformer.from_crs(crs, GEOGRAPHIC, always_xy=True).transform(x, y)
    zone = round(x / 3)
    return zone_epsg(zone) if 25 <= zone <= 45 else None


def _foreign(geometry: np.ndarray[Any, Any], crs: str, where: Place, said: int | None, prefix: str) -> Placed:
    """A CRS without an EPSG code: only a declared one helps, and only if the file's is no grid of another datum."""
    name = pyproj.CRS.from_user_input(crs).name
    return Placed(geometry, f"EPSG:{said}" if said else "", (error(f"{prefix}014.crs-file-none", at=where, name=name),))


_NULL_DATUMS = ("World Geodetic System 1984", "WGS 84", "WGS_1984", "China 2000", "CGCS2000", "China Geodetic")
_OLD = re.compile("beijing|xian|1954|1980", re.I)


def _transform(geometry: np.ndarray[Any, Any], source: int, target: int, where: Place, prefix: str) -> Placed:
    crs = pyproj.CRS.from_epsg(source)
    datum = f"{crs.name} {crs.datum.name if crs.datum else ''} {crs.geodetic_crs.name if crs.geodetic_crs else ''}"
    if _OLD.search(datum):
        return Placed(
            geometry, f"EPSG:{source}", (error(f"{prefix}014.epsg-older-datum", at=where, source=source, crs=crs.name),)
        )
    outside = _outside(_bounds(geometry), source)
    if outside:
        return Placed(geometry, f"EPSG:{source}", (_not_there(outside, prefix, where, told("crs.say")),))
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)

    def move(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack([x, y])

    moved = shapely.transform(geometry, move)
    outside = _outside(_bounds(moved), target)
    if outside:
        return Placed(moved, f"EPSG:{target}", (_not_there(outside, prefix, where, told("crs.say")),))
    key = "015.projected" if crs.is_geographic else "017.projected"
    issues = [note(f"{prefix}{key}", at=where, source=source, crs=crs.name, target=target)]
    if source != GEOGRAPHIC and any(name in datum for name in ("WGS 84", "WGS_1984", "World Geodetic")):
        issues.append(warning(f"{prefix}015.wgs-84-taken", at=where))
    return Placed(moved, f"EPSG:{target}", tuple(issues))


def to_crs(geometry: np.ndarray[Any, Any], source: str, target: str) -> np.ndarray[Any, Any]:
    """Geometry from one EPSG code to another, x east."""
    transformer = pyproj.Transformer.from_crs(source, target, always_xy=True)

    def move(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack([x, y])

    return np.asarray(shapely.transform(geometry, move))
