"""Hostile files: each a name, its content, the exit code owed and the code of the message (issue 16, line 7)."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.parcels.making import box, gpkg


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file to be read as parcels; ``codes`` are the codes one of which its message must have."""

    label: str
    name: str
    content: bytes
    codes: tuple[str, ...]
    exit_code: int = 1


VRT = b"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>%s</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
ELSEWHERE = {
    "http": VRT % b"http://127.0.0.1:9/a.json",
    "file": VRT % b"/etc/passwd",
    "vsicurl": VRT % b"/vsicurl/http://127.0.0.1:9/a",
    "spaces": b" \n\t" + VRT % b"/etc/passwd",
    "comment": b"<!-- -->" + VRT % b"/etc/passwd",
    "wms": b"<GDAL_WMS><Service name='TMS'><ServerUrl>http://127.0.0.1:9/</ServerUrl></Service></GDAL_WMS>",
    "raster": b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>",
    "wfs": b"<OGRWFSDataSource><URL>http://127.0.0.1:9/</URL></OGRWFSDataSource>",
    "address": b"http://127.0.0.1:9/parcels.gpkg",
    "pipeline": b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}',
    "connection": b"PG:host=127.0.0.1 port=9 dbname=a",
}
TEXTS = (".kml", ".dxf", ".geojson", ".json", ".csv", ".txt")
BINARY = (".gpkg", ".shp", ".xlsx", ".zip", ".parquet", ".ods")
HEADS = {
    "elf": b"\x7fELF\x02\x01\x01",
    "pdf": b"%PDF-1.7\n",
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "rar": b"Rar!\x1a\x07\x00",
    "gz": b"\x1f\x8b\x08\x00",
    "sqlite": b"SQLite format 3\x00",
    "exe": b"MZ\x90\x00",
}


def elsewhere() -> Iterator[Hostile]:
    """Files that name other files, addresses or programs, under every ending."""
    for label, content in ELSEWHERE.items():
        for suffix in BINARY:
            yield Hostile(f"{label}{suffix}", f"a{suffix}", content, ("F013", "P037"))
        for suffix in TEXTS:
            yield Hostile(f"{label}{suffix}", f"a{suffix}", content, ("F0", "P0"))


def other_kinds() -> Iterator[Hostile]:
    """Files of another kind than their ending says."""
    for label, head in HEADS.items():
        for suffix in (*BINARY, *TEXTS):
            if (label, suffix) != ("sqlite", ".gpkg"):
                yield Hostile(f"{label}{suffix}", f"a{suffix}", head + bytes(200), ("F013",))


def _zip(*members: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def _sheet(dimension: str, cells: str, strings: str = "") -> bytes:
    kind = "http://schemas.openxmlformats.org/"
    main = f'xmlns="{kind}spreadsheetml/2006/main"'
    types = (
        f'<Types xmlns="{kind}package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.'
        'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.'
        'openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
    )
    relation = f"{kind}officeDocument/2006/relationships"
    rels = f'<Relationships xmlns="{kind}package/2006/relationships">'
    rels += f'<Relationship Id="r1" Type="{relation}/%s" Target="%s"/>'
    book = f'<workbook {main} xmlns:r="{relation}"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>'
    sheet = f'{strings}<worksheet {main}><dimension ref="{dimension}"/><sheetData>{cells}</sheetData></worksheet>'
    return _zip(
        ("[Content_Types].xml", types.encode()),
        ("_rels/.rels", (rels % ("officeDocument", "xl/workbook.xml") + "</Relationships>").encode()),
        ("xl/workbook.xml", book.encode()),
        ("xl/_rels/workbook.xml.rels", (rels % ("worksheet", "worksheets/sheet1.xml") + "</Relationships>").encode()),
        ("xl/worksheets/sheet1.xml", sheet.encode()),
    )


def _damaged(content: bytes) -> Iterator[tuple[str, bytes]]:
    """A zip whose members are locked, packed in a way nobody unpacks, torn inside, shorter than said, cut off."""
    locked, odd, torn, short = (bytearray(content) for _ in range(4))
    for at in _all(content, b"PK\x01\x02"):
        locked[at + 8] |= 1
        odd[at + 10] = 99
        short[at + 24 : at + 28] = (1).to_bytes(4, "little")
    for at in _all(content, b"PK\x03\x04"):
        locked[at + 6] |= 1
        odd[at + 8] = 99
        begin = at + 30 + sum(int.from_bytes(content[at + n : at + n + 2], "little") for n in (26, 28))
        torn[begin : begin + 6] = b"\xff" * 6
    cut = content[: len(content) // 2]
    made = {"locked": locked, "odd": odd, "torn": torn, "short": short, "cut": cut}
    yield from ((label, bytes(each)) for label, each in made.items())


def _all(content: bytes, mark: bytes) -> list[int]:
    """Where a mark stands."""
    return [at for at in range(len(content)) if content.startswith(mark, at)]


def damaged() -> Iterator[Hostile]:
    """Archives of every ending that is one."""
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>' + "parcel_id" * 50 + "</t></is></c></row>"
    whole = {
        ".xlsx": _sheet("A1:A1", row),
        ".kmz": _zip(("doc.kml", b"<kml>" + b"<Folder></Folder>" * 200 + b"</kml>")),
        ".ods": _zip(("content.xml", b"<a>" + b"<b/>" * 300 + b"</a>")),
        ".zip": _zip(("a.geojson", b'{"type":"FeatureCollection","features":[]}' * 20)),
    }
    for suffix, content in whole.items():
        for label, each in _damaged(content):
            yield Hostile(f"{label}{suffix}", f"a{suffix}", each, ("F0", "P0"))
    for name in ("no-such-code", "utf-16"):
        text = f'<?xml version="1.0" encoding="{name}"?><a/>'.encode()
        yield Hostile(f"{name}.ods", "a.ods", _zip(("content.xml", text)), ("F0", "P0"))


LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '" + f"&a{n - 1};" * 10 + "'>" for n in range(1, 12))
    + "]>"
)


def large() -> Iterator[Hostile]:
    """Wide, long, deep, tight."""
    wide = ",".join(f"c{n}" for n in range(200_000))
    yield Hostile("columns.csv", "a.csv", f"{wide}\n{wide}\n".encode(), ("F012",))
    same = ",".join("c" for _ in range(100_000))
    yield Hostile("same columns.csv", "a.csv", f"{same}\n{same}\n".encode(), ("F012",))
    yield Hostile("blank columns.csv", "a.csv", b"a" + b"," * 300_000 + b"b\n1\n", ("F012",))
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>parcel_id</t></is></c></row>'
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    yield Hostile("far corner.xlsx", "a.xlsx", _sheet("A1:XFD1048576", cell + far), ("F012",))
    yield Hostile("laughs.xlsx", "a.xlsx", _sheet("A1:A1", cell.replace("parcel_id", "&a11;"), LAUGHS), ("F004", "P0"))
    yield Hostile("bomb.xlsx", "a.xlsx", _zip(("xl/workbook.xml", bytes(50_000_000))), ("F077",))
    yield Hostile("bomb.zip", "a.zip", _zip(("a.geojson", b" " * 60_000_000)), ("F077",))
    for name in ("../../evil.gpkg", "/etc/evil.gpkg", "..\\evil.gpkg", "C:\\evil.gpkg", "a/../../evil.gpkg"):
        yield Hostile(f"{name}.zip", "a.zip", _zip((name, b"x")), ("F077",))
    yield Hostile("vrt in.zip", "a.zip", _zip(("a.gpkg", ELSEWHERE["http"])), ("F013",))
    yield Hostile("zip in.zip", "a.zip", _zip(("a.zip", _zip(("a.gpkg", b"x")))), ("F003",))
    for depth in (100, 5_000, 1_000_000):
        for label, text in (("list", "[" * depth), ("object", '{"a":' * depth), ("closed", "[" * depth + "]" * depth)):
            yield Hostile(f"{label} {depth}.geojson", "a.geojson", text.encode(), ("F0", "P0"))
    nested = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":%s},"geometry":null}]}'
    for depth in (900, 100_000):
        yield Hostile(f"property {depth}", "a.geojson", (nested % ("[" * depth + "]" * depth)).encode(), ("F0", "P0"))
    collection = '{"type":"GeometryCollection","geometries":[' * 2_000 + "]}" * 2_000
    feature = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":%s}]}'
    yield Hostile("collections", "a.geojson", (feature % collection).encode(), ("F0", "P0"))
    yield Hostile("laughs.kml", "a.kml", f"<?xml version='1.0'?>{LAUGHS}<kml>&a11;</kml>".encode(), ("F004", "P0"))
    entity = "<!DOCTYPE k [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><kml><Placemark><name>&x;</name></Placemark></kml>"
    yield Hostile("entity.kml", "a.kml", entity.encode(), ("F004", "P0"))
    folders = "<kml>" + "<Folder>" * 20_000 + "</Folder>" * 20_000 + "</kml>"
    yield Hostile("folders.kml", "a.kml", folders.encode(), ("F0", "P0"))
    yield Hostile("laughs.ods", "a.ods", _zip(("content.xml", LAUGHS.encode() + b"<a>&a11;</a>")), ("F004",))
    table = (
        '<o:d xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><t:table t:name="a">'
        '<t:table-row t:number-rows-repeated="1000000000" t:visibility="collapse"><t:table-cell '
        't:number-columns-repeated="1000000000" o:value-type="float" o:value="1"/></t:table-row></t:table></o:d>'
    )
    yield Hostile("repeats.ods", "a.ods", _zip(("content.xml", table.encode())), ("F0", "P0"))
    yield Hostile(
        "numbers.geojson", "a.geojson", b'{"type":"FeatureCollection","x":' + b"9" * 10_000 + b"}", ("F0", "P0")
    )
    yield Hostile("exponent.geojson", "a.geojson", feature.replace("%s", "1e999999999").encode(), ("F0", "P0"))


def broken() -> Iterator[Hostile]:
    """Cut off, empty, headers that promise too much."""
    for suffix in (*BINARY, *TEXTS, ".gdb"):
        if suffix != ".gdb":
            yield Hostile(f"empty{suffix}", f"a{suffix}", b"", ("F0", "P0"))
            yield Hostile(f"zeros{suffix}", f"a{suffix}", bytes(5_000), ("F0", "P0"))
            yield Hostile(f"text{suffix}", f"a{suffix}", b"nothing of the kind\n" * 20, ("F0", "P0"))
    head = bytearray(100)
    head[:4], head[24:28] = b"\x00\x00\x27\x0a", struct.pack(">I", 0x7FFFFFFF)
    yield Hostile("promise.shp", "a.shp", bytes(head), ("P0", "F0"))
    yield Hostile("gz bomb.json", "a.json", gzip.compress(bytes(10_000_000)), ("F013",))


def layers(folder: Path) -> Iterator[tuple[str, Path, tuple[str, ...]]]:
    """GeoPackages whose layer is a query: without end, with too much memory, one that ends (no code: it is read)."""
    recursive = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
    views = {
        "endless": (f"{recursive} SELECT p.fid, p.geom, n.x AS parcel_id FROM n, parcels p", ("F014", "F004")),
        "silent": (f"{recursive} SELECT p.fid, p.geom, n.x AS parcel_id FROM n, parcels p WHERE n.x < 0", ("F014",)),
        "memory": ("SELECT p.fid, p.geom, hex(zeroblob(2000000000)) AS parcel_id FROM parcels p", ("F014", "F004")),
        "plain": ("SELECT fid, geom, parcel_id FROM parcels", ()),
    }
    for label, (query, codes) in views.items():
        place = folder / label
        place.mkdir()
        path = gpkg(place, [box(0, 0)])
        store = sqlite3.connect(path)
        name = store.execute("SELECT table_name FROM gpkg_contents").fetchone()[0]
        store.execute(f"CREATE VIEW v AS {query.replace('parcels', name)}")
        store.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
            "SELECT 'v', data_type, 'v', srs_id FROM gpkg_contents"
        )
        store.execute(
            "INSERT INTO gpkg_geometry_columns SELECT 'v', column_name, geometry_type_name, srs_id, z, m "
            "FROM gpkg_geometry_columns"
        )
        store.commit()
        store.close()
        yield label, path, codes


def plan_files() -> dict[str, bytes]:
    """What a plan folder may hold instead of its files."""
    deep = b"[" * 200_000
    return {
        "deep": deep,
        "deep object": b'{"a":' * 100_000,
        "twice": b'{"schema":"landopt.plan/1","schema":"landopt.plan/1"}',
        "nan": b'{"schema":NaN}',
        "huge number": b'{"schema":' + b"9" * 100_000 + b"}",
        "list": b"[]",
        "null": b"null",
        "empty": b"",
        "zeros": bytes(1000),
        "latin": b'{"schema":"\xff"}',
        "zip": _zip(("plan.json", b"{}")),
        "other": json.dumps({"schema": "landopt.plan/99"}).encode(),
    }


def outsiders() -> Iterator[Hostile]:
    """Tables, archives and maps as an outsider forged them."""
    cells = '<row r="%d">' + '<c t="s"><v>0</v></c>' * 40 + "</row>"
    yield Hostile("shared text.xlsx", "a.xlsx", _shared("".join(cells % row for row in range(2, 210))), ("F012",))
    for number in ("99999999999", "-7"):
        row = f'<row r="1"><c t="s"><v>{number}</v></c></row>'
        yield Hostile(f"shared {number}.xlsx", "a.xlsx", _shared(row), ("F004",))
    sheet = "xl/worksheets/sheet1.xml"
    yield Hostile("two sheets.ods", "a.ods", _zip(("content.xml", b"<a/>"), ("CONTENT.xml", b"<b/>")), ("F077",))
    yield Hostile("two of one name.xlsx", "a.xlsx", _zip((sheet, b"<a/>"), (sheet.upper(), b"<b/>")), ("F077",))
    whole = _zip(("a.geojson", b" " * 5_000_000))
    head, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    listed = b"".join(whole[head:end].replace(b"a.geojson", b"%c.geojson" % (97 + n)) for n in range(20))
    last = struct.pack("<HHHHIIH", 0, 0, 20, 20, len(listed), head, 0)
    yield Hostile("one member twenty times.zip", "a.zip", whole[:head] + listed + b"PK\x05\x06" + last, ("F077",))
    large = bytearray(whole)
    large[head + 24 : head + 28] = b"\xff" * 4
    large[head + 30 : head + 32] = struct.pack("<H", 12)
    large[head + 46 + len("a.geojson") : head + 46 + len("a.geojson")] = struct.pack("<HHQ", 1, 8, 2**63)
    end = bytes(large).index(b"PK\x05\x06")
    large[end + 12 : end + 16] = struct.pack("<I", end - head)
    yield Hostile("zip64.zip", "a.zip", bytes(large), ("F077",))
    yield Hostile("two names.zip", "a.zip", whole.replace(b"a.geojson", b"../../x.j", 1), ("P037", "F077"))
    yield Hostile("members.kmz", "a.kmz", _zip(*((f"{n}.kml", b"<kml/>") for n in range(10_001))), ("F077",))
    link = b"<NetworkLink><Link><href>http://127.0.0.1:9/a.kml</href></Link></NetworkLink>"
    yield Hostile("link.kmz", "a.kmz", _zip(("doc.kml", b"<kml><Document>%s</Document></kml>" % link)), ("P002", "P0"))
    for label, foot in (("length", b"x" * 100 + b"\xf0\xff\xff\xff"), ("depth", b"\x1c" * 5000 + b"\x88\x13\0\0")):
        yield Hostile(f"{label} of the foot.parquet", "a.parquet", b"PAR1" + foot + b"PAR1", ("F004", "F005"))
    for label in ("utf-16-le", "utf-32"):
        yield Hostile(f"{label}.csv", "a.csv", "parcel_id,area_m2\nA,1\n".encode(label), ("P037",))
    yield Hostile("open quote.csv", "a.csv", b'parcel_id,area_m2\n"' + b"x" * 17_000_000, ("P068",))
    yield Hostile("depth.gml", "a.gml", b"<a>" * 100_000, ("P037", "F0"))
    yield Hostile("length.fgb", "a.fgb", b"fgb\x03fgb\0" + b"\xff" * 4 + b"x" * 100, ("F003", "F004"))
    block = "0 SECTION 2 BLOCKS 0 BLOCK 2 X 70 4 1 http://127.0.0.1:9/x.dxf 0 ENDBLK 0 ENDSEC"
    drawn = "0 SECTION 2 ENTITIES 0 INSERT 2 X 10 0 20 0 0 ENDSEC 0 EOF"
    yield Hostile("other drawing.dxf", "a.dxf", "\n".join(f"{block} {drawn}".split()).encode(), ("F004", "P002"))


def _shared(rows: str) -> bytes:
    """A workbook whose cells share one long text."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    text = f'<sst {main} count="1" uniqueCount="1"><si><t>{"x" * 32_000}</t></si></sst>'
    parts, strings = dict(_parts(_sheet("A1:AN209", rows))), "xl/sharedStrings.xml"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    for name, old, new in (
        ("[Content_Types].xml", "</Types>", f'<Override PartName="/{strings}" ContentType="{kind}"/></Types>'),
        ("xl/_rels/workbook.xml.rels", "</Relationships>",
         f'<Relationship Id="rId8" Type="{relations}" Target="/{strings}"/></Relationships>'),
    ):  # fmt: skip
        parts[name] = parts[name].replace(old.encode(), new.encode())
    return _zip(*parts.items(), (strings, text.encode()))


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


FILES = [*elsewhere(), *other_kinds(), *large(), *damaged(), *broken(), *outsiders()]
