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


class Auditing(Protocol):
    """A run of the audit: what it read, what it has found so far."""

    plan: dict[str, Any]
    case: Case
    reader: Reader
    chosen: list[Reading]
    shown: dict[Key, dict[str, Any]]
    breaches: list[Breach]
    unchecked: list[Unchecked]

    def breach(self, rule: str, en: str, zh: str, key: Sequence[str] = (), used: Any = "", limit: Any = "") -> None:
        """Note a breach."""

    def check(self, name: str, count: int, before: int, en: str, zh: str) -> None:
        """Close a group of checks."""


def adds_up(audit: Auditing) -> None:
    """Each parcel once, each platform once; what is not supplied is held with a reason or named as left out."""
    before, parcels, demands = len(audit.breaches), audit.case.parcels.ids, audit.case.demands.ids
    entries = audit.plan["assignments"]
    supplied = [name for entry in entries for name in entry["parcel_ids"]]
    served = [entry["demand_id"] for entry in entries if entry["demand_id"] is not None]
    for kind, zh, names in (("parcel", "宗地", supplied), ("demand", "平台", served)):
        for name, times in sorted(Counter(names).items()):
            if times > 1:
                en = f"{kind} {name} is in {times} assignments"
                audit.breach(kind, en, f"{zh} {name} 出现在 {times} 项安排中", (name,), times, 1)
    locks = [rule.id for rule in audit.case.rules if rule.origin == "override" and rule.kind == "lock"]
    fixes = [entry["rule"] for entry in audit.plan["overrides"]]
    for name in sorted((Counter(fixes) - Counter(locks)) + (Counter(locks) - Counter(fixes))):
        en = f"{name}: a fix by hand stands in the plan or in the case, and not in both"
        audit.breach("overrides", en, f"{name}：人工指定在方案与案卷中不一致", (name,))
    held = [entry["parcel_id"] for entry in audit.plan["held"]]
    left = [entry["demand_id"] for entry in audit.plan["unserved"]]
    free, waiting = set(parcels) - set(supplied), set(demands) - set(served)
    for kind, said, due in (("held", held, free), ("unserved", left, waiting)):
        for name, times in sorted((Counter(said) - Counter(due)).items()):
            audit.breach(kind, f"{kind} {name}: not so", f"{kind} {name}：与安排不符", (name,), times, 0)
        for name in sorted(due - set(said)):
            audit.breach(kind, f"{name} is neither in an assignment nor {kind}", f"{name} 未作说明", (name,), 0, 1)
    en = f"{len(parcels)} parcels: {len(supplied)} supplied, {len(held)} held; "
    en += f"{len(served)} of {len(demands)} platforms served"
    zh = f"宗地 {len(parcels)}：供应 {len(supplied)}，保留 {len(held)}；平台获供 {len(served)}/{len(demands)}"
    audit.check("parcels", len(parcels) + len(demands), before, en, zh)


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
        en = "how many parcels and platforms do not suit each other, in words"
        audit.unchecked.append(Unchecked("counts", en, "宗地与平台互不适合的计数"))
    if not listing.watched:
        audit.unchecked.append(Unchecked("words", "proven losses, which are too many", "损失下界（数量过多）"))
    for rule, en, zh in found.problems:
        audit.breach(rule, en, zh)
    en = f"{len(audit.plan['justification'])} records of reasons read a second time, {found.count:,} statements"
    zh = f"理由 {len(audit.plan['justification'])} 份另行读核，逐项 {found.count:,} 次"
    audit.check("said", found.count, before, en, zh)
