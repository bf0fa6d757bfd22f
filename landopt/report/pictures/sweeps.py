"""The picture of a sweep as SVG, its page and its numbers as CSV: score and bound of every run beside the round's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from landopt.reasons import words
from landopt.report.papers.plain import one_line
from landopt.report.pictures.page import Shown, Table
from parcels.common.catalogue import told
from parcels.common.csv_text import csv_text

_WIDE, _LINE, _LEFT, _RIGHT = 820, 22, 300, 150
_INK, _BAR, _BOUND, _NOW = "#1d2530", "#4477aa", "#1d2530", "#cc3311"
MOST = 200
"""Runs drawn, at most; the numbers have all."""


def sweep_csv(swept: Mapping[str, Any]) -> str:
    """A line a run, the round as it stands first: what was set, score and bound (millipoints), served, moved, end."""
    names = [pair[0] for pair in swept["rows"][0]["values"]] if swept["rows"] else []
    rows: list[list[object]] = [[*names, "score_millipoints", "bound_millipoints", "served", "moved", "stopped"]]
    for values, result, moved in _runs(swept, names):
        score, bound = (result[name][0] if result.get(name) else "" for name in ("objective", "bound"))
        rows.append(
            [*values, score, bound, result.get("served", ""), "" if moved is None else moved, result["stopped"]]
        )
    return csv_text(rows)


def sweep_svg(swept: Mapping[str, Any], lang: str) -> str:
    """A bar a run for its score, a line for its bound, a line down for the round as it stands; the first tier."""
    names = [pair[0] for pair in swept["rows"][0]["values"]] if swept["rows"] else []
    runs = [each for each in _runs(swept, names) if each[1].get("objective")][:MOST]
    values = [int(value) for _, result, _ in runs for value in (result["objective"][0], result["bound"][0])]
    low, high = min([0, *values]), max([1, *values])
    scale = (_WIDE - _LEFT - _RIGHT) / (high - low)

    def at(value: int) -> float:
        return _LEFT + (value - low) * scale

    drawn: list[Markup] = []
    for number, (given, result, _) in enumerate(runs):
        top, score, bound = number * _LINE + 8, result["objective"][0], result["bound"][0]
        name = _named(given, lang)
        begin, end = sorted((at(0), at(score)))
        drawn.append(_text(_LEFT - 8, top + 12, one_line(name, 42), "end"))
        drawn.append(
            Markup('<rect x="{}" y="{}" width="{}" height="14" fill="{}"><title>{}</title></rect>').format(
                f"{begin:.1f}", top, f"{end - begin:.1f}", _BAR, f"{name}: {words.points(score)}"
            )
        )
        drawn.append(
            Markup('<path d="M{} {}v18" stroke="{}" stroke-width="2"/>').format(f"{at(bound):.1f}", top - 2, _BOUND)
        )
        drawn.append(_text(_WIDE - _RIGHT + 8, top + 12, words.points(score), "start"))
    tall = len(runs) * _LINE + 40
    if swept["base"] and swept["base"].get("objective"):
        x = at(swept["base"]["objective"][0])
        drawn.append(
            Markup('<path d="M{} 2V{}" stroke="{}" stroke-dasharray="4 3" fill="none"/>').format(
                f"{x:.1f}", tall - 26, _NOW
            )
        )
    drawn.append(_text(_LEFT, tall - 8, told("pictures.sweep-key").text(lang), "start"))
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            'font-family="sans-serif"><rect width="{w}" height="{h}" fill="#ffffff"/>{inner}</svg>\n'
        ).format(w=_WIDE, h=tall, inner=Markup("").join(drawn))
    )


def sweep_table(swept: Mapping[str, Any], lang: str) -> Table:
    """The runs for their page."""
    names = [pair[0] for pair in swept["rows"][0]["values"]] if swept["rows"] else []
    head = [*names, *(told(f"pictures.{name}").text(lang) for name in ("score", "bound", "served", "moved", "state"))]
    rows = []
    for values, result, moved in _runs(swept, names):
        score, bound = (words.points(result[name][0]) if result.get(name) else "-" for name in ("objective", "bound"))
        state = words.word("stopped", result["stopped"], lang)
        told_values = values if any(values) else [told("planner.present").text(lang), *values[1:]]
        rows.append(
            [*told_values, score, bound, str(result.get("served", "")), "-" if moved is None else str(moved), state]
        )
    return Table(head, rows, frozenset(range(len(names), len(names) + 4)))


def sweep_plans(swept: Mapping[str, Any], lang: str) -> list[Shown]:
    """The plans of the runs for small maps, the round as it stands first."""
    names = [pair[0] for pair in swept["rows"][0]["values"]] if swept["rows"] else []
    return [
        Shown(
            one_line(_named(values, lang), 80),
            words.points(result["objective"][0]),
            {name: (who, how) for name, who, how, *_ in result["choices"] or ()},
        )
        for values, result, _ in _runs(swept, names)
        if result.get("objective")
    ]


def _runs(swept: Mapping[str, Any], names: Sequence[str]) -> list[tuple[list[str], Mapping[str, Any], int | None]]:
    """(values, result, parcels moved) of the round as it stands and of every run."""
    base = [([""] * len(names), swept["base"], 0)] if swept["base"] else []
    return [*base, *(([str(pair[1]) for pair in row["values"]], row["result"], row["moved"]) for row in swept["rows"])]


def _named(values: Sequence[str], lang: str) -> str:
    return ", ".join(value or "-" for value in values) if any(values) else told("planner.present").text(lang)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}" fill="{}" font-size="12">{}</text>').format(
        f"{x:.1f}", f"{y:.1f}", anchor, _INK, text
    )
