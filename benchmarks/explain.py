"""How long explanations take on the frozen benchmark rounds: full justification, all why-not bounds, one exact why-not.

``python -m benchmarks.explain [SIZE] [SEED]`` prints CPU seconds, child processes included.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.contested import contested_case
from benchmarks.rounds import SIZES
from landopt.reasons.explain.context import Context
from landopt.reasons.justify import justify
from landopt.reasons.resolved.forced import exact
from landopt.reasons.texts import render
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.solver import solve


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What some work gives, and its CPU seconds, child processes included."""
    began = sum(os.times()[:4])
    found = work()
    return found, sum(os.times()[:4]) - began


def run(size: str = "5k", seed: int = 11, exact_runs: int = 5) -> dict[str, Any]:
    """The figures of one round."""
    parcels, demands = SIZES[size]
    case = contested_case(parcels, demands, seed)
    offers, built = timed(lambda: build_offers(case))
    outcome = solve(case, offers, gap="0.001", time_limit_s=120)
    if outcome.chosen is None:
        return {"size": size, "seed": seed, "stopped": outcome.stopped}
    chosen = [int(offer) for offer in outcome.chosen]
    context = Context(case, offers, chosen, outcome.proof)
    losses, bounds = timed(lambda: context.losses)
    records, justified = timed(lambda: justify(case, offers, chosen, outcome))
    _, written = timed(lambda: len(json.dumps(records, ensure_ascii=False)))
    _, rendered = timed(lambda: render(records[0], "zh"))
    audited = [tier.bound for tier in outcome.tiers]
    others = [offer for offer in range(0, len(offers), max(1, len(offers) // exact_runs)) if offer not in set(chosen)]
    walls: list[float] = []
    quick = 0
    for offer in others[:exact_runs]:
        answer, cpu = timed(partial(exact, context, [offer], audited))
        walls.append(cpu)
        quick += answer.by == "prices"
    return {
        "size": size,
        "seed": seed,
        "offers": len(offers),
        "assignments": len(chosen),
        "records": len(records),
        "build_cpu_s": round(built, 2),
        "all_whynot_bounds_cpu_s": round(bounds, 3),
        "distinguishable": int(sum(bool(losses.of(k)[0]) for k in range(0, len(offers), 97))) if losses else None,
        "justify_cpu_s": round(justified, 2),
        "json_cpu_s": round(written, 2),
        "render_one_cpu_s": round(rendered, 3),
        "exact_whynot_cpu_s": round(statistics.median(walls), 2) if walls else None,
        "exact_whynot_quick": f"{quick} of {len(walls)}",
    }


if __name__ == "__main__":
    size, seed = sys.argv[1:2] or ["5k"], sys.argv[2:3] or ["11"]
    sys.stdout.write(json.dumps(run(size[0], int(seed[0]))) + "\n")
