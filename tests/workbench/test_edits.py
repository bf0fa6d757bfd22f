"""The history of a scenario: append-only, undo and redo as steps, versions, torn lines; held against a plain model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landopt.workbench import edits
from landopt.workbench.edits import FILE, add, read, step_of
from landopt.workbench.guards import Refusal

BY = {"by": "officer-2", "reason": "minutes 12"}
SET = {"do": "set", "rule": "round.cap", "what": "amount", "value": "25"}


def grown(folder: Path, *given: dict[str, Any]) -> edits.History:
    """A history with some steps."""
    for each in given:
        add(folder, step_of(each), read(folder).count)
    return read(folder)


def test_a_step_is_a_line_with_who_and_why(tmp_path: Path) -> None:
    """Name, account, machine, time, reason."""
    grown(tmp_path, {"do": "fix", "site": "P2+P1", "method": "listing", "demand": "D1", **BY})
    line = json.loads((tmp_path / FILE).read_text("utf-8"))
    assert (line["seq"], line["site"], line["by"], line["reason"]) == (1, "P1+P2", "officer-2", "minutes 12")
    assert {"at", "account", "machine"} <= set(line)


def test_undo_and_redo_take_nothing_out_of_the_file(tmp_path: Path) -> None:
    """Four steps in the file, one that counts."""
    found = grown(tmp_path, SET, {**SET, "value": "26"}, {"do": "undo"}, {"do": "undo"}, {"do": "redo"})
    assert found.now.sets == {"round.cap:amount": "25"}
    assert len((tmp_path / FILE).read_text("utf-8").splitlines()) == 5
    with pytest.raises(Refusal, match="V001"):
        grown(tmp_path, {"do": "undo"}, {"do": "undo"})


def test_a_new_step_ends_what_redo_would_bring(tmp_path: Path) -> None:
    """As everywhere."""
    found = grown(tmp_path, SET, {"do": "undo"}, {**SET, "value": "3"})
    assert found.undone == []


def test_fault_89_two_tabs_one_change(tmp_path: Path) -> None:
    """A page that saw an older history is told so (409); its step is not written."""
    add(tmp_path, step_of(SET), 0)
    with pytest.raises(Refusal) as refusal:
        add(tmp_path, step_of({**SET, "value": "9"}), 0)
    assert refusal.value.status == 409
    assert read(tmp_path).count == 1


@pytest.mark.parametrize(
    "torn", [b'{"seq": 2, "do": "se', b'{"do": "undo"}\n{"do":', b"\xff\xfe", b"null\n", b'{"do":"x"}\n']
)
def test_a_torn_end_is_no_step(tmp_path: Path, torn: bytes) -> None:
    """After a crash in the middle of a line the next step is a line of its own."""
    grown(tmp_path, SET)
    with (tmp_path / FILE).open("ab") as out:
        out.write(torn)
    before = read(tmp_path).count
    add(tmp_path, step_of({**SET, "value": "7"}), before)
    found = read(tmp_path)
    assert found.last[-1]["value"] == "7"
    assert found.now.sets["round.cap:amount"] == "7"


@pytest.mark.parametrize(
    "bad",
    [
        {"do": "format"},
        {"do": "set", "rule": "a b", "value": "1"},
        {**SET, "value": "1e9"},
        {**SET, "value": "--fix"},
        {**SET, "value": "nan"},
        {**SET, "what": "hard"},
        {**SET, "key": ["a]b"]},
        {**SET, "key": ["a\nb"]},
        {"do": "fix", "site": "P1;rm", "method": "listing", **BY},
        {"do": "fix", "site": "P1", "method": "listing"},
        {"do": "fix", "site": "P1", "method": "LISTING; x", **BY},
        {"do": "fix", "site": "", "method": "listing", **BY},
        {"do": "drop", "parcel": "a,b", **BY},
        {"do": "rule", "rule": {"id": "../x"}, **BY},
        {"do": "rule", "rule": {"id": "a", "text": "x" * 50_000}, **BY},
        {"do": "rule", "rule": [], **BY},
        {},
    ],
)
def test_a_step_that_is_none_is_refused(bad: dict[str, Any]) -> None:
    """Nothing that could be another word of a command line, and no fix without reason and name."""
    with pytest.raises(Refusal) as refusal:
        step_of(bad)
    assert refusal.value.status == 422


_STEP = st.one_of(
    st.builds(
        lambda v, k: {**SET, "value": str(v), "key": k},
        st.integers(0, 99),
        st.sampled_from([[], ["南沙街道"], ["a", "b"]]),
    ),
    st.builds(lambda p: {"do": "fix", "site": p, "method": "listing", **BY}, st.sampled_from(["P1", "P2", "P1+P2"])),
    st.builds(lambda p: {"do": "unfix", "site": p}, st.sampled_from(["P1", "P2", "P1+P2"])),
    st.builds(lambda p: {"do": "drop", "parcel": p, **BY}, st.sampled_from(["P1", "P2"])),
    st.just({"do": "undo"}),
    st.just({"do": "redo"}),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_STEP, max_size=12))
def test_what_the_steps_come_to_is_what_a_list_of_states_says(
    tmp_path_factory: pytest.TempPathFactory, steps: Any
) -> None:
    """Undo goes to the state before, redo to the one after; reading the file again gives the same."""
    folder = tmp_path_factory.mktemp("h")
    done: list[dict[str, Any]] = []
    undone: list[dict[str, Any]] = []
    for number, given_step in enumerate(steps):
        step = step_of(given_step)
        if (step["do"] == "undo" and not done) or (step["do"] == "redo" and not undone):
            with pytest.raises(Refusal):
                add(folder, step, read(folder).count)
            continue
        if step["do"] == "undo":
            undone.append(done.pop())
        elif step["do"] == "redo":
            done.append(undone.pop())
        else:
            done.append(step)
            undone.clear()
        add(folder, step, read(folder).count)
        assert number >= read(folder).count - 1
    again = edits.Now()
    for step in done:
        edits._apply(again, step)
    assert read(folder).now == again
