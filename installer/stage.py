"""The folder that becomes a Windows setup, and the NSIS script that makes it one.

``python/`` is python.org's embeddable package, ``lib/`` the unpacked wheels, beside them the starters and the example
round. Everything is per user: no administrator, no registry beyond the entry of the uninstaller. The uninstaller takes
away what the setup wrote, file by file; a folder in which somebody has put something of his own stays.
"""

from __future__ import annotations

import argparse
import re
import shutil
import string
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent
ROOT = HERE.parent
NEEDED = ("python.exe", "pythonw.exe")
"""What an embeddable package has at its top, beside ``python3xx._pth``."""


def safe(name: str) -> PurePosixPath:
    """A member's path inside its archive.

    Raises
    ------
    ValueError
        If it leads out of the folder it is unpacked into.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise ValueError(f"{name!r} leads out of its archive")
    return path


def unpack(archive: zipfile.ZipFile, into: Path, names: Iterable[tuple[str, PurePosixPath]]) -> None:
    """Write members of an archive to their places below a folder."""
    for name, place in names:
        target = into / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)


def unpack_python(embedded: Path, into: Path) -> str:
    """Unpack python.org's embeddable package and let it see ``lib``; returns its version as wheels name it (``313``).

    Raises
    ------
    ValueError
        If it is not such a package.
    """
    with zipfile.ZipFile(embedded) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        paths = [name for name in names if re.fullmatch(r"python3\d+\._pth", name)]
        missing = [name for name in NEEDED if name not in names] + ([] if len(paths) == 1 else ["python3xx._pth"])
        if missing:
            raise ValueError(f"{embedded.name} is no embeddable Python for Windows: {', '.join(missing)} not in it")
        unpack(archive, into, ((name, safe(name)) for name in names))
    version = re.sub(r"\D", "", paths[0])
    (into / paths[0]).write_text(f"python{version}.zip\n.\n..\\lib\n", encoding="utf-8", newline="\r\n")
    return version


def fits(wheel: str, version: str) -> bool:
    """Whether a wheel's tags are those of a 64-bit Windows Python (``313``), or of any."""
    python, abi, platform = wheel.removesuffix(".whl").split("-")[-3:]
    if platform not in ("any", "win_amd64"):
        return False
    if abi == "abi3":
        return any(int(tag[3:]) <= int(version[1:]) for tag in python.split(".") if tag.startswith("cp3"))
    return abi == "none" or f"cp{version}" in python.split(".")


def unpack_wheel(wheel: Path, into: Path) -> None:
    """Unpack a wheel as pip would for ``--target``, without the scripts, which are made for another machine."""
    with zipfile.ZipFile(wheel) as archive:
        places = []
        for name in (each for each in archive.namelist() if not each.endswith("/")):
            path = safe(name)
            if path.parts[0].endswith(".data"):
                if path.parts[1] not in ("purelib", "platlib"):
                    continue
                path = PurePosixPath(*path.parts[2:])
            places.append((name, path))
        unpack(archive, into, places)


def stage(embedded: Path, wheels: Sequence[Path], into: Path) -> str:
    """Fill the folder of a setup; returns the version of its Python.

    Raises
    ------
    ValueError
        If a wheel is not for this Python, or an archive is none.
    """
    if into.exists():
        shutil.rmtree(into)
    version = unpack_python(embedded, into / "python")
    wrong = [wheel.name for wheel in wheels if not fits(wheel.name, version)]
    if wrong:
        raise ValueError(f"not for Python {version} on 64-bit Windows: {', '.join(wrong)}")
    for wheel in wheels:
        unpack_wheel(wheel, into / "lib")
    for starter in sorted((HERE / "starters").iterdir()):
        text = starter.read_text(encoding="utf-8").replace("\r\n", "\n")
        (into / starter.name).write_text(text, encoding="utf-8", newline="\r\n")
    shutil.copytree(ROOT / "examples" / "nansha", into / "examples" / "nansha", ignore=shutil.ignore_patterns("plan*"))
    shutil.copy(ROOT / "THIRD_PARTY.md", into)
    return version


def removal(folder: Path) -> str:
    """What the uninstaller does, in NSIS: each file, what Python compiled beside it, and each folder that is empty."""
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    compiled = sorted({path.parent for path in files if path.suffix == ".py"})
    folders = sorted({parent for path in files for parent in path.parents if parent.parts}, key=lambda p: -len(p.parts))
    lines = [f'Delete "$INSTDIR\\{_windows(path)}"' for path in files]
    lines += [f'RMDir /r "$INSTDIR\\{_windows(path / "__pycache__")}"' for path in compiled]
    lines += [f'RMDir "$INSTDIR\\{_windows(path)}"' for path in folders]
    return "\n".join(lines) + "\n"


def _windows(path: Path) -> str:
    return "\\".join(path.parts).replace("$", "$$")


def script(folder: Path, version: str, setup: Path) -> str:
    """The NSIS script of a setup for a staged folder."""
    megabytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // 1024
    known = {"version": version, "stage": folder.resolve(), "out": setup.resolve(), "kilobytes": megabytes}
    known["removal"] = removal(folder)
    return string.Template((HERE / "setup.nsi").read_text(encoding="utf-8")).substitute(known)


def own_version() -> str:
    """The version of landopt, from its source."""
    found = re.search(r'^__version__ = "([^"]+)"', (ROOT / "landopt" / "__init__.py").read_text("utf-8"), re.M)
    if found is None:
        raise ValueError("landopt/__init__.py states no version")
    return found[1]


def main(arguments: list[str] | None = None) -> int:
    """Stage a setup and build it with makensis; 0 where the setup was written."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", type=Path, required=True, help="python-3.xx-embed-amd64.zip from python.org")
    parser.add_argument("--wheels", type=Path, default=Path(".wheelhouse"), help="a wheelhouse made for windows")
    parser.add_argument("--out", type=Path, default=Path("build/installer"))
    given = parser.parse_args(arguments)
    listed = (given.wheels / "wheels-windows.txt").read_text(encoding="utf-8").split()
    folder = given.out / "landopt"
    try:
        python = stage(given.python, [given.wheels / name for name in listed], folder)
    except (ValueError, OSError, zipfile.BadZipFile) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    setup = given.out / f"landopt-{own_version()}-py{python}-setup.exe"
    made = given.out / "setup.nsi"
    made.write_text("\ufeff" + script(folder, own_version(), setup), encoding="utf-8")
    makensis = shutil.which("makensis")
    if makensis is None:
        sys.stderr.write(f"{made} is written; makensis is not installed (Debian: apt-get install nsis)\n")
        return 1
    subprocess.run([makensis, "-V2", "-INPUTCHARSET", "UTF8", str(made)], check=True)
    sys.stdout.write(f"{setup}: {setup.stat().st_size / 1e6:.0f} MB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
