"""The stable codes of findings (``codes.toml``) and the page made from them (``docs/errors.md``).

Standard library only.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOMS = {
    "P": ("parcels", "宗地"),
    "D": ("demands", "需求"),
    "K": ("records on file", "在案文件"),
    "L": ("layers", "图层"),
}
"""Room letters of numbered codes; F is any file."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means and what to do about it, in both languages; ``codes`` are its spellings (P025, D025 ...)."""

    codes: tuple[str, ...]
    level: str
    title_en: str
    meaning_en: str
    todo_en: str
    title_zh: str
    meaning_zh: str
    todo_zh: str


@cache
def entries() -> tuple[Code, ...]:
    """All entries in order of number."""
    found = []
    text = (Path(__file__).parent / "codes.toml").read_text(encoding="utf-8")
    for key, entry in tomllib.loads(text).items():
        spelled = tuple(f"{room}{key}" for room in entry["rooms"]) if "rooms" in entry else (key,)
        found.append(Code(spelled, entry["level"], *entry["en"], *entry["zh"]))
    return tuple(found)


@cache
def codes() -> dict[str, Code]:
    """Every code of the facts room -> its entry."""
    return {code: entry for entry in entries() for code in entry.codes}


def page() -> str:
    """``docs/errors.md`` as it should be."""
    lines = [
        "# Findings about input files 输入文件检查结果",
        "",
        "Made from `parcels/codes.toml` by `python -m parcels.codes`; a test holds it current.",
        "",
        "A code is a letter (P parcels 宗地, D demands 需求, K records on file 在案文件, L role layers 图层,"
        " F any file 文件)"
        " and a number that keeps its meaning across letters.",
        "An error 错误 stops `solve` (exit 1); a warning 警告 or a note 提示 does not."
        " `landopt check --json` lists them all.",
        "",
    ]
    for entry in entries():
        lines += [
            f"## {', '.join(entry.codes)}: {entry.title_en} {entry.title_zh}",
            "",
            f"*{entry.level}* · {entry.meaning_en} **{entry.todo_en}**",
            "",
            f"{entry.meaning_zh}**{entry.todo_zh}**",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    target = Path(__file__).parents[1] / "docs" / "errors.md"
    target.write_text(page(), encoding="utf-8", newline="\n")
