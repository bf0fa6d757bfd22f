"""The offers of a round again where only amounts of limits changed: which offers are lawful does not hang on them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from constraints.case import Case
from constraints.types import Row
from landopt.screening.limits import LARGEST, Limit, too_large
from landopt.screening.offers import Offers

APART = ("rules", "settings", "overlays")
"""What of a case may differ; of the settings all but the cap on sites."""


def again(before: Case, offers: Offers, case: Case) -> Offers | None:
    """The offers of ``case`` from those of ``before``; None where more differs than amounts of limits.

    Facts must be the very objects of the case before, as scenarios leave them. Rounds with more sites than the cap
    lists are screened again.

    Raises
    ------
    Refused
        If a right-hand side would not be below 10^12.
    """
    same = all(getattr(before, f.name) is getattr(case, f.name) for f in fields(Case) if f.name not in APART)
    if not same or offers.beyond is not None or before.settings.site_cap != case.settings.site_cap:
        return None
    limits = _changed(before, case)
    if limits is None:
        return None
    rows: list[Row] = []
    for row in offers.rows:
        old, new = limits.get(row.rule, (None, None))
        was, now = (each.right(row.key) if each else None for each in (old, new))
        if old is None or new is None:
            rows.append(row)
            continue
        if was is None or now is None:
            return None
        right = row.rhs + now - was
        if abs(right) >= LARGEST:
            raise too_large(row.id, right)
        rows.append(replace(row, rhs=right))
    return replace(offers, rows=tuple(rows))


def _changed(before: Case, case: Case) -> dict[str, tuple[Limit, Limit]] | None:
    """The limits whose amounts differ, before and now; None where another rule or another part of a limit does."""
    if len(before.rules) != len(case.rules):
        return None
    found: dict[str, tuple[Limit, Limit]] = {}
    tiers = case.objective.last + 1
    for old, new in zip(before.rules, case.rules, strict=True):
        if old is new or old == new:
            continue
        if old.kind != "limit" or replace(old, spec={}, origin="") != replace(new, spec={}, origin=""):
            return None
        named = [sorted(str(each["key"]) for each in rule.spec.get("values") or ()) for rule in (old, new)]
        rest = [{key: value for key, value in rule.spec.items() if key != "values"} for rule in (old, new)]
        if named[0] != named[1] or rest[0] != rest[1]:
            return None
        was, now = Limit(old, tiers, (0, 0)), Limit(new, tiers, (0, 0))
        if not was.by_parcel and was.amounts.get(()) != now.amounts.get(()):
            return None  # which rows stand may hang on the amount that holds for every key
        found[old.id] = was, now
    return found


def alike(one: Offers, other: Offers) -> bool:
    """Whether two rounds have the very same offers, whatever they are worth and count."""
    if one is other:
        return True
    names = ("site_start", "site_parcels", "site", "demand", "method", "period")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
