"""Workbooks to fill in: their own headings are read back, LibreOffice saves them, findings stand in cells."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from cli import desk
from constraints.loading.load import load
from constraints.loading.plan_limits import plan_limits
from landopt.forms.columns import columns_of
from landopt.forms.policy_sheet import COLUMNS, heading
from landopt.intake.round_keys import round_keys
from landopt.intake.roundfile import _KEYS as READ
from landopt.intake.roundfile import read_round_file
from parcels.common.issues import Refused
from parcels.common.place import Place
from parcels.common.schema import fields_of
from parcels.demands import read_demands, read_records
from parcels.tables.columns import match_columns
from tests.readme import ROOT

NANSHA = ROOT / "examples" / "nansha"
SOFFICE = shutil.which("soffice")


def run(*words: str, code: int = 0) -> str:
    """A command of the desk."""
    done = CliRunner().invoke(desk, list(words))
    assert done.exit_code == code, done.output
    return done.stdout


def saved(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it."""
    assert SOFFICE is not None or "CI" not in os.environ, "CI installs LibreOffice: see .ci/run"
    if SOFFICE is None:
        pytest.skip("LibreOffice (soffice) is not here: CI installs it")
    home = f"-env:UserInstallation=file://{folder}/profile"
    command = [
        SOFFICE,
        home,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(folder / "so"),
    ]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=170)
    return folder / "so" / path.name


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", ["parcels", "demands"])
def test_every_heading_of_a_template_is_its_own_field(kind: str, lang: str) -> None:
    """Matched in the unit it says, without a word."""
    columns = columns_of(kind, lang)
    of = kind.removesuffix("s")
    match = match_columns([column.heading for column in columns], of, Place("t"))
    assert not match.unknown
    assert not match.issues
    found = {field: column.name for field, column in match.columns.items()}
    wanted = {column.name: column.heading for column in columns if column.name in fields_of(of)}
    assert found == wanted
    assert all(column.factor == 1 for column in match.columns.values())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_filled_templates_are_the_same_facts(tmp_path: Path, lang: str) -> None:
    """The demands and records of a round through a template."""
    for kind in ("demands", "records"):
        run("template", kind, "--from", str(NANSHA), "-o", str(tmp_path / f"{kind}.xlsx"), "--lang", lang)
    before, after = read_demands(NANSHA / "demands.csv"), read_demands(tmp_path / "demands.xlsx")
    assert not [issue for issue in after.issues if issue.level == "error"], [i.what for i in after.issues]
    for name, cells in before.table.columns.items():
        assert after.table.column(name) == cells, name
    assert read_records(tmp_path / "records.xlsx").rows_ == read_records(NANSHA / "records.csv").rows_


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_libreoffice_saves_what_landopt_reads(tmp_path: Path, lang: str) -> None:
    """Filled, opened and saved again: the same facts."""
    path = tmp_path / "demands.xlsx"
    run("template", "demands", "--from", str(NANSHA), "-o", str(path), "--lang", lang)
    again = read_demands(saved(path, tmp_path))
    assert not [issue for issue in again.issues if issue.level == "error"], [i.what for i in again.issues]
    assert again.table == read_demands(path).table
    book = openpyxl.load_workbook(saved(path, tmp_path))
    rules = book.worksheets[0].data_validations.dataValidation
    assert any(rule.type == "list" for rule in rules)


@pytest.mark.slow
def test_a_blank_round_filled_by_hand_becomes_a_round(tmp_path: Path) -> None:
    """Two parcels by boundary points, one platform; the check has no error."""
    folder = tmp_path / "r1"
    run("new", str(folder), "--blank", "--lang", "zh")
    assert read_round_file(folder).round.id == "r1"
    found = json.loads(run("check", str(folder), "--json", code=1))["issues"]
    assert [issue["code"] for issue in found if issue["level"] == "error"] == ["P068"]
    shutil.copy(ROOT / "tests/parcels/data/sent/10_txt_joined.txt", folder / "points.txt")
    book = openpyxl.load_workbook(folder / "填报.xlsx")
    for kind, sheet, rows in (
        ("parcels", "宗地", [_parcel("A1"), _parcel("A2")]),
        ("demands", "需求", [_demand()]),
    ):
        names = [column.name for column in columns_of(kind, "zh")]
        for number, row in enumerate(rows, 2):
            for name, value in row.items():
                book[sheet].cell(number, names.index(name) + 1, value)
    book.save(folder / "填报.xlsx")
    done = json.loads(run("check", str(folder), "--json"))
    assert done["parcels"] == 2
    assert done["demands"] == 1


def _parcel(identifier: str) -> dict[str, Any]:
    yes = dict.fromkeys(("net_land", "converted", "expropriated", "in_annual_plan"), "是")
    facts = {"use": "科研用地", "district": "南沙区", "land_source": "存量", "ownership": "国有"}
    return {"parcel_id": identifier, "boundary_points": "points.txt", **facts, **yes}


def _demand() -> dict[str, Any]:
    facts = {"platform_kind": "国家级平台", "operator": "高校", "uses": "科研用地", "priority": 90}
    return {"demand_id": "D1", "area_min_m2": 5000, "area_max_m2": 20000, **facts}


def test_a_policy_goes_to_a_sheet_and_back_without_loss(tmp_path: Path) -> None:
    """What a sheet can hold; what it cannot is refused by name."""
    tables = tomllib.loads((NANSHA / "policy.toml").read_text("utf-8"))
    refused = CliRunner().invoke(desk, ["convert", str(NANSHA / "policy.toml"), str(tmp_path / "p.xlsx")])
    assert refused.exit_code == 1
    assert "C030" in refused.output
    kept = [rule for rule in tables["rule"] if rule["kind"] in ("limit", "preference")]
    assert len(kept) > 4
    import tomli_w

    (tmp_path / "policy.toml").write_text(tomli_w.dumps({"rule": kept}), "utf-8")
    for lang in ("zh", "en"):
        sheet, back = tmp_path / f"{lang}.xlsx", tmp_path / f"{lang}.toml"
        run("convert", str(tmp_path / "policy.toml"), str(sheet), "--lang", lang)
        run("convert", str(sheet), str(back), "--lang", lang)
        assert tomllib.loads(back.read_text("utf-8"))["rule"] == kept
    assert len({heading(name, "zh") for name in COLUMNS}) == len(COLUMNS)


def test_findings_stand_in_their_cells_and_in_front(tmp_path: Path) -> None:
    """A wrong cell has a colour and a comment; the list links to it."""
    folder = tmp_path / "round"
    shutil.copytree(NANSHA, folder)
    text = (folder / "demands.csv").read_text("utf-8").split("\n")
    head = text[0].split(",")
    row = text[3].split(",")
    row[head.index("priority")] = "101"
    text[3] = ",".join(row)
    (folder / "demands.csv").write_text("\n".join(text), "utf-8")
    run("check", str(folder), "--xlsx", str(tmp_path / "out.xlsx"), "--lang", "zh", code=1)
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames[0] == "检查结果"
    cell = book["需求"].cell(4, head.index("priority") + 1)
    assert cell.comment is not None
    assert "D049" in cell.comment.text
    assert cell.fill.fgColor.rgb == "FFF8CBAD"
    first = [[cell.value for cell in line] for line in book["检查结果"].iter_rows()]
    found = next(number for number, line in enumerate(first) if line[1] == "D049")
    link = book["检查结果"].cell(found + 1, 4).hyperlink
    assert link is not None
    assert link.location == f"'需求'!{cell.coordinate}"


def test_missing_facts_come_by_the_conditions_that_hang_on_them(tmp_path: Path) -> None:
    """In JSON, in words, and as a sheet."""
    done = json.loads(run("check", str(NANSHA), "--missing", "--json"))["missing"]
    counts = [one["conditions"] for one in done]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 0
    assert all(one["offers"] <= one["conditions"] for one in done)
    one = next(each for each in done if each["fact"] == "diploma_education")
    assert {outcome["verdict"] for outcome in one["outcomes"]} == {"condition", "forbid"}
    run("check", str(NANSHA), "--missing", "--xlsx", str(tmp_path / "m.xlsx"), "--lang", "en")
    sheet = openpyxl.load_workbook(tmp_path / "m.xlsx")["missing"]
    assert [sheet.cell(at + 1, 1).value for at in range(len(done))] == [each["fact"] for each in done]


def test_every_key_of_a_round_is_explained() -> None:
    """What is read and what is told are the same keys, with examples that are read."""
    told = {(key.table, key.name) for key in round_keys()}
    assert told == {(table, name) for table, keys in READ.items() for name in keys}
    for key in round_keys():
        tomllib.loads(f"x = {key.example}")
        assert key.en
        assert key.zh
        assert key.required or key.default


def _switched_on(folder: Path, changes: dict[str, dict[str, Any]]) -> Path:
    """A blank round whose policy sheet has the named rules in use, with cells put in; its policy as TOML."""
    run("new", str(folder), "--blank", "--lang", "zh")
    book = openpyxl.load_workbook(folder / "填报.xlsx")
    sheet = book["政策"]
    heading = {cell.value: cell.column for cell in sheet[1]}
    for row in sheet.iter_rows(min_row=2):
        assert row[heading["启用"] - 1].value == "否"
        for name, value in changes.get(str(row[0].value), {}).items():
            row[heading[name] - 1].value = value
    book.save(folder / "填报.xlsx")
    run("convert", str(folder / "填报.xlsx"), str(folder / "policy.toml"), "--force")
    return folder / "policy.toml"


def test_the_texts_limits_wait_in_a_blank_round_with_their_scope(tmp_path: Path) -> None:
    """Off, without a figure, said to be the city's; with the district's own figure soft, never hard."""
    names = {each.rule.id for each in plan_limits("cn-guangzhou")}
    on: dict[str, dict[str, Any]] = {
        "gz.limit.space2024.share": {"启用": "是", "比例": "0.25"},
        "gz.limit.space2024.area": {"启用": "是", "指标": 600},
        "round.share.stock": {"启用": "是"},
    }
    path = _switched_on(tmp_path / "r", on)
    rules = {rule.id: rule for rule in load(path, "policy").rules}
    assert set(rules) == set(on)
    assert rules["gz.limit.space2024.share"].spec["share"] == [1, 4]
    assert not rules["gz.limit.space2024.share"].spec["hard"]
    assert not rules["gz.limit.space2024.area"].spec["hard"]
    sheet = openpyxl.load_workbook(tmp_path / "r" / "填报.xlsx")["政策"]
    rows = {str(row[0].value): [cell.value for cell in row] for row in sheet.iter_rows(min_row=2)}
    assert names <= set(rows)
    heading = [cell.value for cell in sheet[1]]
    for name in names - set(on):
        row = dict(zip(heading, rows[name], strict=True))
        assert "市级" in row["名称"], row
        assert "本区" in row["名称"]
        assert row["指标"] is None
        assert row["比例"] is None
        assert row["罚分"]
    off = (tmp_path / "r2").resolve()
    run("new", str(off), "--blank", "--lang", "en")
    said = [line for line in (off / "policy.toml").read_text("utf-8").splitlines() if line]
    assert all(line.startswith("#") for line in said)
    assert any("the city's" in line for line in said)


@pytest.mark.parametrize("name", ["gz.limit.space2024.area", "gz.limit.space2024.share", "gz.limit.plan2021.total"])
def test_a_limit_switched_on_without_a_figure_is_refused(tmp_path: Path, name: str) -> None:
    """A district's round asks for its own figure."""
    path = _switched_on(tmp_path / "r", {name: {"启用": "是"}})
    with pytest.raises(Refused) as refusal:
        load(path, "policy")
    assert any(name in issue.ids or name in issue.what for issue in refusal.value.issues)
