"""Draw time and memory against the number of offers from ``results/decision.json`` as docs/performance.svg."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 720, 420, 70, 60, 30, 70
SERIES = (
    ("screen_s", "screening, s", "#5b7a99"),
    ("lp_s", "prices, s", "#1f6f5c"),
    ("solve_s", "whole search, s", "#a4482f"),
    ("memory_mb", "memory, MB / 100", "#8a8a8a"),
)


def draw(results: list[dict[str, Any]]) -> str:
    """An SVG with logarithmic axes, a point an instance and series."""
    points = {
        name: [
            (float(entry["offers"]), float(entry[name]) / (100 if name == "memory_mb" else 1))
            for entry in results
            if isinstance(entry.get(name), int | float) and entry.get("offers")
        ]
        for name, _, _ in SERIES
    }
    every = [point for series in points.values() for point in series if point[1] > 0]
    x = _scale([p[0] for p in every], LEFT, WIDTH - RIGHT)
    y = _scale([p[1] for p in every], HEIGHT - BOTTOM, TOP)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        "<title>Time and memory against the number of lawful offers</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for power in _powers([p[0] for p in every]):
        at = x(10.0**power)
        out.append(f'<line x1="{at:.0f}" y1="{TOP}" x2="{at:.0f}" y2="{HEIGHT - BOTTOM}" stroke="#e3e3e3"/>')
        out.append(f'<text x="{at:.0f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**power:,}</text>')
    for power in _powers([p[1] for p in every]):
        at = y(10.0**power)
        out.append(f'<line x1="{LEFT}" y1="{at:.0f}" x2="{WIDTH - RIGHT}" y2="{at:.0f}" stroke="#e3e3e3"/>')
        out.append(f'<text x="{LEFT - 8}" y="{at + 4:.0f}" text-anchor="end">{10.0**power:g}</text>')
    for number, (name, label, colour) in enumerate(SERIES):
        for across, up in points[name]:
            if up > 0:
                out.append(f'<circle cx="{x(across):.1f}" cy="{y(up):.1f}" r="4" fill="{colour}"/>')
        out.append(f'<circle cx="{LEFT + 14}" cy="{TOP + 14 + 18 * number}" r="4" fill="{colour}"/>')
        out.append(f'<text x="{LEFT + 24}" y="{TOP + 18 + 18 * number}">{label}</text>')
    out.append(f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT - 16}" text-anchor="middle">lawful offers</text></svg>')
    return "\n".join(out) + "\n"


def _scale(values: list[float], low: float, high: float) -> Callable[[float], float]:
    first, last = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    span = max(1, last - first)
    return lambda value: low + (math.log10(value) - first) / span * (high - low)


def _powers(values: list[float]) -> range:
    return range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)


if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text("utf-8"))["results"]
    Path(sys.argv[2]).write_text(draw(found), "utf-8")
