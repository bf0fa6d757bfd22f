"""One article of law is one basis to the reader of the summary, however many rules it has here."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest

import landopt as lo
from landopt.reasons.texts import render_plan


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_summary_names_a_source_of_law_once(plain: Path, lang: str) -> None:
    """Two rules of one article are named once in the line of a supply."""
    plan = lo.open_plan(plain)
    data = copy.deepcopy(plan.data)
    for record in data["justification"]:
        record["permits"] = [rule for rule in record.get("permits", ()) for _ in range(2)]
    lines = [line for line in render_plan(data, lang, plan.case).splitlines() if re.search(r"Basis: |依据：", line)]
    assert lines
    for line in lines:
        named = re.split(r"；|; ", re.sub(r"^.*?(Basis: |依据：)", "", line).split("。")[0].split(". ")[0])
        assert len(named) == len(set(named)), line
