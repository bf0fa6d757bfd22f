"""``landopt rules``: the rules in force, one rule in full, what changed, the worked cases, and questions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from constraints.types import Rule


@click.group(epilog="Example:\n\n  landopt rules ask use=RES operator=pubinst intending_users=1 --as-of 2026-11-22")
def rules() -> None:
    """The law: list, show, diff, test, ask."""


def _packs(names: str | None) -> tuple[str, ...]:
    from constraints.loading.load import load_pack, pack_names

    chosen = tuple(part.strip() for part in names.split(",") if part.strip()) if names else pack_names()
    for name in chosen:
        load_pack(name)
    return chosen


def _date(text: str | None) -> str:
    import datetime

    from constraints.loading.rule_file import iso_date

    if text is None:
        return datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    found = iso_date(text)
    if found is None:
        raise click.BadParameter(f"'{text}' is not a date.\nMaybe write it as 2026-11-22.")
    return found[0]


def _language(lang: str | None) -> str:
    from parcels.common.language import language

    return language(lang)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


_packs_option = click.option("--packs", metavar="A,B", help="Rule packs, separated by commas. Default: all.")
_as_of = click.option("--as-of", metavar="DATE", help="Date of the plan or notice decision. Default: today.")
_json = click.option("--json", "as_json", is_flag=True, help="Print data instead of text.")
_lang = click.option("--lang", type=click.Choice(["zh", "en"]), help="Language of the text.")


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
@_packs_option
@_as_of
@click.option("--all", "every", is_flag=True, help="Rules of every date, not only those in force.")
@click.option("--kind", type=click.Choice(_KINDS), help="Only rules of one kind, such as term.")
@_json
@_lang
def list_(packs: str | None, as_of: str | None, every: bool, kind: str | None, as_json: bool, lang: str | None) -> None:
    """The rules in force on a date."""
    from constraints.loading.load import in_force, load_pack, pack
    from constraints.reading.assumed import incomplete

    date, names = _date(as_of), _packs(packs)
    found = [rule for name in names for rule in load_pack(name)]
    early = [] if every else [incomplete(name, date) for name in names if date < pack(name).complete_from]
    shown = found if every else list(in_force(found, date))
    shown = sorted((rule for rule in shown if kind in (None, rule.kind)), key=lambda rule: (rule.id, rule.start))
    if as_json:
        _print_json({"as_of": None if every else date, "notes": early, "rules": [_brief(rule) for rule in shown]})
        return
    tongue = _language(lang)
    for rule in shown:
        brief = _brief(rule)
        until = f" .. {rule.until}" if rule.until else ""
        click.echo(f"{rule.id:44} {rule.kind:11} {rule.start}{until} [{brief['grade']}] {brief['title'][tongue]}")
    when = "" if every else f" in force on {date}" if tongue == "en" else f"（{date} 有效）"
    click.echo(f"{len(shown)} rules{when}" if tongue == "en" else f"共 {len(shown)} 条规则{when}")
    for note in early:
        click.echo(f"{'note: ' if tongue == 'en' else '注：'}{note[tongue]}")


@rules.command(epilog="Example:\n\n  landopt rules show cn.order39.art4")
@click.argument("identifier", metavar="ID")
@_packs_option
@_json
@_lang
def show(identifier: str, packs: str | None, as_json: bool, lang: str | None) -> None:
    """One rule in full: what it says, where it stands, since when."""
    from constraints.case import rule_to_json
    from constraints.language.expr import closest, parse
    from constraints.loading.load import load_pack, pack_names
    from constraints.reading.speak import sentence
    from landopt.reasons.words import code_word
    from parcels.common.issues import Refused, error

    names = _packs(packs) if packs else pack_names(off=True)
    every = [rule for name in names for rule in load_pack(name)]
    found = [rule for rule in every if rule.id == identifier or identifier in rule.domain]
    if not found:
        maybe = closest(identifier, [rule.id for rule in every])
        raise Refused(
            error("R016", f"there is no rule '{identifier}'", "", maybe or "Maybe see: landopt rules list --all")
        )
    if as_json:
        both = [
            {
                **rule_to_json(rule),
                "says": {tongue: sentence(parse(rule.when), tongue, code_word) for tongue in ("en", "zh")},
            }
            for rule in found
        ]
        _print_json(both)
        return
    click.echo("\n\n".join(_full(rule, _language(lang)) for rule in found))


def _full(rule: Rule, lang: str) -> str:
    from constraints.language.expr import parse
    from constraints.loading.load import grade_of
    from constraints.reading.law_changes import effect
    from constraints.reading.speak import sentence
    from landopt.reasons.rulewords import GRADES
    from landopt.reasons.words import code_word

    chinese = lang == "zh"
    colon, left, right = ("：", "（", "）") if chinese else (": ", " (", ")")
    cite = rule.cite
    origin = cite.source if ".gov.cn" in cite.source else ("据转载文本" if chinese else "read in a secondary copy")
    span = f"{rule.start} .. {rule.until or ''}".rstrip()
    labels = (
        ("条件", "效力", "出处", "级别", "时间", "例外于")
        if chinese
        else ("where", "effect", "cite", "rank", "dates", "exception to")
    )
    rows = [
        (labels[0], sentence(parse(rule.when), lang, code_word)),
        (labels[1], effect(rule)[1 if chinese else 0]),
        (
            labels[2],
            " ".join(part for part in (cite.doc, cite.number, cite.article) if part) + f"{left}{origin}{right}",
        ),
        (labels[3], f"{cite.rank}, {grade_of(rule)}{left}{GRADES[grade_of(rule)][chinese]}{right}"),
        (labels[4], span),
        (labels[5], ", ".join(rule.exception_to)),
    ]
    title = rule.title.zh if chinese else rule.title.en
    lines = [f"{rule.id}  {title}"] + [f"  {label}{colon}{text}" for label, text in rows if text]
    if rule.when:
        lines.append(f"  when = {rule.when}")
    condition = rule.spec.get("condition")
    if condition:
        lines.append(f"  {'须有' if chinese else 'on file'}{colon}{condition[lang]}")
    return "\n".join(lines)


@rules.command(epilog="Example:\n\n  landopt rules diff 2020-12-31 2023-01-01")
@click.argument("earlier")
@click.argument("later")
@_packs_option
@click.option("--notes", is_flag=True, help="Print the notes of procedure that changed, too.")
@_json
@_lang
def diff(earlier: str, later: str, packs: str | None, notes: bool, as_json: bool, lang: str | None) -> None:
    """What changed between two dates, in words, and for whom."""
    from constraints.reading.law_changes import by_instrument
    from constraints.reading.law_changes import diff as compare
    from landopt.reasons.rulewords import shift_lines
    from landopt.reasons.words import code_word

    found = compare(_packs(packs), _date(earlier), _date(later), code_word)
    if as_json:
        _print_json(found)
        return
    tongue = _language(lang)
    for note in found["notes"]:
        click.echo(f"{'note: ' if tongue == 'en' else '注：'}{note[tongue]}")
    told = [change for change in found["changes"] if notes or (change["law"] and change["kind"] != "note")]
    for line in by_instrument(told, tongue):
        click.echo(line)
    hidden = len(found["changes"]) - len(told)
    if hidden:
        click.echo(
            f"另有 {hidden} 条附注变化或规则库内部调整（--notes）"
            if tongue == "zh"
            else f"{hidden} notes and rules of instruments that did not change (--notes)"
        )
    if found["shifts"]:
        click.echo(
            "\n" + ("对谁有何变化（其他情况按假定）：" if tongue == "zh" else "For whom (other facts as assumed):")
        )
    for line in shift_lines(found["shifts"], tongue):
        click.echo(line)
    if not found["changes"] and not found["shifts"]:
        click.echo("无变化。" if tongue == "zh" else "Nothing changed.")


@rules.command(epilog="Example:\n\n  landopt rules test --packs cn")
@_packs_option
@_json
@_lang
def test(packs: str | None, as_json: bool, lang: str | None) -> None:
    """Run the worked cases of the packs; exit 1 if one does not agree."""
    from constraints.loading.load import pack_names
    from constraints.reading.worked_cases import load_cases, run

    names = _packs(packs) if packs else pack_names(off=True)
    outcomes = [run(case) for name in names for case in load_cases(name)]
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    if as_json:
        listed = [{"case": o.case.id, "place": o.case.place, "wrong": list(o.wrong)} for o in wrong]
        _print_json({"cases": len(outcomes), "wrong": listed})
    else:
        for outcome in wrong:
            click.echo(f"{outcome.case.id}: {'; '.join(outcome.wrong)}\n      {outcome.case.place}")
        agree = len(outcomes) - len(wrong)
        chinese = _language(lang) == "zh"
        click.echo(f"{len(outcomes)} 个案例，{agree} 个一致" if chinese else f"{len(outcomes)} cases, {agree} agree")
    if wrong:
        raise SystemExit(1)


@rules.command(epilog="Example:\n\n  landopt rules ask use=RES operator=pubinst intending_users=1 --as-of 2026-11-22")
@click.argument("facts", nargs=-1, metavar="FACT=VALUE...")
@_packs_option
@_as_of
@click.option("--policy", multiple=True, type=click.Path(), help="A round's policy.toml to add.")
@click.option("--enable", multiple=True, metavar="METHOD", help="Answer a method that is off (contribution).")
@click.option("--notes", is_flag=True, help="Print every note of law, not only what bears on the verdict.")
@click.option("--rate", default="0.05", show_default=True, help="Land reduction rate of the year factor.")
@_json
@_lang
def ask(
    facts: tuple[str, ...],
    packs: str | None,
    as_of: str | None,
    policy: tuple[str, ...],
    enable: tuple[str, ...],
    notes: bool,
    rate: str,
    as_json: bool,
    lang: str | None,
) -> None:
    """Which methods may this case use, and why (no round needed). Fields: docs/fields.md."""
    from constraints.loading.keys import decimal_text
    from constraints.loading.load import rules_for
    from constraints.reading.ask import ask as answer_to
    from landopt.reasons.rulewords import code_text, field_key

    told: dict[str, str] = {}
    for fact in facts:
        name, equals, value = fact.partition("=")
        if not equals:
            raise click.UsageError(f"'{fact}' is not a fact.\nMaybe write it as {fact}=...")
        key = field_key(name.strip())
        if key in told:
            raise click.UsageError(f"'{name}' is told twice: {told[key]} and {value}.")
        told[key] = code_text(key, value.strip())
    if not told:
        raise click.UsageError("No fact is told.\nMaybe: landopt rules ask use=RES operator=pubinst intending_users=1")
    if decimal_text(rate) is None:
        raise click.UsageError(f"'{rate}' is not a decimal rate.")
    date = _date(as_of)
    names = _packs(packs)
    extra: tuple[Rule, ...] = ()
    if policy:
        from parcels.common.findings_text import lines

        joined, findings = rules_for(names, policy, date)
        extra = tuple(rule for rule in joined if rule.origin == "policy")
        own = {str(path) for path in policy}
        about = [issue for issue in findings if any(issue.where.startswith(path) for path in own)]
        if about:
            click.echo("\n".join(lines(about, _language(lang))), err=True)
    answer = answer_to(told, date, names, policy=extra, enabled=enable, rate=rate)
    if as_json:
        _print_json(answer)
        return
    _print_answer(answer, date, _language(lang), notes=notes)


_ALWAYS = (
    "",
    "looser",
    "unknown",
    "tension",
    "fair-competition",
    "stock-first",
    "lapsed",
    "premises",
    "collective-route",
)
"""Flags of notes that are printed without being asked for."""


def _print_answer(answer: dict[str, Any], as_of: str, lang: str, *, notes: bool) -> None:
    from constraints.loading.load import methods
    from landopt.reasons.rulewords import GRADES, floor_words, verdict_word, years

    chinese = lang == "zh"
    colon, left, right = ("：", "（", "）") if chinese else (": ", " (", ")")
    words = {verdict: verdict_word(verdict, lang) for verdict in ("permit", "condition", "warn", "forbid", "n/a")}
    early = [note for note in answer["contribution"]["notes"] if not note["rule"]]
    for note in early:
        click.echo(f"{'注' if chinese else 'note'}{colon}{note[lang]}")
    for method in methods():
        entry = answer[method.id]
        title = method.title.zh if chinese else method.title.en
        low, high = entry["term_min_years"], entry["term_max_years"]
        span = years(low, high, lang)
        click.echo(f"{title}{colon}{words[entry['verdict']]}  {span}  {entry['grade']}".rstrip())
        floor = entry["price_floor"]
        if floor:
            click.echo(f"    {floor_words(floor, lang)}")
        for part in entry["parts"]:
            click.echo(f"    {part['use']} {part['percent']} %: {years(None, part['term_max_years'], lang)}")
        for rule in entry["rules"]:
            if rule["verdict"] != entry["verdict"] and rule["verdict"] == "permit":
                continue
            cite = rule["cite"] or {}
            source = " ".join(str(cite.get(key) or "") for key in ("doc", "number", "article")).strip()
            tail = " ".join(part for part in (source, f"[{rule['grade']}]" if rule["grade"] else "") if part)
            said = f"{rule['id']}{colon}{rule['title'][lang]}{left}{tail or '-'}{right}"
            click.echo(f"    {words[rule['verdict']]} {said}")
        for condition in entry["conditions"]:
            click.echo(f"    {'须' if chinese else 'needs'}{colon}{condition[lang]}")
        own = [note for note in entry["notes"] if note["rule"]]
        shown = own if notes else [note for note in own if note.get("flag", "") in _ALWAYS]
        for note in shown:
            click.echo(f"    {'注' if chinese else 'note'}{colon}{note[lang]}")
        hidden = len(own) - len(shown)
        if hidden:
            click.echo(f"    另有 {hidden} 条附注（--notes）" if chinese else f"    {hidden} more notes (--notes)")
    grades = {rule["grade"] for method in methods() for rule in answer[method.id]["rules"]} & GRADES.keys()
    if grades:
        legend = ("；" if chinese else "; ").join(
            f"{grade} {GRADES[grade][chinese]}" for grade in GRADES if grade in grades
        )
        click.echo(f"{'核实程度' if chinese else 'Grades'}{colon}{legend}")
    assumed = ", ".join(f"{name}={_shown(value)}" for name, value in answer["assumed"].items())
    click.echo(f"{'假定' if chinese else 'Assumed'}{left}{as_of}{right}{colon}{assumed}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
