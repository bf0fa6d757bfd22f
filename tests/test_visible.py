"""Acting characters of names and citations are made visible wherever they are printed (issue 16, line 8)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli import desk
from constraints.loading.corrections import read_corrections
from landopt.keeping.fixes import apply_fixes
from landopt.keeping.ledger.adoption import who
from parcels.common.issues import Refused
from parcels.common.visible import VisibleStream, says_something, visible, visible_streams, visible_values
from tests.builders import random_case

ACTING = ["\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\x00", "\x08", "\r", "\x7f"]
ACTING += ["\u202e", "\u2066", "\u200f", "\u061c", "\u2028", "\ufeff", "\u200b", "\U000e0041", "\ud800"]
PLAIN = "宗地 A-1 “甲”，㎡ é ½ 𠮷 😀\ta\nb"


@pytest.mark.parametrize("text", ACTING, ids=repr)
def test_acting_characters_become_readable(text: str) -> None:
    """Nothing of the kinds that act is left, and JSON reads the same value back."""
    shown = visible(f"a{text}b")
    assert all(unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in shown)
    assert json.loads(f'"{shown}"') == f"a{text}b"


def test_what_people_write_stays() -> None:
    """Chinese, marks, signs beyond the first plane, tab and new line."""
    assert visible(PLAIN) == PLAIN
    assert visible("a\r\nb") == "a\nb"
    assert visible_values({"a": [PLAIN, 1, None, ("\x1b",)]}) == {"a": [PLAIN, 1, None, ("\\u001b",)]}


def test_the_streams_of_a_command_show_them(capsys: pytest.CaptureFixture[str]) -> None:
    """``click.echo`` and ``print`` alike, on both streams; afterwards the streams are as they were."""
    before = sys.stdout, sys.stderr
    with visible_streams():
        assert isinstance(sys.stdout, VisibleStream)
        click.echo("\x1b]0;name")
        click.echo("\u202ename", err=True)
        sys.stdout.writelines(["\x07", "x\n"])
    assert (sys.stdout, sys.stderr) == before
    out, err = capsys.readouterr()
    assert out == "\\u001b]0;name\n\\u0007x\n"
    assert err == "\\u202ename\n"


def test_no_command_prints_an_escape_sequence_of_a_name(tmp_path: Path) -> None:
    """A usage error, a refusal and a finding that quote what was typed or what a file holds."""
    (tmp_path / "a.csv").write_text("parcel_id,x\x1b]0;t\x07,\u202ename\nP1\x1b[2J,1,2\n", "utf-8")
    for words in (
        ["solv\x1b[2Je"],
        ["check", str(tmp_path / "none\u202e")],
        ["convert", str(tmp_path / "a.csv"), str(tmp_path / "out.gpkg")],
        ["rules", "ask", "use=\x1b[31mRES"],
        ["rules", "show", "cn.\x9b31m"],
    ):
        for lang in ("en", "zh"):
            done = CliRunner().invoke(desk, words, env={"LANDOPT_LANG": lang})
            assert done.exit_code in (1, 2), done.output
            assert not [text for text in ACTING if text in done.output.replace("\r\n", "\n")], (words, done.output)


def test_no_report_holds_one(tmp_path: Path) -> None:
    """A platform's name with an escape sequence and a mark that turns letters: in map, tables and Word."""
    from tests.report.making import call, plan_folder

    folder = plan_folder(tmp_path / "plan")
    for name in ("plan.json", "case.json"):
        content: Any = json.loads((folder / name).read_bytes())
        (folder / name).write_text(json.dumps(_spoiled(content), ensure_ascii=False), "utf-8")
    done = call(folder, "--html", "--xlsx", "--docx", "--lang", "en")
    assert done.exit_code == 0, done.output
    for path in sorted((folder / "report").iterdir()):
        if path.suffix == ".html":
            texts = [path.read_text("utf-8")]
        else:
            with zipfile.ZipFile(path) as archive:
                texts = [archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".xml")]
        assert not [text for text in texts if "\u202e" in text or "\x1b" in text], path.name
    with zipfile.ZipFile(folder / "report" / "proposal.docx") as archive:
        assert "\\u202e" in archive.read("word/document.xml").decode("utf-8")


HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    "|_x00[01][0-9A-Fa-f]_|&#(?:x0*(?:[0-8bBeEfF]|1[0-9a-fA-F]|7[fF]|202[a-eA-E]|206[0-9a-fA-F]|200[bBeEfF])|0*(?:[0-8]|27|8238));"
)
"""Acting characters as they stand in a text, and as OOXML or XML write them."""
KEYS = ("doc", "zh", "en", "title", "platform", "name", "authority", "document", "number", "article", "parcel_name")
SPOILT = "".join(each for each in ACTING if each != "\ud800")


def _poisoned(value: Any, key: str = "") -> Any:
    """The same plan with every acting character in every name, title and document."""
    if isinstance(value, dict):
        return {name: _poisoned(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_poisoned(each, key) for each in value]
    return f"甲{SPOILT}{value}" if isinstance(value, str) and key in KEYS and value else value


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every report of a plan whose names, ids and documents hold acting characters."""
    from tests.report.making import call, plan_folder

    folder = plan_folder(tmp_path_factory.mktemp("papers") / "plan", hostile=True)
    for name in ("plan.json", "case.json"):
        content: Any = json.loads((folder / name).read_bytes())
        (folder / name).write_text(json.dumps(_poisoned(content), ensure_ascii=False), "utf-8")
    for kind in ("--html", "--xlsx", "--docx", "--txt"):
        done = call(folder, kind, "--lang", "zh")
        assert done.exit_code == 0, (kind, done.output)
        assert not HIDDEN.search(done.output), kind
    return folder / "report"


def test_no_part_of_an_office_file_holds_an_acting_character(papers: Path) -> None:
    """Cells, names of sheets, comments, headers, properties, relations: every part of the package."""
    seen = 0
    for path in sorted((*papers.rglob("*.xlsx"), *papers.rglob("*.docx"))):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if not name.endswith((".xml", ".rels")):
                    continue
                found = HIDDEN.search(archive.read(name).decode("utf-8").removeprefix("\ufeff"))
                assert found is None, (path.name, name, found)
                seen += 1
    assert seen > 30


def test_no_text_or_page_holds_one(papers: Path) -> None:
    """The map and the boundary points, as they lie on disk; their names too."""
    pages = [path for path in papers.rglob("*") if path.suffix in (".html", ".txt", ".csv", ".json")]
    assert pages
    for path in pages:
        raw = path.read_bytes()
        text = raw.decode("gb18030" if path.suffix == ".txt" else "utf-8").removeprefix("\ufeff")
        assert not HIDDEN.search(text.replace("\r\n", "\n")), path.name
    assert not [path for path in papers.rglob("*") if HIDDEN.search(path.name)]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is missing")
def test_no_pdf_holds_one(papers: Path) -> None:
    """In the text that a reader extracts: the signs stand there as they are written."""
    from tests.report.making import call

    done = call(papers.parent, "--pdf", "--lang", "zh")
    if done.exit_code == 1 and "font" in done.output.lower() + done.output:
        pytest.skip("there is no Chinese font")
    assert done.exit_code == 0, done.output
    for path in papers.rglob("*.pdf"):
        text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True).stdout.decode("utf-8")
        text = re.sub("[\u200b\x0c]", "", text)  # sheet.typ marks with it where a line may break; pages
        assert not HIDDEN.search(text), path.name
        written = re.sub(r"\s", "", text)
        assert "\\u202e" in written
        assert "\\u2066" in written


def test_no_json_of_a_command_holds_one(tmp_path: Path) -> None:
    """A finding that quotes a file: the raw output is readable, its value the same."""
    (tmp_path / "a.csv").write_text(f"parcel_id,x{SPOILT.replace(chr(13), '')},y\nP1,1,2\n", "utf-8")
    for words in (["check", str(tmp_path), "--json"], ["rules", "ask", f"use={SPOILT}RES", "--json"]):
        done = CliRunner().invoke(desk, words)
        assert done.exit_code in (1, 2)
        assert not HIDDEN.search(done.output), words


def _spoiled(value: Any, key: str = "") -> Any:
    """The same plan with a mark before every title and document."""
    if isinstance(value, dict):
        return {name: _spoiled(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_spoiled(each, key) for each in value]
    return f"\u202e{value}" if isinstance(value, str) and key in ("doc", "zh", "en", "title") and value else value


@pytest.mark.parametrize(
    "text", ["", "  ", "\u3000\u200b", "\u2060\ufeff", "\u3164", "\u2800", "\u00ad", "—", "…", "\u202e"]
)
def test_what_nobody_can_read_names_nothing(text: str) -> None:
    """A document, person or reason of blanks, marks and letters that show as nothing is none."""
    assert not says_something(text)
    with pytest.raises(Refused):
        who(text)
    with pytest.raises(Refused) as caught:
        apply_fixes(random_case(1), ["P01=listing"], reason=text, by=text)
    assert {"O010", "O011"} <= {issue.code for issue in caught.value.issues}
    block = f'parcel = "P1"\nfield = "converted"\nold = false\nnew = true\ndocument = {json.dumps(text)}\n'
    head = "[[correction]]\n" + block + "date = 2026-03-01\n"
    (one,) = read_corrections(head + 'person = "陈某"\n', "c.toml")
    assert one.document == ""
    with pytest.raises(Refused):
        read_corrections(head + f"person = {json.dumps(text)}\n", "c.toml")


@pytest.mark.parametrize("text", ["甲", "粤府土审〔2026〕9号", "No. 9", "٣", "é"])
def test_what_is_read_names_something(text: str) -> None:
    assert says_something(text)
    assert who(text)["by"] == text
