"""A plan as it shows itself in a notebook: the head, a table of what is supplied and a map, all inline and offline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas

SIDE = 640
"""Width of the map in pixels."""
ROWS = 200
"""Most assignments in the table; the rest is counted."""

_PAGE = """\
<div class="landopt">
<p><b>{{ plan_id }}</b> · {{ head }}</p>
{% if map %}<svg viewBox="0 0 {{ map.wide }} {{ map.high }}" width="{{ map.wide }}" role="img"
 aria-label="{{ plan_id }}" xmlns="http://www.w3.org/2000/svg">
{% for shape in map.shapes %}<path d="{{ shape.d }}" fill="{{ shape.fill }}" fill-rule="evenodd" stroke="#555"
 stroke-width="0.6"><title>{{ shape.title }}</title></path>
{% endfor %}</svg>
<p>{% for entry in legend %}<span style="background:{{ entry.colour }}">&#160;&#160;&#160;</span> {{ entry.title }}
{% endfor %}</p>{% endif %}
<table><thead><tr>{% for name in columns %}<th>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table>
{% if more %}<p>{{ more }}</p>{% endif %}
</div>
"""

_SAID: dict[str, dict[str, Any]] = {
    "en": {
        "head": "{supplied} sites supplied, {held} parcels held, {unserved} platforms without a site · "
        "score {score}, bound {bound}, proven gap {gap}",
        "columns": ("parcels", "area (m2)", "platform", "method", "verdict", "start price (yuan)"),
        "market": "open market",
        "held": "held back",
        "more": "and {count} more: plan.assignments",
    },
    "zh": {
        "head": "供应 {supplied} 宗，保留 {held} 宗，未安排平台 {unserved} 个 · "
        "得分 {score}，上界 {bound}，已证差距 {gap}",
        "columns": ("宗地", "面积（平方米）", "平台", "供应方式", "结论", "起始价（元）"),
        "market": "公开市场",
        "held": "暂不供应",
        "more": "另有 {count} 项，见 plan.assignments",
    },
}


def page(plan: Mapping[str, Any], outlines: geopandas.GeoDataFrame | None, lang: str) -> str:
    """``plan.json`` as HTML: everything escaped, nothing loaded from anywhere.

    Parameters
    ----------
    outlines
        Those of the parcels by id, in a projected CRS; without them there is no map.
    """
    from jinja2 import Environment

    from landopt.reasons.words import word
    from landopt.report.map.charts import COLOURS

    said = _SAID.get(lang, _SAID["en"])
    entries, tiers = plan["assignments"], plan["result"]["tiers"]
    head = said["head"].format(
        supplied=len(entries),
        held=len(plan["held"]),
        unserved=len(plan["unserved"]),
        score=f"{Decimal(tiers[0]['objective']).scaleb(-3):,}",
        bound=f"{Decimal(tiers[0]['bound']).scaleb(-3):,}",
        gap=max(Decimal(tier["proven_gap"]) for tier in tiers),
    )
    rows = [
        (
            ", ".join(entry["parcel_ids"]),
            f"{entry['area_m2']:,}",
            entry["demand_id"] or said["market"],
            word("method", entry["method"], lang),
            word("verdict", entry["verdict"], lang),
            f"{entry['start_price_yuan']:,}",
        )
        for entry in entries[:ROWS]
    ]
    methods = sorted({entry["method"] for entry in entries}, key=list(COLOURS).index)
    legend: list[dict[str, str]] = [{"colour": COLOURS[name], "title": word("method", name, lang)} for name in methods]
    legend.append({"colour": "#ffffff", "title": said["held"]})
    more = said["more"].format(count=len(entries) - ROWS) if len(entries) > ROWS else ""
    return (
        Environment(autoescape=True)
        .from_string(_PAGE)
        .render(
            plan_id=plan["plan_id"],
            head=head,
            map=_drawn(plan, outlines, COLOURS, lang),
            legend=legend,
            columns=said["columns"],
            rows=rows,
            more=more,
        )
    )


def _drawn(
    plan: Mapping[str, Any], outlines: geopandas.GeoDataFrame | None, colours: Mapping[str, str], lang: str
) -> dict[str, Any] | None:
    """The outlines as paths of one picture: supplied parcels in the colour of their method, held ones white."""
    from landopt.reasons.words import word

    if outlines is None or not len(outlines):
        return None
    left, low, right, top = (float(value) for value in outlines.total_bounds)
    scale = SIDE / max(right - left, 1.0)
    high = min(2 * SIDE, max(1.0, (top - low) * scale))
    entry_of = {name: entry for entry in plan["assignments"] for name in entry["parcel_ids"]}
    shapes = []
    for name, shape in outlines.geometry.items():
        entry = entry_of.get(name)
        rings = [_ring(ring, left, top, scale) for ring in _rings(shape)]
        title = name if entry is None else f"{name}: {word('method', entry['method'], lang)}"
        title += f", {entry['demand_id']}" if entry and entry["demand_id"] else ""
        shapes.append(
            {"d": " ".join(rings), "fill": "#ffffff" if entry is None else colours[entry["method"]], "title": title}
        )
    return {"wide": SIDE, "high": round(high), "shapes": shapes}


def _rings(shape: Any) -> Iterable[Sequence[tuple[float, ...]]]:
    for part in getattr(shape, "geoms", (shape,)):
        yield list(part.exterior.coords)
        for hole in part.interiors:
            yield list(hole.coords)


def _ring(points: Sequence[tuple[float, ...]], left: float, top: float, scale: float) -> str:
    placed = (f"{(point[0] - left) * scale:.1f},{(top - point[1]) * scale:.1f}" for point in points)
    return "M" + "L".join(placed) + "Z"
