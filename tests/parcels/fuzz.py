"""A coverage-guided fuzz run of the readers, outside the test suite: ``python -m tests.parcels.fuzz --seconds 600``.

Inputs are mutated from a seed corpus; one that reaches a line of the readers no input reached before joins the corpus
(``sys.monitoring`` tells). Anything but our own errors is a crash: it is written to ``--out`` and the run exits 1. Move
what mattered to ``tests/parcels/data/fuzz``, where the suite reads it again.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType

import shapely

from parcels.common.issues import LandoptError
from parcels.demands import read_demands
from parcels.formats.decoding.dbf import parse_dbf
from parcels.read import read_parcels
from tests.parcels.making import DEMAND_HEAD, DEMAND_ROW, box, columns, dbf_bytes

HERE = Path(__file__).parent
TOOL = 3
WORDS = [
    b",",
    b"\n",
    b"\r\n",
    b"=",
    b"@",
    b'"',
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"J1,1,2510000,38455000\n",
    b"nan",
    b"1e400",
]
WORDS += [
    b"-1",
    b"99999999999999999999",
    "面".encode("gbk"),
    "带号=38\n".encode("gbk"),
    b";",
    b":",
    b"2026-02-30",
    b"\xe2\x80\xae",
    b"0",
]


def targets(folder: Path) -> dict[str, tuple[Callable[[bytes], object], list[bytes]]]:
    """The three readers with their seeds."""

    def txt(data: bytes) -> object:
        path = folder / "a.txt"
        path.write_bytes(data)
        return read_parcels(path)

    def demands(data: bytes) -> object:
        path = folder / "d.csv"
        path.write_bytes(data)
        return read_demands(path)

    def geojson(data: bytes) -> object:
        path = folder / "p.geojson"
        path.write_bytes(data)
        return read_parcels(path)

    def wkt(data: bytes) -> object:
        path = folder / "p.csv"
        path.write_bytes(data)
        return read_parcels(path, crs="EPSG:4526")

    facts = {name: cells[0] for name, cells in columns(1).items()}
    feature = {"type": "Feature", "properties": facts, "geometry": shapely.geometry.mapping(box(0, 0))}
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4526"}}
    collection = json.dumps({"type": "FeatureCollection", "crs": named, "features": [feature]}).encode()
    line = ",".join([*map(str, facts.values()), f'"{box(0, 0).wkt}"'])
    real = (HERE / "data" / "boundary_points_gb18030.txt").read_bytes()
    head = f"{DEMAND_HEAD},needed_by,near,budget_yuan,partners,districts,name\n"
    rows = f"{DEMAND_ROW},2026-05-01,S1:800;S2:5,1200,hkmo;univ,南沙,平台\n".encode()
    table = dbf_bytes(
        [("名称".encode("gbk"), "C", 12), (b"N", "N", 8), (b"D", "D", 8)],
        [["南沙".encode("gbk"), b"12.5", b"20260331"]],
    )
    return {
        "txt": (txt, [real, real[:400], b"[x]\n3,1,A,B,C\xe9\x9d\xa2,,,,@\nJ1,1,2510000,38455000\n"]),
        "geojson": (geojson, [collection, collection.replace(b'"crs"', b'"was"')]),
        "wkt": (wkt, [f"{','.join(facts)},wkt\n{line}\n".encode()]),
        "demands": (demands, [head.encode() + rows, (head + "\n").encode("gbk")]),
        "dbf": (lambda data: parse_dbf(data, "a.dbf"), [table]),
    }


def mutate(data: bytes, corpus: list[bytes], rng: random.Random) -> bytes:
    """One to four small changes."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(out))
        kind = rng.randrange(6)
        if kind == 0 and out:
            out[min(at, len(out) - 1)] = rng.randrange(256)
        elif kind == 1:
            del out[at : at + rng.randint(1, 40)]
        elif kind == 2:
            out[at:at] = rng.choice(WORDS)
        elif kind == 3 and out:
            start = rng.randrange(len(out))
            out[at:at] = out[start : start + rng.randint(1, 60)]
        elif kind == 4:
            other = rng.choice(corpus)
            cut = rng.randint(0, len(other))
            out[at:] = other[cut:]
        elif out:
            out[min(at, len(out) - 1)] ^= 1 << rng.randrange(8)
    return bytes(out[:20_000])


def main() -> int:
    """Fuzz all targets in turn until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("fuzz-crashes"))
    parser.add_argument("--keep", type=Path, help="Write the corpus that was found into this folder.")
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    lines: set[tuple[str, int]] = set()
    monitor = sys.monitoring
    monitor.use_tool_id(TOOL, "fuzz")

    def reached(code: CodeType, line: int) -> object:
        if "/parcels/" in code.co_filename.replace("\\", "/"):
            lines.add((code.co_filename, line))
        return monitor.DISABLE

    monitor.register_callback(TOOL, monitor.events.LINE, reached)
    monitor.set_events(TOOL, monitor.events.LINE)
    crashes, runs, began = 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        work = targets(Path(name))
        corpora = {key: list(seeds) for key, (_, seeds) in work.items()}
        while time.monotonic() - began < asked.seconds:
            for key, (reader, _) in work.items():
                data = mutate(rng.choice(corpora[key]), corpora[key], rng)
                before = len(lines)
                runs += 1
                try:
                    reader(data)
                except LandoptError:
                    pass
                except Exception:
                    crashes += 1
                    asked.out.mkdir(exist_ok=True)
                    (asked.out / f"{key}-{crashes}").write_bytes(data)
                    traceback.print_exc()
                if len(lines) > before:
                    corpora[key].append(data)
    if asked.keep:
        asked.keep.mkdir(exist_ok=True)
        for key, corpus in corpora.items():
            for number, data in enumerate(corpus):
                (asked.keep / f"{key}-{number}").write_bytes(data)
    kept = {key: len(corpus) for key, corpus in corpora.items()}
    sys.stdout.write(f"{runs:,} inputs, {len(lines):,} lines reached, corpus {kept}, {crashes} crashes\n")
    return 1 if crashes else 0


if __name__ == "__main__":
    raise SystemExit(main())
