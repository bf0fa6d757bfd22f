"""Pictures of the plan as inline SVG in both languages: only what a table says worse. No number is made here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from constraints.loading.method_facts import looks
from constraints.reading.timetable import step_title
from landopt.reasons import words
from landopt.reasons.across_words import one_a_rule
from landopt.reasons.limit_words import LimitWords
from landopt.report.papers.plain import one_line
from parcels.common.catalogue import Bilingual, Text, told

if TYPE_CHECKING:
    from landopt.report.source import Source

COLOURS = {name: look.colour for name, look in looks().items()}
SIGNS = {name: look.sign for name, look in looks().items()}
"""Colours and signs of the methods, the same as in ``web/map.js``."""

_WIDE, _LINE, _LEFT = 900, 24, 210
_LONGEST = 40


def charts(source: Source) -> Markup:
    """All pictures, one after the other, escaped."""
    return Markup("").join((_districts(source), _limits(source), _timetable(source), _cutoffs(source)))


def _both(said: Text, tag: str = "span", attributes: str = "") -> Markup:
    """A text in both languages; the page shows one. ``attributes`` is our own text."""
    zh, en = said.text("zh"), said.text("en")
    if zh == en:
        return Markup(f"<{tag}{attributes}>{escape(one_line(zh, 200))}</{tag}>")  # noqa: S704 - escaped here
    made = [
        f'<{tag} class="{lang}"{attributes}>{escape(one_line(text, 200))}</{tag}>'
        for lang, text in (("zh", zh), ("en", en))
    ]
    return Markup("".join(made))  # noqa: S704 - escaped just above


def _text(x: float, y: float, said: Text | str, *, anchor: str = "", fill: str = "") -> Markup:
    extra = f' x="{_at(x)}" y="{_at(y)}"' + (f' text-anchor="{anchor}"' if anchor else "")
    return _both(
        Bilingual(said, said) if isinstance(said, str) else said, "text", extra + (f' fill="{fill}"' if fill else "")
    )


def _at(value: float) -> str:
    """A coordinate to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def _box(x: float, y: float, wide: float, high: float, fill: str, title: Text | None = None) -> Markup:
    """A block, of its group's colour where ``fill`` is blank; the page's script shows the title of its language."""
    colour = Markup(' fill="{}"').format(fill) if fill else ""
    said = Markup("")
    if title is not None:
        said = Markup('<title data-zh="{}" data-en="{}"></title>').format(title.text("zh"), title.text("en"))
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
        parts.append(_text(_LEFT - 8, top + 13, one_line(name, 22), anchor="end"))
        for method in source.methods:
            area = areas[name].get(method, 0)
            if area:
                # the name stands at the row: none in an attribute
                title = told("chart.block", method=method, area=words.hectares(area))
                parts.append(_box(x, top, area * scale, _LINE - 7, COLOURS.get(method, "#999999"), title))
                if area * scale > 34:
                    light = method in looks() and looks()[method].light
                    sign = Bilingual(SIGNS.get(method, "?"), words.word("method", method, "zh")[:2])
                    parts.append(_text(x + 4, top + 13, sign, fill="#1d2530" if light else "#ffffff"))
                x += area * scale
        total = told("chart.area", area=words.hectares(sum(areas[name].values())))
        parts.append(_text(x + 6, top + 13, total, fill="#5b6675"))
    heading, note = _both(told("chart.districts")), _both(told("chart.districts-note"))
    return _figure(heading, note, parts, min(len(order), _LONGEST))


def _limits(source: Source) -> Markup:
    """How far each limit of at most or at least is used; a limit of relations or locks is no quantity and left out."""
    shown = [limit for limit in one_a_rule(source.whole["limits"]) if _measure(limit)]
    if not shown:
        return Markup("")
    parts: list[Markup] = []
    keyed = {lang: LimitWords(source.case.rules, lang).of for lang in ("zh", "en")}
    room = _WIDE - 330 - 190
    for at, limit in enumerate(shown[:_LONGEST]):
        used, bound, said = _measure(limit) or (0, 1, "")
        top = at * _LINE + 4
        zh, en = (f"{'、'.join(keyed[lang](limit))} {limit['cite'][lang]}".strip() for lang in ("zh", "en"))
        parts.append(_text(322, top + 13, Bilingual(one_line(en, 46), one_line(zh, 24)), anchor="end"))
        reach = max(used, bound) or 1
        met = used <= bound if limit["sense"] == "<=" else used >= bound
        fill = "#EE6677" if not met else "#4477AA" if not limit["binding"] else "#EE7733"
        parts.append(_box(330, top, room, _LINE - 7, "#eef1f4"))
        parts.append(_box(330, top, room * used / reach, _LINE - 7, fill))
        parts.append(_line(330 + room * bound / reach, top - 2, top + _LINE - 5, "#1d2530", 2))
        parts.append(_text(330 + room + 8, top + 13, said, fill="#5b6675"))
    heading, note = _both(told("chart.limits")), _both(told("chart.limits-note"))
    return _figure(heading, note, parts, min(len(shown), _LONGEST))


def _measure(limit: Mapping[str, Any]) -> tuple[int, int, Text | str] | None:
    """(used, bound, what is said) of a limit that people read as a quantity; shares in tenths of a per cent."""
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
        return round(1000 * limit["part"] / limit["whole"]), bound, text
    if limit["limit"] < 0 or limit["used"] < 0 or limit["limit"] <= 1:
        return None
    if limit["unit"] == "m2":
        text = f"{words.hectares(limit['used'])} {sign} {words.hectares(limit['limit'])}"
        return limit["used"], limit["limit"], told("chart.area", area=text)
    amounts = {"used": limit["used"], "sign": sign, "bound": limit["limit"], "unit": limit["unit"]}
    return limit["used"], limit["limit"], told("chart.amount", **amounts)


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
                parts.append(_text(x + 3, 13, told("chart.month", year=month.year, month=month.month), fill="#5b6675"))
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    for k, entry in enumerate(shown[:_LONGEST], 1):
        top = k * _LINE + 3
        more = len(entry["parcel_ids"]) - 1
        name = one_line(entry["parcel_ids"][0], 14) + (f" +{more}" if more else "")
        parts.append(_text(_LEFT - 8, top + 13, told("chart.site", name=name, method=entry["method"]), anchor="end"))
        steps: list[Markup] = []
        for step in entry["timetable"]:
            begin, end = at(step["earliest"]), at(step["latest"] or step["earliest"])
            what, first_day, last_day = step_title(step["step"]), step["earliest"], step["latest"] or ""
            title = told("chart.step", step=what, first=first_day, last=last_day)
            steps.append(_box(begin, top, max(2.0, end - begin), _LINE - 8, "", title))
        colour = COLOURS.get(entry["method"], "#999999")
        parts.append(Markup('<g fill="{}" opacity=".42">{}</g>').format(colour, Markup("").join(steps)))
    left = len(shown) - rows
    note = told("chart.timetable-more", more=left) if left else told("chart.timetable-note")
    return _figure(_both(told("chart.timetable")), _both(note), parts, rows + 1)


def _cutoffs(source: Source) -> Markup:
    """What it took to win the contested parcels: the proven least loss with the runner-up, where it can be told."""
    proven = [cut for cut in source.whole["cutoffs"] if cut["runner_up"]["loss"]]
    heading = _both(told("chart.cutoffs"))
    if not source.whole["cutoffs"]:
        return Markup("")
    if not proven:
        return Markup("<h2>{}</h2><p>{}</p>").format(heading, _both(told("chart.no-cutoffs")))
    proven = sorted(proven, key=lambda cut: (-cut["runner_up"]["loss"], cut["id"]))[:30]
    largest = proven[0]["runner_up"]["loss"]
    parts: list[Markup] = []
    for at, cut in enumerate(proven):
        top, loss = at * _LINE + 4, cut["runner_up"]["loss"]
        colour = COLOURS.get(cut["winner"]["method"], "#999999")
        parts.append(_text(_LEFT - 8, top + 13, one_line(cut["id"], 24), anchor="end"))
        wide = (_WIDE - _LEFT - 120) * loss / largest
        parts.append(_box(_LEFT, top, wide, _LINE - 7, colour))
        said = told("chart.points", points=words.points(loss))
        parts.append(_text(_LEFT + wide + 6, top + 13, said, fill="#5b6675"))
    return _figure(heading, _both(told("chart.cutoffs-note")), parts, len(proven))
