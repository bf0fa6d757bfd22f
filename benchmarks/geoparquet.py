"""GeoParquet of many parcels: CPU seconds and memory of reading, checking, finding neighbours, and writing out.

``python -m benchmarks.geoparquet 1000000``. A grid of squares with ten attributes, drawn first and not counted; what
``landopt convert`` does (open, write) comes last. With ``drawn`` behind it parcels as they are drawn: they share bent
borders, and have nineteen corners on average.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path

import geopandas
import numpy as np
import shapely

from parcels.check_map import check_parcels
from parcels.formats.opening import open_parcels
from parcels.formats.writer import write_parcels
from parcels.geometry.neighbours import neighbours
from parcels.geometry.segments import Plane
from parcels.read import read_parcels

GAP_M = 3.0
"""Neighbours across so wide a gap count."""


def make(path: Path, count: int, bent: bool = False) -> None:
    """Squares of 50 m, 2 m apart; ``bent``: parcels as they are drawn."""
    side, k, draw = int(count**0.5), np.arange(count), np.random.default_rng(1)
    x, y = 38_400_000 + (k % side) * 52.0, 2_500_000 + (k // side) * 52.0
    columns = {
        "parcel_id": [f"P{i:07d}" for i in k],
        "use": draw.choice(["IND", "RES", "COM", "BIZ"], count),
        "district": [f"D{i % 300:03d}" for i in k],
        "land_source": draw.choice(["new", "stock"], count),
        "area_m2": np.full(count, 2500),
        "ownership": "state",
        "benchmark_price": draw.integers(200, 900, count),
        **dict.fromkeys(("net_land", "converted", "expropriated", "in_annual_plan"), True),
    }
    shapes = drawn(count) if bent else shapely.box(x, y, x + 50, y + 50)
    if bent:
        columns = {name: values for name, values in columns.items() if name != "area_m2"}
    frame = geopandas.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4526")
    frame.to_parquet(path)


def drawn(count: int) -> shapely.Geometry:
    """Parcels laid like bricks, a road of 12 m after every sixth row.

    Most have six neighbours and share bent edges with them, of one to six pieces; 10 to 29 corners each, nineteen on
    average.
    """
    draw, across, pieces = np.random.default_rng(5), int(count**0.5), 6
    down, steps = -(-count // across), (2 * across + 1) * pieces + 1
    lines = np.zeros((down + 1, steps, 2))
    lines[..., 0], lines[..., 1] = np.arange(steps) * 5.0, np.arange(down + 1)[:, None] * 50.0
    moved = draw.uniform(-6, 6, (down + 1, 2 * across + 2, 2))  # corners; what lies between goes with them
    part = (np.arange(pieces) / pieces)[:, None]
    between = moved[:, :-1, None] * (1 - part) + moved[:, 1:, None] * part
    lines[:, :-1] += between.reshape(down + 1, steps - 1, 2)
    lines[:, -1] += moved[:, -1]
    inner = np.arange(steps) % pieces > 0
    lines[:, inner] += draw.uniform(-1, 1, (down + 1, int(inner.sum()), 2))
    kept = ~inner | (draw.random((down + 1, steps)) < 0.5)
    rows = []
    for row in range(down):
        here = min(across, count - row * across)
        ends = np.arange(here + 1) * 2 * pieces + pieces * (row % 2)
        south, north = lines[row], lines[row + 1] - (0, 12.0 * (row % 6 == 5))
        share = np.arange(1, 4)[:, None] / 4
        sides = south[ends][:, None] * (1 - share) + north[ends][:, None] * share
        sides += draw.uniform(-1, 1, sides.shape)
        held, along = draw.random((here + 1, 3)) < 0.5, ends[:-1, None] + np.arange(2 * pieces + 1)
        ring = [south[along], sides[1:], north[along[:, ::-1]], sides[:-1, ::-1]]
        some = [kept[row][along], held[1:], kept[row + 1][along[:, ::-1]], held[:-1, ::-1]]
        keep = np.concatenate(some, axis=1)
        points = np.round(np.concatenate(ring, axis=1)[keep] + (38_400_000, 2_500_000), 3)
        rows.append(shapely.polygons(shapely.linearrings(points, indices=np.nonzero(keep)[0])))
    return np.concatenate(rows)


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(asked: int, bent: bool = False) -> None:
    """Print the CPU seconds of each step, their sum and the peak of memory."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "parcels.parquet"
        make(path, asked, bent)
        begun = cpu()
        land = read_parcels(path)
        read = cpu()
        plane = Plane(land.geometry.geometry.values, GAP_M)
        found = check_parcels(land, land.table, as_of="2026-03-31", box=(), plane=plane)
        checked = cpu()
        pairs = neighbours(plane, 1.0, GAP_M).pairs
        done = cpu()
        count, rows, findings = len(pairs), len(land.table), len(found)
        del land, plane, pairs, found
        raw = open_parcels(path)
        opened = cpu()
        write_parcels(raw, Path(name) / "out.parquet")
        written = cpu()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{rows:,} parcels, {findings} findings, {count:,} pairs of neighbours")
    steps = f"read {read - begun:.1f}  check {checked - read:.1f}  neighbours {done - checked:.1f}"
    steps += f"  open again {opened - done:.1f}  write {written - opened:.1f} CPU s"
    print(f"{steps}; {written - begun:.1f} in all; peak {peak:.2f} GB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, "drawn" in sys.argv[2:])
