"""The listed offers, each re-derived while the bound is summed: one pass (two where rules ask who else applies).

Standard library only. Nothing the file says is used before it was compared with what the facts give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from constraints.cells import PartReader, Reading
from constraints.check import Key
from constraints.plan import Header, OffersFile, Part, Row
from constraints.proof import BadProof, Bound, start
from constraints.reread import Reader
from constraints.rescreen import Draw

Problem = tuple[str, str, str]
"""(rule or check, English, Chinese)."""
MOST = 200
"""Problems named one by one; a file that differs everywhere is not printed in full."""


class Listing:
    """Reads ``offers.jsonl.gz`` beside a proof."""

    def __init__(self, reader: Reader, path: Path, proof: Mapping[str, Any]) -> None:
        self.reader = reader
        self.path = path
        self.proof = proof
        self.wanted: set[Any] = set()
        self.scope = str(proof["scope"])
        self.bounds: list[int | None] = []
        self.count = 0
        self.derived = 0
        self.every = True
        self.drawn: Draw | None = None
        self.kept: list[Part] = []
        self.keys: list[Key] = []
        self.problems: list[Problem] = []

    def say(self, rule: str, en: str, zh: str) -> None:
        """Note a problem."""
        if len(self.problems) < MOST:
            self.problems.append((rule, en, zh))

    def read(self, case: str, chosen: Sequence[Reading], drawn: Draw, every: bool = True) -> list[Problem]:
        """Read everything: bounds of the tiers, problems found. Call :meth:`prepare` before.

        Without ``every``, the chosen offers and those of what was drawn are re-derived; the bound is summed over all.
        """
        self.wanted = {reading.identity for reading in chosen}
        self.drawn, self.every = drawn, every or drawn.seed is None
        with OffersFile(self.path) as offers:
            header = offers.header
            self._header(header, case)
            running = self._proof(header, case)
            last: tuple[int, int] = (-1, -1)
            for part in offers.parts():
                last = self._part(part, header, last)
                for tier in running:
                    try:
                        tier.feed(part)
                    except BadProof as bad:
                        self.say("proof", f"the offers are no parts of a proof: {bad}", f"方案清单不能用于证明：{bad}")
                        running = []
                        break
            self.count = offers.seen
            if offers.seen != header.count:
                what = f"{offers.seen} offers are listed, {header.count} were announced"
                self.say("offers.count", what, f"所列方案 {offers.seen} 个，应为 {header.count} 个")
            if offers.sha256() != self.proof["offers"]:
                self.say("offers.digest", "the digest of the offers is not the proof's", "方案清单摘要与证明所载不符")
        self.bounds = [tier.value for tier in running]
        for number, (entry, proven) in enumerate(zip(self.proof["tiers"], self.bounds, strict=False), 1):
            if entry["bound"] != proven:
                what = f"tier {number}: the prices prove {proven}, not {entry['bound']}"
                self.say("bound", what, f"第 {number} 层：影子价格证明 {proven}，而非 {entry['bound']}")
        for identity in sorted(self.wanted, key=str):
            self.say("offers", f"a chosen offer is not listed: {identity}", f"入选方案不在清单中：{identity}")
        return self.problems

    def prepare(self) -> None:
        """Number the rows as listed; count for each parcel the platforms that could lawfully use it, if a rule asks."""
        with OffersFile(self.path) as offers:
            for row in offers.header.rows:
                self.reader.number((row.rule, row.key))
            for demand, parcels in offers.reaches() if self.reader.asks_applicants else ():
                self.reader.reach[demand] = frozenset(parcels)
        self.reader.count_reach()

    def parts(self) -> Iterator[Part]:
        """The parts once more, for the re-screening: those that were drawn, or all."""
        if self.drawn is not None and self.drawn.seed is not None:
            yield from self.kept
            return
        with OffersFile(self.path) as offers:
            yield from offers.parts()

    def _proof(self, header: Header, case: str) -> list[Bound]:
        if self.proof["case"] != case:
            self.say("proof.case", "the proof belongs to another case", "证明属于另一案卷")
        if len(self.proof["tiers"]) != len(self.reader.case.objective.tiers):
            self.say("proof.tiers", "the proof has another number of tiers", "证明的层数不符")
        try:
            return start(self.proof, header.rows, len(self.reader.case.parcels))
        except (BadProof, KeyError, TypeError) as bad:
            self.say("proof", f"the prices are no proof: {bad}", f"影子价格不成其为证明：{bad}")
            return []

    def _header(self, header: Header, case: str) -> None:
        if header.case != case:
            self.say("offers.case", "the offers belong to another case", "方案清单属于另一案卷")
        if header.scope != self.scope:
            self.say("offers.scope", "the proof reaches further than the offers", "证明的范围与方案清单不符")
        if header.tiers != len(self.reader.case.objective.tiers):
            self.say("offers.tiers", "the offers have another number of tiers", "方案清单的层数不符")
        self.keys = [(row.rule, row.key) for row in header.rows]
        if len(set(self.keys)) != len(self.keys):
            self.say("offers.rows", "a row is listed twice", "同一约束重复列出")
        for row in header.rows:
            self._row(row)

    def _row(self, row: Row) -> None:
        own = self.reader.rows.row(row.rule, row.key)
        fields = (
            "kind",
            "sense",
            "rhs",
            "penalty",
            "tier",
            *(() if self.reader.rows.is_share(row.rule) else ("slack",)),
        )
        if own is None:
            self.say(row.rule, f"{row.id} is no row of the case", f"{row.id} 不是本案的约束")
            return
        for field in fields:
            stated, found = getattr(row, field), getattr(own, field)
            if stated != found and not (field == "tier" and not own.slack):
                self.say(
                    row.rule,
                    f"{row.id}: {field} is {found}, listed as {stated}",
                    f"{row.id}：{field} 应为 {found}，所列 {stated}",
                )
        if bool(row.slack) != bool(
            self.reader.rows.is_soft(row.rule) and (own.slack or self.reader.rows.is_share(row.rule))
        ):
            self.say(row.rule, f"{row.id}: hard and soft are mixed up", f"{row.id}：软硬约束混淆")

    def _part(self, part: Part, header: Header, last: tuple[int, int]) -> tuple[int, int]:
        """Re-derive every offer of a part."""
        place = (0, part.demand) if part.demand is not None else (1, part.sites[0][0] if part.sites else 0)
        if place <= last:
            self.say("offers.order", "the parts are not in order", "方案清单次序不符")
        demand, reader = part.demand, self.reader
        if demand is not None and not 0 <= demand < len(reader.case.demands):
            self.say("offers", f"there is no demand row {demand}", f"没有第 {demand} 个平台")
            return place
        if part.reach is not None and reader.asks_applicants and reader.reach.get(demand or 0) != frozenset(part.reach):
            self.say("reach", "the parcels a platform could use are listed in two ways", "平台可用宗地所列不一")
        readings = PartReader(reader, demand)
        parcels = [tuple(site) for site in part.sites]
        drawn = self.drawn is None or place[1] in (self.drawn.market if place[0] else self.drawn.demands)
        if drawn and self.drawn is not None and self.drawn.seed is not None:
            self.kept.append(part)
        if not drawn and not self.every:
            self._glance(part, parcels, readings, len(header.rows))
            return place
        self.derived += len(part.offers)
        reasons = [reader.site_problem(site, demand) for site in parcels]
        sites = [None if why else readings.site(site) for site, why in zip(parcels, reasons, strict=True)]
        seen: set[tuple[int, int, int]] = set()
        for offer in part.offers:
            number, method, period = here = offer[0], offer[1], offer[2]
            known = 0 <= number < len(sites)
            site = sites[number] if known else None
            if site is None or here in seen:
                why = "listed twice" if site is not None else (reasons[number] if known else None) or "no such site"
                self._differs(demand, parcels[number] if known else (), method, why)
                continue
            seen.add(here)
            found = readings.derive(site, method, period)
            if isinstance(found, str):
                self._differs(demand, site.parcels, method, found)
            elif offer[3:] != found:
                self._differs(demand, site.parcels, method, f"listed as {offer[3:]}, the facts give {found}")
            elif self.wanted:
                self.wanted.discard((site.parcels, demand, method, period))
        return place

    def _glance(self, part: Part, parcels: list[tuple[int, ...]], readings: PartReader, rows: int) -> None:
        """A part that was not drawn: that all it names exists, and the chosen offers in it."""
        count, sites, known = len(self.reader.case.parcels), range(len(parcels)), frozenset(range(rows))
        if any(min(site, default=-1) < 0 or max(site) >= count for site in parcels):
            self.say("offers", "a site names a parcel that does not exist", "方案清单所列宗地不存在")
        for offer in part.offers:
            if offer[0] not in sites or len(offer[8]) % 2 or not known.issuperset(offer[8][::2]):
                self.say("offers", "an offer names a site or row that does not exist", "方案清单所列用地或约束不存在")
        for parcels_, _, method, period in [one for one in self.wanted if one[1] == part.demand]:
            if parcels_ not in parcels:
                continue
            number = parcels.index(parcels_)
            found = readings.derive(readings.site(parcels_), method, period)
            if [number, method, period, *found] in part.offers:
                self.derived += 1
                self.wanted.discard((parcels_, part.demand, method, period))

    def _differs(self, demand: int | None, site: Sequence[int], method: Any, why: str) -> None:
        case = self.reader.case
        who = "market" if demand is None or not 0 <= demand < len(case.demands) else case.demands.ids[demand]
        name = "+".join(case.parcels.ids[row] for row in site if 0 <= row < len(case.parcels)) or "?"
        self.say("offers", f"{name} to {who}, method {method}: {why}", f"{name} 至 {who}，方式 {method}：{why}")
