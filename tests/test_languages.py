"""Every language says everything: broken rules, messages of other software, three rounds; a language is files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import desk
from parcels.common.catalogue import folders, foreign, forget, languages, register, texts, told
from tests.places import EXAMPLE
from tests.texts_used import holes

CJK = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")
"""Two English words in a row: nothing that a Chinese sentence quotes has them."""


def run(*words: object, lang: str = "zh") -> Result:
    """A command of the desk in a language."""
    return CliRunner().invoke(desk, [str(word) for word in words], prog_name="landopt", env={"LANDOPT_LANG": lang})


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


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Unterminated string starting at: line 1 column 300 (char 299)", "第 1 行第 300 列"),
        ("[Errno 2] No such file or directory: 'k.pem'", "没有该文件或文件夹"),
        ("File is not a zip file", "不是压缩包"),
        ("file is not a database", "不是台账文件"),
        ("Permission denied", "没有权限"),
        ("Expected '=' after a key in a key/value pair (at line 3, column 5)", "缺少等号"),
        ("Cannot declare ('a', 'b') twice (at line 3, column 5)", "重复声明"),
    ],
)
def test_what_the_system_says_is_told_in_chinese(english: str, chinese: str) -> None:
    """The common messages of the system and of readers, inside our sentences; in English they stay as they are."""
    said = told("R001.not-toml.what", trouble=english)
    assert chinese in said.text("zh")
    assert not ENGLISH.search(said.text("zh").replace("TOML", ""))
    assert english in said.text("en")
    assert foreign("nobody knows this", "zh") == "nobody knows this"


QUOTED = re.compile(
    r"landopt [^，。；、）]*|pip [^，。；、）]*|python -m [^，。；）]*|openssl [^，。；]*|`[^`]*`|\{[^}]*\}|--?[a-z-]+|"
    r"\[[^\]]*\]|"
    r"POLYGON[^，。；]*|[a-z_]+ = \S+|SHA-256|GPU|[A-Z]{2,}|\S+\.\w+|\w+_\w+"
)
"""What a Chinese text may hold of Latin letters in a row: what is typed, names of files, formats, keys."""


def test_no_chinese_text_is_half_english() -> None:
    """Every text of the Chinese files is Chinese, or nothing but holes and what is typed."""
    half = {key: text for key, text in texts("zh").items() if ENGLISH.search(QUOTED.sub("", text))}
    assert {key: text for key, text in half.items() if not key.startswith(("help.", "near.", "any."))} == {}
    assert "TODO" not in "".join(texts("zh").values())


@pytest.fixture
def made(tmp_path: Path) -> Iterator[str]:
    """A small made language: the English texts backwards in brackets, as files of a folder alone."""
    said = {
        key: "<" + " ".join(f"{{{hole}}}" for hole in sorted(holes(text))) + ">" for key, text in texts("en").items()
    }
    lines = [".".join(f'"{part}"' for part in key.split(".")) + f' = "{text}"' for key, text in said.items()]
    (tmp_path / "qq.toml").write_text("\n".join(lines) + "\n", "utf-8")
    register(tmp_path)
    yield "qq"
    forget(tmp_path)


def test_a_third_language_is_files_alone(made: str, tmp_path: Path) -> None:
    """The desk takes it from LANDOPT_LANG, and says findings, places and usage errors in it."""
    assert made in languages()
    (tmp_path / "round.toml").write_text('[round]\nid = "r"\nas_off = 2026-01-01\n', "utf-8")
    done = run("check", tmp_path, lang=made)
    assert (done.exit_code, done.stderr.count("<") > 3) == (1, True), done.output
    assert "unknown key" not in done.stderr
    wrong = run("rules", "ask", "use", lang=made)
    assert (wrong.exit_code, "<use>" in wrong.stderr) == (2, True), wrong.output
    assert folders()


def test_the_same_mistake_has_the_same_code_in_every_command(decided: Path) -> None:
    """A platform or a parcel that is not there, asked for in any way."""
    asked = (
        ("explain", decided, "--demand", "D-999"),
        ("whynot", decided, "--parcel", "NS-0001", "--demand", "D-999"),
    )
    assert {re.findall(r"[A-Z]\d{3}", run(*words, lang="en").stderr)[0] for words in asked} == {"X003"}
    others = (("explain", decided, "--parcel", "P-999"), ("whynot", decided, "--parcel", "P-999"))
    assert {re.findall(r"[A-Z]\d{3}", run(*words, lang="en").stderr)[0] for words in others} == {"X002"}


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan of the example round."""
    target = tmp_path_factory.mktemp("plan") / "plan"
    done = CliRunner().invoke(desk, ["solve", str(EXAMPLE), "-o", str(target)], prog_name="landopt")
    assert done.exit_code in (0, 2, 4), done.output
    return target


@pytest.mark.parametrize("hole", ["strerror", "trouble", "torn", "problem", "value", "why", "reason"])
def test_a_finding_that_quotes_other_software_is_chinese_throughout(hole: str) -> None:
    """What the system says of a disk or a file is told in Chinese where findings of writing and reading quote it."""
    quoting = re.compile(r"(无法读取|无法写入|无法写出|无法解压|残缺)\S*\{" + hole + r"[!}]")
    met = [key for key, text in texts("zh").items() if key.endswith(".what") and quoting.search(text)]
    assert met
    for key in met:
        line = told(key, **{hole: "No space left on device"}).text("zh")
        assert "磁盘空间不足" in line, (key, line)
