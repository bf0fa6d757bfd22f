"""The toolboxes put into profiles and folders: what is the user's stays, byte for byte."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import desk
from landopt.toolboxes import process
from landopt.toolboxes.install import FILES, PLUGIN, arcgis_files, put, qgis_files, take_away
from landopt.toolboxes.profiles import homes, profiles
from landopt.toolboxes.switch import settings_of, switch_off, switch_on
from parcels.common.issues import Refused


def call(*words: str) -> tuple[int, str]:
    """The command as it is typed."""
    found = CliRunner().invoke(desk, [*words, "--lang", "en"])
    return found.exit_code, found.output


def test_every_profile_gets_the_toolbox_and_loses_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found under HOME; a second install writes nothing; uninstall leaves the profile as it was."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_DATA_HOME", "QGIS_CUSTOM_CONFIG_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert call("qgis", "install")[0] == 6  # no profile: QGIS was never started
    home = tmp_path / ".local" / "share" / "QGIS" / "QGIS3" / "profiles"
    for name in ("default", "规划 局"):
        (home / name / "QGIS").mkdir(parents=True)
        (home / name / "QGIS" / "QGIS3.ini").write_bytes(b"[app]\r\nx=1\r\n\r\n[PythonPlugins]\r\nother=true\r\n")
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert [path.name for path in profiles()] == ["default", "规划 局"]
    assert call("qgis", "install")[0] == 0
    for name in ("default", "规划 局"):
        assert (home / name / "python" / "plugins" / PLUGIN / "metadata.txt").is_file()
        assert b"[PythonPlugins]\r\nlandopt_toolbox=true\r\nother=true" in settings_of(home / name).read_bytes()
    _, again = call("qgis", "install")
    assert again.count("0 files written, 0 removed") == 2
    assert call("qgis", "uninstall")[0] == 0
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_what_somebody_changed_or_added_stays(tmp_path: Path) -> None:
    """An edited file is not replaced and not removed, a foreign one neither; both are told."""
    files = {"a.py": b"a1", "b.py": b"b1", "gone.py": b"g"}
    folder = tmp_path / "toolbox"
    put(folder, files)
    (folder / "b.py").write_bytes(b"mine")
    (folder / "mine.txt").write_bytes(b"mine too")
    done = put(folder, {"a.py": b"a2", "b.py": b"b2"})
    assert (done.written, done.kept, done.removed) == (("a.py",), ("b.py",), ("gone.py",))
    assert (folder / "b.py").read_bytes() == b"mine"
    done = take_away(folder)
    assert (done.kept, done.removed) == (("b.py",), ("a.py",))
    assert sorted(path.name for path in folder.iterdir()) == ["b.py", "mine.txt"]
    with pytest.raises(Refused):
        put(folder, files)  # without a record nothing in it is ours
    assert (folder / "b.py").read_bytes() == b"mine"


def test_a_record_names_nothing_outside(tmp_path: Path) -> None:
    """Whatever a record says, only files of the folder itself are touched."""
    (tmp_path / "outside").write_bytes(b"x")
    folder = tmp_path / "toolbox"
    put(folder, {"a.py": b"a"})
    sha = json.loads((folder / FILES).read_text())["a.py"]
    (tmp_path / "outside").write_bytes(b"a")
    (folder / FILES).write_text(json.dumps({"../outside": sha, str(tmp_path / "outside"): sha, "a.py": sha}))
    take_away(folder)
    assert (tmp_path / "outside").read_bytes() == b"a"


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"[x]\n", b"[x]\ny=1", b"[PythonPlugins]", b"[PythonPlugins]\n", b"[PythonPlugins]\na=true\n[z]\nq=1\n"),
        *(b"[z]\nlandopt_toolbox=7\n[PythonPlugins]\nb=false\n", "[z]\nn=规划\n".encode()),
    ],
)
def test_one_line_of_the_settings_is_ours(tmp_path: Path, text: bytes) -> None:
    """It comes and goes; every other line is there as before; switched off by hand stays off."""
    path = settings_of(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(text)
    path.chmod(0o600)
    assert switch_on(tmp_path)
    once = path.read_bytes()
    assert switch_on(tmp_path)
    assert path.read_bytes() == once
    assert path.stat().st_mode & 0o777 == 0o600
    assert [line for line in once.split(b"\n") if line not in (b"", b"[PythonPlugins]", b"landopt_toolbox=true")] == [
        line for line in text.split(b"\n") if line not in (b"", b"[PythonPlugins]")
    ]
    switch_off(tmp_path)
    rest = path.read_bytes()
    assert b"landopt_toolbox=true" not in rest
    path.write_bytes(once.replace(b"landopt_toolbox=true", b"landopt_toolbox=false"))
    assert not switch_on(tmp_path)


def test_where_profiles_are() -> None:
    """Per system, by its own settings."""
    assert homes({"HOME": "/h"}, "linux")[0] == Path("/h/.local/share/QGIS/QGIS3/profiles")
    assert homes({"HOME": "/h", "APPDATA": "/h/R"}, "win32")[0] == Path("/h/R/QGIS/QGIS3/profiles")
    assert "Application Support" in str(homes({"HOME": "/h"}, "darwin")[0])


def test_the_parts_run_in_the_python_of_the_map_program() -> None:
    """Python 3.9: nothing newer in their grammar, nothing of landopt imported, every text there is."""
    for files in (qgis_files(), arcgis_files()):
        said = json.loads(files["texts.json"])
        assert set(said["en"]) == set(said["zh"])
        for name, content in files.items():
            if name.endswith((".py", ".pyt")):
                tree = ast.parse(content.decode(), feature_version=(3, 9))
                wanted = {
                    str(getattr(node, "module", None) or node.names[0].name).split(".")[0]
                    for node in ast.walk(tree)
                    if isinstance(node, ast.Import | ast.ImportFrom)
                }
                assert not wanted & {"landopt", "parcels", "constraints"}, name
                for node in ast.walk(tree):  # texts that are named whole
                    if (
                        isinstance(node, ast.Call)
                        and getattr(node.func, "attr", getattr(node.func, "id", "")) == "text"
                    ):
                        first = node.args[0] if node.args else None
                        if isinstance(first, ast.Constant) and isinstance(first.value, str):
                            assert f"toolbox.{first.value}" in said["en"], (name, first.value)


def test_landopt_is_called_without_what_surrounds_it() -> None:
    """The libraries of QGIS are not those of landopt."""
    around = {"PATH": "/bin", "PYTHONHOME": "/q", "PYTHONPATH": "/q", "GDAL_DATA": "/q", "PROJ_LIB": "/q", "QT_X": "1"}
    found = process.environment({**around, "LD_LIBRARY_PATH": "/q", "HOME": "/h"}, {"path": ""})
    assert found == {"PATH": "/bin", "HOME": "/h", "PYTHONUTF8": "1"}
    assert process.environment(around, {"path": "/src"})["PYTHONPATH"] == "/src"


def test_an_answer_as_a_page_does_not_act() -> None:
    """Names come from anywhere."""
    assert "<script>" not in process.page("<script>", "<script>alert(1)</script>")
