"""What pages print is what the commands print: blocks marked ``<!-- output N: command -->`` hold the first N lines.

``python -m tests.readme --write`` refreshes them; ``tests/test_docs.py`` refuses stale ones.
"""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from click.testing import CliRunner

from cli import desk

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"<!-- output (\d+): (.+?) -->\n```\n(.*?)```\n", re.S)
MORE = "…"


def output(command: str, folder: Path) -> str:
    """What a README command prints, run in a folder that holds ``examples``."""
    words = [
        str(folder / word) if word.startswith("examples/") else word
        for word in shlex.split(command.removeprefix("landopt "))
    ]
    done = CliRunner().invoke(desk, words, prog_name="landopt")
    if done.exit_code != 0:
        raise RuntimeError(f"{command}: exit {done.exit_code}\n{done.output}")
    return done.stdout.replace(str(folder) + "/", "")


def fresh(text: str) -> str:
    """README with every block as the commands print it now, run in their order."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("plan"))

        def block(found: re.Match[str]) -> str:
            count, command = int(found.group(1)), found.group(2)
            lines = output(command, folder).rstrip().splitlines()
            shown = [*lines[:count], MORE] if len(lines) > count else lines
            return f"<!-- output {count}: {command} -->\n```\n" + "\n".join(shown) + "\n```\n"

        return BLOCK.sub(block, text)


PAGES = ("README.md", "docs/planner.md")
"""The pages that have such blocks."""


def main() -> None:
    """Refresh the pages with ``--write``, else say whether they are current."""
    stale = []
    for name in PAGES:
        path = ROOT / name
        before = path.read_text(encoding="utf-8")
        after = fresh(before)
        if "--write" in sys.argv:
            path.write_text(after, encoding="utf-8")
        elif before != after:
            stale.append(name)
    if stale:
        sys.stderr.write(f"{', '.join(stale)}: not current\nMaybe python -m tests.readme --write\n")
        raise SystemExit(1)


if __name__ == "__main__":
    main()
