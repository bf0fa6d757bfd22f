"""The language of texts: asked for, else LANDOPT_LANG, else the system's, else English."""

from __future__ import annotations

import locale
import os


def language(asked: str | None = None) -> str:
    """``zh`` or ``en``."""
    if asked in ("zh", "en"):
        return asked
    for name in ("LANDOPT_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"
