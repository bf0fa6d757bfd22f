"""The tool that tries constants of the search: one changed for a run, everything as it was after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import shapes, tuning
from landopt.solving.programme.arrays import program
from landopt.solving.relaxation import prices
from landopt.solving.tuning import USUAL


def test_a_constant_is_changed_for_one_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A round is proved to the end with both values; where the searches are the same that is told."""
    prog = program(*shapes.local(2, 24, 4, 4), 0)
    shipped = tuning.timed(prog, "0", USUAL, 60.0)
    other = tuning.timed(prog, "0", replace(USUAL, per_part=1), 60.0)
    assert vars(prices)["USUAL"] is USUAL
    assert shipped.gap == other.gap == 0.0
    assert shipped.same[0] == other.same[0]
    assert tuning.told(shipped, shipped) == "="
    monkeypatch.setattr(tuning, "ROUNDS", {"plots": ("0", lambda: shapes.local(2, 24, 4, 4))})
    assert tuning.main(["few=7", "--shapes", "plots"]) == 0
    assert "| few = 7 |" in capsys.readouterr().out


def test_half_and_double() -> None:
    """Of one number; of several the values are given."""
    assert tuning.values_of("rows", "") == [USUAL.rows // 2, 2 * USUAL.rows]
    assert tuning.values_of("whole", "1/2,3/4") == [(1, 2), (3, 4)]
    with pytest.raises(SystemExit):
        tuning.values_of("whole", "")
