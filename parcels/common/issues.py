"""What is wrong with an input: an :class:`Issue` says what, where and what to do; all are collected before stopping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """One finding about an input.

    ``code`` is stable (``P014``: parcels, ``D..``: demands, ``R..``: rules, ``C..``: round file, ``F..``: files).
    ``what`` names names and values; ``where`` is "file, layer, row, column" or "file:line"; ``maybe`` is advice that
    can be done or pasted.  ``level`` is ``error`` (stops), ``warning`` or ``note``.  ``zh`` is the sentence in Chinese
    where its maker has it; else it is made from ``what`` (``parcels.common.chinese``).
    """

    level: str
    code: str
    what: str
    where: str = ""
    maybe: str = ""
    ids: tuple[str, ...] = ()
    zh: str = ""

    def as_dict(self) -> dict[str, object]:
        """The issue as plain data for ``--json``."""
        return {
            "level": self.level,
            "code": self.code,
            "what": self.what,
            "where": self.where,
            "maybe": self.maybe,
            "ids": list(self.ids),
        }


class LandoptError(Exception):
    """Base of every error a user sees: one or more issues and the exit code of the desk."""

    exit_code = 1

    def __init__(self, issues: Issue | Iterable[Issue]) -> None:
        self.issues: tuple[Issue, ...] = (issues,) if isinstance(issues, Issue) else tuple(issues)
        super().__init__("; ".join(issue.what for issue in self.issues))


class Refused(LandoptError):
    """The input is refused (exit 1); nothing was written."""


class Environment(LandoptError):
    """Solver, disk or lock trouble (exit 6)."""

    exit_code = 6


def error(code: str, what: str, where: str = "", maybe: str = "", ids: Iterable[str] = (), *, zh: str = "") -> Issue:
    """An :class:`Issue` of level ``error``."""
    return Issue("error", code, what, where, maybe, tuple(ids), zh)


def warning(code: str, what: str, where: str = "", maybe: str = "", ids: Iterable[str] = ()) -> Issue:
    """An :class:`Issue` of level ``warning``."""
    return Issue("warning", code, what, where, maybe, tuple(ids))


def note(code: str, what: str, where: str = "", maybe: str = "", ids: Iterable[str] = ()) -> Issue:
    """An :class:`Issue` of level ``note``."""
    return Issue("note", code, what, where, maybe, tuple(ids))


def stop_on_errors(issues: Iterable[Issue]) -> None:
    """Raise :class:`Refused` with *all* issues when one of them is an error."""
    found = tuple(issues)
    if any(issue.level == "error" for issue in found):
        raise Refused(found)
