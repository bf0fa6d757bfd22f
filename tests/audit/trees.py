"""Random proofs with everything docs/proof.md knows, and the same page read offer by offer as a witness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from constraints.audit.certificate.price_tree import (
    Branch,
    Changes,
    Clique,
    Derived,
    Drop,
    Node,
    Rounding,
    Split,
    Sum,
    Supplied,
    Tree,
    Vector,
    read_tree,
)
from constraints.types import Row
from tests.audit.lists import Part


def changes(before: Sequence[int], after: Sequence[int]) -> Changes:
    """What two lists of prices differ by."""
    return tuple((k, b - a) for k, (a, b) in enumerate(zip(before, after, strict=True)) if a != b)


def pairs_of(offer: list[Any]) -> dict[int, int]:
    """The coefficients of an offer."""
    found: dict[int, int] = {}
    for row, value in zip(offer[8][::2], offer[8][1::2], strict=True):
        found[row] = found.get(row, 0) + value
    return found


def mates(rows: Sequence[Row], k: int) -> list[int]:
    """The rows that row k is missed together with, itself too."""
    own = rows[k]
    return [at for at, row in enumerate(rows) if at == k or (own.once and row.once and row.rule == own.rule)]


def _hard(rows: Sequence[Row], tier: int) -> list[int]:
    soft = {row.tier for row in rows if row.slack}
    return [k for k, row in enumerate(rows) if not row.slack] + [len(rows) + j for j in range(tier) if j not in soft]


def _least(row: int, sign: int, parts: Sequence[Part]) -> int:
    return sum(min([0, *(sign * pairs_of(offer).get(row, 0) for offer in part.offers)]) for part in parts)


def random_proof(
    draw: Random,
    rows: Sequence[Row],
    parts: Sequence[Part],
    parcels: int,
    tier: int,
    span: int,
    scale: int,
    depth: int = 2,
) -> Tree:
    """A proof with random rows, prices up to about ``span`` and branches; true of any round it is drawn for.

    A row that rounds nothing or a clique that does not hold makes the whole no proof; most draws are one.
    """
    hard = _hard(rows, tier)
    alone = []
    for row in hard:
        if row < len(rows) and draw.random() < 0.4:
            sign = -1 if rows[row].sense == ">=" else 1
            alone.append((row, _least(row, sign, parts) - draw.choice([0, 0, 2])))
    derived: list[Derived] = []
    for number in range(draw.choice([0, 0, 1, 2, 3])):
        if draw.random() < 0.2:
            members = {(part.place, draw.randrange(len(part.offers))) for part in parts if part.offers}
            derived.append(Clique(tuple(sorted(draw.sample(sorted(members), min(len(members), 2))))))
            continue
        of = [3 * row for row in hard] + [3 * parcel + 1 for parcel in range(parcels)]
        of += [3 * part.demand + 2 for part in parts if part.demand is not None]
        of += [3 * (len(rows) + tier + k) for k in range(number)]
        chosen = sorted(draw.sample(of, min(len(of), draw.randint(1, 4))))
        terms = tuple((k, draw.choice([-2, -1, 1, 1, 1, 2, 3])) for k in chosen)
        derived.append(Rounding(draw.choice([2, 2, 3, 4, 5, 7]), draw.choice([0, 0, 1, 2, 3]), terms))
    own = len(rows) + tier
    vectors: list[Vector] = []
    for number in range(draw.randint(1, 4)):
        base = draw.randrange(-1, number)
        prices, land = [0] * (own + len(derived)), [draw.choice([0, draw.randint(0, span)]) for _ in range(parcels)]
        for k in hard + list(range(own, own + len(derived))):
            sense = rows[k].sense if k < len(rows) else ">=" if k < own else "<="
            sign = {"<=": 1, ">=": -1, "=": draw.choice([1, -1])}[sense]
            prices[k] = sign * draw.choice([0, 0, draw.randint(0, span // 4 + 1)])
        for k, soft in enumerate(rows):
            if soft.slack and soft.tier == tier:
                most = min(scale * soft.penalty // soft.slack // len(mates(rows, k)), span // 4 + 1)
                prices[k] = {"<=": 1, ">=": -1, "=": 1}[soft.sense] * draw.choice([0, most, draw.randint(0, most)])
                if draw.random() < 0.02:  # above the penalty: only where few units may be missed
                    prices[k] = prices[k] * 2 + (1 if soft.sense != ">=" else -1)
        before = _priced(vectors, base, own + len(derived), parcels)
        vectors.append(Vector(base, changes(before[0], prices), changes(before[1], land)))
    drops = [Drop(draw.randrange(len(vectors)), draw.randint(0, span)) for _ in range(draw.choice([0, 0, 1, 2]))]
    nodes: list[Node] = []

    def grow(left: int) -> None:
        node = Node()
        nodes.append(node)
        if not left or draw.random() < 0.3:
            node.vector = draw.randrange(len(vectors))
            return
        soft = [k for k, row in enumerate(rows) if row.slack and (k == mates(rows, k)[0] or draw.random() < 0.05)]
        node.on = _split(draw, hard + soft + list(range(own, own + len(derived))), parts, parcels)
        grow(left - 1)
        grow(left - 1)

    grow(depth if parts else 0)
    return Tree(tuple(alone), tuple(derived), vectors, tuple(drops), nodes)


def _split(draw: Random, counted: Sequence[int], parts: Sequence[Part], parcels: int) -> Split:
    kind = draw.randrange(5)
    if kind == 0 and counted:
        return Sum(draw.choice(counted), draw.randint(-3, 6))
    if kind == 1 and parcels:
        return Supplied(draw.randrange(parcels))
    part = draw.choice(parts)
    at = draw.randrange(len(part.offers)) if part.offers else 0
    if kind == 2:
        return Branch(part.place, offer=draw.choice([at, at, at + 1]))
    method = draw.choice([None, part.offers[at][1]]) if part.offers else None
    if part.demand is None:
        return Branch(part.place, part.place[1], method)
    return Branch(part.place, draw.choice([None, *part.sites[part.offers[at][0]]]) if part.offers else None, method)


def _priced(vectors: Sequence[Vector], number: int, rows: int, parcels: int) -> tuple[list[int], list[int]]:
    prices, land = [0] * rows, [0] * parcels
    while number >= 0:
        for place, change in vectors[number].rows:
            prices[place] += change
        for place, change in vectors[number].parcels:
            land[place] += change
        number = vectors[number].base
    return prices, land


def _rounded(value: int, q: int, rest: int) -> int:
    return value // q * (q - rest) + max(0, value % q - rest)


class Witness:
    """docs/proof.md §§ 3 to 5 with nothing shared: every derived row, case and leaf over all offers, one by one."""

    def __init__(
        self, entry: dict[str, Any], tier: int, rows: Sequence[Row], parcels: int, parts: Sequence[Part], reached: Any
    ) -> None:
        self.tree: Tree = read_tree(entry["tree"], len(rows) + tier, parcels)
        self.scale, self.tier, self.rows, self.parcels = entry["scale"], tier, rows, parcels
        self.offers = [
            (part.place, at, part.sites[offer[0]], offer[1], pairs_of(offer), offer[7])
            for part in parts
            for at, offer in enumerate(part.offers)
        ]
        self.own = len(rows) + tier
        soft = {row.tier for row in rows if row.slack}
        self.ends: list[Any] = []
        for row in rows:
            low, high = row.rhs if row.sense != "<=" else None, row.rhs if row.sense != ">=" else None
            self.ends.append((low, high, not row.slack))
        self.ends += [(reached[j], None, j not in soft) for j in range(tier)]
        self.coefs: list[list[int]] = []
        for k in range(self.own):
            of_score = k - len(rows)
            self.coefs.append([o[4].get(k, 0) if of_score < 0 else o[5][of_score] for o in self.offers])
        self.parts = parts
        for one in self.tree.derived:
            self._derive(one)

    def _derive(self, one: Derived) -> None:
        if isinstance(one, Clique):
            self.coefs.append([int((o[0], o[1]) in one.members) for o in self.offers])
            self.ends.append((None, 1, True))
            return
        columns, right = [], []
        for of, times in one.terms:
            place, kind = divmod(of, 3)
            if kind == 0:
                low, high, _ = self.ends[place]
                sign = 1 if high is not None else -1
                columns.append([sign * value for value in self.coefs[place]])
                right.append((times, high if high is not None else -low, low != high))
            elif kind == 1:
                columns.append([int(place in o[2]) for o in self.offers])
                right.append((times, 1, True))
            else:
                columns.append([int(o[0] == ("d", place)) for o in self.offers])
                right.append((times, 1, True))
        total = sum(times * end for times, end, _ in right)
        rest = total % one.q
        slack = [_rounded(times, one.q, rest) if open_ else 0 for times, _, open_ in right]
        found = []
        for k in range(len(self.offers)):
            whole = sum(times * column[k] for (times, _, _), column in zip(right, columns, strict=True))
            less = sum(weight * column[k] for weight, column in zip(slack, columns, strict=True))
            found.append(_rounded(whole, one.q, rest) - less)
        end = _rounded(total, one.q, rest) - sum(w * e for w, (_, e, _) in zip(slack, right, strict=True))
        if one.t:
            found = [one.t * value // (one.q - rest) for value in found]
            end = one.t * end // (one.q - rest)
        self.coefs.append(found)
        self.ends.append((None, end, True))

    def _value(self, left: set[int], vector: int, path: list[tuple[Split, bool]]) -> int | None:
        prices, land = _priced(self.tree.vectors, vector, self.own + len(self.tree.derived), self.parcels)
        ends = [list(each[:2]) if each[2] or k >= len(self.rows) else [0, None] for k, each in enumerate(self.ends)]
        supplied: dict[int, bool] = {}
        left = set(left)
        musts = []
        for on, taken in path:
            if isinstance(on, Sum):
                if taken:
                    ends[on.row][0] = max([on.most + 1, *(e for e in ends[on.row][:1] if e is not None)])
                else:
                    ends[on.row][1] = min([on.most, *(e for e in ends[on.row][1:] if e is not None)])
            elif isinstance(on, Supplied):
                if supplied.setdefault(on.parcel, taken) != taken:
                    return None
                left -= set() if taken else {k for k in left if on.parcel in self.offers[k][2]}
            else:
                hit = {k for k in left if self.offers[k][0] == on.place and self._matches(on, k)}
                mine = {k for k in left if self.offers[k][0] == on.place}
                left -= mine - hit if taken else hit
                musts += [on.place] if taken else []
        for on, _ in path:
            assert not isinstance(on, Sum) or on.row >= len(self.rows) or on.row == mates(self.rows, on.row)[0]
        if any(low is not None and high is not None and low > high for low, high in ends):
            return None
        total = sum(max(0, p) if supplied.get(k) is None else p * supplied[k] for k, p in enumerate(land))
        for k, price in enumerate(prices):
            if price:
                of = self.ends[k] if k < len(self.rows) and self.rows[k].slack else ends[k]
                end = of[1] if price > 0 else of[0]
                assert end is not None
                total += price * end
        for k, row in enumerate(self.rows):
            if row.slack and k == mates(self.rows, k)[0]:
                gain = sum(abs(prices[at]) * self.rows[at].slack for at in mates(self.rows, k))
                gain -= self.scale * row.penalty if row.tier == self.tier else 0
                gain += prices[len(self.rows) + row.tier] * row.penalty if row.tier < self.tier else 0
                end = ends[k][1] if gain > 0 else ends[k][0]
                assert end is not None
                total += gain * end
        for place in {o[0] for o in self.offers} | set(musts):
            worth = [self.worth(k, prices, land) for k in left if self.offers[k][0] == place]
            if place in musts and not worth:
                return None
            total += max(worth) if place in musts else max([0, *worth])
        return total

    def _matches(self, on: Branch, k: int) -> bool:
        _, at, site, method, _, _ = self.offers[k]
        if on.offer is not None:
            return on.offer == at
        return on.method in (None, method) and (on.parcel is None or on.parcel in site)

    def worth(self, k: int, prices: Sequence[int], land: Sequence[int]) -> int:
        """What an offer is worth beyond its prices."""
        offer = self.offers[k]
        used = sum(land[p] for p in offer[2]) + sum(price * self.coefs[r][k] for r, price in enumerate(prices) if price)
        return int(self.scale * offer[5][self.tier] - used)

    def bound(self) -> int | None:
        """The bound of the tier."""
        left = set(range(len(self.offers)))
        for row, least in self.tree.alone:
            sign = -1 if self.ends[row][1] is None else 1
            most = self.ends[row][1] if sign > 0 else -self.ends[row][0]
            left -= {k for k in left if self.coefs[row][k] and sign * self.coefs[row][k] + least > most}
        tops = []
        for drop in self.tree.drops:
            prices, land = _priced(self.tree.vectors, drop.vector, self.own + len(self.tree.derived), self.parcels)
            total = self._value(left, drop.vector, [])
            assert total is not None
            worth = {k: self.worth(k, prices, land) for k in left}
            best = {o[0]: 0 for o in self.offers}
            for k in left:
                best[self.offers[k][0]] = max(best[self.offers[k][0]], worth[k])
            off = {k for k in left if best[self.offers[k][0]] - worth[k] > drop.margin}
            if off:
                tops.append((total - min(best[self.offers[k][0]] - worth[k] for k in off)) // self.scale)
            left -= off
        stack: list[tuple[int, list[tuple[Split, bool]]]] = [(0, [])]
        while stack:
            number, path = stack.pop()
            node = self.tree.nodes[number]
            if node.on is None:
                total = self._value(left, node.vector, path)
                tops += [] if total is None else [total // self.scale]
            else:
                stack += [(node.zero, [*path, (node.on, False)]), (node.one, [*path, (node.on, True)])]
        return max(tops, default=None)


def plain_tree(tree: dict[str, Any], rows: int, parcels: int) -> Tree:
    """A tree of dictionaries: ``{"on", "zero", "one"}`` or ``{"rows", "parcels"}``.

    A branch may name prices too: those below then change them.
    """
    found = Tree(vectors=[], nodes=[])

    def walk(node: dict[str, Any], above: tuple[list[int], list[int]], base: int) -> None:
        own = (node.get("rows", above[0]), node.get("parcels", above[1]))
        line = Node()
        found.nodes.append(line)
        line.vector = base
        if own != above or base < 0:
            line.vector = len(found.vectors)
            found.vectors.append(Vector(base, changes(above[0], own[0]), changes(above[1], own[1])))
        if "on" in node:
            on = node["on"]
            place = ("m", on["parcel"]) if on["d"] is None else ("d", on["d"])
            line.on = Branch(place, on["parcel"], on["method"])
            for side in ("zero", "one"):
                walk(node[side], own, line.vector)

    walk(tree, ([0] * rows, [0] * parcels), -1)
    return found


__all__ = ["Witness", "changes", "plain_tree", "random_proof", "replace"]
