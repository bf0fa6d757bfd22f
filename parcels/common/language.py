"""The language of texts: asked for, else LANDOPT_LANG, else the system's, else English."""

from __future__ import annotations

import locale
import os

from parcels.common.catalogue import FIRST, languages


def language(asked: str | None = None) -> str:
    """A language that there are texts in (``en``, ``zh``, and what further files bring)."""
    if asked in languages():
        return asked
    for name in ("LANDOPT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return _known(value)
    return _known(locale.getlocale()[0] or "")


def _known(value: str) -> str:
    """The language of a locale such as ``zh_CN.UTF-8``; Windows calls it Chinese."""
    low = value.lower().replace("chinese", "zh")
    return next((each for each in languages() if low.startswith(each) and each != FIRST), FIRST)
