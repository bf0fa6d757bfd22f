"""The listed offers, each re-derived while the bound is summed: one pass (two where rules ask who else applies).

Standard library only. Nothing the file says is used before it was compared with what the facts give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from constraints.audit.cells import PartReader, Reading, Site
from constraints.audit.certificate.least_losses import MOST as MOST_LOSSES
from constraints.audit.certificate.least_losses import Named, Watch, least_losses, of_periods
from constraints.audit.certificate.proof import BadProof, Bound, start
from constraints.audit.draw import Draw
from constraints.audit.files.offers_reader import Block, Header, Offer, OffersFile, Part, Place, scores
from constraints.audit.reread import Reader
from constraints.audit.tally import Tally
from constraints.reading.rows import Key
from constraints.types import Row
from parcels.common.catalogue import Told, said, told

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
        self.wanted: dict[Place, set[Any]] = {}
        self.scope = str(proof["scope"])
        self.bounds: list[int | None] = []
        self.count = 0
        self.derived = 0
        self.every = True
        self.drawn: Draw | None = None
        self.kept: list[tuple[Place, set[Offer]]] = []
        self.keys: list[Key] = []
        self.problems: list[Problem] = []
        self.tally = Tally()
        self.named: Sequence[Named] = ()
        self.watched = True
        self.least: dict[Named, list[int | None]] = {}

    def say(self, rule: str, en: str, zh: str) -> None:
        """Note a problem."""
        if len(self.problems) < MOST:
            self.problems.append((rule, en, zh))

    def read(self, case: str, chosen: Sequence[Reading], drawn: Draw, every: bool = True) -> list[Problem]:
        """Read everything: bounds of the tiers, problems found. Call :meth:`prepare` before.

        Without ``every``, the chosen offers and those of what was drawn are re-derived; the bound is summed over all.
        """
        self.wanted = {}
        for reading in chosen:
            self.wanted.setdefault(_place(reading), set()).add(reading.identity)
            self.tally.takers.update(dict.fromkeys(reading.site, reading.demand))
        self.drawn, self.every = drawn, every or drawn.seed is None
        with OffersFile(self.path) as offers:
            header = offers.header
            self._header(header, case)
            running = self._proof(header, case)
            last = (False, -1)
            for block in offers.blocks():
                if flaw := block.flaw(len(self.reader.case.parcels), len(header.rows), header.tiers):
                    self.say("offers", *flaw)
                    continue
                last = self._block(block, last)
                try:
                    for tier in running:
                        tier.feed(block)
                except BadProof as bad:
                    self.say("proof", f"the offers are no parts of a proof: {bad}", f"方案清单不能用于证明：{bad}")
                    running = []
            self.count = offers.seen
            if offers.seen != header.count:
                what = f"{offers.seen} offers are listed, {header.count} were announced"
                self.say("offers.count", what, f"所列方案 {offers.seen} 个，应为 {header.count} 个")
            if offers.sha256() != self.proof["offers"]:
                self.say("offers.digest", "the digest of the offers is not the proof's", "方案清单摘要与证明所载不符")
        try:
            self.bounds = [tier.value for tier in running]
            goals = [entry["objective"] for entry in self.proof["tiers"]]
            columns = [least_losses(tier, goal) for tier, goal in zip(running, goals, strict=True)]
            self.least = of_periods(columns) if columns else {}
        except BadProof as bad:
            self.say("proof", f"what the proof states is not so: {bad}", f"证明所载与清单不符：{bad}")
        for number, (entry, proven) in enumerate(zip(self.proof["tiers"], self.bounds, strict=False), 1):
            if entry["bound"] != proven:
                what = f"tier {number}: the prices prove {proven}, not {entry['bound']}"
                self.say("bound", what, f"第 {number} 层：影子价格证明 {proven}，而非 {entry['bound']}")
        for identity in sorted(set().union(*self.wanted.values()), key=str):
            self.say("offers", f"a chosen offer is not listed: {identity}", f"入选方案不在清单中：{identity}")
        return self.problems

    def prepare(self) -> None:
        """Number the rows as listed; count for each parcel the platforms that could lawfully use it, if a rule asks."""
        with OffersFile(self.path) as offers:
            for row in offers.header.rows:
                self.reader.number((row.rule, row.key))
            if self.reader.asks_applicants:
                self._reach(offers.header.reach)
        self.reader.count_reach()

    def _reach(self, reach: list[list[int]] | None) -> None:
        count, demands = len(self.reader.case.parcels), len(self.reader.case.demands)
        if reach is None or len(reach) != demands:
            self.say("reach", "the parcels the platforms could use are not listed", "未列各平台可用宗地")
            return
        for demand, parcels in enumerate(reach):
            if any(not 0 <= parcel < count for parcel in parcels):
                self.say("reach", "a platform could use a parcel that does not exist", "平台可用宗地不存在")
                continue
            self.reader.reach[demand] = frozenset(parcels)

    def listed(self) -> Iterator[tuple[Place, set[Offer]]]:
        """What each part lists, for the re-screening: of the parts that were drawn, or of all."""
        if self.drawn is not None and self.drawn.seed is not None:
            yield from self.kept
            return
        with OffersFile(self.path) as offers:
            for block in offers.blocks():
                for part in block.parts:
                    yield part.place, block.offered(part)

    def _proof(self, header: Header, case: str) -> list[Bound]:
        if self.proof["case"] != case:
            self.say("proof.case", "the proof belongs to another case", "证明属于另一案卷")
        if len(self.proof["tiers"]) != len(self.reader.case.objective.tiers):
            self.say("proof.tiers", "the proof has another number of tiers", "证明的层数不符")
        try:
            running = start(self.proof, header.rows, len(self.reader.case.parcels))
        except (BadProof, KeyError, TypeError) as bad:
            self.say("proof", f"the prices are no proof: {bad}", f"影子价格不成其为证明：{bad}")
            return []
        cases = max((len(tier.tree.nodes) + len(tier.tree.vectors) for tier in running), default=0)
        self.watched = len(self.named) * cases <= MOST_LOSSES
        for tier in running if self.watched else ():
            tier.watch = Watch(self.named)
        return running

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
        if own is None:
            self.say(row.rule, f"{row.id} is no row of the case", f"{row.id} 不是本案的约束")
            return
        for field in ("kind", "sense", "rhs", "slack", "penalty", "tier", "once"):
            stated, found = getattr(row, field), getattr(own, field)
            if (stated != found or (stated is True) is not (found is True)) and not (field == "tier" and not own.slack):
                self.say(
                    row.rule,
                    f"{row.id}: {field} is {found}, listed as {stated}",
                    f"{row.id}：{field} 应为 {found}，所列 {stated}",
                )

    def _block(self, block: Block, last: tuple[bool, int]) -> tuple[bool, int]:
        """Re-derive the offers of a block, or the chosen ones of those that were not drawn."""
        self.same: dict[int, list[int]] = {}
        for part in block.parts:
            kind, row = part.place
            self.tally.add(row if kind == "d" else None, block.sites, block.site[part.begin : part.end])
            if (kind == "m", row) <= last:
                self.say("offers.order", "the parts are not in order", "方案清单次序不符")
            last = (kind == "m", row)
            if kind == "d" and not 0 <= row < len(self.reader.case.demands):
                self.say("offers", f"there is no demand row {row}", f"没有第 {row} 个平台")
                continue
            drawn = self.drawn is None or row in (self.drawn.market if kind == "m" else self.drawn.demands)
            if drawn and self.drawn is not None and self.drawn.seed is not None:
                self.kept.append((part.place, block.offered(part)))
            if drawn or self.every:
                self._derive(block, part)
            elif part.place in self.wanted:
                self._chosen(block, part)
        return last

    def _derive(self, block: Block, part: Part) -> None:
        """Re-derive every offer of a part."""
        demand = part.place[1] if part.place[0] == "d" else None
        reader, here, same = self.reader, slice(part.begin, part.end), self.same
        self.derived += part.end - part.begin
        readings = PartReader(reader, demand)
        reasons: dict[int, Told | None] = {}
        sites: dict[int, Site] = {}
        for number in sorted(set(block.site[here])):
            parcels = tuple(block.sites[number])
            reasons[number] = reader.site_problem(parcels, demand)
            if reasons[number] is None:
                sites[number] = readings.site(parcels)
        wanted, seen = self.wanted.get(part.place), set()
        columns = (block.site, block.way, block.floor, block.price, block.adds)
        stated = zip(*[column[here] for column in columns], scores(block.score, here), strict=False)
        for number, way, floor, price, adds, score in stated:
            method, period, term, verdict = block.ways[way]
            site = sites.get(number)
            if site is None or (number, method, period) in seen:
                why = told("site.twice") if site is not None else reasons[number] or told("site.none")
                self._differs(demand, block.sites[number], method, why)
                continue
            seen.add((number, method, period))
            found = readings.derive(site, method, period)
            if isinstance(found, str):
                self._differs(demand, site.parcels, method, found)
                continue
            pairs = found[5]
            if same.get(adds) is not pairs and pairs == block.lists[adds]:
                same[adds] = pairs
            if found[:5] != [term, verdict, floor, price, score] or same.get(adds) is not pairs:
                listed = [term, verdict, floor, price, score, block.lists[adds]]
                self._differs(demand, site.parcels, method, f"listed as {listed}, the facts give {found}")
            elif wanted:
                wanted.discard((site.parcels, demand, method, period))

    def _chosen(self, block: Block, part: Part) -> None:
        """The chosen offers of a part that was not drawn."""
        demand = part.place[1] if part.place[0] == "d" else None
        readings, wanted = PartReader(self.reader, demand), self.wanted[part.place]
        for parcels, _, method, period in sorted(wanted, key=str):
            found = readings.derive(readings.site(parcels), method, period)
            for at in range(part.begin, part.end):
                site, (how, when, term, verdict) = block.sites[block.site[at]], block.ways[block.way[at]]
                if (how, when) != (method, period) or tuple(site) != parcels:
                    continue
                score = [column[at] for column in block.score]
                if found == [term, verdict, block.floor[at], block.price[at], score, block.lists[block.adds[at]]]:
                    self.derived += 1
                    wanted.discard((parcels, demand, method, period))

    def _differs(self, demand: int | None, site: Sequence[int], method: Any, why: str | Told) -> None:
        case = self.reader.case
        who = "market" if demand is None or not 0 <= demand < len(case.demands) else case.demands.ids[demand]
        name = "+".join(case.parcels.ids[row] for row in site if 0 <= row < len(case.parcels)) or "?"
        self.say(
            "offers", f"{name} to {who}, method {method}: {why}", f"{name} 至 {who}，方式 {method}：{said(why, 'zh')}"
        )


def _place(reading: Reading) -> Place:
    """The part in which an offer is listed."""
    if reading.demand is not None:
        return "d", reading.demand
    return "m", reading.site[0] if reading.site else -1
