"""A disk that fails under commands that write single files: exit 6, said in words, nothing left behind."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from click.testing import CliRunner
from pulp import PulpError
from pyogrio.errors import DataSourceError

from cli import desk
from landopt.desk.decide.model import _place as place_model
from parcels.common.issues import Environment
from tests.parcels.making import box, gpkg, round_folder


def run(*words: object, lang: str = "zh") -> tuple[int, str]:
    """Exit code and what is said on stderr; never a traceback."""
    done = CliRunner().invoke(desk, [str(word) for word in words], env={"LANDOPT_LANG": lang})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    "trouble", [PulpError("No space left on device (os error 28)"), OSError(28, "No space left on device")]
)
def test_a_model_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """PuLP tells a full disk in an error of its own; the list of offers is not written without the model."""
    gpkg(tmp_path, [box(0, 0)])
    round_folder(tmp_path)
    out = tmp_path / "out"

    def half(path: Path, **_words: Any) -> None:
        path.write_text("half")
        raise trouble

    monkeypatch.setattr("landopt.solving.programme.model.write_mps", half)
    code, said = run("model", tmp_path, "--mps", out / "m.mps", "--offers", out / "o.csv")
    assert (code, "E075" in said, "磁盘空间不足" in said) == (6, True, True), said
    assert not out.exists()
    monkeypatch.undo()
    assert run("model", tmp_path, "--mps", out / "m.mps", "--offers", out / "o.csv")[0] == 0
    assert sorted(path.name for path in out.iterdir()) == ["m.mps", "o.csv"]


NAMES = ("m.mps", "o.csv", "g.graphml")


@pytest.mark.parametrize("bad", NAMES)
def test_the_file_that_could_not_be_written_is_the_one_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    """At its write and at its rename; a link that leads nowhere or to itself stays, and the new file gets a number."""
    out, full = tmp_path / "out", OSError(28, "No space left on device")

    def write(path: Path, *, broken: bool = False) -> None:
        path.write_text("half")
        if broken and path.name == bad:
            raise full

    def replace(path: Path, target: Path) -> Path:
        if path.name == bad:
            raise full
        return moved(path, target)

    moved = Path.replace
    with pytest.raises(Environment) as told:
        place_model([(out / name, partial(write, broken=True)) for name in NAMES])
    assert f"{bad} could not be written" in told.value.issues[0].what
    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(Environment) as told:
        place_model([(out / name, write) for name in NAMES])
    assert f"{bad} could not be written" in told.value.issues[0].what
    monkeypatch.undo()
    assert not out.exists()
    out.mkdir()
    for target in (bad, "nowhere/x"):
        (out / bad).symlink_to(target)
        beside = out / f"{Path(bad).stem}-2{Path(bad).suffix}"
        assert str(beside) in place_model([(out / name, write) for name in NAMES])
        assert (out / bad).is_symlink()
        (out / bad).unlink()


def test_a_conversion_that_gdal_cannot_finish_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GDAL's own errors of a full disk are told in one line, without its statements."""
    path = gpkg(tmp_path, [box(0, 0)])

    def full(*_given: Any, **_words: Any) -> None:
        raise DataSourceError("sqlite3_exec(CREATE TABLE a) failed: database or disk is full")

    monkeypatch.setattr(pyogrio.raw, "write", full)
    code, said = run("convert", path, tmp_path / "a.gpkg")
    assert (code, "磁盘空间不足" in said, "sqlite3" in said) == (6, True, False), said
    assert sorted(each.name for each in tmp_path.iterdir()) == ["parcels.gpkg"]
