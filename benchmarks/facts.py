"""``landopt check`` on large rounds: CPU seconds and memory of the whole command, imports included.

Run with ``python -m benchmarks.facts`` (``make bench-facts``). Two rounds with three layers, ten attributes a parcel,
coordinates rounded to 1 mm, written first and not counted:

* ``plain``: 100,000 irregular quadrilaterals on a bent grid with T-junctions; compared with the least that any program
  does with the file, geopandas' read of it, in a process of its own as well;
* ``detailed``: 92,000 outlines of real size, 77 points each (7 million), sides shared with the neighbour.

Each job runs in a process of its own, so that memory is its peak. Exit code 1 when a limit of :data:`LIMITS` is passed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

X0, Y0 = 38_400_000.0, 2_450_000.0


def make(folder: Path, count: int, seed: int = 1) -> None:
    """Write ``parcels.gpkg`` and three layers, of a round of one platform."""
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
    _write(folder, shapely.polygons(np.stack([px, py], 2)), rng, side)


def make_detailed(folder: Path, count: int, points: int = 19, seed: int = 1) -> None:
    """As :func:`make`, with outlines of real size: each side of ``points`` segments, shared with the neighbour."""
    side = math.ceil(math.sqrt(count))
    rng = np.random.default_rng(seed)
    gx, gy = np.meshgrid(np.arange(side + 1), np.arange(side + 1))
    x = X0 + gx * 120 + 15 * np.sin(gy / 7) + rng.uniform(-20, 20, gx.shape)
    y = Y0 + gy * 90 + 15 * np.sin(gx / 9) + rng.uniform(-15, 15, gx.shape)
    nodes = np.stack([x, y], 2)
    part = np.linspace(0, 1, points + 1)[None, None, :, None]

    def lines(begin: Any, end: Any) -> Any:
        path = begin[:, :, None] + part * (end - begin)[:, :, None]
        path[:, :, 1:-1] += rng.uniform(-1, 1, path[:, :, 1:-1].shape)
        return np.round(path, 3)

    across, down = lines(nodes[:, :-1], nodes[:, 1:]), lines(nodes[:-1], nodes[1:])
    j, i = np.divmod(np.arange(count), side)
    rings = (across[j, i], down[j, i + 1], across[j + 1, i][:, ::-1], down[j, i][:, ::-1])
    outline = np.concatenate([ring[:, :-1] for ring in rings] + [across[j, i][:, :1]], 1)
    _write(folder, shapely.polygons(outline), rng, side)


def _write(folder: Path, shapes: Any, rng: np.random.Generator, side: int) -> None:
    import geopandas

    count = len(shapes)
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


ROUND = """[round]
id = "bench"
title = "bench"
authority = "bench"
as_of = 2026-03-31
start = 2026-04-01
end = 2026-12-31
land_reduction_rate = "0.05"
[inputs]
parcels = "parcels.gpkg"
demands = "demands.csv"
use_codes = "landopt"
[inputs.layers]
permanent_basic_farmland = { file = "pbf.gpkg", coverage = ["镇00", "镇01"], as_of = 2026-03-31 }
ecological_red_line = { file = "erl.gpkg", coverage = ["镇00", "镇01"], as_of = 2026-03-31 }
urban_boundary = "udb.gpkg"
[rules]
packs = ["cn", "cn-guangdong", "cn-guangzhou", "cn-guangzhou-nansha"]
"""
DEMANDS = """demand_id,name,uses,area_min_m2,area_max_m2,platform_kind,operator,priority
D1,甲,IND,5000,20000,technology,private,50
"""


def check(folder: Path) -> dict[str, Any]:
    """The command ``landopt check`` on the round; what it found, CPU seconds of this process, peak memory in MB."""
    from cli import desk

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        desk(["check", str(folder), "--json"], prog_name="landopt")
    found = json.loads(printed.getvalue())
    facts = {"parcels": found["parcels"], "issues": len(found["issues"]), "refused": found["refused"]}
    return {**facts, "cpu_s": round(time.process_time(), 2), "peak_mb": peak_mb()}


def bare(folder: Path) -> dict[str, Any]:
    """Geopandas' read of the parcels alone."""
    import geopandas

    count = len(geopandas.read_file(folder / "parcels.gpkg"))
    return {"parcels": count, "cpu_s": round(time.process_time(), 2), "peak_mb": peak_mb()}


def peak_mb() -> int | None:
    """Peak memory of this process in MB, where the system tells it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


@dataclass(frozen=True, slots=True)
class Limit:
    """What a job may take: times the bare read, CPU seconds, MB; ``None``: not limited."""

    ratio: float | None = None
    cpu_s: float | None = None
    peak_mb: float | None = None


LIMITS = {"plain": Limit(ratio=9), "detailed": Limit(cpu_s=60, peak_mb=1500)}


def _child(what: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.facts", "--run", what, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure(name: str, folder: Path) -> list[str]:
    """Run one round, print its line; the limits that it passed."""
    least, whole = _child("bare", folder), _child("check", folder)
    ratio = whole["cpu_s"] / least["cpu_s"]
    print(
        f"{name:<9} {whole['parcels']:>8,} parcels  {whole['issues']} findings  check {whole['cpu_s']:.2f} CPU s "
        f"{whole['peak_mb']} MB  bare read {least['cpu_s']:.2f} CPU s {least['peak_mb']} MB  ratio {ratio:.2f}"
    )
    measured = {"ratio": ratio, "cpu_s": whole["cpu_s"], "peak_mb": whole["peak_mb"] or 0}
    limits = asdict(LIMITS[name])
    return [
        f"{name}: {key} {measured[key]:.2f} above {top}" for key, top in limits.items() if top and measured[key] > top
    ]


def main() -> None:
    """Make the files, run the jobs in processes of their own, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parcels", type=int, default=100_000)
    parser.add_argument("--detailed", type=int, default=92_000)
    parser.add_argument("--run", choices=["check", "bare"])
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    if asked.run:
        print(json.dumps(check(asked.folder) if asked.run == "check" else bare(asked.folder)))
        return
    above: list[str] = []
    for name, maker, count in (("plain", make, asked.parcels), ("detailed", make_detailed, asked.detailed)):
        with tempfile.TemporaryDirectory(prefix="landopt-bench-") as folder:
            maker(Path(folder), count)
            (Path(folder) / "round.toml").write_text(ROUND, encoding="utf-8")
            (Path(folder) / "demands.csv").write_text(DEMANDS, encoding="utf-8")
            above += measure(name, Path(folder))
    if above:
        raise SystemExit("; ".join(above))


if __name__ == "__main__":
    main()
