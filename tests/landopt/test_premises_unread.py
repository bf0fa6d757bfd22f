"""The example under a law of years before: platforms whom a building would do, and no rule yet that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import landopt as lo

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "nansha"


@pytest.mark.slow
def test_the_example_of_2018_passes_its_own_audit(tmp_path: Path) -> None:
    """Told without a rule to cite, as the second reading of words has it too (it was withheld as a breach)."""
    plan = lo.read(EXAMPLE).solve(as_of="2018-12-01", gap="0.05", output=tmp_path / "plan")
    told = [reason for entry in plan.data["unserved"] for reason in entry["reasons"] if reason.get("premises")]
    assert told
    assert {reason["rule"] for reason in told} == {"premises"}
