"""offers.jsonl.gz: what is written is what is read, and the same offers give the same bytes."""

from __future__ import annotations

import gzip
import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from benchmarks.rounds import case_round
from constraints.audit.files.offers_reader import OffersFile
from constraints.audit.files.plan_reader import read_plan
from constraints.case import Case, Objective, Round
from constraints.types import Row
from landopt.screening import entries
from landopt.screening.offers import Offers
from landopt.screening.offers_file import offer_lines, read_offers, write_offers
from landopt.screening.uncapped_sites import build_offers
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import Neighbours, table
from parcels.common.issues import Refused


def small_case() -> Case:
    """Three parcels and two demands, without any law."""
    return Case(
        round=Round("r", Bilingual("r", "r"), "", "0.05", "supply", "2026-03-31"),
        parcels=table(["A", "B", "C"], {"use": ["IND", "IND", "COM"]}),
        demands=table(["X", "Y"], {"priority": [3, 5]}),
        neighbours=Neighbours(((0, 1),), (100,)),
        rules=(),
        methods=(),
        objective=Objective({"served": "1"}, (("served",),)),
    )


def small_offers() -> Offers:
    """Demand X may take A, or A with B; C goes to the market; Y has nothing."""
    return Offers(
        site_start=np.array([0, 1, 3, 4], np.int64),
        site_parcels=np.array([0, 0, 1, 2], np.int32),
        site=np.array([0, 1, 2], np.int32),
        demand=np.array([0, 0, -1], np.int32),
        method=np.array([0, 4, 4], np.int8),
        period=np.full(3, -1, np.int16),
        term=np.array([0, 50, 40], np.int16),
        verdict=np.array([0, 2, 0], np.int8),
        floor=np.array([-1, 480, 1200], np.int64),
        price=np.array([0, 12_345_678, 99], np.int64),
        score=np.array([[3000, 2950, -7]], np.int64),
        row_start=np.array([0, 1, 1, 3], np.int64),
        row_index=np.array([0, 0, 1], np.int32),
        row_coef=np.array([20_000, 5, -3], np.int32),
        rows=(Row("q[南沙]", "q", ("南沙",), "limit", "<=", 30_000), Row("s", "s", (), "limit", ">=", -4, 9, 1000)),
        part_start=np.array([0, 2, 2, 3], np.int64),
        scope="listed",
    )


def test_offers_come_back_equal(tmp_path: Path) -> None:
    """Every array, row and the scope survive the file; types too."""
    offers = small_offers()
    write_offers(tmp_path / "offers.jsonl.gz", small_case(), offers)
    again = read_offers(tmp_path / "offers.jsonl.gz")
    for entry in fields(Offers):
        before, after = getattr(offers, entry.name), getattr(again, entry.name)
        if isinstance(before, np.ndarray):
            assert before.dtype == after.dtype, entry.name
            assert np.array_equal(before, after), entry.name
        else:
            assert before == after, entry.name


def test_what_rows_take_off_is_written_out(tmp_path: Path) -> None:
    """A share of all supply is held once an offer; the file has the entry in every key's row, and reads as the same."""
    case = case_round(160, 56, 3)
    offers = build_offers(case)
    write_offers(tmp_path / "offers.jsonl.gz", case, offers)
    again = read_offers(tmp_path / "offers.jsonl.gz")
    every = np.arange(len(offers))
    assert (offers.spread >= 0).sum() > 1
    assert len(again.row_index) > len(offers.row_index) + len(offers)
    for mine, theirs in zip(offers.entries.of(every), again.entries.of(every), strict=True):
        assert np.array_equal(mine, theirs)


def test_same_offers_give_the_same_bytes(tmp_path: Path) -> None:
    """No clock and no file name enter the file."""
    first = write_offers(tmp_path / "one.gz", small_case(), small_offers())
    second = write_offers(tmp_path / "two.gz", small_case(), small_offers())
    assert first == second
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


def test_lines_follow_the_documented_form(tmp_path: Path) -> None:
    """One line a block: demands first (empty ones too), columns of numbers, null for unknown floors."""
    write_offers(tmp_path / "o.gz", small_case(), small_offers())
    lines = [json.loads(line) for line in gzip.decompress((tmp_path / "o.gz").read_bytes()).splitlines()]
    assert lines[0]["schema"] == "landopt.offers/2"
    assert lines[0]["reach"] is None
    assert lines[1:] == [
        {
            "demands": [[0, 2], [1, 0]],
            "market": [[2, 1]],
            "sites": [[0], [0, 1], [2]],
            "ways": [[0, -1, 0, 0], [4, -1, 40, 0], [4, -1, 50, 2]],
            "lists": [[0, 20_000], [], [0, 5, 1, -3]],
            "site": [0, 1, 2],
            "way": [0, 2, 1],
            "list": [0, 1, 2],
            "floor": [None, 480, 1200],
            "price": [0, 12_345_678, 99],
            "score": [[3000, 2950, -7]],
        }
    ]


@pytest.mark.parametrize("size", [1, 7, 100, 1_000])
def test_blocks_hold_whole_parts_and_read_as_one_list(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small blocks are: parts are whole, lists stand once a block, what is read is what was written."""
    case = case_round(160, 56, 3)
    offers = build_offers(case)
    monkeypatch.setattr("landopt.screening.offers_file.BLOCK", size)
    write_offers(tmp_path / "offers.jsonl.gz", case, offers)
    with OffersFile(tmp_path / "offers.jsonl.gz") as listed:
        found = list(listed.blocks())
        assert listed.seen == listed.header.count == len(offers)
    assert len(found) > 1 or size == 1_000
    places = [part.place for block in found for part in block.parts]
    assert places == sorted(set(places))
    for block in found:
        assert block.flaw(len(case.parcels), len(offers.rows), offers.tiers) is None
        assert len(set(map(tuple, block.lists))) == len(block.lists) == len(set(block.adds))
        assert len(set(map(tuple, block.sites))) == len(block.sites) == len(set(block.site))
    again = read_offers(tmp_path / "offers.jsonl.gz")
    for name in ("site", "demand", "method", "period", "term", "verdict", "floor", "price", "score", "part_start"):
        assert np.array_equal(getattr(offers, name), getattr(again, name)), name
    assert b"".join(offer_lines(case, again)) == b"".join(offer_lines(case, offers))


def test_lists_held_with_one_mark_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the marks of different lists agree, the lists are compared one by one: the bytes stay the same."""
    case = case_round(160, 56, 3)
    offers = build_offers(case)
    lines = b"".join(offer_lines(case, offers))
    monkeypatch.setattr(entries, "_mixed", lambda row, coef: np.zeros(len(row), np.uint64))
    assert b"".join(offer_lines(case, offers)) == lines


@pytest.mark.parametrize(
    ("text", "stated"),
    [('{"schema":"landopt.plan/9"}', "landopt.plan/9"), ('{"schema":2}', 2), ("{}", None), ("[]", None), ("7", None)],
)
def test_a_file_of_another_schema_is_refused_with_the_one_it_states(tmp_path: Path, text: str, stated: object) -> None:
    """Also where it is no object at all."""
    (tmp_path / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        read_plan(tmp_path)
    assert caught.value.issues[0].what == f"plan.json has schema {stated!r}, not landopt.plan/1"


def test_arrays_cannot_be_written_to() -> None:
    """Offers are values: nobody changes them behind another's back."""
    with pytest.raises(ValueError, match="read-only"):
        small_offers().score[0, 0] = 1


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    """A truncated or foreign file is refused with its path."""
    write_offers(tmp_path / "o.gz", small_case(), small_offers())
    (tmp_path / "cut.gz").write_bytes((tmp_path / "o.gz").read_bytes()[:-12])
    (tmp_path / "other.gz").write_bytes(gzip.compress(b'{"schema":"x"}\n'))
    older = b'{"schema":"landopt.offers/1","rows":[],"tiers":1,"count":0,"case":"","scope":"all"}\n'
    (tmp_path / "older.gz").write_bytes(gzip.compress(older))
    (tmp_path / "list.gz").write_bytes(gzip.compress(b"[]\n"))
    with gzip.open(tmp_path / "named.gz", "wb") as stream:
        stream.write(gzip.decompress((tmp_path / "o.gz").read_bytes()))
    for name in ("cut.gz", "other.gz", "older.gz", "absent.gz"):
        with pytest.raises(Refused) as caught:
            read_offers(tmp_path / name)
        assert name in caught.value.issues[0].where
    for name, stated in (("other.gz", "x"), ("older.gz", "landopt.offers/1"), ("list.gz", None)):
        with pytest.raises(Refused) as caught, OffersFile(tmp_path / name):
            pass
        assert caught.value.issues[0].code == "A003"
        assert caught.value.issues[0].what == f"{name} has schema {stated!r}, not landopt.offers/2"
    with pytest.raises(Refused, match="not gzip as landopt writes it"), OffersFile(tmp_path / "named.gz"):
        pass
