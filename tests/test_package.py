"""The package as a whole: light start, no stranger in a room, nothing that only POSIX has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.workbench.making import small_round

ROOT = Path(__file__).parent.parent
HEAVY = ("numpy", "pandas", "geopandas", "pulp", "shapely", "networkx", "highspy")


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code from the checkout."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["sovle"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    """The desk opens without numpy, pandas, geopandas or pulp."""
    code = f"""
import sys
from cli import desk
try:
    desk({arguments!r}, standalone_mode=False)
except Exception:
    pass
sys.exit(",".join(m for m in {HEAVY!r} if m in sys.modules) or 0)
"""
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_completion_imports_nothing_heavy() -> None:
    """Shell completion of commands costs no heavy import."""
    code = f"""
import os, sys
os.environ.update(COMP_WORDS="landopt so", COMP_CWORD="1")
from click.shell_completion import BashComplete
from cli import desk
words = [item.value for item in BashComplete(desk, {{}}, "landopt", "_LANDOPT_COMPLETE").get_completions([], "so")]
assert words == ["solve"], words
sys.exit(",".join(m for m in {HEAVY!r} if m in sys.modules) or 0)
"""
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_a_solve_imports_the_solver_where_it_solves_alone(tmp_path: Path) -> None:
    """The process that reads, explains and audits has neither highspy nor pulp: the other one searches."""
    small_round(tmp_path / "round")
    code = f"""
import sys
from cli import desk
desk(["solve", {str(tmp_path / "round")!r}, "--output", {str(tmp_path / "plan")!r}], standalone_mode=False)
sys.exit(",".join(m for m in ("highspy", "pulp") if m in sys.modules) or 0)
"""
    done = run(code)
    assert done.returncode == 0, done.stderr


def test_every_module_imports_without_posix_modules() -> None:
    """Every module imports where fcntl, resource, pwd, grp, termios do not exist and fork is missing, as on Windows."""
    code = """
import builtins, importlib, os, pathlib, signal, sys
blocked = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"}
for name in blocked: sys.modules.pop(name, None)
real = builtins.__import__
own = ("parcels", "constraints", "landopt", "cli")
def guarded(name, globals=None, locals=None, fromlist=(), level=0):
    asker = (globals or {}).get("__name__", "")
    if name.split(".")[0] in blocked and asker.split(".")[0] in own:
        raise ImportError(name + " is not on Windows: " + asker)
    return real(name, globals, locals, fromlist, level)
builtins.__import__ = guarded
for name in ("fork", "killpg", "getpgid", "setsid", "getuid"):
    if hasattr(os, name): delattr(os, name)
for name in ("SIGKILL", "SIGALRM", "SIGUSR1", "SIGHUP", "alarm", "setitimer"):
    if hasattr(signal, name): delattr(signal, name)
count = 0
for room in ("parcels", "constraints", "landopt"):
    for path in sorted(pathlib.Path(room).rglob("*.py")):
        parts = path.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name.endswith("__main__") or "qgis_plugin" in parts: continue  # the last run in the Python of QGIS
        importlib.import_module(name); count += 1
importlib.import_module("cli")
print(count)
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30


def test_an_unknown_command_names_the_nearest() -> None:
    """A typing error in a command gets the nearest command and exit 2."""
    done = subprocess.run(
        [sys.executable, "-m", "landopt", "sovle"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Maybe you meant 'solve'." in done.stderr


def test_no_lock_file_names_an_index() -> None:
    """Pins carry versions alone: no index address, no machine path."""
    pins = (ROOT / "pins.txt").read_text(encoding="utf-8")
    assert "://" not in pins
    assert " @ " not in pins
    assert all("==" in line for line in pins.splitlines() if line.strip())


def test_files_stay_readable() -> None:
    """No source file passes 400 lines."""
    long = [
        f"{path.relative_to(ROOT)}: {count}"
        for room in ("parcels", "constraints", "landopt", "tests", "benchmarks")
        for path in (ROOT / room).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    ]
    assert not long
