"""Help in the language asked for, examples on lines of their own, and usage errors in Chinese.

Imported with every command: standard library and click only, and the Chinese texts only where they are asked for.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import click

_HEADINGS = {"Options": "选项", "Commands": "命令", "Arguments": "参数"}
_EXTRAS = (
    (re.compile(r"\bdefault: "), "默认："),
    (re.compile(r"\brequired\b"), "必填"),
)
_CLOSING, _OPENING = "，。；：、）》”？！］", "（《“［"


@cache
def _texts() -> dict[str, str]:
    return tomllib.loads((Path(__file__).parent / "help_zh.toml").read_text(encoding="utf-8"))


def add(en: str, zh: str) -> None:
    """A text of help that something that was found at run time brings along."""
    _texts()[en] = zh


def in_chinese(text: str) -> str:
    """The Chinese of a help text; a text that was cut short is known by its beginning; others stay as they are."""
    flat = " ".join(text.split())
    found = _texts().get(flat)
    if found is None and len(flat) > 12:  # the list of a group's commands has the first sentence, or a part of it
        found = next((zh for en, zh in _texts().items() if en.startswith(flat.removesuffix("..."))), None)
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


class Chinese(English):
    """Help in Chinese, set by the width of its characters."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The usage line."""
        args = args.replace("[OPTIONS]", "[选项]").replace("COMMAND [ARGS]...", "命令 [参数]...")
        super().write_usage(prog, args, "用法：" if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        """A heading."""
        self.write(f"{'':>{self.current_indent}}{_HEADINGS.get(heading, heading)}：\n")

    def write_text(self, text: str) -> None:
        """A paragraph, each of a long text on its own."""
        if text.lstrip("\b\n ").startswith("Example:"):
            self._example(text, "示例：")
            return
        indent = self.current_indent
        for number, paragraph in enumerate(text.strip().split("\n\n")):
            self.write("\n" if number else "")
            for line in wrapped(in_chinese(paragraph), self.width - indent):
                self.write(f"{'':>{indent}}{line}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Options or commands with what they mean."""
        rows = list(rows)
        first = min(max((width(name) for name, _ in rows), default=0), col_max) + col_spacing
        indent = self.current_indent
        for name, meaning in rows:
            self.write(f"{'':>{indent}}{name}")
            room = max(self.width - indent - first, 20)
            lines = wrapped(_meaning(meaning), room)
            here = lines[:1] if width(name) <= first - col_spacing else [""]
            self.write(f"{'':>{max(0, first - width(name))}}{here[0]}\n" if here and here[0] else "\n")
            for line in lines[1:] if here and here[0] else lines:
                self.write(f"{'':>{indent + first}}{line}\n")


def _meaning(text: str) -> str:
    found = re.fullmatch(r"(.*?)(?:\s\s\[([^\]]*)\])?", text, re.S)
    assert found is not None
    extra = found[2] or ""
    for pattern, zh in _EXTRAS:
        extra = pattern.sub(zh, extra)
    return in_chinese(found[1]) + (f"［{extra}］" if extra else "")


def usage_in_chinese(trouble: click.UsageError) -> str:
    """A usage error as lines of text in Chinese: usage, where help is, what is wrong, what may be meant."""
    from parcels.common.chinese import usage

    said, *rest = trouble.format_message().split("\n")
    lines = [f"错误：{usage(said)}", *(f"建议：{usage(line)}" for line in rest if line.strip())]
    if trouble.ctx is not None:
        path = trouble.ctx.command_path
        lines = [trouble.ctx.get_usage(), f"查看帮助：{path} --help", "", *lines]
    return "\n".join(lines)
