"""Addresses of the central database: what they name, and that no secret ever gets in or out."""

from __future__ import annotations

from pathlib import Path

import pytest

from landopt.central.address import Address, is_address, parse_address
from parcels.common.findings_text import lines
from parcels.common.issues import Refused
from tests.audit.ledgers import call


def test_what_an_address_names() -> None:
    """Service, schema, table and condition; both schemes mean the same."""
    assert parse_address("postgis://land/landopt") == Address("land", "landopt")
    assert parse_address("postgresql://land/landopt") == Address("land", "landopt")
    found = parse_address("postgis://land/gis.宗地?where=district in ['A', 'B'] and area_m2 >= 100", table=True)
    assert found == Address("land", "gis", "宗地", "district in ['A', 'B'] and area_m2 >= 100")
    assert found.name == "postgis://land/gis.宗地"
    odd = parse_address('postgis://land/"我的 库"."地块-2026.1"', table=True)
    assert (odd.schema, odd.table) == ("我的 库", "地块-2026.1")
    assert parse_address(str(odd), table=True) == odd
    for condition in ("district == 'A+B'", "district == 'A&B=C'", "district == '50%'", "district == 'a?b'"):
        asked = parse_address(f"postgis://land/gis.p?where={condition}", table=True)
        assert asked.where == condition  # nothing of it is taken for anything else
        assert parse_address(str(asked), table=True) == asked
    assert (
        parse_address("postgis://land/gis.p?where=district%20==%20'A%2520B'", table=True).where == "district == 'A%20B'"
    )
    assert not is_address("ledger.sqlite")
    assert not is_address("C:/ledger.sqlite")


@pytest.mark.parametrize(
    "text",
    [
        "postgis://officer:hunter2@db/landopt",
        "postgresql://officer@db.example/landopt",
        "postgis://db:5432/landopt",
        "postgis://land/landopt?password=hunter2",
        "postgis://land/landopt?user=a&password=hunter2",
        "postgis://land/landopt.t?where=use == 'IND'&password=hunter2",
        "postgis://land",
        "postgis://land/",
        "postgis://land/a b",
        'postgis://land/a"b',
        "postgis://land/a;drop",
        "postgis:/land/landopt",
        "postgres://land/landopt",
        "PG:host=db password=hunter2",
    ],
)
def test_what_is_no_address_is_refused_and_no_secret_is_repeated(text: str) -> None:
    """A password in a command is refused in both languages without being shown."""
    assert is_address(text) or text.startswith("PG:")
    with pytest.raises(Refused) as refused:
        parse_address(text, "--ledger", table="where" in text)
    assert refused.value.issues[0].code == "B100"
    said = "\n".join(line for lang in ("en", "zh") for line in lines(refused.value.issues, lang))
    assert "hunter2" not in said


def test_the_desk_refuses_a_password(tmp_path: Path) -> None:
    """So does the command line, with exit 1 and without a word of it."""
    for lang in ("en", "zh"):
        done = call("round", "show", tmp_path, "--ledger", "postgis://officer:hunter2@db/landopt", lang=lang)
        assert done.exit_code == 1
        assert "B100" in done.output
        assert "hunter2" not in done.output
