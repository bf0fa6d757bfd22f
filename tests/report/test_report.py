"""The files of ``landopt report``: what they hold agrees with the plan, and nothing in a name does harm."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import xml.dom.minidom
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

import landopt.report.papers.word
from cli import desk
from landopt.report import write
from landopt.report.output import outputs
from landopt.report.papers.notices import drafts
from landopt.report.source import open_source
from tests.report.making import FORMULA, LONG, SCRIPT, call, plan_folder


def test_without_a_kind_all_kinds_are_written(plain: Path) -> None:
    """Map, tables, documents, notices and boundary points stand in PLAN/report."""
    names = {path.name for path in (plain / "report").iterdir()}
    papers = ("proposal", "review-sheets", "technical-annex")
    documents = {f"{name}.{kind}" for name in papers for kind in ("docx", "pdf")}
    drafted = {f"notices-{notice.kind}.docx" for notice in drafts(open_source(plain), "zh")}
    assert "notices-competition.docx" in drafted
    assert names == {
        *documents,
        "map.html",
        "tables.xlsx",
        *drafted,
        "notices-sources.docx",
        "boundary.txt",
        "plan.qgz",
        "market-entry.xlsx",
    }


def test_a_second_report_replaces_the_first_and_leaves_nothing_beside_it(plain: Path, tmp_path: Path) -> None:
    """The folder is replaced as a whole; the same plan gives the same bytes."""
    folder = shutil.copytree(plain, tmp_path / "plan")
    before = {path.name: path.read_bytes() for path in (folder / "report").iterdir()}
    assert call(folder, "--lang", "zh").exit_code == 0
    after = {path.name: path.read_bytes() for path in (folder / "report").iterdir()}
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []
    assert {path.name for path in folder.iterdir()} >= {"plan.json", "report"}
    assert not [path for path in folder.iterdir() if path.name.startswith(".landopt")]


def test_a_folder_of_something_else_is_not_replaced(plain: Path, tmp_path: Path) -> None:
    """A folder that holds other files is refused, and they stay."""
    (tmp_path / "thesis.docx").write_text("mine")
    done = call(plain, "--xlsx", "-o", tmp_path)
    assert done.exit_code == 1
    assert "X011" in done.output
    assert (tmp_path / "thesis.docx").read_text() == "mine"
    assert call(plain, "--xlsx", "-o", plain).exit_code == 1


def test_a_failure_leaves_the_old_report(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All or nothing: where one kind fails, the report stays as it was."""
    folder = shutil.copytree(plain, tmp_path / "plan")
    before = {path.name: path.read_bytes() for path in (folder / "report").iterdir()}

    def fails(*_given: Any, **_named: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(landopt.report.papers.word, "write_word", fails)
    done = call(folder, "--html", "--docx")
    assert done.exit_code == 6
    assert {path.name: path.read_bytes() for path in (folder / "report").iterdir()} == before
    assert not list(folder.glob(".landopt*"))


@pytest.mark.parametrize(("kind", "extra"), [("docx", "word"), ("pdf", "pdf")])
def test_a_missing_extra_is_named_with_its_command(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, extra: str
) -> None:
    """Asked for: refused with the command. Not asked for: left out and said so."""
    every = {output.kind: output for output in outputs()}
    lost = replace(every[kind], needs=("no_such_library", extra))
    monkeypatch.setattr(write, "outputs", lambda: (every["txt"], lost))
    done = call(plain, f"--{kind}", "-o", tmp_path / "one")
    assert done.exit_code == 1
    assert f'python -m pip install "landopt[{extra}]"' in done.output
    assert not (tmp_path / "one").exists()
    done = call(plain, "-o", tmp_path / "all", "--lang", "en")
    assert done.exit_code == 0
    assert f"Left out {kind}" in done.output
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["boundary.txt"]


def test_what_is_no_plan_is_refused(tmp_path: Path) -> None:
    """A folder without a plan, and a plan without its geometry."""
    assert call(tmp_path).exit_code == 1
    folder = plan_folder(tmp_path / "plan")
    (folder / "plan.gpkg").unlink()
    done = call(folder, "--html")
    assert done.exit_code == 1
    assert "X007" in done.output
    assert call(folder, "--xlsx").exit_code == 0


@pytest.mark.parametrize(
    ("file", "content", "code", "said"),
    [
        ("plan.gpkg", None, "X007", "No such file"),
        ("plan.gpkg", 0, "X007", "plan.gpkg cannot be read"),
        ("plan.gpkg", 60_000, "X007", "plan.gpkg cannot be read"),
        ("plan.json", None, "A001", "plan.json is missing"),
        ("plan.json", 5_000, "A002", "plan.json cannot be read"),
        ("plan.json", b'{"schema":"landopt.plan/2"}', "A003", "has schema 'landopt.plan/2'"),
        ("plan.json", b'{"schema":"landopt.plan/1"}', "X005", "plan.json lacks plan_id"),
        ("case.json", None, "X004", "case.json is missing"),
        ("case.json", 900, "X005", "case.json cannot be read"),
        ("case.json", b'{"schema":"landopt.case/2"}', "X005", "'landopt.case/2' is not landopt.case/1"),
        ("proof.json", None, "X004", "proof.json is missing"),
    ],
)
@pytest.mark.parametrize("kinds", [("--html", "--with-proof"), ("--gdb",)])
def test_a_plan_folder_that_is_not_whole_is_refused(
    plain: Path, tmp_path: Path, file: str, content: int | bytes | None, code: str, said: str, kinds: tuple[str, ...]
) -> None:
    """A file that is missing, cut off or of a newer schema: what, where and advice; nothing is written."""
    if file == "proof.json" and kinds == ("--gdb",):
        kinds = ("--with-proof", "--html", "--gdb")
    folder = shutil.copytree(plain, tmp_path / "plan", ignore=shutil.ignore_patterns("report"))
    whole = (folder / file).read_bytes()
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content if isinstance(content, bytes) else whole[:content])
    done = call(folder, *kinds, "--lang", "en")
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code == 1
    assert f"error {code}" in done.output
    assert said in done.output
    assert str(folder) in done.output
    assert "Maybe" in done.output
    assert not (folder / "report").exists()
    assert not list(folder.glob(".landopt*"))


def test_json_names_the_files(plain: Path, tmp_path: Path) -> None:
    """``--json`` prints what was written."""
    done = CliRunner().invoke(desk, ["report", str(plain), "--txt", "-o", str(tmp_path / "r"), "--json"])
    said = json.loads(done.stdout)
    assert [entry["name"] for entry in said["files"]] == ["boundary.txt"]


def sheets(folder: Path) -> Any:
    """The workbook of a plan folder as cached values."""
    return openpyxl.load_workbook(folder / "report" / "tables.xlsx", data_only=True)


def test_the_tables_agree_with_the_plan(plain: Path) -> None:
    """Parcels, areas, prices, terms, dates and totals are those of plan.json."""
    source = open_source(plain)
    book = sheets(plain)
    names = [
        "供应计划汇总表",
        "分区分季供应表",
        "供应计划宗地表",
        "宗地审查表",
        "变更对照表",
        "未供应与未满足清单",
        "规则",
    ]
    assert book.sheetnames == names
    sheet = book["供应计划宗地表"]
    rows = [row for row in sheet.iter_rows(min_row=4, values_only=True) if row[0] is not None]
    head, body, total = rows[0], rows[1:-1], rows[-1]
    at = {name: place for place, name in enumerate(head)}
    supplied = [row for row in source.rows if row.entry is not None]
    assert [row[at["宗地编号"]] for row in body] == [row.parcel_id for row in supplied]
    assert [round(row[at["面积(公顷)"]] * 10_000) for row in body] == [row.area_m2 for row in supplied]
    assert [row[at["土地使用年限"]] for row in body] == [row.entry["term_years"] for row in supplied if row.entry]
    assert total[0] == "合计"
    assert round(total[at["面积(公顷)"]] * 10_000) == sum(row.area_m2 for row in supplied)
    assert all(value is None or hasattr(value, "year") for row in body for value in [row[at["拟签订合同时间（最迟）"]]])
    assert any(row[at["供应依据"]] for row in body)
    review = [row for row in book["宗地审查表"].iter_rows(min_row=4, values_only=True) if row[0] is not None]
    at = {name: place for place, name in enumerate(review[0])}
    yuan = sum(entry["start_price_yuan"] for entry in source.plan["assignments"])
    assert round(review[-1][at["起始价(万元)"]] * 10_000) == yuan
    assert any(row[at["法律依据"]] for row in review[1:-1])
    for name in ("供应计划汇总表", "分区分季供应表"):
        summary = [row for row in book[name].iter_rows(min_row=4, values_only=True) if row[0]]
        assert summary[0][1:5] == ("宗数", "供应面积", "其中：新增", "其中：存量")
        assert summary[-1][1] == len(supplied)
        assert round(summary[-1][2] * 10_000) == sum(row.area_m2 for row in supplied)
        assert summary[-1][2] == pytest.approx(summary[-1][3] + summary[-1][4])
        assert summary[-1][2] == pytest.approx(sum(summary[-1][5:]))
    unmet = [row for row in book["未供应与未满足清单"].iter_rows(min_row=5, values_only=True) if row[0]]
    assert len(unmet) == len(source.plan["held"]) + len(source.plan["unserved"])
    rules = [row for row in book["规则"].iter_rows(min_row=5, values_only=True) if row[0]]
    assert [row[1] for row in rules] == [rule.title.zh for rule in source.case.rules]


def test_headers_are_frozen_and_filters_set(plain: Path) -> None:
    """Every list has a filter, frozen headings and a print area."""
    book = openpyxl.load_workbook(plain / "report" / "tables.xlsx")
    for name in ("供应计划宗地表", "宗地审查表", "未供应与未满足清单", "规则"):
        assert book[name].auto_filter.ref
        assert book[name].freeze_panes
        assert book[name].print_area
        assert book[name].print_title_rows == "$4:$4"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_the_formulas_recalculate_to_what_is_cached(plain: Path, tmp_path: Path) -> None:
    """LibreOffice, asked to compute everything anew, finds the same values."""
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    given = plain / "report" / "tables.xlsx"
    # a copy without cached values forces the computation
    bare = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(given) as old, zipfile.ZipFile(bare, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name.startswith("xl/worksheets/"):
                body = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", body)
            new.writestr(name, body)
    command = [
        "soffice",
        profile,
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        tmp_path / "out",
    ]
    subprocess.run([*map(str, command), str(bare)], check=True, capture_output=True, timeout=120)
    again = openpyxl.load_workbook(tmp_path / "out" / "bare.xlsx", data_only=True)
    formulas = openpyxl.load_workbook(given)
    cached = openpyxl.load_workbook(given, data_only=True)
    compared = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    compared += 1
                    found, wanted = (
                        again[sheet.title][cell.coordinate].value,
                        cached[sheet.title][cell.coordinate].value,
                    )
                    assert found == pytest.approx(wanted, abs=1e-6), (sheet.title, cell.coordinate, cell.value)
    assert compared > 20


def test_no_name_becomes_a_formula_or_a_link(hostile: Path) -> None:
    """The only formulas are our own sums; names stand as texts, cut where a cell cannot hold them."""
    book = openpyxl.load_workbook(hostile / "report" / "tables.xlsx")
    formulas = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    exact = r"EXACT\('[A-Za-z ]+'![$A-Z\d:]+,\$?[A-Z]+\$?\d+\)\*"
    own = re.compile(rf"=SUM\([A-Z\d,:]*\)|=0|=SUMPRODUCT\(({exact}){{1,2}}['A-Za-z $\d!:()*-]+\)")
    assert formulas
    assert [formula for formula in formulas if not own.fullmatch(formula)] == []
    texts = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "s"]
    assert FORMULA in texts
    assert all(len(text) <= 32_767 for text in texts)
    assert not any(cell.hyperlink for sheet in book for row in sheet.iter_rows() for cell in row)
    assert "\u202e" not in "".join(texts)


def test_headings_can_be_edited(plain: Path, tmp_path: Path) -> None:
    """A bureau's own file changes headings, order and columns; what it does not name stays."""
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[parcels]\ncolumns = ["parcel_id", "area_ha", "method", "use", "new_ha"]\n'
        '[parcels.heading]\nparcel_id = { zh = "地块编号", en = "Plot" }\n',
        encoding="utf-8",
    )
    done = call(plain, "--xlsx", "--headings", mine, "-o", tmp_path / "r", "--lang", "zh")
    assert done.exit_code == 0, done.output
    sheet = openpyxl.load_workbook(tmp_path / "r" / "tables.xlsx")["供应计划宗地表"]
    assert [cell.value for cell in sheet[4]][:5] == ["地块编号", "面积(公顷)", "供应方式", "土地用途", "其中新增(公顷)"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[parcels]\ncolumns = ["colour"]\n', "no column 'colour'"),
        ("[parcel]\n", "parcel is not a name"),
        ("[parcels\n", "not TOML"),
        ('[rules]\nsheet = { zh = "a/b", en = "a/b" }\n', "no name for a sheet"),
        ('[rules]\nsheet = "x"\n', "rules.sheet is a str"),
    ],
)
def test_wrong_headings_are_refused(plain: Path, tmp_path: Path, text: str, said: str) -> None:
    """What is wrong is named, and nothing is written."""
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    done = call(plain, "--xlsx", "--headings", tmp_path / "mine.toml", "-o", tmp_path / "r")
    assert done.exit_code == 1
    assert said in done.output
    assert not (tmp_path / "r").exists()


def paragraphs(path: Path) -> list[Any]:
    """The paragraphs of a Word file."""
    import docx

    return list(docx.Document(str(path)).paragraphs)


def test_the_page_is_that_of_a_formal_file(plain: Path) -> None:
    """A4 with margins of 37, 35, 28 and 26 mm, body 16 pt on lines of 28 pt, tables 10.5 pt (GB/T 9704-2012)."""
    import docx

    document = docx.Document(str(plain / "report" / "proposal.docx"))
    section = document.sections[0]
    sizes = (section.page_width, section.page_height, section.top_margin, section.bottom_margin)
    assert [round(size.mm) for size in (*sizes, section.left_margin, section.right_margin)] == [
        210,
        297,
        37,
        35,
        28,
        26,
    ]
    body, cell = document.styles["landopt body"], document.styles["landopt cell"]
    assert (body.font.size.pt, body.paragraph_format.line_spacing.pt, cell.font.size.pt) == (16, 28, 10.5)
    assert "仿宋_GB2312" in body.element.xml
    assert len(document.tables) == 2
    assert document.tables[1].rows[1].cells[1].text == "+".join(open_source(plain).plan["assignments"][0]["parcel_ids"])


def test_hostile_names_do_no_harm_in_word_and_pdf(hostile: Path) -> None:
    """The files open; template marks in names stay as they are."""
    for name in ("proposal", "review-sheets", "notices-competition"):
        path = hostile / "report" / f"{name}.docx"
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if member.endswith((".xml", ".rels")):
                    xml.dom.minidom.parseString(archive.read(member))
            assert b'TargetMode="External"' not in b"".join(archive.read(m) for m in archive.namelist())
    said = "".join(p.text for p in paragraphs(hostile / "report" / "review-sheets.docx"))
    assert "49" not in re.findall(r"\{\{.*?\}\}", said)
    assert (hostile / "report" / "proposal.pdf").read_bytes().startswith(b"%PDF")


def test_the_page_holds_no_outside_address_and_no_markup_from_names(hostile: Path) -> None:
    """The policy forbids everything outside; names are escaped or inside the compressed data."""
    page = (hostile / "report" / "map.html").read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert SCRIPT not in page
    assert LONG not in page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
    assert not re.search(r"<[a-z][^>]*\son\w+\s*=", page)
    assert "url(" not in page


def test_changes_against_an_earlier_plan(plain: Path, tmp_path: Path) -> None:
    """The sheet of changes lists the parcels that moved, and only those."""
    from landopt.reasons.compared.moves import moves

    folder = shutil.copytree(plain, tmp_path / "earlier", ignore=shutil.ignore_patterns("report"))
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    plan["assignments"] = plan["assignments"][2:]
    plan["assignments"][0]["method"] = "auction"
    plan["plan_id"] = "earlier"
    (folder / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    assert call(plain, "--xlsx", "--compare", folder, "-o", tmp_path / "r", "--lang", "en").exit_code == 0
    book = openpyxl.load_workbook(io.BytesIO((tmp_path / "r" / "tables.xlsx").read_bytes()))
    rows = [row for row in book["Changes"].iter_rows(min_row=5, values_only=True) if row[0]]
    found = moves(plan, open_source(plain).plan)["parcels"]
    assert [row[1] for row in rows] == [entry["parcel_id"] for entry in found]
    land = open_source(plain).case.parcels
    areas = dict(zip(land.ids, land.column("area_m2"), strict=True))
    assert [row[2] for row in rows] == [int(str(areas[row[1]])) / 10_000 for row in rows]  # of a block each its own
    assert len(rows) > 1
    assert "earlier" in book["Changes"]["A1"].value


def test_a_table_of_changes_without_another_plan_has_no_empty_brackets(plain: Path) -> None:
    """The title names the plan compared with, or nothing."""
    titles = [sheet.cell(1, 1).value for sheet in sheets(plain)]
    assert not [title for title in titles if "（）" in title or title.endswith("against")]
