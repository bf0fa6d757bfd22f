"""The published schema of the justification is the one of the record types, and records keep to it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from constraints.canonical import canonical
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.explain.schema import schema
from tests.landopt import samples

PUBLISHED = Path(__file__).parents[2] / "docs" / "justification.schema.json"


def test_published_schema_is_that_of_the_records() -> None:
    """docs/justification.schema.json is generated: a change of a record type changes it."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema()


@pytest.mark.parametrize(
    "record", [samples.listing(), samples.agreement(), samples.unserved(), samples.held(), samples.plan()]
)
def test_record_keeps_to_the_schema(record: object) -> None:
    """Every kind of record is valid, and canonical JSON (no floats, ASCII keys)."""
    data = as_json(record)
    jsonschema.validate([data], schema())
    assert json.loads(canonical(data)) == data


def test_schema_refuses_a_record_with_a_key_too_many() -> None:
    """The schema is closed: an unknown key is a mistake."""
    data = {**as_json(samples.held()), "because": "so"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([data], schema())


def test_equal_records_are_equal_and_hashable_data() -> None:
    """Two records that say the same are equal; one number apart they are not."""
    assert samples.listing() == samples.listing()
    assert as_json(samples.plan()) != as_json(samples.plan(closed=True))
