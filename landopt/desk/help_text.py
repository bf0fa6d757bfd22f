"""Help in the language asked for, examples on lines of their own.

Imported with every command: standard library and click only, and the texts only where they are asked for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import click

from parcels.common.catalogue import FIRST, Bilingual, find, texts, told

_CLOSING, _OPENING = "，。；：、）》”？！］", "（《“［"


_ADDED: dict[str, Bilingual] = {}
"""Texts that were brought along at run time, by their English."""


def add(en: str, zh: str) -> None:
    """A text of help that something that was found at run time brings along."""
    _ADDED[en] = Bilingual(en, zh)


def helped(text: str, lang: str) -> str:
    """A help text in a language; a text that was cut short is known by its beginning; others stay as they are."""
    flat = " ".join(text.split())
    if flat in _ADDED:
        return _ADDED[flat].text(lang)
    found = find(f"help.{flat}", lang)
    if found is None and len(flat) > 12:  # the list of a group's commands has the first sentence, or a part of it
        begun = f"help.{flat.removesuffix('...')}"
        found = next((said for key, said in texts(lang).items() if key.startswith(begun)), None)
    return text if found is None else found


def width(text: str) -> int:
    """Columns a text takes on a terminal: two for each wide character."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def wrapped(text: str, columns: int) -> list[str]:
    """A text in lines of at most ``columns``: words stay whole, Chinese breaks anywhere but before closing marks."""
    lines, line = [], ""
    for part in re.findall(rf"[{_OPENING}]*(?:[\x21-\x7e]+|[^\x00-\x7f])[{_CLOSING}]*|\s+", text):
        if line and width(line + part.rstrip()) > columns:
            lines.append(line.rstrip())
            line = ""
        line += part if line or not part.isspace() else ""
    return [*lines, line.rstrip()] if line.strip() else lines


class English(click.HelpFormatter):
    """Help as click sets it, but an example can be copied line by line."""

    def write_text(self, text: str) -> None:
        """A paragraph; an example as it stands."""
        if text.lstrip("\b\n ").startswith("Example:"):
            self._example(text, "Example:")
        else:
            super().write_text(text)

    def _example(self, text: str, head: str) -> None:
        lines = [line.strip() for line in text.replace("\b", "").splitlines()]
        self.write(f"{'':>{self.current_indent}}{head}\n")
        for line in lines:
            if line and line != "Example:":
                self.write(f"{'':>{self.current_indent}}  {line}\n")


class Translated(English):
    """Help in another language, set by the width of its characters."""

    lang = "zh"

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The usage line."""
        for ours, key in (("[OPTIONS]", "any-options"), ("COMMAND [ARGS]...", "any-command")):
            args = args.replace(ours, self._word(key))
        super().write_usage(prog, args, self._word("usage") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """A heading."""
        name = find(f"desk.{heading.lower()}", self.lang) or heading
        self.write(f"{'':>{self.current_indent}}{told('desk.heading', name=name).text(self.lang)}\n")

    def write_text(self, text: str) -> None:
        """A paragraph, each of a long text on its own."""
        if text.lstrip("\b\n ").startswith("Example:"):
            self._example(text, self._word("example"))
            return
        indent = self.current_indent
        for number, paragraph in enumerate(text.strip().split("\n\n")):
            self.write("\n" if number else "")
            for line in wrapped(helped(paragraph, self.lang), self.width - indent):
                self.write(f"{'':>{indent}}{line}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options or commands with what they mean."""
        rows = list(rows)
        first = min(max((width(name) for name, _ in rows), default=0), col_max) + col_spacing
        indent = self.current_indent
        for name, meaning in rows:
            self.write(f"{'':>{indent}}{name}")
            room = max(self.width - indent - first, 20)
            lines = wrapped(self._meaning(meaning), room)
            here = lines[:1] if width(name) <= first - col_spacing else [""]
            self.write(f"{'':>{max(0, first - width(name))}}{here[0]}\n" if here and here[0] else "\n")
            for line in lines[1:] if here and here[0] else lines:
                self.write(f"{'':>{indent + first}}{line}\n")

    def _word(self, key: str) -> str:
        return find(f"desk.{key}", self.lang) or ""

    def _meaning(self, text: str) -> str:
        found = re.fullmatch(r"(.*?)(?:\s\s\[([^\]]*)\])?", text, re.S)
        assert found is not None
        extra = found[2] or ""
        for ours, key in ((r"\bdefault: ", "default"), (r"\brequired\b", "required")):
            extra = re.sub(ours, self._word(key), extra)
        said = helped(found[1], self.lang)
        return said + (told("desk.extra", extra=extra).text(self.lang) if extra else "")


def formatter(lang: str) -> type[English]:
    """The one that writes help in a language."""
    return English if lang == FIRST else type("Translated", (Translated,), {"lang": lang})
