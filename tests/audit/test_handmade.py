"""Plans made elsewhere: every breach with its row, the loss against the proven bound, the nearest lawful plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from landopt.desk.decide.repair import repair as repair_desk
from landopt.desk.keep.audit import audit
from landopt.keeping.handmade import audit_handmade, load, read_handmade, write_csv
from landopt.keeping.repair import repair, text
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused
from tests.audit.folders import Small, small, write
from tests.builders import case, demand, eligibility, limit, parcel, price_floor

HEADINGS = "宗地编号,供应方式,平台编号,年限,起始价\n"


@pytest.fixture(scope="module")
def town() -> Small:
    """Four parcels, three platforms, a cap of two listings, a floor, housing never by listing."""
    land = [parcel(), parcel(), parcel(area_m2=8_000), parcel(use="RES")]
    wants = [demand(priority=30), demand(priority=60), demand(priority=90, want_term=20)]
    rules = [
        eligibility("t.res", "use == 'RES'", listing="forbid", lease="forbid", rank=5),
        price_floor("t.floor", "use == 'IND'", ["listing", "bid", "auction"], "400"),
        limit("p.cap", "method == 'listing'", "<=", 2, measure="count"),
    ]
    return small(case(land, wants, rules))


@pytest.fixture(scope="module")
def folder(town: Small, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan folder of the town."""
    place = tmp_path_factory.mktemp("town") / "plan"
    write(place, town)
    return place


def _sheet(place: Path, rows: str, headings: str = HEADINGS) -> Path:
    path = place / "made.csv"
    path.write_bytes((headings + rows).encode("gb18030"))
    return path


def test_lawful_sheet_has_no_finding_and_a_priced_loss(folder: Path, tmp_path: Path) -> None:
    """A lawful but poor plan: nothing broken, and how much it gives away at least and at most."""
    rounds, plan, reach = load(folder)
    report = audit_handmade(rounds, read_handmade(_sheet(tmp_path, "P01,挂牌,D01,,\n"), rounds), plan, reach)
    assert report.findings == ()
    assert report.loss is not None
    least, most = report.loss[0]
    tier = plan["result"]["tiers"][0]
    assert least == tier["objective"] - report.objective[0] > 0
    assert most == tier["bound"] - report.objective[0] >= least


def test_every_breach_is_listed_with_its_row(folder: Path, tmp_path: Path) -> None:
    """Unlawful method, unknown parcel, price below the floor, parcel twice, cap exceeded: all at once."""
    rows = [
        "P04,挂牌,D01,,",
        "P09,挂牌,D02,,",
        "P01,挂牌,D02,,100",
        "P01,挂牌,D03,20,",
        "P02,挂牌,,,",
        "P03,listing,D01,,",
    ]
    rounds, plan, reach = load(folder)
    report = audit_handmade(rounds, read_handmade(_sheet(tmp_path, "\n".join(rows)), rounds), plan, reach)
    rules = {(finding.rule, str(finding.where)) for finding in report.findings}
    assert rules == {
        ("site", "made.csv, row 2"),
        ("parcel", "made.csv, row 3"),
        ("demand_id", "made.csv, row 4"),
        ("price_floor", "made.csv, row 4"),
        ("parcel_ids", "made.csv, row 5"),
        ("site", "made.csv, row 6"),
        ("demand_id", "made.csv, row 7"),
        ("p.cap", ""),
    }
    for rule in ("site", "parcel", "price_floor", "parcel_ids", "demand_id", "p.cap"):
        assert rule in {name for name, _ in rules}, rule
    cap = next(finding for finding in report.findings if finding.rule == "p.cap")
    assert (cap.used, cap.limit) == (3, 2)
    floor = next(finding for finding in report.findings if finding.rule == "price_floor")
    assert (floor.used, floor.limit) == (100, 4_000_000)
    json.dumps(report.as_dict())


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        ("a,b\n1,2\n", ["H001", "H001"]),
        (HEADINGS + "P01,赠送,D01,,\n", ["H002"]),
        (HEADINGS + "P01,挂牌,D01,many,12.5\n", ["H003", "H004"]),
    ],
)
def test_unreadable_sheets_are_refused_with_every_fault(
    folder: Path, tmp_path: Path, content: str, codes: list[str]
) -> None:
    """Missing columns, unknown methods, numbers that are none."""
    rounds, _, _ = load(folder)
    with pytest.raises(Refused) as refused:
        read_handmade(_sheet(tmp_path, content, ""), rounds)
    assert [issue.code for issue in refused.value.issues] == codes


def test_workbook_reads_like_the_csv(folder: Path, tmp_path: Path) -> None:
    """The same rows from XLSX."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (
        ["宗地编号", "供应方式", "平台编号", "年限"],
        ["P01", "挂牌", "D03", 20],
        ["P02", "拍卖出让", "D01", None],
    ):
        book.active.append(row)
    book.save(tmp_path / "made.xlsx")
    rounds, _, _ = load(folder)
    made = read_handmade(tmp_path / "made.xlsx", rounds)
    assert [entry["method"] for entry in made.entries] == ["listing", "auction"]
    assert made.entries[0]["term_years"] == 20
    assert made.entries[1]["term_years"] is None


def test_repair_keeps_what_is_lawful_and_changes_the_rest(town: Small, tmp_path: Path) -> None:
    """Housing by listing goes, the third listing becomes another method, the rest stays; nothing is added unasked."""
    rows = "P04,挂牌,D01,,\nP01,挂牌,D02,,\nP02,挂牌,D03,20,\nP03,挂牌,,,\n".replace("P03,挂牌,,,", "P03,挂牌,D01,,")
    made = read_handmade(_sheet(tmp_path, rows), town.case)
    done = repair(town.case, build_offers(town.case), made)
    assert done.proven
    what = {change.row.rpartition(" ")[2]: change.what for change in done.changes}
    assert sorted(what.values()).count("kept") == 2
    assert "added" not in what.values()
    dropped = next(change for change in done.changes if change.before and change.before["parcel_ids"] == ["P04"])
    assert dropped.what == "dropped"
    assert dropped.why
    write_csv(tmp_path / "repaired.csv", done.assignments)
    again = audit_handmade(town.case, read_handmade(tmp_path / "repaired.csv", town.case))
    assert again.findings == ()
    for lang in ("en", "zh"):
        assert len(text(done, lang)) > 4
    assert not [line for line in text(done, "zh") if " listing " in line or " auction " in line]


def test_lawful_sheet_is_kept_whole(town: Small, tmp_path: Path) -> None:
    """Nothing to repair: every row stays."""
    made = read_handmade(_sheet(tmp_path, "P01,挂牌,D01,,\nP02,拍卖,D02,,\n"), town.case)
    done = repair(town.case, build_offers(town.case), made)
    assert [change.what for change in done.changes] == ["kept", "kept"]


def test_desk_audits_and_repairs_sheets(folder: Path, tmp_path: Path) -> None:
    """The two commands, with JSON and exit codes."""
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("parcel,method,platform,term,price\nP01,listing,D01,,\n", encoding="utf-8")
    bad.write_text("parcel,method,platform,term,price\nP04,listing,D01,,\n", encoding="utf-8")
    run = CliRunner()
    assert run.invoke(audit, ["--handmade", str(good), str(folder)]).exit_code == 0
    shown = run.invoke(audit, ["--handmade", str(bad), str(folder), "--json"])
    assert shown.exit_code == 5
    assert json.loads(shown.stdout)["findings"]
    fixed = run.invoke(repair_desk, [str(bad), str(folder), "--json", "-o", str(tmp_path / "fixed.csv")])
    assert fixed.exit_code == 0, fixed.output
    assert json.loads(fixed.stdout)["changes"][0]["what"] in ("dropped", "moved")
    assert (tmp_path / "fixed.csv").is_file()
    plain = run.invoke(audit, [str(folder), "--lang", "zh"])
    assert plain.exit_code == 0
    assert "方案在已核对范围内成立" in plain.stdout
