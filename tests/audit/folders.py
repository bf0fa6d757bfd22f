"""Plan folders made without the optimiser: offers by the scalar reading, plan by enumeration, prices at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from constraints.audit.cells import PartReader, Reading
from constraints.audit.certificate.price_writer import write_tree
from constraints.audit.certificate.proof import BadProof, Bound, gap_text, start
from constraints.audit.files.plan_reader import PROOF_SCHEMA, plan_hash
from constraints.audit.reread import Reader
from constraints.audit.rescreen import connected_sites, lawful
from constraints.audit.restate import restated
from constraints.canonical import canonical, digest
from constraints.case import Case, from_json, to_json
from constraints.reading.rows import Key
from constraints.types import Row
from tests.audit.lists import Part, block_lines, blocks, header_line, write_lines
from tests.audit.trees import mates, plain_tree, random_proof


@dataclass
class Small:
    """A small round with every lawful offer, the best plan (None: no plan), and parts as the offers file lists them."""

    case: Case
    reader: Reader
    rows: list[Row]
    parts: list[Part]
    offers: list[Reading]
    best: tuple[int, ...] | None
    chosen: tuple[int, ...]


def small(case: Case) -> Small:
    """Screen a small round by the scalar reading and find its best plan by complete enumeration."""
    reader = reached(from_json(to_json(case)))
    case = reader.case
    offers = list(_offers(reader))
    keys = reader.rows.keys().union(*(set(offer.rows) for offer in offers))
    rows = [row for key in sorted(keys) if (row := reader.rows.row(*key)) is not None]
    number = {(row.rule, row.key): index for index, row in enumerate(rows)}
    best, chosen = _enumerate(offers, rows, len(case.objective.tiers))
    return Small(case, reader, rows, _parts(offers, number), offers, best, chosen)


def reached(case: Case) -> Reader:
    """A reader that knows which parcels each demand could lawfully use."""
    reader = Reader(case)
    if reader.asks_applicants:
        for demand in range(len(case.demands)):
            found = lawful(reader, demand, list(connected_sites(reader, demand)))
            reader.reach[demand] = frozenset(p for site, _, _ in found for p in site)
        reader.count_reach()
        reader.forget()
    return reader


def _offers(reader: Reader) -> Iterator[Reading]:
    parts: list[tuple[int | None, list[tuple[int, ...]]]]
    parts = [(demand, sorted(connected_sites(reader, demand))) for demand in range(len(reader.case.demands))]
    parts += [(None, [(row,)]) for row in reader.market_parcels()]
    for demand, sites in parts:
        readings = PartReader(reader, demand)
        for site in sites:
            for method in range(len(reader.case.methods)):
                for period in reader.periods:
                    reading = readings.read(site, method, period)
                    if reading.refused is None:
                        yield reading


def _parts(offers: Sequence[Reading], number: dict[Key, int]) -> list[Part]:
    groups: dict[tuple[int, int], list[Reading]] = {}
    for offer in offers:
        place = (1, offer.site[0]) if offer.demand is None else (0, offer.demand)
        groups.setdefault(place, []).append(offer)
    found = []
    for place, group in sorted(groups.items()):
        sites = sorted({offer.site for offer in group})
        index = {site: at for at, site in enumerate(sites)}
        lines: list[list[Any]] = []
        for offer in sorted(group, key=lambda o: (o.site, o.method, o.period)):
            pairs = [x for key, value in sorted((number[k], v) for k, v in offer.rows.items()) for x in (key, value)]
            head = [index[offer.site], offer.method, offer.period, offer.term, offer.verdict, offer.floor, offer.price]
            lines.append([*head, list(offer.score), pairs])
        demand = place[1] if place[0] == 0 else None
        found.append(Part(demand, [list(site) for site in sites], lines))
    return found


def _enumerate(
    offers: Sequence[Reading], rows: Sequence[Row], tiers: int
) -> tuple[tuple[int, ...] | None, tuple[int, ...]]:
    """The best objective and a plan that reaches it, by trying every plan."""
    best: tuple[int, ...] | None = None
    chosen: tuple[int, ...] = ()
    masks = [sum(1 << p for p in offer.site) for offer in offers]

    def walk(at: int, mask: int, served: int, taken: tuple[int, ...]) -> None:
        nonlocal best, chosen
        if at == len(offers):
            value = objective([offers[k] for k in taken], rows, tiers)
            if value is not None and (best is None or value > best):
                best, chosen = value, taken
            return
        walk(at + 1, mask, served, taken)
        demand = offers[at].demand
        bit = 0 if demand is None else 1 << demand
        if not mask & masks[at] and not served & bit:
            walk(at + 1, mask | masks[at], served | bit, (*taken, at))

    walk(0, 0, 0, ())
    return best, chosen


def objective(plan: Sequence[Reading], rows: Sequence[Row], tiers: int) -> tuple[int, ...] | None:
    """The objective per tier; None where the plan breaks a row."""
    value, units = [sum(offer.score[t] for offer in plan) for t in range(tiers)], dict[str, tuple[int, Row]]()
    for row in rows:
        over = sum(offer.rows.get((row.rule, row.key), 0) for offer in plan) - row.rhs
        past = abs(over) if row.sense == "=" else max(0, over if row.sense == "<=" else -over)
        if past and not row.slack:
            return None
        if row.slack:
            name = row.rule if row.once else row.id
            units[name] = max(units.get(name, (0, row)), (-(-past // row.slack), row), key=lambda pair: pair[0])
    for missed, row in units.values():
        value[row.tier] -= missed * row.penalty
    return tuple(value)


def random_leaf(draw: Random, found: Small, tier: int, scale: int) -> dict[str, Any]:
    """Prices with lawful signs, drawn at random around the scores."""
    span = max((abs(offer.score[tier]) for offer in found.offers), default=1) * scale
    rows = []
    for index, row in enumerate(found.rows):
        if draw.random() < 0.5:
            continue
        sizes = [abs(offer.rows.get((row.rule, row.key), 0)) for offer in found.offers]
        price = draw.randint(0, max(1, span // max(1, max(sizes, default=1))))
        if row.slack:
            most = scale * row.penalty // row.slack if row.tier == tier else 0
            price = min(price, most // len(mates(found.rows, index)))
        sign = -1 if row.sense == ">=" or (row.sense == "=" and draw.random() < 0.5) else 1
        rows.append([index, sign * price])
    if tier and draw.random() < 0.5 and not any(row.slack and row.tier < tier for row in found.rows):
        rows.append([len(found.rows) + draw.randrange(tier), -draw.randint(0, 3 * scale)])
    prices = [draw.choice([0, draw.randint(0, span)]) for _ in found.case.parcels.ids]
    return {"rows": row_prices(rows, len(found.rows) + tier), "parcels": prices}


def row_prices(pairs: Sequence[Sequence[int]], count: int) -> list[int]:
    """The prices of ``count`` rows from (row, price) pairs."""
    prices = [0] * count
    for row, price in pairs:
        prices[row] = price
    return prices


def packed(tree: dict[str, Any], rows: int, parcels: int) -> dict[str, str]:
    """A tree of plain dictionaries (``plain_tree``) as proof.json holds it."""
    return write_tree(plain_tree(tree, rows, parcels), rows)


def random_tree(draw: Random, found: Small, tier: int, scale: int, depth: int = 2) -> dict[str, Any]:
    """A random proof tree over the parts of a small round: of prices and branches alone, or with everything."""
    if draw.random() < 0.5:
        span = max((abs(offer.score[tier]) for offer in found.offers), default=1) * scale
        tree = random_proof(draw, found.rows, found.parts, len(found.case.parcels), tier, span, scale, depth)
        return write_tree(tree, len(found.rows) + tier)
    plain = _random_tree(draw, found, tier, scale, depth)
    return packed(plain, len(found.rows) + tier, len(found.case.parcels))


def _random_tree(draw: Random, found: Small, tier: int, scale: int, depth: int) -> dict[str, Any]:
    if depth == 0 or not found.offers or draw.random() < 0.4:
        return random_leaf(draw, found, tier, scale)
    offer = draw.choice(found.offers)
    if offer.demand is None:
        on: dict[str, Any] = {"d": None, "parcel": offer.site[0], "method": draw.choice([None, offer.method])}
    else:
        parcel = draw.choice([None, *offer.site])
        on = {"d": offer.demand, "parcel": parcel, "method": draw.choice([None, offer.method])}
    own = random_leaf(draw, found, tier, scale) if draw.random() < 0.5 else {}
    below = [_random_tree(draw, found, tier, scale, depth - 1) if draw.random() < 0.8 else {} for _ in range(2)]
    return {"on": on, "zero": below[0], "one": below[1], **own}


def proven(entry: dict[str, Any], found: Small, tier: int, reached: Sequence[int]) -> int | None:
    """The bound of one tier's tree."""
    bound = Bound(entry, tier, found.rows, len(found.case.parcels), reached)
    for block in blocks(found.parts):
        bound.feed(block)
    return bound.value


def proof_for(found: Small, seed: int = 0, tries: int = 40) -> dict[str, Any]:
    """The best of some random proofs: valid, rarely tight."""
    assert found.best is not None
    draw, tiers = Random(seed), []
    for tier, reached in enumerate(found.best):
        best: dict[str, Any] | None = None
        for attempt in range(tries):
            scale = draw.choice([1, 10, 1000])
            tree = random_tree(draw, found, tier, scale) if attempt else {}
            entry = {"objective": reached, "bound": 0, "scale": scale, "tree": tree}
            try:
                value = proven(entry, found, tier, found.best[:tier])
            except BadProof:
                continue
            if value is not None and (best is None or value < best["bound"]):
                best = {**entry, "bound": value}
        assert best is not None
        tiers.append(best)
    return {"schema": PROOF_SCHEMA, "scope": "all", "tiers": tiers}


def write(folder: Path, found: Small, proof: dict[str, Any] | None = None) -> dict[str, Any]:
    """Write the plan folder of a small round; returns ``plan.json``."""
    assert found.best is not None
    folder.mkdir(parents=True, exist_ok=True)
    case = digest(to_json(found.case))
    (folder / "case.json").write_bytes(canonical(to_json(found.case)))
    reader, tiers = found.reader, len(found.best)
    reach = [sorted(reader.reach.get(demand, ())) for demand in range(len(found.case.demands))]
    head = header_line(case, found.rows, tiers, len(found.offers), reach if reader.asks_applicants else None)
    lines = [canonical(line) + b"\n" for line in block_lines(found.parts, tiers)]
    sha = write_lines(folder / "offers.jsonl.gz", [head, *lines])
    proof = {**(proof or proof_for(found)), "case": case, "offers": sha}
    (folder / "proof.json").write_bytes(canonical(proof))
    plan = plan_of(found, proof, case)
    (folder / "plan.json").write_bytes(canonical(plan))
    return plan


def plan_of(found: Small, proof: dict[str, Any], case: str) -> dict[str, Any]:
    """``plan.json`` of a small round's best plan."""
    assert found.best is not None
    reader, parcels, demands = found.reader, found.case.parcels.ids, found.case.demands.ids
    plan = [found.offers[k] for k in found.chosen]
    assignments = [
        {
            "parcel_ids": [parcels[row] for row in offer.site],
            "demand_id": None if offer.demand is None else demands[offer.demand],
            "method": found.case.methods[offer.method].id,
            "period": reader.period_id(offer.period),
            "term_years": offer.term or None,
            **restated(reader, offer),
        }
        for offer in plan
    ]
    taken = {name for entry in assignments for name in entry["parcel_ids"]}
    served = {entry["demand_id"] for entry in assignments}
    uses = reader.rows.uses([offer.rows for offer in plan], [(row.rule, row.key) for row in found.rows])
    shown = reader.rows.shown(uses)
    listed = [(row.rule, row.key) for row in found.rows]
    return {
        "schema": "landopt.plan/1",
        "plan_id": f"{found.case.round.id}/P-test",
        "plan_hash": plan_hash(assignments),
        "case": {
            "digest": case,
            "round": found.case.round.id,
            "as_of": found.case.round.as_of,
            **{name: to_json(found.case)[name] for name in ("inputs", "packs", "overlays", "dropped")},
        },
        "result": {
            "stopped": "gap",
            "bound_scope": "all",
            "ties": {},
            "tiers": [
                {
                    "objective": entry["objective"],
                    "bound": entry["bound"],
                    "solver_bound": None,
                    "proven_gap": gap_text(entry["bound"], entry["objective"]),
                }
                for entry in proof["tiers"]
            ],
        },
        "assignments": assignments,
        "held": [{"parcel_id": name, "reasons": []} for name in parcels if name not in taken],
        "unserved": [{"demand_id": name, "reasons": []} for name in demands if name not in served],
        "limits": [{"rule": rule, "key": list(key), "unit": "m2", **shown[(rule, key)]} for rule, key in listed],
        "overrides": [],
        "justification": [],
    }


__all__ = [
    "Small",
    "objective",
    "packed",
    "plan_of",
    "proof_for",
    "proven",
    "random_leaf",
    "random_tree",
    "small",
    "start",
    "write",
]
