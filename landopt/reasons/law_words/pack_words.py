"""What every paper says of the law it rests on: how far the packs were checked, and whether they are as released."""

from __future__ import annotations

from constraints.case import Case
from constraints.loading.releases import CHANGED, OWN, late_packs, pack_states
from parcels.common.catalogue import phrase, told


def late_lines(case: Case, lang: str) -> list[str]:
    """What is said first where the day of the case lies beyond the day to which a pack was checked; else nothing."""
    return [phrase("packs.notice", lang, text=said) for said in late_packs(case)]


def packs_line(case: Case, lang: str) -> str:
    """Each pack with its state and digest, in one line; "" for a case without packs."""
    states = [state.told for state in pack_states(case)]
    return phrase("packs.listed", lang, packs=states) if states else ""


def packs_words(case: Case, lang: str) -> str:
    """Whether the packs are as shipped, in a few words without ids, for papers to be signed; "" without packs."""
    states = pack_states(case)
    if not states:
        return ""
    other = [
        told(f"packs.some-{kind}", packs=[each.title for each in states if each.state == kind])
        for kind in (CHANGED, OWN)
        if any(each.state == kind for each in states)
    ]
    return phrase("packs.not-as-shipped", lang, packs=other) if other else phrase("packs.as-shipped", lang)
