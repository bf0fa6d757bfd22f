"""Time the whole command on files: from a folder to the printed summary, and again after one number was changed.

``python -m benchmarks.decision_files 5k 14`` writes a contested round, runs ``landopt solve`` on it in a process of its
own and prints CPU seconds, child processes included; what importing the same libraries takes is measured apart.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.contested import contested
from benchmarks.rounds import SIZES
from parcels.synthetic import write_draft

IMPORTS = "import geopandas, highspy, numpy, pulp, shapely, networkx, jinja2, landopt.pipeline, landopt.reasons.texts"


def spent(command: list[str]) -> tuple[float, subprocess.CompletedProcess[str]]:
    """CPU seconds of a command and what it spawned, and how it ended."""
    before = os.times()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system, done


def run(size: str, seed: int, gap: str = "0.0006") -> dict[str, Any]:
    """The figures of one round on files."""
    parcels, demands = SIZES[size]
    imports, _ = spent([sys.executable, "-c", IMPORTS])
    with tempfile.TemporaryDirectory() as folder:
        found = contested(parcels, demands, seed, geometry=True)
        write_draft(folder, found, f"bench-{size}-{seed}", seed, housing=True)
        solve = [sys.executable, "-m", "landopt", "solve", folder, "--gap", gap, "--time-limit", "120", "--lang", "en"]
        cold, first = spent([*solve, "-o", str(Path(folder) / "cold")])
        less = f"round.cap.listings:amount={found.numbers.listings * 9 // 10}"
        changed, second = spent([*solve, "--set", less, "-o", str(Path(folder) / "changed")])
    return {
        "size": size,
        "seed": seed,
        "imports_s": round(imports, 2),
        "files_to_summary_s": round(cold - imports, 2),
        "exit": first.returncode,
        "changed_s": round(changed - imports, 2),
        "changed_exit": second.returncode,
        "summary": [line for line in first.stdout.splitlines() if "score" in line or "Stopped" in line],
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2])), indent=1, ensure_ascii=False))
