"""GeoParquet of many parcels: CPU seconds and memory of reading, checking and finding neighbours.

``python -m benchmarks.geoparquet 1000000``. A grid of squares with ten attributes, written first and not counted;
with ``drawn`` behind it parcels as they are drawn: they touch, and have sixteen corners each.
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
from parcels.geometry.neighbours import neighbours
from parcels.read import read_parcels


def make(path: Path, count: int, bent: bool = False) -> None:
    """Squares of 50 m, 2 m apart; ``bent``: parcels as they are drawn (``count`` is a square number)."""
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
    """Parcels that share their bent edges, four pieces an edge."""
    side = int(count**0.5)
    corners = np.stack(np.meshgrid(np.arange(side + 1) * 60.0, np.arange(side + 1) * 50.0, indexing="ij"), -1)
    corners += np.random.default_rng(5).uniform(-8, 8, corners.shape)
    corners += np.array([38_400_000, 2_500_000])
    ring = [corners[:-1, :-1], corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:]]
    along = np.arange(4)[:, None] / 4
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    edges = [a[..., None, :] * (1 - along) + b[..., None, :] * along for a, b in pairs]
    closed = np.concatenate([*edges, ring[0][..., None, :]], axis=2).reshape(side * side, 17, 2)
    return shapely.polygons(np.round(closed, 3))


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(count: int, bent: bool = False) -> None:
    """Print the CPU seconds of each step, their sum and the peak of memory."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "parcels.parquet"
        make(path, count, bent)
        begun = cpu()
        land = read_parcels(path)
        read = cpu()
        found = check_parcels(land, land.table, as_of="2026-03-31", box=())
        checked = cpu()
        pairs = neighbours(land.geometry.geometry.values, 1.0, 3.0).pairs
        done = cpu()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(land.table):,} parcels, {len(found)} findings, {len(pairs):,} pairs of neighbours")
    steps = f"read {read - begun:.1f}  check {checked - read:.1f}  neighbours {done - checked:.1f} CPU s"
    print(f"{steps}; peak {peak:.2f} GB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, "drawn" in sys.argv[2:])
