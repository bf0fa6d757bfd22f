"""Answers in words: what a method that does not exist yet is said to be."""

from __future__ import annotations

import pytest

from constraints.reading.asking.ask import ask
from landopt.reasons.law_words.answer_words import answer_lines

CASE = {"use": "IND", "operator": "private", "intending_users": "1"}


@pytest.mark.parametrize(
    ("day", "method", "zh", "en"),
    [
        (
            "2002-06-30",
            "listing",
            "当时尚无挂牌出让这一方式，该方式自2002-07-01起方有依据",
            "did not exist before 2002-07-01",
        ),
        (
            "1985-01-01",
            "listing",
            "当时尚无挂牌出让这一方式，该方式自2002-07-01起方有依据",
            "did not exist before 2002-07-01",
        ),
        (
            "1998-12-31",
            "lease_then_grant",
            "该方式自1999（日期待核）起方有依据",
            "did not exist before 1999 (day not known)",
        ),
    ],
)
def test_a_method_before_its_instrument_names_its_day(day: str, method: str, zh: str, en: str) -> None:
    """No "since 1949": the instrument that made the method, with the day it came into force."""
    answer = ask(CASE, day)
    assert answer[method]["verdict"] == "n/a"
    for lang, said in (("zh", zh), ("en", en)):
        lines = answer_lines(answer, day, lang)
        assert any(said in line for line in lines), lines
        assert "1949" not in "\n".join(answer_lines(answer, day, lang, notes=True))
    cite = answer[method]["rules"][0]["cite"]
    assert cite["from"] == ""
    assert cite["since"] in zh


def test_from_its_day_the_method_exists() -> None:
    """On the first day of Order 11 listing is answered."""
    assert ask(CASE, "2002-07-01")["listing"]["verdict"] == "permit"


def test_the_rule_that_lifts_a_prohibition_is_cited_first() -> None:
    """A present user's grant of industrial land rests on the norm of 2006, not on an article about other uses."""
    answer = ask({**CASE, "operator": "existing_user", "existing_right": "alloc"}, "2024-01-01")["agreement"]
    assert answer["verdict"] == "permit"
    assert answer["rules"][0]["id"] == "cn.agreement-norm.present-user"
