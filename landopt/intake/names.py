"""Names that a round does not have: the same finding whoever asks, with the nearest name there is."""

from __future__ import annotations

from collections.abc import Iterable

from constraints.language.expr import closest
from parcels.common.catalogue import told
from parcels.common.issues import Issue, error
from parcels.common.place import Place


def unknown_parcel(name: str, known: Iterable[str], at: Place | str) -> Issue:
    """X002: no parcel of that id."""
    return error("X002.parcel-not-in-round", at=at, maybe=closest(name, known, 0.5), name=name)


def unknown_platform(name: str, known: Iterable[str], at: Place | str) -> Issue:
    """X003: no platform of that id."""
    return error("X003.platform-not-in-round", at=at, maybe=closest(name, known, 0.5), name=name)


def unknown_method(name: str, known: Iterable[str], at: Place | str) -> Issue:
    """X016: no supply method of that id."""
    methods = list(known)
    maybe = closest(name, methods, 0.4) or told("near.one-of", names=methods)
    return error("X016.method-not-known", at=at, maybe=maybe, name=name)
