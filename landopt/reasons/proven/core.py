"""What stands in every plan within a loss, proved from prices: the core; what stands in none; what is open.

With T the objective less the loss allowed, a choice is *core* if every plan without it is provably below T, *out* if
every plan with it is; the rest is open. A plan that just reaches T counts as within. The proof in the plan folder is
enough: a case of it is worth less by what its parts lose without the choice, or by what taking the choice costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from constraints.audit.certificate.price_tree import BadProof
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.losses import program_of
from landopt.reasons.proven.narrowing import Narrow, again, narrow
from landopt.screening.blocks import Ints
from landopt.solving.programme.arrays import Program, ranges
from landopt.solving.proof.certificate import Case, Certificate, holding
from parcels.common.issues import Refused, error
from parcels.common.units import exact

FAR = np.int64(2**62)
MUCH = 1_000_000
"""Offers of leaves looked at again, at most, to see what stands in all of them."""
KINDS = ("parcel", "platform", "method", "assignment")


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice and its state: ``core``, ``out`` or ``open``.

    ``kind``: ``parcel`` (supplied at all), ``platform`` (served), ``method`` (the parcel by that method) or
    ``assignment`` (that site to that platform by that method). ``with_loss`` and ``without_loss`` are what plans with
    and without it lose at least, millipoints (``None``: no such plan).
    """

    kind: str
    parcel_ids: tuple[str, ...]
    demand_id: str | None
    method: str | None
    state: str
    with_loss: int | None
    without_loss: int | None

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "kind": self.kind,
            "parcel_ids": list(self.parcel_ids),
            "demand_id": self.demand_id,
            "method": self.method,
            "state": self.state,
            "with_loss": self.with_loss,
            "without_loss": self.without_loss,
        }


@dataclass(frozen=True, slots=True)
class Core:
    """The states of all choices at a threshold (millipoints of the first tier); ``within`` is the loss allowed.

    ``exact``: what is open is so for certain: there are plans within the loss with it and without it. ``least`` is what
    plans with each offer lose at least.
    """

    threshold: int
    within: int
    choices: tuple[Choice, ...]
    exact: bool = False
    least: Ints | None = field(default=None, repr=False, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON (DESIGN: ``{threshold, choices}``)."""
        return {
            "threshold": self.threshold,
            "within": self.within,
            "exact": self.exact,
            "choices": [choice.as_dict() for choice in self.choices],
        }

    def count(self, kind: str, state: str) -> int:
        """How many choices of a kind are in a state."""
        return sum(choice.kind == kind and choice.state == state for choice in self.choices)


def allowed(text: str | None, objective: int, bound: int) -> int:
    """The loss allowed, millipoints: ``0.5%`` of the objective, or points such as ``12.5``; default: the plan's gap.

    Raises
    ------
    Refused
        If the text is neither.
    """
    if text is None:
        return max(0, bound - objective)
    given = text.strip().replace("％", "%")
    try:
        number = exact(given.removesuffix("%").strip())
        if number < 0:
            raise ValueError
    except ValueError:
        raise Refused(error("X030.within", given=text)) from None
    if given.endswith("%"):
        return int(number * abs(objective) / 100)
    return int(number * 1000)


class _Groups:
    """The offers of each choice: numbers of groups by offer, and which groups the plan holds."""

    def __init__(self, context: Context) -> None:
        self.context, offers = context, context.offers
        self.parcels, self.demands = len(context.case.parcels), len(context.case.demands)
        self.methods = len(context.methods)
        start, parcel = offers.parcel_rows()
        owner = np.repeat(np.arange(len(offers)), np.diff(start))
        by_method = parcel.astype(np.int64) * self.methods + offers.method[owner]
        served = np.flatnonzero(offers.demand >= 0)
        first = np.array([0, self.parcels, self.parcels + self.demands, 0], np.int64)
        first[3] = first[2] + self.parcels * self.methods
        self.first = first
        self.owner = np.concatenate([owner, served, owner])
        self.group = np.concatenate([parcel, first[1] + offers.demand[served], first[2] + by_method]).astype(np.int64)
        self.count = int(first[3])

    def least(self, values: Ints) -> Ints:
        """The least value of each group's offers; FAR where it has none."""
        found = np.full(self.count, FAR, np.int64)
        np.minimum.at(found, self.group, values[self.owner])
        return found

    def held(self) -> dict[int, np.ndarray]:
        """The groups the plan holds, with their offers; assignments behind the others, by place among the chosen."""
        offers, chosen = self.context.offers, self.context.chosen
        wanted: set[int] = set()
        for offer in chosen:
            for parcel in offers.parcels(offer):
                wanted |= {parcel, int(self.first[2]) + parcel * self.methods + int(offers.method[offer])}
            if offers.demand[offer] >= 0:
                wanted.add(int(self.first[1]) + int(offers.demand[offer]))
        order = np.argsort(self.group, kind="stable")
        edges = np.searchsorted(self.group[order], np.arange(self.count + 1))
        found = {group: np.unique(self.owner[order[edges[group] : edges[group + 1]]]) for group in sorted(wanted)}
        for place, offer in enumerate(chosen):
            found[self.count + place] = np.array([offer])
        return found


@dataclass(frozen=True, slots=True)
class Grouped:
    """The offers of each choice and what the plan holds of them: the same whatever the numbers of limits are."""

    groups: _Groups
    held: dict[int, np.ndarray]


def grouped(context: Context) -> Grouped:
    """The offers of each choice of a decided round."""
    groups = _Groups(context)
    return Grouped(groups, groups.held())


def core(context: Context, within: str | None = None, *, only: bool = False, of: Grouped | None = None) -> Core:
    """The state of every choice, from the proof alone.

    ``only``: the plan is proved by its prices to be the only best one, of a round with one tier; where no loss is
    allowed, what it holds is then core and all else out. ``of``: its choices, where they are known already.

    Raises
    ------
    Refused
        If the plan has no proof, the proof cannot be read, or the loss allowed is neither per cent nor points.
    """
    proof = context.proof
    if not proof or not proof.get("tiers"):
        raise Refused(error("X030.no-proof"))
    first = proof["tiers"][0]
    objective = int(first["objective"])
    loss = allowed(within, objective, int(first["bound"]))
    of = of or grouped(context)
    groups, held = of.groups, of.held
    try:
        least, without = _losses(context, first, objective, held, loss)
    except (BadProof, KeyError, TypeError, ValueError) as bad:
        raise Refused(error("X030.bad-proof", problem=str(bad))) from bad
    taken = groups.least(least)
    if only and not loss:
        without = {group: max(value, 1) for group, value in without.items()}
        others = np.ones(groups.count, bool)
        others[[group for group in held if group < groups.count]] = False
        taken[others] = np.maximum(taken[others], 1)
    choices = tuple(_choices(context, groups, taken, least, without, loss))
    return Core(objective - loss, loss, choices, least=least)


def _losses(
    context: Context, entry: Mapping[str, Any], reached: int, held: Mapping[int, np.ndarray], within: int
) -> tuple[Ints, dict[int, int]]:
    """For every offer what plans with it lose at least, for every group held what plans without it lose at least.

    Of what loses more than ``within`` it is enough to say so: more than that, by what narrowing finds.
    """
    prog = program_of(context.offers, len(context.case.parcels), 0, [reached])
    proof = Certificate(prog, entry["tree"], int(entry["scale"]))
    scale = proof.scale
    least = np.full(proof.prog.count, FAR, np.int64)
    without = dict.fromkeys(held, int(FAR))
    narrowed = _Narrowed(len(least), held, (reached - within) * scale)
    for case in proof.cases():
        if case.total is None:
            continue
        shift = reached * scale - case.total
        part = proof.core.part()
        behind = case.best[part] - case.worth
        if case.dropped is not None:
            edge = int(behind[case.dropped].min())
            loss = -((-(np.int64(shift) + np.where(case.dropped, behind, behind + edge))) // scale)
            least[case.offers] = np.minimum(least[case.offers], loss)
            floor = -(-(shift + edge) // scale)
            without = {group: min(value, floor) for group, value in without.items()}
            narrowed.open_drop(loss <= within, case.offers, floor <= within)
            continue
        narrowed.leaf(proof.core, case)
        open_ = np.ones(len(part), bool) if case.allowed is None else case.allowed
        crowd = _crowded(proof, case.worth, case.best, case.forced, open_, part)
        loss = -((-(np.int64(shift) + behind + crowd)) // scale)
        least[case.offers[open_]] = np.minimum(least[case.offers[open_]], loss[open_])
        begin = np.asarray(proof.core.part_start)
        land = proof.head.prices[case.vector][1]
        for group, members in held.items():
            if case.supplied.get(group) is True:
                continue  # a group below the number of parcels is the parcel itself
            lost = _less(case.offers, case.worth, case.best, case.forced, open_, part, begin, members)
            if lost is not None:
                # a parcel that is not supplied pays no price (docs/proof.md section 5)
                freed = max(0, land[group]) if group < len(land) and group not in case.supplied else 0
                without[group] = min(without[group], -(-(shift + lost + freed) // scale))
    return narrowed.losses(least, without, within)


class _Narrowed:
    """The leaves of a proof narrowed to plans that reach ``threshold`` (times the scale); see ``narrowing``."""

    def __init__(self, count: int, held: Mapping[int, np.ndarray], threshold: int) -> None:
        self.held, self.threshold = held, threshold
        self.able = np.zeros(count, bool)
        self.dropped = False
        self.leaves: list[Narrow] = []

    def open_drop(self, near: Any, offers: Ints, some: bool) -> None:
        """A drop that plans within the loss may be in: its offers stay as they are, and nothing is core by it."""
        self.able[offers[near]] = True
        self.dropped |= some

    def leaf(self, core: Program, case: Case) -> None:
        """Narrow a leaf."""
        found = narrow(core, case, self.threshold)
        if found is not None:
            self.leaves.append(found)
            self.able[found.offers] = True

    def losses(self, least: Ints, without: dict[int, int], within: int) -> tuple[Ints, dict[int, int]]:
        """The losses, more than ``within`` where no plan within it holds an offer, or does without a group."""
        least = np.where(self.able, least, np.maximum(least, within + 1))
        if self.dropped:
            return least, without
        work = 0
        for group, members in sorted(self.held.items()):
            if without[group] > within:
                continue
            work += sum(len(leaf.offers) for leaf in self.leaves)
            if work > MUCH:
                break
            if all(again(leaf.without(members)) is None for leaf in self.leaves):
                without[group] = within + 1
        return least, without


def _crowded(proof: Certificate, worth: Ints, best: Ints, forced: Ints, open_: Any, part: Ints) -> Ints:
    """What other parts lose where an offer is taken: the most that one of its parcels costs them.

    Only a parcel that every best offer of a part holds costs that part anything.
    """
    core = proof.core
    cost = np.zeros(core.parcels, np.int64)
    own: dict[tuple[int, int], int] = {}
    start, begin = core.site_start, core.part_start
    top = np.flatnonzero(open_ & (worth == best[part]) & (best[part] > 0))
    for number in np.unique(part[top]).tolist():
        here = slice(int(begin[number]), int(begin[number + 1]))
        common: set[int] | None = None
        for at in top[part[top] == number].tolist():
            land = set(core.site_parcels[start[core.site[at]] : start[core.site[at] + 1]].tolist())
            common = land if common is None else common & land
            if not common:
                break
        must = bool(np.isin(number, forced))
        for parcel in common or ():
            rest = worth[here][open_[here] & ~holding(core, parcel, here)]
            if must and not len(rest):
                continue
            second = int(rest.max()) if must else int(max(0, rest.max(initial=0)))
            own[number, parcel] = int(best[number]) - second
            cost[parcel] += own[number, parcel]
    if not own:
        return np.zeros(len(part), np.int64)
    size = np.diff(start)
    land_of = core.site_parcels[ranges(start[core.site], size[core.site])]
    offer = np.repeat(np.arange(len(part)), size[core.site])
    each = cost[land_of]
    pairs = sorted(own)  # what a part loses by itself is not lost by another
    key = np.array([number * core.parcels + parcel for number, parcel in pairs], np.int64)
    value = np.array([own[pair] for pair in pairs], np.int64)
    wanted = part[offer].astype(np.int64) * core.parcels + land_of
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    each -= np.where(key[at] == wanted, value[at], 0)
    found = np.zeros(len(part), np.int64)
    np.maximum.at(found, offer, each)
    return found


def _less(
    left: Ints, worth: Ints, best: Ints, forced: Ints, open_: Any, part: Ints, begin: Ints, members: np.ndarray
) -> int | None:
    """What a case is worth less where these offers are not taken; None where it holds no plan then."""
    at = np.searchsorted(left, members)
    known = at < len(left)
    at = at[known][left[at[known]] == members[known]]
    at = at[open_[at]]
    touched = at[worth[at] == best[part[at]]]
    lost = 0
    for number in np.unique(part[touched]).tolist():
        here = slice(int(begin[number]), int(begin[number + 1]))
        keep = open_[here].copy()
        mine = at[part[at] == number] - here.start
        keep[mine] = False
        rest = worth[here][keep]
        must = bool(np.isin(number, forced))
        if must and not len(rest):
            return None
        second = int(rest.max()) if must else int(max(0, rest.max(initial=0)))
        lost += int(best[number]) - second
    return lost


def _choices(
    context: Context, groups: _Groups, with_: Ints, least: Ints, without: Mapping[int, int], loss: int
) -> Sequence[Choice]:
    ids, who = context.case.parcels.ids, context.case.demands.ids
    found = []

    def add(kind: str, names: tuple[str, ...], demand: str | None, method: str | None, taken: int, left: int) -> None:
        state = "core" if left > loss else "out" if taken > loss else "open"
        found.append(Choice(kind, names, demand, method, state, _number(taken), _number(left)))

    for row, name in enumerate(ids):
        if with_[row] < FAR:
            add("parcel", (name,), None, None, int(with_[row]), without.get(row, 0))
    for row, name in enumerate(who):
        group = int(groups.first[1]) + row
        if with_[group] < FAR:
            add("platform", (), name, None, int(with_[group]), without.get(group, 0))
    for row, name in enumerate(ids):
        for number, method in enumerate(context.methods):
            group = int(groups.first[2]) + row * groups.methods + number
            if with_[group] < FAR:
                add("method", (name,), None, method, int(with_[group]), without.get(group, 0))
    for place, offer in enumerate(context.chosen):
        method = context.methods[int(context.offers.method[offer])]
        left = without[groups.count + place]
        add("assignment", context.ids(offer), context.demand_id(offer), method, int(least[offer]), left)
    return found


def _number(value: int) -> int | None:
    return None if value >= FAR else max(0, value)
