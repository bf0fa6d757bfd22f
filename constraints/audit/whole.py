"""What is checked of a plan as a whole: that it adds up, and that its words are those of the facts.

Standard library only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from constraints.audit.cells import Reading
from constraints.audit.files.plan_reader import PROOF_SCHEMA, load_json
from constraints.audit.finding import Breach, Unchecked
from constraints.audit.listing import Listing
from constraints.audit.reread import Reader
from constraints.audit.words.absent import Absences
from constraints.audit.words.losses import named_offers
from constraints.audit.words.reading import Words
from constraints.case import Case
from constraints.reading.rows import Key
from parcels.common.catalogue import Text, told


class Auditing(Protocol):
    """A run of the audit: what it read, what it has found so far."""

    plan: dict[str, Any]
    case: Case
    reader: Reader
    chosen: list[Reading]
    shown: dict[Key, dict[str, Any]]
    breaches: list[Breach]
    unchecked: list[Unchecked]

    def breach(self, rule: str, said: Text, key: Sequence[str] = (), used: Any = "", limit: Any = "") -> None:
        """Note a breach."""

    def check(self, name: str, count: int, before: int, said: Text) -> None:
        """Close a group of checks."""


def adds_up(audit: Auditing) -> None:
    """Each parcel once, each platform once; what is not supplied is held with a reason or named as left out."""
    before, parcels, demands = len(audit.breaches), audit.case.parcels.ids, audit.case.demands.ids
    entries = audit.plan["assignments"]
    supplied = [name for entry in entries for name in entry["parcel_ids"]]
    served = [entry["demand_id"] for entry in entries if entry["demand_id"] is not None]
    for kind, names in (("parcel", supplied), ("demand", served)):
        for name, times in sorted(Counter(names).items()):
            if times > 1:
                audit.breach(kind, told(f"breach.{kind}-twice", name=name, times=times), (name,), times, 1)
    locks = [rule.id for rule in audit.case.rules if rule.origin == "override" and rule.kind == "lock"]
    fixes = [entry["rule"] for entry in audit.plan["overrides"]]
    for name in sorted((Counter(fixes) - Counter(locks)) + (Counter(locks) - Counter(fixes))):
        audit.breach("overrides", told("breach.fix-in-one", name=name), (name,))
    held = [entry["parcel_id"] for entry in audit.plan["held"]]
    left = [entry["demand_id"] for entry in audit.plan["unserved"]]
    free, waiting = set(parcels) - set(supplied), set(demands) - set(served)
    for kind, stated, due in (("held", held, free), ("unserved", left, waiting)):
        for name, times in sorted((Counter(stated) - Counter(due)).items()):
            audit.breach(kind, told(f"breach.not-so-{kind}", name=name), (name,), times, 0)
        for name in sorted(due - set(stated)):
            audit.breach(kind, told(f"breach.neither-{kind}", name=name), (name,), 0, 1)
    counts = {"parcels": len(parcels), "supplied": len(supplied), "held": len(held), "served": len(served)}
    said = told("breach.adds-up", demands=len(demands), **counts)
    audit.check("parcels", len(parcels) + len(demands), before, said)


def opened_listing(audit: Auditing, folder: Path) -> Listing:
    """The listed offers beside their proof, ready to be read; the losses that the reasons state are watched."""
    proof = load_json(folder / "proof.json", PROOF_SCHEMA)
    listing = Listing(audit.reader, folder / "offers.jsonl.gz", proof)
    listing.prepare()
    listing.named = named_offers(audit.reader, audit.plan)
    return listing


def read_words(audit: Auditing, listing: Listing) -> None:
    """What the plan says in words, by a second reading of the facts; nothing where it gives no reasons."""
    if not audit.plan["justification"]:
        return
    before = len(audit.breaches)
    names = audit.case.parcels.ids
    chosen = {tuple(names[row] for row in reading.site): reading for reading in audit.chosen}
    found = Words(audit.reader, audit.plan, chosen, audit.shown, listing.least)
    absences = Absences(audit.reader, audit.plan, listing.tally)
    found.read(absences)
    if not absences.counted:
        audit.unchecked.append(Unchecked("counts", told("breach.counts-in-words")))
    if not listing.watched:
        audit.unchecked.append(Unchecked("words", told("breach.proven-losses-which")))
    for rule, what in found.problems:
        audit.breach(rule, what)
    said = told("breach.reasons-read", records=len(audit.plan["justification"]), count=found.count)
    audit.check("said", found.count, before, said)
