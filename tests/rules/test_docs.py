"""The made pages of docs/: one entry writes them all and names those that are not current."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from landopt.desk.docs.pages import FOLDER, docs, pages, stale


def test_every_made_page_of_the_repository_is_current() -> None:
    """What `make docs` would write is what stands in docs/."""
    assert stale(FOLDER) == {}
    assert {"fields.md", "rule-format.md", "rules.md", "rules-coverage.md", "errors.md", "api.md"} < set(pages())


def test_a_page_that_is_not_current_is_named_and_then_written(tmp_path: Path) -> None:
    """Without --write nothing changes and the exit code is 1; with it the pages are as they should be."""
    for name, text in pages().items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="\n")
    (tmp_path / "rules.md").write_text("old", encoding="utf-8")
    (tmp_path / "errors.md").unlink()
    refused = CliRunner().invoke(docs, ["--folder", str(tmp_path)])
    assert refused.exit_code == 1
    assert "not current: rules.md" in refused.output
    assert "not current: errors.md" in refused.output
    assert (tmp_path / "rules.md").read_text(encoding="utf-8") == "old"
    assert CliRunner().invoke(docs, ["--write", "--folder", str(tmp_path)]).exit_code == 0
    assert CliRunner().invoke(docs, ["--folder", str(tmp_path)]).exit_code == 0
