"""The daily round beside the plan: matters go into the ledger, and the papers that name them print them."""

from __future__ import annotations

import shutil
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import desk
from constraints.reading.timetable import PUBLIC, Calendar, again, timetable
from landopt.keeping.ledger.chain import Ledger
from landopt.keeping.ledger.matters import Matter, kinds, matters_of, of_notice
from landopt.report.papers.notices import word_notices
from landopt.report.papers.review_sheet import review_values
from landopt.report.recorded import recorded
from landopt.report.source import Source, open_source

HEAD = "事项,日期,文号,宗地编号,会议,内容,答复,答复日期\n"


def run(*words: object) -> Result:
    """A command of the desk."""
    return CliRunner().invoke(desk, [str(word) for word in words], prog_name="landopt")


@pytest.fixture
def kept(plain: Path, tmp_path: Path) -> tuple[Path, Source]:
    """A round folder with a ledger in which the plan's first site is known, and its plan."""
    source = open_source(plain)
    place = tmp_path / "round"
    shutil.copytree(plain, place / "plan", ignore=shutil.ignore_patterns("report*"))
    case = source.case
    (place / "round.toml").write_text(
        f'[round]\nid = "{case.round.id}"\ntitle = {{ en = "R", zh = "轮" }}\nauthority = "A"\n'
        f"as_of = {case.round.as_of}\n"
        f'start = {case.round.start}\nend = {case.round.end}\n[inputs]\nparcels = "p.csv"\ndemands = "d.csv"\n',
        "utf-8",
    )
    for name in ("p.csv", "d.csv"):
        (place / name).write_text("x\n", "utf-8")
    entries = source.plan["assignments"]
    with Ledger(place / "ledger.sqlite", create=True) as book:
        book.append("open", case.round.id, {"by": "a", "inputs": []})
        body = {"document": "D", "date": case.round.as_of, "by": "a"}
        names = ("parcel_ids", "demand_id", "method")
        taken = [{name: entry[name] for name in names} for entry in entries]
        book.append("adopt", case.round.id, {**body, "assignments": taken})
    return place, open_source(place / "plan")


def listed(source: Source) -> tuple[str, str]:
    """The first parcel of a site under competition, and its method."""
    entry = next(e for e in source.plan["assignments"] if source.case.method(e["method"]).competitive)
    return entry["parcel_ids"][0], entry["method"]


def test_matters_are_entered_and_printed_where_papers_name_them(kept: tuple[Path, Source]) -> None:
    """Decision, approval, review and objection with its answer; a matter of the round is on every sheet."""
    place, source = kept
    parcel, method = listed(source)
    text = HEAD + (
        f"集体决策,2026-04-03,会纪〔2026〕8号,{parcel},局务会,同意,,\n政府批准,2026-04-10,府函〔2026〕12号,,市人民政府,,,\n"
        f"公平竞争审查,2026-04-08,竞审〔2026〕3号,,,符合,,\n异议,2026-05-08,,{parcel},某单位,界址有误,经核无误,2026-05-12\n"
        f"变更,2026-05-15,告〔2026〕9号,{parcel},,调整容积率,,\n"
    )
    (place / "m.csv").write_text(text, "utf-8")
    done = run("round", "enter", place, place / "m.csv", "--by", "b", "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "事项" in done.output
    values = review_values(source, "zh")
    mine = next(each for each, e in zip(values, source.plan["assignments"], strict=True) if parcel in e["parcel_ids"])
    assert mine["decision"] == "局务会，会纪〔2026〕8号，2026年4月3日，同意"
    assert mine["approval"] == "市人民政府，府函〔2026〕12号，2026年4月10日"
    assert mine["fair"] == "竞审〔2026〕3号，2026年4月8日，符合"
    assert mine["objection"] == "某单位，2026年5月8日，界址有误；答复：经核无误（2026年5月12日）"
    steps = again(source.case.method(method), "2026-05-15", source.case.calendar)
    year, month, day = steps[-1].latest.split("-")
    assert f"{year}年{int(month)}月{int(day)}日" in str(mine["notice"])
    assert all(each["approval"] == mine["approval"] for each in values)
    assert sum("objection" in each for each in values) == 1
    supply = next(paper for paper in word_notices(source, "zh") if paper.name == "notices-competition")
    assert {part["approval"] for part in supply.parts} == {mine["approval"]}
    assert all("approval" in each for each in review_values(source, "en"))


def test_without_a_record_the_blanks_stay(plain: Path) -> None:
    """No ledger beside the plan: a blank to fill in, and nothing else."""
    source = open_source(plain)
    assert recorded(source).matters == ()
    for values in review_values(source, "zh"):
        assert "文号：" in str(values["decision"])
        assert {"approval", "fair", "objection", "notice"}.isdisjoint(values)


def test_a_broken_ledger_says_nothing(kept: tuple[Path, Source]) -> None:
    """What a chain does not hold is not printed on a paper."""
    import sqlite3

    place, source = kept
    (place / "m.csv").write_text(HEAD + "政府批准,2026-04-10,府函〔2026〕12号,,,,,\n", "utf-8")
    assert run("round", "enter", place, place / "m.csv", "--by", "b").exit_code == 0
    assert recorded(source).matters
    with sqlite3.connect(place / "ledger.sqlite") as store:
        (table,) = next(store.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%entr%'"))
        for (trigger,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            store.execute(f"DROP TRIGGER {trigger}")
        store.execute(f"UPDATE {table} SET body = replace(body, '12号', '13号')")
    assert recorded(source).matters == ()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("婚礼,2026-04-03,D,,,,,", "B026"),
        ("批复,2026-02-30,D,,,,,", "B024"),
        ("批复,2026-04-03,,,,,,", "B027"),
        ("异议,2026-04-03,,,x,y,答,", "B027"),
        ("批复,2026-04-03,D,NO-SUCH,,,,", "B021"),
        ("", "B025"),
    ],
)
def test_a_faulty_file_of_matters_is_refused_whole(kept: tuple[Path, Source], line: str, code: str) -> None:
    """Nothing of it is entered."""
    place, source = kept
    (place / "m.csv").write_text(HEAD + line + "\n", "utf-8")
    done = run("round", "enter", place, place / "m.csv", "--by", "b")
    assert (done.exit_code, code in done.output) == (1, True), done.output
    with Ledger(place / "ledger.sqlite", read_only=True) as book:
        assert matters_of(book.entries(), source.case.round.id) == ()


@given(
    day=st.dates(date(2025, 1, 1), date(2027, 12, 31)).map(date.isoformat),
    off=st.lists(st.integers(0, 300), max_size=20),
)
@settings(max_examples=200, deadline=None)
def test_dates_counted_anew_are_those_of_a_supply_that_begins_there(plain: Path, day: str, off: list[int]) -> None:
    """From the public step on, the lengths are those of the timetable itself, holidays included."""
    case = open_source(plain).case
    holidays = [date.fromordinal(date(2026, 1, 1).toordinal() + each).isoformat() for each in off]
    calendar = Calendar(holidays)
    for method in case.methods:
        steps = again(method, day, calendar)
        whole = [step.step for step in timetable(method, {}, day, calendar)]
        names = [step.step for step in steps]
        assert names == whole[len(whole) - len(names) :]
        if steps:
            assert names[0] in PUBLIC
            assert steps[0].earliest >= day
            assert all(a.latest < b.earliest for a, b in pairwise(steps))


def test_the_last_matter_of_a_notice_counts() -> None:
    """A notice suspended and resumed is resumed; every kind has both names."""
    matters = (Matter("suspended", "2026-05-01", "a", ("P1",)), Matter("resumed", "2026-05-09", "b", ("P1",)))
    last = of_notice(matters, ["P1"])
    assert last is not None
    assert last.what == "resumed"
    assert of_notice(matters, ["P2"]) is None
    assert all({"zh", "en", "words"} <= entry.keys() for entry in kinds().values())


def test_the_entry_sheet_has_the_codes_of_the_portal(kept: tuple[Path, Source]) -> None:
    """供地方式 and 土地用途 by code; number, price and day of a contract from the ledger; every method has one."""
    from constraints.loading.method_facts import tables
    from landopt.report.tables.entry_sheet import columns, portal, rows

    place, source = kept
    parcel, _ = listed(source)
    number = "4401152026B00123-1"
    text = f"宗地编号,结果,日期,成交价,文号,电子监管号\n{parcel},成交,2026-06-20,5000000,D,{number}\n"
    (place / "r.csv").write_text(text, "utf-8")
    assert run("round", "record", place, place / "r.csv", "--by", "b").exit_code == 0
    found = {row["宗地编号"]: row for row in rows(source)}
    mine = found[parcel]
    assert (mine["电子监管号"], mine["成交价格(万元)"], mine["合同签订日期"]) == (number, 500.0, "2026-06-20")
    assert all(row["电子监管号"] is None for name, row in found.items() if name != parcel)
    assert set(mine) <= set(columns())
    assert set(portal()["method"]) == set(tables())
    assert portal()["method"]["listing"]["code"] == "23"
    assert portal()["use"]["RES"]["code"] == "083"
    for row in found.values():
        assert row["土地来源"] in ("现有建设用地", "新增建设用地", "新增建设用地(来自存量库)")


def test_the_entry_sheet_is_a_workbook_whose_codes_are_texts(plain: Path, tmp_path: Path) -> None:
    """083 stays 083."""
    import openpyxl

    done = run("report", plain, "--entry", "-o", tmp_path / "r")
    assert done.exit_code == 0, done.output
    sheet = openpyxl.load_workbook(tmp_path / "r" / "market-entry.xlsx").active
    assert sheet is not None
    at = [cell.value for cell in sheet[1]].index("土地用途代码") + 1
    codes = [sheet.cell(row, at).value for row in range(2, sheet.max_row + 1)]
    assert codes
    assert all(isinstance(code, str) for code in codes if code is not None)


def test_the_entry_sheet_keeps_the_contract_when_work_begins(kept: tuple[Path, Source]) -> None:
    """Who took the land, what was agreed and what was met; a later line of results does not wipe out the contract."""
    from landopt.report.tables.entry_sheet import rows

    place, source = kept
    parcel, _ = listed(source)
    head = "宗地编号,结果,日期,成交价,文号,电子监管号,受让人,约定交地日期,约定开工日期,约定竣工日期\n"
    lines = (
        f"{parcel},成交,2026-06-20,5000000,D,4401152026B00123-1,某公司,2026-07-20,2026-10-20,2028-10-20\n",
        f"{parcel},开工,2026-10-01,,,,,,,\n",
        f"{parcel},竣工,2028-09-01,,,,,,,\n",
    )
    for line in lines:
        (place / "r.csv").write_text(head + line, "utf-8")
        done = run("round", "record", place, place / "r.csv", "--by", "b")
        assert done.exit_code == 0, done.output
    mine = next(row for row in rows(source) if row["宗地编号"] == parcel)
    assert (mine["土地使用权人"], mine["电子监管号"], mine["成交价格(万元)"]) == ("某公司", "4401152026B00123-1", 500.0)
    assert (mine["合同签订日期"], mine["约定交地时间"]) == ("2026-06-20", "2026-07-20")
    assert (mine["约定开工时间"], mine["约定竣工时间"]) == ("2026-10-20", "2028-10-20")
    assert (mine["实际开工时间"], mine["实际竣工时间"]) == ("2026-10-01", "2028-09-01")


def test_dates_that_a_notice_no_longer_has_are_marked(kept: tuple[Path, Source]) -> None:
    """A notice amended: the sheet says that the dates first planned have changed, and where the new ones stand."""
    place, source = kept
    parcel, _ = listed(source)
    before = review_values(source, "zh")
    (place / "m.csv").write_text(HEAD + f"变更,2026-05-15,告〔2026〕9号,{parcel},,调整容积率,,\n", "utf-8")
    assert run("round", "enter", place, place / "m.csv", "--by", "b").exit_code == 0
    for old, new, entry in zip(before, review_values(source, "zh"), source.plan["assignments"], strict=True):
        first = f"原定（已变动，见公告变动）：{old['dates']}"
        assert new["dates"] == (first if parcel in entry["parcel_ids"] else old["dates"])


def test_a_year_without_arranged_holidays_is_told_where_dates_are_counted_anew(kept: tuple[Path, Source]) -> None:
    """Resumed far in the future: weekends and the days that law names are counted, and that is said."""
    place, source = kept
    parcel, _ = listed(source)
    years = int(source.case.round.as_of[:4]) + 9
    (place / "m.csv").write_text(HEAD + f"变更,{years}-05-15,告〔2026〕9号,{parcel},,调整,,\n", "utf-8")
    assert run("round", "enter", place, place / "m.csv", "--by", "b").exit_code == 0
    said = [str(each["notice"]) for each in review_values(source, "zh") if "notice" in each]
    assert len(said) == 1
    assert "节假日安排尚未公布" in said[0]
