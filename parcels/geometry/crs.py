"""Coordinate systems: CGCS2000 three-degree zones, found, checked and never guessed.

EPSG 4513-4533 are zones 25-45 with the zone in front of the easting (eight digits), 4534-4554 the same central
meridians (75, 78, ... 135 degrees) with six-digit eastings; 4490 is geographic and serves for exchange only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely

from parcels.common.catalogue import Told, told
from parcels.common.issues import Issue, error, note, warning
from parcels.common.place import Place
from parcels.geometry.systems import GEOGRAPHIC, SIX_DEGREE, Normal, difference, epsg_of, normal, parsed, zone_of

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
    if crs is None and said is None:
        return Placed(geometry, "", (error(f"{prefix}014.file-no-crs", at=where, maybe=_advice(bounds)),))
    said_so: list[Issue] = []
    source = crs if crs is not None else f"EPSG:{said}"
    if crs is not None and said is not None:
        source, refused = _by_word(crs, own, said, where, prefix, said_so)
        if refused:
            return Placed(geometry, "" if own is None else f"EPSG:{own}", (refused,))
    form = normal(source)
    if not usable(form, source):
        return Placed(geometry, f"EPSG:{said}" if said else "", (_foreign(source, where, prefix),))
    swapped = _swapped(bounds, source, where, prefix)
    if swapped:
        return Placed(geometry, _code(source), (swapped,))
    outside = _outside(bounds, source)
    if outside:
        return Placed(geometry, _code(source), (_not_there(outside, prefix, where, _advice(bounds)),))
    own = epsg_of(source)
    target = said if said is not None and zone_of(said) is not None else None
    if target is None and own is not None and zone_of(own) is not None:
        return Placed(geometry, f"EPSG:{own}", tuple(said_so))
    target = target or _zone_by_longitude(bounds, source)
    if target is None:
        return Placed(geometry, "", (error(f"{prefix}014.epsg-not-usable", at=where, found=_name(source)),))
    if target == own:
        return Placed(geometry, f"EPSG:{target}", tuple(said_so))
    placed = _transform(geometry, source, target, where, prefix)
    return Placed(placed.geometry, placed.crs, (*said_so, *placed.issues))


def usable(form: Normal, source: str) -> bool:
    """True for what can be brought into a zone without local parameters: CGCS2000 in its own forms, and WGS 84."""
    if form.datum == "cgcs2000":
        return epsg_of(source) is not None
    return form.datum == "wgs84"


def _by_word(
    crs: str, own: int | None, said: int, where: Place, prefix: str, said_so: list[Issue]
) -> tuple[str, Issue | None]:
    """The system that counts where file and round both name one, or finding 17.

    A zone that the round names is the target. EPSG:4490 for a file in degrees of WGS 84 is the officer's word for what
    the coordinates really are; so is a system with the same grid for a file that does not name its datum.
    """
    if own == said:
        return crs, None
    form, stated = normal(crs), normal(f"EPSG:{said}")
    if stated.datum == "cgcs2000" and (form.axes, form.method, form.parameters) == (
        stated.axes,
        stated.method,
        stated.parameters,
    ):
        unnamed = form.datum not in ("cgcs2000", "old") and form.ellipsoid == stated.ellipsoid
        if form.datum == "wgs84" or unnamed:
            said_so.append(note(f"{prefix}015.by-word", at=where, system=_name(crs), said=said))
            return f"EPSG:{said}", None
    if zone_of(said) is not None or said in SIX_DEGREE:
        return crs, None
    return crs, error(f"{prefix}017.file-says-epsg", at=where, own=_name(crs), said=said)


def _name(source: str) -> str:
    code = epsg_of(source)
    return f"EPSG:{code} ({parsed(source).name})" if code is not None else parsed(source).name


def _code(source: str) -> str:
    code = epsg_of(source)
    return f"EPSG:{code}" if code is not None else ""


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


def _swapped(bounds: np.ndarray[Any, Any], source: str, where: Place, prefix: str) -> Issue | None:
    """Swapped axes are refused, with the proof that the other order would fit."""
    west, south, east, north = bounds.tolist()
    if not _outside(bounds, source) or _outside(np.array([south, west, north, east]), source):
        return None
    return error(f"{prefix}016.axes-swapped-x", at=where, west=west, east=east, system=_name(source))


def _outside(bounds: np.ndarray[Any, Any], source: str) -> Told | None:
    """Why coordinates cannot be of that system (``None`` if they can): a sentence of finding 16."""
    west, south, east, north = (float(value) for value in bounds)
    form, code = normal(source), epsg_of(source)
    if form.geographic:
        if CHINA[0] <= west and east <= CHINA[2] and CHINA[1] <= south and north <= CHINA[3]:
            return None
        return told("016.not-in-china", west=west, south=south, east=east, north=north)
    if form.method != "Transverse Mercator":
        return None
    centre = dict(form.parameters)["8806"]
    half = 300_000 if code is not None and zone_of(code) is not None else 500_000
    if abs(west - centre) <= half and abs(east - centre) <= half and south >= 300_000 and north <= 6_100_000:
        return None
    if centre >= 25_000_000 and west > 25_000_000 and east < 46_000_000 and west // 10**6 != east // 10**6:
        return told("016.two-zones", first=int(west // 10**6), second=int(east // 10**6))
    return told("016.not-in-system", west=west, east=east, south=south, north=north, system=_name(source))


def _zone_by_longitude(bounds: np.ndarray[Any, Any], source: str) -> int | None:
    """The three-degree zone of the middle of all outlines."""
    west, south, east, north = bounds.tolist()
    x, y = (west + east) / 2, (south + north) / 2
    if not normal(source).geographic:
        x, y = pyproj.Transformer.from_crs(parsed(source), GEOGRAPHIC, always_xy=True).transform(x, y)
    zone = round(x / 3) if np.isfinite(x) else 0
    return zone_epsg(zone) if 25 <= zone <= 45 else None


def _foreign(source: str, where: Place, prefix: str) -> Issue:
    """A system that no parameters at hand bring into CGCS2000: another datum, or a grid of the city's own."""
    form = normal(source)
    if form.datum == "old":
        return error(f"{prefix}014.epsg-older-datum", at=where, system=_name(source))
    apart = difference(source)
    if apart:
        return error(f"{prefix}014.crs-other-grid", at=where, name=parsed(source).name, apart=apart)
    return error(f"{prefix}014.crs-file-none", at=where, name=parsed(source).name)


def _transform(geometry: np.ndarray[Any, Any], source: str, target: int, where: Place, prefix: str) -> Placed:
    moved = to_crs(geometry, source, f"EPSG:{target}")
    outside = _outside(_bounds(moved), f"EPSG:{target}")
    if outside:
        return Placed(moved, f"EPSG:{target}", (_not_there(outside, prefix, where, told("crs.say")),))
    form = normal(source)
    key = "015.projected" if form.geographic else "017.projected"
    issues = [note(f"{prefix}{key}", at=where, system=_name(source), target=target)]
    if form.datum == "wgs84":
        issues.append(warning(f"{prefix}015.wgs-84-taken", at=where))
    return Placed(moved, f"EPSG:{target}", tuple(issues))


def to_crs(geometry: np.ndarray[Any, Any], source: str, target: str) -> np.ndarray[Any, Any]:
    """Geometry from one system to another, both as texts; x east."""
    transformer = pyproj.Transformer.from_crs(parsed(source), parsed(target), always_xy=True)

    def move(points: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        x, y = transformer.transform(points[:, 0], points[:, 1])
        return np.column_stack([x, y])

    return np.asarray(shapely.transform(geometry, move))
