"""The Windows setup: what it needs is complete, its folder is laid out, its uninstaller takes away what it wrote."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent.parent
ALL = """
import importlib, json, pkgutil, sys
import cli, constraints, landopt, parcels
for package in (constraints, landopt, parcels):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__") and ".qgis_plugin." not in found.name:  # lives in QGIS's own Python
            importlib.import_module(found.name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
"""Imports every module there is, and says which packages that drew in."""


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"installer_{name}", ROOT / "installer" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


wheelhouse, staging = _script("wheelhouse"), _script("stage")


def _wheel(folder: Path, name: str, version: str, needs: tuple[str, ...] = (), tag: str = "py3-none-any") -> Path:
    """A wheel of one module that states what it needs."""
    path = folder / f"{name.replace('-', '_')}-{version}-{tag}.whl"
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name.replace('-', '_')}/__init__.py", f"VERSION = {version!r}\n")
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\n" + "\n".join(lines) + "\n")
        archive.writestr(f"{path.stem}.data/scripts/{name}", "#!python\n")
    return path


def _embedded(folder: Path, *, without: str = "") -> Path:
    path = folder / "python-3.13.1-embed-amd64.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("python.exe", "pythonw.exe", "python313.dll", "python313.zip", "python313._pth"):
            if name != without:
                archive.writestr(name, b"MZ")
    return path


def test_what_only_windows_needs_is_gathered(tmp_path: Path) -> None:
    """Markers are asked of the target, extras are followed, a wheel is taken once."""
    first = _wheel(
        tmp_path,
        "app",
        "1.0",
        ('tz; sys_platform == "win32"', 'forks; os_name == "posix"', "lib[fast]>=2", 'extra-thing; extra == "all"'),
    )
    made = {
        "tz": _wheel(tmp_path, "tz", "2026.1"),
        "lib": _wheel(tmp_path, "lib", "2.0", ('speed; extra == "fast"', 'slow; extra == "slow"')),
        "speed": _wheel(tmp_path, "speed", "3.0", ("lib",)),
        "extra-thing": _wheel(tmp_path, "extra-thing", "4.0"),
    }
    pins = {"tz": "2026.1", "lib": "2.0", "speed": "3.0", "extra-thing": "4.0"}
    found = wheelhouse.gather(first, ["all"], pins, "windows", "3.13", lambda name, version: made[name])
    assert [path.name.partition("-")[0] for path in found] == ["app", "extra_thing", "lib", "speed", "tz"]
    with pytest.raises(LookupError, match="lib is needed on windows"):
        wheelhouse.gather(first, [], {"tz": "2026.1"}, "windows", "3.13", lambda name, version: made[name])


def test_the_wheels_of_a_setup_are_all_that_the_product_imports(tmp_path: Path) -> None:
    """Every distribution that importing all of landopt draws in is gathered for Windows, at the version of pins.txt."""
    pins = wheelhouse.pinned((ROOT / "pins.txt").read_text(encoding="utf-8"))

    def fetch(name: str, version: str) -> Path:
        try:
            here = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            return _wheel(tmp_path, name, version)  # needed on Windows only
        assert here.version == version, name
        return _wheel(tmp_path, name, version, tuple(here.requires or ()))

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = list(project["dependencies"])
    for extra, wanted in project["optional-dependencies"].items():
        needs += [f"{each}; extra == '{extra}'" for each in wanted]
    first = _wheel(tmp_path, "landopt", "1.0", tuple(needs))

    def gathered(extras: list[str]) -> set[str]:
        found = wheelhouse.gather(first, extras, pins, "windows", "3.13", fetch)
        return {canonicalize_name(path.name.partition("-")[0]) for path in found}

    names, left_out = gathered(["all"]), gathered(["cluster", "solvers"])
    assert "tzdata" in names
    done = subprocess.run([sys.executable, "-c", ALL], cwd=ROOT, capture_output=True, text=True, check=True)
    at_home = importlib.metadata.packages_distributions()
    drawn = {canonicalize_name(each) for top in json.loads(done.stdout) for each in at_home.get(top, ())}
    assert len(drawn) > 8
    assert drawn - names - left_out - {"landopt"} == set()


@pytest.mark.parametrize(
    ("tag", "good"),
    [
        ("py3-none-any", True),
        ("cp313-cp313-win_amd64", True),
        ("cp311-abi3-win_amd64", True),
        ("py3-none-win_amd64", True),
        ("cp312-cp312-win_amd64", False),
        ("cp314-abi3-win_amd64", False),
        ("cp313-cp313-manylinux_2_28_x86_64", False),
        ("cp313-cp313-win32", False),
    ],
)
def test_a_wheel_for_another_machine_is_refused(tag: str, good: bool, tmp_path: Path) -> None:
    """A wheel of another system, of another Python, of 32 bits."""
    assert staging.fits(f"thing-1.0-{tag}.whl", "313") is good
    if not good:
        with pytest.raises(ValueError, match="not for Python 313"):
            staging.stage(_embedded(tmp_path), [_wheel(tmp_path, "thing", "1.0", tag=tag)], tmp_path / "out")


def test_the_folder_is_laid_out_and_its_modules_are_found(tmp_path: Path) -> None:
    """``python``, ``lib``, starters, the example; a Python that sees ``lib`` alone imports what was unpacked."""
    folder = tmp_path / "out"
    wheels = [_wheel(tmp_path, "one-thing", "1.0"), _wheel(tmp_path, "two", "2.0", tag="cp313-cp313-win_amd64")]
    assert staging.stage(_embedded(tmp_path), wheels, folder) == "313"
    assert (folder / "python" / "python313._pth").read_bytes() == b"python313.zip\r\n.\r\n..\\lib\r\n"
    assert (folder / "examples" / "nansha" / "round.toml").is_file()
    assert b"\r\n" in (folder / "landopt.cmd").read_bytes()
    assert not [path for path in folder.rglob("*") if ".data" in path.name or path.name.startswith("plan-")]
    code = f"import sys; sys.path.insert(0, {str(folder / 'lib')!r}); import one_thing, two; print(two.VERSION)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2.0\n"


@pytest.mark.parametrize("without", ["pythonw.exe", "python313._pth"])
def test_another_archive_than_the_embeddable_package_is_refused(without: str, tmp_path: Path) -> None:
    """Told by what it lacks."""
    with pytest.raises(ValueError, match="no embeddable Python"):
        staging.stage(_embedded(tmp_path, without=without), [], tmp_path / "out")


@pytest.mark.parametrize("name", ["../evil.py", "/evil.py", "a/../../evil.py", "C:evil.py", "..\\evil.py"])
def test_no_archive_writes_outside_its_folder(name: str, tmp_path: Path) -> None:
    """A member that leads out stops the build."""
    wheel = _wheel(tmp_path, "thing", "1.0")
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(name, "")
    with pytest.raises(ValueError, match="leads out of its archive"):
        staging.stage(_embedded(tmp_path), [wheel], tmp_path / "out")


def test_the_uninstaller_takes_away_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    """Every file of the setup by name; folders only where they are empty; compiled modules with their sources."""
    folder = tmp_path / "out"
    staging.stage(_embedded(tmp_path), [_wheel(tmp_path, "thing", "1.0")], folder)
    lines = staging.removal(folder).splitlines()
    gone = {line[len('Delete "$INSTDIR\\') : -1] for line in lines if line.startswith("Delete ")}
    assert gone == {"\\".join(p.relative_to(folder).parts) for p in folder.rglob("*") if p.is_file()}
    recursive = [line for line in lines if line.startswith("RMDir /r")]
    assert recursive == ['RMDir /r "$INSTDIR\\lib\\thing\\__pycache__"']
    folders = [line[len('RMDir "$INSTDIR\\') : -1] for line in lines if line.startswith('RMDir "')]
    assert folders.index("lib\\thing") < folders.index("lib")


def test_the_script_asks_for_no_administrator(tmp_path: Path) -> None:
    """Per user in every line: level, folder, registry, menu; no dollar of the template is left."""
    folder = tmp_path / "out"
    staging.stage(_embedded(tmp_path), [_wheel(tmp_path, "thing", "1.0")], folder)
    text = staging.script(folder, "1.2.3", tmp_path / "setup.exe")
    assert "RequestExecutionLevel user" in text
    assert "$LOCALAPPDATA\\Programs\\landopt" in text
    assert not re.search(r"HKLM|\$PROGRAMFILES|SetShellVarContext all", text)
    assert "$$" not in text
    assert 'DisplayVersion" "1.2.3"' in text


@pytest.mark.skipif(
    shutil.which("makensis") is None and "CI" not in os.environ, reason="makensis is not installed (Debian: nsis)"
)
def test_makensis_builds_it(tmp_path: Path) -> None:
    """The whole way from an embeddable package and a wheelhouse to a setup."""
    house = tmp_path / "house"
    house.mkdir()
    wheel = _wheel(house, "thing", "1.0")
    (house / "wheels-windows.txt").write_text(f"{wheel.name}\n", "utf-8")
    words = ["--python", str(_embedded(tmp_path)), "--wheels", str(house), "--out", str(tmp_path / "made")]
    assert staging.main(words) == 0
    setup = next((tmp_path / "made").glob("landopt-*-py313-setup.exe"))
    assert setup.read_bytes()[:2] == b"MZ"
    assert staging.main([*words[:1], str(wheel), *words[2:]]) == 1
