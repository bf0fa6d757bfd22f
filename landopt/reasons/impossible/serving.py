"""What it takes to serve one platform: its price and who loses, or the least single change with nobody losing.

Changes are numbers of policy limits, facts to establish, sites to make ready, parcels to divide; each is minimal: a
little less would not serve. Pairs are looked for only where no single change does. Law is never changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from constraints.case import Case
from constraints.types import Row
from landopt.intake.overlay import BINDING_RANK, changed
from landopt.reasons.alternatives import value
from landopt.reasons.clock import LIMIT_S, Clock
from landopt.reasons.explain.changed.feasible import held_by_some, least_violation
from landopt.reasons.explain.changed.variants import forced, only_rows, with_rhs, with_row
from landopt.reasons.explain.context import Context
from landopt.reasons.impossible.change_told import told_change
from landopt.reasons.impossible.conflict import decimal, number_of, rule_of, scale_of, stated
from landopt.reasons.impossible.proposals import Proposal, proposals
from landopt.reasons.resolved.resolve import Resolved, keeping, resolve
from landopt.reasons.resolved.shares import at_share, giving, quotient
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import Ints

YARDSTICK, EACH = 0.2, 0.25
"""Parts of the time left: for the best plan as things are where it is not proved, and for each change tried."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One way to serve the platform.

    ``what``: ``force`` (nothing changes, others may lose), ``rearrange`` (nothing changes, nobody loses),
    ``RULE[key]:amount`` or ``RULE:share`` (``to`` is what ``--set`` takes), ``PARCEL:ready``, ``PARCEL:divide`` (``to``
    is the area in m2) or ``OWNER:FIELD`` (a fact to establish); a pair joins two with " + ", ``was`` and ``to`` then
    hold two values. ``loss``: the best plan loses at least and at most so much of the first tier against the best plan
    as things are, millipoints (below 0: it gains).
    ``who`` may decide: a policy's document, or the code of an office. ``proposal``: it is no number or fact of the
    round that anybody holds, but something to do. ``ended``: both ends are proved.
    """

    what: str
    was: Any
    to: Any
    loss: tuple[int | None, int | None]
    losers: tuple[str, ...]
    who: tuple[str, ...]
    kind: str
    proposal: bool = False
    ended: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON (DESIGN: ``{what, from, to, loss, losers}``)."""
        return {
            "what": self.what,
            "from": self.was,
            "to": self.to,
            "loss": list(self.loss),
            "losers": list(self.losers),
            "who": list(self.who),
            "kind": self.kind,
            "proposal": self.proposal,
            "ended": self.ended,
        }


@dataclass(frozen=True, slots=True)
class Served:
    """The answer for one platform.

    ``state``: ``served`` (it has a site in the plan already), ``changes``, ``none`` (nothing that was tried serves it),
    ``no-plan`` (the round has no plan at all) or ``unknown``. ``tried`` and ``left`` count the changes tried and those
    that time did not reach; ``stopped`` is "", ``limit`` or ``user``.
    """

    demand_id: str
    state: str
    changes: tuple[Changed, ...]
    tried: int
    left: int
    stopped: str

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "demand_id": self.demand_id,
            "state": self.state,
            "changes": [change.as_dict() for change in self.changes],
            "tried": self.tried,
            "left": self.left,
            "stopped": self.stopped,
        }


# One parameter a part of the question.
def serving(
    case: Case,
    offers: Offers,
    demand: int,
    clock: Clock,
    chosen: Sequence[int] | None = None,
    bound: int | None = None,
    least: Ints | None = None,
) -> Served:
    """How a platform (row) can be served.

    Parameters
    ----------
    chosen
        The plan whose served platforms stay served; without one the best plan of the round is looked for.
    bound
        What no plan exceeds by the proof of ``chosen`` (first tier, millipoints).
    least
        What plans with each offer lose at least by that proof.
    """
    name = case.demands.ids[demand]
    best = _best(case, offers, demand, clock, chosen, bound, least)
    if best.chosen is None:
        state = "no-plan" if best.stopped == "infeasible" else "unknown"
        return Served(name, state, (), 0, 0, clock.early)
    held = tuple(best.chosen if chosen is None else sorted(chosen))
    if any(int(offers.demand[offer]) == demand for offer in held):
        return Served(name, "served", (), 0, 0, clock.early)
    asked = _Asked(case, offers, demand, held, best, clock)
    found = asked.all()
    state = "changes" if found else "none" if asked.sure and not asked.left else "unknown"
    return Served(name, state, found, asked.tried, asked.left, clock.early)


# One parameter a part of the question.
def _best(
    case: Case,
    offers: Offers,
    demand: int,
    clock: Clock,
    chosen: Sequence[int] | None,
    bound: int | None,
    least: Ints | None,
) -> Resolved:
    """What is known of the best plan as things are: a plan that is proved to be it is not solved for again.

    One with an open gap is improved on in a part of the time; its proof still bounds every plan.
    """
    if chosen is None or bound is None:
        clock.tell("solving-round")
        return resolve(case, offers, clock, start=chosen)
    low, high = int(offers.part_start[demand]), int(offers.part_start[demand + 1])
    if low == high:
        clock.tell("served-by-none", demand=case.demands.ids[demand])
    elif least is not None:
        loss = max(0, int(least[low:high].min())) / 1000
        clock.tell("served-by", demand=case.demands.ids[demand], offers=high - low, loss=loss)
    worth = value(offers, tuple(chosen))
    held = Resolved(tuple(sorted(chosen)), worth, (bound, *[None] * (offers.tiers - 1)), "optimal")
    if bound <= worth[0]:
        return held
    clock.tell("solving-round")
    with clock.part(YARDSTICK):
        found = resolve(case, offers, clock, start=chosen)
    top = min([bound, *[each for each in found.bound[:1] if each is not None]])
    better = held if found.chosen is None or found.worth < worth else found
    return replace(better, bound=(max(top, better.worth[0]), *better.bound[1:]))


class _Asked:
    def __init__(
        self, case: Case, offers: Offers, demand: int, held: tuple[int, ...], best: Resolved, clock: Clock
    ) -> None:
        self.case, self.offers, self.demand, self.held, self.best, self.clock = case, offers, demand, held, best, clock
        self.served = sorted({int(offers.demand[offer]) for offer in held if offers.demand[offer] >= 0})
        self.tried = self.left = 0
        self.sure = True
        self.rows = [
            number
            for number, row in enumerate(offers.rows)
            if row.kind == "limit" and row.sense != "=" and not row.slack and self._rank(row) < BINDING_RANK
        ]

    def all(self) -> tuple[Changed, ...]:
        """Forced, then single changes, then pairs where no single one does; by the upper end of the loss."""
        with self.clock.part(EACH):
            found = [change for change in [self._forced()] if change is not None]
        with self.clock.part(EACH):
            moved = self._rearranged()
        if moved is not None:
            return tuple(sorted([*found, moved], key=_order))
        ideas = proposals(Context(self.case, self.offers, self.held), self.demand)
        singles: list[Changed] = []
        todo: list[int | Proposal] = [*(self.rows if self._reachable(self.offers) else []), *ideas]
        for done, one in enumerate(todo):
            if not self._left():
                continue
            self.clock.tell("change", done=done + 1, changes=len(todo))
            with self.clock.part(EACH):
                change = self._proposed(one) if isinstance(one, Proposal) else self._given([one])
            singles += [] if change is None else [change]
        if not singles:
            singles = self._pairs(ideas)
        return tuple(sorted([*found, *singles], key=_order))

    def _pairs(self, ideas: Sequence[Proposal]) -> list[Changed]:
        found: list[Changed] = []
        both = list(combinations(self.rows, 2)) if self._reachable(self.offers) else []
        for rows in both:
            if self._left():
                change = self._given(rows)
                found += [] if change is None else [change]
        for idea, row in ((idea, row) for idea in ideas for row in self.rows):
            if self._left():
                change = self._proposed(idea, row)
                found += [] if change is None else [change]
        return found

    def _left(self) -> bool:
        """Whether there is time for one change more; counts it either way."""
        if not self.clock.left():
            self.left += 1
            return False
        self.tried += 1
        return True

    def _rank(self, row: Row) -> int:
        rule = rule_of(self.case, row.rule)
        return BINDING_RANK if rule is None else rule.cite.rank

    def _reachable(self, offers: Offers) -> bool:
        return int(offers.part_start[self.demand + 1]) > int(offers.part_start[self.demand])

    def _kept(self, offers: Offers, others: bool = True) -> Offers:
        """The offers with rows that ask that the platform be served, and everyone who is."""
        for demand in [self.demand, *(self.served if others else ())]:
            low, high = int(offers.part_start[demand]), int(offers.part_start[demand + 1])
            row = Row(f"serve.{demand}", "serve", (str(demand),), "lock", ">=", 1, 0, 0, 0)
            offers = with_row(offers, row, range(low, high), [1] * (high - low))
        return offers

    def _forced(self) -> Changed | None:
        """The platform served whoever loses: of the best plans the one that changes least."""
        if not self._reachable(self.offers):
            return None
        mine = range(int(self.offers.part_start[self.demand]), int(self.offers.part_start[self.demand + 1]))
        self.clock.tell("forcing")
        found = resolve(self.case, keeping(forced(self.offers, list(mine)), self.held), self.clock)
        if found.chosen is None:
            self.sure = self.sure and found.stopped == "infeasible"
            return None
        still = {int(self.offers.demand[offer]) for offer in found.chosen}
        losers = tuple(self.case.demands.ids[row] for row in self.served if row not in still)
        return self._change("force", None, None, found, losers, ("policy",), "force")

    def _rearranged(self) -> Changed | None:
        """The platform served with nothing changed and everyone served still served, if that can be."""
        if not self._reachable(self.offers):
            return None
        found = resolve(self.case, self._kept(self.offers), self.clock)
        if found.chosen is None:
            self.sure = self.sure and found.stopped == "infeasible"
            return None
        return self._change("rearrange", None, None, found, (), ("policy",), "force")

    def _given(self, rows: Sequence[int], case: Case | None = None, offers: Offers | None = None) -> Changed | None:
        """Limits that give way, each as little as may be (the first as if the next were lifted); ``None``: in vain."""
        case, offers = case or self.case, offers or self.offers
        asked = self._kept(offers)
        lifted = only_rows(asked, [each for each in range(len(asked.rows)) if each not in rows])
        possible = held_by_some(case, lifted, list(range(*self._part(offers))), clock=self.clock)
        if not possible:
            self.sure = self.sure and possible is False
            return None
        names, was, to, who = [], [], [], []
        for at, number in enumerate(rows):
            later = rows[at + 1 :]
            step = self._step(case, asked, number, later)
            if step is None:
                return None
            asked, name, before, after = step
            names.append(name)
            was.append(before)
            to.append(after)
            rule = rule_of(case, offers.rows[number].rule)
            who.append("" if rule is None else rule.cite.doc)
        found = resolve(case, asked, self.clock)
        if found.chosen is None:
            self.sure = self.sure and found.stopped == "infeasible"
            return None
        one = len(rows) == 1
        return self._change(
            " + ".join(names),
            was[0] if one else was,
            to[0] if one else to,
            found,
            (),
            tuple(dict.fromkeys(who)),
            "limit",
        )

    def _part(self, offers: Offers) -> tuple[int, int]:
        return int(offers.part_start[self.demand]), int(offers.part_start[self.demand + 1])

    def _step(
        self, case: Case, asked: Offers, number: int, later: Sequence[int]
    ) -> tuple[Offers, str, int | str, int | str] | None:
        """One limit given as little way as may be, ``later`` ones lifted: the offers then, what, from, to."""
        row = asked.rows[number]
        gone = [each for each in range(len(asked.rows)) if each in later]
        trial = only_rows(asked, [each for each in range(len(asked.rows)) if each not in gone])
        place = number - sum(each < number for each in gone)
        rule = rule_of(case, row.rule)
        assert rule is not None
        if rule.spec.get("share"):
            found = giving(case, trial, place, self.clock)
            if found.share is None or not found.ended:
                self.sure = False
                return None
            parts = quotient(case, asked, row)
            if parts is None:
                return None
            share = Fraction(*rule.spec["share"])
            moved = at_share(asked, number, parts, found.share)
            return moved, number_of(rule, row), decimal(share), decimal(found.share)
        units = least_violation(case, trial, {place: 1}, LIMIT_S, self.clock)
        if not units:
            self.sure = self.sure and units is None
            return None
        scale = scale_of(rule)
        more = -(-units[place] // scale)
        sign = -1 if row.sense == ">=" else 1
        was = stated(rule, row)
        moved = with_rhs(asked, number, row.rhs + sign * more * scale)
        return moved, number_of(rule, row), was, was + sign * more

    def _proposed(self, idea: Proposal, row: int | None = None) -> Changed | None:
        """A fact established, a site made ready or divided: the offers listed again under it."""
        table = self.case.parcels if idea.of == "parcel" else self.case.demands
        facts = changed(table, {(idea.row, name): value_ for name, value_ in idea.values.items()})
        case = idea.applied(self.case, facts)
        offers = build_offers(case)
        if not self._reachable(offers):
            return None
        if row is None:
            found = resolve(case, self._kept(offers), self.clock)
            if found.chosen is None:
                self.sure = self.sure and found.stopped == "infeasible"
                return None
            return self._change(idea.what, idea.was, idea.to, found, (), (idea.office,), idea.kind, True)
        old = self.offers.rows[row]
        same = [at for at, each in enumerate(offers.rows) if (each.rule, each.key) == (old.rule, old.key)]
        change = self._given(same, case, offers) if same else None
        if change is None:
            return None
        return Changed(
            f"{idea.what} + {change.what}",
            [idea.was, change.was],
            [idea.to, change.to],
            change.loss,
            (),
            (idea.office, *change.who),
            "pair",
            True,
            change.ended,
        )

    def _change(
        self,
        what: str,
        was: Any,
        to: Any,
        found: Resolved,
        losers: tuple[str, ...],
        who: tuple[str, ...],
        kind: str,
        proposal: bool = False,
    ) -> Changed:
        top = self.best.bound[0]
        above, now = found.bound[0], found.worth[0]
        least = None if above is None else self.best.worth[0] - above
        most = None if top is None else top - now
        if most is not None:
            gone = ", ".join(losers) or "-"
            self.clock.tell("change-found", what=told_change(what), most=most / 1000, losers=gone)
        return Changed(what, was, to, (least, most), losers, who, kind, proposal, least is not None and least == most)


def _order(change: Changed) -> tuple[bool, int, str]:
    return change.loss[1] is None, change.loss[1] or 0, change.what
