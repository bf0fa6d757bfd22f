"""Held parcels and platforms without a site, read a second time: their facts, how many lawful offers, which filters.

Standard library only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from constraints.audit.reread import Reader
from constraints.audit.tally import Tally
from constraints.audit.words.shown import text
from constraints.language.evaluate import Facts
from parcels.common.schema import Value

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]
FILTERS = ("uses", "districts", "zones", "area_large", "available_from", "near", "area_small")
"""What a platform asks for, in the order in which the first failing is named."""
PAIRS = 20_000_000
"""Pairs of parcel and platform up to which the counts in reasons are counted again."""


class Absences:
    """Reads the records of what a plan leaves out."""

    def __init__(self, reader: Reader, plan: Json, tally: Tally) -> None:
        self.reader = reader
        self.facts = reader.facts
        self.tally = tally
        self.taken = {self.facts.parcel_row[name] for entry in plan["assignments"] for name in entry["parcel_ids"]}
        round_ = reader.case.round
        self.end = max((period.end for period in round_.periods), default=round_.end or "9999-12-31")
        self.counted = len(reader.case.parcels) * len(reader.case.demands) <= PAIRS
        """Whether pairs of parcel and platform are few enough to be counted one by one."""
        self._codes: list[list[str]] | None = None

    def read(self, same: Same, where: str, record: Json) -> None:
        """One record of a held parcel or a platform without a site."""
        if record["kind"] in ("held", "unserved"):
            for each in record["reasons"]:
                if each.get(
                    "ruling"
                ):  # a rule closes a site by forbidding it, else by a verdict the round does not take
                    says = "forbid" if each["ruling"]["verdict"] == "forbid" else "verdict"
                    same(where, "how a rule closes it", each["code"], says)
        if record["kind"] == "held" and record["id"] in self.facts.parcel_row:
            self._held(same, where, record, self.facts.parcel_row[record["id"]])
        elif record["kind"] == "unserved" and record["id"] in self.facts.demand_row:
            self._unserved(same, where, record, self.facts.demand_row[record["id"]])

    def _held(self, same: Same, where: str, record: Json, row: int) -> None:
        facts = self.facts.parcels[row]
        due = {
            "name": str(facts.get("parcel_name") or ""),
            "district": str(facts.get("district") or ""),
            "use": str(facts.get("use") or ""),
            "area_m2": self.facts.area[row],
            "status": str(facts.get("status") or "candidate"),
            "lawful": self.tally.on_parcel[row],
        }
        for name, found in due.items():
            same(where, name, record[name], found)
        stated = {each["code"]: each["count"] for each in record["reasons"] if each.get("of") == "demand"}
        if stated and self.counted:
            same(where, "platforms it does not suit", stated, dict(self._platforms(row)))
        codes = {each["code"] for each in record["reasons"]}
        same(where, "outweighed", "outweighed" in codes, bool(due["lawful"]) and self.facts.candidate[row])

    @property
    def codes(self) -> list[list[str]]:
        """For each platform and parcel the first requirement that the parcel fails; "" where it suits."""
        if self._codes is None:
            self._codes = [self._of(wish) for wish in self.facts.demands]
        return self._codes

    def _platforms(self, row: int) -> Counter[str]:
        """By the first filter that a parcel fails: how many platforms."""
        found = Counter(column[row] for column in self.codes)
        del found[""]
        return found

    def _unserved(self, same: Same, where: str, record: Json, row: int) -> None:
        wish = self.facts.demands[row]
        due = {
            "platform": str(wish.get("name") or ""),
            "platform_kind": text(wish.get("platform_kind")),
            "operator": text(wish.get("operator")),
            "uses": list(_texts(wish.get("uses"))),
            "area_min_m2": int(str(wish.get("area_min_m2") or 0)),
            "area_max_m2": int(str(wish.get("area_max_m2") or 0)),
            "candidates": len(self.facts.parcels),
            "lawful": self.tally.of_demand[row],
            "premises": wish.get("building_suffices") is True,
        }
        for name, found in due.items():
            same(where, name, record[name], found)
        if not self.counted:
            return
        counted = self._parcels(row)
        plain = {each["code"]: each["count"] for each in record["reasons"] if not each.get("ruling")}
        known = {code: count for code, count in plain.items() if code in counted or code in (*FILTERS, "status")}
        same(where, "parcels that do not suit it", known, {code: n for code, n in counted.items() if n})

    def _parcels(self, row: int) -> dict[str, int]:
        """By the first filter that fails, and of those on lawful sites whether they are taken: how many parcels."""
        reached, found = self.tally.reached.get(row, set()), Counter[str]()
        for parcel, code in enumerate(self.codes[row]):
            if parcel in reached:
                code = "taken" if parcel in self.taken else "outweighed"
            found[code] += 1
        del found[""]
        return dict(found)

    def _of(self, wish: Facts) -> list[str]:
        """The first requirement of one platform that each parcel fails, in the order of :data:`FILTERS`."""
        uses, districts, zones = (frozenset(_texts(wish.get(name))) for name in ("uses", "districts", "zones"))
        least, most = (int(str(wish.get(name) or 0)) for name in ("area_min_m2", "area_max_m2"))
        near, found = wish.get("near"), []
        for parcel, facts in enumerate(self.facts.parcels):
            if not self.facts.candidate[parcel]:
                code = "status"
            elif facts.get("use") not in uses:
                code = "uses"
            elif districts and facts.get("district") not in districts:
                code = "districts"
            elif zones and zones.isdisjoint(_texts(facts.get("zone"))):
                code = "zones"
            elif self.facts.area[parcel] > most:
                code = "area_large"
            elif str(facts.get("available_from") or "") > self.end:
                code = "available_from"
            elif near and self._far(parcel, near):
                code = "near"
            else:
                code = "area_small" if self.facts.area[parcel] < least else ""
            found.append(code)
        return found

    def _far(self, parcel: int, near: Value) -> bool:
        distances = self.reader.case.distances
        for place in near.split(";") if isinstance(near, str) else _texts(near):
            point, _, metres = str(place).rpartition(":")
            if point in distances and distances[point][parcel] > Fraction(metres):
                return True
        return False


def _texts(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
