"""``landopt check``: read and check everything; all problems at once."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landopt.desk.usage import LANG, Wrong
from parcels.common.catalogue import phrase, told

if TYPE_CHECKING:
    from landopt.forms.missing import Missing
    from landopt.intake.assemble import Loaded
    from parcels.common.issues import Issue


_EXAMPLE = """Example:

  landopt check examples/nansha --drop NS-0001 --reason "title not clear"

  landopt check my-round --missing --xlsx check.xlsx"""


# One parameter an option of the command.
@click.command(epilog=_EXAMPLE)
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("--drop", metavar="ID,..", default="", help="Leave these parcels out, on the record.")
@click.option("--reason", default="", help="Why they are left out; kept in the plan.")
@click.option(
    "--repair", is_flag=True, help="Write a copy of the parcels with sound outlines, and the list of changes."
)
@click.option("--xlsx", metavar="FILE", type=click.Path(path_type=Path), help="Write the tables, findings in cells.")
@click.option("--against", metavar="ADDRESS", help="What has changed in postgis://SERVICE/schema.table since the pull.")
@click.option("--missing", is_flag=True, help="List unknown facts by the conditions that hang on them.")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def check(
    round_path: Path,
    drop: str,
    reason: str,
    repair: bool,
    xlsx: Path | None,
    against: str | None,
    missing: bool,
    lang: str | None,
    as_json: bool,
) -> None:
    """Read every file of the round ROUND and report every problem, with file, row and id.

    Errors stop `solve` (exit 1); warnings and notes do not. The codes are explained in docs/errors.md.
    """
    from landopt.intake.assemble import read_round
    from parcels.common.language import language

    if against is not None:
        from landopt.desk.central.against import against as compared

        raise SystemExit(compared(round_path, against, language(lang), as_json))
    began = time.perf_counter()
    dropped = tuple(part.strip() for part in drop.replace("，", ",").split(",") if part.strip())
    if dropped and not reason:
        raise Wrong("drop-reason")
    loaded = read_round(round_path, drop=dropped, reason=reason)
    written, trouble = _repair(loaded) if repair else (None, ())
    loaded = replace(loaded, issues=(*loaded.issues, *trouble))
    refused = any(issue.level == "error" for issue in loaded.issues)
    gone = {identifier for issue in loaded.issues if issue.code == "P059" for identifier in issue.ids}
    dropped = tuple(identifier for identifier in dropped if identifier not in gone)
    unknown = _missing(loaded) if missing else None
    if xlsx is not None:
        _workbook(xlsx, loaded, unknown, language(lang))
    if as_json:
        facts = _facts(loaded, dropped, reason, written, refused)
        if unknown is not None:
            facts["missing"] = [one.as_dict() for one in unknown]
        click.echo(json.dumps({**facts, "xlsx": str(xlsx) if xlsx else None}, ensure_ascii=False))
    else:
        _print(loaded, language(lang), dropped, reason, written, time.perf_counter() - began)
        if missing:
            _print_missing(loaded, unknown or (), language(lang))
        if xlsx is not None:
            click.echo(phrase("done.wrote", language(lang), files=xlsx))
    if refused:
        raise SystemExit(1)


def _missing(loaded: Loaded) -> Sequence[Missing]:
    from landopt.forms.missing import missing_facts

    return () if loaded.case is None else missing_facts(loaded.case)


def _workbook(target: Path, loaded: Loaded, unknown: Sequence[Missing] | None, lang: str) -> None:
    from landopt.desk.progress import told_kept
    from landopt.forms.findings import write_check
    from parcels.common.issues import Refused, error
    from parcels.common.kept import write_made

    if target.suffix.lower() != ".xlsx":
        raise Refused(error("F002.format-not-written", at=str(target), file=target.name, drivers=[".xlsx"]))
    told_kept(write_made(target, lambda path: write_check(path, loaded, lang, unknown)), target, lang)


def _print_missing(loaded: Loaded, unknown: Sequence[Missing], lang: str) -> None:

    if loaded.case is None:
        click.echo(told("missing.refused").text(lang))
    elif not unknown:
        click.echo(told("missing.none").text(lang))
    for one in unknown:
        for line in one.lines(lang):
            click.echo(line)


def _repair(loaded: Loaded) -> tuple[dict[str, Any] | None, Sequence[Issue]]:
    from parcels.common.issues import Refused
    from parcels.mend_outlines import repair_file

    file = loaded.file
    try:
        target, listing, changes = repair_file(
            file.parcels, file.path.parent, layer=file.layer, encoding=file.encoding, crs=file.crs
        )
    except Refused as refusal:
        return None, tuple(issue for issue in refusal.issues if issue not in loaded.issues)
    return {"copy": str(target), "changes": str(listing), "count": len(changes)}, ()


def _facts(
    loaded: Loaded, dropped: Sequence[str], reason: str, written: dict[str, Any] | None, refused: bool
) -> dict[str, Any]:
    from parcels.common.findings_text import advice

    case = loaded.case
    return {
        "refused": refused,
        "parcels": len(case.parcels) if case else None,
        "area_m2": sum(area for area in case.parcels.column("area_m2") if isinstance(area, int)) if case else None,
        "demands": len(case.demands) if case else None,
        "issues": [{**issue.as_dict(), "maybe": advice(issue, "en")} for issue in loaded.issues],
        "notes": [str(note) for note in loaded.notes],
        "dropped": [{"parcel_id": identifier, "reason": reason} for identifier in dropped],
        "repaired": written,
    }


def _print(
    loaded: Loaded, lang: str, dropped: Sequence[str], reason: str, written: dict[str, Any] | None, seconds: float
) -> None:
    from parcels.common.findings_text import lines

    told = {issue.note for issue in loaded.issues}
    for note in (note for note in loaded.notes if note not in told):
        click.echo(note.text(lang), err=True)
    for line in lines(loaded.issues, lang):
        click.echo(line)
    click.echo(_summary(loaded, lang, seconds))
    if dropped:
        click.echo(phrase("done.left-out", lang, names=tuple(dropped), reason=reason))
    if written:
        what = {key: written[key] for key in ("copy", "count", "changes")}
        click.echo(phrase("done.repaired", lang, **what))


def _summary(loaded: Loaded, lang: str, seconds: float) -> str:
    case = loaded.case
    if case is None:
        return phrase("summary.errors", lang, seconds=f"{seconds:.2f}")
    area = sum(value for value in case.parcels.column("area_m2") if isinstance(value, int)) / 10_000
    counts = {"parcels": len(case.parcels), "platforms": len(case.demands)}
    return phrase("summary.good", lang, **counts, area=f"{area:,.4f}", seconds=f"{seconds:.2f}")
