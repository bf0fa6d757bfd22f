"""Code systems of land use (``use_codes.toml``): stated by the file, mapped by data, never guessed.

Standard library only.
"""

from __future__ import annotations

import difflib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from parcels.common.catalogue import told
from parcels.common.schema import fields
from parcels.common.units import BadValue
from parcels.common.vocabulary import code_of

ALWAYS = {"IND_M0": "IND_M0", "NS_M9": "NS_M9", "HOU_AFF": "HOU_AFF"}
"""Accepted by name in every system: local classes without a national code."""


@cache
def systems() -> dict[str, dict[str, Any]]:
    """The code systems by name."""
    return tomllib.loads((Path(__file__).parent / "use_codes.toml").read_text(encoding="utf-8"))


def use_of(text: str, system: str, *, own: bool = False) -> str:
    """The use class that a code or name of a system stands for; ``own``: landopt's own names are accepted too.

    Raises
    ------
    BadValue
        48 if the code is none of the system, or is too coarse to name one use.
    """
    word = text.strip()
    code = word.upper()
    entry = systems()[system]
    if code in ALWAYS:
        return ALWAYS[code]
    if system == "landopt" and code in fields()["use"].values:
        return code
    named = entry["names"].get(word)
    if named is not None:
        return str(named)
    codes = entry.get("codes", {})
    if code in entry.get("refuse", ()):
        raise BadValue("048.too-coarse", refused=told(f"use-codes.{system}-{code}"))
    if code in codes:
        return str(codes[code])
    fits = len(code) in entry.get("lengths", range(1, 9))
    if entry.get("prefix") and fits and code.isascii() and code.isalnum():
        for length in range(len(code) - 1, 0, -1):
            if code[:length] in entry.get("refuse", ()):
                break
            if code[:length] in codes and code[length:].isdigit():
                return str(codes[code[:length]])
    if own and code in fields()["use"].values:
        return code  # landopt's own names are no codes of any other system
    printed = code_of("use", word)
    if printed is not None and word.upper() not in fields()["use"].values:
        return printed  # what landopt prints is read in every system; its bare codes only where they are declared
    elsewhere = [name for name, other in systems().items() if name != system and code in other.get("codes", {})]
    known = (*codes, *entry["names"], *(fields()["use"].values if system == "landopt" else ()))
    near = difflib.get_close_matches(word, known, 1, 0.5)
    key = "048.other-system" if elsewhere else "048.no-use"
    if near:
        raise BadValue(f"{key}-near", text=text, system=system, systems=elsewhere, near=near[0])
    raise BadValue(key, text=text, system=system, systems=elsewhere)
