"""The whole model handed to HiGHS first: its claim holds whatever ends it, and is what a proof closes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import Program, program
from landopt.solving.search.restricted import whole_first
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options, Search
from landopt.solving.tuning import USUAL
from tests.builders import random_medium_case


def small_round() -> Program:
    """Some 500 offers under limits of all kinds."""
    case = random_medium_case(11, 60)
    return program(case, build_offers(case), 0)


def _state(prog: Program, whole: tuple[int, int], nodes: int = 4_000) -> Search:
    options = Options(Fraction(0), None, None, 0, 1, "highs", replace(USUAL, whole=whole, branches=(nodes, nodes)))
    state = Search(prog, options, lambda *_: None)
    state.offer(np.zeros(0, dtype=np.int64), "empty")
    return state


def test_its_claim_holds_whatever_ends_it() -> None:
    """A round whose proof, without it, is audited at gap 0: ended at the root, or run to its end."""
    prog = small_round()
    proved = search(prog, Options(Fraction(0), None, None, 0, 1, "highs", replace(USUAL, whole=(0, 10**6))),
                    lambda *_: None)  # fmt: skip
    assert proved.bound == proved.objective
    for nodes in (1, 2_000):
        state = _state(prog, (0, 1), nodes)
        assert not whole_first(state)
        assert state.claim is not None
        assert state.claim >= proved.bound >= state.objective
    assert state.reached()
    assert state.claim == state.objective == proved.objective


def test_between_the_two_numbers_the_proof_comes_first() -> None:
    """Nothing is handed over there, and nothing claimed."""
    state = _state(small_round(), (0, 1_000))
    assert not whole_first(state)
    assert state.claim is None


def test_that_no_plan_is_lawful_is_told() -> None:
    """A minimum that no choice of offers reaches,."""
    prog = small_round()
    row = int(np.flatnonzero(prog.slack == 0)[0])
    sense, rhs = prog.sense.copy(), prog.rhs.copy()
    sense[row], rhs[row] = 1, 10**11
    state = _state(replace(prog, sense=sense, rhs=rhs), (0, 1))
    assert state.chosen is None
    assert whole_first(state)
