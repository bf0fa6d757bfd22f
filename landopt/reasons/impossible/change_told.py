"""What a change that serves a platform is called while it is looked for."""

from __future__ import annotations

from parcels.common.catalogue import Told, told


def told_change(what: str) -> Told:
    """A change by its name in words: ``force``, ``rearrange``, ``SITE:ready``, ``RULE:amount``, ``OWNER:field``."""
    if " + " in what:
        one, _, other = what.partition(" + ")
        return told("change.both", one=told_change(one), other=told_change(other))
    if what in ("force", "rearrange"):
        return told("change.force") if what == "force" else told("change.rearrange")
    owner, _, last = what.rpartition(":")
    if last == "ready":
        return told("change.ready", site=owner)
    if last == "divide":
        return told("change.divide", site=owner)
    if last in ("amount", "share"):
        return told("change.limit", rule=owner)
    return told("change.fact", owner=owner, field=last)
