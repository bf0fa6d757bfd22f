"""Progress of a search: a line a second at most, only what tells something, and by which bound the gap is."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from landopt.progress import heard
from landopt.solving.process.child import Teller
from parcels.common.catalogue import Told

Event = tuple[float, str, int | None, int | None, bool]


def _lines(capsys: pytest.CaptureFixture[str], folder: Path, events: list[Event]) -> list[dict[str, object]]:
    now = [0.0]
    teller = Teller(folder, 0, 0.0, lambda: now[0])
    for seconds, phase, value, bound, claimed in events:
        now[0] = seconds
        teller(phase, value, bound, None, claimed)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_small_steps_are_told_seldom(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Two minutes of a gap that falls by a ten-thousandth a step: a line in ten seconds, not one in each."""
    crawl: list[Event] = [(0.3 * step, "restricted", 10**8 + step, 11 * 10**7, True) for step in range(400)]
    found = _lines(capsys, tmp_path, crawl)
    assert len(found) == 12
    times = [float(str(line["seconds"])) for line in found]
    assert all(later - sooner >= 10 for sooner, later in itertools.pairwise(times))


def test_phases_plans_and_gaps_are_told_within_a_second(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What changes the picture has its line, but never two in a second."""
    found = _lines(
        capsys,
        tmp_path,
        [
            (0.0, "greedy", 100, None, False),
            (0.5, "prices", 100, 150, False),  # within a second
            (1.2, "prices", 100, 140, False),
            (2.3, "prices", 100, 139, False),  # hardly nearer
            (3.4, "branching", 120, 130, True),
            (4.5, "tree", 120, 125, False),
        ],
    )
    assert [(line["phase"], line["claimed"]) for line in found] == [
        ("greedy", False), ("prices", False), ("branching", True), ("tree", False),
    ]  # fmt: skip


@pytest.mark.parametrize(("claimed", "en", "zh"), [(True, "claimed", "自报"), (False, "audited", "经审计")])
def test_a_gap_says_by_which_bound(claimed: bool, en: str, zh: str) -> None:
    """In both languages."""
    said: list[Told] = []
    heard(said.append)({"phase": "tree", "value": 1_000, "bound": 1_100, "claimed": claimed, "seconds": 3})
    assert en in said[0].text("en")
    assert zh in said[0].text("zh")
    assert "10.000" in said[0].text("zh")
