"""The dbf decoder and the demand reader under arbitrary bytes and cells: right, or refused by our own errors."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parcels.common.issues import Refused
from parcels.demands import read_demands
from parcels.formats.decoding.dbf import parse_dbf
from parcels.formats.decoding.encoding import decode, detect
from parcels.formats.kinds.csv_table import rows_of, table_of
from parcels.read import read_parcels
from tests.parcels.making import DEMAND_HEAD, attempt, dbf_bytes

CORPUS = sorted((Path(__file__).parent / "data" / "fuzz").glob("*"))


def test_utf8_and_gb18030_are_told_apart() -> None:
    """Strict UTF-8 first, then strict GB18030, over all parts."""
    assert detect(("南沙".encode(), b"abc")) == "utf-8"
    assert detect(("南沙".encode("gbk"), b"abc")) == "gb18030"
    assert detect(("南沙".encode("gbk"), "横沥".encode())) in (None, "gb18030")
    assert detect((b"\xff\xff",)) is None


def test_few_bytes_that_fit_both_are_told() -> None:
    """隆圣 in GBK is valid UTF-8 too: GB18030 is taken, with a warning; a .cpg decides."""
    table = dbf_bytes([(b"NAME", "C", 10)], [["隆圣".encode("gbk")]])
    read = parse_dbf(table, "a.dbf")
    assert read.columns["NAME"] == ["隆圣"]
    assert [issue.code for issue in read.issues] == ["P031"]
    assert parse_dbf(table, "a.dbf", cpg="UTF-8").encoding == "utf-8"


def test_texts_cut_at_the_field_width_are_read_and_told() -> None:
    """A width of ten cuts the fourth character of UTF-8 in the middle."""
    read = parse_dbf(dbf_bytes([(b"NAME", "C", 10)], [["南沙街道".encode()]]), "a.dbf")
    assert read.encoding == "utf-8"
    assert read.columns["NAME"] == ["南沙街"]
    assert [issue.code for issue in read.issues] == ["P033"]


def test_numbers_dates_and_flags_of_a_dbf() -> None:
    """Numbers exactly as written, overflow stars blank, dates ISO, question marks unknown."""
    fields = [(b"N", "N", 8), (b"D", "D", 8), (b"L", "L", 1)]
    rows = [[b"   12.50", b"20260331", b"T"], [b"********", b"00000000", b"?"], [b"1,2", b"2026-3-1", b"x"]]
    read = parse_dbf(dbf_bytes(fields, rows), "a.dbf")
    assert [str(cell) for cell in read.columns["N"]] == ["12.50", "None", "1,2"]
    assert read.columns["D"] == ["2026-03-31", None, "2026-3-1"]
    assert read.columns["L"] == [True, None, "x"]


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.lists(st.binary(max_size=12), min_size=2, max_size=2), max_size=6),
    names=st.lists(st.binary(min_size=1, max_size=11), min_size=2, max_size=2),
    ldid=st.integers(0, 255),
    cpg=st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["UTF-8", "GBK", "936", "OEM", "big5"])),
    cut=st.integers(0, 60),
)
def test_fuzz_dbf(rows: list[list[bytes]], names: list[bytes], ldid: int, cpg: str | None, cut: int) -> None:
    """Any bytes in any field: decoded or refused."""
    table = dbf_bytes([(names[0], "C", 12), (names[1], "N", 12)], rows, ldid=ldid)
    table = table[: len(table) - cut]
    try:
        read = parse_dbf(table, "a.dbf", cpg=cpg)
    except Refused:
        return
    assert all(len(column) == len(rows) for column in read.columns.values())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 5))
def test_fuzz_dbf_header(noise: bytes, count: int) -> None:
    """Arbitrary headers: decoded or refused."""
    for data in (noise, struct.pack("<BBBBIHH", 3, 1, 1, 1, count, 65, 10) + noise):
        assert set(attempt(partial(parse_dbf, data, "a.dbf"))[1]) <= set("PF")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_fuzz_decoding(data: bytes) -> None:
    """Whatever decodes is given back unchanged by its encoding."""
    try:
        read = decode(data, "a.txt")
    except Refused:
        return
    assert (
        read.text.encode("utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else read.encoding) == data
        or read.encoding == "utf-16"
    )


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "D1",
            "national",
            "univ",
            "RES",
            "1000",
            "2000",
            "5",
            "",
            '"',
            '""',
            "1e400",
            "-1",
            "2026-02-30",
            "A:1;A:2",
            "NaN",
        ]
    ),
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, max_size=12), max_size=5), quoted=st.booleans())
def test_fuzz_demands(tmp_path: Path, rows: list[list[str]], quoted: bool) -> None:
    """Any cells under the right heading: a table or our own refusal, never another error."""
    head = f"{DEMAND_HEAD},needed_by,near,budget_yuan,nonprofit,partners"
    lines = [",".join('"' + cell.replace('"', '""') + '"' if quoted else cell for cell in row) for row in rows]
    path = tmp_path / "d.csv"
    path.write_bytes("\n".join([head, *lines]).encode("utf-8", errors="surrogatepass"))
    file, rooms = attempt(lambda: read_demands(path))
    assert set(rooms) <= set("DF")
    assert file is None or list(file.table.ids) == sorted(set(file.table.ids))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_fuzz_csv(text: str) -> None:
    """Any text is rows or a refusal."""
    assert attempt(lambda: table_of(Path(__file__), rows_of(text, "a.csv"), "D"))[1] in ("", "D")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_the_corpus_that_mattered(path: Path) -> None:
    """Inputs that once broke a reader stay refused by our own errors, or are read."""

    def work() -> object:
        if path.name.startswith("demands"):
            return read_demands(path)
        if path.suffix == ".dbf":
            return parse_dbf(path.read_bytes(), path.name)
        return read_parcels(path)

    result, rooms = attempt(work)
    assert (result is None) == bool(rooms)
