"""Complete enumeration of small rounds: the witness of every faster method. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def brute_force(
    sites: Sequence[Sequence[int]],
    demands: Sequence[int],
    scores: Sequence[Sequence[int]],
    rows: Sequence[Mapping[str, Any]],
    tiers: int | None = None,
) -> tuple[int, ...] | None:
    """The best objective per tier over *all* plans, by complete enumeration of states; ``None`` if no plan is lawful.

    Offer k takes the parcels ``sites[k]`` for demand row ``demands[k]`` (-1: market), worth ``scores[k][tier]`` points.
    A row is ``{"sense", "rhs", "slack", "penalty", "tier", "coef": {offer: coefficient}}``; the units of slack of a
    soft row, each worth ``slack`` in the row, cost ``penalty`` each in ``tier``; of the rows with the same ``once``, if
    they have one, those of the row that misses most alone. Parcels and demands are taken at most
    once without saying.
    """
    if tiers is None:
        tiers = len(scores[0]) if scores else 1 + max((int(row["tier"]) for row in rows), default=0)
    parts: dict[tuple[int, int], dict[Any, tuple[int, ...]]] = {}
    for offer, site in enumerate(sites):
        part = (demands[offer], -1) if demands[offer] >= 0 else (-1, site[0])
        mask = sum(1 << parcel_row for parcel_row in site)
        use = tuple(int(row["coef"].get(offer, 0)) for row in rows)
        score = tuple(int(value) for value in scores[offer])
        best = parts.setdefault(part, {})
        best[(mask, use)] = max(best.get((mask, use), score), score)
    states: dict[Any, tuple[int, ...]] = {(0, (0,) * len(rows)): (0,) * tiers}
    for options in parts.values():
        after = dict(states)
        for (mask, use), score in options.items():
            for (taken, total), value in states.items():
                if mask & taken:
                    continue
                key = (mask | taken, tuple(map(int.__add__, total, use)))
                sums = tuple(map(int.__add__, value, score))
                after[key] = max(after.get(key, sums), sums)
        states = after
    found = [
        lawful for (_, total), score in states.items() if (lawful := _after_penalties(total, score, rows)) is not None
    ]
    return max(found, default=None)


def _after_penalties(
    total: Sequence[int], score: Sequence[int], rows: Sequence[Mapping[str, Any]]
) -> tuple[int, ...] | None:
    value, together = list(score), dict[Any, tuple[int, Mapping[str, Any]]]()
    for amount, row in zip(total, rows, strict=True):
        over = amount - row["rhs"]
        missing = abs(over) if row["sense"] == "=" else max(0, over if row["sense"] == "<=" else -over)
        if missing and not row["slack"]:
            return None
        if not row["slack"]:
            continue
        units = -(-missing // row["slack"])
        name = row.get("once") or len(together)
        together[name] = max(together.get(name, (0, row)), (units, row), key=lambda pair: pair[0])
    for units, row in together.values():
        value[row["tier"]] -= units * row["penalty"]
    return tuple(value)


def brute_force_offers(offers: Any) -> tuple[int, ...] | None:
    """:func:`brute_force` over ``Offers``: the best objective per tier of all lawful plans."""
    count = len(offers.demand)
    sites = [
        [int(p) for p in offers.site_parcels[offers.site_start[s] : offers.site_start[s + 1]]] for s in offers.site
    ]
    coefficients: list[dict[int, int]] = [{} for _ in offers.rows]
    for offer in range(count):
        for row, coef in offers.coefficients(offer):
            coefficients[row][offer] = coefficients[row].get(offer, 0) + coef
    rows = [
        {"sense": r.sense, "rhs": r.rhs, "slack": r.slack, "penalty": r.penalty, "tier": r.tier, "coef": coef}
        | ({"once": r.rule} if r.once else {})
        for r, coef in zip(offers.rows, coefficients, strict=True)
    ]
    scores = [[int(offers.score[tier, offer]) for tier in range(offers.score.shape[0])] for offer in range(count)]
    return brute_force(sites, [int(d) for d in offers.demand], scores, rows, offers.score.shape[0])
