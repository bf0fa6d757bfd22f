"""The notebook of the examples: from a GeoDataFrame to a plan, a map and a why-not, run from top to bottom."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_notebook_runs_and_shows_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs; a cell shows the plan as a table and an inline map that loads nothing; a why-not is printed."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    book = nbformat.read(ROOT / "examples" / "first-plan.ipynb", as_version=4)
    nbformat.validate(book)
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    pages = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    maps = [page for page in pages if "<svg" in page]
    assert len(maps) == 1
    assert maps[0].count("<path ") == 7
    assert "src=" not in maps[0]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "REZ" in printed
    shown = [output["data"]["text/plain"] for output in outputs if "text/plain" in output.get("data", {})]
    assert any("True)" in text for text in shown)
    assert any("'forbidden'" in text for text in shown)
    assert list(tmp_path.iterdir()) == []


def test_the_notebook_is_kept_without_outputs() -> None:
    """What a run printed is made by the run: no output, no count, no path of a machine is kept."""
    book = nbformat.read(ROOT / "examples" / "first-plan.ipynb", as_version=4)
    assert [cell for cell in book.cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)] == []
    assert "/home/" not in str(book)
