"""Medium rounds (30 to 80 parcels): a second solver on the full model, the auditor on the proof, exact repeats."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from constraints.audit.certificate.proof import bounds
from constraints.audit.files.offers_reader import OffersFile
from landopt.screening.offers_file import write_offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import base_arrays, from_arrays, standing
from landopt.solving.programme.model import write_mps
from landopt.solving.relaxation import prices
from landopt.solving.search import neighbourhoods
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options
from landopt.solving.tuning import USUAL, Tuning
from tests.builders import random_medium_case
from tests.counts import seeds


def _compare(seed: int, folder: Path, gap: str = "0.001", tuning: Tuning | None = None) -> None:
    Model = pytest.importorskip("pyscipopt", reason="make solvers installs the second solvers; CI does").Model

    case = random_medium_case(seed)
    offers = build_offers(case)
    prog = from_arrays(base_arrays(case, offers), 0)
    answer = search(prog, Options(Fraction(gap), None, 400, 0, 1, "highs", tuning or Tuning()), lambda *_: None)
    write_mps(folder / "m.mps", case, offers)
    second = Model()
    second.hideOutput()
    second.setParam("limits/time", 30)
    second.readProblem(str(folder / "m.mps"))
    second.optimize()
    if second.getStatus() == "infeasible":
        assert answer.chosen is None
        return
    assert answer.chosen is not None
    assert answer.tree_json is not None
    assert standing(prog, answer.chosen).lawful
    assert answer.bound >= round(second.getPrimalbound())
    assert answer.objective <= second.getDualbound() + 0.5
    assert answer.solver_bound is None or answer.solver_bound >= round(second.getPrimalbound())
    write_offers(folder / "offers.jsonl.gz", case, offers)
    entry = {"objective": answer.objective, "scale": answer.scale, "tree": answer.tree_json}
    with OffersFile(folder / "offers.jsonl.gz") as listed:
        audited = bounds({"tiers": [entry]}, listed.header.rows, len(case.parcels), listed.blocks())
    assert audited == [answer.bound]


@pytest.mark.parametrize("seed", seeds(6, 300))
def test_second_solver_and_auditor_agree(seed: int, tmp_path: Path) -> None:
    """The proven bound is never below, the plan never above the second solver's optimum; the auditor gets our bound."""
    _compare(seed, tmp_path)


@pytest.mark.parametrize("seed", seeds(4, 100))
def test_the_ways_of_large_rounds_agree_too(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with offers left out, rough prices, rows of odd sets, the last programme as arrays; half filled anew."""
    monkeypatch.setattr(prices, "USUAL", replace(USUAL, prices_first=0))
    if seed % 2:
        monkeypatch.setattr(neighbourhoods, "LARGE", 0)
        for name, value in (("LONG", 3), ("BRIEF", 1), ("FITTED", 2)):
            monkeypatch.setattr(neighbourhoods, name, value)
    _compare(seed, tmp_path, tuning=Tuning(small=0, prices_first=0))


def test_node_limited_search_repeats() -> None:
    """With a node limit and no clock two searches give the same plan, bound and proof, bit for bit."""
    case = random_medium_case(3)
    prog = from_arrays(base_arrays(case, build_offers(case)), 0)
    runs = [search(prog, Options(Fraction(0), None, 60, 0, 1, "highs"), lambda *_: None) for _ in range(2)]
    assert runs[0].chosen is not None
    assert runs[1].chosen is not None
    assert np.array_equal(runs[0].chosen, runs[1].chosen)
    assert runs[0].bound == runs[1].bound
    assert runs[0].tree_json == runs[1].tree_json
