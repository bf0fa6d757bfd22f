"""The picture of a front as SVG, and its numbers as CSV: what is drawn is what the table says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from landopt.reasons import words
from landopt.report.pictures.page import Shown, Table, pictures_page
from landopt.report.pictures.small_maps import Choice, Outlines, maps_csv
from parcels.common.catalogue import told
from parcels.common.csv_text import csv_text

_WIDE, _HIGH, _LEFT, _BOTTOM, _TOP = 720, 420, 130, 60, 24
PARTS = ("served", "revenue", "area", "fairness", "kept")
"""The parts that have names of their own; the others are preferences."""
_INK, _POINT, _NOW = "#1d2530", "#4477aa", "#cc3311"


def front_csv(front: Mapping[str, Any]) -> str:
    """A line a point: values in whole units, gap, whether it is proved to be on the front; then today's plan."""
    names = [part["name"] for part in front["between"]]
    rows: list[list[object]] = [["point", *names, "gap", "nondominated", "plan_id"]]
    for number, point in enumerate(front["points"], 1):
        proved = str(point["nondominated"]).lower()
        values = [point["values"][name] for name in names]
        rows.append([number, *values, point["gap"], proved, point["plan_id"]])
    rows.append(["present", *(front["present"]["values"][name] for name in names), "", "", ""])
    return csv_text(rows)


def front_table(front: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """The front for its text: a line of words a point, today's plan last."""
    parts = front["between"]
    rows = [
        {
            "name": str(number),
            "values": [value_of(point["values"], part, lang) for part in parts],
            "gap": f"{100 * float(point['gap']):.3f} %",
            "proved": point["nondominated"],
        }
        for number, point in enumerate(front["points"], 1)
    ]
    present = front["present"]
    names = [point["plan_id"] for point in front["points"]]
    return {
        "titles": [title_of(part["name"], lang) for part in parts],
        "rows": rows,
        "present": [value_of(present["values"], part, lang) for part in parts],
        "above": names.index(present["dominated_by"]) + 1 if present["dominated_by"] else None,
        "interrupted": front["interrupted"],
    }


def front_page(front: Mapping[str, Any], outlines: Outlines | None, lang: str) -> bytes:
    """The page of a front: the picture, its points as a table, a small map of the plan as it stands and of each."""
    told_front = front_table(front, lang)
    head = [told("pictures.point").text(lang), *told_front["titles"], told("pictures.gap").text(lang), ""]
    proved = told("pictures.proved").text(lang)
    rows = [[row["name"], *row["values"], row["gap"], proved if row["proved"] else ""] for row in told_front["rows"]]
    rows.append([told("planner.present").text(lang), *told_front["present"], "", ""])
    plans = [
        Shown(told("planner.present").text(lang), "; ".join(told_front["present"]), _chosen(front["present"]["plan"]))
    ]
    for point, row in zip(front["points"], told_front["rows"], strict=True):
        plans.append(Shown(row["name"], "; ".join(row["values"]), _chosen(point["plan"])))
    table = Table(head, rows, frozenset(range(1, 2 + len(front["between"]))))
    title = told("pictures.front").text(lang)
    return pictures_page(title, (), [front_svg(front, lang)], table, plans, outlines, lang)


def front_maps_csv(front: Mapping[str, Any]) -> str:
    """What the small maps of a front show: for each parcel method and platform in the plan and at every point."""
    plans = {"present": _chosen(front["present"]["plan"])}
    plans |= {str(number): _chosen(point["plan"]) for number, point in enumerate(front["points"], 1)}
    return maps_csv(sorted({name for plan in plans.values() for name in plan}), plans)


def _chosen(plan: Sequence[Sequence[Any]]) -> dict[str, Choice]:
    return {name: (who, how) for ids, who, how, _ in plan for name in ids}


def front_svg(front: Mapping[str, Any], lang: str) -> str:
    """Points of a front by its first two parts, of a third the value beside each; the plan as it stands as a cross."""
    parts: Sequence[Mapping[str, str]] = front["between"]
    shown = [*(point["values"] for point in front["points"]), front["present"]["values"]]
    across, up = (_Scale([values[part["name"]] for values in shown]) for part in (parts[1], parts[0]))

    def at(values: Mapping[str, int]) -> tuple[float, float]:
        x = _LEFT + across.part(values[parts[1]["name"]]) * (_WIDE - _LEFT - 40)
        return x, _HIGH - _BOTTOM - up.part(values[parts[0]["name"]]) * (_HIGH - _BOTTOM - _TOP)

    drawn = [
        Markup('<path d="M{} {}V{}H{}" stroke="{}" fill="none"/>').format(
            _LEFT, _TOP, _HIGH - _BOTTOM, _WIDE - 20, "#9aa4b2"
        )
    ]
    for number, point in enumerate(front["points"], 1):
        x, y = at(point["values"])
        title = "; ".join(f"{title_of(p['name'], lang)}: {value_of(point['values'], p, lang)}" for p in parts)
        drawn.append(_dot(x, y, _POINT, title, full=bool(point["nondominated"])))
        third = f" ({value_of(point['values'], parts[2], lang)})" if len(parts) > 2 else ""
        drawn.append(_text(x + 8, y - 6, f"{number}{third}"))
    x, y = at(front["present"]["values"])
    now = told("planner.present").text(lang)
    drawn.append(
        Markup('<path d="M{} {}l12 12m0 -12l-12 12" stroke="{}" stroke-width="2"><title>{}</title></path>').format(
            f"{x - 6:.1f}", f"{y - 6:.1f}", _NOW, now
        )
    )
    drawn.append(_text(x + 10, y + 14, now, fill=_NOW))
    for end, place, anchor in ((across.low, _LEFT, "start"), (across.high, _WIDE - 40, "end")):
        drawn.append(_text(place, _HIGH - _BOTTOM + 18, number_of(end, parts[1]["unit"], lang), anchor=anchor))
    for end, place in ((up.low, _HIGH - _BOTTOM), (up.high, _TOP + 10)):
        drawn.append(_text(_LEFT - 8, place, number_of(end, parts[0]["unit"], lang), anchor="end"))
    drawn.append(_text((_LEFT + _WIDE) / 2, _HIGH - 16, title_of(parts[1]["name"], lang), anchor="middle"))
    drawn.append(_text(8, _TOP - 8, title_of(parts[0]["name"], lang)))
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
            'font-family="sans-serif"><rect width="{w}" height="{h}" fill="#ffffff"/>{inner}</svg>\n'
        ).format(w=_WIDE, h=_HIGH, inner=Markup("").join(drawn))
    )


class _Scale:
    """Where a value lies between the least and the most that are shown, with a little room on both sides."""

    def __init__(self, values: Sequence[int]) -> None:
        self.low, self.high = min(values), max(values)

    def part(self, value: int) -> float:
        return 0.04 + 0.92 * ((value - self.low) / (self.high - self.low) if self.high > self.low else 0.5)


def title_of(name: str, lang: str) -> str:
    """A part by its name for people; a preference by its id."""
    part, _, code = name.partition(":")
    known = (
        told(f"planner.part-{part}").text(lang) if part in ("served", "revenue", "area", "fairness", "kept") else name
    )
    if not code:
        return known
    for subject in ("platform_kind", "use", "land_source"):
        if (word := words.word(subject, code, lang)) != code:
            return f"{known}: {word}"
    return f"{known}: {words.field_title(code, lang)}"


def value_of(values: Mapping[str, int], part: Mapping[str, str], lang: str) -> str:
    """A value of a part in words."""
    return number_of(values[part["name"]], part["unit"], lang)


def number_of(value: int, unit: str, lang: str) -> str:
    """An amount of a unit in words."""
    match unit:
        case "points":
            return words.points(value)
        case "yuan":
            return words.money(value, lang)
        case "m2":
            return f"{words.hectares(value)} ha"
        case _:
            return words.grouped(value)


def _dot(x: float, y: float, colour: str, title: str, *, full: bool) -> Markup:
    return Markup(
        '<circle cx="{}" cy="{}" r="5" fill="{}" stroke="{}" stroke-width="2"><title>{}</title></circle>'
    ).format(f"{x:.1f}", f"{y:.1f}", colour if full else "#ffffff", colour, title)


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = _INK) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}" fill="{}" font-size="12">{}</text>').format(
        f"{x:.1f}", f"{y:.1f}", anchor, fill, text
    )
