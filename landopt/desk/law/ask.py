"""``landopt rules ask``: which methods a case may use, and why; one case, or a table of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from landopt.desk.usage import Wrong
from parcels.common.place import Place

if TYPE_CHECKING:
    from constraints.types import Rule

LABELS = ("case", "编号", "案例")
DATES = ("as_of", "日期")


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt rules ask use=RES operator=pubinst intending_users=1 --as-of 2026-11-22")
@click.argument("facts", nargs=-1, metavar="FACT=VALUE...")
@packs_option
@as_of_option
@click.option("--policy", multiple=True, type=click.Path(), help="A round's policy.toml to add.")
@click.option("--enable", multiple=True, metavar="METHOD", help="Answer a method that is off (contribution).")
@click.option("--cases", type=click.Path(), help="A table (CSV) of cases: a column for each fact, a row for each case.")
@click.option("--notes", is_flag=True, help="Print every rule, paper and note of law, not only what decides.")
@click.option("--rate", default="0.05", show_default=True, help="Land reduction rate of the year factor.")
@json_option
@lang_option
def ask(
    facts: tuple[str, ...],
    packs: str | None,
    as_of: str | None,
    policy: tuple[str, ...],
    enable: tuple[str, ...],
    cases: str | None,
    notes: bool,
    rate: str,
    as_json: bool,
    lang: str | None,
) -> None:
    """Which methods may this case use, and why (no round needed). Fields: docs/fields.md."""
    from constraints.loading.keys import decimal_text
    from constraints.loading.method_facts import tables
    from constraints.reading.asking.ask import ask as answer_to
    from landopt.door import arguments
    from landopt.intake.names import methods_named
    from landopt.reasons.law_words.answer_words import answer_lines, table

    told = told_facts(facts)
    if not told and cases is None:
        raise Wrong("no-fact")
    if decimal_text(rate) is None:
        raise Wrong("not-a-rate", rate=rate)
    rate = arguments.rate(rate)
    date, names, tongue = iso_day(as_of), chosen_packs(packs), tongue_of(lang)
    enable = methods_named(enable, tables(), "--enable")
    extra = _policy(names, policy, date, tongue)
    if cases is None:
        answer = answer_to(told, date, names, policy=extra, enabled=enable, rate=rate)
        if as_json:
            print_json(answer)
        else:
            click.echo("\n".join(answer_lines(answer, date, tongue, notes=notes)))
        return
    rows = []
    for case, day, own in read_cases(cases, date):
        answer = answer_to({**told, **own}, day, names, policy=extra, enabled=enable, rate=rate)
        rows.append({"case": case, "as_of": day, "answer": answer})
    if as_json:
        print_json(rows)
        return
    _print_table(table(rows, tongue))


def told_facts(words: tuple[str, ...]) -> dict[str, str]:
    """FACT=VALUE words as facts by field name, values in codes."""
    from landopt.reasons.law_words.rulewords import code_text, field_key

    told: dict[str, str] = {}
    for fact in words:
        name, equals, value = fact.partition("=")
        if not equals:
            raise Wrong("not-a-fact", fact=fact)
        key = field_key(name.strip())
        if key in told:
            raise Wrong("told-twice", name=name, first=told[key], second=value)
        told[key] = code_text(key, value.strip())
    return told


def _policy(names: tuple[str, ...], policy: tuple[str, ...], date: str, lang: str) -> tuple[Rule, ...]:
    """The rules of the policies named; what is worth knowing about them goes to standard error."""
    if not policy:
        return ()
    from constraints.loading.load import rules_for
    from parcels.common.findings_text import lines

    joined, findings = rules_for(names, policy, date)
    own = {str(path) for path in policy}
    about = [issue for issue in findings if any(issue.where.startswith(path) for path in own)]
    if about:
        click.echo("\n".join(lines(about, lang)), err=True)
    return tuple(rule for rule in joined if rule.origin == "policy")


def read_cases(path: str, date: str) -> list[tuple[str, str, dict[str, str]]]:
    """The cases of a table: number, day and facts of each row; columns are named as facts are, in either language.

    Raises
    ------
    Refused
        With every column that is no fact and every date that is none, each with its place; R011 and others by row.
    """
    from pathlib import Path

    from constraints.loading.rule_file import iso_date
    from landopt.reasons.law_words.rulewords import code_text, field_key
    from parcels.common.gate import MB, read_bytes
    from parcels.common.issues import Issue, Refused, error
    from parcels.common.schema import fields
    from parcels.formats.decoding.encoding import decode
    from parcels.formats.kinds.csv_table import rows_of

    file = Path(path)
    try:
        raw = read_bytes(file, 100 * MB)
    except OSError as trouble:
        raise Refused([error("R001.cases-unreadable", at=Place(file=str(path)), strerror=trouble.strerror)]) from None
    lines = rows_of(decode(raw, file.name, prefix="K").text, file.name, "K")
    if not lines:
        raise Refused([error("R001.cases-empty", at=Place(file=str(path)))])
    head = [cell.strip() for cell in lines[0][1]]
    issues: list[Issue] = []
    keys = []
    for cell in head:
        key = cell if cell in (*LABELS, *DATES, "rule", "document", "date", "by") else field_key(cell)
        if cell and key not in fields() and cell not in (*LABELS, *DATES, "rule", "document", "date", "by"):
            place = Place(file=file.name, row=1)
            issues.append(error("R009.unknown-field-told", at=place, maybe=closest(cell, fields()), word=cell))
        keys.append(key)
    found = []
    for number, row in lines[1:]:
        own, case, day = {}, str(number - 1), date
        for key, cell in zip(keys, row, strict=False):
            value = cell.strip()
            if not value or not key:
                continue
            if key in LABELS:
                case = value
            elif key in DATES:
                read = iso_date(value)
                if read is None:
                    place = Place(file=file.name, row=number, column=key)
                    issues.append(error("R010.told-not-date", at=place, field=key, text=value))
                else:
                    day = read[0]
            else:
                own[key] = code_text(key, value)
        found.append((case, day, own))
    if issues:
        raise Refused(issues)
    return found


def _print_table(rows: list[list[str]]) -> None:
    """Rows as CSV on standard output; a cell that a spreadsheet would take for a formula is told as text."""
    from parcels.common.csv_text import csv_text

    click.echo(csv_text(rows).rstrip("\n"))
