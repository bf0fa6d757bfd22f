"""Where an install of the newest releases differs from the pins: without a difference the tests were run already.

``python -m tests.loose REPORT`` reads what ``pip install --dry-run --report`` would install (``make loose``) and ends
with 0 where that is what is pinned, else with 1 and a line for each package.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PINS = Path(__file__).parent.parent / "pins.txt"


def _plain(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def differing(report: Mapping[str, Any], pins: str) -> list[str]:
    """The packages that would come in another version than pinned, or that nothing pins; landopt itself is none."""
    lines = (line.strip().partition("==") for line in pins.splitlines())
    pinned = {_plain(name): version for name, _, version in lines}
    newest = {_plain(each["metadata"]["name"]): each["metadata"]["version"] for each in report["install"]}
    return [
        f"{name} {version} (pinned: {pinned.get(name, 'not at all')})"
        for name, version in sorted(newest.items())
        if name != "landopt" and pinned.get(name) != version
    ]


if __name__ == "__main__":
    found = differing(json.loads(Path(sys.argv[1]).read_text("utf-8")), PINS.read_text("utf-8"))
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(1 if found else 0)
