"""A pytest plugin: which test runs which line, how long each test takes, and which fail before anything is changed.

Each line is heard once a test (``sys.monitoring``), so that tests run about as fast as without. The lines of a test's
call and of the fixtures of it alone are the test's; those of a fixture that several tests share are the file's, for any
test of the file may be the one that looks at its value.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

TOOL = sys.monitoring.COVERAGE_ID
_TREE = f"{Path(__file__).parents[2]}{os.sep}"
_ROOMS = tuple(f"{_TREE}{room}{os.sep}" for room in ("constraints", "landopt", "parcels"))
_SEEN: dict[str, dict[str, Any]] = {}
_LINES: dict[str, set[tuple[str, int]]] = {"": set()}
_NOW = [""]


def _line(code: CodeType, line: int) -> Any:
    if code.co_filename.startswith(_ROOMS):
        _LINES[_NOW[-1]].add((code.co_filename, line))
    return sys.monitoring.DISABLE


def pytest_sessionstart() -> None:
    """Begin to listen."""
    sys.monitoring.use_tool_id(TOOL, "mutation")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, _line)
    sys.monitoring.set_events(TOOL, sys.monitoring.events.LINE)


def _enter(context: str) -> None:
    _LINES.setdefault(context, set())
    _NOW.append(context)
    sys.monitoring.restart_events()


def _leave() -> None:
    _NOW.pop()
    sys.monitoring.restart_events()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[Any]:
    """A shared fixture's lines are the file's, those of one test's own fixture the test's."""
    own = fixturedef.scope == "function"
    _enter(request.node.nodeid if own else os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0])
    try:
        return (yield)
    finally:
        _leave()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[Any]:
    """The lines of a test's call are the test's."""
    _enter(item.nodeid)
    try:
        return (yield)
    finally:
        _leave()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Processor seconds of a test with its fixtures and what it starts: a busy machine changes little in them."""
    before = sum(os.times()[:4])
    try:
        return (yield)
    finally:
        _seen(item.nodeid)["seconds"] = sum(os.times()[:4]) - before


def _seen(node: str) -> dict[str, Any]:
    return _SEEN.setdefault(node, {"seconds": 0.0, "passed": True})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Whether all of a test passed."""
    _seen(report.nodeid)["passed"] &= report.outcome == "passed"


def pytest_sessionfinish() -> None:
    """Keep what was seen where the caller asked for it."""
    sys.monitoring.set_events(TOOL, 0)
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.LINE, None)
    sys.monitoring.free_tool_id(TOOL)
    lines: dict[str, dict[str, list[int]]] = {}
    for context, found in _LINES.items():
        of = lines.setdefault(context, {})
        for path, line in sorted(found):
            of.setdefault(path.removeprefix(_TREE).replace(os.sep, "/"), []).append(line)
    Path(os.environ["MUTATION_SEEN"]).write_text(json.dumps({"tests": _SEEN, "lines": lines}), encoding="utf-8")
