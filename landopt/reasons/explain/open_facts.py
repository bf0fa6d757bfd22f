"""What is not known yet, one entry a fact: the rules that hang on it, who can establish it, what each outcome means."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from constraints.reading.judge import SiteJudgement
from landopt.reasons.explain.context import fact_used
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.nearest import candidates, judged_with
from landopt.reasons.explain.records import Citation, Shown
from parcels.common.schema import Field, Value, fields

LAYERS = ("in_pbf", "in_erl", "in_erl_core")
"""Overlaps with protection layers: where they are unknown nobody has looked whether the land may be used at all."""
OTHER = "bureau"
"""Who establishes a fact that no office is named for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the verdict would be if the fact were one of ``values`` (numbers: ``low`` to ``high``; ``None``: open)."""

    values: tuple[Shown, ...]
    low: Shown
    high: Shown
    verdict: str


@dataclass(frozen=True, slots=True)
class OpenFact:
    """An unknown fact of an assignment.

    ``office`` is a code of ``offices.toml``; ``rules`` are all rules that hang on the fact; ``documents`` what is on
    file; ``words`` the texts of conditions that name no fact. ``layer`` marks an overlap with a protection layer that
    was never measured: louder than any other open condition.
    """

    field: str
    office: str
    rules: tuple[Citation, ...]
    outcomes: tuple[Outcome, ...]
    documents: tuple[str, ...]
    en: str = ""
    zh: str = ""
    layer: bool = False


@cache
def _offices() -> dict[str, Any]:
    page = Path(__file__).parents[1] / "templates" / "offices.toml"
    return tomllib.loads(page.read_text(encoding="utf-8"))


def office_of(name: str) -> str:
    """The code of the office that can establish a fact (``offices.toml``)."""
    found: Mapping[str, list[str]] = _offices()["facts"]
    return next((office for office, names in found.items() if name in names), OTHER)


def office_name(office: str, lang: str) -> str:
    """The name of an office."""
    return str(_offices()["names"][office][lang])


def open_facts(
    law: Law, site: Sequence[int], demand: int | None, method: str, period: str | None, judged: SiteJudgement
) -> tuple[OpenFact, ...]:
    """The conditions of an assignment, one entry a fact (or a text): protection layers first, then by office.

    Facts that by themselves change nothing come last.
    """
    rules: dict[tuple[str, str, str], list[Citation]] = {}
    documents: dict[tuple[str, str, str], list[str]] = {}
    for each in judged.conditions:
        key = (each.fact, "", "") if each.fact else ("", each.text.en, each.text.zh)
        mine = rules.setdefault(key, [])
        if each.rule in law.context.rules and (cite := law.context.cite(each.rule)) not in mine:
            mine.append(cite)
        if each.document:
            documents.setdefault(key, []).append(each.document)
    points = dict(candidates(law, method))
    found = []
    for (name, en, zh), cites in rules.items():
        outcomes = _outcomes(law, site, demand, method, period, fields()[name], points) if name in fields() else ()
        office = office_of(name) if name else OTHER
        on_file = tuple(dict.fromkeys(documents.get((name, en, zh), ())))
        found.append(OpenFact(name, office, tuple(cites), outcomes, on_file, en, zh, name in LAYERS))
    order = list(_offices()["names"])
    return tuple(
        sorted(
            found, key=lambda one: (not one.layer, len(one.outcomes) == 1, order.index(one.office), one.field, one.en)
        )
    )


def basis(law: Law, method: str, judged: SiteJudgement) -> tuple[Citation, ...]:
    """The rules that open a method once their open conditions are established, where none opens it yet."""
    found = [each.rule for each in judged.conditions if each.rule in law.context.rules]
    opening = [
        name
        for name in dict.fromkeys(found)
        if law.context.rules[name].kind == "eligibility"
        and law.context.rules[name].spec["verdict"].get(method) == "permit"
    ]
    return tuple(law.context.cite(name) for name in opening)


def _outcomes(
    law: Law,
    site: Sequence[int],
    demand: int | None,
    method: str,
    period: str | None,
    field: Field,
    points: Mapping[str, tuple[Value, ...]],
) -> tuple[Outcome, ...]:
    """The verdict at every value where the law's answer can change; neighbouring numbers of one verdict as a range."""
    parcels, wanted, own = law.case_facts(site, demand, period)
    values = points.get(field.name, ())
    verdicts = [
        (value, judged_with(law, parcels, wanted, own, demand, method, field, value).verdict) for value in values
    ]
    found: list[Outcome] = []
    if field.type == "int":
        runs: list[tuple[list[Value], str]] = []
        for value, verdict in verdicts:
            if runs and runs[-1][1] == verdict:
                runs[-1][0].append(value)
            else:
                runs.append(([value], verdict))
        for at, (run, verdict) in enumerate(runs):
            low = _shown(field, run[0])
            high = None if at == len(runs) - 1 else _shown(field, run[-1])
            found.append(Outcome((), low, high, verdict))
        return tuple(found) if len(found) > 1 else tuple(Outcome((), None, None, one.verdict) for one in found)
    for verdict in dict.fromkeys(verdict for _, verdict in verdicts):
        same = tuple(_shown(field, value) for value, said in verdicts if said == verdict)
        found.append(Outcome(same, None, None, verdict))
    return tuple(found)


def _shown(field: Field, value: Value) -> Shown:
    return fact_used(field.name, "", value).value
