"""Hostile files end in words: exit code and message of each, within a budget, nothing else opened or left behind."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import desk
from landopt.desk.law.ask import read_cases
from landopt.keeping.handmade import read_handmade
from landopt.keeping.ledger.matters import read_matters
from landopt.keeping.ledger.round_steps import read_results
from parcels.common.issues import Refused
from parcels.formats import guard
from tests.builders import random_case
from tests.hostile import FILES, Hostile, _zip, layers, plan_files
from tests.parcels.making import box, gpkg, round_folder


def call(*words: object, lang: str = "en") -> Result:
    """A command of the desk; never a traceback."""
    done = CliRunner().invoke(desk, [str(word) for word in words], env={"LANDOPT_LANG": lang})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done


def test_there_are_many() -> None:
    """At least 150, under every ending that is read."""
    assert len(FILES) >= 150
    assert len({hostile.label for hostile in FILES}) == len(FILES)


@pytest.mark.parametrize("hostile", FILES, ids=[hostile.label.replace("/", "_") for hostile in FILES])
def test_a_hostile_file_is_refused_in_words(hostile: Hostile, tmp_path: Path) -> None:
    """Exit code, code of the message, the file's name; no output, nothing left beside it."""
    path = tmp_path / hostile.name
    path.write_bytes(hostile.content)
    done = call("convert", path, tmp_path / "out.gpkg", "--crs", "EPSG:4526")
    assert done.exit_code == hostile.exit_code, done.output[:500]
    assert any(f"   {code}" in done.stderr or f"{code}" in done.stderr for code in hostile.codes), done.stderr[:500]
    assert hostile.name in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == [hostile.name]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child may take four seconds here."""
    monkeypatch.setattr(guard, "SECONDS", 4)


@pytest.mark.usefixtures("impatient")
def test_layers_that_are_queries_are_read_by_a_child_that_can_be_killed(tmp_path: Path) -> None:
    """Without end, or with too much memory: F014. One that ends is read as any other."""
    for label, path, codes in layers(tmp_path):
        done = call("convert", path, tmp_path / f"{label}.gpkg", "--layer", "v")
        assert done.exit_code == (1 if codes else 0), (label, done.output)
        assert not codes or any(code in done.stderr for code in codes), (label, done.stderr)


@pytest.mark.usefixtures("impatient")
def test_a_drawing_whose_blocks_hold_blocks_ends(tmp_path: Path) -> None:
    """Ten inserts of ten inserts ... : read within the limits, or refused."""
    lines = ["0", "SECTION", "2", "BLOCKS"]
    for level in range(12):
        lines += ["0", "BLOCK", "2", f"B{level}", "10", "0", "20", "0"]
        if level == 0:
            lines += ["0", "LINE", "10", "0", "20", "0", "11", "1", "21", "1"]
        else:
            for _ in range(10):
                lines += ["0", "INSERT", "2", f"B{level - 1}", "10", "0", "20", "0"]
        lines += ["0", "ENDBLK"]
    lines += ["0", "ENDSEC", "0", "SECTION", "2", "ENTITIES", "0", "INSERT", "2", "B11", "10", "0", "20", "0"]
    lines += ["0", "ENDSEC", "0", "EOF"]
    (tmp_path / "a.dxf").write_text("\n".join(lines))
    done = call("convert", tmp_path / "a.dxf", tmp_path / "out.gpkg", "--crs", "EPSG:4526")
    assert done.exit_code == 1
    assert "a.dxf" in done.stderr


@pytest.mark.parametrize(
    "name", ["a.csv", "a.gpkg", "a.geojson", "a.kml", "a.dxf", "a.xlsx", "a.zip", "a.txt", "a.shp"]
)
@pytest.mark.parametrize("kind", ["fifo", "device", "link"])
def test_pipes_and_devices_are_not_waited_for(tmp_path: Path, name: str, kind: str) -> None:
    """Whatever the ending; a link to a device is the device."""
    path = tmp_path / name
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        (tmp_path / "between").symlink_to("/dev/urandom")
        path.symlink_to("between")
    done = call("convert", path, tmp_path / "out.gpkg", lang="zh")
    assert (done.exit_code, "F011" in done.stderr) == (1, True), done.output


@pytest.mark.parametrize(
    ("key", "name", "code"),
    [
        ("parcels", "\\\\\\\\evil\\\\share\\\\parcels.gpkg", "F010"),
        ("parcels", "//evil/share/parcels.gpkg", "F010"),
        ("parcels", "/dev/zero", "F010"),
        ("parcels", "/vsicurl/http://127.0.0.1:9/a.gpkg", "F010"),
        ("parcels", "http://127.0.0.1:9/a.gpkg", "F010"),
        ("demands", "nul", "F010"),
        ("demands", "demands.csv:stream", "F010"),
        ("demands", "con.csv", "F010"),
        ("demands", "\\\\\\\\?\\\\C:\\\\demands.csv", "F010"),
    ],
)
def test_names_in_a_round_file_are_refused_from_the_text(tmp_path: Path, key: str, name: str, code: str) -> None:
    """With file, line and key, in both languages."""
    gpkg(tmp_path, [box(0, 0)])
    round_folder(tmp_path)
    path = tmp_path / "round.toml"
    kept = [line for line in path.read_text("utf-8").splitlines() if not line.startswith(f"{key} =")]
    at = kept.index("[inputs]")
    path.write_text("\n".join([*kept[: at + 1], f'{key} = "{name}"', *kept[at + 1 :]]), "utf-8")
    for lang in ("en", "zh"):
        done = call("check", tmp_path, lang=lang)
        assert done.exit_code == 1
        assert code in done.stderr
        assert "round.toml" in done.stderr
        assert key in done.stderr


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 10_000, ".".join("a" * 50_000) + " = 1", "[[" + "a." * 20_000 + "a]]", "\x00" * 100, "a = 1\na = 2",
     "[" * 100_000, "x = '" + "y" * 2_000_000 + "'", "a = 1e999999999", "a = 1e-999999999"],
)  # fmt: skip
@pytest.mark.parametrize("what", ["round", "policy", "sweep", "headings"])
def test_toml_that_is_deep_large_or_torn_is_refused(tmp_path: Path, text: str, what: str) -> None:
    """Round files, rule files, sweeps and headings alike."""
    gpkg(tmp_path, [box(0, 0)])
    round_folder(tmp_path)
    path = tmp_path / ("round.toml" if what == "round" else f"{what}.toml")
    path.write_text(text)
    words: dict[str, list[object]] = {
        "round": ["check", tmp_path],
        "policy": ["rules", "ask", "use=RES", "--policy", path],
        "sweep": ["sweep", tmp_path, path],
        "headings": ["report", tmp_path, "--xlsx", "--headings", path],
    }
    done = call(*words[what])
    assert done.exit_code == 1, done.output[:500]


@pytest.mark.parametrize("label", plan_files())
@pytest.mark.parametrize("name", ["plan.json", "case.json", "proof.json"])
def test_a_plan_folder_with_hostile_json_is_refused(tmp_path: Path, label: str, name: str) -> None:
    """By every command that opens one."""
    for each in ("plan.json", "case.json", "proof.json"):
        (tmp_path / each).write_bytes(b'{"schema":"landopt.plan/1"}')
    (tmp_path / name).write_bytes(plan_files()[label])
    for words in (["audit", tmp_path], ["explain", tmp_path], ["report", tmp_path, "--xlsx"], ["plans", tmp_path]):
        done = call(*words)
        assert done.exit_code in (1, 5, 6), (words, done.output[:300])


def test_a_list_of_offers_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    """A few megabytes of zeros, of brackets, of one line; the reader of the report and that of the audit."""
    from constraints.audit.files.offers_reader import OffersFile
    from landopt.screening.offers_file import read_offers
    from parcels.common.issues import Refused

    path = tmp_path / "offers.jsonl.gz"
    for content in (b"0" * 100_000_000, b"[" * 100_000_000, b'{"schema":"landopt.offers/2"}\n' + b" " * 100_000_000):
        path.write_bytes(gzip.compress(content, 9))
        with pytest.raises(Refused):
            read_offers(path)
        with pytest.raises(Refused), OffersFile(path) as offers:
            list(offers.blocks())


def test_tables_beside_a_drawing_pass_the_gate(tmp_path: Path) -> None:
    """A pipe named as the table of a drawing is not waited for."""
    text = "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n带号=38\n[地块坐标]\n"
    (tmp_path / "a.txt").write_text(text + "4,100,1,甲,面,,,,@\n", "utf-8")
    os.mkfifo(tmp_path / "a.csv")
    assert call("convert", tmp_path / "a.txt", tmp_path / "out.gpkg").exit_code == 1


def test_a_pipe_for_a_zip_of_a_plan_is_not_waited_for(tmp_path: Path) -> None:
    """The audit takes a zip; what is none is not opened."""
    os.mkfifo(tmp_path / "plan.zip")
    done = call("audit", tmp_path / "plan.zip")
    assert (done.exit_code, "F011" in done.stderr) == (1, True), done.output


def test_a_receipt_and_a_key_that_are_hostile_are_refused(tmp_path: Path) -> None:
    """Pipes, deep JSON, keys of two megabytes."""
    os.mkfifo(tmp_path / "key.pem")
    (tmp_path / "r.json").write_bytes(b"[" * 100_000)
    (tmp_path / "big.pem").write_bytes(b"x" * 2_000_000)
    assert call("receipt", tmp_path / "r.json", tmp_path).exit_code == 1
    (tmp_path / "r.json").write_text(json.dumps({"schema": "landopt.receipt/1", "leaf": {}}))
    shutil.copy(tmp_path / "r.json", tmp_path / "statement.json")
    for key in ("key.pem", "big.pem"):
        assert call("receipt", tmp_path / "r.json", tmp_path / "statement.json", "--key", tmp_path / key).exit_code == 1


RESULTS = "parcel_id,outcome,date,price_yuan,document\n"
TABLES = {
    "long": b"x" * 17_000_000,
    "price": "².5,,2026-05-02,²,D".encode(),
    "digits": b"A,sold,2026-05-02," + b"9" * 5_000 + b",D",
    "zero": b"A\0B,sold,2026-05-02,1,D",
    "quote": b'"A,sold,2026-05-02,1,D',
    "office": _zip(("xl/workbook.xml", b"<a/>")),
}


@pytest.mark.parametrize("label", [pytest.param("long", marks=pytest.mark.slow), *sorted({*TABLES} - {"long"})])
def test_tables_of_the_ledger_and_of_cases_are_read_as_every_table(tmp_path: Path, label: str) -> None:
    """Results, matters, cases of a question, plans made by hand: a finding with its own words, never a bare key."""
    results, cases = tmp_path / "r.csv", tmp_path / "c.csv"
    body = TABLES[label]
    results.write_bytes(body if label == "office" else RESULTS.encode() + body)
    cases.write_bytes(body if label == "office" else b"use,operator\n" + body)
    reads: list[Callable[[], object]] = [
        lambda: read_results(results, {"A"}),
        lambda: read_matters(results, {"A"}),
        lambda: read_handmade(results, random_case(0)),
    ]
    if label not in ("price", "digits"):  # what a fact may be is said by its field
        reads.append(lambda: read_cases(str(cases), "2026-11-22"))
    for read in reads:
        with pytest.raises(Refused) as told:
            read()
        assert all(issue.what != issue.key for issue in told.value.issues), told.value.issues
