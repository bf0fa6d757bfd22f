"""Limits that compare their keys, as a policy says them: what does not go together is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.loading import load
from landopt.screening.limits import MOST_COMPARED
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused
from tests.builders import case, limit, parcel

HEAD = """
[[rule]]
id = "t.a.one"
kind = "limit"
title = { en = "x", zh = "某" }
cite = { doc = "d", article = "a", rank = 0, grade = "V2" }
from = 2020-01-01
measure = "area_m2"
"""
LEAST = 'across = "least"\nper = ["district"]\nsense = ">="\nvalues = [{ amount = 5 }]\npenalty = 1\n'
SPREAD = 'across = "spread"\nper = ["district"]\nsense = "<="\nvalues = [{ amount = 5 }]\n'


def _issues(folder: Path, text: str) -> list[str]:
    path = folder / "policy.toml"
    path.write_text(HEAD + text, encoding="utf-8")
    try:
        load.load(path, "policy")
    except Refused as refused:
        return [f"{issue.code} {issue.what}" for issue in refused.issues]
    return []


@pytest.mark.parametrize("text", [LEAST, SPREAD, SPREAD + "penalty = 2\n", LEAST + 'keys = [["A"], ["B"]]\n'])
def test_what_goes_together_loads(text: str, tmp_path: Path) -> None:
    """A least with its penalty, a spread with or without, keys by name."""
    assert _issues(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LEAST.replace("least", "most"), "R005 "),
        (LEAST.replace('per = ["district"]\n', ""), "across compares the keys of 'per'"),
        (LEAST.replace("values = [{ amount = 5 }]", 'share = "0.5"'), "without share or credit"),
        (SPREAD + "credit = { num = 1, den = 4 }\n", "without share or credit"),
        (LEAST.replace(">=", "<="), "is a soft minimum"),
        (LEAST.replace("penalty = 1\n", ""), "is a soft minimum"),
        (LEAST + "hard = true\n", "is a soft minimum"),
        (SPREAD.replace("<=", ">="), 'has sense "<="'),
        (SPREAD.replace("{ amount = 5 }", '{ key = ["A"], amount = 5 }'), "one amount for all keys"),
        (SPREAD.replace("district", "method"), "across needs 'keys'"),
        (LEAST.replace('"district"', '"district", "operator"'), "across needs 'keys'"),
        (LEAST + 'keys = [["A"]]\n', "two or more different keys"),
        (LEAST + 'keys = [["A"], ["A"]]\n', "two or more different keys"),
        (LEAST + 'keys = [["A"], ["B", "C"]]\n', "R005 "),
        (SPREAD.replace('across = "spread"\n', 'keys = [["A"], ["B"]]\n'), "'keys' goes with across"),
    ],
)
def test_what_does_not_is_refused(text: str, why: str, tmp_path: Path) -> None:
    """Each with its own words."""
    found = _issues(tmp_path, text)
    assert len(found) == 1
    assert why in found[0]


def test_too_many_keys_for_a_spread_are_refused() -> None:
    """A row for every two: 24 keys at most, told with the rule; a least has a row a key and no such end."""
    land = [parcel(parcel_id=f"P{at:02d}", district=f"K{at:02d}") for at in range(MOST_COMPARED + 1)]
    wide = limit("t.wide", "", "<=", 10, across="spread", per=("district",))
    with pytest.raises(Refused, match="compares 25 keys") as refused:
        build_offers(case(land, [], [wide], []))
    assert [issue.code for issue in refused.value.issues] == ["R092"]
    assert len(build_offers(case(land[:-1], [], [wide], [])).rows) == 24 * 23
    least = limit("t.least", "", ">=", 10, across="least", per=("district",), penalty=1)
    assert len(build_offers(case(land, [], [least], [])).rows) == 25
