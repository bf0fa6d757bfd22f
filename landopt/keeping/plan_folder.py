"""A plan folder opened for questions: plan, case, offers, proof and the chosen offers found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from constraints.audit.files.offers_reader import OffersFile
from constraints.audit.files.plan_reader import read_plan
from constraints.audit.files.strict_json import strict_json
from constraints.case import Case, case_digest, from_json
from landopt.intake.names import unknown_parcel, unknown_platform
from landopt.keeping.plan_file import unpacked
from landopt.reasons.explain.changed.held_still import Comparer
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.open_facts import basis, open_facts
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.proven.core import Core, core
from landopt.reasons.proven.whatif import Proven
from landopt.reasons.two_names import Names, names_in_file, said_in
from landopt.screening.offers import Offers
from landopt.screening.offers_file import read_offers
from parcels.common.gate import read_bytes
from parcels.common.issues import Refused, error
from parcels.common.place import Place
from parcels.common.visible import visible_values


@dataclass(frozen=True)
class PlanFolder:
    """The files of a plan folder; case, offers and proof are read when first asked for."""

    folder: Path
    plan: dict[str, Any]
    for_reading: bool = False
    """Whether acting characters in the texts of plan and case are made visible, as papers show them."""
    spoken: str = ""
    """The one language in which the case says names that its round has in two; "": as they are written."""

    @cached_property
    def case(self) -> Case:
        """The case the plan was made from; refused where it is missing, torn or of another version."""
        path = self.folder / "case.json"
        try:
            found = said_in(read_json(path), self.names, self.spoken)
            return from_json(visible_values(found) if self.for_reading else found)
        except (ValueError, KeyError, TypeError, AttributeError) as torn:
            raise Refused(error("X005.case-json-cannot", at=str(path), torn=torn)) from torn

    @cached_property
    def names(self) -> Names:
        """The names that the round has in two languages."""
        return names_in_file(self.folder / "case.json")

    @cached_property
    def offers(self) -> Offers:
        """Every lawful offer."""
        return read_offers(self.folder / "offers.jsonl.gz")

    @cached_property
    def context(self) -> Context:
        """The decided round, indexed for questions."""
        chosen = chosen_offers(self.case, self.offers, self.plan)
        return Context(self.case, self.offers, chosen, read_json(self.folder / "proof.json"))

    @cached_property
    def law(self) -> Law:
        """The scalar reading of the round."""
        return Law(self.context)

    @cached_property
    def proven(self) -> Proven:
        """What the proof says of other plans; the offers are read as the auditor reads them."""
        if not self.context.proof or not self.context.proof.get("tiers"):
            raise Refused(error("X030.no-proof", at=Place(file=str(self.folder))))
        with OffersFile(self.folder / "offers.jsonl.gz") as offers:
            return Proven(self.context, list(offers.blocks()))

    @cached_property
    def comparer(self) -> Comparer:
        """Compares the choices of the plan with others, the rest held."""
        return Comparer(self.context, None, str(self.plan["result"].get("ties", {}).get("status", "not examined")))

    def compared(self, record: Mapping[str, Any], *, test: bool = False) -> dict[str, Any]:
        """A record of the justification; of an assignment with comparisons (``still``), open facts and ``basis``.

        Every other offer it names is told to fit a lawful plan (``fits``), not to, or not to be tested (``None``).
        A folder without its list of offers has nothing to compare with: the record stays as it is. ``test`` asks of
        every other method and offer whether any lawful plan holds it (seconds a record).
        """
        if not (self.folder / "offers.jsonl.gz").is_file():
            return dict(record)
        record = self._fitted(record, test)
        if record["kind"] != "assignment":
            return record
        offer = self.context.taken[self.case.parcels.index()[record["parcel_ids"][0]]]
        site, row = self.offers.parcels(offer), int(self.offers.demand[offer])
        demand = None if row < 0 else row
        judged = self.law.ask(site, demand, record["method"], record["period"]).judged
        opened = open_facts(self.law, site, demand, record["method"], record["period"], judged)
        return {
            **record,
            "still": as_json(self.comparer.of(offer, test=test)),
            "open": as_json(opened),
            "basis": as_json(basis(self.law, record["method"], judged)),
        }

    def _fitted(self, record: Mapping[str, Any], test: bool) -> dict[str, Any]:
        """A record whose other offers (next, best, runners-up) say whether a lawful plan holds them."""

        def fitted(each: Mapping[str, Any], test: bool = test) -> dict[str, Any]:
            fits = self.comparer.fits(each["parcel_ids"], each["demand_id"], each["method"], test=test)
            return {**each, "fits": fits}

        named = {
            name: [fitted(each) for each in record[name]]
            for name in ("next_sites", "next_platforms", "best")
            if name in record
        }
        if "cutoffs" in record:  # as many as a hundred: the quick test alone
            named["cutoffs"] = [{**each, "runner_up": fitted(each["runner_up"], False)} for each in record["cutoffs"]]
        return {**record, **named}

    @cached_property
    def standing(self) -> Core | None:
        """What stands in every plan within the plan's own gap, by its proof; None without offers or a proof."""
        if not all((self.folder / name).is_file() for name in ("offers.jsonl.gz", "proof.json")):
            return None
        proof = self.context.proof
        return core(self.context, only=self.only) if proof and proof.get("tiers") else None

    @property
    def only(self) -> bool:
        """Whether the prices prove that the plan is the only best one, of a round with one tier."""
        result, whole = self.plan["result"], next(each for each in self.plan["justification"] if each["kind"] == "plan")
        ties = result.get("ties", {})
        return len(result["tiers"]) == 1 and bool(whole.get("unique")) and ties.get("by") == "prices"

    @property
    def bounds(self) -> list[int]:
        """The audited bound of each tier, millipoints."""
        return [int(tier["bound"]) for tier in self.plan["result"]["tiers"]]


def open_plan(path: Path) -> PlanFolder:
    """A plan folder, or its ``plan.json``.

    Raises
    ------
    Refused
        If there is no plan there, it is of another version, or its records name what its tables do not have.
    """
    folder = path if path.is_dir() else path.parent
    plan = unpacked(_whole(read_plan(path), folder), str(folder / "plan.json"))
    return PlanFolder(folder, plan)


_PARTS: dict[str, type] = {
    **dict.fromkeys(("plan_id", "plan_hash"), str),
    **dict.fromkeys(("case", "result"), dict),
    **dict.fromkeys(("assignments", "held", "unserved", "limits", "overrides", "justification"), list),
}


def _whole(plan: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A plan that has its parts, whatever is in them."""
    lacking = [name for name, kind in _PARTS.items() if not isinstance(plan.get(name), kind)]
    if lacking:
        raise Refused(error("X005.plan-json-lacks", at=str(folder / "plan.json"), lacking=lacking))
    return plan


def read_json(path: Path) -> Any:
    """A JSON file of a plan folder; raises Refused where it is missing (X004) or none (X005)."""
    try:
        return strict_json(read_bytes(path))
    except OSError as missing:
        raise Refused(error("X004.missing", at=str(path.parent), file=path.name)) from missing
    except ValueError as torn:
        raise Refused(error("X005.cannot-read", at=str(path), file=path.name, torn=torn)) from torn


def chosen_offers(case: Case, offers: Offers, plan: Mapping[str, Any]) -> tuple[int, ...]:
    """The offers a plan took.

    Raises
    ------
    Refused
        If an assignment of the plan is not a lawful offer of the list.
    """
    import numpy as np

    parcel_rows, demand_rows = case.parcels.index(), case.demands.index()
    methods = {method.id: number for number, method in enumerate(case.methods)}
    periods = {period.id: number for number, period in enumerate(case.round.periods)}
    sites = {
        tuple(offers.site_parcels[offers.site_start[site] : offers.site_start[site + 1]].tolist()): site
        for site in range(len(offers.site_start) - 1)
    }
    found = []
    for entry in plan["assignments"]:
        site = sites.get(tuple(sorted(parcel_rows.get(name, -1) for name in entry["parcel_ids"])), -1)
        demand = -1 if entry["demand_id"] is None else demand_rows.get(entry["demand_id"], -2)
        period = -1 if entry["period"] is None else periods.get(entry["period"], -2)
        hit = np.flatnonzero(
            (offers.site == site)
            & (offers.demand == demand)
            & (offers.method == methods.get(entry["method"], -2))
            & (offers.period == period)
        )
        if len(hit) != 1:
            raise Refused(
                error(
                    "X006.not-lawful-offer", at="plan.json", join="+".join(entry["parcel_ids"]), method=entry["method"]
                )
            )
        found.append(int(hit[0]))
    return tuple(found)


def plan_of_round(folder: Path, case: Case, offers: Offers) -> tuple[int, ...] | None:
    """The offers of the plan that stands in a round's folder, where it was made of this very case; else ``None``."""
    if not (folder / "plan" / "plan.json").is_file():
        return None
    try:
        plan = open_plan(folder / "plan").plan
        return chosen_offers(case, offers, plan) if plan["case"]["digest"] == case_digest(case) else None
    except Refused:
        return None


def records(plan: Mapping[str, Any], *, parcel: str | None = None, demand: str | None = None) -> list[dict[str, Any]]:
    """The records of one parcel (or block ``P1+P2``) or platform; of the plan as a whole if neither is named.

    Raises
    ------
    Refused
        If the plan has no such parcel or platform, with the nearest one.
    """
    every = [record for record in plan["justification"] if record["kind"] != "plan"]
    if parcel is None and demand is None:
        return [record for record in plan["justification"] if record["kind"] == "plan"]
    found: list[dict[str, Any]] = []
    known: list[str] = []
    wanted = set() if parcel is None else set(parcel.split("+"))
    for record in every:
        ids = record["parcel_ids"] if record["kind"] == "assignment" else [record["id"]] * (record["kind"] == "held")
        who = record["demand_id"] if record["kind"] == "assignment" else record["id"] * (record["kind"] == "unserved")
        known += ids if parcel is not None else [who] if who else []
        if (parcel is not None and wanted.intersection(ids)) or (demand is not None and demand == who):
            found.append(record)
    missing = [name for name in sorted(wanted) if name not in known] if parcel is not None else []
    if missing or not found:
        name = missing[0] if missing else str(demand)
        if parcel is not None:
            raise Refused(unknown_parcel(name, known, "--parcel"))
        raise Refused(unknown_platform(name, known, "--demand"))
    return found
