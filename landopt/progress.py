"""What the main job says while it runs: lines made of the solver's news, and of sites beyond the cap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from constraints.case import Case
from parcels.common.catalogue import Say, told


def beyond(case: Case, say: Say) -> Callable[[int, int], None]:
    """Says how many platforms were cut short at the cap and what the search beyond it added."""
    cap = case.settings.site_cap

    def tell(platforms: int, sites: int) -> None:
        say(told("progress.beyond-cap", cap=cap, platforms=platforms, sites=sites))

    return tell


def first_held(say: Say) -> Callable[[int], None]:
    """Says what the plan is worth that is held before sites beyond the cap are priced."""
    return lambda worth: say(told("progress.first-held", best=worth / 1000))


def heard(say: Say) -> Callable[[Mapping[str, Any]], None]:
    """Progress of the solver as lines: phase, best value, gap and by which bound; never an invented percentage."""
    last: list[tuple[object, ...]] = [()]

    def hear(news: Mapping[str, Any]) -> None:
        value, bound = news.get("value"), news.get("bound")
        phase = told(f"progress.phase-{news.get('phase', 'searching')}")
        seconds, shown = news.get("seconds", 0), (phase, value, bound)
        if shown == last[0]:
            return
        last[0] = shown
        if value is None:
            say(told("progress.step", phase=phase, seconds=seconds))
        elif bound is None:
            say(told("progress.step-value", phase=phase, best=value / 1000, seconds=seconds))
        else:
            gap = 100 * max(0, bound - value) / max(1, abs(value))
            kind = "claimed" if news.get("claimed") else "audited"
            say(told(f"progress.step-{kind}", phase=phase, best=value / 1000, gap=gap, seconds=seconds))

    return hear
