"""Who could use which parcel: hard filters and hopeful verdicts, platform by platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landopt.screening.law.clauses import Voice
from landopt.screening.law.fact_columns import Sides
from landopt.screening.law.verdicts import FORBID, Law
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Wish:
    """What a demand asks of a site; areas in m2; ``methods`` whether its rights allow each method."""

    uses: tuple[str, ...]
    districts: tuple[str, ...]
    zones: tuple[str, ...]
    near: tuple[tuple[str, int], ...]
    area_min: int
    area_max: int
    parcels: int
    methods: tuple[bool, ...]


def texts(value: Value) -> tuple[str, ...]:
    """A fact of codes or ids; unknown is empty."""
    return value if isinstance(value, tuple) else ()


def number(value: Value, unknown: int = 0) -> int:
    """An integer fact."""
    return value if isinstance(value, int) else unknown


def nearby(value: Value) -> tuple[tuple[str, int], ...]:
    """The points and metres of a ``near`` fact ("metro:500;port:2000")."""
    parts = value.split(";") if isinstance(value, str) else texts(value)
    found = (part.rpartition(":") for part in parts if part.strip())
    return tuple((point.strip(), int(metres)) for point, _, metres in found)


class Eligible:
    """The parcels each demand could use, as far as filters and hopeful verdicts tell."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self.sides: Sides = law.sides
        self.case = self.sides.case
        self.candidate = self._candidates()
        self.wishes = [self._wish(row) for row in range(len(self.sides.demands))]
        self.parcel_class, self.class_faces = self._parcel_classes()
        self.law_classes = len(self.class_faces)
        self._hopes: dict[tuple[object, ...], NDArray[np.int8]] = {}

    def _candidates(self) -> Bools:
        """Candidate and failed parcels, and locked ones that are not decided yet."""
        named = {name for rule in self.case.rules if rule.kind == "lock" for name in rule.spec["parcels"]}
        status = self.case.parcels.column("status")
        return np.array(
            [
                state in (None, "candidate", "failed") or (state not in ("announced", "contracted") and name in named)
                for name, state in zip(self.case.parcels.ids, status, strict=True)
            ],
            bool,
        )

    def _wish(self, row: int) -> Wish:
        facts = self.sides.demands[row]
        rights = texts(facts.get("want_right"))
        return Wish(
            texts(facts.get("uses")),
            texts(facts.get("districts")),
            texts(facts.get("zones")),
            nearby(facts.get("near")),
            number(facts.get("area_min_m2")),
            number(facts.get("area_max_m2")),
            number(facts.get("max_parcels")) or 1,
            tuple(not rights or method.right in rights for method in self.case.methods),
        )

    def _parcel_classes(self) -> tuple[Ints, list[tuple[int, ...]]]:
        """The law's class of each parcel; a mixed one has a class made of those of its uses, the dominant first."""
        face_class = self.law.grid.face_class
        made: list[tuple[int, ...]] = [(number,) for number in range(self.law.grid.face_first.size)]
        found = face_class[: self.sides.count].copy()
        lead: dict[int, int] = {}
        rest: dict[int, set[int]] = {}
        for at, (row, _) in enumerate(self.sides.mixed):
            face = self.sides.count + at
            if self.sides.leads[face]:
                lead[row] = int(face_class[face])
            else:
                rest.setdefault(row, set()).add(int(face_class[face]))
        known: dict[tuple[int, ...], int] = {}
        for row, first in lead.items():
            mix = (first, *sorted(rest.get(row, ())))
            if mix not in known:
                known[mix] = len(made)
                made.append(mix)
            found[row] = known[mix]
        return found.astype(np.int32), made

    # -- hopeful verdicts --------------------------------------------------------------------------------------------

    def hope(self, voices: Sequence[Voice]) -> NDArray[np.int8]:
        """(law classes, methods) the best verdict any state of a site could give the strictest of some voices."""
        best = [self._hope(voice) for voice in voices]
        return np.asarray(np.maximum.reduce(best), np.int8)

    def _hope(self, voice: Voice) -> NDArray[np.int8]:
        key = (voice.key, voice.filed, voice.market)
        if key not in self._hopes:
            faces = self.law.hope(voice)
            mixed = [faces[list(mix)].max(axis=0) for mix in self.class_faces[len(faces) :]]
            self._hopes[key] = np.concatenate((faces, np.array(mixed, np.int8).reshape(-1, faces.shape[1])))
        return self._hopes[key]

    def of_market(self) -> tuple[Ints, Bools]:
        """The parcels that may be offered openly, and the methods."""
        market = self.case.market
        if market is None:
            return np.zeros(0, np.int64), np.zeros(len(self.law.methods), bool)
        use = self.sides.parcel("use")
        fits = np.zeros(self.sides.count, bool) if use is None else use.truth(lambda value: value in market.uses) == 2
        methods = np.array([m.competitive and m.id in market.methods for m in self.law.methods], bool)
        voices, _ = self.law.voices(None)
        possible = (self.hope(voices)[:, methods] < FORBID).any(axis=1)
        return np.flatnonzero(self.candidate & fits & possible[self.parcel_class]), methods
