"""All wheels that landopt needs on another machine, at the versions of ``pins.txt``, for the platform of that machine.

``pip download --platform`` asks each requirement's marker of the machine it runs on: on Linux it leaves out what only
Windows needs (``colorama``, ``tzdata``). So the requirements are followed here, their markers asked of the target.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

WINDOWS: Mapping[str, str] = {
    "os_name": "nt",
    "sys_platform": "win32",
    "platform_system": "Windows",
    "platform_machine": "AMD64",
    "platform_release": "10",
    "platform_version": "",
}
"""What the markers of a requirement are asked of on a Windows desktop."""
TARGETS: Mapping[str, tuple[str | None, Mapping[str, str]]] = {
    "host": (None, {}),
    "windows": ("win_amd64", WINDOWS),
}
"""Targets by name: the platform tag (``None``: this machine) and what differs in the environment of markers."""
Fetch = Callable[[str, str], Path]


def pinned(text: str) -> dict[str, str]:
    """Versions by normalized name, from the text of ``pins.txt``."""
    pairs = (line.split("==") for line in text.splitlines() if "==" in line and not line.startswith("#"))
    return {canonicalize_name(name.strip()): version.strip() for name, version in pairs}


def metadata(wheel: Path) -> list[Requirement]:
    """The requirements a wheel states.

    Raises
    ------
    ValueError
        If the archive is no wheel.
    """
    with zipfile.ZipFile(wheel) as archive:
        name = next((each for each in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", each)), None)
        if name is None:
            raise ValueError(f"{wheel.name} has no METADATA")
        head = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    return [Requirement(text) for text in head.get_all("Requires-Dist") or ()]


def gather(
    first: Path, extras: Iterable[str], pins: Mapping[str, str], target: str, python: str, fetch: Fetch
) -> list[Path]:
    """The wheels of a project and of all it needs, each once, in the order of their names.

    Parameters
    ----------
    first
        The wheel of the project.
    extras
        Its extras that are wanted.
    pins
        Versions by normalized name.
    target
        ``host`` or ``windows``.
    python
        The Python of the target (``3.13``).
    fetch
        From (name, version) to the wheel, found or downloaded.

    Raises
    ------
    LookupError
        If something that is needed has no version in ``pins``.
    """
    around: dict[str, Any] = {
        **default_environment(),
        **TARGETS[target][1],
        "python_version": python,
        "python_full_version": f"{python}.0",
    }
    found: dict[str, Path] = {canonicalize_name(parse_wheel_filename(first.name)[0]): first}
    open_: list[tuple[Path, frozenset[str]]] = [(first, frozenset(extras))]
    done: set[tuple[Path, frozenset[str]]] = set()
    while open_:
        wheel, wanted = open_.pop()
        if (wheel, wanted) in done:
            continue
        done.add((wheel, wanted))
        for need in metadata(wheel):
            if need.marker and not any(need.marker.evaluate({**around, "extra": extra}) for extra in (wanted or {""})):
                continue
            name = canonicalize_name(need.name)
            if name not in found:
                if name not in pins:
                    raise LookupError(f"{need.name} is needed on {target} and has no version in pins.txt")
                found[name] = fetch(name, pins[name])
            open_.append((found[name], frozenset(need.extras)))
    return [found[name] for name in sorted(found)]


def downloader(folder: Path, target: str, python: str) -> Fetch:
    """Fetches wheels into a folder with pip; one that is there already is taken as it is."""
    tag = TARGETS[target][0]
    where = [] if tag is None else ["--platform", tag, "--python-version", python, "--implementation", "cp"]

    def fetch(name: str, version: str) -> Path:
        before = _there(folder, name, version)
        if before is not None:
            return before
        call = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        call += ["--only-binary=:all:", *where, "--dest", str(folder), f"{name}=={version}"]
        subprocess.run(call, check=True)
        made = _there(folder, name, version)
        if made is None:
            raise LookupError(f"pip brought no wheel of {name} {version}")
        return made

    return fetch


def _there(folder: Path, name: str, version: str) -> Path | None:
    for path in sorted(folder.glob("*.whl")):
        own, number, _, _ = parse_wheel_filename(path.name)
        if canonicalize_name(own) == name and str(number) == version:
            return path
    return None


def main(arguments: list[str] | None = None) -> int:
    """Fill a wheelhouse; 0 where it is complete."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="the wheel of landopt")
    parser.add_argument("--target", choices=sorted(TARGETS), default="host")
    parser.add_argument("--python", default=f"{sys.version_info[0]}.{sys.version_info[1]}")
    parser.add_argument("--pins", type=Path, default=Path("pins.txt"))
    parser.add_argument("--extras", default="all")
    parser.add_argument("--dest", type=Path, default=Path(".wheelhouse"))
    given = parser.parse_args(arguments)
    given.dest.mkdir(parents=True, exist_ok=True)
    pins = pinned(given.pins.read_text(encoding="utf-8"))
    fetch = downloader(given.dest, given.target, given.python)
    wheels = gather(given.wheel, given.extras.split(","), pins, given.target, given.python, fetch)
    own = given.dest / given.wheel.name
    if own.resolve() != given.wheel.resolve():
        own.write_bytes(given.wheel.read_bytes())
    listed = "".join(f"{wheel.name}\n" for wheel in wheels)
    (given.dest / f"wheels-{given.target}.txt").write_text(listed, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{given.dest}: {len(wheels)} wheels for {given.target}, Python {given.python}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
