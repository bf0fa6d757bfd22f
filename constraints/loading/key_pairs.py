"""Keys of a rule that only make sense together. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constraints.loading.keys import Reading
from parcels.common.schema import fields_of


def together(reading: Reading, kind: str, found: Mapping[str, Any]) -> None:
    """Note what is wrong with keys that stand together, or stand alone and should not."""
    start, until = found.get("from"), found.get("until")
    if start and until and until[0] <= start[0]:
        reading.bad("R006.rule-ends", "until", until=until[0], start=start[0])
    if kind == "term" and not {"min_years", "max_years"} & set(found):
        reading.bad("R003.term-rule", "id")
    if kind == "term" and (found.get("min_years") or 0) > (found.get("max_years") or 999):
        reading.bad("R005.min-years", "min_years")
    if kind == "preference" and not {"points", "points_per_ha"} & set(found):
        reading.bad("R003.preference-points", "id")
    if kind == "relation" and ("parcels" in found) == ("demands" in found):
        reading.bad("R003.relation-either", "id")
    if kind == "relation" and len(found.get("parcels") or found.get("demands") or "..") < 2:
        reading.bad("R005.relation-names", "relation")
    if kind == "limit":
        if ("values" in found) == ("share" in found):
            reading.bad("R003.limit-either", "id")
        if "of" in found and "share" not in found:
            reading.bad("R003.goes-share", "of")
        if found.get("hard") is False and "penalty" not in found:
            reading.bad("R003.limit-not", "hard")
        width = len(found.get("per") or ())
        for value in found.get("values") or ():
            if value["key"] and len(value["key"]) != width:
                reading.bad("R005.key-not", "values", key=value["key"], width=width)
        for value in found.get("used") or ():
            if len(value["key"]) != width:
                reading.bad("R005.key-not", "used", key=value["key"], width=width)
        for each in found.get("keys") or ():
            if len(each) != width:
                reading.bad("R005.key-not", "keys", key=each, width=width)
        if "keys" in found and "across" not in found:
            reading.bad("R003.goes-across", "keys")
        if "across" in found:
            _across(reading, found)
        own = frozenset(fields_of("parcel")) - {"intending_users"}  # these are the site's, not the parcel's
        strange = [name for name in found.get("per") or () if name not in own]
        if "share" in found and "of" not in found and strange:
            reading.bad("R003.share-all", "per", strange=strange[0])
    if ("leaves_to" in found) != ("leaves_words" in found) or found.get("leaves_to", "policy") != "policy":
        reading.bad("R003.leaves-policy", "leaves_to")
    if kind == "eligibility" and "condition" in (found.get("verdict") or {}).values() and not found.get("condition"):
        reading.bad("R003.verdict-condition", "verdict")


def _across(reading: Reading, found: Mapping[str, Any]) -> None:
    """Note what is wrong with a limit that compares its keys."""
    per, spread = found.get("per") or (), found["across"] == "spread"
    keyed = any(value["key"] for value in found.get("values") or ())
    if not per or "share" in found or "credit" in found:
        reading.bad("R003.across-per", "across")
    elif found.get("sense") != ("<=" if spread else ">=") or (spread and keyed):
        reading.bad("R003.across-spread" if spread else "R003.across-least", "across")
    elif not spread and (found.get("hard") or "penalty" not in found):
        reading.bad("R003.across-least", "across")
    strange = [set(per) - set(fields_of(side)) - {"intending_users"} for side in ("parcel", "demand")]
    if "keys" not in found and all(strange):
        reading.bad("R003.across-keys", "across")
