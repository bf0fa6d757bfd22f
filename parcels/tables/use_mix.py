"""The mix of uses of a parcel: one reader for files and for questions. Standard library only."""

from __future__ import annotations

import re

from parcels.common.units import BadValue, scaled
from parcels.tables.use_codes import use_of

_PARTS = re.compile(r"[;；、,，]")


def read_mix(text: str, system: str = "landopt") -> str:
    """A mix such as ``IND:70;BIZ:30`` or 工业用地：70、商务金融用地：30, canonical: codes, sorted, per cent.

    Parameters
    ----------
    text
        Uses with their shares of the area in whole per cent.
    system
        The code system of the uses.

    Raises
    ------
    BadValue
        52 where it is no mix, names a use twice, or does not add up to 100; 48 for a use that is not known.
    """
    parts: dict[str, int] = {}
    for item in (each.strip() for each in _PARTS.split(text) if each.strip()):
        use, colon, share = item.replace("：", ":").partition(":")
        number = share.strip().removesuffix("%").removesuffix("％").strip()
        if not colon or not number.isascii() or not number.isdigit():
            raise BadValue("052.no-mix-such", text=text)
        code = use_of(use, system)
        if code in parts:
            raise BadValue("052.names-twice", text=text, code=code)
        parts[code] = scaled(number, whole=True)
    if sum(parts.values()) != 100 or min(parts.values(), default=0) <= 0:
        raise BadValue("052.shares-do-not", text=text)
    return ";".join(f"{code}:{share}" for code, share in sorted(parts.items()))
