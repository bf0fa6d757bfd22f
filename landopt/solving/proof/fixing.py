"""Offers that no better plan under a node takes: left out below it, and written as branches where a leaf needs that.

At the prices of a node an offer further below the best of its part than the node is above the goal is in no better
plan there (reduced costs: Dantzig, Fulkerson and Johnson 1954). So a branch on it has one side closed by those very
prices. Most leaves are closed without: only what some leaf rests on is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from constraints.audit.certificate.price_tree import Branch
from landopt.solving.programme.arrays import Ints
from landopt.solving.proof.certificate import NONE, Mask
from landopt.solving.proof.core import Core
from landopt.solving.proof.found import Found, Leaf
from landopt.solving.proof.relaxed import Path, Priced
from landopt.solving.proof.splitting import Choice, Splitter, place_of


def fix(core: Core, found: Found, leaf: Leaf, goal: int) -> None:
    """Leave out below a node what is in no better plan at its prices."""
    if leaf.path is None or leaf.vector < 0:
        return
    priced = found.vectors[leaf.vector]
    leaf.by, leaf.room = leaf.vector, leaf.scaled - goal - 1
    below = tops(core, priced, leaf.path)[core.part] - priced.worth
    leaf.fixed = np.flatnonzero(leaf.path.allowed & (below > leaf.room))
    if len(leaf.fixed):
        allowed = leaf.path.allowed.copy()
        allowed[leaf.fixed] = False
        leaf.path = replace(leaf.path, allowed=allowed)


def tops(core: Core, priced: Priced, path: Path) -> Ints:
    """What each part is worth at some prices under a path; NONE where it must take an offer and has none."""
    top = np.zeros(core.parts, np.int64)
    best = np.maximum.reduceat(np.where(path.allowed, priced.worth, NONE), core.begins)
    top[core.filled >= 0] = np.maximum(best, 0)
    for part in path.forced:
        top[part] = best[core.filled[part]] if core.filled[part] >= 0 else NONE
    return top


class Recorder:
    """Writes the offers left out at the nodes of a tree as branches, as far as leaves rest on them."""

    def __init__(self, found: Found, splitter: Splitter, goal: int) -> None:
        assert found.core is not None
        assert found.root is not None
        self.core, self.found, self.splitter, self.goal = found.core, found, splitter, goal
        self.root = found.root
        self.wanted: dict[int, set[int]] = {}

    def record(self) -> None:
        """Every node that left offers out gets the branches that its leaves rest on; all leaves are bounded again."""
        nodes = list(self._nodes())
        if not any(len(leaf.fixed) for leaf, _, _ in nodes):
            return
        for leaf, path, above in reversed(nodes):  # those below come first
            if leaf.on is None:
                self._rests(leaf, leaf.vector, path, above, max(self.goal, leaf.scaled))
            elif self.wanted.get(id(leaf)):
                self._rests(leaf, leaf.by, path, above, 0)
        self._rebuilt()

    def _nodes(self) -> Iterator[tuple[Leaf, Path, tuple[Leaf, ...]]]:
        """Every node with its path as no offer were left out, and the nodes above it that left some out."""
        stack: list[tuple[Leaf, Path, tuple[Leaf, ...]]] = [(self.root, self.core.root(), ())]
        while stack:
            leaf, path, above = stack.pop()
            yield leaf, path, above
            if leaf.on is None or leaf.zero is None or leaf.one is None:
                continue
            here = (*above, leaf) if len(leaf.fixed) else above
            for side, taken in ((leaf.zero, False), (leaf.one, True)):
                under = self.core.below(path, leaf.on, leaf.hit, taken)
                if under is not None:
                    stack.append((side, under, here))

    def _rests(self, leaf: Leaf, vector: int, path: Path, above: tuple[Leaf, ...], enough: int) -> None:
        """Mark the offers left out above without which these prices would bound this node by more than ``enough``."""
        if not above or vector < 0:
            return
        core, priced = self.core, self.found.vectors[vector]
        bound = core.bound(priced, path)
        if bound is None or bound <= enough:
            return
        inside = path.allowed.copy()
        for node in above:
            inside[node.fixed] = False
        narrow = Path((), inside, path.forced, path.supplied, path.barred, path.sums)
        top = tops(core, priced, narrow)
        more = path.allowed & ~inside & (priced.worth > top[core.part])
        room = enough - core.proved(priced, narrow)
        if room > 0:  # the parts that would lose least may do without
            beyond = np.zeros(core.parts, np.int64)
            np.maximum.at(beyond, core.part[more], (priced.worth - top[core.part])[more])
            beyond = np.minimum(beyond, room + 1)
            order = np.argsort(beyond, kind="stable")
            more &= ~np.isin(core.part, order[np.cumsum(beyond[order]) <= room])
        for node in above:
            mine = node.fixed[more[node.fixed]]
            if len(mine):
                self.wanted.setdefault(id(node), set()).update(mine.tolist())
                more[mine] = False

    def _rebuilt(self) -> None:
        """The tree with the branches wanted, its paths and bounds."""
        core = self.core
        stack: list[tuple[Leaf, Path | None]] = [(self.root, core.root())]
        while stack:
            leaf, path = stack.pop()
            if path is None:
                leaf.path, leaf.scaled, leaf.on, leaf.zero, leaf.one = None, NONE, None, None, None
                continue
            if leaf.on is None or leaf.zero is None or leaf.one is None:
                self._bounded(leaf, path)
                continue
            last = Leaf(leaf.path, leaf.scaled, leaf.vector, leaf.on, leaf.zero, leaf.one, leaf.hit)
            at, by, wanted = leaf, leaf.by, self.wanted.get(id(leaf), set())
            for choice in self._groups(leaf, path, wanted):
                one, zero = (core.below(path, choice.on, choice.hit, taken) for taken in (True, False))
                if one is None or zero is None:
                    continue
                at.on, at.hit, at.one, at.zero = choice.on, choice.hit, Leaf(one, 0, by), Leaf(zero, 0, by)
                self._bounded(at.one, one)
                at, path = at.zero, zero
            at.on, at.hit, at.zero, at.one, at.path = last.on, last.hit, last.zero, last.one, path
            assert at.on is not None
            assert at.zero is not None
            assert at.one is not None
            stack.append((at.zero, core.below(path, at.on, at.hit, False)))
            stack.append((at.one, core.below(path, at.on, at.hit, True)))

    def _bounded(self, leaf: Leaf, path: Path) -> None:
        leaf.path = path
        leaf.scaled = self.core.proved(self.found.vectors[leaf.vector], path) if leaf.vector >= 0 else leaf.scaled

    def _groups(self, leaf: Leaf, path: Path, wanted: set[int]) -> Iterator[Choice]:
        """Branches that leave out the offers wanted: of a whole part, of a method, on a parcel, or one."""
        core = self.core
        if not wanted:
            return
        priced = self.found.vectors[leaf.by]
        out = tops(core, priced, path)[core.part] - priced.worth > leaf.room
        by_part: dict[int, list[int]] = {}
        for offer in sorted(wanted):
            by_part.setdefault(int(core.part[offer]), []).append(offer)
        for part, offers in by_part.items():
            left = np.zeros(core.prog.count, bool)
            left[[offer for offer in offers if path.allowed[offer]]] = True
            found = sorted(
                self._classes(part, np.flatnonzero(left)), key=lambda choice: (-int(left[choice.hit].sum()), choice.key)
            )
            for choice in found:
                if left[choice.hit].any() and self._whole(choice, path, out):
                    left[choice.hit] = False
                    yield choice

    @staticmethod
    def _whole(choice: Choice, path: Path, out: Mask) -> bool:
        return bool(out[choice.hit[path.allowed[choice.hit]]].all())

    def _classes(self, part: int, offers: Ints) -> Iterator[Choice]:
        core, prog = self.core, self.core.prog
        here = np.arange(int(prog.part_start[part]), int(prog.part_start[part + 1]))
        place = place_of(core, part)
        parcel = place[1] if place[0] == "m" else None
        yield Choice(("part", part, -1), Branch(place, parcel), here, 0.0)
        for method in np.unique(prog.method[offers]).tolist():
            hit = here[prog.method[here] == method]
            yield Choice(("method", part, method), Branch(place, parcel, method), hit, 0.0)
        if place[0] == "d":
            for land in sorted({land for offer in offers.tolist() for land in core.land_of(offer).tolist()}):
                hit = np.intersect1d(core.on_parcel[land], here)
                yield Choice(("site", part, land), Branch(place, land), hit, 0.0)
        for offer in offers.tolist():
            yield Choice(("offer", offer, -1), self.splitter.one(offer), np.array([offer]), 0.0)
