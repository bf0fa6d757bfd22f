"""A format is one module: that of docs/how-to-add-a-format.md, in a copy of the packages, nothing else touched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.readme import ROOT

PAGE = ROOT / "docs" / "how-to-add-a-format.md"


def test_a_toy_format_is_read_packed_and_written(tmp_path: Path) -> None:
    """Plain, inside a zip, and as output."""
    for name in ("parcels", "constraints", "landopt"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cli.py", tmp_path)
    found = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    assert found is not None
    (tmp_path / "parcels" / "formats" / "kinds" / "toy.py").write_text(found[1], "utf-8")
    (tmp_path / "a.toy").write_text("A1;38455000;2510000;38455100;2510080\n", "utf-8")
    shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path, "a.toy")
    for source, target in (("a.toy", "b.gpkg"), ("b.gpkg", "c.toy"), ("a.zip", "d.geojson")):
        done = subprocess.run(
            [sys.executable, "-m", "landopt", "convert", source, target],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "c.toy").read_text("utf-8") == "A1;38455000.0;2510000.0;38455100.0;2510080.0\n"
