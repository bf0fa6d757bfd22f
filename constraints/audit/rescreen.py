"""Is the list of offers complete? Platforms are screened again from the facts: all of them, or some drawn at random.

Standard library only, with an enumeration of connected sites of its own.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any

from constraints.audit.cells import PartReader, Site
from constraints.audit.draw import Draw
from constraints.audit.files.offers_reader import Offer
from constraints.audit.reread import Reader
from parcels.common.catalogue import Text, Told, told

if TYPE_CHECKING:
    from constraints.audit.listing import Listing
    from constraints.audit.problem import Problem


@dataclass(frozen=True, slots=True)
class Completeness:
    """``checked`` of ``total`` platforms were screened again; at 95 % at most ``missed`` lists have a hole.

    A platform drawn that has more sites than the cap is not checked, and counts as one whose list may have a hole.
    A seed given by hand is no draw: it says nothing of the platforms that were not screened.
    """

    checked: int
    total: int
    missed: int
    seed: int | None
    problems: tuple[Problem, ...]
    said: Text
    given: bool = False

    @property
    def unsaid(self) -> Told:
        """What the draw leaves unchecked."""
        rest = self.total - self.checked
        return told("breach.lists-platforms", rest=rest, total=self.total)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON; the seed as a text, which repeats the draw with ``--seed``."""
        return {
            "platforms": self.total,
            "rescreened": self.checked,
            "at_most_incomplete_95": self.missed,
            "seed": None if self.seed is None else str(self.seed),
            "drawn": None if self.seed is None else "by hand" if self.given else "at random",
        }


SEED_BITS = 128
"""Bits of the seed of a draw, taken from the system when the audit is made: whoever made the plan cannot know it."""


SITES = 1_000_000
"""Sites of a platform that are screened again where the list claims to hold every one, whatever the round's cap."""


class Capped(Exception):
    """A platform has more sites than the cap."""


def at_most(checked: int, total: int, unchecked: int = 0) -> int:
    """The most bad items of ``total`` that are found at most ``unchecked`` times with a chance above 5 %, exactly.

    ``checked`` items drawn were good; ``unchecked`` more were drawn but could not be checked, and count as bad.
    """
    drawn = checked + unchecked
    if drawn >= total:
        return unchecked
    low, high = unchecked, total - checked
    while low < high:
        middle = (low + high + 1) // 2
        ways = sum(comb(middle, bad) * comb(total - middle, drawn - bad) for bad in range(unchecked + 1))
        if 20 * ways > comb(total, drawn):
            low = middle
        else:
            high = middle - 1
    return low


def connected_sites(reader: Reader, demand: int, cap: int | None = None) -> Iterator[tuple[int, ...]]:
    """Every connected set of parcels the demand could use, each once, as ascending rows.

    Raises
    ------
    Capped
        Past ``cap`` (None: the round's ``site_cap``).
    """
    most_sites = reader.case.settings.site_cap if cap is None else cap
    facts = reader.case.demands.row(demand)
    least, most = facts["area_min_m2"], facts["area_max_m2"]
    size = facts.get("max_parcels") or 1
    assert isinstance(least, int)
    assert isinstance(most, int)
    assert isinstance(size, int)
    area = reader.facts.area
    eligible = {row for row in range(len(area)) if area[row] <= most and reader.parcel_problem(row, demand) is None}
    found = 0
    for first in sorted(eligible):
        stack: list[tuple[tuple[int, ...], int, tuple[int, ...], frozenset[int]]]
        stack = [
            (
                (first,),
                area[first],
                _beyond(reader, first, first, eligible),
                frozenset((first, *reader.adjacent[first])),
            )
        ]
        while stack:
            site, total, border, near = stack.pop()
            if total >= least:
                found += 1
                if found > most_sites:
                    raise Capped
                yield tuple(sorted(site))
            if len(site) == size:
                continue
            for at, parcel in enumerate(border):
                grown = total + area[parcel]
                if grown > most:
                    continue
                fresh = [p for p in _beyond(reader, parcel, first, eligible) if p not in near]
                stack.append(((*site, parcel), grown, (*border[at + 1 :], *fresh), near.union(reader.adjacent[parcel])))


def _beyond(reader: Reader, parcel: int, first: int, eligible: set[int]) -> tuple[int, ...]:
    return tuple(p for p in sorted(reader.adjacent[parcel]) if p > first and p in eligible)


def lawful(reader: Reader, demand: int | None, sites: Sequence[tuple[int, ...]]) -> set[Offer]:
    """The (site, method, period) of every lawful offer on the sites."""
    readings = PartReader(reader, demand, screening=True)
    return _lawful(readings, [readings.site(parcels) for parcels in sites], range(len(readings.ways)))


def _lawful(readings: PartReader, sites: Sequence[Site], methods: Iterable[int]) -> set[Offer]:
    taken = [method for method in methods if readings.ways[method] is None]
    periods = readings.reader.periods
    return {
        (site.parcels, method, period)
        for site in sites
        for method in taken
        for period in periods
        if readings.lawful(site, method, period)
    }


def draw(reader: Reader, *, complete: bool, sample: int, seed: int | None) -> Draw:
    """All platforms and market parcels, or ``sample`` platforms (and as many market parcels, at least 32) at random."""
    total, market = len(reader.case.demands), reader.market_parcels()
    if complete:
        return Draw(frozenset(range(total)), frozenset(market), len(market), None)
    drawn = secrets.randbits(SEED_BITS) if seed is None else seed
    urn = random.Random(drawn)
    chosen = frozenset(urn.sample(range(total), min(sample, total)))
    places = frozenset(urn.sample(market, min(max(32, sample), len(market))))
    return Draw(chosen, places, len(market), drawn, seed is not None)


def rescreen(reader: Reader, listing: Listing, drawn: Draw) -> Completeness:
    """Screen the platforms and market parcels drawn again and compare with what is listed."""
    total, capped = len(reader.case.demands), 0
    problems: list[Problem] = []
    chosen, places = set(drawn.demands), set(drawn.market)
    for (kind, row), listed in listing.listed():
        if kind == "m" and row in places:
            places.discard(row)
            _compare(reader, None, lawful(reader, None, [(row,)]), listed, problems)
        elif kind == "d" and row in chosen:
            chosen.discard(row)
            capped += _platform(reader, row, listed, problems, listing.scope)
    for demand in sorted(chosen):
        capped += _platform(reader, demand, set(), problems, listing.scope)
    for row in sorted(places):
        _compare(reader, None, lawful(reader, None, [(row,)]), set(), problems)
    done = len(drawn.demands) - capped
    missed = at_most(done, total, capped)
    if done == total and len(drawn.market) == drawn.market_total:
        said = told("breach.lists-all", total=total, market=drawn.market_total)
    else:
        reach = told("breach.most", missed=missed)
        if drawn.given:
            missed = total - done
            reach = told("breach.seed-given-by", seed=drawn.seed)
        past = told("breach.past-cap", capped=capped) if capped else ""
        said = told("breach.lists-drawn", done=done, total=total, reach=reach, past=past)
    return Completeness(done, total, missed, drawn.seed, tuple(problems), said, drawn.given)


def _platform(reader: Reader, demand: int, listed: set[Offer], problems: list[Problem], scope: str) -> int:
    """Compare one platform; 1 where it is left unchecked, as it has more sites than the cap.

    The sites counted here are those of the facts alone; the offers are listed from what the law leaves of them, which
    may be below the cap, so that a count above it is no breach. A list that claims to be whole (scope ``all``) is held
    to it whatever the cap.
    """
    cap = reader.case.settings.site_cap
    try:
        sites = list(connected_sites(reader, demand, max(cap, SITES) if scope == "all" else cap))
    except Capped:
        return 1
    if not reader.asks_applicants:
        _compare(reader, demand, lawful(reader, demand, sites), listed, problems)
        return 0
    readings = PartReader(reader, demand, screening=True)
    methods, places = range(len(readings.ways)), [readings.site(parcels) for parcels in sites]
    found = _lawful(PartReader(reader.first_pass(), demand, screening=True), places, methods)
    if frozenset(p for site, _, _ in found for p in site) != reader.reach.get(demand, frozenset()):
        name = reader.case.demands.ids[demand]
        problems.append(("reach", told("breach.parcels-could-use", name=name)))
    again = {method for method in methods if reader.crowded(method)}
    found = {offer for offer in found if offer[1] not in again} | _lawful(readings, places, again)
    _compare(reader, demand, found, listed, problems)
    return 0


def _compare(
    reader: Reader, demand: int | None, found: set[Offer], listed: set[Offer], problems: list[Problem]
) -> None:
    """Note what was found lawful and is not listed."""
    for site, method, _ in sorted(found - listed)[:5]:
        who = "market" if demand is None else reader.case.demands.ids[demand]
        name = "+".join(reader.case.parcels.ids[row] for row in site)
        way = reader.case.methods[method].id
        problems.append(
            (
                "complete",
                told("breach.lawful-offer-missing", name=name, who=who, way=way),
            )
        )
