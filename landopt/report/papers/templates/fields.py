"""The places of each template, read from ``fields.toml``: the one list of names that is ever filled in."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from landopt.report.papers.blocks import Block
from parcels.common.catalogue import phrase

Value = str | Sequence[Block]
"""What a place is filled with: a text (lines stay lines) or blocks."""
Values = Mapping[str, Value]
"""Values by the key of a place."""


@dataclass(frozen=True, slots=True)
class Field:
    """A place: its key, both its names, whether a template must have it, holds blocks, or may stand anywhere."""

    key: str
    zh: str
    en: str
    needed: bool = False
    blocks: bool = False
    whole: bool = False

    def name(self, lang: str) -> str:
        """Its name in a language."""
        return self.zh if lang == "zh" else self.en


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "fields.toml").read_text(encoding="utf-8"))


def place(field: Field, lang: str) -> str:
    """A place as a template has it."""
    return f"{{{{{field.name(lang)}}}}}"


def names() -> tuple[str, ...]:
    """The templates there are."""
    return tuple(_table()["files"])


def about(template: str, lang: str) -> str:
    """What a template is."""
    return str(_table()["files"][template][lang])


def wording(template: str, what: str, lang: str) -> tuple[str, ...]:
    """What the shipped template says besides its places."""
    said = _table()["wording"][template][what][lang]
    return (said,) if isinstance(said, str) else tuple(said)


@cache
def own(template: str) -> tuple[Field, ...]:
    """The places of one template, in the order they are printed, without those of the whole plan."""
    return tuple(_field(key, entry, whole=False) for key, entry in _table()[template].items())


@cache
def whole() -> tuple[Field, ...]:
    """The places that any template may have."""
    return tuple(_field(key, entry, whole=True) for key, entry in _table()["whole"].items())


def _field(key: str, entry: Mapping[str, Any], *, whole: bool) -> Field:
    needed, blocks = bool(entry.get("needed")), bool(entry.get("blocks"))
    return Field(key, str(entry["zh"]), str(entry["en"]), needed, blocks, whole)


@cache
def known(template: str) -> dict[str, Field]:
    """Every name that a template may carry, in both languages, and its place."""
    return {name: field for field in (*whole(), *own(template)) for name in (field.zh, field.en)}


def by_label(template: str, rows: Iterable[tuple[str, str]]) -> dict[str, Value]:
    """Rows of label and content as values of a template's places.

    Raises
    ------
    KeyError
        If a label is none of them: a form and its template list disagree.
    """
    found = known(template)
    return {found[label].key: content for label, content in rows}


def repeated(template: str) -> bool:
    """Whether a template is filled once a site."""
    return template == "review-sheet" or template.startswith("notices-")


def explained(lang: str) -> list[tuple[str, str, str, str]]:
    """(template, name, other name, what it is) of every place: the table of the documentation."""
    other = "en" if lang == "zh" else "zh"
    found = []
    for template in ("whole", *names()):
        for field in whole() if template == "whole" else own(template):
            said = _table()[template][field.key].get("about", {}).get(lang, "")
            needed = phrase("paper.needed", lang) if field.needed else ""
            found.append((template, field.name(lang), field.name(other), "; ".join(filter(None, (needed, said)))))
    return found
