"""Acting characters of names and citations are made visible wherever they are printed (issue 16, line 8)."""

from __future__ import annotations

import json
import sys
import unicodedata
import zipfile
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cli import desk
from parcels.common.visible import VisibleStream, visible, visible_streams, visible_values

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


def _spoiled(value: Any, key: str = "") -> Any:
    """The same plan with a mark before every title and document."""
    if isinstance(value, dict):
        return {name: _spoiled(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_spoiled(each, key) for each in value]
    return f"\u202e{value}" if isinstance(value, str) and key in ("doc", "zh", "en", "title") and value else value
