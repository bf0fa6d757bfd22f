"""Two plans compared, as one HTML page: no script, no network, readable when printed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from constraints.case import Case
from landopt.reasons.compared.change_words import ChangeWords
from landopt.reasons.texts import environment
from landopt.report.papers.plain import one_line

_WEB = Path(__file__).parent / "web"


def comparison_page(found: Mapping[str, Any], before: Case, after: Case, lang: str) -> bytes:
    """The page as UTF-8.

    Parameters
    ----------
    found
        What ``landopt compare --json`` prints: moves, ``changes`` and, where asked, ``causes`` and ``joint``.
    before, after
        The cases of the two plans, for titles of rounds and rules and names of platforms.
    lang
        ``en`` or ``zh``.
    """
    texts = environment(lang)
    made = Environment(
        loader=FileSystemLoader(str(_WEB)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        {name: texts.filters[name] for name in ("word", "ha", "points", "grouped", "title_of", "percent")}
    )
    made.filters["clean"] = one_line
    style = "\n" + (_WEB / "compare.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
    page = made.get_template("compare.html.j2").render(
        r=found,
        lang=lang,
        t=lambda en, zh: zh if lang == "zh" else en,
        style=Markup(style),  # noqa: S704 - our own file
        policy=Markup(f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"),  # noqa: S704
        cases=[_told(before, lang), _told(after, lang)],
        rules=_titles(before, after, lang),
        changed=ChangeWords((*before.rules, *after.rules), lang),
        names={**_names(before), **_names(after)},
        movers=_movers(found),
    )
    return page.encode("utf-8")


def _told(case: Case, lang: str) -> dict[str, str]:
    title = case.round.title.text(lang)
    overlays = "; ".join(case.overlays)
    return {"title": title, "round": case.round.id, "as_of": case.round.as_of, "overlays": overlays}


def _titles(before: Case, after: Case, lang: str) -> dict[str, str]:
    """Rules by id: title, document, number, article."""
    found = {}
    for rule in (*before.rules, *after.rules):
        parts = [rule.cite.doc, rule.cite.number, rule.cite.article]
        title = rule.title.text(lang)
        found[rule.id] = f"{title} ({', '.join(part for part in parts if part)})"
    return found


def _names(case: Case) -> dict[str, str]:
    return {name: str(value or "") for name, value in zip(case.demands.ids, case.demands.column("name"), strict=True)}


def _movers(found: Mapping[str, Any]) -> dict[str, list[str]]:
    """For each moved parcel the changes that alone take it where it went."""
    by: dict[str, list[str]] = {}
    for cause in found.get("causes", ()):
        change = cause["change"]
        for name in cause["explains"]:
            by.setdefault(name, []).append(" ".join(part for part in (change["id"], change["field"]) if part))
    return by
