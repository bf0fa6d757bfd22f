"""The justification of a plan: a record for every assignment, unserved platform and held parcel, and one for the plan.

``justify`` returns plain JSON, equal for equal plans and ready for ``plan.json``; texts are made from it by
:mod:`landopt.reasons.texts` (``render`` and ``render_plan`` are found here too).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from constraints.case import Case
from landopt.reasons.explain.absent import Absent
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law, grade
from landopt.reasons.explain.limits import Limits
from landopt.reasons.explain.nextbest import next_platforms, next_sites
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.explain.prices import price_of
from landopt.reasons.explain.records import Assignment, FactUsed
from landopt.reasons.explain.whole import whole
from landopt.reasons.texts import render, render_plan
from landopt.screening.offers import Offers

__all__ = ["assignment", "justify", "justify_plan", "render", "render_plan"]

VERDICTS = ("permit", "warn", "condition", "forbid")


def justify(case: Case, offers: Offers, chosen: Sequence[int], outcome: Any) -> tuple[dict[str, Any], ...]:
    """All records of a plan as plain JSON.

    Parameters
    ----------
    chosen
        Indices of the chosen offers.
    outcome
        What the solver returned (``stopped``, ``tiers``, ``ties``, ``proof``).
    """
    tiers = [(tier.objective, tier.bound, tier.solver_bound) for tier in outcome.tiers]
    return justify_plan(
        case, offers, chosen, stopped=outcome.stopped, tiers=tiers, ties=outcome.ties or {}, proof=outcome.proof
    )


def justify_plan(
    case: Case,
    offers: Offers,
    chosen: Sequence[int],
    *,
    stopped: str,
    tiers: Sequence[tuple[int, int | None, int | None]],
    ties: Mapping[str, Any],
    proof: Mapping[str, Any] | None,
) -> tuple[dict[str, Any], ...]:
    """:func:`justify` for a plan from anywhere: ``tiers`` are (objective, audited bound, solver's bound)."""
    context = Context(case, offers, chosen, proof)
    law, limits = Law(context), Limits(context)
    absent = Absent(context, law)
    records: list[Any] = [assignment(context, law, limits, offer) for offer in context.chosen]
    records.sort(key=lambda record: record.parcel_ids)
    records += [absent.unserved(row) for row in range(len(case.demands)) if row not in context.served]
    records += [absent.held(row) for row in range(len(case.parcels)) if row not in context.taken]
    cited = {ruling.cite.rule for record in records[: len(context.chosen)] for ruling in record.permits}
    last = whole(context, limits, stopped=stopped, tiers=tiers, ties=ties, cited=sorted(cited))
    shared: dict[int, Any] = {}
    return tuple([as_json(record, shared) for record in (*records, last)])


def assignment(context: Context, law: Law, limits: Limits, offer: int) -> Assignment:
    """The record of one chosen offer."""
    case, offers = context.case, context.offers
    site = offers.parcels(offer)
    row = int(offers.demand[offer])
    demand = None if row < 0 else row
    method = case.methods[int(offers.method[offer])]
    number = int(offers.period[offer])
    period = None if number < 0 else case.round.periods[number].id
    answer = law.ask(site, demand, method.id, period)
    facts = [law.facts.parcels[parcel] for parcel in site]
    wanted = {} if demand is None else law.facts.demands[demand]
    said = law.rulings(answer.judged.rulings, site, demand, method.id, period)
    permits = tuple(ruling for ruling in said if ruling.verdict == "permit")
    floor = int(offers.floor[offer])
    return Assignment(
        id="+".join(context.ids(offer)),
        parcel_ids=context.ids(offer),
        parcel_names=tuple(str(each["parcel_name"]) for each in facts if each.get("parcel_name")),
        districts=_distinct(each.get("district") for each in facts),
        uses=_distinct(each.get("use") for each in facts),
        land_sources=_distinct(each.get("land_source") for each in facts),
        area_m2=sum(law.facts.area[parcel] for parcel in site),
        demand_id=context.demand_id(offer),
        platform=str(wanted.get("name") or ""),
        platform_kind=_text(wanted.get("platform_kind")),
        operator=_text(wanted.get("operator")),
        role="market" if demand is None else "intended_user" if method.competitive else "assignee",
        method=method.id,
        right=method.right,
        term_years=int(offers.term[offer]) or None,
        lease_years=answer.judged.lease_years,
        period=period,
        verdict=VERDICTS[int(offers.verdict[offer])],
        grade=grade(said),
        facts=_facts(said),
        permits=permits,
        others=law.others(site, demand, method.id, period),
        price=price_of(law, answer, site, demand, int(offers.price[offer]), None if floor < 0 else floor),
        conditions=law.conditions(answer.judged),
        notes=law.notes(answer.judged),
        fallback=law.fallback(method),
        timetable=law.steps(method, site, _start(case, facts), "" if number < 0 else case.round.periods[number].start),
        limits=limits.of_offer(offer),
        next_sites=next_sites(context, offer),
        next_platforms=next_platforms(context, offer),
        score=tuple(int(offers.score[tier, offer]) for tier in range(offers.tiers)),
        round_id=case.round.id,
        as_of=case.round.as_of,
        overlays=case.overlays,
        changes=context.changes(number, method.id),
    )


def _start(case: Case, facts: Sequence[Mapping[str, Any]]) -> str:
    """The day from which work on a site can begin: the round's date, the parcels' availability."""
    return max([case.round.as_of, *(str(each["available_from"]) for each in facts if each.get("available_from"))])


def _facts(rulings: Iterable[Any]) -> tuple[FactUsed, ...]:
    found: dict[tuple[str, str], FactUsed] = {}
    for ruling in rulings:
        for fact in ruling.facts:
            found.setdefault((fact.field, fact.owner), fact)
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[1], key[0])))


def _distinct(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(value) for value in values if value is not None))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
