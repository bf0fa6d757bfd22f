"""plan.json on disk: citations and timetables once, records by key, whole again when read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from constraints.canonical import canonical
from landopt.keeping.plan_file import packed, unpacked
from landopt.keeping.plan_folder import open_plan
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.explain.schema import file_schema, schema
from landopt.reasons.texts import render
from parcels.common.issues import Refused
from tests.landopt import samples

PUBLISHED = Path(__file__).parents[2] / "docs" / "plan.schema.json"


def _plan() -> dict[str, Any]:
    """A plan with all its parts, one record of every kind and a second like the first."""
    made = [samples.listing(), samples.agreement(), samples.unserved(), samples.held(), samples.plan()]
    parts: dict[str, Any] = {"plan_id": "T", "plan_hash": "0" * 64, "case": {}, "result": {}}
    parts |= {name: [] for name in ("assignments", "held", "unserved", "limits", "overrides")}
    return {"schema": "landopt.plan/1", **parts, "justification": [as_json(record) for record in made]}


def test_what_is_packed_comes_back_whole() -> None:
    """Unpacking gives the same records, and the same texts in both languages."""
    plan = _plan()
    again = unpacked(json.loads(canonical(packed(plan))))
    assert canonical(again) == canonical(plan)
    for record, other in zip(plan["justification"], again["justification"], strict=True):
        assert [render(record, lang) for lang in ("en", "zh")] == [render(other, lang) for lang in ("en", "zh")]


def test_packed_records_keep_to_the_published_schema() -> None:
    """docs/plan.schema.json is generated from the record types, and what is written keeps to it."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == file_schema()
    data = packed(_plan())
    jsonschema.validate(data, file_schema())
    jsonschema.validate(unpacked(data)["justification"], schema())
    data["justification"][0]["price"]["floor_rule"] = dict(data["citations"].popitem()[1])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, file_schema())


def test_each_citation_stands_once_and_words_of_their_own_apart() -> None:
    """A rule cited in two wordings has two keys; whether parts are shared by identity or not changes no byte."""
    plan = _plan()
    first = plan["justification"][0]
    assert first["permits"]
    other = json.loads(json.dumps(first))
    other["permits"][0]["cite"]["en"] = "Other words."
    plan["justification"].append(other)
    data = packed(plan)
    rule = first["permits"][0]["cite"]["rule"]
    assert data["citations"][f"{rule}#2"]["en"] == "Other words."
    assert data["justification"][-1]["permits"][0]["cite"] == f"{rule}#2"
    assert all(isinstance(note, str) for note in data["justification"][0]["notes"])
    assert canonical(data) == canonical(packed(json.loads(canonical(plan))))
    assert canonical(unpacked(data)) == canonical(plan)


def test_a_plan_without_tables_is_read_as_it_is(tmp_path: Path) -> None:
    """An older plan.json holds whole records."""
    plan = _plan()
    assert unpacked(plan) == plan
    (tmp_path / "plan.json").write_bytes(canonical(plan))
    assert open_plan(tmp_path).plan == plan
    (tmp_path / "plan.json").write_bytes(canonical(packed(plan)))
    assert open_plan(tmp_path).plan == plan


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda p: p["citations"].clear(), "X017", "which its table 'citations' does not have"),
        (lambda p: p["timetables"].clear(), "X017", "justification[0] of plan.json names 't1'"),
        (lambda p: p["justification"][0].update(notes=["no.such"]), "X017", "names 'no.such'"),
        (lambda p: p["justification"][0].update(timetable=["t1"]), "X017", "table 'timetables'"),
        (lambda p: p.pop("citations"), "X005", "cannot be read"),
        (lambda p: p["justification"][3].pop("reasons"), "X005", "justification[3] is not of the form"),
        (lambda p: p["justification"].insert(0, None), "X005", "justification[0]"),
    ],
)
def test_a_key_without_an_entry_is_refused_in_words(tmp_path: Path, spoil: Any, code: str, said: str) -> None:
    """What a record names and a table lacks is told with place and advice; never a KeyError."""
    data = packed(_plan())
    spoil(data)
    (tmp_path / "plan.json").write_bytes(canonical(data))
    with pytest.raises(Refused) as refused:
        open_plan(tmp_path)
    issue = refused.value.issues[0]
    assert issue.code == code
    assert said in issue.what
    assert issue.where.endswith("plan.json")
    cause = {"X005": "it was edited, or another version of landopt wrote it", "X017": "it was edited"}
    assert issue.maybe == f"{cause[code]}; solve the round again."
