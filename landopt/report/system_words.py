"""A coordinate system in the words a surveyor uses, for maps and projects."""

from __future__ import annotations

from parcels.common.catalogue import phrase
from parcels.geometry.systems import MERIDIAN, zone_of


def system_words(crs: str, lang: str) -> str:
    """The system of a plan (``EPSG:4526``) in words: datum, projection, zone, central meridian; else its own text."""
    text = crs.removeprefix("EPSG:")
    number = int(text) if text.isdigit() else 0
    zone = zone_of(number)
    if zone is None:
        return crs
    key = "system.central" if number in MERIDIAN else "system.zoned"
    return phrase(key, lang, zone=zone, meridian=3 * zone, crs=crs)
