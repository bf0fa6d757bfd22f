"""Everything a user can be told is told in both languages: each code, each sentence of the sources, whole commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import desk
from parcels.common.chinese import progress, sentence
from parcels.common.codes import codes, entries
from parcels.common.findings_text import lines
from parcels.common.issues import error
from tests.saying import ROOT, everything, progress_of

CJK = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")
"""Two English words in a row: nothing that a Chinese sentence quotes has them."""
JOINED = {
    "X X is X": ("parcel P1 is only in the plan", "demand D1 is only in the files"),
    "a [[vary]] has set or overlayX": ("a [[vary]] has set or overlay", "a [[vary]] has set or overlay; unknown: x"),
    "a X of the model is X, not below 10^12": (
        "a score of the model is 9, not below 10^12",
        "a coefficient of the model is 9, not below 10^12",
        "a limit of the model is 9, not below 10^12",
    ),
    "area_m2 is read as X, but the outlines are about X as large": (
        "area_m2 is read as ha, but the outlines are about 15 times as large",
    ),
    "X pair(s) of parcels overlap by a sliver of at most X m2": (
        "2 pair(s) of parcels overlap by a sliver of at most 1 m2; the largest is 0.1 m2, A and B",
    ),
    "X and X run side by side along X m, at most X m apart, without": (
        "A and B run side by side along 9 m, at most 1 m apart, without a common boundary: they are no neighbours",
    ),
    "X; the first is read": ("columns a and b all stand for use; the first is read",),
    "id X": ("id 1 is double: row 3 has the same id", "id 1 was stored as a number and may have lost digits"),
    "X X at byte X": ("a.json is cut off at byte 9: x", "a.json is no JSON at byte 9: x"),
    "X of X m2 lie in zone X, which X": (
        "1 of 2 m2 lie in zone nansha, which counts",
        "1 of 2 m2 lie in zone nansha, which does not count",
    ),
    "a ring has fewer than four pointsX": ("a ring has fewer than four points at 1 2",),
    "invalid coordinateX": ("invalid coordinate at 1 2",),
    "X is not a plain numberX": ("'x' is not a plain number", "'1,0' is not a plain number; perhaps 10"),
    "X: Xforbidden by X; law is not overridden": (
        "A=auction: forbidden by r; law is not overridden",
        "A=auction: no platform of the round and no market offer may take it so: forbidden by r; law is not overridden",
    ),
    "X: Xforbidden by X, which the policy does not let officers override": (
        "A=auction: forbidden by r, which the policy does not let officers override",
    ),
    "X: lawful, but not what X: X": (
        "A=auction: lawful, but not what anyone asks for: area",
        "A=auction:D1: lawful, but not what D1 asks for: area",
    ),
    "X is zeroX": ("'0' is zero", "'0.1' is zero (it rounds to 0 m2; is the column in another unit?)"),
}
"""Sentences that the sources join from parts, as they come out."""


def _left_english(text: str, section: str = "what") -> bool:
    said = sentence(text, section)
    return said is None or not CJK.search(said) or bool(ENGLISH.search(said))


def test_every_sentence_of_every_room_has_a_chinese_one() -> None:
    """The sources are read for what they say; none keeps two English words in a row when told in Chinese."""
    said = {each.text: each.place for each in everything() if each.part == "what" and each.codes}
    wanted = {whole: place for text, place in said.items() for whole in JOINED.get(text, (text,))}
    assert {text: place for text, place in wanted.items() if _left_english(text)} == {}


def test_a_breach_is_told_in_chinese() -> None:
    """A finding that brings its own Chinese is told in it; the English stays the record."""
    breach = error("A005", "term 40 years, the rules give 50", "audit", "The plan is withheld.", zh="年限应为 50")
    assert "年限应为 50" in lines([breach], "zh")[1]
    assert not ENGLISH.search("".join(lines([breach], "zh")).replace("landopt audit PLAN", ""))
    assert "zh" not in breach.as_dict()


def test_every_code_has_title_meaning_and_advice_in_both_languages() -> None:
    """Titles, meanings and advice are there; the Chinese ones are Chinese."""
    assert len(entries()) > 150
    for entry in entries():
        assert all((entry.title("en"), entry.meaning("en"), entry.todo("en"))), entry.codes
        for text in (entry.title("zh"), entry.meaning("zh"), entry.todo("zh")):
            assert CJK.search(text), entry.codes


def test_advice_in_chinese_is_never_half_english() -> None:
    """What can be done is said by a whole template, or else by the advice of the code."""
    for each in everything():
        for code in each.codes:
            if each.part == "maybe" and code in codes():
                told = lines([error(code, "x", "", each.text)], "zh")[-1]
                plain = re.sub(r"(landopt|pip|openssl|-m|--\w+) [^，。；]*", "", told)
                assert not ENGLISH.search(plain), (each.place, told)


POLICY = """
[[rule]]
id = "round.a"
kind = "eligibility"
title = { en = "A", zh = "甲" }
cite = { doc = "本轮政策", article = "1", number = "EX", rank = 1, grade = "V1", source = "" }
from = 2026-02-30
when = "use in ['IND']"
verdict = { listing = "permit" }
"""
FAULTS = {
    "date": POLICY,
    "field": POLICY.replace("02-30", "01-01").replace("use in", "usage in"),
    "value": POLICY.replace("02-30", "01-01").replace("'IND'", "'NO_SUCH'"),
    "type": POLICY.replace("02-30", "01-01").replace("use in ['IND']", "area_m2 > 'big'"),
    "escape": POLICY.replace("02-30", "01-01").replace("use in ['IND']", "use.__class__ == 1"),
    "method": POLICY.replace("02-30", "01-01").replace("listing =", "lottery ="),
    "cite": POLICY.replace("02-30", "01-01").replace("rank = 1, ", ""),
    "key": POLICY.replace("02-30", "01-01") + 'wenn = "x"\n',
    "twice": POLICY.replace("02-30", "01-01") * 2,
    "double key": POLICY.replace("02-30", "01-01") + 'when = "intensive"\n',
    "never": POLICY.replace("02-30", "01-01").replace("use in ['IND']", "use == 'IND' and use == 'RES'"),
    "circle": POLICY.replace("02-30", "01-01") + 'exception_to = ["round.a"]\n',
    "base": POLICY.replace("02-30", "01-01") + 'exception_to = ["round.none"]\n',
    "adopt": POLICY.replace("02-30", "01-01") + '[[adopt]]\nrule = "cn.none"\nbelow = ["cn.none"]\ndocument = "x"\n',
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_policy_is_told_in_chinese(tmp_path: Path, fault: str) -> None:
    """The rules room speaks the language asked for, with file and line."""
    policy = tmp_path / "policy.toml"
    policy.write_text(FAULTS[fault], "utf-8")
    words = ["rules", "ask", "use=RES", "--policy", str(policy), "--lang", "zh"]
    done = CliRunner().invoke(desk, words, prog_name="landopt")
    if fault == "never":
        assert (done.exit_code, "不可能成立" in done.stderr) == (0, True)
    else:
        assert done.exit_code == 1, done.output
        assert "policy.toml" in done.stderr
        assert re.search(r"policy\.toml 第 \d+ 行", done.stderr), done.stderr
    plain = re.sub(r"（原文：.*?）|and [^，。）]*|use [=!]= .*", "", done.stderr.replace(str(tmp_path), ""))
    assert not ENGLISH.search(plain), done.stderr


def test_a_list_of_reasons_inside_a_sentence_is_told_in_chinese() -> None:
    """What a fix fails of what platforms ask for, each reason with how many say it."""
    said = sentence("A=auction: lawful, but not what anyone asks for: use not wanted (8); auction not offered openly")
    assert said == "A=auction：合法，但无人有此需求：规划用途不符（8 个）；auction 不向公开市场供应"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("plan.json cannot be read: Unterminated string starting at: line 1 column 300 (char 299)", "第 1 行第 300 列"),
        ("the public key cannot be read: [Errno 2] No such file or directory: 'k.pem'", "没有该文件或文件夹"),
        ("a.zip is no zip file or is cut off: File is not a zip file", "不是压缩包"),
        ("the ledger cannot be used: file is not a database", "不是台账文件"),
        ("the rule file cannot be read (Permission denied)", "没有权限"),
        ("not TOML: Expected '=' after a key in a key/value pair (at line 3, column 5)", "缺少等号"),
    ],
)
def test_what_the_system_says_is_told_in_chinese(english: str, chinese: str) -> None:
    """The common messages of the system and of readers inside our sentences."""
    said = sentence(english)
    assert said is not None
    assert chinese in said
    assert not ENGLISH.search(said)


def test_every_line_of_progress_has_a_chinese_one() -> None:
    """What is said on stderr while a command runs is told in Chinese; numbers and words of the solver with it."""
    said = [each for path in (ROOT / "landopt").rglob("*.py") for each in progress_of(path)]
    assert len(said) >= 12
    told = {text: progress(text) for text in said if text != "X of X: X"}
    assert [
        text for text, zh in told.items() if ENGLISH.search(zh.replace("landopt audit", "")) or not CJK.search(zh)
    ] == []
    assert progress("2 of 3: optimal") == "2/3：最优"
    assert progress("  branching   best 2.0   gap 1.500 %   1.1 s") == "  分支   最好 2.0   差距 1.500%   1.1 秒"
    assert progress("note P009  3 parcel(s) have several parts; each stays one parcel").startswith("提示 P009  3 宗地")
    assert progress("nobody knows this") == "nobody knows this"
