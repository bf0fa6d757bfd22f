"""Joint rounds at scale: many contested cities of 1,000 parcels and 100 platforms under a quota of new land.

``python -m benchmarks.joint FOLDER --cities 20`` draws the cities that are not in the folder yet (``--distinct`` seeds,
passing over those of fewer than ``--least`` offers, then copies of them under other ids), puts 90 % of what the cities'
own quotas leave of new land over all of them, runs ``landopt joint`` and prints one line of JSON: CPU seconds by step
(this process and its workers), memory, gap. It is run once more with the quota a tenth lower: what was opened is kept
then, and only prices, decisions and plans are made.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.contested import contested
from benchmarks.decision_files import read_case
from landopt.invent.round import write_draft
from landopt.joint.choose import Effort
from landopt.joint.run import joint
from landopt.runs.work import Where
from landopt.screening.uncapped_sites import build_offers

PARCELS, DEMANDS, FIRST = 1_000, 100, 21
JOINT = """[joint]
id = "province"
rounds = ["cities/*/round.toml"]

[[limit]]
id = "new-land"
where = "land_source == 'new'"
measure = "new_area_m2"
sense = "<="
values = [{{ amount = {amount}, unit = "m2" }}]

[[limit]]
id = "competitive"
where = "competitive"
measure = "area_m2"
sense = ">="
share = "0.40"
"""


def cities(folder: Path, count: int, distinct: int, least: int = 0) -> int:
    """Draw the cities that are not there yet; the sum of their own quotas of new land, in m2."""
    total, seed = 0, FIRST
    for number in range(count):
        place = folder / "cities" / f"city-{number:03d}"
        if (place / "round.toml").exists():
            seed = 1 + _seed(place)
        elif number < distinct:
            seed = _drawn(place, seed, least)
        else:
            like = folder / "cities" / f"city-{number % distinct:03d}"
            shutil.copytree(like, place)
            text = (place / "round.toml").read_text("utf-8")
            own = f'id = "bench-{_seed(like)}"'
            (place / "round.toml").write_text(text.replace(own, f'id = "bench-{10_000 + number}"'), "utf-8")
        rules = tomllib.loads((place / "policy.toml").read_text("utf-8"), parse_float=str)["rule"]
        quota = next(rule for rule in rules if rule["id"] == "round.quota.new-land")
        total += sum(int(each["amount"]) for each in quota["values"])
    return total


def _drawn(place: Path, seed: int, least: int) -> int:
    """Draw a city from the first seed that gives it so many offers; the next seed."""
    while True:
        made = contested(PARCELS, DEMANDS, seed, made=read_case)
        seed += 1
        if not least or len(build_offers(read_case(made, seed - 1))) >= least:
            write_draft(place, made, f"bench-{seed - 1}", seed - 1, housing=True)
            return seed


def _seed(place: Path) -> int:
    """The seed of a city, as its id says."""
    name: str = tomllib.loads((place / "round.toml").read_text("utf-8"))["round"]["id"]
    return int(name.rpartition("-")[2])


def run(folder: Path, amount: int, gap: str, jobs: int, limit: int) -> dict[str, Any]:
    """The figures of one joint run."""
    file = folder / "joint.toml"
    file.write_text(JOINT.format(amount=amount), "utf-8")
    done = joint(
        file, None, Effort(Fraction(gap), limit), lambda line: print(line.text("en"), file=sys.stderr), Where(jobs)
    )
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    count = len(done.said["cities"])
    return {
        "cities": count,
        "left_out": len(done.said["left_out"]),
        "gap": done.said["gap"],
        **{f"{name}_s": seconds for name, seconds in done.seconds.items()},
        "cpu_s": round(sum(done.seconds.values()), 1),
        "cpu_s_a_city": round(sum(done.seconds.values()) / max(1, count), 2),
        "main_mb": own.ru_maxrss // 1024,
        "worker_mb": workers.ru_maxrss // 1024,
        "prices": done.said["prices"],
        "used": [[each["total"], each["rhs"]] for each in done.said["limits"]],
    }


def main(arguments: list[str]) -> int:
    """Draw and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cities", type=int, default=4)
    parser.add_argument("--distinct", type=int, default=330)
    parser.add_argument("--least", type=int, default=0, help="offers of a drawn city, at least")
    parser.add_argument("--gap", default="0.005")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit", type=int, default=120, help="wall seconds of each programme of a city")
    asked = parser.parse_args(arguments)
    quota = cities(asked.folder, asked.cities, asked.distinct, asked.least)
    for part in (90, 81):
        figures = run(asked.folder, quota * part // 100, asked.gap, asked.jobs, asked.limit)
        print(json.dumps({"of_quotas": part, **figures}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
