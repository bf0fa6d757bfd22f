"""What differs between two cases, in words: rules by title, parts of rules and rounds by name, values with units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from constraints.reading.speak import decimal
from constraints.types import Rule
from landopt.reasons import words
from landopt.reasons.limit_words import LimitWords
from parcels.common.catalogue import listed, phrase
from parcels.common.schema import fields

STATES = frozenset(("in force", "not in force", "on file", "not on file", "in the round", "absent"))
"""States that a change goes from and to; their words stand under ``state-of``."""


class ChangeWords:
    """The changes between two cases in one language (``Change`` as plain JSON)."""

    def __init__(self, rules: Iterable[Rule], lang: str) -> None:
        known = tuple(rules)
        self.lang, self.limits = lang, LimitWords(known, lang)
        self._titles = {rule.id: rule.title for rule in known}

    def name(self, change: Mapping[str, Any]) -> str:
        """What was changed, then which part of it."""
        return f"{self.about(change)} {self.part(change)}".rstrip()

    def about(self, change: Mapping[str, Any]) -> str:
        """What was changed: a rule by title and id, a row by its id."""
        about = str(change["id"])
        title = self._titles.get(about) if change["kind"] == "rule" else None
        if title is not None:
            return phrase("document.limit-named", self.lang, title=title, what=about)
        return words.word("round-part", about, self.lang) if change["kind"] == "setting" else about

    def part(self, change: Mapping[str, Any]) -> str:
        """Which part of it: a key of a limit, a part of a rule or of the round, a fact; blank where it is the whole."""
        kind, field = change["kind"], str(change["field"])
        if kind == "rule":
            part, _, key = field.partition("[")
            said = words.word("rule-part", part, self.lang)
            if not key:
                return said
            named = self.limits.key(str(change["id"]), key.removesuffix("]").split(", "))
            return phrase("compared.of-key", self.lang, part=said, key=named)
        if kind == "setting":
            return " ".join(words.word("round-part", each, self.lang) for each in field.split(".", 1) if each)
        return words.field_title(field, self.lang) if field and kind in ("parcel", "demand") else field

    def value(self, change: Mapping[str, Any], text: str) -> str:
        """A side of a change: a state by its word, a fact as its field says it, an amount with its unit."""
        if text in STATES:
            return words.word("state-of", text.replace(" ", "-"), self.lang)
        if change["kind"] == "ledger":
            state, _, times = text.partition(" ")
            return f"{words.word('happened', state, self.lang)} {times}".rstrip()
        if change["kind"] in ("parcel", "demand"):
            return self._fact(str(change["field"]), text)
        if text == "none":
            return phrase("value.none", self.lang)
        if change["kind"] == "rule" and change["field"].partition("[")[0] in ("amount", "used") and text.isdigit():
            unit = self.limits.unit(str(change["id"]))
            return words.grouped(int(text)) + (f" {words.word('unit', unit, self.lang)}" if unit else "")
        return text

    def _fact(self, name: str, text: str) -> str:
        field = fields().get(name)
        if text in ("unknown", "true", "false"):
            key = {"unknown": "unknown", "true": "yes", "false": "no"}[text]
            return phrase(f"value.{key}", self.lang)
        if field is None or field.type in ("text", "ids", "mix", "near"):
            return text
        if field.type == "int" and text.lstrip("-").isdigit():
            unit = words.word("unit", field.unit, self.lang) if field.unit else ""
            return f"{decimal(Fraction(int(text), field.scale))} {unit}".rstrip()
        if field.type == "date":
            return words.date(text, self.lang)
        return listed([words.code_word(name, code, self.lang) for code in text.split(";")], self.lang)
