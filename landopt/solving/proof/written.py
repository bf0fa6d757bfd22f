"""A found proof as it is written: prices as coarse, and as near to prices written before, as keeps every case bounded.

Any prices prove a bound (docs/proof.md), so every step here only has to keep each leaf within what it proves already
or within the bound aimed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from constraints.audit.certificate.price_tree import Changes, Clique, Derived, Drop, Node, Rounding, Tree, Vector
from landopt.solving.programme.arrays import Ints
from landopt.solving.programme.price_bound import LARGEST_PRICE
from landopt.solving.proof.core import Core
from landopt.solving.proof.found import Found, Leaf, leaves
from landopt.solving.proof.relaxed import Path, Priced
from landopt.solving.tuning import USUAL


def coarsened(core: Core, priced: Priced, room: int) -> tuple[Ints, Ints]:
    """(parcels, rows) in steps of powers of two such that the bound grows by about ``room`` (times the scale)."""
    land = priced.parcels
    step = _power(room // (4 * max(1, int((land != 0).sum()))))
    most = LARGEST_PRICE // step * step
    parcels = np.clip((land + (step >> 1)) // step * step, -most, most)
    rows = priced.rows.copy()
    at = np.flatnonzero(rows)
    share = room // (4 * max(1, len(at)))
    for row in at.tolist():
        step = _power(share // int(core.use[row]))
        size, sign = abs(int(rows[row])), 1 if rows[row] > 0 else -1
        up = 0 if row < len(core.prog.slack) and core.prog.slack[row] else step >> 1
        rows[row] = sign * min((size + up) // step * step, LARGEST_PRICE // step * step)
    return parcels, rows


def _power(value: int) -> int:
    """The largest power of two up to ``value`` and 2^50, at least 1."""
    return 1 << min(50, max(0, value.bit_length() - 1))


class _Vector:
    """One vector and the leaves that use it; what they prove must not get worse than ``cap``."""

    def __init__(self, core: Core, priced: Priced, users: list[tuple[Path, int]]) -> None:
        self.core, self.users = core, users
        self.best = priced
        self.room = min((cap - core.proved(priced, path) for path, cap in users), default=0)

    def tried(self, parcels: Ints, rows: Ints) -> bool:
        """Take these prices if every leaf stays within its cap."""
        core = self.core
        for path, _ in self.users:
            signed = core.signed(parcels, rows, path)
            if not (np.array_equal(signed[0], parcels) and np.array_equal(signed[1], rows)):
                return False
        priced = core.priced(parcels, rows)
        if any(core.proved(priced, path) > cap for path, cap in self.users):
            return False
        self.best = priced
        return True

    def coarse(self) -> None:
        """As coarse as the room of the leaves allows."""
        for part in (1, 8, 64, 4096):
            if self.room // part > 0 and self.tried(*coarsened(self.core, self.best, self.room // part)):
                return

    def near(self, base: Priced) -> None:
        """As many prices of ``base`` as possible: rows and parcels, the lightest changes first, by halving."""
        if self.tried(base.parcels, base.rows):
            return
        self.tried(self.best.parcels, base.rows)
        self._back(base, of_rows=True)
        self.tried(base.parcels, self.best.rows)
        self._back(base, of_rows=False)

    def _back(self, base: Priced, *, of_rows: bool) -> None:
        mine, theirs = (self.best.rows, base.rows) if of_rows else (self.best.parcels, base.parcels)
        changed = np.flatnonzero(mine != theirs)
        weight = np.abs((mine - theirs)[changed]).astype(float)
        if of_rows:
            weight *= self.core.use[changed]
        changed = changed[np.argsort(weight, kind="stable")]
        low, high = 0, len(changed)
        while low < high:
            many = (low + high + 1) // 2
            mixed = mine.copy()
            mixed[changed[:many]] = theirs[changed[:many]]
            if self.tried(*((self.best.parcels, mixed) if of_rows else (mixed, self.best.rows))):
                low = many
            else:
                high = many - 1


def written(found: Found, objective: int, coarse: int = 1, asked: int | None = None) -> Tree:
    """The proof as it is written; leaves may get as bad as the worst of them, and where the gap is open a little worse.

    By a thousandth of the gap to ``objective`` or a millionth of the bound, times ``coarse``, but where the bound is
    within ``asked`` (millipoints) it stays there.
    """
    core, root = found.core, found.root
    assert core is not None
    assert root is not None
    goal = found.scale * (found.cap + 1) - 1
    open_ = [leaf for leaf in leaves(root) if leaf.path is not None]
    worst = max([goal, *(leaf.scaled for leaf in open_)])
    top = worst // found.scale
    if top > objective:
        more = top + coarse * min((top - objective) // 1000, max(1000, abs(top)) // 1_000_000)
        top = min(more, asked) if asked is not None and top <= asked else more
        worst = found.scale * (top + 1) - 1
    users: dict[int, list[tuple[Path, int]]] = {}
    for leaf in open_:
        assert leaf.path is not None
        if leaf.vector >= 0:
            users.setdefault(leaf.vector, []).append((leaf.path, worst))
    done = [_padded(priced, len(core.low)) for priced, _ in found.drops]
    vectors: list[Vector] = []
    none = core.nothing()
    for number, priced in enumerate(done):
        vectors.append(_changes(none if number == 0 else done[number - 1], priced, number - 1))
    place: dict[int, int] = {}
    for leaf in open_:
        if leaf.vector < 0 or leaf.vector in place:
            continue
        vector = _Vector(core, found.vectors[leaf.vector], users[leaf.vector])
        base = _nearest(core, done, vector.best)
        vector.coarse()
        vector.near(none if base < 0 else done[base])
        change = _changes(none if base < 0 else done[base], vector.best, base)
        if base >= 0 and not change.rows and not change.parcels:
            place[leaf.vector] = base
            continue
        place[leaf.vector] = len(vectors)
        vectors.append(change)
        done.append(vector.best)
    if not vectors:
        vectors.append(Vector())
    drops = tuple(Drop(number, margin) for number, (_, margin) in enumerate(found.drops))
    own = len(core.prog.sense)
    tree = Tree((), (), vectors, drops, _nodes(root, place))
    tree = _pruned(tree, found.derived, own)
    rows = dict(found.alone)
    for one in tree.derived:
        if isinstance(one, Clique):
            rows |= found.rests[one]
    tree.alone = tuple((row, least) for row, (_, _, least) in sorted(rows.items()))
    return tree


def _padded(priced: Priced, rows: int) -> Priced:
    return replace(priced, rows=np.append(priced.rows, np.zeros(rows - len(priced.rows), np.int64)))


def _nearest(core: Core, done: list[Priced], priced: Priced) -> int:
    """The vector written before that a vector differs least from (-1: none)."""
    best, least = -1, int(np.count_nonzero(priced.rows) + np.count_nonzero(priced.parcels))
    for number in [*range(min(1, len(done))), *range(max(1, len(done) - USUAL.trials[0]), len(done))]:
        differ = int(np.count_nonzero(done[number].rows != priced.rows))
        differ += int(np.count_nonzero(done[number].parcels != priced.parcels))
        if differ < least:
            best, least = number, differ
    return best


def _changes(before: Priced, after: Priced, base: int) -> Vector:
    def of(one: Ints, two: Ints) -> Changes:
        at = np.flatnonzero(one != two)
        return tuple(zip(at.tolist(), (two - one)[at].tolist(), strict=True))

    return Vector(base, of(before.rows, after.rows), of(before.parcels, after.parcels))


def _nodes(root: Leaf, place: Mapping[int, int]) -> list[Node]:
    nodes: list[Node] = []
    stack = [root]
    while stack:
        leaf = stack.pop()
        if leaf.zero is None or leaf.one is None:
            nodes.append(Node(place.get(leaf.vector, 0)))
        else:
            nodes.append(Node(0, leaf.on))
            stack += [leaf.one, leaf.zero]
    return nodes


def _pruned(tree: Tree, derived: list[Derived], own: int) -> Tree:
    """Without derived rows that nothing prices or rests on."""
    wanted = {row - own for vector in tree.vectors for row, _ in vector.rows if row >= own}
    for number in range(len(derived) - 1, -1, -1):
        one = derived[number]
        if number in wanted and isinstance(one, Rounding):
            wanted |= {of // 3 - own for of, _ in one.terms if of % 3 == 0 and of // 3 >= own}
    kept = sorted(wanted)
    place = {own + old: own + new for new, old in enumerate(kept)}
    tree.derived = tuple(renumbered(derived, kept, own))
    tree.vectors = [
        Vector(each.base, tuple((place.get(row, row), by) for row, by in each.rows), each.parcels)
        for each in tree.vectors
    ]
    return tree


def renumbered(derived: list[Derived], kept: list[int], own: int) -> list[Derived]:
    """Some of the derived rows, which rest on no others of them; ``own`` rows stand before them."""
    place = {own + old: own + new for new, old in enumerate(kept)}
    found: list[Derived] = []
    for number in kept:
        one = derived[number]
        if isinstance(one, Rounding):
            terms = [(3 * place.get(of // 3, of // 3) if of % 3 == 0 else of, times) for of, times in one.terms]
            one = Rounding(one.q, one.t, tuple(sorted(terms)))
        found.append(one)
    return found
