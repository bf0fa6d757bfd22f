"""Findings as lines of text, in any language: a few of each kind in full, the others by their ids.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parcels.common.catalogue import FIRST, find, told
from parcels.common.codes import codes
from parcels.common.issues import Issue

FULL = 3
"""So many findings of one kind are told in full when there are more than :data:`FEW`."""
FEW = 5
NAMED = 30
"""So many ids are named of those that are not told in full."""
LEVELS = ("error", "warning", "note")


def advice(issue: Issue, lang: str) -> str:
    """What can be done: the finding's own advice, else that of its code."""
    entry = codes().get(issue.code)
    return issue.own_advice(lang) or (entry.todo(lang) if entry and issue.level != "note" else "")


def words(issue: Issue, lang: str, *, first: bool = True) -> str:
    """What a finding says; but for English, the first of its kind has the title of its code before it."""
    said = issue.sentence(lang)
    if lang == FIRST:
        return said
    title = entry.title(lang) if (entry := codes().get(issue.code)) else ""
    return told("findings.titled", title=title, text=said).text(lang) if title and first and said != title else said


def lines(issues: Sequence[Issue], lang: str) -> list[str]:
    """All findings, errors first; those of one kind and column together."""
    out: list[str] = []
    for level in LEVELS:
        groups: dict[tuple[str, str], list[Issue]] = {}
        for issue in issues:
            if issue.level == level:
                groups.setdefault((issue.code, _column(issue)), []).append(issue)
        count = sum(_count(issue) for group in groups.values() for issue in group)
        if groups:
            out.append(f" {find(f'level.{level}s', lang)} {count}")
        for group in groups.values():
            out += _group(group, lang)
    return out


def _column(issue: Issue) -> str:
    return str(issue.value("column") or issue.place.column)


def _count(issue: Issue) -> int:
    more = issue.value("more")
    return more if isinstance(more, int) else 1


def _group(group: Sequence[Issue], lang: str) -> list[str]:
    """The findings of one kind: advice that is the same for all is given once."""
    rest = [issue for issue in group if issue.value("more")]
    plain = [issue for issue in group if not issue.value("more")]
    full = plain if not rest and len(plain) <= FEW else plain[:FULL]
    said = [advice(issue, lang) for issue in full]
    once = len(set(said)) == 1
    out: list[str] = []
    for position, issue in enumerate(full):
        out.append(f"   {issue.code}  {words(issue, lang, first=not position)}")
        if place := issue.place.text(lang):
            out.append(f"         {place}")
        if said[position] and (not once or position == len(full) - 1):
            out.append(f"         {told('findings.advice', advice=said[position]).text(lang)}")
    others = [*plain[len(full) :], *rest]
    if others:
        out.append(f"         {_others(others, lang)}")
    return out


def _others(others: Iterable[Issue], lang: str) -> str:
    found = list(others)
    count = sum(_count(issue) for issue in found)
    ids = list(dict.fromkeys(identifier for issue in found for identifier in issue.ids))
    if not ids:
        return told("findings.others", count=count).text(lang)
    names = ", ".join(ids[:NAMED]) + (" ..." if len(ids) > NAMED else "")
    return told("findings.others-named", count=count, names=names).text(lang)
