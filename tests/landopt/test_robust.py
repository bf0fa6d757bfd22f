"""One plan for many draws against enumeration: every plan of today, in every draw every plan that holds what stands."""

from __future__ import annotations

import json
import re
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import landopt as lo
from benchmarks.shapes import local
from cli import desk
from constraints.audit.run import audit_plan
from landopt.invent.round import write_round
from landopt.reasons.alternatives import value
from landopt.reasons.many.among import among
from landopt.reasons.many.apart import draw_program, supplied_again
from landopt.reasons.many.draws import AGAIN, Stress, Vary
from landopt.reasons.many.robust import drawn, joint, robust
from landopt.reasons.many.scenario import Effort
from landopt.reasons.many.settling import settle
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import from_arrays, standing
from landopt.solving.relaxation.prices import relax
from tests.builders import random_case
from tests.landopt.decided import planned, plans

VARY = (
    Vary("area", "", 200, Fraction(1, 5)),
    Vary("drop_out", "", 250, Fraction(1, 4)),
    Vary("failed_sale", "", 300, Fraction(3, 10)),
)


@pytest.mark.parametrize("seed", planned(6, tiers=1))
def test_the_best_mean_is_that_of_enumeration(seed: int) -> None:
    """What stands is worth what the draw makes of it, what fails nothing, what is supplied again a part."""
    case = random_case(seed)
    offers = build_offers(case)
    stress = Stress(3, seed, VARY, ())
    draws = [drawn(case, offers, stress, number) for number in (1, 2, 3)]
    options = []
    for draw in draws:
        able = set(draw.able.nonzero()[0].tolist())
        options.append([chosen for _, chosen in plans(draw.offers) if able.issuperset(chosen)])

    def worth(draw: int, chosen: tuple[int, ...], stands: set[int]) -> int:
        offers_ = draws[draw].offers
        again = [int(offers_.score[0][o]) for o in chosen if o not in stands]
        lost = sum(p - p * AGAIN.numerator // AGAIN.denominator for p in again if p > 0)
        return value(offers_, chosen)[0] - lost

    best = None
    for _, today in plans(offers):
        total = 0
        for number, draw in enumerate(draws):
            stands = {int(draw.match[offer]) for offer in today} - {-1}
            kept = [worth(number, chosen, stands) for chosen in options[number] if stands <= set(chosen)]
            if not kept:
                break
            total += max(kept)
        else:
            best = total if best is None else max(best, total)
    found = robust(case, offers, stress, Effort("0", 60).of(case))
    if best is None:  # whatever is decided today, some draw has no plan
        assert found is None
        return
    assert found is not None
    assert found.objective == best // 3
    assert found.bound >= found.objective
    assert sum(found.values) == best
    assert found.gap == 0 or found.bound > found.objective


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small invented round, with its stress file."""
    found = tmp_path_factory.mktemp("robust") / "round"
    write_round(found, parcels=12, demands=3, seed=5)
    return found


def solve(place: Path, *words: object) -> Result:
    """The command as an officer types it."""
    return CliRunner().invoke(desk, ["solve", str(place), *map(str, words)], env={"LANDOPT_LANG": "en"})


def test_the_command_decides_over_draws_and_the_audit_stands(place: Path, tmp_path: Path) -> None:
    """The mean, its bound and the worst draw are told; the plan is one of the round, audited like any."""
    done = solve(place, "--robust", 2, "-o", tmp_path / "plan")
    assert done.exit_code in (0, 4), done.output
    assert "over 2 draws: mean" in done.output
    stated = json.loads((tmp_path / "plan" / "robust.json").read_text("utf-8"))
    assert stated["mean"] == sum(stated["values"]) // 2 <= stated["bound"]
    assert (stated["draws"], stated["again"], len(stated["values"])) == (2, "9/10", 2)
    assert audit_plan(tmp_path / "plan").breaches == ()
    whole = CliRunner().invoke(desk, ["audit", str(tmp_path / "plan")], env={"LANDOPT_LANG": "en"})
    assert "robust.json: mean, bound and draws of the search are its claims" in whole.output
    assert "foreign" not in whole.output
    (tmp_path / "plan" / "robust.json").write_text("{")
    with pytest.raises(lo.Refused, match=r"robust\.json cannot be read"):
        _ = lo.open_plan(tmp_path / "plan").robust


@pytest.mark.parametrize("seed", planned(4, tiers=1))
def test_settling_alone_finds_a_plan_of_all_draws_under_its_bound(seed: int) -> None:
    """What the relaxation of all draws bounds, a plan of today with each draw supplied again reaches or stays below."""
    case = random_case(seed)
    offers = build_offers(case)
    stress = Stress(3, seed, VARY, ())
    whole = joint(case, offers, [drawn(case, offers, stress, number) for number in (1, 2, 3)])
    prog = from_arrays(whole.base, 0)
    whole_best = robust(case, offers, stress, Effort("0", 60).of(case))
    found = settle(prog, whole.parts(), Fraction(0), 60, None)
    if found.chosen is None:
        return
    assert whole_best is not None
    state = standing(prog, found.chosen)
    assert state.lawful
    assert state.objective // 3 <= whole_best.objective
    assert found.bound is not None
    assert found.bound // 3 >= whole_best.objective


@pytest.mark.parametrize("seed", planned(4, tiers=1))
def test_each_draw_alone_is_supplied_again_as_all_of_them_together(seed: int) -> None:
    """Under what is decided today the draws for themselves reach what one programme of all of them does."""
    case = random_case(seed)
    offers = build_offers(case)
    stress = Stress(3, seed, VARY, ())
    whole = joint(case, offers, [drawn(case, offers, stress, number) for number in (1, 2, 3)])
    prog, parts = from_arrays(whole.base, 0), whole.parts()
    every = np.arange(prog.count)
    best = among(prog, every, 0.0, None, None).plan
    if best is None:
        return
    today = np.isin(parts.first, best)
    kept = best[parts.columns[best] == 0]  # what is decided today, with nothing supplied again
    start = best if not standing(prog, kept).lawful else kept
    alone = supplied_again(prog, parts, start, 0.0, None, None)
    assert alone.plan is not None
    assert not alone.broken
    state = standing(prog, alone.plan)
    assert state.lawful
    assert (np.isin(parts.first, alone.plan) == today).all()
    assert state.objective == standing(prog, best).objective
    assert all((whole.rows[draw_program(prog, parts, draw)[0].rhs != prog.rhs] != draw).all() for draw in (1, 2, 3))


@pytest.mark.parametrize("seed", planned(4, tiers=1))
def test_no_bound_that_is_told_lies_below_the_best_mean(seed: int) -> None:
    """Stopped early, at the root by its rows alone or one draw at a time: what is claimed holds for every plan."""
    case = random_case(seed)
    offers = build_offers(case)
    stress = Stress(3, seed, VARY, ())
    best = robust(case, offers, stress, Effort("0", 60).of(case))
    if best is None:
        return
    assert best.bound == best.objective
    for gap in ("0.5", "0.05", "0.01"):
        early = robust(case, offers, stress, Effort(gap, 60).of(case))
        assert early is not None
        assert early.objective <= best.objective <= early.bound
    whole = joint(case, offers, [drawn(case, offers, stress, number) for number in (1, 2, 3)])
    prog, parts = from_arrays(whole.base, 0), whole.parts()
    every = np.arange(prog.count)
    held = among(prog, every, 0.0, None, None).plan
    for alone in (True, False):
        found = among(prog, every, 0.5, None, None, start=held, rows_alone=alone)
        assert found.bound is None or found.bound // 3 >= best.objective
    assert held is not None
    again = supplied_again(prog, parts, held, 0.5, None, None)
    assert again.plan is not None
    assert standing(prog, again.plan).objective // 3 <= best.objective


def test_small_limits_leave_the_relaxation_far_off_and_the_whole_programme_closes() -> None:
    """Limits smaller than many sites: whole numbers cost much in each draw, which the relaxation does not count."""
    case, offers = local(7, 40, 10, 6)
    stress = Stress(3, 1, VARY[:1], ())
    whole = joint(case, offers, [drawn(case, offers, stress, number) for number in (1, 2, 3)])
    prog = from_arrays(whole.base, 0)
    relaxed, _ = relax(prog)
    found = robust(case, offers, stress, Effort("0.01", 60).of(case))
    assert found is not None
    assert found.objective <= found.bound < relaxed.bound // 3 * 0.95
    assert found.gap <= Fraction("0.01")


def test_what_cannot_be_drawn_is_refused_before_the_search(place: Path, tmp_path: Path) -> None:
    """No draws, no stress file, several tiers: nothing is searched first, nothing is written."""
    assert solve(place, "--robust", 0).exit_code == 2
    text = (place / "round.toml").read_text("utf-8")
    tiered = Path(shutil.copytree(place, tmp_path / "tiered"))
    (tiered / "round.toml").write_text(re.sub(r"(?m)^tiers = .*\n", "", text), "utf-8")
    tiers = '[objective]\ntiers = [["served"], ["revenue"]]\n'
    old = (tiered / "round.toml").read_text("utf-8")
    assert "[objective]\n" in old
    (tiered / "round.toml").write_text(old.replace("[objective]\n", tiers), "utf-8")
    for folder, words, code in ((place, ("--stress", tmp_path / "no.toml"), "W001"), (tiered, (), "W014")):
        done = solve(folder, "--robust", 2, *words, "-o", tmp_path / "plan")
        assert (done.exit_code, f"error {code}" in done.output) == (1, True), done.output
        assert "offers" not in done.output
        assert not (tmp_path / "plan").exists()
