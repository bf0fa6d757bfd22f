"""A plan folder with its reports, audited by a relative path as an officer types it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from landopt.keeping.whole_audit import whole_audit
from tests.report.making import call


def test_reports_are_as_written_when_the_folder_is_named_from_where_one_stands(
    solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of digests beside a folder of reports was told as foreign: the plan stood "as far as checked" only."""
    shutil.copytree(solved, tmp_path / "plan")
    monkeypatch.chdir(tmp_path)
    assert call(Path("plan"), "--xlsx").exit_code == 0
    report = whole_audit(Path("plan"))
    assert [str(each.said) for each in report.unchecked if each.what == "file"] == []
