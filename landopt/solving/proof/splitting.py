"""Where to branch in a proof: what both sides of a choice lose, tried by a few simplex steps and remembered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from constraints.audit.certificate.price_tree import Branch, Split, Sum, Supplied
from constraints.audit.files.offers_reader import Place
from landopt.solving.programme.arrays import Floats, Ints
from landopt.solving.proof.core import Core
from landopt.solving.proof.relaxed import Path, Solved
from landopt.solving.tuning import USUAL

CLOSE = 1e-6

Key = tuple[str, int, int]


@dataclass(frozen=True)
class Choice:
    """A branch as it is written, the offers it names, and how much of it the relaxation takes."""

    key: Key
    on: Split
    hit: Ints
    share: float


class Splitter:
    """Picks branches by the product of what both sides lose (reliability branching).

    ``position`` is the place of every offer of the core within its part. Where the relaxation is ``wide`` of the goal,
    more is tried and longer, and what is not known is guessed to lose what others of its kind do.
    """

    def __init__(self, core: Core, position: Ints, *, wide: bool = False) -> None:
        self.core, self.position, self.wide = core, position, wide
        self.trials, self.steps, self.known = USUAL.trials[wide], USUAL.steps[wide], USUAL.known[wide]
        self.kinds: dict[str, list[float]] = {}  # of each kind of branch: those tried, loss a unit on either side
        self.cost: dict[Key, list[float]] = {}  # trials, loss a unit on either side
        prog = core.prog
        self.countable = [
            row for row in range(len(prog.sense)) if prog.slack[row] == 0 and prog.carry[row] < 0 and row < prog.own
        ]

    def choose(self, solved: Solved, path: Path, cut: float) -> Choice | None:
        """The best choice at a node whose relaxation is solved; ``cut``: a side worth no more is closed."""
        x, value = solved.x, solved.value or 0.0
        choices = self.choices(x, solved.missed)
        if not choices:
            return None
        choices.sort(key=lambda choice: (-self._guess(choice), choice.key))
        fresh = [choice for choice in choices[: 3 * self.trials] if self._trials(choice) < self.known][: self.trials]
        if fresh:
            basis = self.core.live.solver.getBasis()
            for choice in fresh:
                self._try(choice, value, path, cut)
                self.core.live.solver.setBasis(basis)
        return max(choices, key=lambda choice: (self._guess(choice), choice.key))

    def choices(self, x: Floats, missed: Floats) -> list[Choice]:
        """Everything that the relaxation takes in part."""
        core, prog = self.core, self.core.prog
        part_x = np.bincount(core.part, x, core.parts)
        open_ = np.flatnonzero((x > CLOSE) & (x < 1 - CLOSE))
        found: dict[Key, Choice] = {}

        def add(key: Key, on: Split, hit: Ints) -> None:
            if key not in found:
                share = float(x[hit].sum())
                if CLOSE < share < 1 - CLOSE:
                    found[key] = Choice(key, on, hit, share)

        for part in np.unique(core.part[open_]).tolist():
            here = np.arange(int(prog.part_start[part]), int(prog.part_start[part + 1]))
            place = place_of(core, part)
            if CLOSE < part_x[part] < 1 - CLOSE:
                add(("part", part, -1), Branch(place, place[1] if place[0] == "m" else None), here)
            mine = here[(x[here] > CLOSE) & (x[here] < 1 - CLOSE)]
            for offer in mine.tolist():
                add(("offer", offer, -1), self.one(offer), np.array([offer]))
                if place[0] == "d":
                    for parcel in core.land_of(offer).tolist():
                        if ("site", part, parcel) not in found:
                            on_it = core.on_parcel[parcel]  # ascending, as the offers of a part stand together
                            hit = on_it[np.searchsorted(on_it, here[0]) : np.searchsorted(on_it, here[-1], "right")]
                            add(("site", part, parcel), Branch(place, parcel), hit)
                method = int(prog.method[offer])
                hit = here[prog.method[here] == method]
                on = Branch(place, place[1] if place[0] == "m" else None, method)
                add(("method", part, method), on, hit)
        for parcel in {parcel for offer in open_.tolist() for parcel in core.land_of(offer).tolist()}:
            add(("parcel", parcel, -1), Supplied(parcel), core.on_parcel[parcel])
        owner, rows, coefs = core.triples
        act = np.bincount(rows, coefs * x[owner], len(prog.sense))
        for row in self.countable:
            floor = int(np.floor(act[row] + CLOSE))
            share = float(act[row] - floor)
            if CLOSE < share < 1 - CLOSE and abs(act[row]) < 1000:
                key = ("sum", row, floor)
                found[key] = Choice(key, Sum(row, floor), np.zeros(0, np.int64), share)
        for row, at in core.soft.items():
            floor = int(np.floor(missed[at] + CLOSE))
            share = float(missed[at] - floor)
            if CLOSE < share < 1 - CLOSE:
                found["sum", row, floor] = Choice(("sum", row, floor), Sum(row, floor), np.zeros(0, np.int64), share)
        return [found[key] for key in sorted(found)]

    def one(self, offer: int) -> Branch:
        """The branch on one offer."""
        return Branch(place_of(self.core, int(self.core.part[offer])), offer=int(self.position[offer]))

    def _trials(self, choice: Choice) -> float:
        return self.cost.get(choice.key, [0.0])[0]

    def _guess(self, choice: Choice) -> float:
        share = choice.share
        usual = self.kinds.get(choice.key[0], (1, 1.0, 1.0)) if self.wide else None
        if choice.key not in self.cost and usual is None:
            return 1e-9 * min(share, 1 - share) * (2 if choice.key[0] in ("parcel", "part") else 1)
        tried, zero, one = self.cost.get(choice.key, usual or (1, 1.0, 1.0))
        if choice.key not in self.cost:
            zero, one = zero / tried, one / tried
        return max(zero * share, 1e-6) * max(one * (1 - share), 1e-6)

    def _try(self, choice: Choice, value: float, path: Path, cut: float) -> None:
        import highspy

        core = self.core
        core.live.solver.setOptionValue("simplex_iteration_limit", self.steps)
        losses = []
        for taken in (False, True):
            under = core.below(path, choice.on, choice.hit, taken)
            loss = max(1.0, value - cut)
            if under is not None:
                core.apply(under)
                core.live.solver.run()
                if core.live.solver.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
                    now = float(core.live.solver.getInfo().objective_function_value) * core.live.unit
                    loss = min(loss, max(0.0, value - now))
            losses.append(loss)
        core.live.solver.setOptionValue("simplex_iteration_limit", 2**31 - 1)
        trials, zero, one = self.cost.get(choice.key, [0.0, 0.0, 0.0])
        unit = losses[0] / max(choice.share, 1e-3), losses[1] / max(1 - choice.share, 1e-3)
        if not trials:
            kind = self.kinds.setdefault(choice.key[0], [0.0, 0.0, 0.0])
            self.kinds[choice.key[0]] = [kind[0] + 1, kind[1] + unit[0], kind[2] + unit[1]]
        self.cost[choice.key] = [
            trials + 1,
            (zero * trials + unit[0]) / (trials + 1),
            (one * trials + unit[1]) / (trials + 1),
        ]


def place_of(core: Core, part: int) -> Place:
    """A part's name in a proof."""
    if part < core.prog.demands:
        return ("d", part)
    return ("m", int(core.land_of(int(core.prog.part_start[part]))[0]))
