"""The toolboxes at work: in the QGIS of Debian, headless, and under a stand-in for arcpy; each calls a real landopt."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

import pytest

from landopt.toolboxes import process
from landopt.toolboxes.install import PLUGIN, arcgis_files, put, qgis_files, where
from tests.workbench.making import small_round

pytestmark = pytest.mark.slow
SYSTEM = "/usr/bin/python3"
QGIS = Path("/usr/lib/python3/dist-packages/qgis/core").exists()
needs_qgis = pytest.mark.skipif(not QGIS and not os.environ.get("CI"), reason="Debian's python3-qgis is not installed")
DRIVE = Path(__file__).parent / "drive_qgis.py"


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small round in a folder with a name as people give them."""
    folder = tmp_path_factory.mktemp("gis") / "轮次 2026"
    return small_round(folder)


@needs_qgis
def test_the_toolbox_in_qgis(rounds: Path, tmp_path: Path) -> None:
    """All six algorithms: a plan solved, shown with its colours and its layout, a clicked parcel asked about, audited,
    compared, reported; refusals in the words of landopt; a search that is cancelled ends; Chinese throughout."""
    plugins = tmp_path / "profile" / "python" / "plugins"
    put(plugins / PLUGIN, qgis_files())
    given = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}
    given |= {"PYTHONHOME": "", "GDAL_DATA": "/nowhere"}  # what a map program sets must not reach landopt
    done = subprocess.run(
        [SYSTEM, str(DRIVE), str(plugins), str(rounds), str(tmp_path / "map.png")],
        env={name: value for name, value in given.items() if value}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["algorithms"] == [
        f"landopt:{name}" for name in ("audit", "check", "compare", "report", "solve", "whynot")
    ]
    assert found["title"] == "求解轮次"
    assert found["check"] == {"REFUSED": False}
    assert json.loads((rounds / "plan" / "plan.json").read_text("utf-8"))["plan_id"] == found["plan_id"]
    assert ["方案宗地", True, "QgsCategorizedSymbolRenderer"] in found["layers"]
    assert len(found["layouts"]) == 2  # the user's own, and that of the plan
    assert found["layers_after"] == len(found["layers"])  # shown once, however often it is reported
    assert found["kept"] is True
    assert found["drawn"] > 0.02
    assert found["clicked"][0] == found["clicked"][1]
    assert found["outside"].startswith("该点处没有方案宗地")
    assert found["verdict"] == ["stands as far as checked", True]
    assert found["same"] is True
    assert "map.html" in found["reported"]
    assert "nope" in found["refused"]
    assert found["stopped"] is True
    assert found["provider_after"] is None


@needs_qgis
def test_qgis_process_finds_it_in_the_profile(rounds: Path, tmp_path: Path) -> None:
    """As it lies in a profile after ``landopt qgis install``: QGIS itself loads it."""
    runner = shutil.which("qgis_process.bin") or shutil.which("qgis_process")
    if runner is None and not os.environ.get("CI"):
        pytest.skip("Debian's package qgis is not installed")
    assert runner is not None
    (tmp_path / ".local" / "share" / "QGIS" / "QGIS3" / "profiles" / "default").mkdir(parents=True)
    home = {"HOME": str(tmp_path), "PYTHONPATH": where()["path"], "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "landopt", "qgis", "install", "--json"]
    subprocess.run(command, env=home, check=True, capture_output=True)
    given = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}
    command = [runner, "run", "landopt:check", "--", f"ROUND={rounds}"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=120)
    assert "REFUSED:\tfalse" in done.stdout, done.stdout[-2000:] + done.stderr[-2000:]


class Parameter:
    """A parameter as arcpy has them, as far as the toolbox uses it."""

    def __init__(self, **given: Any) -> None:
        assert set(given) == {"name", "displayName", "datatype", "parameterType", "direction", "multiValue"}
        assert given["parameterType"] in ("Required", "Optional", "Derived")
        self.__dict__.update(given)
        self.value: Any = None
        self.filter = types.SimpleNamespace(type=None, list=[])

    @property
    def values(self) -> list[Any] | None:
        """Of a parameter with many values."""
        return self.value if self.value is None or isinstance(self.value, list) else [self.value]

    @property
    def valueAsText(self) -> str | None:
        """As arcpy writes values."""
        if self.value is None:
            return None
        return (
            ";".join(map(str, self.value)) if isinstance(self.value, list) else str(self.value).replace("True", "true")
        )


class Messages:
    """What a tool says."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda text: self.lines.append((name, text))


@pytest.fixture
def arcpy(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A stand-in: only what the toolbox calls; another name is an error."""
    made: Any = types.ModuleType("arcpy")
    made.Parameter, made.ExecuteError = Parameter, type("ExecuteError", (Exception,), {})
    made.SetProgressor = made.SetProgressorLabel = lambda *said: None
    made.GetInstallInfo = lambda: {"Locale": "zh-CN"}
    made.env = types.SimpleNamespace(isCancelled=False, autoCancelling=True)
    monkeypatch.setitem(sys.modules, "arcpy", made)
    return made


def toolbox(folder: Path) -> Any:
    """The toolbox as ArcGIS loads it."""
    put(folder, arcgis_files())
    loader = importlib.machinery.SourceFileLoader("landopt_pyt", str(folder / "landopt.pyt"))
    spec = importlib.util.spec_from_loader("landopt_pyt", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def execute(tool: Any, **given: Any) -> tuple[dict[str, Any], Messages]:
    """Run a tool with some inputs; its outputs and what it said."""
    parameters, messages = tool.getParameterInfo(), Messages()
    names = [each.name for each in parameters]
    assert len(set(names)) == len(names)
    assert set(given) <= set(names)
    for each in parameters:
        each.value = given.get(each.name, each.value)
    tool.execute(parameters, messages)
    return {each.name: each.value for each in parameters if each.direction == "Output"}, messages


def test_the_toolbox_under_a_stand_in_for_arcpy(rounds: Path, tmp_path: Path, arcpy: Any) -> None:
    """Every tool makes its parameters and calls landopt; never run in ArcGIS itself."""
    module = toolbox(tmp_path / "arc")
    box = module.Toolbox()
    tools = {each.KEY: each() for each in box.tools}
    assert next(tool.label for tool in tools.values()) == "检查轮次"
    found, _ = execute(tools["solve"], round=str(rounds), plan=str(tmp_path / "plan"), gap="0.01")
    assert found["plan_id"] == json.loads((tmp_path / "plan" / "plan.json").read_text("utf-8"))["plan_id"]
    assert "main.parcels" in found["layers"]
    found, said = execute(tools["audit"], plan=str(tmp_path / "plan"))
    assert found["stands"] is True
    assert any("在已核对范围内成立" in line for _, line in said.lines)
    parcel = json.loads((tmp_path / "plan" / "plan.json").read_text("utf-8"))["assignments"][0]["parcel_ids"][0]
    found, _ = execute(tools["whynot"], plan=str(tmp_path / "plan"), parcel=parcel, method="auction")
    assert parcel in found["text"]
    found, _ = execute(tools["check"], round=str(tmp_path / "plan"))
    assert found["refused"] is True
    for wrong in ({"plan": str(tmp_path / "plan"), "parcel": "nope"}, {"plan": str(tmp_path / "plan")}):
        with pytest.raises(arcpy.ExecuteError):
            execute(tools["whynot"], **wrong)
    (tmp_path / "arc" / "where.json").write_text(json.dumps({"python": "/nowhere/python", "path": "", "version": "0"}))
    with pytest.raises(arcpy.ExecuteError, match="/nowhere/python"):
        execute(tools["check"], round=str(rounds))


def test_what_is_stopped_ends_with_all_it_started(
    rounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word first; what does not listen is ended by force, and its children with it."""
    (tmp_path / "where.json").write_text(json.dumps(where()))
    monkeypatch.setattr(process, "HERE", tmp_path)
    heard: list[str] = []
    done = process.run(["solve", str(rounds), "-o", str(tmp_path / "p")], heard.append, lambda: len(heard) > 0)
    assert done.stopped
    assert done.code in (0, 4, 7)  # the round is small: it may have been solved by then
    deaf = tmp_path / "landopt"
    deaf.mkdir()
    (deaf / "__init__.py").touch()
    (deaf / "__main__.py").write_text(
        "import signal, subprocess, sys, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "print(subprocess.Popen(['sleep', '600']).pid, file=sys.stderr, flush=True)\ntime.sleep(600)\n"
    )
    (tmp_path / "where.json").write_text(json.dumps({"python": sys.executable, "path": str(tmp_path), "version": "0"}))
    monkeypatch.setattr(process, "PATIENCE_S", 0.3)
    heard.clear()
    done = process.run([], heard.append, lambda: bool(heard))
    assert done.stopped
    assert done.code != 0
    for _ in range(100):
        if not Path(f"/proc/{heard[0]}").exists() or "Z" in Path(f"/proc/{heard[0]}/stat").read_text().split()[2]:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("a child goes on")
