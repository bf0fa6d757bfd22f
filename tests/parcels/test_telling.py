"""What the desk says of findings: Chinese throughout, short when many parcels have the same problem."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import geopandas
import pytest
from click.testing import CliRunner, Result

from cli import desk
from landopt.intake.assemble import read_round, without_consequences
from parcels.common.catalogue import told
from parcels.common.codes import codes
from parcels.common.findings_text import lines
from parcels.common.issues import error, noted, warning
from parcels.common.issues import note as note_
from parcels.common.place import Place
from tests.parcels.making import X0, Y0, box, chinese, csv_file, gpkg, poly, round_folder, shapefile

BOW = poly((0, 0), (100, 100), (100, 0), (0, 100))


def run(*options: object) -> Result:
    """A command of the desk."""
    result = CliRunner().invoke(desk, [str(option) for option in options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def test_many_findings_of_a_kind_are_short() -> None:
    """Three in full, advice once, the others by id; few are all told in full."""
    many = [
        error(
            "P050.neither-true-false",
            at=Place("a", row=i, id=f"P{i}", column="n"),
            ids=[f"P{i}"],
            field="net_land",
            cell="x",
        )
        for i in range(9)
    ]
    more = error("P050.more-in-column", at="a", ids=[f"Q{i}" for i in range(55)], more=55, column="n")
    told = lines([*many, more], "en")
    assert told[0].strip() == "Errors 64"
    assert len(told) == 1 + 3 * 2 + 1 + 1
    assert told[-1].strip().startswith("and 61 more of this kind: P3, P4")
    assert sum("Maybe" in line for line in told) == 1
    assert len(lines(many[:5], "en")) == 1 + 5 * 2 + 1
    assert lines([warning("P006.slivers", count=2), error("P001.outline-not-simple")], "zh")[0].strip() == "错误 1"


@pytest.mark.parametrize("repair", [False, True])
def test_check_speaks_chinese_throughout(tmp_path: Path, repair: bool) -> None:
    """No English sentence is left in notes, findings, places and advice."""
    shapes = [BOW, None, box(1, 0), box(1, 0), box(3, 0), box(3.5, 0)]
    bad: dict[str, Any] = {
        "use": ["IND", "0601", "X", None, "IND", "IND"],
        "area_m2": ["12,000", "1e400", "-1", "8000", "9000", "NaN"],
    }
    gpkg(tmp_path, shapes, appraised_on=["2026-02-30", "2026/3/1", "1900-01-01", "2027-01-01", "", ""], **bad)
    result = run("check", round_folder(tmp_path), "--lang", "zh", *(["--repair"] if repair else []))
    assert result.exit_code == 1
    for line in result.output.splitlines():
        plain = re.sub(
            r"landopt check[^，。；\s]*( --\w+)*( [A-Z]\d+)*( --reason \.\.\.)?|area_source = \S+|use_codes", "", line
        )
        assert not re.search(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}", plain), line


def test_a_refused_round_and_conversion_are_told_in_chinese(tmp_path: Path) -> None:
    """Errors that stop a command at once are told in the language asked for, with the same exit code."""
    result = run("check", tmp_path, "--lang", "zh")
    assert (result.exit_code, "没有轮次" in result.stderr) == (1, True)
    gpkg(tmp_path, [box(0, 0)])
    result = run("convert", tmp_path / "parcels.gpkg", tmp_path / "a.shp", "--lang", "zh")
    assert (result.exit_code, "不输出 Shapefile" in result.stderr) == (1, True)
    assert "write" not in result.stderr


def test_convert_warns_of_outlines_that_it_keeps(tmp_path: Path) -> None:
    """A bow-tie is converted as it is, and said."""
    path = gpkg(tmp_path, [BOW, box(2, 0)])
    result = run("convert", path, tmp_path / "a.geojson", "--lang", "en")
    assert result.exit_code == 0
    assert "id P1" in result.stderr
    assert geopandas.read_file(tmp_path / "a.geojson").geometry.is_valid.tolist() == [False, True]


def test_convert_to_degrees_is_for_exchange(tmp_path: Path) -> None:
    """--crs EPSG:4490 writes longitude and latitude, and says that nothing is measured there; not in a TXT."""
    path = gpkg(tmp_path, [box(0, 0)])
    assert run("convert", path, tmp_path / "a.gpkg", "--crs", "EPSG:4490").exit_code == 0
    frame = geopandas.read_file(tmp_path / "a.gpkg")
    assert (frame.crs.to_epsg(), round(frame.total_bounds[0])) == (4490, 114)
    assert run("convert", path, tmp_path / "a.txt", "--crs", "EPSG:4490").exit_code == 1
    assert not (tmp_path / "a.txt").exists()


def test_a_second_repair_keeps_the_findings_and_the_first_copy(tmp_path: Path) -> None:
    """The copy that is there already is one finding more, not the only one."""
    gpkg(tmp_path, [BOW, box(2, 0)])
    round_folder(tmp_path)
    assert run("check", tmp_path, "--repair").exit_code == 1
    first = (tmp_path / "parcels.repaired.gpkg").read_bytes()
    result = run("check", tmp_path, "--repair", "--lang", "en")
    assert "P001" in result.stdout
    assert "F007" in result.stdout
    assert (tmp_path / "parcels.repaired.gpkg").read_bytes() == first


def test_the_repaired_copy_passes_the_check(tmp_path: Path) -> None:
    """Area attribute aside, the round stands with the copy in place of the file; ids and values are the same."""
    gpkg(tmp_path, [BOW, box(2, 0)], parcel_id=["007", "440115200401152025"])
    round_folder(tmp_path)
    run("check", tmp_path, "--repair")
    text = (tmp_path / "round.toml").read_text("utf-8").replace("parcels.gpkg", "parcels.repaired.gpkg")
    (tmp_path / "round.toml").write_text(text, "utf-8")
    result = run("check", tmp_path, "--lang", "en")
    assert result.exit_code == 0, result.output
    with sqlite3.connect(tmp_path / "parcels.repaired.gpkg") as book:
        assert [row[0] for row in book.execute("select parcel_id from parcels")] == ["007", "440115200401152025"]


def test_dropping_an_unknown_id_is_told_once_and_not_called_dropped(tmp_path: Path) -> None:
    """One finding for one slip."""
    gpkg(tmp_path, [box(0, 0)])
    result = run("check", round_folder(tmp_path), "--drop", "P9", "--reason", "x", "--lang", "en")
    assert result.exit_code == 1
    assert result.stdout.count("P9") == 1
    assert "Left out" not in result.stdout


def test_a_road_is_no_neighbour_of_the_round_unless_it_says_so(tmp_path: Path) -> None:
    """[solve] adjacency_gap_m reaches the neighbours: 12.3 m of road part two parcels, or do not."""
    road = poly((112.3, 0), (212.3, 0), (212.3, 80), (112.3, 80))
    gpkg(tmp_path, [box(0, 0), road])
    assert read_round(round_folder(tmp_path)).ready().neighbours.pairs == ()
    for metres, found in (("12.2", ()), ("12.3", ((0, 1),)), ("20", ((0, 1),))):
        round_folder(tmp_path, extra=f'[solve]\nadjacency_gap_m = "{metres}"')
        assert read_round(tmp_path).ready().neighbours.pairs == found, metres


def test_a_bureaus_shapefile_from_the_desk(tmp_path: Path) -> None:
    """GBK without .cpg, names cut to five characters, hectares: right, and the encoding is printed."""
    table = {**chinese(2), "面积(公顷)": ["0.8", "0.8"]}
    shapefile(tmp_path, [box(0, 0), box(1, 0)], table)
    csv_file(tmp_path, "x")
    result = run("check", round_folder(tmp_path, "dk.shp"), "--lang", "zh")
    assert result.exit_code == 0, result.output
    assert "编码 GB18030" in result.stderr
    assert "2 宗地，1.6000 公顷" in result.stdout
    assert X0 > Y0
    assert codes()["P031"]


def test_what_only_follows_from_an_error_is_not_told(tmp_path: Path) -> None:
    """A refused outline is not said to lie outside the layers, nor parts to be above areas in a wrong unit."""
    gpkg(tmp_path, [BOW, box(2, 0)], zone=["nansha", "nansha"])
    geopandas.GeoDataFrame({"zone": ["nansha"]}, geometry=[box(2, 0).buffer(500)], crs=4526).to_file(
        tmp_path / "layers.gpkg", layer="zones", driver="GPKG"
    )
    round_folder(tmp_path, extra='[inputs.layers]\nzones = "layers.gpkg|zones"')
    found = read_round(tmp_path).issues
    assert {issue.code for issue in found if issue.level == "error"} == {"P001"}
    assert not [issue for issue in found if issue.code == "L060"]
    unit = error("P019.area-m2-read", read_as="m2", times="667 times")
    part = error("P067.above", ids=["P1"], low="new_area_m2", number="6,142", high="area_m2", number2="20")
    assert without_consequences([unit, part]) == [unit]
    assert without_consequences([part]) == [part]


def test_a_title_is_not_said_twice() -> None:
    """A sentence that is the title of its code stands alone; a note without advice gets none."""
    assert "图形为空：图形为空" not in lines([error("P002.empty")], "zh")[1]
    assert len(lines([note_("P009.parcel-several-parts", count=3)], "zh")) == 2
    titled = lines([warning("L060.parcel-file-says", name="zone", show="nansha", show2="none", show3="nansha")], "zh")[
        1
    ]
    assert "宗地文件为 nansha" in titled


def test_a_file_cut_off_and_a_wrong_type_are_told_in_whole_chinese_sentences() -> None:
    """Sentences inside sentences are told in Chinese, too; so are places."""
    cut = error("P037.cut-off", file="a.gpkg", cut=told("damage.ends", size=53248, wanted=106496))
    assert cut.sentence("zh") == "a.gpkg 不完整：在第 53,248 字节处结束，应为 106,496 字节"
    wrong = error("C002.other-kind", key="as_of", section="round", value="x", want=[told("kind-of-value.date")])
    assert wrong.sentence("zh") == "[round] 的 as_of 为 'x'，应为日期"
    place = Place("a.gpkg", layer="地块", row=3, id="P3", column="use")
    assert place.text("zh") == "a.gpkg，图层 地块，第 3 行，编号 P3，列 use"
    assert Place("a.gpkg", layer="a", role="zones", id="P1").text("zh") == "a.gpkg，图层 a（政策区），编号 P1"
    unknown = told("note.unknown", names=["grade", "existing_right"])
    assert (
        noted(Place("a.gpkg", layer="a"), unknown)
        .text("zh")
        .startswith("a.gpkg，图层 a：文件中没有，按未知处理：土地等别、")
    )


def test_an_id_as_a_spreadsheet_rounds_it_is_refused(tmp_path: Path) -> None:
    """4.40115E+17 was eighteen digits once: which parcel it was is not known."""
    gpkg(tmp_path, [box(0, 0), box(2, 0)], parcel_id=["4.40115E+17", "E+17"])
    found = [issue for issue in read_round(round_folder(tmp_path)).issues if issue.level == "error"]
    assert [(issue.code, issue.ids) for issue in found] == [("P028", ("4.40115E+17",))]


def test_rules_that_were_not_read_are_not_called_unknown() -> None:
    """A pack that is misspelled is one error, not one more a record."""
    pack = error("R001.there-no-rule", name="cn-guandong")
    record = error("C023.record-names-not", thing=told("fact.rule"), value="cn.a.b")
    assert without_consequences([pack, record]) == [pack]
    assert without_consequences([record]) == [record]


def test_a_round_file_that_is_no_toml_names_its_line(tmp_path: Path) -> None:
    """As rule files do; bytes that are not UTF-8 are named by their place."""
    gpkg(tmp_path, [box(0, 0)])
    path = round_folder(tmp_path) / "round.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("2026-03-31", "2026-02-30"), "utf-8")
    result = run("check", tmp_path, "--lang", "zh")
    assert (result.exit_code, "round.toml 第 7 行" in result.stderr, "日期有误" in result.stderr) == (1, True, True)
    path.write_bytes(text.replace('"a"', '"规划局"').encode("gb18030"))
    result = run("check", tmp_path, "--lang", "zh")
    assert (result.exit_code, "不是 UTF-8（第 " in result.stderr, "invalid" in result.stderr) == (1, True, False)


def test_a_refusal_always_says_what_can_be_done(tmp_path: Path) -> None:
    """Where a finding brings no advice of its own, that of its code is told; two places are both put into Chinese."""
    (tmp_path / "plan").mkdir()
    for lang, word in (("en", "Maybe: "), ("zh", "建议：")):
        result = run("rules", "ask", "use=RES", "intending_users=x", "--lang", lang)
        assert (result.exit_code, word in result.stderr) == (1, True), result.stderr
