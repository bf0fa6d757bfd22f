"""A disk that fails under a whole ``landopt report``: the old report stays, nothing is left, exit 6 (FAULTS 74, 75)."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from landopt.report import write
from landopt.report.gis.layer_files import write_gdb_layer
from landopt.report.map.page import map_page
from landopt.report.papers import pdf, word
from landopt.report.source import open_source
from parcels.common import atomic, kept
from parcels.common.digests import sha256_of
from tests.disks import failing, state
from tests.report.making import call, plan_folder

KINDS = ("--html", "--xlsx", "--docx", "--pdf", "--notices", "--txt", "--gdb", "--lang", "en")


def _kept(real: Callable[..., None]) -> Callable[..., None]:
    """A maker of documents that makes each once and from then on only writes it: the writing is what fails here."""
    known: dict[str, bytes] = {}

    def write(path: Path, *given: Any, **named: Any) -> None:
        if path.name not in known:
            real(path, *given, **named)
            known[path.name] = path.read_bytes()
        else:
            path.write_bytes(known[path.name])

    return write


def _plain(found: dict[str, bytes]) -> dict[str, bytes]:
    """A state without what is in the tables of a file geodatabase, which carry random names, and their digests."""
    found = {name: content for name, content in found.items() if not kept.is_record(Path(name).name)}
    return {name: content for name, content in found.items() if ".gdb/" not in name.replace(os.sep, "/")}


@pytest.mark.slow
def test_fault_75_a_disk_that_fails_at_any_write_of_a_whole_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From every write on the disk is full or broken: the old report stays, also where the last flush fails."""
    folder = plan_folder(tmp_path / "plan")
    source, page = open_source(folder), map_page(open_source(folder), "en")
    monkeypatch.setattr(write, "open_source", lambda *_given: source)
    monkeypatch.setattr("landopt.report.map.page.map_page", lambda *_given, **_named: page)
    monkeypatch.setattr(word, "write_word", _kept(word.write_word))
    monkeypatch.setattr(pdf, "write_pdf", _kept(pdf.write_pdf))
    disk = failing(monkeypatch, tmp_path)
    assert call(folder, *KINDS).exit_code == 0
    new = _plain(state(tmp_path))
    disk.start(0)
    assert call(folder, *KINDS).exit_code == 0
    count, kinds = disk.calls, {what.split()[0] for what in disk.seen}
    assert kinds >= {"open", "write", "layer", "mkdir", "fsync"}
    assert count > 40
    earlier = folder / "report" / "tables.xlsx"
    earlier.write_bytes(b"an earlier report")
    kept.note_written(folder / "report", {earlier.name: sha256_of(earlier)})
    old = state(tmp_path)
    for at in range(1, count + 1):
        disk.start(at, errno.EIO if at % 2 else errno.ENOSPC)
        done = call(folder, *KINDS)
        disk.start(0)
        assert done.exit_code == 6, (at, done.output)
        assert "E075" in done.output
        assert "Maybe" in done.output
        assert _plain(state(tmp_path)) == _plain(old), at
    assert call(folder, *KINDS).exit_code == 0
    assert _plain(state(tmp_path)) == new


def test_a_report_whose_geodatabase_cannot_be_read_back_is_withheld(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GDAL may say that all went well on a full disk: a layer with fewer rows than were written is no report."""
    folder = plan_folder(tmp_path / "plan")

    def short(path: Path, layer: str, columns: dict[str, list[Any]], shapes: Any, crs: Any) -> None:
        write_gdb_layer(path, layer, {name: cells[:-1] for name, cells in columns.items()}, shapes[:-1], crs)

    monkeypatch.setattr("landopt.report.gis.other_formats.write_gdb_layer", short)
    done = call(folder, "--gdb", "--lang", "en")
    assert done.exit_code == 6
    assert "missing after it was written" in done.output
    assert not (folder / "report").exists()
    assert not list(folder.glob(".landopt-*"))


@pytest.mark.parametrize("exchange", [True, False])
def test_fault_74_both_ways_of_putting_a_report_in_its_place_keep_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    """With one exchange of names, and with two renames where the system has none: a whole report at every failure."""
    if not exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda *_: False)
    folder = plan_folder(tmp_path / "plan")
    assert call(folder, "--txt").exit_code == 0
    old = _plain(state(tmp_path))
    disk = failing(monkeypatch, tmp_path)
    assert call(folder, "--txt").exit_code == 0
    for at in range(1, disk.calls + 1):
        disk.start(at)
        assert call(folder, "--txt").exit_code == 6
        disk.start(0)
        atomic.recover(folder / "report")
        assert _plain(state(tmp_path)) == old, at
        assert not list(folder.glob(".landopt-*")), at
