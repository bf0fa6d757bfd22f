"""Columns of a table of results as offices write them: units in the heading, and no column lost without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from landopt.keeping.ledger.result_columns import whole_yuan
from landopt.keeping.ledger.round_steps import read_results
from parcels.common.issues import Refused


def _read(folder: Path, text: str) -> list[dict[str, object]]:
    path = folder / "results.csv"
    path.write_text(text, encoding="gb18030")
    return read_results(path, {"P01"})


@pytest.mark.parametrize(
    ("heading", "cell", "yuan"),
    [
        ("成交价", "21600000", 21_600_000),
        ("成交价(万元)", "2160.5", 21_605_000),
        ("成交价格（亿元）", "0.216", 21_600_000),
        ("price_yuan", '"1,000"', 1000),
    ],
)
def test_a_price_counts_in_the_unit_of_its_heading(heading: str, cell: str, yuan: int, tmp_path: Path) -> None:
    """万元 and 亿元 in brackets are yuan in the ledger; such a column was passed over without a word."""
    row = _read(tmp_path, f"宗地编号,结果,日期,{heading}\nP01,流标,2026-04-30,{cell}\n")
    assert [(each["outcome"], each["price_yuan"]) for each in row] == [("failed", yuan)]


def test_what_is_not_whole_yuan_is_refused() -> None:
    """Parts of a yuan, words and endless digits are no price."""
    assert [whole_yuan(text, 1) for text in ("1.5", "abc", "1e9", "9" * 16, "-1")] == [None] * 5
    assert whole_yuan("0.00015", 10_000) is None
    assert whole_yuan("0.0001", 10_000) == 1


@pytest.mark.parametrize("heading", ["成交价(万元/亩)", "约定开工日", "受让人名称", "price"])
def test_a_column_that_looks_like_a_known_one_is_not_lost(heading: str, tmp_path: Path) -> None:
    """A misspelt heading is refused by name; a column of something else is let be."""
    with pytest.raises(Refused) as refused:
        _read(tmp_path, f"宗地编号,结果,日期,{heading}\nP01,成交,2026-04-30,x\n")
    (issue,) = refused.value.issues
    assert heading in issue.sentence("zh")
    assert _read(tmp_path, "宗地编号,结果,日期,备注\nP01,成交,2026-04-30,x\n")
