"""Every entry of docs/api.md has an example, and every example gives what it shows."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import landopt as lo
from landopt.desk.docs import door_page
from tests.door.conftest import Decided
from tests.door.test_door import _land, _wants


def _examples() -> Iterator[tuple[str, str]]:
    for name, entry in door_page.documented():
        if not (inspect.isclass(entry) and issubclass(entry, Exception)):
            yield name, door_page.sections(door_page.unwrapped(entry).__doc__ or "").get("Examples", "")


def test_every_entry_has_an_example() -> None:
    """Functions, values and their methods and properties each show one use, with what it gives."""
    found = list(_examples())
    assert len(found) > 40
    assert [name for name, text in found if ">>>" not in text or not text.splitlines()[-1].strip()] == []


LONG = ("Plan.limits_by_worth", "Plan.alternatives", "Plan.stress", "Round.sweep", "Round.tradeoff")
"""Solves the round many times over."""


@pytest.mark.slow
@pytest.mark.parametrize("long", [False, True])
def test_examples_give_what_they_show(
    decided: Decided, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, long: bool
) -> None:
    """All of them, top to bottom, as a reader would run them beside ``my-round`` and ``plan``."""
    for name in ("my-round", "plan"):
        (tmp_path / name).symlink_to(decided.folder / name)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {
        "lo": lo,
        "np": np,
        "rnd": decided.rnd,
        "plan": decided.plan,
        "served": decided.served,
        "gdf": _land(),
        "df": _wants(),
    }
    runner = doctest.DocTestRunner()
    told: list[str] = []
    for name, text in _examples():
        if (name in LONG) != long:
            continue
        test = doctest.DocTestParser().get_doctest(text, {**names}, name, None, 0)
        runner.run(test, out=told.append, clear_globs=False)
        if name not in ("Round", "Round.solve", "read", "open_plan", "Plan"):
            names.update(test.globs)
    assert told == []
    assert runner.tries > (0 if long else 60)
