"""The proof of a bound: offers left out, rows that follow, a tree of cases, as good as asked and as small as it goes.

Offers that alone exceed a limit go first. At the relaxation's prices every offer that lies further below the best of
its part than the gap is in no better plan: the rest is a core of few offers, which is branched on until every case is
bounded. What is found is written by ``writing`` and read again by ``certificate``; nothing here need be trusted.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

import numpy as np

from constraints.audit.certificate.derived_rows import DEEPEST, DerivedRows, Range, Rule, depths, ranges
from constraints.audit.certificate.price_tree import Clique, Derived, Rounding
from landopt.solving.heuristics.greedy import greedy
from landopt.solving.programme.arrays import Floats, Ints, Program, standing
from landopt.solving.programme.price_bound import LARGEST_PRICE, LIMIT, part_best
from landopt.solving.proof.certificate import NONE, alone, compact, rounding, rows_of
from landopt.solving.proof.cliques import cliques
from landopt.solving.proof.columns import Columns
from landopt.solving.proof.core import Core
from landopt.solving.proof.cutting import cuts
from landopt.solving.proof.fixing import Recorder, fix
from landopt.solving.proof.found import Found, Leaf
from landopt.solving.proof.relaxed import Priced, Solved
from landopt.solving.proof.splitting import Splitter, place_of
from landopt.solving.proof.written import coarsened, renumbered
from landopt.solving.tuning import USUAL

OPEN = 2_000
"""More branches are made where more than one part in so many of the bound is open: what a small round may keep."""
FINEST = 1 << 24
"""Prices are whole multiples of one part in so many of a millipoint, at most."""


def scale_of(prog: Program) -> int:
    """The power of two that prices are times: as fine as 64-bit sums allow, and a price may be what many plans are."""
    peak = int(np.abs(prog.score).max(initial=1))
    whole = max(1, int(np.maximum(part_best(prog, prog.score), 0).sum()))
    scale = FINEST
    while scale > 1 and (scale * peak > LIMIT >> 13 or scale * whole > LARGEST_PRICE >> 4):
        scale >>= 1
    return scale


def hopeless(prog: Program, together: int = 1) -> dict[int, tuple[int, int, int]]:
    """The hard rows that some offer alone exceeds: (sign that makes it ``<=``, right-hand side, least activity).

    With ``together`` 2 the rows that two of the largest offers exceed.
    """
    found = {}
    profile = prog.entries.profile
    for row in range(prog.own):
        if prog.slack[row]:
            continue
        sign = 1 if prog.sense[row] <= 0 else -1
        most = sign * int(prog.rhs[row])
        if together * int(profile.largest[row]) <= most:
            continue
        offers, coefs = prog.entries.row(row)
        value = sign * coefs.astype(np.int64)
        part = np.searchsorted(prog.part_start, offers, side="right") - 1
        lowest = np.zeros(len(prog.part_start) - 1, np.int64)
        np.minimum.at(lowest, part, value)
        least = int(lowest.sum())
        if ((value != 0) & (together * value + least > most)).any():
            found[row] = (sign, most, least)
    return found


class Closer:
    """Works towards a bound of ``cap`` millipoints (at most) from prices of the relaxation."""

    def __init__(
        self, prog: Program, parcels: Floats, rows: Floats, cap: int, derived: Sequence[Derived] = (), seed: int = 0
    ) -> None:
        self.prog, self.cap, self.seed, self.wide = prog, cap, seed, False
        scale = scale_of(prog)
        self.alone, self.pairs = hopeless(prog), hopeless(prog, together=2)
        self.goal = scale * (cap + 1) - 1
        self.tell: Callable[[int], None] = lambda _bound: None
        self.first, self.derived = (parcels, rows), list(derived)
        self.named: dict[Clique, Ints] = {}
        self.found, self.left, self.columns = self._fresh()
        self.core, self.ends = self._built()

    def _fresh(self) -> tuple[Found, Ints, Columns]:
        """A proof of nothing yet, the offers but those that alone exceed a limit, no derived columns."""
        left = np.flatnonzero(~alone(self.prog, self.alone))
        return Found(scale_of(self.prog), self.alone, self.cap, derived=list(self.derived)), left, Columns(len(left))

    def _begin(self) -> None:
        """Begin anew."""
        self.named.clear()
        self.found, self.left, self.columns = self._fresh()
        self._again()

    def _leave(self, kept: Ints) -> None:
        """Go on with some of the offers left (places among them)."""
        if len(kept) < len(self.left):
            self.left, self.columns = self.left[kept], self.columns.narrowed(kept)
            self._again()

    def _again(self) -> None:
        """Take the core over the offers that are left."""
        self.core, self.ends = self._built()

    def _built(self) -> tuple[Core, list[Range | None]]:
        """The core over the offers that are left, with the rows whose columns are known or follow, and their ends."""
        found, prog = self.found, self.prog
        inner = prog if len(self.left) == prog.count else compact(prog, self.left)
        listed = rows_of(prog)
        tier = len(prog.sense) - prog.own
        ends = ranges(listed, [int(value) for value in prog.rhs[prog.own :]], tier)
        rules = DerivedRows(found.derived, (), listed, ends)
        columns = self.columns
        for rule in rules.rules[len(columns) :]:
            if isinstance(rule, Rule):
                columns.append(rounding(inner, rule, columns))
            else:
                columns.append(np.isin(self.left, self.named[rule]).astype(np.int64))
        most = [int(end[1]) for end in rules.ends[len(ends) :] if end is not None and end[1] is not None]
        found.core, found.left = Core(inner, columns, most, found.scale, self.seed), self.left
        return found.core, rules.ends

    def _priced(self) -> tuple[Priced, int]:
        root = self.core.root()
        priced = self.core.rounded(*self.first, root)
        scaled = self.core.bound(priced, root)
        assert scaled is not None
        return priced, scaled

    def plain(self) -> Found:
        """The proof by the prices given alone."""
        priced, scaled = self._priced()
        self.found.vectors, self.found.root = [priced], Leaf(self.core.root(), scaled, 0)
        return self.found

    def close(self, nodes: int, end: float | None, tell: Callable[[int], None] | None = None) -> Found:
        """The proof that ``nodes`` branches and the clock allow; ``tell`` hears the bound as it comes down."""
        self.tell = tell or self.tell
        scaled, priced = self._left_over()
        if scaled > self.goal and not self.found.drops and len(self.left) > USUAL.core:
            return self.plain()
        if scaled > self.goal and nodes:
            scaled, priced = self._cut(scaled, priced, end)
            if scaled - self.goal > self.goal // USUAL.wide and len(self.left) <= USUAL.small:
                self._begin()
                self.wide = True
                scaled, priced = self._cut(*self._left_over(), end, USUAL.multiples)
        self._grow(priced if scaled <= self.goal else None, nodes, end)
        return self.found

    def _left_over(self) -> tuple[int, Priced]:
        """Leave out what is in no better plan at the prices given."""
        priced, scaled = self._priced()
        if scaled > self.goal:
            kept = self._drop(self.core, priced, scaled)
            if len(kept) > USUAL.core:
                self.found.drops.clear()
            else:
                self._leave(kept)
        return scaled, priced

    def _cut(self, scaled: int, priced: Priced, end: float | None, times: int = 1) -> tuple[int, Priced]:
        """Add rows that the relaxation breaks, and leave offers out again, as long as that helps.

        Tableau rows are looked at up to ``times`` times over.
        """
        root = self.core.root()
        last, idle = scaled, 0
        for _ in range(USUAL.cut_rounds):
            solved = self.core.solve(root)
            if solved.value is None or (end is not None and monotonic() >= end):
                break
            solved = self._tight(solved)
            if solved.value is None:
                break
            own = len(self.prog.sense)
            deep = frozenset(own + row for row, depth in enumerate(depths(self.found.derived, own)) if depth >= DEEPEST)
            new = cuts(self.core, solved.x, self.ends, self.columns, times, deep)
            found = self._cliques(solved)
            if not new and not found:
                break
            for cut in new:
                self.columns.append(cut.column)
            self.found.derived += [cut.made for cut in new]
            self.found.derived += found
            self._again()
            root = self.core.root()
            solved = self.core.solve(root)
            if solved.value is None:
                break
            priced = self.core.rounded(solved.parcels, solved.rows, root)
            now = self.core.bound(priced, root)
            assert now is not None
            scaled = now
            self.tell(scaled // self.found.scale)
            if scaled <= self.goal:
                break
            self._leave(self._drop(self.core, priced, scaled))
            root = self.core.root()
            idle = idle + 1 if last - scaled < (last - self.goal) // 50 else 0
            if idle == USUAL.idle * (1 if times == 1 else 2):
                break
            last = scaled
        return scaled, priced

    def _cliques(self, solved: Solved) -> list[Derived]:
        """Cliques that the relaxation breaks, as a proof names them."""
        core, prog = self.core, self.prog
        worth = core.rounded(solved.parcels, solved.rows, core.root()).worth
        best = np.maximum(part_best(core.prog, worth), 0)
        found: list[Derived] = []
        for members in cliques(core, solved.x, (worth - best[core.part]).astype(float), self.pairs):
            places = [place_of(core, part) for part in core.part[members].tolist()]
            offers = self.left[members]
            position = (offers - prog.part_start[core.part[members]]).tolist()
            one = Clique(tuple(zip(places, position, strict=True)))
            self.named[one] = offers
            _, rows, _ = prog.entries.of(offers)
            kept, often = np.unique(rows, return_counts=True)
            self.found.rests[one] = {
                int(row): self.pairs[int(row)] for row in kept[often > 1] if int(row) in self.pairs
            }
            found.append(one)
        return found

    def _tight(self, solved: Solved) -> Solved:
        """Forget derived rows without a price that no drop prices and no other row rests on; the relaxation then."""
        own = len(self.prog.sense)
        derived = self.found.derived
        wanted = {number for number in range(len(derived)) if abs(solved.rows[own + number]) > 1e-9}
        for priced, _ in self.found.drops:
            wanted |= set((np.flatnonzero(priced.rows[own:])).tolist())
        for number in range(len(derived) - 1, -1, -1):
            one = derived[number]
            if number in wanted and isinstance(one, Rounding):
                wanted |= {of // 3 - own for of, _ in one.terms if of % 3 == 0 and of // 3 >= own}
        if len(wanted) == len(derived):
            return solved
        kept = sorted(wanted)
        self.found.derived = renumbered(derived, kept, own)
        some = np.concatenate([np.arange(own), own + np.array(kept, np.int64)])
        self.found.drops = [
            (replace(priced, rows=np.append(priced.rows, np.zeros(len(derived), np.int64))[some]), margin)
            for priced, margin in self.found.drops
        ]
        self.columns.cells = [self.columns.cells[number] for number in kept]
        self._again()
        return self.core.solve(self.core.root())

    def _drop(self, core: Core, priced: Priced, scaled: int) -> Ints:
        """Leave out what is in no plan as good at these prices; the places of the offers that stay."""
        rough = core.priced(*core.signed(*coarsened(core, priced, (scaled - self.goal) // 64), core.root()))
        again = core.bound(rough, core.root())
        if again is not None and again - scaled <= (scaled - self.goal) // 16:
            priced, scaled = rough, again
        margin = scaled - self.goal - 1 + core.scale  # what would only draw level may stay out of a proof, not of a tie
        best = np.maximum(part_best(core.prog, priced.worth), 0)
        kept = np.flatnonzero(best[core.part] - priced.worth <= margin)
        if len(kept) < core.prog.count:
            self.found.drops.append((priced, margin))
        return kept

    def _grow(self, known: Priced | None, nodes: int, end: float | None) -> None:
        core, found = self.core, self.found
        path = core.root()
        if known is not None:
            scaled = core.bound(known, path)
            assert scaled is not None
            found.vectors, found.root = [known], Leaf(path, scaled, 0)
            return
        root = Leaf(path, 2**62)
        found.root = root
        first = self.prog.part_start[core.part]
        splitter = Splitter(core, self.left - first, wide=self.wide)
        turn = itertools.count()
        heap = [(0, next(turn), root)]
        made = 0
        while heap:
            top, _, leaf = heapq.heappop(heap)
            if leaf.scaled <= self.goal:
                continue
            if made >= self._most(nodes, -top) or (end is not None and monotonic() >= end):
                heapq.heappush(heap, (top, next(turn), leaf))
                break
            if top:
                self.tell(-top // self.found.scale)
            solved = self._solve(leaf)
            if leaf.scaled <= self.goal or solved is None:
                continue
            self._try_plan(solved)
            if self.wide:
                fix(core, found, leaf, self.goal)
            choice = splitter.choose(solved, leaf.path, self.cap + 1.0) if leaf.path else None
            if choice is None or leaf.path is None:
                continue
            made += 2
            leaf.on, leaf.hit = choice.on, choice.hit
            sides = []
            for taken in (False, True):
                under = core.below(leaf.path, choice.on, choice.hit, taken)
                side = Leaf(under, NONE if under is None else leaf.scaled, leaf.vector)
                if under is not None:
                    self._inherit(side)
                    if side.scaled > self.goal:
                        heapq.heappush(heap, (-side.scaled, next(turn), side))
                sides.append(side)
            leaf.zero, leaf.one = sides
        Recorder(found, splitter, self.goal).record()

    def _most(self, nodes: int, scaled: int) -> int:
        """How many branches at most: more than usual where they are tried harder and too much is open yet."""
        usual, more = USUAL.branches
        far = self.wide and scaled - self.goal > self.goal // OPEN
        return more if far and nodes == usual else nodes

    def _inherit(self, leaf: Leaf) -> None:
        """Take over the prices of an earlier leaf that bound this one best; enough, and it is closed."""
        assert leaf.path is not None
        order = [
            leaf.vector,
            *range(len(self.found.vectors) - 1, max(-1, len(self.found.vectors) - 1 - USUAL.trials[0]), -1),
        ]
        for vector in order:
            if vector < 0:
                continue
            scaled = self.core.bound(self.found.vectors[vector], leaf.path)
            if scaled is not None and (scaled < leaf.scaled or (vector == leaf.vector and scaled <= leaf.scaled)):
                leaf.scaled, leaf.vector = scaled, vector
                if scaled <= self.goal:
                    return

    def _solve(self, leaf: Leaf) -> Solved | None:
        """Price a leaf anew; None where it is closed."""
        core, path = self.core, leaf.path
        assert path is not None
        solved = core.solve(path)
        if solved.value is None:
            return self._emptied(leaf, solved)
        priced = core.rounded(solved.parcels, solved.rows, path)
        self._better(leaf, priced)
        return solved

    def _better(self, leaf: Leaf, priced: Priced) -> bool:
        assert leaf.path is not None
        scaled = self.core.bound(priced, leaf.path)
        if scaled is None or scaled >= leaf.scaled:
            return False
        leaf.scaled, leaf.vector = scaled, len(self.found.vectors)
        self.found.vectors.append(priced)
        return True

    def _emptied(self, leaf: Leaf, solved: Solved) -> Solved | None:
        """Prices far along the ray that shows a case to be empty, on top of those that it has.

        What lacks may be next to nothing (square metres of a limit), and no price large enough to show it: then what
        would be chosen if it were made up for, to branch on.
        """
        core, path = self.core, leaf.path
        assert path is not None
        if leaf.vector < 0:
            return None
        base = self.found.vectors[leaf.vector]
        for sign in (1, -1):
            for power in range(-6, 40):
                step = sign * 2.0**power
                land = base.parcels / core.scale + solved.parcels * step
                rows = base.rows / core.scale + solved.rows * step
                if max(np.abs(land).max(initial=0), np.abs(rows).max(initial=0)) * core.scale > LARGEST_PRICE:
                    break
                if self._better(leaf, core.rounded(land, rows, path)) and leaf.scaled <= self.goal:
                    return None
        for power in (2, 5):
            solved = core.stretched(path, float(np.abs(self.prog.score).max(initial=1)) * 2.0**power)
            if self._better(leaf, core.rounded(solved.parcels, solved.rows, path)) and leaf.scaled <= self.goal:
                return None
        return solved

    def _try_plan(self, solved: Solved) -> None:
        core = self.core
        whole = np.abs(solved.x - np.rint(solved.x)) <= 1e-6
        if whole.all():
            chosen: Ints | None = np.flatnonzero(solved.x > 0.5)
        else:
            worth = solved.x + 0.0
            chosen = greedy(core.prog, worth, np.flatnonzero(solved.x > 1e-6))
        if chosen is None:
            return
        state = standing(self.prog, self.left[chosen])
        if state.lawful and state.objective > self.cap:
            self.found.plan = self.left[chosen]
            self.cap = state.objective
            self.goal = self.found.scale * (self.cap + 1) - 1
