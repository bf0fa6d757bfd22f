"""Non-working days of mainland China: as the holiday library has them, kept beside it so that a round need not load it.

The library loads the calendars of all countries, which takes longer than a small round's own files. What it says of the
years :data:`YEARS` stands in ``days_off.toml`` with its version; another version, or another year, and it is asked
itself. ``python -m landopt.desk.docs --write`` makes the file anew.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

HORIZON_YEARS = 4
"""Years past the round's date for which non-working days are kept: the longest chain of upstream steps fits in it."""
YEARS = range(2010, 2046)
KEPT = Path(__file__).with_name("days_off.toml")

Days = tuple[frozenset[str], frozenset[str]]
"""Days off on weekdays, weekend days worked instead (``MM-DD``)."""


def non_working_days(as_of: str) -> tuple[str, ...]:
    """Weekends and public holidays of mainland China, less the weekend days worked instead (ISO dates).

    From the holiday library, offline; years without an announcement yet have the statutory days alone.
    """
    first = datetime.date.fromisoformat(as_of)
    last = datetime.date(first.year + HORIZON_YEARS, 12, 31)
    known = kept()
    if not {first.year, last.year} <= known.keys():
        known = by_library(range(first.year, last.year + 1))
    days = (first + datetime.timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(str(day) for day in days if str(day)[5:] in known[day.year][day.weekday() >= 5])


@cache
def kept() -> dict[int, Days]:
    """The days kept, by year: off on weekdays, off on weekends; none where another version is installed."""
    told = tomllib.loads(KEPT.read_text(encoding="utf-8"))
    if told.pop("library") != version("holidays"):
        return {}
    return {
        int(year): (frozenset(days["off"]), frozenset(_weekends(int(year))) - frozenset(days["worked"]))
        for year, days in told.items()
    }


def by_library(years: Iterable[int]) -> dict[int, Days]:
    """The same, by the holiday library."""
    import holidays

    known = holidays.country_holidays("CN", years=years)
    worked = {str(day) for day in sorted(known.weekend_workdays) if day not in known}
    found = {}
    for year in years:
        off = frozenset(str(day)[5:] for day in sorted(known) if day.year == year and day.weekday() < 5)
        found[year] = (off, frozenset(day for day in _weekends(year) if f"{year}-{day}" not in worked))
    return found


def _weekends(year: int) -> list[str]:
    first = datetime.date(year, 1, 1)
    days = (first + datetime.timedelta(days=number) for number in range(366))
    return [str(day)[5:] for day in days if day.year == year and day.weekday() >= 5]


def made() -> str:
    """``days_off.toml`` as it should be."""
    lines = ["# What the holiday library says of mainland China: days off on weekdays, weekend days worked instead."]
    lines += ["# Made by `python -m landopt.desk.docs --write`; asked again where another version is installed.", ""]
    lines.append(f'library = "{version("holidays")}"')
    for year, (off, rest) in by_library(YEARS).items():
        lines += ["", f"[{year}]"]
        for name, days in (("off", sorted(off)), ("worked", sorted(set(_weekends(year)) - rest))):
            lines.append(f"{name} = [" + ", ".join(f'"{day}"' for day in days) + "]")
    return "\n".join(lines) + "\n"
