"""More than two plans beside each other: a line each, as text, JSON and CSV."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from cli import desk
from tests.builders import case, demand, limit, parcel
from tests.landopt.decided import write_plan


def test_three_plans_are_a_line_each(tmp_path: Path) -> None:
    """Scores, platforms and areas of each; what differs from the first; two plans are compared as ever."""
    land, wants = [parcel(), parcel()], [demand(), demand()]
    paths = [
        str(write_plan(tmp_path / str(most), case(land, wants, [limit("p.quota", "", "<=", most)])))
        for most in (20_000, 10_000, 0)
    ]
    done = CliRunner().invoke(desk, ["compare", *paths, "--json", "--csv", str(tmp_path / "plans.csv")])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["plans"]
    assert [(row["served"], row["area_m2"], len(row["differ"])) for row in rows] == [
        (2, 20_000, 0),
        (1, 10_000, 1),
        (0, 0, 2),
    ]
    assert [row["objective"] for row in rows] == sorted((row["objective"] for row in rows), reverse=True)
    assert len((tmp_path / "plans.csv").read_text(encoding="utf-8").splitlines()) == 4
    for lang, word in (("en", "methods"), ("zh", "方式")):
        text = CliRunner().invoke(desk, ["compare", *paths, "--lang", lang]).stdout
        assert len(text.splitlines()) == 4
        assert word in text
    assert CliRunner().invoke(desk, ["compare", paths[0]]).exit_code == 2
    assert CliRunner().invoke(desk, ["compare", *paths, "--causes"]).exit_code == 2
    assert CliRunner().invoke(desk, ["compare", *paths[:2]]).exit_code == 0


def test_plans_of_another_round_are_named_and_a_long_name_leaves_its_column(tmp_path: Path) -> None:
    """What differs is told by ids alone: said; the day stands apart from the name before it."""
    one = case([parcel()], [demand()], [])
    other = replace(one, round=replace(one.round, id="another-round-of-a-long-name-2018-2020"))
    paths = [str(write_plan(tmp_path / str(n), each)) for n, each in enumerate((one, one, other))]
    for lang, word in (("en", "of another round"), ("zh", "不属同一轮次")):
        lines = CliRunner().invoke(desk, ["compare", *paths, "--lang", lang]).stdout.splitlines()
        assert len(lines) == 5
        assert word in lines[-1]
        assert "another-round-of-a-long-name-2018-2020" in lines[-1]
        assert f"  {other.round.as_of}" in lines[3]
