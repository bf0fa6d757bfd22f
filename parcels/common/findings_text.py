"""Findings as lines of text, in either language: a few of each kind in full, the others by their ids.

Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from parcels.common.chinese import sentence, where
from parcels.common.codes import codes
from parcels.common.issues import Issue

FULL = 3
"""So many findings of one kind are told in full when there are more than :data:`FEW`."""
FEW = 5
NAMED = 30
"""So many ids are named of those that are not told in full."""

_MORE = re.compile(r"([0-9]+) more of this kind")
_LEVELS = {"error": ("Errors", "错误"), "warning": ("Warnings", "警告"), "note": ("Notes", "提示")}


def advice(issue: Issue, lang: str) -> str:
    """What can be done: the finding's own advice, else that of its code, without "Maybe"."""
    entry = codes().get(issue.code)
    own = re.sub(r"^Maybe:? ", "", issue.maybe)
    if lang == "zh":
        said = sentence(issue.maybe, "maybe") if own else None
        return said or (entry.todo_zh if entry and (own or issue.level != "note") else own)
    return own or (entry.todo_en if entry and issue.level != "note" else "")


def words(issue: Issue, lang: str, *, first: bool = True) -> str:
    """What a finding says; in Chinese the first of its kind has the title of its code before it."""
    if lang != "zh":
        return issue.what
    entry = codes().get(issue.code)
    said = issue.zh or sentence(issue.what) or issue.what
    return f"{entry.title_zh}：{said}" if entry and first and said != entry.title_zh else said


def lines(issues: Sequence[Issue], lang: str) -> list[str]:
    """All findings, errors first; those of one kind and column together."""
    zh = lang == "zh"
    out: list[str] = []
    for level, names in _LEVELS.items():
        groups: dict[tuple[str, str], list[Issue]] = {}
        for issue in issues:
            if issue.level == level:
                groups.setdefault((issue.code, _column(issue)), []).append(issue)
        count = sum(_count(issue) for group in groups.values() for issue in group)
        if groups:
            out.append(f" {names[zh]} {count}")
        for group in groups.values():
            out += _group(group, lang)
    return out


def _column(issue: Issue) -> str:
    named = re.search(r"column ([^,]+)$", issue.where if not _MORE.match(issue.what) else issue.what)
    return named.group(1) if named else ""


def _count(issue: Issue) -> int:
    more = _MORE.match(issue.what)
    return int(more.group(1)) if more else 1


def _group(group: Sequence[Issue], lang: str) -> list[str]:
    """The findings of one kind: advice that is the same for all is given once."""
    rest = [issue for issue in group if _MORE.match(issue.what)]
    plain = [issue for issue in group if not _MORE.match(issue.what)]
    full = plain if not rest and len(plain) <= FEW else plain[:FULL]
    said = [advice(issue, lang) for issue in full]
    once = len(set(said)) == 1
    out: list[str] = []
    for position, issue in enumerate(full):
        out.append(f"   {issue.code}  {words(issue, lang, first=not position)}")
        if issue.where:
            out.append(f"         {where(issue.where) if lang == 'zh' else issue.where}")
        if said[position] and (not once or position == len(full) - 1):
            out.append(f"         {_maybe(said[position], lang)}")
    others = [*plain[len(full) :], *rest]
    if others:
        out.append(f"         {_others(others, lang)}")
    return out


def _maybe(text: str, lang: str) -> str:
    return f"建议：{text}" if lang == "zh" else f"Maybe: {text}"


def _others(others: Iterable[Issue], lang: str) -> str:
    found = list(others)
    count = sum(_count(issue) for issue in found)
    ids = list(dict.fromkeys(identifier for issue in found for identifier in issue.ids))
    named = ", ".join(ids[:NAMED]) + (" ..." if len(ids) > NAMED else "")
    if lang == "zh":
        return f"另有 {count} 处同类问题" + (f"：{named}" if ids else "") + "（--json 列出）"
    return f"and {count} more of this kind" + (f": {named}" if ids else "") + " (--json lists them)"
