"""Nothing of the user's is lost: landopt replaces only what still is as it wrote it (DESIGN 10.3)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import desk
from parcels.common.atomic import write_folder
from parcels.common.kept import record_of, record_path, state_of, states, write_into, write_kept, write_made
from tests.parcels.making import box, gpkg


def call(*words: object) -> Result:
    """A command of the desk."""
    done = CliRunner().invoke(desk, list(map(str, words)), env={"LANDOPT_LANG": "en"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def fill(**files: str) -> Any:
    """What writes some files."""

    def writer(folder: Path) -> None:
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text)

    return writer


def test_what_was_edited_stays_and_the_new_one_gets_a_number(tmp_path: Path) -> None:
    """As written: replaced. Edited: kept, told, and the number is used again for as long as it is not edited."""
    out = tmp_path / "out.csv"
    record_path(tmp_path).write_text("{}")
    assert write_kept(out, b"1").path == out
    assert write_kept(out, b"2").path == out
    out.write_bytes(b"mine")
    done = write_kept(out, b"3")
    assert (done.path.name, done.kept) == ("out-2.csv", out)
    assert write_kept(out, b"4").path.name == "out-2.csv"
    (tmp_path / "out-2.csv").write_bytes(b"mine too")
    assert write_kept(out, b"5").path.name == "out-3.csv"
    assert out.read_bytes() == b"mine"
    assert (tmp_path / "out-2.csv").read_bytes() == b"mine too"
    assert state_of(out) == "edited"
    assert state_of(tmp_path / "out-3.csv") == "written"


def test_a_file_that_landopt_never_wrote_is_not_replaced(tmp_path: Path) -> None:
    """Whatever the record says or lacks; the same content needs no number."""
    out = tmp_path / "out.csv"
    out.write_bytes(b"mine")
    for record in ("", "{", "[]", '{"out.csv": 1}', "[" * 100_000, '{"out.csv": "00"}'):
        record_path(tmp_path).write_text(record)
        assert write_kept(out, b"new").path.name == "out-2.csv"
        assert out.read_bytes() == b"mine"
        (tmp_path / "out-2.csv").unlink()
    assert write_kept(out, b"mine").path == out


def test_a_folder_of_the_users_own_gets_no_record(tmp_path: Path) -> None:
    """Without a record nothing that differs is replaced, and nothing hidden is put beside it."""
    out = tmp_path / "out.csv"
    for text in (b"1", b"1", b"2"):
        done = write_kept(out, text)
    assert (done.path.name, done.kept) == ("out-2.csv", out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out-2.csv", "out.csv"]


def test_a_folder_of_files_keeps_what_else_is_in_it(tmp_path: Path) -> None:
    """Files of other kinds, folders, hidden files and links stay; only what is written anew is replaced."""
    folder = tmp_path / "report"
    write_into(folder, fill(a_txt="1", b_txt="1"))
    (folder / "b.txt").write_text("edited")
    (folder / "own").mkdir()
    (folder / "own" / "notes.txt").write_text("mine")
    (folder / ".hidden").write_text("mine")
    (folder / "link").symlink_to("own/notes.txt")
    done = write_into(folder, fill(a_txt="2", b_txt="2"))
    assert [(each.path.name, each.kept and each.kept.name) for each in done] == [("a.txt", None), ("b-2.txt", "b.txt")]
    found = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"a.txt": "2", "b.txt": "edited", "b-2.txt": "2", "own/notes.txt": "mine", ".hidden": "mine",
                     "link": "mine"}  # fmt: skip
    assert (folder / "link").is_symlink()
    assert states(folder) == {"a.txt": "written", "b.txt": "edited", "b-2.txt": "written", "link": "foreign",
                              "own": "foreign", ".hidden": "foreign"}  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == [".report.written.json", "report"]


def test_what_is_put_there_while_a_report_is_made_is_kept(tmp_path: Path) -> None:
    """A file saved into the folder between the making and the swap is found beside it."""
    folder = tmp_path / "report"
    write_into(folder, fill(a_txt="1"))

    def late(place: Path, writer: Any, keep: Any) -> Path:
        def both(fresh: Path) -> None:
            writer(fresh)
            (folder / "late.txt").write_text("mine")

        return write_folder(place, both, keep=keep)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parcels.common.kept.write_folder", late)
        write_into(folder, fill(a_txt="2"))
    assert (folder / "a.txt").read_text() == "2"
    assert (tmp_path / "report-2" / "late.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("old", "new"), [("file", "file"), ("folder", "folder"), ("file", "folder"), ("folder", "file")]
)
def test_what_a_conversion_takes_the_place_of_is_kept_under_another_name(tmp_path: Path, old: str, new: str) -> None:
    """Files and folders (``.gdb``) alike; what landopt wrote itself is not kept."""

    def make(kind: str, text: str) -> Any:
        def writer(path: Path) -> None:
            if kind == "folder":
                path.mkdir()
                path = path / "inner"
            path.write_text(text)

        return writer

    target = tmp_path / "out.gdb"
    record_path(tmp_path).write_text("{}")
    make(old, "mine")(target)
    assert write_made(target, make(new, "1")) == tmp_path / "out.kept-1.gdb"
    assert write_made(target, make(new, "2")) is None
    found = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    inner = {"file": "", "folder": "/inner"}
    assert found == {f"out.gdb{inner[new]}": "2", f"out.kept-1.gdb{inner[old]}": "mine"}


def test_convert_with_force_keeps_what_was_there(tmp_path: Path) -> None:
    """Told as a note, in JSON too; nothing is kept of what is the same."""
    source, out = gpkg(tmp_path, [box(0, 0)]), tmp_path / "out.geojson"
    out.write_text("my only copy")
    assert call("convert", source, out).exit_code == 1
    done = call("convert", source, out, "--force", "--json")
    assert done.exit_code == 0, done.output
    assert [issue["code"] for issue in json.loads(done.stdout)["issues"]] == ["F008"]
    assert (tmp_path / "out.kept-1.geojson").read_text() == "my only copy"
    assert json.loads(call("convert", source, out, "--force", "--json").stdout)["issues"] == []
    assert not list(tmp_path.glob(".landopt-new*"))


def test_a_new_round_is_not_put_over_a_file_of_that_name(tmp_path: Path) -> None:
    """A folder with anything in it is refused, and stays."""
    (tmp_path / "mine.txt").write_text("mine")
    assert call("new", tmp_path).exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_pipe_in_a_folder_is_carried_along_and_never_opened(tmp_path: Path) -> None:
    """Nor where a record claims a digest of it, nor under the name of an unfinished folder: opening one never ends."""
    folder = tmp_path / "report"
    folder.mkdir()
    for path in (folder / "a.txt", folder / "pipe", tmp_path / ".landopt-new-report-x"):
        os.mkfifo(path)
    record_path(folder).write_text(json.dumps({"a.txt": ["a" * 64], "pipe": [""]}), "utf-8")
    assert states(folder) == {"a.txt": "edited", "pipe": "edited"}
    done = write_into(folder, fill(a_txt="1"))
    assert [(each.path.name, each.kept and each.kept.name) for each in done] == [("a-2.txt", "a.txt")]
    assert sorted(path.name for path in folder.iterdir()) == ["a-2.txt", "a.txt", "pipe"]


def test_a_record_of_digests_from_elsewhere_is_no_trap(tmp_path: Path) -> None:
    """Deep, large, or no record at all: then nothing is on record."""
    folder = tmp_path / "report"
    folder.mkdir()
    for text in ("[" * 100_000, '{"a": ' * 100_000, " " * 2_000_000, '{"a": 3}', "[]"):
        record_path(folder).write_text(text, "utf-8")
        assert record_of(folder) == {}
