"""Sentences as data: every room's texts, a file for each language, and how a :class:`Told` becomes a text, last of all.

A room keeps its texts in a folder ``texts`` (``en.toml``, ``zh.toml`` ...) and registers it when it is imported. A
language is a file: ``texts/fr.toml`` in a registered folder is all French needs; what a file lacks is told in English.
A text has named holes: ``{name}``, ``{count:,}`` (grouped), ``{cell!r}`` (in quotes), ``{field!t}`` (the title the
language has for a field), ``{use!t:use}`` (its word for a use, a zone ...: the section of that name), ``{trouble!f}``
(a message of other software, looked up in ``[foreign]``), ``{count:?row|rows}`` (one | any other number),
``{kind:<8}`` (a column of so many signs).
A value may be a list or another :class:`Told`. Standard library only.
"""

from __future__ import annotations

import re
import string
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FIRST: Final = "en"
"""The language every text has."""
SHARED: Final = "PDKL"
"""Letters of codes that share their numbers: the sentence ``P014.no-crs`` stands under ``014.no-crs``."""

SEPARATORS: Final = {";": "semicolon", "or": "or"}
"""What may stand between the items of a list instead of a comma: ``{why:; }``, ``{verdicts: or }``."""

_folders: list[Path] = []
_providers: list[Callable[[str], Mapping[str, str]]] = []


class Text(ABC):
    """Something that has a text in every language (:class:`Told`, a place); made last."""

    __slots__ = ()

    @abstractmethod
    def text(self, lang: str = FIRST) -> str:
        """The text in a language."""

    @property
    def pair(self) -> dict[str, str]:
        """The text in the two languages that rules and plans are kept in, as JSON and the tables of rules have it."""
        return {"en": self.text("en"), "zh": self.text("zh")}


type Plain = str | int | float | bool | Text | tuple[Plain, ...] | None


@dataclass(frozen=True, slots=True)
class Told(Text):
    """Something to be said: the key of a text and the values of its holes; text in any language is made last."""

    key: str
    values: tuple[tuple[str, Plain], ...] = ()

    def text(self, lang: str = FIRST) -> str:
        """The text in a language."""
        return filled(find(self.key, lang) or self.key, self.values, lang)

    def __str__(self) -> str:
        return self.text()

    @property
    def named(self) -> dict[str, Any]:
        """The values by name."""
        return dict(self.values)

    def as_record(self) -> dict[str, Any]:
        """Plain data, from which :func:`heard` makes the same again."""
        return {"told": self.key, "values": {name: as_data(value) for name, value in self.values}}


@dataclass(frozen=True, slots=True)
class Bilingual(Text):
    """A text that comes in two languages (a rule's title); a third one gets the English."""

    en: str
    zh: str

    def text(self, lang: str = FIRST) -> str:
        """The text in a language."""
        return self.zh if lang == "zh" else self.en


Say = Callable[[Told], None]
"""What hears of progress: a line as what is said, its text made by who hears it."""


def told(key: str, /, **values: object) -> Told:
    """Something to be said, its values frozen."""
    return Told(key, freeze(values))


def phrase(key: str, lang: str, /, **values: object) -> str:
    """The text of a key in a language, its holes filled at once."""
    return told(key, **values).text(lang)


def both(key: str, /, **values: object) -> Bilingual:
    """The text of a key in the two languages that rules and plans are kept in, its holes filled at once."""
    said = told(key, **values)
    return Bilingual(said.text("en"), said.text("zh"))


def listed(items: Iterable[str], lang: str, between: str = "comma") -> str:
    """Texts in one line, with what the language puts between the items of a list (``comma``, ``semicolon``)."""
    return (find(f"list.{between}", lang) or ", ").join(items)


def freeze(values: Mapping[str, object]) -> tuple[tuple[str, Plain], ...]:
    """Values by name as pairs that do not change."""
    return tuple((name, _plain(value)) for name, value in values.items())


def _plain(value: object) -> Plain:
    if value is None or isinstance(value, str | bool | int | float | Text):
        return value
    if isinstance(value, Mapping):
        return tuple(_plain(each) for each in value)
    if isinstance(value, Iterable):
        return tuple(_plain(each) for each in value)
    if hasattr(value, "__index__"):
        return int(value.__index__())
    return str(value)


def as_data(value: Plain) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Told):
        return value.as_record()
    if isinstance(value, Text):
        return value.text()
    return [as_data(each) for each in value] if isinstance(value, tuple) else value


def heard(data: Any) -> Plain:
    """A value as :func:`as_data` wrote it."""
    if isinstance(data, dict):
        return Told(data["told"], tuple((name, heard(value)) for name, value in data["values"].items()))
    if isinstance(data, list):
        return tuple(heard(each) for each in data)
    found: Plain = data
    return found


def register(folder: Path) -> None:
    """Make a room's texts known; called once where the room's package begins."""
    if folder not in _folders:
        _folders.append(folder)
        _forget()


def provide(provider: Callable[[str], Mapping[str, str]]) -> None:
    """Make texts known that stand in another file: what a language has by dotted key; the folders' own come before."""
    _providers.append(provider)
    _forget()


def forget(folder: Path) -> None:
    """Take a folder's texts away again."""
    _folders.remove(folder)
    _forget()


def _forget() -> None:
    for made in (texts, languages, _foreign):
        made.cache_clear()


def folders() -> tuple[Path, ...]:
    """The folders of all rooms imported so far."""
    return tuple(_folders)


@cache
def languages() -> tuple[str, ...]:
    """The languages there are, English first."""
    found = {path.stem for folder in _folders for path in folder.glob("*.toml")} - {"codes", FIRST}
    return (FIRST, *sorted(found))


@cache
def texts(lang: str) -> dict[str, str]:
    """All texts of a language by dotted key (``014.no-crs.what``, ``progress.offers``)."""
    found: dict[str, str] = {}
    for provider in _providers:
        found.update(provider(lang))
    for folder in _folders:
        path = folder / f"{lang}.toml"
        if path.exists():
            found.update(_flat(tomllib.loads(path.read_text(encoding="utf-8")), ""))
    return found


def _flat(table: Mapping[str, Any], above: str) -> Iterable[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, str):
            yield above + key, value
        else:
            yield from _flat(value, f"{above}{key}.")


def find(key: str, lang: str) -> str | None:
    """The text of a key in a language, else in English.

    A code of the shared letters stands under its number; a sentence that any code may have stands under ``any``.
    """
    spellings = [key]
    if key[1:4].isdigit():
        spellings += [key[1:]] if key[0] in SHARED else []
        spellings.append(f"any.{key[5:]}")
    for spelled in spellings:
        for each in (lang, FIRST):
            if (found := texts(each).get(spelled)) is not None:
                return found
    return None


def filled(text: str, values: Iterable[tuple[str, Plain]], lang: str) -> str:
    """A text with its holes filled."""
    return _Filler(lang).vformat(text, (), dict(values))


def said(value: Plain, lang: str = FIRST) -> str:
    """A value as a text shows it."""
    if isinstance(value, Text):
        return value.text(lang)
    if isinstance(value, tuple):
        return (find("list.comma", lang) or ", ").join(said(each, lang) for each in value)
    return "" if value is None else str(value)


def titled(value: Plain, lang: str, subject: str = "field") -> str:
    """The word a language has for a value of a subject (a field, a use, a method ...), else the value."""
    if isinstance(value, tuple):
        return (find("list.comma", lang) or ", ").join(titled(each, lang, subject) for each in value)
    return find(f"{subject}.{value}", lang) or said(value, lang)


def foreign(message: str, lang: str, section: str = "foreign") -> str:
    """A message of other software in a language: by the patterns of ``[foreign]``, else as it is; values likewise."""
    for pattern, text in _foreign(lang, section):
        if met := pattern.fullmatch(message):
            values = {name: foreign(value, lang, section) for name, value in met.groupdict().items()}
            return filled(text, tuple(values.items()), lang)
    return message


@cache
def _foreign(lang: str, section: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    known = {key.partition(".")[2]: text for key, text in texts(lang).items() if key.startswith(f"{section}.")}
    order = sorted(known, key=lambda key: (key.count("{"), -len(key)))
    return tuple((re.compile("".join(map(_piece, re.split(r"(\{\w+\})", key))), re.S), known[key]) for key in order)


def _piece(part: str) -> str:
    return f"(?P<{part[1:-1]}>.*?)" if part[:1] == "{" and part[-1:] == "}" else re.escape(part)


@dataclass(frozen=True, slots=True)
class _Titled:
    value: Plain


class _Filler(string.Formatter):
    """Fills named holes in one language; a hole is a name, never an expression."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        return kwargs.get(field_name, ""), field_name

    def convert_field(self, value: Any, conversion: Any) -> Any:
        if conversion == "t":
            return _Titled(value)
        if conversion == "f":
            return value if isinstance(value, Text) else foreign(str(value), self.lang)
        if conversion == "r" and isinstance(value, tuple):
            return tuple(self.convert_field(each, "r") for each in value)
        if conversion == "r" and isinstance(value, Text):
            return repr(value.text(self.lang))
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, _Titled):
            return titled(value.value, self.lang, format_spec or "field")
        if format_spec.startswith("?"):
            one, _, many = format_spec[1:].partition("|")
            return one if value in (1, True) or (isinstance(value, tuple) and len(value) == 1) else many
        if isinstance(value, tuple) and format_spec.strip() in SEPARATORS:
            between = find(f"list.{SEPARATORS[format_spec.strip()]}", self.lang) or format_spec
            return between.join(said(each, self.lang) for each in value)
        if format_spec and isinstance(value, tuple):
            return said(tuple(self.format_field(each, format_spec) for each in value), self.lang)
        if format_spec and isinstance(value, int | float):
            return format(value, format_spec)
        if isinstance(value, str) and re.fullmatch(r"[<>]\d+", format_spec):
            return format(value, format_spec)
        return said(value, self.lang)
