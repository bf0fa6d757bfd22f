"""Two plans compared as one page: self-contained, escaped, in both languages, written whole or not at all."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import desk
from constraints.case import Case
from landopt.intake.overlay import apply_sets
from landopt.reasons.compared.differences import changes, with_change
from tests.builders import case, demand, limit, parcel
from tests.landopt.decided import write_plan

BAD = "<script>alert(1)</script>"


def _round() -> Case:
    rules = [limit("p.quota", "", "<=", 20_000), limit("p.share", "competitive", ">=", share=(1, 2))]
    return case([parcel(), parcel()], [demand(name=BAD), demand(name=f"{BAD} two")], rules)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A plan, and one of the same round with a quota of 10,000 m² and a share of 60 per cent."""
    place = tmp_path_factory.mktemp("compared")
    other = apply_sets(_round(), ["p.quota:amount=10000", "p.share:share=0.60"])
    return write_plan(place / "a", _round()), write_plan(place / "b", other)


def _run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(desk, ["compare", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["Two plans compared", "lost its site", "Moved by", "Limits", "50 %", "60 %", "p.quota"]),
        ("zh", ["两方案对照", "失去用地", "变动原因", "限额", "50 %", "60 %", "p.quota"]),
    ],
)
def test_page_says_what_moved_and_what_moved_it(
    folders: tuple[Path, Path], tmp_path: Path, lang: str, words: list[str]
) -> None:
    """Score, methods, platforms, limits and parcels; each move names the change that alone explains it."""
    page = tmp_path / "changes.html"
    _run(str(folders[0]), str(folders[1]), "--html", str(page), "--lang", lang)
    text = page.read_text(encoding="utf-8")
    for word in words:
        assert word in text, word
    moved = text[text.index("Parcels that moved" if lang == "en" else "安排变动的宗地") :]
    assert "p.quota amount" in moved


def test_page_asks_nothing_of_any_network_and_runs_nothing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """No script, no address, a policy that forbids both; names from outside are escaped."""
    page = tmp_path / "changes.html"
    _run(str(folders[0]), str(folders[1]), "--html", str(page), "--no-causes")
    text = page.read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"<script|<img|<link|https?://|url\(", text)
    assert "&lt;script&gt;" in text
    assert "@media print" in text


def test_same_plan_twice_says_that_nothing_differs(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Nothing differs and nothing moved: said so, without a run."""
    page = tmp_path / "same.html"
    _run(str(folders[0]), str(folders[0]), "--html", str(page), "--lang", "en")
    text = page.read_text(encoding="utf-8")
    assert "No parcel moved." in text
    assert "Nothing: rules, numbers, facts and settings are the same" in text


def test_page_that_cannot_be_written_leaves_nothing(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """A folder in its place is refused before anything is compared; what stood there stays."""
    assert "is a folder" in _run(str(folders[0]), str(folders[1]), "--html", str(tmp_path), code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_shares_and_settings_are_told_as_people_write_them(folders: tuple[Path, Path]) -> None:
    """A share as a percentage, a limit of a share by part and whole, a setting by its field and value."""
    text = _run(str(folders[0]), str(folders[1]), "--no-causes", "--lang", "en").stdout
    assert "(p.share) share: 50 % -> 60 %" in text
    before = _round()
    after = replace(before, settings=replace(before.settings, gap="0.01", seed=7))
    found = changes(before, after)
    assert [(change.id, change.field, change.now) for change in found] == [
        ("settings", "gap", "0.01"),
        ("settings", "seed", "7"),
    ]
    one = with_change(before, after, found[1])
    assert (one.settings.seed, one.settings.gap) == (7, before.settings.gap)
