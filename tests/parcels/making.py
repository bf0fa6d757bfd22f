"""Small parcel files for the tests of the facts room."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas
import shapely

from parcels.common.issues import Issue, Refused
from parcels.read import ParcelFile, read_parcels

X0, Y0 = 38455000.0, 2510000.0
"""South-west corner of the test ground: EPSG:4526, zone 38, Nansha."""

DEMAND_HEAD = "demand_id,platform_kind,operator,uses,area_min_m2,area_max_m2,priority"
DEMAND_ROW = "D1,national,univ,RES,1000,2000,5"


def box(i: float, j: float, w: float = 100, h: float = 80) -> Any:
    """A rectangle at column i, row j of the test ground."""
    return shapely.box(X0 + i * 100, Y0 + j * 80, X0 + i * 100 + w, Y0 + j * 80 + h)


def poly(*points: tuple[float, float]) -> Any:
    """A polygon from offsets to the corner of the test ground."""
    return shapely.Polygon([(X0 + x, Y0 + y) for x, y in points])


def columns(count: int, **others: Any) -> dict[str, Any]:
    """The required columns for so many parcels, with changes (a list, or one value for all)."""
    made: dict[str, Any] = {
        "parcel_id": [f"P{i + 1}" for i in range(count)],
        "use": "IND",
        "district": "横沥镇",
        "land_source": "stock",
        "net_land": True,
        "converted": True,
        "expropriated": True,
        "ownership": "state",
        "in_annual_plan": True,
    }
    made.update(others)
    return {
        name: list(value) if isinstance(value, list | tuple) else [value] * count
        for name, value in made.items()
        if value is not None
    }


def gpkg(folder: Path, shapes: Sequence[Any], crs: Any = 4526, name: str = "parcels.gpkg", **others: Any) -> Path:
    """A GeoPackage of parcels."""
    path = folder / name
    frame = geopandas.GeoDataFrame(columns(len(shapes), **others), geometry=list(shapes), crs=crs)
    frame.to_file(path, layer="parcels", driver="GPKG", engine="pyogrio")
    return path


def layer(folder: Path, name: str, shapes: Sequence[Any], crs: Any = 4526, **attributes: Any) -> Path:
    """A layer file."""
    path = folder / f"{name}.gpkg"
    data = {"name": [f"{name}{i}" for i in range(len(shapes))], **attributes}
    geopandas.GeoDataFrame(data, geometry=list(shapes), crs=crs).to_file(path, driver="GPKG", engine="pyogrio")
    return path


def read(path: Path, **options: Any) -> tuple[Issue, ...]:
    """All findings of a file, refused outright or not."""
    try:
        return read_parcels(path, **options).issues
    except Refused as refusal:
        return refusal.issues


def good(path: Path, **options: Any) -> ParcelFile:
    """A file that must be read without an error."""
    file = read_parcels(path, **options)
    assert not [issue for issue in file.issues if issue.level == "error"], file.issues
    return file


def attempt(work: Callable[[], Any]) -> tuple[Any, str]:
    """What some work gives, or the room letters of the refusal's codes; any other error passes through."""
    try:
        return work(), ""
    except Refused as refusal:
        return None, "".join(sorted({issue.code[0] for issue in refusal.issues}))


def one(issues: Sequence[Issue], code: str) -> Issue:
    """The only finding of a code."""
    found = [issue for issue in issues if issue.code == code]
    assert len(found) == 1, [(issue.code, issue.what) for issue in issues]
    return found[0]


def has(issues: Sequence[Issue], code: str, level: str = "error") -> bool:
    """True if a finding of that code and level is there."""
    return any(issue.code == code and issue.level == level for issue in issues)


def csv_file(folder: Path, text: str, name: str = "demands.csv", encoding: str = "utf-8") -> Path:
    """A text file."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def dbf_bytes(
    fields: Sequence[tuple[bytes, str, int]],
    rows: Sequence[Sequence[bytes]],
    *,
    ldid: int = 0,
    deleted: Sequence[int] = (),
) -> bytes:
    """A dBase III table from raw bytes."""
    width = 1 + sum(size for _, _, size in fields)
    head = struct.pack("<BBBBIHH", 3, 126, 1, 1, len(rows), 32 + 32 * len(fields) + 1, width) + bytes(17)
    head += bytes([ldid]) + bytes(2)
    for name, kind, size in fields:
        head += name[:11].ljust(11, b"\x00") + kind.encode() + bytes(4) + bytes([size, 0]) + bytes(14)
    body = b""
    for i, row in enumerate(rows):
        body += b"*" if i in deleted else b" "
        for (_, _, size), cell in zip(fields, row, strict=True):
            body += cell[:size].ljust(size)
    return head + b"\x0d" + body + b"\x1a"


def shapefile(
    folder: Path,
    shapes: Sequence[Any],
    table: Mapping[str, Sequence[str]],
    *,
    encoding: str = "gbk",
    cpg: str | None = None,
    ldid: int = 0,
    name: str = "dk.shp",
    crs: Any = 4526,
) -> Path:
    """A shapefile as old programs write it: our own dbf bytes, .cpg and language driver."""
    path = folder / name
    geopandas.GeoDataFrame({"x": range(len(shapes))}, geometry=list(shapes), crs=crs).to_file(path, engine="pyogrio")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    fields = [(column.encode(encoding)[:10], "C", 40) for column in table]
    rows = [[str(cells[i]).encode(encoding) for cells in table.values()] for i in range(len(shapes))]
    path.with_suffix(".dbf").write_bytes(dbf_bytes(fields, rows, ldid=ldid))
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def chinese(count: int, **others: Sequence[str]) -> dict[str, Sequence[str]]:
    """Required columns as a Chinese bureau names them."""
    made: dict[str, Sequence[str]] = {
        "宗地编号": [f"NS-{i + 1:03d}" for i in range(count)],
        "规划用途": ["科研用地"] * count,
        "行政区": ["南沙街道"] * count,
        "土地来源": ["存量"] * count,
        "净地": ["是"] * count,
        "农转用已批": ["是"] * count,
        "已征收": ["是"] * count,
        "权属性质": ["国有"] * count,
        "供应计划": ["是"] * count,
    }
    made.update(others)
    return made


def round_folder(folder: Path, parcels: str = "parcels.gpkg", extra: str = "") -> Path:
    """A round around a parcel file, with one demand."""
    csv_file(folder, f"{DEMAND_HEAD}\n{DEMAND_ROW}\n")
    (folder / "round.toml").write_text(
        f"""[round]
id = "t"
title = {{ en = "t", zh = "t" }}
authority = "a"
land_reduction_rate = "0.05"
purpose = "supply"
as_of = 2026-03-31
start = 2026-04-01
end = 2026-12-31

[inputs]
parcels = "{parcels}"
demands = "demands.csv"
{extra}

[rules]
packs = ["cn"]
""",
        encoding="utf-8",
    )
    return folder
