"""The gate: names refused from the text, pipes and devices, other kinds, sizes, depth, ratio (issue 16, line 7)."""

from __future__ import annotations

import gzip
import json
import os
import socket
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import desk
from constraints.audit.files.strict_json import OneMember
from parcels.common import gate
from parcels.common.issues import Refused

BAD_NAMES = {
    "share": ["\\\\evil\\share\\a.gpkg", "//evil/share/a.gpkg", "\\/evil/share/a.csv", "/\\evil\\share\\a.csv"],
    "device": [
        "\\\\?\\C:\\a.gpkg",
        "\\\\.\\PhysicalDrive0",
        "//?/UNC/evil/share",
        "//./pipe/a",
        "/dev/zero",
        "/dev/stdin",
        "/proc/self/environ",
        "/proc/1/mem",
        "/sys/kernel/x",
        "\\??\\C:\\a",
    ],
    "address": [
        "http://evil/a.gpkg",
        "https://evil/a.csv",
        "ftp://evil/a",
        "file:///etc/passwd",
        "s3://b/a.shp",
        "zip://a.zip!b.shp",
        "/vsicurl/http://evil/a.gpkg",
        "/vsizip/a.zip/a.shp",
        "/VSIMEM/a",
        "\\vsis3\\b\\a",
        "HTTP:/evil",
        "gs://b/a",
        "data:text/plain,a",
        "https:evil",
    ],
    "stream": ["a.csv:hidden", "a.csv::$DATA", "folder:x/a.csv", "C:a:b.csv", "a.gpkg:layer"],
    "reserved": [
        "CON",
        "con.csv",
        "aux.gpkg",
        "NUL",
        "nul.tar.gz",
        "prn .csv",
        "COM1",
        "com9.txt",
        "LPT3.csv",
        "COM¹.csv",
        "sub/aux/a.csv",
        "sub\\nul",
        "CONIN$",
        "clock$.csv",
        "C:\\work\\prn.xlsx",
    ],
    "control": ["a\x00.csv", "a\n.csv", "\x1b[2Ja.csv", "a\x7f.csv"],
}
GOOD_NAMES = [
    "parcels.gpkg",
    "../shared/宗地 1.xlsx",
    "C:\\work\\a.csv",
    "c:/land/a.csv",
    "/srv/land/a.gpkg",
    "console.csv",
    "nullarbor.csv",
    "auxiliary/a.csv",
    "com10.csv",
    "lpt.csv",
    "a.con",
    "/dev/shm/a.csv",
    "con1.csv",
    "./a.csv",
    ".",
]


@pytest.mark.parametrize(("why", "name"), [(why, name) for why, names in BAD_NAMES.items() for name in names])
def test_names_that_lead_elsewhere_are_refused_from_the_text(
    why: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No look at the disk: a stat of a share would already send the account's name to another machine."""

    def looked(*_given: object, **_named: object) -> None:
        raise AssertionError("looked at the disk")

    for function in ("stat", "lstat", "open", "scandir", "listdir"):
        monkeypatch.setattr(os, function, looked)
    with pytest.raises(Refused) as refused:
        gate.check_name(name, "C:\\rounds\\2026")
    assert refused.value.issues[0].key == f"F010.{why}"


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_plain_names_pass(name: str) -> None:
    """Names that only look like reserved ones, drives, folders above, Chinese."""
    gate.check_name(name)


def test_a_round_on_a_share_may_name_files_of_that_share() -> None:
    """The share is that of the round; the same machine with another share is another place."""
    own = "\\\\bureau\\rounds\\2026"
    gate.check_name("\\\\bureau\\rounds\\layers\\a.gpkg", own)
    gate.check_name("//BUREAU/Rounds/a.gpkg", own)
    for other in ("\\\\bureau\\private\\a.gpkg", "\\\\bureau2\\rounds\\a.gpkg", "\\\\bureau", "\\\\bureau\\roundsx\\a"):
        with pytest.raises(Refused):
            gate.check_name(other, own)


@pytest.mark.parametrize(
    "words",
    [
        ["check", "CON"],
        ["check", "http://evil/round"],
        ["solve", "/dev/zero"],
        ["convert", "/vsicurl/http://evil/a.gpkg", "out.gpkg"],
        ["convert", "a.gpkg", "out.gpkg:stream"],
        ["audit", "\\\\.\\pipe\\a"],
        ["report", "nul"],
        ["round", "show", "aux"],
        ["rules", "ask", "use=RES", "--policy", "https://evil/policy.toml"],
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_line_passes_the_gate(words: list[str], lang: str) -> None:
    """Exit 1 with the code, in both languages; never a traceback."""
    done = CliRunner().invoke(desk, words, env={"LANDOPT_LANG": lang})
    assert done.exit_code == 1, done.output
    assert "F010" in done.stderr
    assert ("文件名" in done.stderr) == (lang == "zh")


def test_pipes_sockets_and_devices_are_not_opened(tmp_path: Path) -> None:
    """Also behind a link, beside a shapefile, inside a file geodatabase."""
    fifo, sock, link = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"
    os.mkfifo(fifo)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(sock))
        link.symlink_to("/dev/zero")
        (tmp_path / "d.shp").write_bytes(b"\x00\x00\x27\x0a" * 30)
        os.mkfifo(tmp_path / "d.qix")
        (tmp_path / "e.gpkg").write_bytes(b"SQLite format 3\x00")
        os.mkfifo(tmp_path / "e.gpkg-journal")
        (tmp_path / "f.gdb").mkdir()
        os.mkfifo(tmp_path / "f.gdb" / "a00000001.gdbtable")
        (tmp_path / "g.gdb").mkdir()
        (tmp_path / "g.gdb" / "a").symlink_to("/dev/zero")
        for name in ("a.csv", "b.csv", "c.csv", "d.shp", "e.gpkg", "f.gdb", "g.gdb"):
            with pytest.raises(Refused) as refused:
                gate.admit(tmp_path / name)
            assert refused.value.issues[0].key == "F011.special", name


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.gpkg", b"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/passwd"),
        ("a.gpkg", b"http://evil/a.gpkg" * 10),
        ("a.shp", b"<OGRVRTDataSource/>" * 10),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" * 10),
        ("a.zip", b"Rar!" * 10),
        ("a.parquet", b"PK\x03\x04" * 10),
        ("a.csv", b"SQLite format 3\x00" * 10),
        ("a.csv", b"PK\x03\x04" * 10),
        ("a.txt", b"%PDF-1.7 " * 10),
        ("a.toml", b"\x1f\x8b\x08" * 10),
        ("a.geojson", b"\x7fELF" * 10),
        ("a.dxf", b"MZ\x90\x00" * 10),
        ("offers.jsonl.gz", b"BZh91AY" * 10),
    ],
)
def test_a_file_of_another_kind_than_its_ending_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """By its first bytes, before any reader has it."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused) as refused:
        gate.admit(tmp_path / name)
    assert refused.value.issues[0].key == "F013.kind"


@pytest.mark.parametrize("name", ["a.kml", "a.dxf", "a.json", "a.geojson"])
def test_texts_that_name_other_files_are_refused(tmp_path: Path, name: str) -> None:
    """What GDAL would take for a virtual layer, whatever its ending."""
    for text in (
        "<OGRVRTDataSource>",
        "<?xml version='1.0'?>\n<!-- kml -->< OGRVRTDataSource>",
        "<GDAL_WMS>",
        "<OGRWFSDataSource>",
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(Refused) as refused:
            gate.admit(tmp_path / name)
        assert refused.value.issues[0].key == "F013.elsewhere"


def test_short_and_empty_files_are_left_to_their_readers(tmp_path: Path) -> None:
    """They say where a file breaks off, which the gate cannot."""
    for name, content in (("a.gpkg", b""), ("b.gpkg", b"SQLite"), ("c.shp", b"\x00\x00"), ("d.csv", b"")):
        (tmp_path / name).write_bytes(content)
        assert gate.admit(tmp_path / name) == tmp_path / name
    assert gate.admit(tmp_path / "missing.gpkg") == tmp_path / "missing.gpkg"


def test_sizes_have_limits_by_kind(tmp_path: Path) -> None:
    """Sparse files: refused by their size, unread; what grows while it is read is cut off."""
    for name, size in (("round.toml", 2e6), ("a.csv", 2e9), ("a.xlsx", 3e8), ("a.gpkg", 2e10), ("key.pem", 2e6)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(int(size))
        with pytest.raises(Refused) as refused:
            gate.read_bytes(tmp_path / name)
        assert refused.value.issues[0].key == "F012.bytes"
        assert f"{int(size):,}" in refused.value.issues[0].what


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100 + "]" * 100,
        "a = " + "[" * 100_000,
        "a = " + "{a=" * 100 + "1" + "}" * 100,
        ".".join("a" * 100) + " = 1",
        "[" + ".".join("a" * 70) + "]\nb = 1",
        ".".join(["a"] * 100_000) + " = 1",
        ".".join(['"a"'] * 100) + " = 1",
        "a" + " . a" * 100 + " = 1",
    ],
)
def test_deep_toml_is_a_fault_of_form(text: str) -> None:
    """Brackets, tables and dotted keys; no recursion, no square of their number."""
    with pytest.raises(tomllib.TOMLDecodeError, match="deeper"):
        gate.load_toml(text)


def test_toml_that_only_looks_deep_is_read() -> None:
    """Dots in texts are no levels."""
    assert gate.load_toml('a = "' + "." * 500 + '"\nb = """\n' + "x." * 500 + '\n"""')["a"] == "." * 500


@pytest.mark.parametrize(
    "text", ["[" * 100 + "]" * 100, "[" * 200_000, '{"a":' * 100 + "1" + "}" * 100, '{"a":' * 99_999]
)
def test_deep_json_is_a_fault_of_form(text: str) -> None:
    """As a cut-off file is."""
    with pytest.raises(ValueError, match=r"deeper|Expecting"):
        gate.load_json(text)
    assert gate.load_json("[" * 50 + "]" * 50)


def test_a_compressed_list_may_not_unpack_to_far_more_than_its_size(tmp_path: Path) -> None:
    """Two gigabytes of zeros in two megabytes: reading stops at the limit."""
    path = tmp_path / "offers.jsonl.gz"
    path.write_bytes(gzip.compress(b"0" * 100_000_000, mtime=0))
    with OneMember(path) as stream, pytest.raises(ValueError, match="more than is allowed"):
        stream.read()
    path.write_bytes(gzip.compress(json.dumps(list(range(10_000))).encode(), mtime=0))
    with OneMember(path) as stream:
        assert json.loads(stream.read()) == list(range(10_000))
    path.write_bytes(path.read_bytes()[:-20])
    with OneMember(path) as stream, pytest.raises(ValueError, match="cut"):
        stream.read()
