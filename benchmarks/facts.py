"""100,000 parcels read, checked, overlaid with three layers, adjacency built: CPU seconds and memory.

Run with ``python -m benchmarks.facts [--parcels N]`` (``make bench-facts``). The parcels are irregular quadrilaterals
on a bent grid with T-junctions, coordinates rounded to 1 mm, ten attributes, in a GeoPackage; the file is made first
and not counted. The work runs in a process of its own, so that memory is the peak of reading alone, imports included.
The ratio compares with the least that any program does with the file: geopandas' read and one STRtree.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import shapely

X0, Y0 = 38_400_000.0, 2_450_000.0


def make(folder: Path, count: int, seed: int = 1) -> None:
    """Write ``parcels.gpkg`` and three layers."""
    import geopandas

    side = math.ceil(math.sqrt(count))
    rng = np.random.default_rng(seed)
    gx, gy = np.meshgrid(np.arange(side + 1), np.arange(side + 1))
    x = X0 + gx * 120 + 15 * np.sin(gy / 7) + rng.uniform(-20, 20, gx.shape)
    y = Y0 + gy * 90 + 15 * np.sin(gx / 9) + rng.uniform(-15, 15, gx.shape)
    x, y = np.round(x, 3), np.round(y, 3)
    j, i = np.divmod(np.arange(count), side)
    split = rng.uniform(0.3, 0.7, count)
    bottom_x = np.round(x[j, i] + split * (x[j, i + 1] - x[j, i]), 3)  # a vertex on the edge, which the neighbour lacks
    bottom_y = np.round(y[j, i] + split * (y[j, i + 1] - y[j, i]), 3)
    px = np.stack([x[j, i], bottom_x, x[j, i + 1], x[j + 1, i + 1], x[j + 1, i], x[j, i]], 1)
    py = np.stack([y[j, i], bottom_y, y[j, i + 1], y[j + 1, i + 1], y[j + 1, i], y[j, i]], 1)
    shapes = shapely.polygons(np.stack([px, py], 2))
    uses = np.array(["IND", "IND_M0", "RES", "COM", "BIZ", "HOU", "STOR"], dtype=object)
    data: dict[str, Any] = {
        "parcel_id": [f"B-{k:07d}" for k in rng.permutation(count)],
        "use": uses[rng.integers(0, len(uses), count)],
        "district": np.array([f"镇{k:02d}" for k in range(20)], dtype=object)[rng.integers(0, 20, count)],
        "land_source": np.array(["new", "stock"], dtype=object)[rng.integers(0, 2, count)],
        "net_land": rng.random(count) < 0.9,
        "converted": True,
        "expropriated": True,
        "ownership": "state",
        "in_annual_plan": rng.random(count) < 0.8,
        "benchmark_price": np.round(rng.uniform(300, 3000, count), 2),
    }
    geopandas.GeoDataFrame(data, geometry=shapes, crs=4526).to_file(folder / "parcels.gpkg", layer="parcels")
    width, height = side * 120, side * 90
    blobs = [
        shapely.Point(X0 + rng.uniform(0, width), Y0 + rng.uniform(0, height)).buffer(rng.uniform(100, 1500), 64)
        for _ in range(200)
    ]
    boundary = shapely.segmentize(shapely.box(X0 - 500, Y0 - 500, X0 + width * 0.9, Y0 + height * 0.95), 40)
    layers = {"pbf": blobs[:100], "erl": blobs[100:], "udb": [boundary]}
    for name, parts in layers.items():
        geopandas.GeoDataFrame({"name": range(len(parts))}, geometry=parts, crs=4526).to_file(folder / f"{name}.gpkg")


def work(folder: Path) -> dict[str, Any]:
    """The whole job; CPU seconds by step, peak memory in MB."""
    began = time.process_time()
    marks: dict[str, float] = {}

    def mark(name: str) -> None:
        marks[name] = round(time.process_time() - began - sum(marks.values()), 2)

    from parcels.check_map import check_parcels
    from parcels.geometry.neighbours import neighbours
    from parcels.layers import Layer, overlay_layers
    from parcels.read import read_parcels

    mark("import")
    land = read_parcels(folder / "parcels.gpkg")
    mark("read")
    roles = {"permanent_basic_farmland": "pbf", "ecological_red_line": "erl", "urban_boundary": "udb"}
    laid = overlay_layers(land, [Layer(role, folder / f"{name}.gpkg") for role, name in roles.items()])
    mark("overlay")
    issues = (*land.issues, *laid.issues, *check_parcels(land, laid.table, as_of="2026-03-31"))
    mark("check")
    pairs = neighbours(land.geometry.geometry.values)
    mark("adjacency")
    errors = sum(issue.level == "error" for issue in issues)
    found = {"parcels": land.rows, "errors": errors, "pairs": len(pairs.pairs)}
    return {**found, "cpu_s": round(time.process_time() - began, 2), "steps": marks, "peak_mb": peak_mb()}


def bare(folder: Path) -> dict[str, Any]:
    """Geopandas' read and one STRtree."""
    began = time.process_time()
    import geopandas

    frame = geopandas.read_file(folder / "parcels.gpkg")
    shapely.STRtree(frame.geometry.values)
    return {"cpu_s": round(time.process_time() - began, 2), "peak_mb": peak_mb()}


def peak_mb() -> int | None:
    """Peak memory of this process in MB, where the system tells it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


def _child(what: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.facts", "--run", what, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    """Make the files, run both jobs in processes of their own, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--run", choices=["work", "bare"])
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(work(asked.folder) if asked.run == "work" else bare(asked.folder)))
        return
    with tempfile.TemporaryDirectory(prefix="landopt-bench-") as name:
        folder = Path(name)
        make(folder, asked.parcels)
        least, whole = _child("bare", folder), _child("work", folder)
    print(f"parcels {whole['parcels']:,}  neighbours {whole['pairs']:,}  errors {whole['errors']}")
    for step, seconds in whole["steps"].items():
        print(f"  {step:<10} {seconds:6.2f} CPU s")
    print(f"  all        {whole['cpu_s']:6.2f} CPU s   {whole['peak_mb']} MB")
    print(f"bare geopandas read + STRtree {least['cpu_s']:.2f} CPU s   {least['peak_mb']} MB")
    print(f"ratio {whole['cpu_s'] / least['cpu_s']:.2f}")
    if asked.parcels <= 100_000 and (whole["cpu_s"] > 8 or (whole["peak_mb"] or 0) > 2048):
        raise SystemExit("slower than 8 CPU s or larger than 2 GB")


if __name__ == "__main__":
    main()
