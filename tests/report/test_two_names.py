"""Names in two languages, and articles of Chinese documents in English papers."""

from __future__ import annotations

import doctest
import json
import re
import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from constraints.loading.ranks import PACKS
from landopt.reasons import two_names
from landopt.reasons.law_words import article_words
from landopt.report.source import open_source

NAME = st.text("湾区实验室中心（示例）", min_size=1, max_size=8).filter(lambda text: re.search("[\u4e00-\u9fff]", text))
ENGLISH = st.text("ABCDE abc().-/&", min_size=1, max_size=12).filter(str.strip)


@given(st.lists(st.tuples(NAME, ENGLISH), max_size=5), st.text("xyz湾｜", max_size=6))
def test_each_language_has_its_part_and_other_texts_stay(pairs: list[tuple[str, str]], other: str) -> None:
    """A name is said in one language wherever it stands; a bar that parts no two languages is left alone."""
    written = [f"{zh}{two_names.SIGN}{en}" for zh, en in pairs]
    known = two_names.two_names({"a": [*written], "b": other})
    assert set(written) <= set(known)
    for lang, part in (("zh", 0), ("en", 1)):
        said = two_names.said_in([f"<{text}>" for text in written], known, lang)
        assert said == [f"<{pair[part].strip()}>" for pair in pairs]
        assert two_names.said_in({"k": other}, {}, lang) == {"k": other}
    for bare in ("A｜B", "湾｜区", "｜A", "湾｜", "湾｜A｜B"):
        assert two_names.two_names([bare]) == {}


def test_a_report_names_in_its_language_and_the_plan_stays_as_written(plain: Path, tmp_path: Path) -> None:
    """What the files say is untouched; the reports of a language hold no bar and no other half."""
    case = open_source(plain).case
    platform = str(case.parcels.column("district")[0])
    for file in ("case.json", "plan.json"):
        text = (plain / file).read_text(encoding="utf-8")
        for name in {case.round.authority, platform}:
            whole = json.dumps(f"湾区{name}中心｜Bay", ensure_ascii=False)
            text = text.replace(json.dumps(name, ensure_ascii=False), whole)
        (tmp_path / file).write_text(text, encoding="utf-8")
    raw = open_source(tmp_path)
    assert len(raw.found.names) == 2
    assert raw.case.round.authority.endswith("｜Bay")
    for lang, there, gone in (("zh", f"湾区{platform}中心", "Bay"), ("en", "Bay", "湾区")):
        source = open_source(tmp_path, lang)
        told = json.dumps(source.plan, ensure_ascii=False) + repr(source.case)
        assert there in told
        assert gone not in told
        assert two_names.SIGN not in told


def test_the_examples_hold() -> None:
    """As the docstrings say."""
    assert doctest.testmod(article_words).failed == doctest.testmod(two_names).failed == 0


def test_articles_of_the_packs_are_said_in_english_or_left_as_they_are() -> None:
    """Every article number of every shipped rule is said without Chinese; a heading stays word for word."""
    for path in PACKS.glob("*/rules.toml"):
        for rule in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]:
            article = rule["cite"]["article"]
            said = article_words.article_words(article, "en")
            assert article_words.article_words(article, "zh") == article
            if re.fullmatch("(?:第[一二三四五六七八九十百至]+[条款项])+", article):
                numbers = [article_words.number(each) for each in re.findall("[一二三四五六七八九十百]+", article)]
                assert [int(each) for each in re.findall(r"\d+", said)] == numbers
            elif re.search("[\u4e00-\u9fff]", said):
                assert said.removesuffix(" (text not read)") in article
