"""A grown tree as it is written into proof.json: as fine as the bytes allow; what changes the bound least goes first.

Any prices prove a bound (docs/model.md §8), so every step here trades bytes for a bound that is still exact: coarser
steps of the prices, prices taken over from the node above, and fewer branches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from constraints.audit.price_tree import Branch as Written
from constraints.audit.price_tree import Changes, Tree, Vector
from constraints.audit.price_tree import Node as Line
from constraints.audit.price_writer import write_tree
from landopt.solving.model_arrays import Ints, Program
from landopt.solving.prices_bound import LARGEST_PRICE, Branch, Prices, bound_scaled, clamped

PROOF_BYTES = 2_048
"""Bytes of proof.json apart from parcel prices, for at most :data:`PLAIN_ROWS` rows; in proportion beyond."""
PLAIN_ROWS = 250
HEAD_BYTES = 330
"""What proof.json holds beside its tiers: schema, two digests, scope."""
TIER_BYTES = 130
"""What a tier holds beside its nodes: objective, bound, scale, names."""
COARSER = (1, 30, 1_000, 30_000, 10**6, 10**9, 10**12)
"""What coarser prices may cost, from fine to coarse: times a thousandth of the gap or a millionth of the bound."""
EFFORT = 40_000_000
EACH = 2_000
"""Offers added up, at most, while the shortest form is looked for, each trial counting as so many more."""
FEW = 12
"""Row prices of a leaf that are tried one by one."""


def room(rows: int, tiers: int) -> int:
    """Bytes that the nodes of all tiers together may take in proof.json."""
    return PROOF_BYTES * max(PLAIN_ROWS, rows) // PLAIN_ROWS - HEAD_BYTES - TIER_BYTES * tiers


@dataclass
class Node:
    """A node of a grown tree: its prices and, times their scale, what they prove (None: it covers no plan)."""

    branches: tuple[Branch, ...]
    prices: Prices
    scaled: int | None
    zero: Node | None = None
    one: Node | None = None


@dataclass(frozen=True)
class Packed:
    """A written tree and the bound that it proves, millipoints."""

    tree: dict[str, str]
    bound: int

    @property
    def size(self) -> int:
        """Bytes apart from parcel prices."""
        return len(self.tree.get("nodes", ""))


def pack(prog: Program, root: Node, objective: int, gap: Fraction, most: int) -> Packed:
    """The written form of a tree in at most ``most`` bytes apart from parcel prices, with the best bound found for it.

    ``objective`` and ``gap`` say how fine the bound need be.
    """
    scale = root.prices.scale
    ends = [node.scaled for node in _nodes(root, None) if node.scaled is not None and node.zero is None]
    top = max((scaled // scale for scaled in ends), default=objective)
    tops = sorted({n.scaled // scale for n in _nodes(root, None) if n.zero is not None and n.scaled is not None})
    tops = [max(top, objective), *(value for value in tops if value > max(top, objective))]
    best: Packed | None = None
    work = _Work(prog, gap, objective)
    for coarse in COARSER:
        found = _shortest(work, root, tops, coarse, most)
        if found is None:
            continue
        if best is None or found.bound < best.bound:
            best = found
        elif work.left < 0:
            break
        if found.bound <= work.limit(tops[0], 1):
            break
    if best is not None:
        return best
    bare = Prices(root.prices.parcels, np.zeros_like(root.prices.rows), scale)
    return _written(work, Node((), bare, bound_scaled(prog, bare)), None, 1)


def _shortest(work: _Work, root: Node, tops: list[int], coarse: int, most: int) -> Packed | None:
    """The tree cut at the lowest bound whose written form fits; None where not even the root does."""
    low, high, best = 0, len(tops) - 1, None
    first = True
    while low <= high:
        at = low if first else (low + high) // 2
        first = False
        found = None
        if _leaf_count(root, tops[at]) <= most:
            found = _written(work, root, tops[at], coarse)
        if found is not None and found.size <= most:
            best, high = (found if best is None or found.bound <= best.bound else best), at - 1
        else:
            low = at + 1
    return best


class _Work:
    """What all attempts share: the programme, what is asked, how much may still be added up."""

    def __init__(self, prog: Program, gap: Fraction, objective: int) -> None:
        self.prog, self.objective, self.left = prog, objective, EFFORT
        self.good = objective + int(max(1, abs(objective)) * gap)
        use = np.abs(prog.rhs)
        use = np.maximum(use, 4 * prog.entries.profile.largest)
        self.use: Ints = np.maximum(use, 1)

    def limit(self, top: int, coarse: int) -> int:
        """The bound (millipoints) that a form of a tree proving ``top`` may still have."""
        more = min(max(0, top - self.objective) // 1000, max(1000, abs(top)) // 1_000_000) * coarse
        limit = top + more
        return min(limit, self.good) if top <= self.good else limit

    def bound(self, prices: Prices, branches: tuple[Branch, ...]) -> int | None:
        """What prices prove, times their scale."""
        self.left -= self.prog.count + EACH
        return bound_scaled(self.prog, prices, branches)

    def coarsened(self, prices: Prices, room: int) -> Prices:
        """Prices in steps of powers of two such that the bound grows by about ``room`` (times the scale) at most."""
        prog = self.prog
        land = prices.parcels
        step = _power(room // (4 * max(1, int((land > 0).sum()))))
        parcels = np.minimum((land + (step >> 1)) // step * step, LARGEST_PRICE // step * step)
        rows = prices.rows.copy()
        priced = np.flatnonzero(rows)
        share = room // (4 * max(1, len(priced)))
        for row in priced.tolist():
            step = _power(share // int(self.use[row]))
            size, sign = abs(int(rows[row])), 1 if rows[row] > 0 else -1
            up = 0 if prog.slack[row] else step >> 1
            rows[row] = sign * min((size + up) // step * step, LARGEST_PRICE // step * step)
        return clamped(prog, Prices(parcels, rows, prices.scale))


def _power(value: int) -> int:
    """The largest power of two up to ``value`` and 2^50, at least 1."""
    return 1 << min(50, max(0, value.bit_length() - 1))


def _nodes(root: Node, cut: int | None) -> Iterator[Node]:
    """The nodes down to ``cut``, each before those below it, the zero side first."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        if not _is_leaf(node, cut):
            assert node.zero is not None
            assert node.one is not None
            stack += [node.one, node.zero]


def _is_leaf(node: Node, cut: int | None) -> bool:
    if node.zero is None or node.one is None:
        return True
    return cut is not None and (node.scaled is None or node.scaled // node.prices.scale <= cut)


def _leaf_count(root: Node, cut: int) -> int:
    return sum(_is_leaf(node, cut) for node in _nodes(root, cut))


def _written(work: _Work, root: Node, cut: int | None, coarse: int) -> Packed:
    """The tree cut where a node proves ``cut``: each leaf takes as little as keeps the bound near it."""
    scale = root.prices.scale
    top = cut if cut is not None else int(root.scaled or 0) // scale
    cap = (work.limit(top, coarse) + 1) * scale - 1
    lines: list[Line] = []
    vectors: list[Vector] = []
    over: list[tuple[Line, bool]] = []
    worst: int | None = None
    zero = Prices(np.zeros_like(root.prices.parcels), np.zeros_like(root.prices.rows), scale)
    above = {id(root): zero}
    for node in _nodes(root, cut):
        held = above.pop(id(node))
        leaf = _is_leaf(node, cut)
        prices, scaled = held, None
        if leaf or node is root or _shared(node, cut):
            prices, scaled = _least(work, node, held, cap, leaf)
        line, base = Line(), -1
        if over:
            upper, one = over.pop()
            base = upper.vector
            if one:
                upper.one = len(lines)
            else:
                upper.zero = len(lines)
        line.vector = base
        rows, land = _changes(held.rows, prices.rows), _changes(held.parcels, prices.parcels)
        if rows or land or base < 0:
            line.vector = len(vectors)
            vectors.append(Vector(base, rows, land))
        lines.append(line)
        if leaf:
            if scaled is not None:
                worst = scaled if worst is None else max(worst, scaled)
            continue
        assert node.zero is not None
        assert node.one is not None
        line.on = _on(node.zero.branches[-1])
        over += [(line, True), (line, False)]
        above[id(node.zero)] = above[id(node.one)] = prices
    tree = write_tree(Tree(vectors=vectors, nodes=lines), len(root.prices.rows))
    return Packed(tree, work.objective if worst is None else worst // scale)


def _shared(node: Node, cut: int | None) -> bool:
    """True where a leaf below has the node's own prices."""
    sides = [side for side in (node.zero, node.one) if side is not None and _is_leaf(side, cut)]
    return any(side.prices is node.prices for side in sides)


def _least(work: _Work, node: Node, held: Prices, cap: int, leaf: bool) -> tuple[Prices, int | None]:
    """Prices that change little against ``held`` and prove at most ``cap``, or what the node's own prices prove."""
    if node.scaled is not None and (leaf and node.branches):
        scaled = work.bound(held, node.branches)
        if scaled is None or scaled <= cap:
            return held, scaled
    own = node.prices if node.scaled is None else work.coarsened(node.prices, max(0, cap - node.scaled))
    if not leaf:
        return own, None
    scaled = work.bound(own, node.branches)
    if node.scaled is not None and scaled is not None and scaled > max(cap, node.scaled):
        finer = work.coarsened(node.prices, max(0, cap - node.scaled) // 64)
        again = work.bound(finer, node.branches)
        if again is not None and again < scaled:
            own, scaled = finer, again
    if scaled is None or not node.branches:
        return (held, None) if scaled is None else (own, scaled)
    return _nearer(work, node, held, own, scaled, max(cap, scaled))


def _nearer(work: _Work, node: Node, held: Prices, own: Prices, scaled: int, cap: int) -> tuple[Prices, int]:
    """``own`` with as many prices of ``held`` as keep the bound within ``cap``: rows one by one, parcels by size."""

    def tried(rows: Ints, parcels: Ints) -> tuple[Prices, int] | None:
        mixed = Prices(parcels, rows, own.scale)
        if work.left < 0 or not np.array_equal(clamped(work.prog, mixed).rows, rows):
            return None
        value = work.bound(mixed, node.branches)
        return (mixed, value) if value is not None and value <= cap else None

    def reverted(best: tuple[Prices, int], of_rows: bool) -> tuple[Prices, int]:
        """``best`` with as many of its smallest changes taken back as pass, by halving."""
        mine, theirs = (best[0].rows, held.rows) if of_rows else (best[0].parcels, held.parcels)
        changed = np.flatnonzero(mine != theirs)
        weight = np.abs((mine - theirs)[changed]) * (work.use[changed].astype(float) if of_rows else 1.0)
        changed = changed[np.argsort(weight, kind="stable")]
        low, high = 0, len(changed)
        while low < high:
            many = (low + high + 1) // 2
            mixed = mine.copy()
            mixed[changed[:many]] = theirs[changed[:many]]
            found = tried(mixed, best[0].parcels) if of_rows else tried(best[0].rows, mixed)
            if found is None:
                high = many - 1
            else:
                best, low = found, many
        return best

    best = tried(held.rows, own.parcels) or reverted((own, scaled), True)
    left = np.flatnonzero(best[0].rows != held.rows)
    for row in left.tolist() if len(left) <= FEW else ():
        rows = best[0].rows.copy()
        rows[row] = held.rows[row]
        best = tried(rows, best[0].parcels) or best
    return reverted(best, False)


def _changes(before: Ints, after: Ints) -> Changes:
    places = np.flatnonzero(before != after)
    return tuple(zip(places.tolist(), (after - before)[places].tolist(), strict=True))


def _on(branch: Branch) -> Written:
    on = branch.on
    parcel = int(on["parcels"][0]) if on["parcels"] else None
    place = ("m", parcel or 0) if on["d"] is None else ("d", int(on["d"]))
    return Written(place, parcel, on["method"])
