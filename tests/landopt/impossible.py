"""Ten rounds without a plan, each with the one set of rules and keys that explains it."""

from __future__ import annotations

from collections.abc import Callable

from constraints.case import Case
from parcels.common.schema import Value
from tests.builders import case, demand, eligibility, limit, lock, parcel, relation

Known = frozenset[tuple[str, tuple[str, ...]]]


def _land(count: int, **facts: Value) -> list[dict[str, Value]]:
    return [parcel(**{"area_m2": 10_000, **facts}) for _ in range(count)]


def _known(*members: str | tuple[str, tuple[str, ...]]) -> Known:
    return frozenset((member, ()) if isinstance(member, str) else member for member in members)


def two_locks_on_one_parcel() -> tuple[Case, Known]:
    """Two decisions fix one parcel by different methods; a third lock elsewhere is innocent."""
    rules = [
        lock("p.first", ["P01"], "listing"),
        lock("p.second", ["P01"], "auction"),
        lock("p.else", ["P02"], "listing"),
    ]
    return case(_land(2), [demand(), demand()], rules), _known("p.first", "p.second")


def more_than_there_is() -> tuple[Case, Known]:
    """A minimum above all the land there is."""
    rules = [limit("p.least", "", ">=", 50_000), limit("p.most", "use == 'IND'", "<=", 90_000)]
    return case(_land(3), [demand() for _ in range(3)], rules), _known("p.least")


def minimum_against_cap() -> tuple[Case, Known]:
    """A policy minimum above a policy cap on the same land."""
    rules = [
        limit("p.least", "use == 'IND'", ">=", 20_000),
        limit("p.cap", "competitive", "<=", 10_000),
        limit("p.other", "use == 'RES'", "<=", 0),
    ]
    return case(_land(3), [demand() for _ in range(3)], rules), _known("p.least", "p.cap")


def lock_that_law_forbids() -> tuple[Case, Known]:
    """An earlier decision by agreement where two intending users forbid it."""
    rules = [
        eligibility("t.agree", "use == 'RES'", agreement="permit"),
        eligibility("t.two", "intending_users >= 2", agreement="forbid"),
        eligibility("t.other", "operator == 'gov'", agreement="forbid"),
        lock("p.lock", ["P01"], "agreement"),
    ]
    land = _land(2, use="RES", intending_users=2)
    return case(land, [demand(uses=("RES",))], rules), _known("p.lock", "t.two")


def conflict_of_two_locked_parcels() -> tuple[Case, Known]:
    """Two parcels that must not go together are both fixed."""
    rules = [
        relation("p.conflict", "conflict", parcels=["P01", "P02"]),
        relation("p.harmless", "conflict", parcels=["P02", "P03"]),
        lock("p.one", ["P01"], "listing"),
        lock("p.two", ["P02"], "listing"),
    ]
    return case(_land(3), [demand() for _ in range(3)], rules), _known("p.conflict", "p.one", "p.two")


def requirement_against_capacity() -> tuple[Case, Known]:
    """A fixed parcel requires another, and the bureau can run one listing only."""
    rules = [
        relation("p.requires", "requires", parcels=["P01", "P02"]),
        lock("p.lock", ["P01"], "listing"),
        limit("p.capacity", "", "<=", 1, measure="count"),
        limit("p.wide", "", "<=", 100_000),
    ]
    return case(_land(3), [demand() for _ in range(3)], rules), _known(("p.requires", ("P02",)), "p.lock", "p.capacity")


def share_against_lock() -> tuple[Case, Known]:
    """Sixty per cent of the land must be competitive, and the only parcel is fixed by allocation."""
    rules = [
        eligibility("t.alloc", "use == 'RES'", allocation="permit"),
        limit("p.share", "competitive", ">=", share=(3, 5)),
        lock("p.lock", ["P01"], "allocation"),
    ]
    return case(_land(1, use="RES"), [demand(uses=("RES",))], rules), _known("p.share", "p.lock")


def quota_of_one_district() -> tuple[Case, Known]:
    """The new-land quota of district A is less than a parcel fixed there; district B has nothing to do with it."""
    land = [*_land(1, land_source="new"), *_land(1, land_source="new", district="B")]
    quota: dict[tuple[str, ...], int] = {("A",): 5_000, ("B",): 10_000}
    rules = [
        limit("p.quota", "", "<=", quota, measure="new_area_m2", per=["district"]),
        lock("p.lock", ["P01"], "listing"),
        lock("p.fine", ["P02"], "listing"),
    ]
    return case(land, [demand(), demand()], rules), _known(("p.quota", ("A",)), "p.lock")


def policy_against_law() -> tuple[Case, Known]:
    """A policy minimum above a statutory cap: both are named, only the policy can be relaxed."""
    rules = [
        limit("t.cap", "use == 'IND'", "<=", 15_000, rank=4),
        limit("p.least", "use == 'IND'", ">=", 20_000),
        limit("t.loose", "use == 'IND'", "<=", 25_000, rank=4),
    ]
    return case(_land(3), [demand() for _ in range(3)], rules), _known("t.cap", "p.least")


def three_in_conflict() -> tuple[Case, Known]:
    """Three parcels of which any two exclude each other, and more land asked than one holds: the LP sees nothing."""
    rules = [
        relation("p.ab", "conflict", parcels=["P01", "P02"]),
        relation("p.ac", "conflict", parcels=["P01", "P03"]),
        relation("p.bc", "conflict", parcels=["P02", "P03"]),
        limit("p.least", "", ">=", 11_000),
    ]
    return case(_land(3), [demand() for _ in range(3)], rules), _known("p.ab", "p.ac", "p.bc", "p.least")


ROUNDS: tuple[Callable[[], tuple[Case, Known]], ...] = (
    two_locks_on_one_parcel,
    more_than_there_is,
    minimum_against_cap,
    lock_that_law_forbids,
    conflict_of_two_locked_parcels,
    requirement_against_capacity,
    share_against_lock,
    quota_of_one_district,
    policy_against_law,
    three_in_conflict,
)
