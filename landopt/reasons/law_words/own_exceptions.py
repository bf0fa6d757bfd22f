"""The exceptions of the round's own that act: printed on each sheet they touch and once for the plan.

A rule of a policy or an overlay may be an exception to a local rule, or to law that leaves it the choice
(:mod:`constraints.loading.ranks`). Where it holds for a site supplied, the reader is told which rule it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from constraints.audit.reread import Reader
from constraints.case import Case
from constraints.loading.ranks import acting_exceptions
from constraints.types import Rule
from parcels.common.catalogue import phrase


def exceptions_on(
    case: Case, assignments: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, ...], list[tuple[Rule, Rule]]]:
    """For each site supplied the pairs (exception, rule it stands for) that act there; sites without are left out."""
    acting = acting_exceptions(case.rules)
    if not acting:
        return {}
    reader, rules = Reader(case), {rule.id: rule for rule in case.rules}
    found: dict[tuple[str, ...], list[tuple[Rule, Rule]]] = {}
    for entry in assignments:
        facts = _facts(reader, entry)
        for rule, bases in acting:
            for name in bases:
                clauses = [c for c in reader.book.shelves[entry["method"]].every if c.rule.id == name]
                acts = any(
                    clause.own(each, frozenset()) is not False and own.holds(each) is not False
                    for clause in clauses
                    for own in clause.exceptions
                    if own.rule.id == rule.id
                    for each in facts
                )
                if acts:
                    found.setdefault(tuple(entry["parcel_ids"]), []).append((rule, rules[name]))
    return found


def _facts(reader: Reader, entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The facts of each parcel of a site as its rules see them."""
    site = [reader.facts.parcel_row[name] for name in entry["parcel_ids"]]
    demand = None if entry["demand_id"] is None else reader.facts.demand_row[entry["demand_id"]]
    method = next(each for each in reader.case.methods if each.id == entry["method"])
    wish = {} if demand is None else reader.facts.demands[demand]
    how = {"method": method.id, "right": method.right, "competitive": method.competitive}
    how |= {"term_years": entry["term_years"], "period": entry["period"]}
    together = reader.facts.site(tuple(site))
    return [{**wish, **reader.parcel_facts(row, demand), **together, **how} for row in site]


def own_exceptions(case: Case, plan: Mapping[str, Any], lang: str, parcel_ids: Sequence[str] | None = None) -> str:
    """The exceptions that act, for one site or for the plan, a line each; empty where none does."""
    wanted = [
        entry
        for entry in plan["assignments"]
        if parcel_ids is None or sorted(entry["parcel_ids"]) == sorted(parcel_ids)
    ]
    sites: dict[tuple[str, str], list[str]] = {}
    pairs: dict[tuple[str, str], tuple[Rule, Rule]] = {}
    for site, found in exceptions_on(case, wanted).items():
        for rule, base in found:
            pairs[rule.id, base.id] = rule, base
            sites.setdefault((rule.id, base.id), []).append("+".join(site))
    lines = [_line(*pairs[key], sites[key], lang) for key in sorted(pairs)]
    return "\n".join([phrase("own-exception.head", lang), *lines]) if lines else ""


def _line(rule: Rule, base: Rule, sites: Sequence[str], lang: str) -> str:
    own, other = (" ".join(p for p in (c.doc, c.number, c.article) if p) for c in (rule.cite, base.cite))
    words = str(base.spec.get("leaves_words") or "")
    left = phrase("own-exception.words", lang, words=words) if words else ""
    titles = {"title": rule.title.text(lang), "other_title": base.title.text(lang)}
    return phrase("own-exception.line", lang, sites=tuple(sites), own=own, other=other, left=left, **titles)
