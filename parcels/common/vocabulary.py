"""The vocabulary (``vocabulary.toml``): what a code is called and which words are read as it. Standard library only.

One file serves output, input and the glossary: whatever is printed for a code is read as that code, in files, in facts
told to ``rules ask`` and on the command line.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from parcels.common.catalogue import find, languages

_APART = ("subjects", "former_districts", "terms")
"""Tables of the file that name no codes."""


@cache
def table() -> Mapping[str, Any]:
    """The file as it stands."""
    found: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text(encoding="utf-8"))
    return found


@cache
def subjects() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Subject (``use``) -> code -> its printed names by language and the words read besides (``also``)."""
    return {name: codes for name, codes in table().items() if name not in _APART}


def subject_of(field: str) -> str:
    """Under which subject the codes of a field stand: ``uses`` under ``use``."""
    return str(table()["subjects"].get(field, field))


@cache
def printed(lang: str) -> Mapping[str, str]:
    """The printed names of a language by dotted key (``use.IND``), as the catalogue of texts has them."""
    return {
        f"{subject}.{code}": str(entry[lang])
        for subject, codes in subjects().items()
        for code, entry in codes.items()
        if lang in entry
    }


def folded(word: str) -> str:
    """A word as compared: width, letter case and blanks make no difference."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split())


@cache
def readings(subject: str) -> Mapping[str, str]:
    """Folded word -> code: the codes, all that is printed for them in any language, and what is read besides.

    Raises
    ------
    ValueError
        If a word would mean two codes.
    """
    found: dict[str, str] = {}
    for code, entry in subjects().get(subject, {}).items():
        names = [find(f"{subject}.{code}", lang) for lang in languages()]
        for word in (code, *(name for name in names if name), *entry.get("also", ())):
            if found.setdefault(folded(word), code) != code:
                raise ValueError(f"{subject}: {word!r} means {found[folded(word)]} and {code}")
    return found


def code_of(subject: str, word: str, among: Iterable[str] | None = None) -> str | None:
    """The code that a word stands for; ``None`` if it is no word of the subject, or not ``among`` the codes wanted."""
    wanted = None if among is None else list(among)
    code = readings(subject).get(folded(word))
    if code is not None and (wanted is None or code in wanted):
        return code
    return next((each for each in wanted or () if folded(each) == folded(word)), None)
