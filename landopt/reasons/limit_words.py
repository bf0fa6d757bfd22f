"""Limits in words: the title of a rule, what its key means field by field, and amounts with their unit.

A record names a limit by rule and key (``["2026-H1", "listing"]``); only the rule knows that these are a period and a
method. Without the rules of its case a record is told as it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from constraints.types import Rule
from landopt.reasons import words
from parcels.common.catalogue import phrase
from parcels.common.schema import measures

HANDLE = ":amount"
"""What ``--set`` calls the amount of a limit, after its name and key."""


class LimitWords:
    """The limits of a case in one language."""

    def __init__(self, rules: Iterable[Rule], lang: str) -> None:
        self.lang = lang
        self._rules = {rule.id: rule for rule in rules if rule.kind == "limit"}

    def key(self, rule: str, key: Sequence[str], across: str = "") -> list[str]:
        """The key of a limit, each part as its field calls it; of a spread both keys."""
        have = self._rules.get(rule)
        fields = () if have is None else tuple(have.spec.get("per") or ())
        fields = 2 * fields if across == "spread" or len(key) == 2 * len(fields) else fields
        if len(fields) != len(key):
            return list(key)
        return [words.key_word(field, code, self.lang) for field, code in zip(fields, key, strict=True)]

    def of(self, use: Mapping[str, Any]) -> list[str]:
        """The key of a limit's record (``LimitUse``) in words."""
        return self.key(use["cite"]["rule"], use["key"], use.get("across") or "")

    def condensed(self, limits: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Limits as two plans use them, of a spread the two keys that lie widest apart alone: a pair stands twice."""
        found: list[Mapping[str, Any]] = []
        widest: dict[str, int] = {}
        for each in limits:
            have = self._rules.get(each["rule"])
            if have is None or have.spec.get("across") != "spread":
                found.append(each)
            elif each["rule"] not in widest:
                widest[each["rule"]] = len(found)
                found.append(each)
            elif _apart(each) > _apart(found[widest[each["rule"]]]):
                found[widest[each["rule"]]] = each
        return found

    def title(self, rule: str) -> str:
        """The title of a limit; its id where the case has no such limit."""
        have = self._rules.get(rule)
        return rule if have is None else have.title.text(self.lang)

    def unit(self, rule: str) -> str:
        """The code of the unit in which a limit is told; blank for what is no limit of the case."""
        have = self._rules.get(rule)
        return "" if have is None else measures().get(str(have.spec.get("measure")), "")

    def share(self, rule: str) -> bool:
        """Whether it is a share of a sum, and no amount."""
        have = self._rules.get(rule)
        return have is not None and bool(have.spec.get("share"))

    def change(self, what: str) -> str:
        """What a change is called: a limit by its title, then ``what``, as ``--set`` takes it."""
        rule = _rule(what)
        return (
            what
            if rule not in self._rules
            else phrase("document.limit-named", self.lang, title=self.title(rule), what=what)
        )

    def value(self, what: str, value: Any) -> str:
        """A number of a change in words; amounts of a limit with their unit."""
        unit = self.unit(_rule(what)) if what.endswith(HANDLE) else ""
        return words.grouped(value) + (f" {words.word('unit', unit, self.lang)}" if unit else "")


def _apart(limit: Mapping[str, Any]) -> int:
    return int(limit["used_before"] if limit["used_after"] is None else limit["used_after"])


def _rule(what: str) -> str:
    return what.partition("[")[0].partition(":")[0]
