"""What a question without a round assumes (docs/fields.md), and the days its packs do not answer for.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from constraints.loading.load import pack
from constraints.loading.releases import unchecked as late
from constraints.reading.asking.told_facts import shown
from constraints.reading.case_facts import block_share
from constraints.reading.mixed import dominant, parts_of
from parcels.common.catalogue import both
from parcels.common.schema import Value, fields

PRICES = ("grade", "benchmark_price", "cost_floor", "office_price", "appraised_price", "reserve_price", "area_m2")
"""Facts that count as lawful where they are not told (prices, and an area within the caps)."""


def complete(told: Mapping[str, Value], as_of: str) -> tuple[dict[str, Value], dict[str, Any]]:
    """The case with what ``rules ask`` assumes (docs/fields.md), and the assumptions as JSON.

    A fact told to be unknown stays unknown; so do the intending users then, where it is the day the publication closed.
    """
    case = dict(told)
    assumed: dict[str, Any] = {}

    def assume(name: str, value: Value) -> None:
        if name not in case:
            case[name] = value
            assumed[name] = shown(fields()[name], value)

    share = block_share(case)
    if share is not None:
        case.setdefault("ind_block_m0_percent", share)
    for name, field in fields().items():
        if field.ask is not None:
            assume(name, field.ask)
        elif field.of == "case" and field.default is not None:
            assume(name, field.default)
    operator = str(case.get("operator") or "")
    if operator in ("gov", "pubinst", "univ"):
        assume("nonprofit", True)
        assume("public_welfare", True)
    elif operator.startswith("npo_"):
        assume("nonprofit", True)
    elif operator == "fp_school":
        assume("nonprofit", False)
        assume("public_welfare", False)
    if operator == "existing_user" and case.get("use") is not None:
        assume("present_use", case["use"])
    if "publication_closed" in case:
        closed = case["publication_closed"]
        if closed is None or str(closed) > as_of:
            case["intending_users"] = None
    else:
        assumed["publication_closed"] = True
        case["publication_closed"] = as_of
    if case.get("use_mix") and "use" not in case:
        case["use"] = dominant(parts_of(case["use_mix"]), None)
    if "area_m2" in case:
        case.setdefault("site_area_m2", case["area_m2"])
        new = case["area_m2"] if case.get("land_source") == "new" else 0
        case.setdefault("new_area_m2", new)
    case.setdefault("site_parcels", 1)
    quiet = [name for name in PRICES if name not in case]
    if quiet:
        assumed["prices"] = "lawful"
    return case, assumed


def incomplete(name: str, as_of: str) -> dict[str, str]:
    """The note that a date lies before a pack's ``complete_from``."""
    since = pack(name).complete_from
    return {
        "rule": "",
        **both("side-note.incomplete", pack=name, since=since, date=as_of).pair,
    }


def unchecked(names: Sequence[str], as_of: str) -> list[dict[str, str]]:
    """The note that a date lies after the day the packs were checked; empty if it does not."""
    said = late([pack(name) for name in sorted(names)], as_of)
    return [{"rule": "", "flag": "unchecked", "en": each.text("en"), "zh": each.text("zh")} for each in said]
