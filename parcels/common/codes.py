"""The stable codes of all messages: each room's ``texts/codes.toml``, their words in its texts, the page of all.

Standard library only.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from parcels.common.catalogue import SHARED, find, folders, told

LETTERS = "PDKLFRCOWSAHXBEV"
"""The letters of codes in the order of the page; what each stands for: ``letter.P`` in the texts."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means and what to do about it; ``codes`` are its spellings (P025, D025 ...), ``key`` its text's."""

    codes: tuple[str, ...]
    level: str
    key: str

    def title(self, lang: str) -> str:
        """A few words."""
        return told(f"{self.key}.title").text(lang)

    def meaning(self, lang: str) -> str:
        """What it means."""
        return told(f"{self.key}.meaning").text(lang)

    def todo(self, lang: str) -> str:
        """What to do."""
        return told(f"{self.key}.todo").text(lang)


def entries() -> tuple[Code, ...]:
    """The codes of all rooms imported so far, in order of number: the shared ones first, then letter by letter."""
    found = [code for folder in folders() for code in _of(folder / "codes.toml")]
    return tuple(sorted(found, key=lambda code: (-1 if code.key.isdigit() else LETTERS.index(code.key[0]), code.key)))


@cache
def _of(path: Path) -> tuple[Code, ...]:
    """The codes of one room, read once: every finding of every file asks for them."""
    if not path.exists():
        return ()
    found = []
    for key, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
        spelled = tuple(f"{room}{key}" for room in entry["rooms"]) if "rooms" in entry else (key,)
        found.append(Code(spelled, entry["level"], key))
    return tuple(found)


def codes() -> dict[str, Code]:
    """Every code -> its entry."""
    return {code: entry for entry in entries() for code in entry.codes}


def page() -> str:
    """``docs/errors.md`` as it should be."""
    letters = ", ".join(
        f"{letter} {find(f'letter.{letter}', 'en')} {find(f'letter.{letter}', 'zh')}" for letter in LETTERS
    )
    lines = [
        "# Codes of errors, warnings and notes 错误、警告与提示代码",
        "",
        "Made from `texts/` of each room by `python -m landopt.desk.docs`; a test holds it current.",
        "",
        f"A code is a letter and a number: {letters}. The numbers of {', '.join(SHARED)} are shared:"
        " there a number keeps its meaning across letters.",
        "An error 错误 stops the command: exit 1 refused, 3 no plan satisfies the rules, 5 a plan or ledger does not"
        " stand, 6 solver, disk or lock, 7 stopped before any plan. A warning 警告 or a note 提示 does not stop it."
        " `landopt check --json` lists the findings of a round.",
        "",
    ]
    for entry in entries():
        lines += [
            f"## {', '.join(entry.codes)}: {entry.title('en')} {entry.title('zh')}",
            "",
            f"*{entry.level}* · {entry.meaning('en')} **{entry.todo('en')}**",
            "",
            f"{entry.meaning('zh')}**{entry.todo('zh')}**",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"
