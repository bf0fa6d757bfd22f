"""The entry point: makes sure that the packages next to it are landopt's own, then opens the desk."""

from __future__ import annotations

import sys
from collections import namedtuple
from importlib.util import find_spec
from pathlib import Path

_ROOMS = ("parcels", "constraints", "cli")


def strangers() -> list[tuple[str, str]]:
    """Rooms that resolve to another project's files: (name, where). Reads, never imports."""
    home = Path(__file__).resolve().parent.parent
    found = []
    for name in _ROOMS:
        spec = find_spec(name)
        origin = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if origin is None or not origin.is_relative_to(home):
            found.append((name, str(origin or "missing")))
    return found


def main() -> None:
    """Run the desk; exit 6 if a stranger stands in one of the rooms."""
    for name, where in strangers():
        sys.stderr.write(
            f"landopt: '{name}' ({where}) is not landopt's own.\n"
            f"Maybe another project named '{name}' shares this environment; give landopt one of its own.\n"
        )
        raise SystemExit(6)
    for stream in (sys.stdout, sys.stderr):
        # a Windows console may still speak GBK: never die of a character it cannot show
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace" if stream.encoding.lower() != "utf-8" else "strict")
    from cli import desk

    try:
        desk(prog_name="landopt")
    finally:
        # Python marks a Ctrl-C that leaves a text it evaluates (dataclasses do as a module is loaded) and at its end
        # dies of the signal even if we answered it with a code of ours; the next text evaluated takes the mark away
        namedtuple("Heard", ())  # noqa: PYI024 - its class is not wanted, its evaluated text is


if __name__ == "__main__":
    main()
