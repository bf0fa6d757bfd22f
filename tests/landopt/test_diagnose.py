"""Impossible rounds give their known minimal sets; every member is needed; relaxations give the plan they promise."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from constraints.case import Case
from landopt.intake.overlay import apply_sets
from landopt.keeping.fixes import apply_fixes
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.feasible import search
from landopt.reasons.explain.changed.variants import only_rows
from landopt.reasons.impossible.closers import around
from landopt.reasons.impossible.diagnose import conflict_rows, diagnose
from landopt.reasons.texts import render_answer
from parcels.common.catalogue import Told
from tests.builders import case, demand, eligibility, limit, parcel, random_case
from tests.landopt.decided import offers_of, plans, tiers_planned
from tests.landopt.impossible import ROUNDS, Known, policy_against_law, quota_of_one_district, share_against_lock


def _impossible(count: int) -> list[int]:
    """The first seeds of small rounds without a plan."""
    return list(itertools.islice((seed for seed in itertools.count() if tiers_planned(seed) < 0), count))


@pytest.mark.parametrize("make", ROUNDS, ids=lambda make: make.__name__)
def test_impossible_round_names_its_known_set(make: Callable[[], tuple[Case, Known]]) -> None:
    """Each of the ten rounds gives exactly the set that explains it, every member proved."""
    round_, known = make()
    found = diagnose(round_, offers_of(round_), build=offers_of, relax=False)
    assert found.state == "conflict"
    assert {(member.rule, member.key) for member in found.members} == known
    assert found.minimal
    assert all(member.proved for member in found.members)


def test_only_policy_is_relaxed_by_the_least_amount() -> None:
    """A policy minimum of 20,000 over a statutory cap of 15,000 gives way to what parcels of 10,000 allow."""
    round_, _ = policy_against_law()
    found = diagnose(round_, offers_of(round_), build=offers_of)
    assert [(entry.rules, entry.was, entry.now) for entry in found.relaxations] == [
        (("p.least",), (20_000,), (10_000,))
    ]
    assert found.relaxations[0].served == 1
    assert found.relaxations[0].objective <= found.relaxations[0].bound


def test_relaxations_are_ordered_by_what_they_save() -> None:
    """Every policy row that alone opens a plan is listed, the one whose plan is worth most first."""
    round_, _ = quota_of_one_district()
    found = diagnose(round_, offers_of(round_), build=offers_of)
    assert {entry.rules for entry in found.relaxations} == {("p.lock",), ("p.quota",)}
    worth = [entry.objective for entry in found.relaxations]
    assert worth == sorted(worth, reverse=True)
    by = {entry.rules: entry for entry in found.relaxations}
    assert by["p.quota",].now == (10_000,)
    assert by["p.lock",].dropped
    assert all(entry.ended for entry in found.relaxations)


@pytest.mark.parametrize("seed", _impossible(6))
def test_what_set_takes_gives_the_plan_that_is_promised(seed: int) -> None:
    """Each relaxation as ``--set`` takes it gives the plan that is told, a single one a step less none."""
    round_ = random_case(seed)
    found = diagnose(round_, offers_of(round_))
    for entry in found.relaxations:
        if not all(entry.sets):
            continue
        every = plans(offers_of(apply_sets(round_, entry.sets)))
        assert every[0][0] == entry.objective
        assert entry.ended
        if len(entry.sets) > 1:
            continue
        name, _, to = entry.sets[0].partition("=")
        was = Fraction(entry.before[0].partition("=")[2])
        step = Fraction(1, 10_000) if name.endswith(":share") else 1
        back = Fraction(to) + (step if was > Fraction(to) else -step)
        value = float(back) if name.endswith(":share") else int(back)
        assert not plans(offers_of(apply_sets(round_, [f"{name}={value}"])))


def test_a_run_that_stopped_early_is_told_apart() -> None:
    """The text tells a best plan from a plan that a stopped run had."""
    round_, _ = quota_of_one_district()
    found = diagnose(round_, offers_of(round_)).as_dict()
    found["relaxations"][0] |= {"ended": False, "stopped": "limit"}
    for lang, early, ended in (("en", "stopped early", "the best plan under it"), ("zh", "求解提前停止", "其最优方案")):
        text = render_answer("diagnose", found, lang)
        assert text.count(early) == 1
        assert text.count(ended) == len(found["relaxations"]) - 1


def test_platform_that_cannot_be_served_is_explained_the_same_way() -> None:
    """A platform whose only land a cap closes: the cap is named; a platform that could be served says so."""
    rules = [
        eligibility("t.no", "operator == 'foreign'", listing="forbid", bid="forbid", auction="forbid"),
        eligibility("t.no2", "operator == 'foreign'", lease="forbid", lease_then_grant="forbid"),
        limit("p.cap", "use == 'RES'", "<=", 0),
    ]
    land = [parcel(), parcel(use="RES")]
    wants = [demand(), demand(uses=("RES",)), demand(operator="foreign")]
    round_ = case(land, wants, rules)
    offers = offers_of(round_)
    assert diagnose(round_, offers, demand=0).state == "possible"
    capped = diagnose(round_, offers, build=offers_of, demand=1)
    assert [member.rule for member in capped.members] == ["p.cap"]
    assert capped.relaxations[0].now == (10_000,)
    closed = diagnose(round_, offers, build=offers_of, demand=2)
    assert closed.lawful == 0
    assert {member.rule for member in closed.members} <= {"t.no", "t.no2"}
    assert closed.members


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_diagnosis_reads_in_both_languages(lang: str) -> None:
    """The text names the rules, marks law and policy, and gives the relaxation."""
    round_, _ = policy_against_law()
    text = render_answer("diagnose", diagnose(round_, offers_of(round_)).as_dict(), lang)
    assert "t.cap" in text
    assert ("law, not to be relaxed" if lang == "en" else "属法定，不得放宽") in text
    assert "20,000 -> 10,000" in text or "20,000 → 10,000" in text


def test_rows_of_random_conflicts_are_minimal() -> None:
    """On random impossible rounds the set has no plan, and without any one member it has (complete enumeration)."""
    seen = 0
    for seed in range(60):
        round_ = random_case(seed)
        offers = offers_of(round_)
        if plans(offers):
            assert search(round_, offers, range(len(offers.rows))).answer == "yes"
            continue
        seen += 1
        kept, sure = conflict_rows(round_, offers)
        assert sure.issuperset(kept)
        assert not plans(only_rows(offers, kept))
        for row in kept:
            assert plans(only_rows(offers, [other for other in kept if other != row]))
        if seen == 8:
            break
    assert seen == 8


@pytest.mark.parametrize("make", ROUNDS, ids=lambda make: make.__name__)
def test_trials_look_at_the_parcels_concerned_only(make: Callable[[], tuple[Case, Known]]) -> None:
    """The smaller round of the trials conflicts like the whole one, and opens like it without the rules that close."""
    round_, known = make()
    offers = offers_of(round_)
    kept, _ = conflict_rows(round_, offers)
    rows = [offers.rows[row] for row in kept]
    smaller = around(round_, rows)
    assert len(smaller.parcels) <= len(round_.parcels)
    wanted = {(row.rule, row.key) for row in rows}
    closing = {rule for rule, _ in known} - {row.rule for row in rows}
    for dropped, answer in ((frozenset[str](), "no"), (closing, "yes" if closing else "no")):
        trial = replace(smaller, rules=tuple(rule for rule in smaller.rules if rule.id not in dropped))
        made = offers_of(trial)
        numbers = [number for number, row in enumerate(made.rows) if (row.rule, row.key) in wanted]
        assert search(trial, made, numbers).answer == answer


def test_random_conflicts_stay_conflicts_among_the_parcels_concerned() -> None:
    """What is left out of the trials helps no row of the conflict: the answer with it is the same, also without law."""
    seen = 0
    for seed in range(120):
        round_ = random_case(seed)
        offers = offers_of(round_)
        if search(round_, offers, range(len(offers.rows))).answer != "no":
            continue
        seen += 1
        kept, _ = conflict_rows(round_, offers)
        wanted = {(offers.rows[row].rule, offers.rows[row].key): offers.rows[row] for row in kept}
        smaller = around(round_, list(wanted.values()))
        for kinds in ((), ("eligibility", "term")):
            answers = []
            for whole in (round_, smaller):
                trial = replace(whole, rules=tuple(rule for rule in whole.rules if rule.kind not in kinds))
                made = offers_of(trial)
                rows = [number for number, row in enumerate(made.rows) if (row.rule, row.key) in wanted]
                there = {(made.rows[row].rule, made.rows[row].key) for row in rows}
                gone = [row for key, row in wanted.items() if key not in there]
                unmet = any(not row.holds_empty for row in gone)
                answers.append("no" if unmet else search(trial, made, rows).answer)
            assert answers[0] == answers[1], (seed, kinds, sorted(wanted))
        if seen == 25:
            break
    assert seen == 25


def _fixed_twice() -> Case:
    fixes = ["P01=listing:D01", "P01=auction"]
    fixed, _ = apply_fixes(
        case([parcel(), parcel()], [demand(), demand()], []), fixes, reason="note 12 (b)", by="Officer Li (2)"
    )
    return fixed


def test_fixes_are_members_with_name_and_reason() -> None:
    """Two fixes of one parcel contradict each other: both are named as fixes, each may be taken back."""
    round_ = _fixed_twice()
    found = diagnose(round_, offers_of(round_), build=offers_of)
    fixes = [member.fix for member in found.members if member.fix is not None]
    assert [(fix.parcel_ids, fix.method, fix.demand_id) for fix in fixes] == [
        (("P01",), "listing", "D01"),
        (("P01",), "auction", None),
    ]
    assert {(fix.by, fix.reason) for fix in fixes} == {("Officer Li (2)", "note 12 (b)")}
    assert [entry.fixes[0] for entry in found.relaxations if entry.fixes] == fixes


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "the fix of P01 by Officer Li (2): listing for D01 (note 12 (b))"),
        ("zh", "Officer Li (2) 对 P01 的指定：挂牌出让，供 D01（理由：note 12 (b)）"),
    ],
)
def test_fixes_read_as_fixes_in_both_languages(lang: str, said: str) -> None:
    """The text names the officer and the reason, not a rule id."""
    round_ = _fixed_twice()
    text = render_answer("diagnose", diagnose(round_, offers_of(round_)).as_dict(), lang)
    assert said in text
    assert "override." not in text


def test_shares_are_told_as_shares() -> None:
    """A share in conflict says its percentage, its relaxation the share that --set takes, not the row's integers."""
    round_, _ = share_against_lock()
    text = render_answer("diagnose", diagnose(round_, offers_of(round_)).as_dict(), "en")
    assert "at least 60 %" in text
    assert "60 %" in text
    assert '--set "p.share:share=0"' in text


@pytest.mark.parametrize("after", range(1, 6))
def test_ctrl_c_keeps_what_was_found_and_names_what_was_not_reached(after: int) -> None:
    """Whenever Ctrl-C comes: what is told is as without it, and the rest is named as not reached."""
    round_, _ = quota_of_one_district()
    offers = offers_of(round_)
    whole = diagnose(round_, offers, build=offers_of, platforms=40)
    heard: list[str] = []

    def say(line: Told) -> None:
        heard.append(line.key)
        if len(heard) == after:
            signal.raise_signal(signal.SIGINT)

    with Clock(None, say) as clock:
        found = diagnose(round_, offers, build=offers_of, platforms=40, clock=clock)
    late = {each.kind: each.names for each in found.unreached}
    if len(heard) < after:
        assert found == whole
        return
    assert found.stopped == "user"
    assert heard[-1] == "progress.question-user"
    assert found.state in ("unknown", whole.state)
    assert set(found.relaxations) <= set(whole.relaxations)
    told = {name for entry in found.relaxations for name in entry.rules}
    if found.state == "conflict":
        assert {name for entry in whole.relaxations for name in entry.rules} <= told | {
            name.partition(" [")[0] for name in late.get("relaxation", ())
        } | {name.partition(" [")[0] for name in late.get("row", ())}
    for lang, words in (("en", "Stopped early"), ("zh", "求解提前停止")):
        assert (words in render_answer("diagnose", found.as_dict(), lang)) == bool(late)


def test_a_limit_of_nothing_finds_nothing_and_says_so() -> None:
    """Without time no plan is looked for; that is no statement about the round, and no platform is called served."""
    round_, _ = quota_of_one_district()
    found = diagnose(round_, offers_of(round_), build=offers_of, platforms=40, clock=Clock(0))
    assert (found.state, found.stopped, found.members) == ("unknown", "limit", ())
