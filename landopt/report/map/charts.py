"""Pictures of the plan as inline SVG in both languages: only what a table says worse. No number is made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from markupsafe import Markup, escape

from constraints.loading.method_facts import looks
from constraints.reading.timetable import TITLES
from landopt.reasons import words
from landopt.reasons.across_words import one_a_rule
from landopt.report.papers.plain import one_line
from landopt.report.source import Source

COLOURS = {name: look.colour for name, look in looks().items()}
SIGNS = {name: look.sign for name, look in looks().items()}
"""Colours and signs of the methods, the same as in ``web/map.js``."""

_WIDE, _LINE, _LEFT = 900, 24, 210
_LONGEST = 40


def charts(source: Source) -> Markup:
    """All pictures, one after the other, escaped."""
    return Markup("").join((_districts(source), _limits(source), _timetable(source), _cutoffs(source)))


def _both(zh: str, en: str, tag: str = "span", attributes: str = "") -> Markup:
    """A text in both languages; the page shows one. ``attributes`` is our own text."""
    if zh == en:
        return Markup(f"<{tag}{attributes}>{escape(one_line(zh, 200))}</{tag}>")  # noqa: S704 - escaped here
    made = [
        f'<{tag} class="{lang}"{attributes}>{escape(one_line(text, 200))}</{tag}>'
        for lang, text in (("zh", zh), ("en", en))
    ]
    return Markup("".join(made))  # noqa: S704 - escaped just above


def _text(x: float, y: float, zh: str, en: str, *, anchor: str = "", fill: str = "") -> Markup:
    extra = f' x="{_at(x)}" y="{_at(y)}"' + (f' text-anchor="{anchor}"' if anchor else "")
    return _both(zh, en, "text", extra + (f' fill="{fill}"' if fill else ""))


def _at(value: float) -> str:
    """A coordinate to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def _box(x: float, y: float, wide: float, high: float, fill: str, titles: tuple[str, str] | None = None) -> Markup:
    """A block, of its group's colour where ``fill`` is blank; the page's script shows the title of its language."""
    colour = Markup(' fill="{}"').format(fill) if fill else ""
    said = Markup('<title data-zh="{}" data-en="{}"></title>').format(*titles) if titles else ""
    place = _at(x), _at(y), _at(max(0.0, wide)), _at(high)
    return Markup('<rect x="{}" y="{}" width="{}" height="{}"{}>{}</rect>').format(*place, colour, said)


def _line(x: float, top: float, bottom: float, colour: str, wide: float = 1) -> Markup:
    return Markup('<path d="M{} {}V{}" stroke="{}" stroke-width="{}" fill="none"/>').format(
        _at(x), _at(top), _at(bottom), colour, wide
    )


def _figure(heading: Markup, note: Markup, parts: Iterable[Markup], lines: float) -> Markup:
    svg = Markup(
        '<svg viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" fill="#1d2530" font-size="12.5">{2}</svg>'
    )
    drawn = svg.format(_WIDE, int(lines * _LINE) + 12, Markup("").join(parts))
    return Markup("<h2>{}</h2><p>{}</p>{}").format(heading, note, drawn)


def _districts(source: Source) -> Markup:
    """Area supplied in each district, stacked by method."""
    areas: dict[str, dict[str, int]] = {}
    for row in source.rows:
        if row.method is not None:
            mine = areas.setdefault(row.district, {})
            mine[row.method] = mine.get(row.method, 0) + row.area_m2
    if not areas:
        return Markup("")
    largest = max(sum(mine.values()) for mine in areas.values())
    parts: list[Markup] = []
    scale = (_WIDE - _LEFT - 110) / largest
    order = sorted(areas, key=lambda name: (-sum(areas[name].values()), name))
    for at, name in enumerate(order[:_LONGEST]):
        top, x = at * _LINE + 4, float(_LEFT)
        parts.append(_text(_LEFT - 8, top + 13, one_line(name, 22), one_line(name, 22), anchor="end"))
        for method in source.methods:
            area = areas[name].get(method, 0)
            if area:
                size, (zh, en) = words.hectares(area), (words.word("method", method, lang) for lang in ("zh", "en"))
                titles = f"{zh} {size} 公顷", f"{en} {size} ha"  # the name stands at the row: none in an attribute
                parts.append(_box(x, top, area * scale, _LINE - 7, COLOURS.get(method, "#999999"), titles))
                if area * scale > 34:
                    light = method in looks() and looks()[method].light
                    zh, en = words.word("method", method, "zh")[:2], SIGNS.get(method, "?")
                    parts.append(_text(x + 4, top + 13, zh, en, fill="#1d2530" if light else "#ffffff"))
                x += area * scale
        total = words.hectares(sum(areas[name].values()))
        parts.append(_text(x + 6, top + 13, f"{total} 公顷", f"{total} ha", fill="#5b6675"))
    heading = _both("各片区供应面积及方式", "Area supplied by district and method")
    note = _both(
        "条长为面积，颜色为供应方式（与地图一致），指向色块显示数值。",
        "Length is area, colour the method as on the map; point at a block for its figure.",
    )
    return _figure(heading, note, parts, min(len(order), _LONGEST))


def _limits(source: Source) -> Markup:
    """How far each limit of at most or at least is used; a limit of relations or locks is no quantity and left out."""
    shown = [limit for limit in one_a_rule(source.whole["limits"]) if _measure(limit)]
    if not shown:
        return Markup("")
    parts: list[Markup] = []
    room = _WIDE - 330 - 190
    for at, limit in enumerate(shown[:_LONGEST]):
        used, bound, zh, en = _measure(limit) or (0, 1, "", "")
        top = at * _LINE + 4
        key = "、".join(limit["key"])
        titles = (f"{key} {limit['cite'][lang]}".strip() for lang in ("zh", "en"))
        parts.append(
            _text(
                322,
                top + 13,
                *(one_line(title, limit_) for title, limit_ in zip(titles, (24, 46), strict=True)),
                anchor="end",
            )
        )
        reach = max(used, bound) or 1
        met = used <= bound if limit["sense"] == "<=" else used >= bound
        fill = "#EE6677" if not met else "#4477AA" if not limit["binding"] else "#EE7733"
        parts.append(_box(330, top, room, _LINE - 7, "#eef1f4"))
        parts.append(_box(330, top, room * used / reach, _LINE - 7, fill))
        parts.append(_line(330 + room * bound / reach, top - 2, top + _LINE - 5, "#1d2530", 2))
        parts.append(_text(330 + room + 8, top + 13, zh, en, fill="#5b6675"))
    heading = _both("限额使用情况", "Use of the limits")
    note = _both(
        "蓝或橙条为已用，黑线为上限（≤）或下限（≥），橙色为已达限额。",
        "The bar is what is used, the black line the most (≤) or the least (≥) allowed; orange: at its limit.",
    )
    return _figure(heading, note, parts, min(len(shown), _LONGEST))


def _measure(limit: Mapping[str, Any]) -> tuple[int, int, str, str] | None:
    """(used, bound, text zh, text en) of a limit that people read as a quantity; shares in tenths of a per cent."""
    sign = "≤" if limit["sense"] == "<=" else "≥"
    if limit["share"]:
        if not limit["whole"] or limit["part"] is None:
            return None
        number = "".join(char for char in limit["share"] if char.isdigit() or char == ".")
        try:
            bound = round(float(number) * 10)
        except ValueError:
            return None
        text = f"{words.percent(limit['part'], limit['whole'])} {sign} {limit['share']}"
        return round(1000 * limit["part"] / limit["whole"]), bound, text, text
    if limit["limit"] < 0 or limit["used"] < 0 or limit["limit"] <= 1:
        return None
    if limit["unit"] == "m2":
        text = f"{words.hectares(limit['used'])} {sign} {words.hectares(limit['limit'])}"
        return limit["used"], limit["limit"], f"{text} 公顷", f"{text} ha"
    zh, en = (
        f"{limit['used']:,} {sign} {limit['limit']:,} {words.word('unit', limit['unit'], lang)}"
        for lang in ("zh", "en")
    )
    return limit["used"], limit["limit"], zh, en


def _timetable(source: Source) -> Markup:
    """A bar a site from the first to the last day of its timetable, with its steps; many sites are drawn by method."""
    entries = [entry for entry in source.plan["assignments"] if any(s["latest"] for s in entry["timetable"])]
    if not entries:
        return Markup("")
    days = [s[side] for e in entries for s in e["timetable"] for side in ("earliest", "latest") if s[side]]
    first, last = date.fromisoformat(min(days)), date.fromisoformat(max(days))
    scale = (_WIDE - _LEFT - 20) / max(1, (last - first).days)

    def at(iso: str) -> float:
        return _LEFT + (date.fromisoformat(iso) - first).days * scale

    shown = sorted(entries, key=lambda e: (min(s["earliest"] for s in e["timetable"]), e["method"], e["parcel_ids"]))
    parts: list[Markup] = []
    rows = min(len(shown), _LONGEST)
    month = date(first.year, first.month, 1)
    while month <= last:
        if month >= first:
            x = _LEFT + (month - first).days * scale
            parts.append(_line(x, 18, rows * _LINE + _LINE, "#d5dae1"))
            if x < _WIDE - 60:
                parts.append(_text(x + 3, 13, f"{month.year}年{month.month}月", f"{month:%Y-%m}", fill="#5b6675"))
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    for k, entry in enumerate(shown[:_LONGEST], 1):
        top = k * _LINE + 3
        more = len(entry["parcel_ids"]) - 1
        name = one_line(entry["parcel_ids"][0], 14) + (f" +{more}" if more else "")
        zh, en = (f"{name} {words.word('method', entry['method'], lang)}" for lang in ("zh", "en"))
        parts.append(_text(_LEFT - 8, top + 13, zh, en, anchor="end"))
        steps: list[Markup] = []
        for step in entry["timetable"]:
            begin, end = at(step["earliest"]), at(step["latest"] or step["earliest"])
            what, span = TITLES[step["step"]], (step["earliest"], step["latest"] or "")
            titles = f"{what.zh}：{span[0]} 至 {span[1]}", f"{what.en}: {span[0]} - {span[1]}"
            steps.append(_box(begin, top, max(2.0, end - begin), _LINE - 8, "", titles))
        colour = COLOURS.get(entry["method"], "#999999")
        parts.append(Markup('<g fill="{}" opacity=".42">{}</g>').format(colour, Markup("").join(steps)))
    heading = _both("供应时间安排", "Timetable of the round")
    more = len(shown) - rows
    note = _both(
        "每行一个供地单元；色块为各步骤的首日至末日，指向色块显示。"
        + (f"另有 {more} 个未绘出，见表格。" if more else ""),
        "A line a site; a block runs from the first to the last day of a step. "
        + (f"{more} more are in the tables." if more else ""),
    )
    return _figure(heading, note, parts, rows + 1)


def _cutoffs(source: Source) -> Markup:
    """What it took to win the contested parcels: the proven least loss with the runner-up, where it can be told."""
    told = [cut for cut in source.whole["cutoffs"] if cut["runner_up"]["loss"]]
    heading = _both("入选门槛", "Cut-offs")
    if not source.whole["cutoffs"]:
        return Markup("")
    if not told:
        note = _both(
            "在现有差距内，各争用宗地的次优方案均无法与入选方案区分，故不绘图。",
            "At this gap no runner-up can be told from the winner on any contested parcel; there is nothing to draw.",
        )
        return Markup("<h2>{}</h2><p>{}</p>").format(heading, note)
    told = sorted(told, key=lambda cut: (-cut["runner_up"]["loss"], cut["id"]))[:30]
    largest = told[0]["runner_up"]["loss"]
    parts: list[Markup] = []
    for at, cut in enumerate(told):
        top, loss = at * _LINE + 4, cut["runner_up"]["loss"]
        colour = COLOURS.get(cut["winner"]["method"], "#999999")
        parts.append(_text(_LEFT - 8, top + 13, one_line(cut["id"], 24), one_line(cut["id"], 24), anchor="end"))
        wide = (_WIDE - _LEFT - 120) * loss / largest
        parts.append(_box(_LEFT, top, wide, _LINE - 7, colour))
        said = words.points(loss)
        parts.append(_text(_LEFT + wide + 6, top + 13, f"{said} 分", f"{said} points", fill="#5b6675"))
    note = _both(
        "争用最紧的宗地和平台：改选次优方案时，方案总评分至少减少的分数（经审计的价格证明）。",
        "The most contested parcels and platforms: what the plan at least loses with the runner-up (audited prices).",
    )
    return _figure(heading, note, parts, len(told))
