"""What is wrong with an input: an :class:`Issue` says what, where and what to do; all are collected before stopping.

How to write a finding:

1. ``error("P014.no-zone", at=Place(file="a.txt", line=3), ids=("P1",), stated=stated)`` in the code. ``P014`` is the
   public code, ``no-zone`` the sentence; ``stated`` is a value of the sentence. No English in the code.
2. In ``texts/en.toml`` of your room, under the code: ``[P014.no-zone]`` with ``what = "{stated} is no zone"`` and, if
   something can be done, ``maybe = "write the zone, for example 38"`` (same values). Codes of P, D, K and L share
   their numbers: there the table is ``[014.no-zone]``.
3. The same in ``texts/zh.toml``, with the same holes. A new code also needs title, meaning and todo in both files, and
   its level in ``texts/codes.toml``; then ``python -m landopt.desk.docs --write``.
4. Advice that depends: ``maybe=told("near.one", name=name)``, a text of its own. Values: ``parcels.common.catalogue``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from parcels.common.catalogue import FIRST, Plain, Told, as_data, filled, find, freeze, heard, told
from parcels.common.place import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding about an input.

    ``key`` names its sentence (``P014.no-zone``); ``code`` is the stable, public part of it (``P014``: parcels,
    ``D..``: demands, ``R..``: rules, ``C..``: round file, ``F..``: files ...). ``values`` fill the sentence.
    ``level`` is ``error`` (stops), ``warning`` or ``note``. ``advice`` is said instead of the sentence's own.
    """

    level: str
    key: str
    values: tuple[tuple[str, Plain], ...] = ()
    place: Place = NOWHERE
    ids: tuple[str, ...] = ()
    advice: Told | None = None
    words: tuple[str, str, str] = ("", "", "")

    @property
    def code(self) -> str:
        """The public code."""
        return self.key.partition(".")[0]

    @property
    def what(self) -> str:
        """The sentence in English."""
        return self.sentence(FIRST)

    @property
    def maybe(self) -> str:
        """Advice that can be done or pasted, in English; "" if the sentence has none of its own."""
        return self.own_advice(FIRST)

    @property
    def where(self) -> str:
        """The place in English: "file, layer, row, column" or "file:line"."""
        return self.place.text(FIRST)

    @property
    def told(self) -> Told:
        """The sentence, to be said elsewhere."""
        return (
            Told(f"{self.key}.what", self.values) if not self.words[0] else told("findings.as-told", text=self.words[0])
        )

    @property
    def note(self) -> Told:
        """Place and sentence in one."""
        return noted(self.place, self.told)

    @property
    def named(self) -> dict[str, Any]:
        """The values of the sentence by name."""
        return dict(self.values)

    def value(self, name: str) -> Plain:
        """A value of the sentence; ``None`` if it has none of that name."""
        return dict(self.values).get(name)

    def sentence(self, lang: str) -> str:
        """What is wrong, in a language."""
        text = find(f"{self.key}.what", lang)
        return self.words[0] or self.key if text is None else filled(text, self.values, lang)

    def own_advice(self, lang: str) -> str:
        """What can be done, in a language; "" if the sentence has no advice of its own."""
        if self.advice is not None:
            return self.advice.text(lang)
        text = find(f"{self.key}.maybe", lang)
        return self.words[1] if text is None else filled(text, self.values, lang)

    @property
    def advised(self) -> Told | None:
        """The advice, to be given elsewhere; ``None`` if the sentence has none of its own."""
        known = find(f"{self.key}.maybe", FIRST) is not None
        return self.advice or (Told(f"{self.key}.maybe", self.values) if known else None)

    def at(self, place: Place) -> Issue:
        """The same finding at another place."""
        return replace(self, place=place)

    def as_dict(self) -> dict[str, object]:
        """The issue as plain data for ``--json``."""
        return {
            "level": self.level,
            "code": self.code,
            "what": self.what,
            "where": self.where,
            "maybe": self.maybe,
            "ids": list(self.ids),
            "values": {name: as_data(value) for name, value in self.values},
        }

    def as_record(self) -> dict[str, Any]:
        """The issue as plain data from which :meth:`of_record` makes the same again (between processes)."""
        return {
            "level": self.level,
            "key": self.key,
            "values": {name: as_data(value) for name, value in self.values},
            "place": self.place.as_record(),
            "ids": list(self.ids),
            "advice": None if self.advice is None else self.advice.as_record(),
            "words": list(self.words),
        }

    @classmethod
    def of_record(cls, data: dict[str, Any]) -> Issue:
        """The issue that :meth:`as_record` wrote."""
        advice = heard(data["advice"])
        return cls(
            data["level"],
            data["key"],
            tuple((name, heard(value)) for name, value in data["values"].items()),
            Place.of_record(data["place"]),
            tuple(data["ids"]),
            advice if isinstance(advice, Told) else None,
            (data["words"][0], data["words"][1], data["words"][2]),
        )


def noted(place: Place | str, said: Told) -> Told:
    """What is said of a place, in one line: "a.gpkg, layer parcels: 3 parcels have several parts"; or as it is."""
    return told("note.at", place=place, text=said) if place else said


class LandoptError(Exception):
    """Base of every error a user sees: one or more issues and the exit code of the desk."""

    exit_code = 1

    def __init__(self, *issues: Issue | Iterable[Issue]) -> None:
        listed = [(each,) if isinstance(each, Issue) else tuple(each) for each in issues]
        self.issues: tuple[Issue, ...] = tuple(each for several in listed for each in several)
        super().__init__(*self.issues)  # what Python makes it from again when it is copied, or passes through a pickle

    def __str__(self) -> str:
        return "; ".join(issue.what for issue in self.issues)


class Refused(LandoptError):
    """The input is refused (exit 1); nothing was written."""


class Environment(LandoptError):
    """Solver, disk or lock trouble (exit 6)."""

    exit_code = 6


# A finding as its makers give it; the old form (what, where, maybe) and the new one (key, place, values) meet here.
def finding(
    level: str,
    key: str,
    what: str = "",
    where: str | Place = "",
    maybe: str | Told | None = None,
    ids: Iterable[str] = (),
    *,
    zh: str = "",
    at: Place | str = "",
    values: Mapping[str, object] | None = None,
) -> Issue:
    """An :class:`Issue` of a level that is decided where it is made; ``values`` are those of the sentence."""
    place = at or where
    return Issue(
        level,
        key,
        freeze(values or {}),
        place if isinstance(place, Place) else Place(said=place),
        tuple(ids),
        maybe if isinstance(maybe, Told) else None,
        (what, maybe if isinstance(maybe, str) else "", zh),
    )


def error(
    key: str,
    /,
    what: str = "",
    where: str | Place = "",
    maybe: str | Told | None = None,
    ids: Iterable[str] = (),
    *,
    zh: str = "",
    at: Place | str = "",
    **values: object,
) -> Issue:
    """An :class:`Issue` of level ``error``."""
    return finding("error", key, what, where, maybe, ids, zh=zh, at=at, values=values)


def warning(
    key: str,
    /,
    what: str = "",
    where: str | Place = "",
    maybe: str | Told | None = None,
    ids: Iterable[str] = (),
    *,
    at: Place | str = "",
    **values: object,
) -> Issue:
    """An :class:`Issue` of level ``warning``."""
    return finding("warning", key, what, where, maybe, ids, at=at, values=values)


def note(
    key: str,
    /,
    what: str = "",
    where: str | Place = "",
    maybe: str | Told | None = None,
    ids: Iterable[str] = (),
    *,
    at: Place | str = "",
    **values: object,
) -> Issue:
    """An :class:`Issue` of level ``note``."""
    return finding("note", key, what, where, maybe, ids, at=at, values=values)


def stop_on_errors(issues: Iterable[Issue]) -> None:
    """Raise :class:`Refused` with *all* issues when one of them is an error."""
    found = tuple(issues)
    if any(issue.level == "error" for issue in found):
        raise Refused(found)
