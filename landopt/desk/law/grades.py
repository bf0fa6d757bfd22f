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
from parcels.common.catalogue import phrase


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
    from landopt.reasons.words import word

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
    for rule in open_:
        text = to_raise(rule)
        click.echo(phrase("law.raise", tongue, grade=f"{rule.cite.grade:3}", rule=rule.id, text=text.text(tongue)))
    total = sum(counts.values())
    shown = tuple(
        phrase("law.grade", tongue, grade=grade, meaning=word("grade", grade, tongue), count=counts[grade])
        for grade in GRADES
        if counts[grade]
    )
    click.echo(phrase("law.count", tongue, date=date, count=total, grades=shown))
