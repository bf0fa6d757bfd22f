"""The limits of a blank round's policy sheet: the usual ones and those that the packs' texts give, all switched off."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence

import tomli_w

from constraints.loading.plan_limits import PlanLimit, plan_limits
from landopt.forms.policy_sheet import COLUMNS, rows_of_text
from landopt.invent.policy import usual_limits
from parcels.common.catalogue import phrase

_FIGURES = ("amount", "share", "from", "until", "value.from", "value.until")
_NAMED = ("cite.article", "cite.number")


def off_rows(packs: Sequence[str], day: str, lang: str) -> list[list[object]]:
    """Rows of the policy sheet, none in use: the usual limits with round numbers, then the packs' without figures.

    What a text of the city states is the city's: a district puts in its own figure, and a row that is switched on
    without one is refused when the policy is read. Dates and articles of a plan of another year are left blank too.
    """
    usual = {"rule": [r for r in tomllib.loads(usual_limits())["rule"] if r["kind"] in ("limit", "preference")]}
    rows = rows_of_text(tomli_w.dumps(usual), "policy.toml", lang, on=False)
    for each in _given(packs):
        current = each.rule.start <= day < (each.rule.until or "9999-12-31")
        blank = {*_FIGURES[:2], *(() if current else (*_FIGURES, *_NAMED))}
        for row in rows_of_text(each.toml, "limits.toml", lang, on=False):
            cells = dict(zip(COLUMNS, row, strict=True))
            cells |= dict.fromkeys(blank)
            for key in ("title.zh", "title.en"):
                own = "zh" if key.endswith("zh") else "en"
                cells[key] = phrase("form.own-figure", own, title=cells[key])
            rows.append(list(cells.values()))
    return rows


def off_text(packs: Sequence[str], lang: str) -> str:
    """The same limits as remarks of a policy file; the packs' with the figures that the texts state."""
    parts = [usual_limits().rstrip("\n")]
    given = _given(packs)
    if given:
        parts += [phrase("form.city-limits", lang), *(each.toml.rstrip("\n") for each in given)]
    return "".join(f"# {line}\n" if line else "#\n" for line in "\n\n".join(parts).split("\n"))


def _given(packs: Sequence[str]) -> list[PlanLimit]:
    return [each for name in packs for each in plan_limits(name)]
