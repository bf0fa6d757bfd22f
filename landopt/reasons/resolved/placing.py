"""Where a late applicant could go: every site and method, the rest held, one other moved, or freely.

The newcomer is added to the platforms and the law is asked again, for it changes the law of others: it is one applicant
more on every parcel it could use. Assignments of the plan that this turns unlawful are told first and taken out. Held
and one-moved changes are counted, not bounded; the free ones are an interval: the best counted change below, above what
the plan's proof leaves for plans that give the newcomer that site (:mod:`landopt.reasons.proven.held_bound`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from constraints.audit.certificate.price_tree import BadProof
from constraints.case import Case
from constraints.types import Row, shared
from landopt.reasons.alternatives import value
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.variants import forced
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.proven.whatif import Proven
from landopt.reasons.resolved.newcomer import with_newcomer
from landopt.reasons.resolved.placed import Key, Placed, Placement, key_of
from landopt.reasons.resolved.resolve import resolve
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from parcels.common.frozen import FactTable

LOOKED_AT = 40
"""Sites and methods that are looked at for one other moved: those worth most."""
FREE = 10
"""Sites and methods that are told freely placed."""
COMPARED = 200_000
"""Offers up to which the proof is carried over to the round with the newcomer."""
VERDICTS = ("permit", "warn", "condition", "forbid")


def place(context: Context, newcomer: FactTable | str, clock: Clock, *, exact: bool = False) -> Placement:
    """Where a platform could go.

    Parameters
    ----------
    context
        The decided round, with its proof.
    newcomer
        One row of facts, or the id of a platform of the round.
    exact
        Solve the free ones again, to the end where the round is small.
    """
    known = isinstance(newcomer, str)
    name = newcomer if isinstance(newcomer, str) else newcomer.ids[0]
    case = context.case if isinstance(newcomer, str) else with_newcomer(context.case, newcomer)
    offers = context.offers if known else build_offers(case)
    return _Placing(context, case, offers, case.demands.index()[name], clock).all(exact)


class _Placing:
    def __init__(self, before: Context, case: Case, offers: Offers, demand: int, clock: Clock) -> None:
        self.before, self.case, self.offers, self.demand, self.clock = before, case, offers, demand, clock
        self.was = value(before.offers, before.chosen)[0]
        self.mine = range(int(offers.part_start[demand]), int(offers.part_start[demand + 1]))
        self.rest, self.unlawful = self._still()
        self.taken = {parcel: offer for offer in self.rest for parcel in offers.parcels(offer)}
        self.used = self._activity(self.rest)
        self.base = value(offers, tuple(self.rest))[0]

    def all(self, exact: bool) -> Placement:
        """Every choice, by mode."""
        held, cramped = self._held()
        moved, left = self._moved(cramped)
        counted = {(each.parcel_ids, each.method): each for each in (*held, *moved)}
        free = self._free(counted, exact)
        stopped = self.clock.why
        choices = (*sorted(held, key=_order), *sorted(moved, key=_order), *sorted(free, key=_order))
        unlawful = tuple(self._told(key) for key in self.unlawful)
        return Placement(self.case.demands.ids[self.demand], len(self.mine), choices, unlawful, left, stopped)

    def _still(self) -> tuple[list[int], list[Key]]:
        """The assignments of the plan among the offers of the round with the newcomer, and those that are none."""
        wanted = {key_of(self.before.case, self.before.offers, offer): offer for offer in self.before.chosen}
        found: dict[Key, int] = {}
        sites = {parcel for key in wanted for parcel in key[0]}
        rows = self.case.parcels.index()
        near = Context(self.case, self.offers, ()).on_parcels([rows[name] for name in sorted(sites)])
        for offer in near.tolist():
            key = key_of(self.case, self.offers, offer)
            if key in wanted:
                found[key] = offer
        rest = sorted(offer for offer in found.values() if int(self.offers.demand[offer]) != self.demand)
        return rest, [key for key in wanted if key not in found]

    def _told(self, key: Key) -> dict[str, Any]:
        """An assignment that the newcomer turns unlawful, with the verdict and the rules that decide now."""
        law = Law(Context(self.case, self.offers, ()))
        site = [self.case.parcels.index()[name] for name in key[0]]
        who = None if key[1] is None else self.case.demands.index()[key[1]]
        answer = law.ask(site, who, key[2], key[3])
        rules = [ruling.cite.rule for ruling in law.deciding(answer, site, who, key[3])]
        rules = [rule for rule in rules if not rule.startswith("default.")] or rules
        return {
            "parcel_ids": list(key[0]),
            "demand_id": key[1],
            "method": key[2],
            "verdict": answer.verdict,
            "rules": list(dict.fromkeys(rules)),
        }

    # -- counted -----------------------------------------------------------------------------------------------------

    def _activity(self, chosen: Iterable[int]) -> dict[int, int]:
        used: dict[int, int] = {}
        for offer in chosen:
            for row, amount in self.offers.coefficients(offer):
                used[row] = used.get(row, 0) + amount
        return used

    def _change(self, come: Sequence[int], gone: Sequence[int] = ()) -> int | None:
        """The score against the plan as it was where some offers come and some go; ``None`` where a row breaks."""
        moved: dict[int, int] = {}
        score = self.base
        for offer, sign in (*((each, 1) for each in come), *((each, -1) for each in gone)):
            score += sign * int(self.offers.score[0, offer])
            for at, amount in self.offers.coefficients(offer):
                moved[at] = moved.get(at, 0) + sign * amount
        for number in {*moved, *self._broken}:
            row = self.offers.rows[number]
            before = self.used.get(number, 0)
            if not row.slack and row.missed(before + moved.get(number, 0)):
                return None
        for first in {self._missed_with[number] for number in moved if number in self._missed_with}:
            row = self.offers.rows[first]
            score -= 0 if row.tier else (self._units(first, moved) - self._units(first, {})) * row.penalty
        return score - self.was

    @cached_property
    def _missed_with(self) -> dict[int, int]:
        """The first of the rows that each soft row is missed together with."""
        return {row: first for first, rows in self._soft.items() for row in rows}

    @cached_property
    def _soft(self) -> dict[int, tuple[int, ...]]:
        return shared(self.offers.rows)

    def _units(self, first: int, moved: Mapping[int, int]) -> int:
        """The units that rows missed together are missed by, the plan changed by so much."""
        rows, used = self.offers.rows, self.used
        return max(rows[row].missed(used.get(row, 0) + moved.get(row, 0)) for row in self._soft[first])

    @property
    def _broken(self) -> list[int]:
        """Hard rows that what is left of the plan breaks."""
        return [
            number
            for number, row in enumerate(self.offers.rows)
            if not row.slack and row.missed(self.used.get(number, 0))
        ]

    def _conflicts(self, offer: int) -> set[int]:
        return {self.taken[parcel] for parcel in self.offers.parcels(offer) if parcel in self.taken}

    def _held(self) -> tuple[list[Placed], list[list[int]]]:
        """The sites and methods that fit as the plan stands, and the offers (one a period) of each that does not."""
        best: dict[tuple[tuple[int, ...], int], tuple[int, int]] = {}
        cramped: dict[tuple[tuple[int, ...], int], list[int]] = {}
        for offer in self.mine:
            key = self.offers.parcels(offer), int(self.offers.method[offer])
            change = None if self._conflicts(offer) else self._change([offer])
            if change is not None:
                best[key] = max(best.get(key, (change, -offer)), (change, -offer))
            else:
                cramped.setdefault(key, []).append(offer)
        found = [self._placed(-offer, "held", change) for change, offer in best.values()]
        return found, [offers for key, offers in cramped.items() if key not in best]

    def _moved(self, cramped: Sequence[list[int]]) -> tuple[list[Placed], int]:
        """The sites and methods that fit once one other moves: those in the way of one, or of a limit alone."""
        order = sorted(cramped, key=lambda offers: min((-int(self.offers.score[0, each]), each) for each in offers))
        order = [offers for offers in order if len(self._conflicts(offers[0])) <= 1]
        found = []
        for offers in order[:LOOKED_AT]:
            ways = [(best, -offer) for offer in offers if (best := self._one_moved(offer)) is not None]
            if ways:
                (change, gone, come), offer = max(ways, key=lambda way: (way[0][0], way[1]))
                there = None if come is None else self._site(come)
                who = key_of(self.case, self.offers, gone)[1]
                moved = {"demand_id": who, "from": self._site(gone), "to": there}
                found.append(self._placed(-offer, "one_moved", change, moved))
        return found, max(0, len(order) - LOOKED_AT)

    def _site(self, offer: int) -> dict[str, Any]:
        ids, _, method, period = key_of(self.case, self.offers, offer)
        return {"parcel_ids": list(ids), "method": method, "period": period}

    def _one_moved(self, offer: int) -> tuple[int, int, int | None] | None:
        best: tuple[int, int, int | None] | None = None
        conflicts = self._conflicts(offer)
        for gone in sorted(conflicts) or self._relieving(offer):
            for come in self._elsewhere(gone, offer):
                change = self._change([offer] if come is None else [offer, come], [gone])
                if change is not None and (best is None or change > best[0]):
                    best = change, gone, come
        return best

    def _relieving(self, offer: int) -> list[int]:
        """The assignments that count in a row the newcomer would break."""
        tight = set(self._broken)
        for row, amount in self.offers.coefficients(offer):
            have = self.offers.rows[row]
            if not have.slack and have.missed(self.used.get(row, 0) + amount):
                tight.add(row)
        return [each for each in self.rest if any(row in tight for row, _ in self.offers.coefficients(each))]

    def _elsewhere(self, gone: int, offer: int) -> Iterable[int | None]:
        """Where an assignment could go that must give way; a market supply may be withdrawn."""
        demand = int(self.offers.demand[gone])
        site = set(self.offers.parcels(offer))
        free = set(self.offers.parcels(gone))
        if demand < 0:
            yield None
            near = [] if site & free else Context(self.case, self.offers, ()).on_parcels(sorted(free)).tolist()
            others = [each for each in near if int(self.offers.demand[each]) < 0]
        else:
            others = list(range(int(self.offers.part_start[demand]), int(self.offers.part_start[demand + 1])))
        for other in others:
            land = self.offers.parcels(other)
            if other != gone and site.isdisjoint(land) and all(p in free or p not in self.taken for p in land):
                yield other

    def _placed(
        self,
        offer: int,
        mode: str,
        change: int | tuple[int | None, int | None],
        moved: dict[str, Any] | None = None,
        ended: bool = True,
    ) -> Placed:
        ids, _, method, period = key_of(self.case, self.offers, offer)
        verdict = VERDICTS[int(self.offers.verdict[offer])]
        return Placed(ids, method, period, mode, change, verdict, moved, ended)

    # -- bounded -----------------------------------------------------------------------------------------------------

    def _free(self, counted: dict[tuple[tuple[str, ...], str], Placed], exact: bool) -> list[Placed]:
        """The most promising sites and methods with everything free to move."""
        groups: dict[tuple[tuple[str, ...], str], list[int]] = {}
        for offer in self.mine:
            ids, _, method, _ = key_of(self.case, self.offers, offer)
            groups.setdefault((ids, method), []).append(offer)
        proven = None if exact else self._carried()

        def hopeful(key: tuple[tuple[str, ...], str]) -> tuple[bool, int, tuple[tuple[str, ...], str]]:
            change = counted[key].score_change if key in counted else None
            top = max(int(self.offers.score[0, offer]) for offer in groups[key])
            return not isinstance(change, int), -(change if isinstance(change, int) else top), key

        order = sorted(groups, key=hopeful)
        first = counted.get(order[0]) if order else None
        if order and first is None:
            self.clock.tell("placed-none", choices=len(order))
        elif first is not None and isinstance(first.score_change, int):
            self.clock.tell(
                "placed-first", site="+".join(first.parcel_ids), method=first.method, change=first.score_change / 1000
            )
        found = []
        for done, key in enumerate(order[:FREE], 1):
            if exact and not self.clock.left():
                break
            self.clock.tell("placing", done=done, choices=min(FREE, len(groups)))
            members = groups[key]
            low = counted[key].score_change if key in counted else None
            assert low is None or isinstance(low, int)
            if exact:
                placed = self._solved(members, low, counted.get(key))
            else:
                tops = [self._above(proven, offer) for offer in members]
                high = None if None in tops else max(top for top in tops if top is not None)
                ended = low is not None and low == high
                placed = self._freely(members, counted.get(key), (low, high), ended)
            found += [] if placed is None else [placed]
        return found

    def _freely(
        self, members: Sequence[int], counted: Placed | None, change: tuple[int | None, int | None], ended: bool
    ) -> Placed:
        """Everything free: in the period of the change that was counted; else whenever, where several are open."""
        if counted is not None:
            return replace(counted, mode="free", score_change=change, moved=None, ended=ended)
        best = min(members, key=lambda offer: (-int(self.offers.score[0, offer]), offer))
        placed = self._placed(best, "free", change, None, ended)
        several = len({int(self.offers.period[offer]) for offer in members}) > 1
        return replace(placed, period=None) if several else placed

    def _solved(self, members: Sequence[int], low: int | None, counted: Placed | None) -> Placed | None:
        found = resolve(self.case, forced(self.offers, members), self.clock)
        if found.chosen is None:
            return None if found.stopped == "infeasible" else self._freely(members, counted, (low, None), False)
        offer = next(each for each in found.chosen if each in set(members))
        now = found.worth[0] - self.was
        top = None if found.bound[0] is None else found.bound[0] - self.was
        return self._placed(offer, "free", (now, top), None, now == top)

    def _carried(self) -> Proven | None:
        """The proof of the plan, where nobody else has a new offer, or one worth more or counted otherwise."""
        if self.before.proof is None or len(self.before.offers) > COMPARED:
            return None
        if self.offers is self.before.offers:
            return Proven(self.before)
        old, new = self.before, self.offers
        known = {key_of(old.case, old.offers, offer): offer for offer in range(len(old.offers))}
        for offer in range(len(new)):
            if int(new.demand[offer]) == self.demand:
                continue
            same = known.get(key_of(self.case, new, offer))
            if same is None or int(new.score[0, offer]) > int(old.offers.score[0, same]):
                return None
            if _counts(new, offer) != _counts(old.offers, same):
                return None
        return Proven(old)

    def _above(self, proven: Proven | None, offer: int) -> int | None:
        """What the score changes by at most where the newcomer takes an offer: its parcels and room are gone."""
        if proven is None:
            return None
        mine = {
            (self.offers.rows[row].rule, self.offers.rows[row].key): n for row, n in self.offers.coefficients(offer)
        }
        old = self.before.offers
        theirs = {(row.rule, row.key) for row in old.rows}
        if not theirs.issuperset(mine):
            return None
        rows = [_less(row, mine.get((row.rule, row.key), 0)) for row in old.rows]
        land = set(self.offers.parcels(offer))
        gone = {
            (number, at)
            for number, block in enumerate(proven.blocks)
            for at, site in enumerate(block.site)
            if land.intersection(block.sites[site])
        }
        own = self.before.case.demands.index().get(self.case.demands.ids[self.demand])
        gone |= {
            (number, at)
            for number, block in enumerate(proven.blocks)
            for (kind, row), begin, end in block.parts
            for at in range(begin, end)
            if kind == "d" and row == own
        }
        try:
            bound = proven.bounds[0].moved(rows, gone)
        except BadProof:
            return None
        if bound is None:
            return None
        top = bound + int(self.offers.score[0, offer]) - self.was
        whole = proven.bounds[0].moved(old.rows) if self.offers is old else None
        return top if whole is None else min(top, whole - self.was)  # a platform of the round: one of its own plans


def _counts(offers: Offers, offer: int) -> dict[tuple[str, tuple[str, ...]], int]:
    """What an offer counts in each row, by rule and key."""
    return {(offers.rows[row].rule, offers.rows[row].key): amount for row, amount in offers.coefficients(offer)}


def _less(row: Row, amount: int) -> Row:
    return row if not amount else replace(row, rhs=row.rhs - amount)


def _order(choice: Placed) -> tuple[int, tuple[str, ...], str]:
    change = choice.score_change
    worth = change if isinstance(change, int) else next((end for end in reversed(change) if end is not None), 0)
    return -worth, choice.parcel_ids, choice.method
