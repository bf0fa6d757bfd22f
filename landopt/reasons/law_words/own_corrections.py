"""Facts corrected by hand: printed on the sheet of each site they concern and once for the plan.

What a correction with a document says stands among the notes of a record too, and one without among its conditions;
here all of it is said in one place, with the platforms that got nothing and the parcels that are held.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constraints.case import Case
from constraints.loading.corrections import Correction, read_corrections
from parcels.common.catalogue import phrase


def corrections_of(case: Case) -> tuple[Correction, ...]:
    """The corrections of a case, in the order of the file."""
    texts = [entry for entry in case.sources if entry["role"] == "corrections"]
    return tuple(one for entry in texts for one in read_corrections(entry["text"], entry["name"]))


def own_corrections(case: Case, lang: str, entry: Mapping[str, Any] | None = None) -> str:
    """The corrections of a plan, or of one assignment's parcels and platform, a line each; empty where none is."""
    mine = {("demand", entry["demand_id"]), *(("parcel", name) for name in entry["parcel_ids"])} if entry else None
    lines = [f"  {one.said(lang)}" for one in corrections_of(case) if mine is None or (one.of, one.id) in mine]
    return "\n".join([phrase("own-correction.head", lang), *lines]) if lines else ""
