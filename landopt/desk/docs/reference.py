"""The reference pages that are made from the code: docs/fields.md and docs/rule-format.md. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence

from constraints.loading.kinds import ADOPT_KEYS, APPLICANT_KEYS, COMMON, FACT_KEYS, KINDS, PACK_KEYS, UNITS, Key
from constraints.loading.load import STATE_FIELDS, methods
from constraints.reading.asking.told_facts import shown
from constraints.types import GRADES, STRICTNESS
from parcels.common.schema import Field, fields

_GROUPS = {
    "parcel": "Parcels",
    "demand": "Demands",
    "case": "Facts of the supply itself",
    "offer": "Facts landopt derives (rules may read them)",
}


def fields_page() -> str:
    """docs/fields.md: every declared field with its type and meaning."""
    lines = [
        "# Fields",
        "",
        "Every fact a file may bring, a rule may read and `landopt",
        "rules ask` may be told. Made from `parcels/common/schema.toml` by",
        "`python -m landopt.desk.docs --write`. A blank cell and `fact=unknown`",
        'mean unknown, never "no". Booleans: true/false/1/0/是/否;',
        "several values in one cell: `;` `、` or `,`. Numbers are kept as integers of value x scale.",
    ]
    for of, title in _GROUPS.items():
        lines += [
            "",
            f"## {title}",
            "",
            "| field | type | meaning | 含义 | `ask` assumes |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_row(field) for field in fields().values() if field.of == of]
    lines += [
        "",
        "`ask` further assumes: the publication has closed;",
        "`nonprofit` and `public_welfare` for gov, pubinst and univ,",
        "`nonprofit` for npo_rd and npo_school; prices lawful where not",
        "told. `rule`, `document`, `date`, `by` put a record on file.",
        "",
    ]
    return "\n".join(lines)


def _row(field: Field) -> str:
    kind = field.type
    if field.values:
        kind += ": " + " ".join(field.values)
    if field.unit:
        kind += f", {field.unit}"
    if field.scale != 1:
        kind += f", kept in 1/{field.scale}"
    if field.required:
        kind += ", required"
    value = field.ask if field.ask is not None else field.default if field.of == "case" else None
    assumed = "" if value is None else shown(field, value)
    text = "true" if assumed is True else "false" if assumed is False else assumed
    if isinstance(text, list):
        text = ";".join(map(str, text)) or "none"
    return f"| `{field.name}` | {kind} | {field.title_en} | {field.title_zh} | {text} |"


# One page from top to bottom, in the order a reader sees it.
def format_page() -> str:
    """docs/rule-format.md: kinds, keys, the language of conditions and prices."""
    lines = [
        "# The format of rules",
        "",
        "Made from `constraints/loading/kinds.py` by `python -m landopt.desk.docs --write`.",
        "Files are TOML: `constraints/packs/<pack>/rules.toml`,",
        "a round's `policy.toml`, overlays of scenarios. Unknown keys,",
        "wrong types, missing citations, impossible dates, unknown fields",
        "and values are refused, all at once, with file and line.",
        "`tests/constraints/every_key.toml` holds every kind with every key.",
        "",
        "## Keys of every rule",
        "",
        *_keys(COMMON),
    ]
    for kind, keys in KINDS.items():
        lines += ["", f"## {kind}", "", *_keys(keys)]
    units = ", ".join(unit for unit in UNITS if unit)
    lines += [
        "",
        "Units: "
        + units
        + " (mu: 10000/15 m², rounded half up), or as headings write them (公顷, 亩, 万元, 10k yuan). Methods: "
        + ", ".join(m.id for m in methods())
        + ".",
        "Verdicts, by strictness: " + " < ".join(STRICTNESS) + ". Grades, strongest first: " + ", ".join(GRADES) + ".",
        "",
        "## Conditions (`when`, `where`, `of`)",
        "",
        "Comparisons `== != < <= > >=` of a declared field (docs/fields.md)",
        "with a constant or another field; `in` and `not in` a list;",
        "`'code' in field` for fields of several values (`zone == 'x'`",
        "means: contains x); a bare true-or-false field; `and`, `or`, `not`,",
        "brackets. Constants are exact: text in single quotes, decimals,",
        "true, false, dates as '2026-03-31'. No arithmetic, no calls.",
        "A comparison with an unknown fact is unknown, and so is what",
        "hangs on it: such an answer is a condition, never a permission.",
        "",
        "## Fairness and balance (`across`)",
        "",
        "A limit with `across` does not ask each key alone, it compares them: the keys named in `keys`, or",
        "all known keys of candidate parcels (of demands, where `per` has fields of demands only).",
        '`across = "least"` is max-min: the key furthest short of its amount is charged, once; the others are',
        "free to have more. What the least key gets is so made as large as may be, up to the amount; an",
        "amount out of reach just means: as large as may be.",
        '`across = "spread"` is balance: the largest sum less the smallest is at most the amount, hard or at',
        "a penalty a unit. At most 24 keys. What counts to a unit: docs/model.md §7.",
        "",
        "```toml",
        "[[rule]]                                # no district is left behind, up to five hectares each",
        'id = "round.fair.districts"',
        'kind = "limit"',
        'title = { en = "the district that gets least", zh = "供地最少的片区" }',
        'cite = { doc = "round", article = "4", rank = 0, grade = "V2" }',
        "from = 2026-01-01",
        'across = "least"',
        'measure = "area_m2"',
        'per = ["district"]',
        'sense = ">="',
        'values = [{ amount = 5, unit = "ha" }]',
        'penalty = "0.01"                        # points for each m2 that the least district gets more',
        "",
        "[[rule]]                                # and none gets more than eight hectares beyond another",
        'id = "round.balance.districts"',
        'kind = "limit"',
        'title = { en = "balance of the districts", zh = "片区均衡" }',
        'cite = { doc = "round", article = "5", rank = 0, grade = "V2" }',
        "from = 2026-01-01",
        'across = "spread"',
        'measure = "area_m2"',
        'per = ["district"]',
        'sense = "<="',
        'values = [{ amount = 8, unit = "ha" }]',
        "```",
        "",
        "## Prices (`per_m2`)",
        "",
        "`max(a, b, ...)`, `min(...)`, `+`, `-`, `*`, exact decimals, number fields in their own unit, `year_factor`.",
        "",
        "## [pack], [[adopt]], [[fact]], [[applicant]]",
        "",
        f"`[pack]` opens a pack: {', '.join(PACK_KEYS)}. Asked",
        "about a date before `complete_from`, every answer says so. On such",
        "a date the packs' own rules on the state of a parcel (those that",
        f"forbid every method by {_listed(sorted(STATE_FIELDS))})",
        "hold too, although they began later: they are carried back with",
        "grade U, for such land is forbidden on any date.",
        f"`[[adopt]]` ({', '.join(ADOPT_KEYS)}) in a policy takes up a",
        "looser rule of low rank by name: it gives `condition` at best,",
        'printed "below national rule X"; a rule that is not in force cannot be adopted.',
        "**Law stands above policy.** A rule of rank 2 or higher of a",
        "shipped pack is law. A rule of a policy, of an overlay or of a pack",
        "of the round's own, whatever rank it claims, may not name it in",
        "`exception_to` (R024; `below` of an adoption is an exception too),",
        "use its id or one that landopt makes (R025) or permit what it may forbid (R026). Only where",
        'the law\'s own text leaves the choice (`leaves_to = "policy"`,',
        "`leaves_words`) may a rule of the same kind be an exception; it",
        "then gives `condition` with its document, never a permit.",
        f"`[[fact]]` ({', '.join(FACT_KEYS)}) in an overlay changes",
        'a fact for a scenario, printed "not on file: scenario X"; such a plan is never adopted and never stands.',
        f"`[[applicant]]` ({', '.join(APPLICANT_KEYS)}) in an overlay files a late",
        "applicant: a platform that no file has, with its facts by field; reason and name are printed as the",
        "scenario's. To adopt such a plan the platform goes into the round's own file of platforms.",
        "A fact that is wrong on file is a `[[correction]]` with its document (docs/corrections.md).",
        "",
        "## Codes",
        "",
        "R001 file · R002 unknown key · R003 missing key · R004 wrong",
        "type · R005 unknown value · R006 date · R007 citation ·",
        "R008 not the rule language · R009 unknown field · R010 types do not fit · R011 unknown code · R012 id twice ·",
        "R013 same thing set twice · R014 circle of exceptions · R015",
        "never matches · R016 unknown rule · R017 looser rule not obeyed ·",
        "R018 fair competition · R019 adoption · R020 worked case",
        "· R021 not in force · R022 matches nothing or everything · R023 before the pack is complete ·",
        "R024 exception to law · R025 id of a pack's rule · R026 permit against law · R027 correction by hand.",
        "",
    ]
    return "\n".join(lines)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:-1]) + f" or `{names[-1]}`"


def _keys(keys: tuple[Key, ...]) -> list[str]:
    rows = [f"| `{key.name}`{' *' if key.required else ''} | {key.shape} | {key.meaning} |" for key in keys]
    return ["| key (* required) | shape | meaning |", "| --- | --- | --- |", *rows]


PAGES = {"fields.md": fields_page, "rule-format.md": format_page}
