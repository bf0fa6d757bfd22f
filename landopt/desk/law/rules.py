"""``landopt rules``: the rules in force, one rule in full, what changed, the worked cases, and questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from constraints.language.expr import closest
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
from parcels.common.catalogue import phrase, told

if TYPE_CHECKING:
    from constraints.types import Rule


@click.group(epilog="Example:\n\n  landopt rules ask use=RES operator=pubinst intending_users=1 --as-of 2026-11-22")
def rules() -> None:
    """The law: list, show, diff, test, ask, grades, limits."""


def _brief(rule: Rule) -> dict[str, Any]:
    from constraints.loading.load import grade_of

    return {
        "id": rule.id,
        "kind": rule.kind,
        "pack": rule.origin,
        "title": {"en": rule.title.en, "zh": rule.title.zh},
        "from": rule.start,
        "until": rule.until,
        "rank": rule.cite.rank,
        "grade": grade_of(rule),
        "domain": list(rule.domain),
    }


_KINDS = ("eligibility", "term", "price_floor", "limit", "relation", "preference", "lock", "note")


@rules.command("list", epilog="Example:\n\n  landopt rules list --as-of 2020-12-31 --packs cn")
@packs_option
@as_of_option
@click.option("--all", "every", is_flag=True, help="Rules of every date, not only those in force.")
@click.option("--kind", type=click.Choice(_KINDS), help="Only rules of one kind, such as term.")
@json_option
@lang_option
def list_(packs: str | None, as_of: str | None, every: bool, kind: str | None, as_json: bool, lang: str | None) -> None:
    """The rules in force on a date."""
    from constraints.loading.load import in_force, load_pack, pack
    from constraints.reading.asking.assumed import incomplete

    date, names = iso_day(as_of), chosen_packs(packs)
    found = [rule for name in names for rule in load_pack(name)]
    early = [] if every else [incomplete(name, date) for name in names if date < pack(name).complete_from]
    shown = found if every else list(in_force(found, date))
    shown = sorted((rule for rule in shown if kind in (None, rule.kind)), key=lambda rule: (rule.id, rule.start))
    if as_json:
        print_json({"as_of": None if every else date, "notes": early, "rules": [_brief(rule) for rule in shown]})
        return
    tongue = tongue_of(lang)
    for rule in shown:
        brief = _brief(rule)
        until = f" .. {rule.until}" if rule.until else ""
        click.echo(f"{rule.id:44} {rule.kind:11} {rule.start}{until} [{brief['grade']}] {brief['title'][tongue]}")
    click.echo(phrase("law.rules-every" if every else "law.rules-in-force", tongue, count=len(shown), date=date))
    for note in early:
        click.echo(phrase("law.note", tongue, text=note[tongue]))


@rules.command(epilog="Example:\n\n  landopt rules show cn.order39.art4")
@click.argument("identifier", metavar="ID")
@packs_option
@json_option
@lang_option
def show(identifier: str, packs: str | None, as_json: bool, lang: str | None) -> None:
    """One rule in full: what it says, where it stands, since when."""
    from constraints.case import rule_to_json
    from constraints.language.expr import parse
    from constraints.loading.load import load_pack, pack_names
    from constraints.reading.speak import sentence
    from landopt.reasons.law_words.rule_pages import rule_page
    from landopt.reasons.words import code_word
    from parcels.common.issues import Refused, error

    names = chosen_packs(packs) if packs else pack_names(off=True)
    every = [rule for name in names for rule in load_pack(name)]
    found = [rule for rule in every if rule.id == identifier or identifier in rule.domain]
    if not found:
        maybe = closest(identifier, [rule.id for rule in every])
        raise Refused(error("R016.there-no-rule", maybe=maybe or told("near.rules-list-all"), name=identifier))
    if as_json:
        both = [
            {
                **rule_to_json(rule),
                "says": {tongue: sentence(parse(rule.when), tongue, code_word) for tongue in ("en", "zh")},
            }
            for rule in found
        ]
        print_json(both)
        return
    click.echo("\n\n".join(rule_page(rule, tongue_of(lang)) for rule in found))


@rules.command(epilog="Example:\n\n  landopt rules diff 2020-12-31 2023-01-01")
@click.argument("earlier")
@click.argument("later")
@packs_option
@click.option("--notes", is_flag=True, help="Print the notes of procedure that changed, too.")
@json_option
@lang_option
def diff(earlier: str, later: str, packs: str | None, notes: bool, as_json: bool, lang: str | None) -> None:
    """What changed between two dates, in words, and for whom."""
    from constraints.reading.asking.law_changes import diff as compare
    from landopt.reasons.law_words.rule_pages import changes_lines
    from landopt.reasons.words import code_word

    found = compare(chosen_packs(packs), iso_day(earlier), iso_day(later), code_word)
    if as_json:
        print_json(found)
        return
    for line in changes_lines(found, tongue_of(lang), notes):
        click.echo(line)


@rules.command(epilog="Example:\n\n  landopt rules test --packs cn")
@packs_option
@json_option
@lang_option
def test(packs: str | None, as_json: bool, lang: str | None) -> None:
    """Run the worked cases of the packs; exit 1 if one does not agree. Packs of your own: what has no case, too."""
    from constraints.loading.load import pack_names
    from constraints.loading.ranks import known_packs
    from constraints.reading.asking.worked_cases import load_cases, run, without_cases

    names = chosen_packs(packs) if packs else pack_names(off=True)
    outcomes = [run(case) for name in names for case in load_cases(name)]
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    lacking = [line for name in names if name not in known_packs() for line in without_cases(name)]
    if as_json:
        listed = [{"case": o.case.id, "place": o.case.place, "wrong": list(o.wrong)} for o in wrong]
        print_json({"cases": len(outcomes), "wrong": listed, "without_cases": lacking})
    else:
        for outcome in wrong:
            click.echo(f"{outcome.case.id}: {'; '.join(outcome.wrong)}\n      {outcome.case.place}")
        agree = len(outcomes) - len(wrong)
        tongue = tongue_of(lang)
        click.echo(phrase("law.cases", tongue, count=len(outcomes), agree=agree))
        for line in lacking:
            click.echo(phrase("law.lacking", tongue, what=line))
    if wrong:
        raise SystemExit(1)


def _register() -> None:
    from landopt.desk.law.ask import ask
    from landopt.desk.law.grades import grades
    from landopt.desk.law.limits import limits

    for command in (ask, grades, limits):
        rules.add_command(command)


_register()
