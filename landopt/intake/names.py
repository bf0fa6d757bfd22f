"""Names that a round does not have: the same finding whoever asks, with the nearest name there is."""

from __future__ import annotations

from collections.abc import Iterable

from constraints.language.expr import closest
from constraints.loading.method_facts import tables
from parcels.common.catalogue import told
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place
from parcels.common.vocabulary import code_of, folded


def unknown_parcel(name: str, known: Iterable[str], at: Place | str) -> Issue:
    """X002: no parcel of that id."""
    return error("X002.parcel-not-in-round", at=at, maybe=closest(name, known, 0.5), name=name)


def unknown_platform(name: str, known: Iterable[str], at: Place | str) -> Issue:
    """X003: no platform of that id."""
    return error("X003.platform-not-in-round", at=at, maybe=closest(name, known, 0.5), name=name)


def method_named(word: str, known: Iterable[str]) -> str | None:
    """The id of a supply method, told by it or by any word for it; ``None`` if it is none of those known."""
    ids = list(known)
    titled = {folded(title): name for name in ids for title in _titles(name)}
    return code_of("method", word, ids) or titled.get(folded(word))


def _titles(name: str) -> tuple[str, ...]:
    """The titles of a method that ``methods.toml`` has, and its word in a spreadsheet made by hand."""
    entry = tables().get(name, {})
    return (*map(str, entry.get("title", {}).values()), str(entry.get("short", name)))


def methods_named(names: Iterable[str], known: Iterable[str], at: Place | str) -> tuple[str, ...]:
    """The ids of supply methods told by any word for them; raises Refused (X016) for one that is not known."""
    methods = list(known)
    found = [(name, method_named(name, methods)) for name in names]
    if wrong := [unknown_method(name, methods, at) for name, method in found if method is None]:
        raise Refused(wrong)
    return tuple(method for _, method in found if method is not None)


def unknown_method(name: str, known: Iterable[str], at: Place | str) -> Issue:
    """X016: no supply method of that id."""
    methods = list(known)
    maybe = closest(name, methods, 0.4) or told("near.one-of", names=methods)
    return error("X016.method-not-known", at=at, maybe=maybe, name=name)
