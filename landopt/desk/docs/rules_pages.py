"""The pages about the rules, made from the packs: docs/rules.md and docs/rules-coverage.md. Standard library only.

``python -m landopt.desk.docs --write`` writes them after a change of a pack; a test refuses pages that are not current.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from constraints.language.expr import parse, parse_price
from constraints.loading.load import grade_of, load_pack, methods, pack, pack_names
from constraints.loading.ranks import PACKS
from constraints.reading.asking.worked_cases import WorkedCase, load_cases
from constraints.reading.speak import formula, sentence
from constraints.types import Rule

ORDER = ("cn", "cn-guangdong", "cn-guangzhou", "cn-guangzhou-nansha", "cn-shenzhen", "gz-action-plan-2018")
GRADES_SAY = {
    "V1": "article read",
    "V2": "read as quoted elsewhere",
    "V2L": "read in a local restatement",
    "T": "title only",
    "U": "unverified",
}


def packs_in_order() -> tuple[str, ...]:
    """National first, then the place, then the plans."""
    names = pack_names(off=True)
    return tuple(sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


def left_out() -> dict[str, Mapping[str, str]]:
    """Ids of the fact base that no rule encodes, with the reason in both languages."""
    return tomllib.loads((PACKS / "left_out.toml").read_text(encoding="utf-8"))


def rules_page() -> str:
    """docs/rules.md: every rule with its text, citation, dates and cases."""
    lines = [
        "# The rules",
        "",
        "Made from `constraints/packs` by `python -m landopt.desk.docs --write`; do not edit. How to change a rule:",
        "[how-to-add-a-rule.md](how-to-add-a-rule.md). What is left out: [rules-coverage.md](rules-coverage.md).",
        "",
        "Grades say how far the text was verified: "
        + "; ".join(f"**{grade}** {says}" for grade, says in GRADES_SAY.items())
        + ". Starts marked (day not known) are known by year or month only. Rank: 5 law, 4 State Council"
        " regulation or judicial interpretation, 3 ministerial rule or provincial regulation, 2 normative document of"
        " State Council or ministry, 1 provincial or municipal document, 0 practice or draft.",
        "",
        *_limits_of_a_round(),
    ]
    for name in packs_in_order():
        head, rules = pack(name), load_pack(name)
        cases: dict[str, list[WorkedCase]] = {}
        for case in load_cases(name):
            for named in dict.fromkeys((*case.rules, *case.absent)):
                cases.setdefault(named, []).append(case)
        lines += [
            f"## {name}: {head.title.en} · {head.title.zh}",
            "",
            f"Complete from {head.complete_from}, checked until {head.checked_until}. {len(rules)} rules.",
            "",
        ]
        for rule in rules:
            lines += _rule(rule, cases.get(rule.id, ()))
    return "\n".join(lines).rstrip() + "\n"


def _limits_of_a_round() -> list[str]:
    return [
        "Plan-level rules whose numbers the bureau sets each year (P-NORM, P-QUOTA, P-BLOCK) are written in the",
        "round's own `policy.toml`; the law gives the rule, not the number:",
        "",
        "```toml",
        "[[rule]]                               # P-QUOTA: new land of the year, growing with stock used",
        'id = "bureau.quota.new-land"',
        'kind = "limit"',
        'title = { en = "New construction land of the year", zh = "年度新增建设用地" }',
        'cite = { doc = "...", article = "...", number = "...", rank = 1, grade = "V1", source = "" }',
        "from = 2026-01-01",
        "where = \"land_source == 'new'\"",
        'measure = "new_area_m2"',
        'sense = "<="',
        'values = [{ amount = 30, unit = "ha" }]',
        "credit = { where = \"land_source == 'stock'\", num = 1, den = 2 }",
        "",
        "[[rule]]                               # P-BLOCK: what is left of the 10 % for M0 in each block",
        'id = "bureau.block.m0"',
        'kind = "limit"',
        'title = { en = "M0 in a block", zh = "区块内新型产业用地" }',
        'cite = { doc = "...", article = "...", number = "...", rank = 1, grade = "V2", source = "" }',
        "from = 2026-01-01",
        "where = \"use == 'IND_M0'\"",
        'measure = "area_m2"',
        'per = ["ind_block"]',
        'sense = "<="',
        'values = [{ key = ["NS-12"], amount = 42000, unit = "m2" }]',
        "```",
        "",
    ]


def _held(rule: Rule) -> str:
    """The days on which a rule holds; of one that says a method did not exist, the day on which it came."""
    unsure = " (day not known)" if rule.date_grade else ""
    if rule.spec.get("not_yet") and rule.until:
        return f"before {rule.until}{unsure}: the method did not exist yet"
    return f"from {rule.start}{f' until {rule.until} (exclusive)' if rule.until else ''}{unsure}"


def _rule(rule: Rule, cases: Sequence[WorkedCase]) -> list[str]:
    cite = rule.cite
    number = f" {cite.number}" if cite.number else ""
    lines = [
        f"### {rule.id}",
        "",
        f"{rule.title.en}  ",
        f"{rule.title.zh}",
        "",
        f"- {rule.kind} · {', '.join(rule.domain)}",
        f"- {cite.doc}{number}, {cite.article} · rank {cite.rank} · grade {grade_of(rule)}"
        + (f" · {cite.source}" if cite.source else ""),
        f"- {_held(rule)}",
    ]
    if rule.when:
        node = parse(rule.when)
        lines += [f"- when: {sentence(node, 'en')} {sentence(node, 'zh')}", f"  `{rule.when}`"]
    lines += _effect(rule)
    if rule.exception_to:
        lines.append("- exception to: " + ", ".join(f"`{base}`" for base in rule.exception_to))
    if cases:
        lines.append("- cases: " + "; ".join(_case(rule.id, case) for case in cases))
    return [*lines, ""]


def _effect(rule: Rule) -> list[str]:
    spec = rule.spec
    if rule.kind == "eligibility":
        by_verdict: dict[str, list[str]] = {}
        for method, verdict in spec["verdict"].items():
            by_verdict.setdefault(verdict, []).append(method)
        said = "; ".join(f"**{verdict}** {_methods(named)}" for verdict, named in by_verdict.items())
        lines = [f"- {said}"]
        if spec.get("condition"):
            lines.append(f"- on file: {spec['condition']['en']} · {spec['condition']['zh']}")
        return lines
    if rule.kind == "term":
        least, most = spec["min_years"], spec["max_years"]
        span = f"{least} to {most}" if least and most else f"at least {least}" if least else f"at most {most}"
        return [f"- term: {span} years, {_methods(spec['methods'])}"]
    if rule.kind == "price_floor":
        node = parse_price(spec["per_m2"])
        said = f"{formula(node, 'en')} · {formula(node, 'zh')}"
        return [f"- floor: {said} (yuan/m2), {_methods(spec['methods'])}", f"  `{spec['per_m2']}`"]
    if rule.kind == "preference":
        return [f"- {spec['points']} points, {spec['points_per_ha']} a hectare, {_methods(spec['methods'])}"]
    if rule.kind == "note":
        return [f"- note ({spec['flag']}): {spec['text']['en']} · {spec['text']['zh']}"]
    return []


def _methods(named: Iterable[str]) -> str:
    asked, every = set(named), [method.id for method in methods()]
    return "every method" if asked == set(every) else ", ".join(method for method in every if method in asked)


def _case(rule: str, case: WorkedCase) -> str:
    facts = " ".join(f"{name}={value}" for name, value in case.facts.items())
    says = "" if rule in case.rules else "silent "
    expect = ", ".join(f"{method} {verdict}" for method, verdict in case.expect.items())
    return f"{says}{case.as_of} `{facts}`" + (f" → {expect}" if expect else "")


def domain_ids(text: str) -> tuple[str, ...]:
    """The ids of a list, one a line, comments left out."""
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def coverage() -> dict[str, list[str]]:
    """The rules of every pack by the id of the fact base they encode."""
    found: dict[str, list[str]] = {}
    for name in packs_in_order():
        for rule in load_pack(name):
            for identifier in rule.domain:
                if rule.id not in found.setdefault(identifier, []):
                    found[identifier].append(rule.id)
    return found


def coverage_page(ids: Sequence[str]) -> str:
    """docs/rules-coverage.md: what became of every id of the fact base."""
    encoded, out = coverage(), left_out()
    rows = []
    for identifier in ids:
        if identifier in encoded:
            rows.append(f"| {identifier} | {', '.join(_short(encoded[identifier]))} |")
        else:
            reason = out.get(identifier, {"en": "MISSING", "zh": "缺"})
            rows.append(f"| {identifier} | left out: {reason['en']} · {reason['zh']} |")
    covered = sum(identifier in encoded for identifier in ids)
    reread = tomllib.loads((PACKS / "second_reading.toml").read_text(encoding="utf-8"))["finding"]
    return "\n".join(
        [
            "# What became of every rule of the legal fact base",
            "",
            "Made by `python -m landopt.desk.docs --write`; do not edit. The ids are those of",
            "`tests/rules/domain_ids.txt`; the reasons stand in `constraints/packs/left_out.toml`.",
            "",
            f"{covered} of {len(ids)} ids are encoded; {len(ids) - covered} are left out.",
            "",
            "Rules on procedure are `note` rules: they feed timetables, justifications and the audit's notes. P-NORM,",
            "P-QUOTA and P-BLOCK state numbers that a bureau sets; they are notes here and `limit` rules of the round",
            "([rules.md](rules.md)).",
            "",
            "| id | rules |",
            "|---|---|",
            *rows,
            "",
            "## The second reading",
            "",
            "Every rule was read again against the statutes; what was found and what was done",
            "(`constraints/packs/second_reading.toml`). Ids `L2-B..` above are the instruments that reading added.",
            "",
            "| id | about | found | done | rules |",
            "|---|---|---|---|---|",
            *(_reread(entry) for entry in reread),
            "",
        ]
    )


def _reread(entry: Mapping[str, Any]) -> str:
    was, now = (f"{entry[key]['en']} · {entry[key]['zh']}" for key in ("was", "now"))
    rules = ", ".join(f"`{rule}`" for rule in entry["rules"]) or "-"
    return f"| {entry['id']} | {entry['about']} | {was} | {now} | {rules} |"


def _short(ids: Sequence[str]) -> list[str]:
    """The grades of a price ladder as one entry."""
    ladders: dict[str, list[int]] = {}
    plain = []
    for identifier in ids:
        match = re.fullmatch(r"(.*)\.(\d+)", identifier)
        if match:
            ladders.setdefault(match[1], []).append(int(match[2]))
        else:
            plain.append(f"`{identifier}`")
    return [f"`{name}.{min(steps)}` to `.{max(steps)}`" for name, steps in ladders.items()] + plain


def pages() -> dict[str, str]:
    """The pages by name, as they should be."""
    root = Path(__file__).parents[3]
    ids = domain_ids((root / "tests/rules/domain_ids.txt").read_text(encoding="utf-8"))
    return {"rules.md": rules_page(), "rules-coverage.md": coverage_page(ids)}
