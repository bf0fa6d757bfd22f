"""The bound of a plan from integer prices, exactly: docs/proof.md. No solver, no floats, standard library only.

Weak duality: whatever the prices are, k x (best any plan can reach) is at most sum(price x right-hand side) + what each
part can still add at those prices.  A tree of such leaves, covering all cases, bounds by its worst leaf.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constraints.plan import LARGEST, Part, Row

MAX_LEAVES = 100_000


class BadProof(ValueError):
    """The proof says something that is not a proof: a wrong sign, an uncovered case, a row that does not exist."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Offers of one part whose site contains every one of ``parcels`` (empty: any) by ``method`` (None: any)."""

    parcels: frozenset[int]
    method: int | None

    def matches(self, offer: Sequence[Any], part: Part) -> bool:
        """True where the branch speaks of the offer."""
        return self.method in (None, offer[1]) and self.parcels <= set(part.sites[offer[0]])


Place = tuple[str, int]
"""A part: ("d", demand row) or ("m", row of the market parcel)."""
Path = tuple[tuple[Place, Branch], ...]


@dataclass(slots=True)
class Leaf:
    """Prices of one leaf and what its path says: no offer of ``zero`` is taken, exactly one of each of ``one`` is."""

    rows: list[int]
    tiers: list[int]
    parcels: Sequence[int]
    zero: dict[Place, list[Branch]]
    one: dict[Place, list[Branch]]
    total: int = 0
    empty: bool = False

    def allows(self, place: Place, offer: Sequence[Any], part: Part) -> bool:
        """False where the path of the leaf rules the offer out."""
        if any(branch.matches(offer, part) for branch in self.zero.get(place, ())):
            return False
        return all(branch.matches(offer, part) for branch in self.one.get(place, ()))


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise BadProof(f"{value!r} is not an integer below 2^53")
    return value


def _inflated(text: Any, most: int, what: str) -> bytes:
    """Base64 of zlib, whole and at most ``most`` bytes long."""
    try:
        if not isinstance(text, str):
            raise TypeError("not a text")
        inflate = zlib.decompressobj()
        raw = inflate.decompress(base64.b64decode(text, validate=True), most + 1)
    except (binascii.Error, zlib.error, ValueError, TypeError) as torn:
        raise BadProof(f"{what} prices cannot be read: {torn}") from torn
    if len(raw) > most or inflate.unconsumed_tail or inflate.unused_data or not inflate.eof:
        raise BadProof(f"{what} prices are cut or go on too long")
    return raw


def _numbers(raw: bytes, width: int) -> list[int]:
    return [int.from_bytes(raw[at : at + width], "little", signed=True) for at in range(0, len(raw), width)]


def unpack_prices(text: Any, count: int) -> Sequence[int]:
    """The prices of all parcels: base64 of zlib of little-endian int64."""
    raw = _inflated(text, 8 * count, "parcel")
    if len(raw) != 8 * count:
        raise BadProof(f"parcel prices are not {count} numbers")
    return _numbers(raw, 8)


def unpack_rows(text: Any, count: int) -> list[int]:
    """The prices of all rows: base64 of zlib of one byte, the width w, and little-endian signed numbers of w bytes."""
    raw = _inflated(text, 1 + 8 * count, "row")
    if not raw or not 1 <= raw[0] <= 8 or len(raw) != 1 + raw[0] * count:
        raise BadProof(f"row prices are not {count} numbers")
    return [_integer(price) for price in _numbers(raw[1:], raw[0])]


def pack_rows(prices: Sequence[int]) -> str:
    """The inverse of :func:`unpack_rows`, as narrow as the largest price allows."""
    width = max((price.bit_length() // 8 + 1 for price in prices), default=1)
    raw = bytes([width]) + b"".join(price.to_bytes(width, "little", signed=True) for price in prices)
    return base64.b64encode(zlib.compress(raw, 9)).decode("ascii")


def pack_prices(prices: Sequence[int]) -> str:
    """The inverse of :func:`unpack_prices`."""
    raw = b"".join(price.to_bytes(8, "little", signed=True) for price in array("q", prices))
    return base64.b64encode(zlib.compress(raw, 9)).decode("ascii")


def leaves(tree: Any, rows: int, tier: int, parcels: int) -> list[Leaf]:
    """The leaves of a proof tree; a branch splits into "none is taken" and "exactly one is", so all cases are covered.

    ``rows`` is the number of listed rows; prices of row ``rows + j`` stand for "objective of tier j >= its value".
    """
    found: list[Leaf] = []
    stack: list[tuple[Any, Path, Path]] = [(tree, (), ())]
    while stack:
        node, zero, one = stack.pop()
        if not isinstance(node, Mapping):
            raise BadProof("a node of the tree is missing")
        if "on" in node:
            branch = _branch(node["on"], parcels)
            stack.append((node.get("zero"), (*zero, branch), one))
            stack.append((node.get("one"), zero, (*one, branch)))
        else:
            found.append(_leaf(node, rows, tier, parcels, zero, one))
        if len(found) + len(stack) > MAX_LEAVES:
            raise BadProof("the tree has too many leaves")
    return found


def _branch(on: Any, parcels: int) -> tuple[Place, Branch]:
    if not isinstance(on, Mapping):
        raise BadProof("a branch does not say on what")
    demand, group, method = on.get("d"), on.get("parcels") or [], on.get("method")
    if not all(0 <= _integer(parcel) < parcels for parcel in group):
        raise BadProof("a branch names a parcel that does not exist")
    if demand is None and len(group) != 1:
        raise BadProof("a branch concerns one part: a demand, or the market offers of one parcel")
    place = ("m", group[0]) if demand is None else ("d", _integer(demand))
    return place, Branch(frozenset(group), None if method is None else _integer(method))


def _leaf(node: Mapping[str, Any], rows: int, tier: int, parcels: int, zero: Path, one: Path) -> Leaf:
    listed, packed = node.get("rows"), node.get("parcels")
    prices = [0] * (rows + tier) if listed is None else unpack_rows(listed, rows + tier)
    per_parcel: Sequence[int] = [0] * parcels if packed is None else unpack_prices(packed, parcels)
    if parcels and min(per_parcel) < 0:
        raise BadProof("a parcel has a negative price")
    leaf = Leaf(prices[:rows], prices[rows:], per_parcel, {}, {})
    for place, branch in zero:
        leaf.zero.setdefault(place, []).append(branch)
    for place, branch in one:
        leaf.one.setdefault(place, []).append(branch)
    return leaf


def constant(leaf: Leaf, rows: Sequence[Row], tier: int, scale: int, reached: Sequence[int]) -> int:
    """What a leaf adds before any offer: price x right-hand side, 1 a parcel, and the slacks of soft limits."""
    total = sum(leaf.parcels)
    for price, row in zip(leaf.rows, rows, strict=True):
        if (row.sense == "<=" and price < 0) or (row.sense == ">=" and price > 0):
            raise BadProof(f"the price of {row.id} has the wrong sign")
        total += price * row.rhs
        if row.slack:
            gain = abs(price) - (scale * row.penalty if row.tier == tier else 0)
            gain += leaf.tiers[row.tier] * row.penalty if row.tier < tier else 0
            if gain > 0 and row.slack != abs(row.rhs):
                raise BadProof(f"the price of {row.id}, a share, is above its penalty")
            total += max(0, gain) * row.slack
    for price, value in zip(leaf.tiers, reached, strict=True):
        if price > 0:
            raise BadProof("the price of an earlier tier has the wrong sign")
        total += price * value
    return total


class Bound:
    """The bound of one tier; feed every part once, then read :attr:`value`."""

    def __init__(
        self, entry: Mapping[str, Any], tier: int, rows: Sequence[Row], parcels: int, reached: Sequence[int]
    ) -> None:
        self.tier = tier
        self.seen: set[Place] = set()
        self.scale = _integer(entry.get("scale"))
        if self.scale <= 0:
            raise BadProof("the scale of a proof is positive")
        self.leaves = leaves(entry.get("tree"), len(rows), tier, parcels)
        for leaf in self.leaves:
            leaf.total = constant(leaf, rows, tier, self.scale, reached)

    def feed(self, part: Part) -> None:
        """Add what one part can still reach, at most, in every leaf.

        Raises
        ------
        BadProof
            If two offers of the part could be taken together, or a demand has two parts.
        """
        if part.demand is None and (len(part.sites) != 1 or len(part.sites[0]) != 1):
            raise BadProof("a market part is the offers of one parcel")
        place = ("m", part.sites[0][0]) if part.demand is None else ("d", part.demand)
        if place in self.seen:
            raise BadProof("a demand or a market parcel has two parts")
        self.seen.add(place)
        for leaf in self.leaves:
            best = self._best(part, place, leaf)
            forced = place in leaf.one
            if best is None:
                leaf.empty = leaf.empty or forced
            elif forced or best > 0:
                leaf.total += best

    def _best(self, part: Part, place: Place, leaf: Leaf) -> int | None:
        per_parcel, per_row, scale, tier = leaf.parcels, leaf.rows, self.scale, self.tier
        site_price = [sum([per_parcel[parcel] for parcel in site]) for site in part.sites]
        priced_tiers = [(j, price) for j, price in enumerate(leaf.tiers) if price]
        split = place in leaf.zero or place in leaf.one
        best: int | None = None
        for offer in part.offers:
            value: int = scale * offer[7][tier] - site_price[offer[0]]
            pairs = iter(offer[8])
            for row in pairs:
                value -= per_row[row] * next(pairs)
            for j, price in priced_tiers:
                value -= price * offer[7][j]
            if (best is None or value > best) and (not split or leaf.allows(place, offer, part)):
                best = value
        return best

    @property
    def value(self) -> int | None:
        """The bound in millipoints, rounded down (objectives are integers); None when no case is left at all."""
        worst = [leaf.total // self.scale for leaf in self.leaves if not leaf.empty and leaf.one.keys() <= self.seen]
        return max(worst) if worst else None


def bounds(proof: Mapping[str, Any], rows: Sequence[Row], parcels: int, parts: Iterable[Part]) -> list[int | None]:
    """The bound of every tier of a proof over the listed offers.

    Raises
    ------
    BadProof
        If the proof is not one.
    """
    running = start(proof, rows, parcels)
    for part in parts:
        for tier in running:
            tier.feed(part)
    return [tier.value for tier in running]


def start(proof: Mapping[str, Any], rows: Sequence[Row], parcels: int) -> list[Bound]:
    """A :class:`Bound` for every tier of the proof."""
    reached = [_integer(entry.get("objective")) for entry in proof["tiers"]]
    return [Bound(entry, tier, rows, parcels, reached[:tier]) for tier, entry in enumerate(proof["tiers"])]


def gap_text(bound: int, objective: int) -> str:
    """(bound - objective) / max(1, |objective|) as a decimal string with six places, rounded up."""
    millionths = -((objective - bound) * 1_000_000 // max(1, abs(objective)))
    sign, size = ("-", -millionths) if millionths < 0 else ("", millionths)
    return f"{sign}{size // 1_000_000}.{size % 1_000_000:06d}"
