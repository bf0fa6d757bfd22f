"""Names in two languages: a name or document that a round writes as ``中文名｜English name``, said in one language.

The sign is the full-width bar with Chinese on its left and none on its right, in any text of the round's own files;
names in one language are said as they are in every paper.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from parcels.common.gate import read_bytes

SIGN = "｜"
_CHINESE = re.compile(r"[\u3400-\u9fff]")

Names = Mapping[str, tuple[str, str]]
"""Each name as it is written, with its Chinese and its English."""


def two_names(value: Any) -> dict[str, tuple[str, str]]:
    """The names in two languages among all texts of plain data.

    >>> two_names({"name": "湾区实验室｜Bay Area Laboratory", "note": "A｜B"})
    {'湾区实验室｜Bay Area Laboratory': ('湾区实验室', 'Bay Area Laboratory')}
    """
    found = {}
    for text in _texts(value):
        chinese, sign, english = text.partition(SIGN)
        if sign and SIGN not in english and _CHINESE.search(chinese) and not _CHINESE.search(english):
            pair = chinese.strip(), english.strip()
            if all(pair):
                found[text] = pair
    return found


def names_in_file(path: Path) -> dict[str, tuple[str, str]]:
    """The names in two languages of a ``case.json``; none where there is no such file, or it cannot be read."""
    try:
        content = read_bytes(path)
        return two_names(json.loads(content)) if SIGN.encode() in content else {}
    except (OSError, ValueError):
        return {}


def said_in(value: Any, names: Names, lang: str) -> Any:
    """Plain data or a text with each of the names in one language only; the keys of data stay."""
    if not names or not lang:
        return value
    part = 0 if lang == "zh" else 1
    pattern = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))
    return _said(value, lambda text: pattern.sub(lambda hit: names[hit[0]][part], text) if SIGN in text else text)


def _said(value: Any, say: Any) -> Any:
    if isinstance(value, str):
        return say(value)
    if isinstance(value, dict):
        return {name: _said(item, say) for name, item in value.items()}
    if isinstance(value, list):
        return [_said(item, say) for item in value]
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if SIGN in value:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
