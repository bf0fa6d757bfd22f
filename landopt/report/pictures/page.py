"""Pictures and small maps of several plans on one HTML page: no script, no network, readable when printed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from landopt.report.papers.plain import one_line
from landopt.report.pictures.small_maps import Choice, Outlines, legend, small_map

_WEB = Path(__file__).parents[1] / "map" / "web"
MOST_MAPS = 60
"""Small maps on a page, at most; the table has all."""


@dataclass(frozen=True)
class Table:
    """What stands under the picture: the heading of each column, the cells, and which columns are numbers."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Shown:
    """A plan on a small map: its name, a line under it, and what it does with each parcel that it supplies."""

    name: str
    under: str
    chosen: Mapping[str, Choice]


def pictures_page(
    title: str,
    notes: Sequence[str],
    drawn: Sequence[str],
    table: Table,
    plans: Sequence[Shown],
    outlines: Outlines | None,
    lang: str,
) -> bytes:
    """The page as UTF-8.

    Parameters
    ----------
    drawn
        Pictures as SVG, made by this package.
    plans
        For the small maps; differences are against the first.
    outlines
        The outlines of the round (None: no maps).
    lang
        ``en`` or ``zh``.
    """
    made = Environment(loader=FileSystemLoader(str(_WEB)), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    made.filters["clean"] = one_line
    style = "\n" + (_WEB / "compare.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    shown = plans[:MOST_MAPS] if outlines is not None else ()
    # Markup: our own style and SVG, in which all that came from outside was escaped
    maps = [
        (each.name, each.under, Markup(small_map(outlines, each.chosen, shown[0].chosen, each.name)))  # noqa: S704
        for each in shown
        if outlines is not None
    ]
    page = made.get_template("pictures.html.j2").render(
        title=one_line(title),
        lang=lang,
        notes=notes,
        drawn=[Markup(picture) for picture in drawn],  # noqa: S704
        head=table.head,
        rows=table.rows,
        numbers=table.numbers,
        maps=maps,
        key=Markup(legend([each.chosen for each in shown], lang)) if maps else "",  # noqa: S704
        style=Markup(style),  # noqa: S704
        policy=Markup(f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"),  # noqa: S704
    )
    return page.encode("utf-8")
