"""The losses that a plan's reasons state, held against what its proof proves. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from constraints.audit.certificate.least_losses import Named
from constraints.audit.reread import Reader

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]
Least = Mapping[Named, Sequence[int | None]]
"""For every named offer the least loss of each tier, millipoints; None where the prices leave no plan with it."""


class Losses:
    """What a plan's reasons say that other offers would lose at least."""

    def __init__(self, reader: Reader, plan: Json, least: Least | None) -> None:
        self.reader = reader
        self.least = least
        self.taken = {_name(reader, e["parcel_ids"], e["demand_id"], e["method"]) for e in plan["assignments"]}

    def check(self, same: Same, where: str, offer: Json, said: Json) -> None:
        """One stated loss and its tier; ``offer`` names parcels, platform and method."""
        if self.least is None:
            return
        name = _name(self.reader, offer["parcel_ids"], offer["demand_id"], offer["method"])
        found = self.least.get(name) if name is not None else None
        if found is None:
            return  # no listed offer: said elsewhere
        stated = said["loss"], said.get("tier", 0)
        what = f"{'+'.join(offer['parcel_ids'])} for {offer['demand_id']} by {offer['method']}: loss and tier"
        same(where, what, stated, self._due(found, name in self.taken, stated))

    @staticmethod
    def _due(found: Sequence[int | None], taken: bool, stated: tuple[Any, Any]) -> tuple[Any, Any]:
        """The first tier with a proven loss; where no plan has the offer, whatever is stated of it is true."""
        for tier, loss in enumerate(found) if not taken else ():
            if loss is None and stated[1] == tier and isinstance(stated[0], int) and stated[0] >= 0:
                return stated
            if loss:
                return loss, tier
        return 0, 0


def named_offers(reader: Reader, plan: Json) -> list[Named]:
    """The offers whose losses a plan states."""
    found = {
        name
        for record in plan["justification"]
        for parcels, demand, method in _of(record)
        if (name := _name(reader, parcels, demand, method)) is not None
    }
    return sorted(found)


def _of(record: Json) -> Iterator[tuple[Sequence[str], str | None, str]]:
    named = [each for name in ("next_sites", "next_platforms", "best") for each in record.get(name, ())]
    named += [cut[end] for cut in record.get("cutoffs", ()) for end in ("winner", "runner_up")]
    for each in named:
        yield each["parcel_ids"], each["demand_id"], each["method"]
    for other in record.get("others", ()):
        if other["why"] == "cost":
            yield record["parcel_ids"], record["demand_id"], other["method"]


def _name(reader: Reader, parcels: Sequence[str], demand: str | None, method: str) -> Named | None:
    """The offer by its part, rows and number of method; None where it names what does not exist."""
    facts = reader.facts
    if not parcels or method not in reader.method_row or any(name not in facts.parcel_row for name in parcels):
        return None
    site = tuple(sorted(facts.parcel_row[name] for name in parcels))
    if demand is None:
        return ("m", site[0]), site, reader.method_row[method]
    return (
        None if demand not in facts.demand_row else (("d", facts.demand_row[demand]), site, reader.method_row[method])
    )
