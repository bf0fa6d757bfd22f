"""The stable codes of all messages (``codes.toml``) and the page made from them (``docs/errors.md``).

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
"""Room letters of codes that share their numbers."""

LETTERS = {
    **ROOMS,
    "F": ("any file", "文件"),
    "R": ("rules", "规则"),
    "C": ("the round", "轮次"),
    "O": ("scenarios and fixes", "情景与指定"),
    "W": ("sweeps", "扫描"),
    "S": ("solving", "求解"),
    "A": ("audit and seal", "审核与封签"),
    "H": ("handmade plans", "手工方案"),
    "X": ("explanations and reports", "说明与报告"),
    "B": ("the ledger", "台账"),
    "E": ("the machine", "运行环境"),
}
"""What each letter stands for."""


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
    """Every code -> its entry."""
    return {code: entry for entry in entries() for code in entry.codes}


def page() -> str:
    """``docs/errors.md`` as it should be."""
    letters = ", ".join(f"{letter} {en} {zh}" for letter, (en, zh) in LETTERS.items())
    lines = [
        "# Codes of errors, warnings and notes 错误、警告与提示代码",
        "",
        "Made from `parcels/common/codes.toml` by `python -m parcels.common.codes`; a test holds it current.",
        "",
        f"A code is a letter and a number: {letters}. The numbers of {', '.join(ROOMS)} are shared:"
        " there a number keeps its meaning across letters.",
        "An error 错误 stops the command: exit 1 refused, 3 no plan satisfies the rules, 5 a plan or ledger does not"
        " stand, 6 solver, disk or lock, 7 stopped before any plan. A warning 警告 or a note 提示 does not stop it."
        " `landopt check --json` lists the findings of a round.",
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
    target = Path(__file__).parents[2] / "docs" / "errors.md"
    target.write_text(page(), encoding="utf-8", newline="\n")
