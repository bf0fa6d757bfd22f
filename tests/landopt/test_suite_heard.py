"""The benchmarks time a search to its gap also where only its last proof closes it, of which no progress tells."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from benchmarks.decision import Heard
from benchmarks.suite import table


def test_a_gap_that_the_answer_alone_holds_is_reached() -> None:
    """Progress ended at 1 %; the answer is proved."""
    heard = Heard()
    heard("tree", 100, 101, None, False)
    assert heard.reached(0) is None
    answer = SimpleNamespace(chosen=np.arange(3), objective=100, bound=100, solver_bound=None)
    assert heard.ended(answer) == 0
    seconds = heard.reached(0)
    assert seconds is not None
    row = {"shape": "small", "ours": {"offers": 1_635, "seconds": seconds + 1.0, "gap": 0.0, "spent": 2.0}}
    row["highs"] = {"seconds": 2.0, "gap": 0.0, "spent": 2.0}
    assert "not reached" not in table([row])


def test_the_claim_counts_where_it_is_nearer_and_no_plan_is_no_gap() -> None:
    """The better bound is what a shape is timed by."""
    heard = Heard()
    assert heard.ended(SimpleNamespace(chosen=np.arange(1), objective=200, bound=204, solver_bound=202)) == 0.01
    assert heard.reached(0.01) is not None
    assert heard.reached(0.009) is None
    nothing = Heard()
    assert nothing.ended(SimpleNamespace(chosen=None, objective=0, bound=0, solver_bound=None)) is None
    assert nothing.reached(0) is None
