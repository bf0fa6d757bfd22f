"""Limits across keys as people read them: one line for a rule, of the key that is furthest behind or the widest two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Use = Mapping[str, Any]
"""The record of a limit in a plan (``LimitUse``)."""


def one_a_rule(limits: Iterable[Use]) -> list[Use]:
    """The limits with one row of each that compares its keys: of the least key, or of the two that lie widest apart."""
    found: list[Use] = []
    place: dict[str, int] = {}
    for each in limits:
        rule = each["cite"]["rule"]
        if not each.get("across") or rule not in place:
            place[rule] = len(found)
            found.append(each)
        elif _behind(each) > _behind(found[place[rule]]):
            found[place[rule]] = each
    return found


def compared(limits: Iterable[Use]) -> list[Use]:
    """Those of :func:`one_a_rule` that compare their keys."""
    return [each for each in one_a_rule(limits) if each.get("across")]


def plain(limits: Iterable[Use]) -> list[Use]:
    """The limits that ask each key alone."""
    return [each for each in limits if not each.get("across")]


def halves(key: Iterable[str]) -> tuple[list[str], list[str]]:
    """The two keys that a row of a spread holds against each other."""
    parts = list(key)
    return parts[: len(parts) // 2], parts[len(parts) // 2 :]


def _behind(use: Use) -> int:
    """How far a row of a least is short of its amount, or how far apart the two of a spread lie."""
    return int(use["limit"] - use["used"] if use["across"] == "least" else use["used"])


FILTERS: dict[str, Any] = {"one_a_rule": one_a_rule, "compared": compared, "plain": plain, "halves": halves}
"""For the templates."""
