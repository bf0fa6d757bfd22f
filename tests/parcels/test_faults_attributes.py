"""The numbered faults of attributes (23-44): message with file, row and id; all at once."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import geopandas
import openpyxl
import pytest

from parcels.check_map import check_parcels
from parcels.common.issues import Issue, Refused
from parcels.demands import read_demands, read_records
from parcels.formats.writer import write_parcels
from parcels.read import read_parcels
from parcels.tables.values import clean_text, hidden_marks
from tests.parcels.making import (
    DEMAND_HEAD,
    DEMAND_ROW,
    box,
    chinese,
    csv_file,
    good,
    gpkg,
    has,
    one,
    read,
    shapefile,
)


def demands(folder: Path, *rows: str, head: str = DEMAND_HEAD, encoding: str = "utf-8") -> tuple[Issue, ...]:
    """All findings about a demand table."""
    try:
        return read_demands(csv_file(folder, "\n".join([head, *rows]) + "\n", encoding=encoding)).issues
    except Refused as refusal:
        return refusal.issues


def test_fault_23_missing_column_names_the_nearest(tmp_path: Path) -> None:
    """A misspelled column is named beside the one that is missing."""
    issue = one(read(gpkg(tmp_path, [box(0, 0)], use=None, usse=["IND"])), "P023")
    assert "column use" in issue.what
    assert "'usse'" in issue.maybe
    assert "parcels.gpkg, layer parcels" in issue.where


def test_fault_24_unknown_column_is_a_warning(tmp_path: Path) -> None:
    """A column nobody asked for is named and not read."""
    land = good(gpkg(tmp_path, [box(0, 0)], remark=["x"]))
    issue = one(land.issues, "P024")
    assert issue.level == "warning"
    assert "remark" in issue.what


def test_fault_25_blank_in_a_needed_field_is_refused_by_row(tmp_path: Path) -> None:
    """Blank, spaces and NaN in a required column are refused; blank elsewhere is unknown."""
    issues = read(gpkg(tmp_path, [box(0, 0), box(1, 0), box(2, 0)], use=["IND", None, "  "]))
    assert [issue.ids for issue in issues if issue.code == "P025"] == [("P2",), ("P3",)]
    land = good(gpkg(tmp_path, [box(0, 0), box(1, 0)], name="n.gpkg", grade=[3, None]))
    assert land.table.column("grade") == (3, None)


@pytest.mark.parametrize("value", [-5.0, 0.0])
def test_fault_26_negative_or_zero_area_is_refused(tmp_path: Path, value: float) -> None:
    """An area is positive."""
    assert one(read(gpkg(tmp_path, [box(0, 0), box(1, 0)], area_m2=[8000.0, value])), "P026").ids == ("P2",)


@pytest.mark.parametrize("text", ["12,000", "１２０００", "8000平方米", "1 2", "0x10", "8_000"])
def test_fault_27_text_in_a_number_is_refused_with_the_value(tmp_path: Path, text: str) -> None:
    """Nothing is guessed from text; the value is shown."""
    issue = one(read(gpkg(tmp_path, [box(0, 0)], area_m2=[text])), "P027")
    assert text in issue.what
    assert has(demands(tmp_path, f'D1,national,univ,RES,"{text}",20000,5'), "D027")


def test_fault_28_ids_are_texts(tmp_path: Path) -> None:
    """Leading zeros and 18 digits survive in text; numbers that may have lost digits are refused."""
    land = good(gpkg(tmp_path, [box(0, 0), box(1, 0)], parcel_id=["01", "440115202500000017"]))
    assert land.table.ids == ("01", "440115202500000017")
    issues = read(gpkg(tmp_path, [box(0, 0), box(1, 0)], name="f.gpkg", parcel_id=[440115202500000017.0, 1.5]))
    assert len([issue for issue in issues if issue.code == "P028"]) == 2
    numbered = good(gpkg(tmp_path, [box(0, 0), box(1, 0)], name="i.gpkg", parcel_id=[1, 440115202500000017]))
    assert numbered.table.ids == ("1", "440115202500000017")
    assert one(numbered.issues, "P054").level == "warning"


def test_fault_29_na_stays_na(tmp_path: Path) -> None:
    """A district called NA is a district."""
    assert good(gpkg(tmp_path, [box(0, 0)], district=["NA"])).table.column("district") == ("NA",)
    path = csv_file(tmp_path, f"{DEMAND_HEAD},districts\nNA,national,univ,RES,1,2,5,NA;null\n")
    table = read_demands(path).table
    assert table.ids == ("NA",)
    assert table.column("districts") == (("NA", "null"),)


@pytest.mark.parametrize("other", ["a1", " A1 ", "Ａ1", "A1"])
def test_fault_30_double_ids_also_after_folding(tmp_path: Path, other: str) -> None:
    """The same id in other letters, widths or spaces is double; both rows are named."""
    issue = one(read(gpkg(tmp_path, [box(0, 0), box(1, 0)], parcel_id=["A1", other])), "P030")
    assert "row 1" in issue.what
    assert "row 2" in issue.where


@pytest.mark.parametrize(
    ("encoding", "cpg", "ldid", "warned"),
    [
        ("gbk", None, 0x00, False),
        ("gbk", None, 0x4D, False),
        ("gbk", "936", 0x00, False),
        ("gbk", "GBK", 0x00, False),
        ("gbk", "UTF-8", 0x00, True),
        ("gbk", "OEM", 0x00, False),
        ("utf-8", None, 0x00, False),
        ("utf-8", None, 0x4D, True),
        ("utf-8", "UTF-8", 0x00, False),
    ],
)
def test_fault_31_encoding_is_decided_from_the_bytes(
    tmp_path: Path, encoding: str, cpg: str | None, ldid: int, warned: bool
) -> None:
    """The table of dbf bytes, .cpg and LDID: always the right text, contradictions reported, the finding printed."""
    fields = chinese(2)
    if encoding == "utf-8":
        fields = {
            {
                "宗地编号": "DKBH",
                "规划用途": "GHYT",
                "行政区": "XZQ",
                "土地来源": "TDLY",
                "农转用已批": "NZY",
                "已征收": "ZS",
                "权属性质": "QSXZ",
                "供应计划": "GYJH",
            }.get(k, k): v
            for k, v in fields.items()
        }
    path = shapefile(tmp_path, [box(0, 0), box(1, 0)], fields, encoding=encoding, cpg=cpg, ldid=ldid)
    land = good(path)
    assert land.table.column("district") == ("南沙街道", "南沙街道")
    assert land.table.ids == ("NS-001", "NS-002")
    assert any(("GB18030" if encoding == "gbk" else "UTF-8") in text for text in map(str, land.notes))
    assert has(land.issues, "P031", "warning") == warned


def test_fault_31_neither_utf8_nor_gb18030_asks_for_the_encoding(tmp_path: Path) -> None:
    """Bytes that fit neither are refused with --encoding as the way out; the way out works."""
    fields = dict(chinese(1))
    path = shapefile(tmp_path, [box(0, 0)], fields)
    dbf = path.with_suffix(".dbf")
    dbf.write_bytes(dbf.read_bytes().replace("南沙街道".encode("gbk"), b"Caf\xe9 \xff\xff"))
    issue = one(read(path), "P031")
    assert "--encoding" in issue.maybe
    with pytest.raises(Refused):
        read_parcels(path, encoding="klingon")


def test_fault_31_gbk_csv(tmp_path: Path) -> None:
    """A GBK demand table is read as such; a wrong override is refused."""
    path = csv_file(tmp_path, f"{DEMAND_HEAD},name\n{DEMAND_ROW},南沙创新平台\n", encoding="gbk")
    file = read_demands(path)
    assert file.table.column("name") == ("南沙创新平台",)
    assert any("GB18030" in text for text in map(str, file.notes))
    with pytest.raises(Refused):
        read_demands(path, encoding="utf-8")


def test_fault_32_byte_order_marks_are_accepted(tmp_path: Path) -> None:
    """UTF-8 and UTF-16 with a mark are read; the mark is no part of the first column."""
    for encoding in ("utf-8-sig", "utf-16"):
        path = csv_file(tmp_path, f"{DEMAND_HEAD}\n{DEMAND_ROW}\n", encoding=encoding)
        file = read_demands(path)
        assert file.issues == ()
        assert file.table.ids == ("D1",)


def test_fault_33_field_names_cut_in_mid_character_are_read(tmp_path: Path) -> None:
    """A UTF-8 shapefile with names cut at ten bytes is read by its stubs, though libraries cannot."""
    path = shapefile(tmp_path, [box(0, 0)], chinese(1), encoding="utf-8")
    land = good(path)
    assert land.table.ids == ("NS-001",)
    assert land.table.column("use") == ("RES",)


def test_fault_33_ambiguous_stub_is_refused(tmp_path: Path) -> None:
    """约定容积率 may be the upper or the lower limit: refused, not guessed."""
    path = shapefile(tmp_path, [box(0, 0)], chinese(1, 约定容积率=["3.5"]))
    issue = one(read(path), "P045")
    assert "far_max, far_min" in issue.what


def test_fault_33_shapefile_output_is_refused_for_chinese_columns(tmp_path: Path) -> None:
    """The reason and the better format are named, and nothing is written."""
    from parcels.formats.opening import open_parcels

    raw = open_parcels(shapefile(tmp_path, [box(0, 0)], chinese(1)))
    with pytest.raises(Refused) as caught:
        write_parcels(raw, tmp_path / "out.shp")
    assert caught.value.issues[0].code == "P033"
    assert "out.gpkg" in caught.value.issues[0].maybe
    assert not (tmp_path / "out.shp").exists()


def test_fault_34_missing_dbf_is_refused(tmp_path: Path) -> None:
    """Outlines without attributes are no parcels."""
    path = shapefile(tmp_path, [box(0, 0)], chinese(1))
    path.with_suffix(".dbf").unlink()
    assert ".dbf" in one(read(path), "P034").what


@pytest.mark.parametrize("text", ["1e400", "Infinity", "-inf", "NaN", "1e12"])
def test_fault_35_infinite_or_huge_numbers_are_refused(tmp_path: Path, text: str) -> None:
    """Facts stay below 10^12."""
    assert has(demands(tmp_path, f"D1,national,univ,RES,{text},20000,5"), "D035")
    path = tmp_path / "p.geojson"
    geopandas.GeoDataFrame({"area_m2": [8]}, geometry=[box(0, 0)], crs=4526).to_file(path)
    path.write_text(path.read_text().replace('"area_m2": 8', f'"area_m2": {text.replace("-inf", "-Infinity")}'))
    assert has(read(path), "P035")


def test_fault_36_duplicate_json_keys_are_refused(tmp_path: Path) -> None:
    """Two values for one key: refused with the key."""
    path = tmp_path / "p.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null, '
        '"properties": {"use": "IND", "use": "RES"}}]}'
    )
    assert "'use'" in one(read(path), "P036").what


def test_fault_37_truncated_files_name_the_offset(tmp_path: Path) -> None:
    """GeoJSON, CSV, dbf, zip and XLSX that break off are refused with the place."""
    path = tmp_path / "p.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [{"type": "Fea')
    assert "cut off at byte 56" in one(read(path), "P037").what
    assert "line 2" in one(demands(tmp_path, 'D1,"national'), "D037").what
    shp = shapefile(tmp_path, [box(0, 0)], chinese(1))
    dbf = shp.with_suffix(".dbf")
    whole = dbf.read_bytes()
    dbf.write_bytes(whole[:-40])
    assert f"of {len(whole) - 1:,}" in one(read(shp), "P037").what
    for ending in (".zip", ".xlsx"):
        cut = tmp_path / f"cut{ending}"
        with zipfile.ZipFile(cut, "w") as archive:
            archive.writestr("a.shp", b"x" * 1000)
        cut.write_bytes(cut.read_bytes()[:-30])
        assert "cut off" in one(read(cut), "P037").what


def test_fault_38_impossible_dates_and_mixed_formats_are_refused(tmp_path: Path) -> None:
    """30 February and two ways of writing dates in one column."""
    head = f"{DEMAND_HEAD},needed_by"
    assert has(demands(tmp_path, f"{DEMAND_ROW},2026-02-30", head=head), "D038")
    assert has(demands(tmp_path, f"{DEMAND_ROW},31/12/2026", head=head), "D038")
    mixed = demands(tmp_path, f"{DEMAND_ROW},2026-03-01", "D2,national,univ,RES,1,2,5,2026/4/1", head=head)
    assert "2 ways" in one(mixed, "D038").what
    alike = demands(tmp_path, f"{DEMAND_ROW},2026/3/1", "D2,national,univ,RES,1,2,5,2026/12/31", head=head)
    assert alike == ()


def test_fault_38_typed_dates_of_a_workbook(tmp_path: Path) -> None:
    """A date cell is a date; a time of day is refused."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([*DEMAND_HEAD.split(","), "needed_by"])
    sheet.append(["D1", "national", "univ", "RES", 1000, 2000, 5, datetime.date(2026, 3, 1)])
    sheet.append(["D2", "national", "univ", "RES", 1000, 2000, 5, datetime.datetime(2026, 3, 1, 9, 30)])
    book.save(tmp_path / "d.xlsx")
    file = read_demands(tmp_path / "d.xlsx")
    assert file.table.column("needed_by") == ("2026-03-01", None)
    assert one(file.issues, "D038").ids == ("D2",)


def test_fault_39_dates_after_the_round_are_refused(tmp_path: Path) -> None:
    """What has happened cannot lie after as_of."""
    path = gpkg(tmp_path, [box(0, 0), box(1, 0)], publication_closed=["2026-03-31", "2026-04-01"])
    issue = one(check_parcels(good(path), as_of="2026-03-31"), "P039")
    assert issue.ids == ("P2",)
    assert "2026-04-01" in issue.what


def test_fault_40_formulas_are_refused_and_text_that_looks_like_one_stays_text(tmp_path: Path) -> None:
    """A formula cell is refused with its place; '=...' in a CSV is plain text, '+5' a number."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(DEMAND_HEAD.split(","))
    sheet.append(["D1", "national", "univ", "RES", "=1000+1", 2000, 5])
    book.save(tmp_path / "d.xlsx")
    issue = one(read_demands(tmp_path / "d.xlsx").issues, "D040")
    assert "E2" in issue.what
    file = read_demands(csv_file(tmp_path, f"{DEMAND_HEAD},name\n{DEMAND_ROW},=HYPERLINK(1)\n"))
    assert file.table.column("name") == ("=HYPERLINK(1)",)


def test_fault_40_lists_for_spreadsheets_escape_formula_text() -> None:
    """The list of repairs never starts a cell with a formula sign."""
    from parcels.mend_outlines import _safe

    assert [_safe(text) for text in ("=1", "+1", "-1", "@a", "\tx", "a=1")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@a",
        "'\tx",
        "a=1",
    ]


def test_fault_41_control_characters_are_stripped_with_a_note(tmp_path: Path) -> None:
    """A bell in a name goes, and it is said."""
    assert clean_text("a\x07b\x00c") == "abc"
    issue = one(demands(tmp_path, f"{DEMAND_ROW},plat\x07form", head=f"{DEMAND_HEAD},name"), "D041")
    assert issue.level == "note"


def test_fault_42_markup_in_names_is_kept_as_text(tmp_path: Path) -> None:
    """Markup is data here: it is stored unchanged; reports escape it."""
    path = csv_file(tmp_path, f"{DEMAND_HEAD},name\n{DEMAND_ROW},<script>alert(1)</script>\n")
    assert read_demands(path).table.column("name") == ("<script>alert(1)</script>",)


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/passwd", "a/b.txt", "C:\\x.txt", "C:x.txt"])
def test_fault_43_path_like_ids_and_references_never_reach_the_disk(tmp_path: Path, name: str) -> None:
    """A reference leaves no folder; an id like a path is an id."""
    assert good(gpkg(tmp_path, [box(0, 0)], parcel_id=["../../x"])).table.ids == ("../../x",)
    head = "parcel_id,use,district,land_source,net_land,converted,expropriated,ownership,in_annual_plan,boundary_points"
    path = csv_file(tmp_path, f"{head}\nP1,IND,x,stock,1,1,1,state,1,{name}\n", "p.csv")
    assert has(read(path), "P043")


def test_fault_44_invisible_characters_are_shown_escaped(tmp_path: Path) -> None:
    """Bidi and zero-width characters are warned of, as escapes."""
    assert hidden_marks("a\u202eb") == "a\\u202eb"
    issues = demands(tmp_path, "D\u200b1,national,univ,RES,1,2,5,x\u202ey", head=f"{DEMAND_HEAD},name")
    shown = [issue.what for issue in issues if issue.code == "D044"]
    assert len(shown) == 2
    assert "\\u200b" in shown[0]
    assert "\\u202e" in shown[1]


def test_records_are_read_as_strictly(tmp_path: Path) -> None:
    """A record without a rule, and one dated 30 February, are refused; the rest is kept in order."""
    text = "rule,parcel_id,demand_id,document,date,by\nr.b,P1,,doc,2026-01-02,x\nr.a,,D1,doc,2026-01-01,\n"
    file = read_records(csv_file(tmp_path, text, "r.csv"))
    assert [entry["rule"] for entry in file.rows_] == ["r.a", "r.b"]
    assert file.issues == ()
    bad = read_records(csv_file(tmp_path, text + ",P1,,doc,2026-02-30,x\n", "r.csv"))
    assert {issue.code for issue in bad.issues} == {"K025", "K038"}
