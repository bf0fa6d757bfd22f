"""Where a finding is: a file, a layer, a row, a column, a line of text, a word of the command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

from parcels.common.catalogue import FIRST, Text, filled, find, titled


@dataclass(frozen=True, slots=True)
class Place(Text):
    """A place in an input; empty parts are not said.

    ``row`` to ``last_row`` and ``entry`` count from 1 as the file shows them, ``line`` is a line of a text file,
    ``table`` a ``[table]`` of a TOML file; ``said`` is what the user typed (``--fix``, ``use=RES``), shown as it is;
    ``also`` is a second place of the same finding.
    """

    file: str = ""
    line: int = 0
    layer: str = ""
    role: str = ""
    sheet: str = ""
    table: str = ""
    key: str = ""
    row: int = 0
    last_row: int = 0
    entry: int = 0
    id: str = ""
    column: str = ""
    pack: str = ""
    said: str = ""
    also: Place | None = None

    def __bool__(self) -> bool:
        return self != NOWHERE

    def but(self, **parts: Any) -> Self:
        """The same place, closer: ``place.but(row=3, column="use")``."""
        return replace(self, **parts)

    def with_parts(self, inner: Place) -> Self:
        """The same place with the parts that ``inner`` has."""
        return replace(self, **{each.name: part for each in fields(inner) if (part := getattr(inner, each.name))})

    def inside(self, archive: str) -> Self:
        """The same place in a file of an archive."""
        inner = f"{archive}/{self.file or self.said}"
        return replace(self, file=inner) if self.file else replace(self, said=inner)

    def text(self, lang: str = FIRST) -> str:
        """The place in a language."""
        parts = [self.said] if self.said else []
        if self.file:
            parts.append(_part("line", lang, file=self.file, line=self.line) if self.line else self.file)
        for name in ("layer", "sheet", "table"):
            if value := getattr(self, name):
                parts.append(_part(name, lang, name=value) + (f" {self.key}" if name == "table" and self.key else ""))
        if self.role:
            parts[-1] += _part("role", lang, role=titled(self.role, lang, "role"))
        if self.row:
            parts.append(_part("rows" if self.last_row else "row", lang, row=self.row, last=self.last_row))
        for name in ("id", "column", "entry", "pack"):
            if value := getattr(self, name):
                parts.append(_part(name, lang, name=value))
        text = (find("place.comma", lang) or ", ").join(parts)
        return text if self.also is None else text + (find("place.and", lang) or " and ") + self.also.text(lang)

    def __str__(self) -> str:
        return self.text()

    def as_record(self) -> dict[str, Any]:
        """Plain data without the empty parts."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def of_record(cls, data: dict[str, Any]) -> Place:
        """The place that :meth:`as_record` wrote."""
        also = data.get("also")
        known = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        return cls(**{**known, "also": None if also is None else cls.of_record(also)})


NOWHERE = Place()


def _part(part: str, lang: str, **values: str | int) -> str:
    return filled(find(f"place.{part}", lang) or "", values.items(), lang)


def at_line(text: str) -> Place:
    """The place that a rule keeps as "file:line"."""
    file, colon, line = text.rpartition(":")
    return Place(file, int(line)) if colon and line.isdigit() else Place(said=text)


def within(where: Place | str, **parts: Any) -> Place:
    """A place closer than ``where`` (a file's name or a place): ``within(path.name, row=3)``."""
    return replace(where if isinstance(where, Place) else Place(file=where), **parts)
