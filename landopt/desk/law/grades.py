"""``landopt rules grades``: how far the law was read, and what must be read to raise a grade."""

from __future__ import annotations

import click

from landopt.desk.law.options import (
    as_of_option,
    chosen_packs,
    iso_day,
    json_option,
    lang_option,
    packs_option,
    print_json,
    tongue_of,
)


@click.command(epilog="Example:\n\n  landopt rules grades --as-of 2026-11-22")
@packs_option
@as_of_option
@json_option
@lang_option
def grades(packs: str | None, as_of: str | None, as_json: bool, lang: str | None) -> None:
    """How far the deciding rules were verified, and what must be read to raise each to V1."""
    from collections import Counter

    from constraints.loading.load import in_force, load_pack
    from constraints.loading.quotations import DECIDING, below_v1, quotations_of, to_raise
    from constraints.types import GRADES
    from landopt.reasons.rulewords import GRADES as MEANING

    date, names = iso_day(as_of), chosen_packs(packs)
    found = in_force([rule for name in names for rule in load_pack(name)], date)
    counts = Counter(rule.cite.grade for rule in found if rule.kind in DECIDING)
    open_ = below_v1(found)
    if as_json:
        print_json(
            {
                "as_of": date,
                "counts": {grade: counts[grade] for grade in GRADES},
                "to_raise": [
                    {
                        "id": rule.id,
                        "grade": rule.cite.grade,
                        "day_known": not rule.date_grade,
                        "en": to_raise(rule).en,
                        "zh": to_raise(rule).zh,
                        "read": [{"address": q.address, "read": q.read, "words": q.words} for q in quotations_of(rule)],
                    }
                    for rule in open_
                ],
            }
        )
        return
    tongue = tongue_of(lang)
    chinese = tongue == "zh"
    for rule in open_:
        text = to_raise(rule)
        click.echo(f"{rule.cite.grade:3} {rule.id}{'：' if chinese else ': '}{text.zh if chinese else text.en}")
    total = sum(counts.values())
    shown = ("，" if chinese else ", ").join(
        f"{grade}（{MEANING[grade][1]}）{counts[grade]}"
        if chinese
        else f"{grade} ({MEANING[grade][0]}) {counts[grade]}"
        for grade in GRADES
        if counts[grade]
    )
    click.echo(
        f"{date} 有效的认定规则 {total} 条：{shown}" if chinese else f"{total} deciding rules on {date}: {shown}"
    )
