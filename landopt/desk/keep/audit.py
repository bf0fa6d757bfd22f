"""``landopt audit``: re-check a plan without the solver."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landopt.desk.path_argument import LEDGER
from landopt.desk.usage import LANG, Wrong

if TYPE_CHECKING:
    from constraints.audit.finding import AuditReport
    from landopt.keeping.ledger.stores.places import LedgerPlace

_PATH = click.Path(path_type=Path)


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt audit examples/nansha/plan --complete")
@click.argument("plan", metavar="PLAN", type=_PATH)
@click.option("--complete", is_flag=True, help="Screen every platform again (else some drawn at random).")
@click.option("--sample", type=click.IntRange(1), default=8, show_default=True, help="Platforms to screen again.")
@click.option("--seed", type=click.IntRange(0), help="Repeat an earlier draw (it then counts as none).")
@click.option("--as-of", metavar="DATE", help="Re-check the assignments under the law of this date.")
@click.option("--ledger", type=LEDGER, help="Check the ledger: chain, signatures, and the adoption of this plan.")
@click.option("--witness", type=_PATH, help="Heads of the ledger held elsewhere: prove that it continues them.")
@click.option("--tsa-ca", "tsa", multiple=True, type=_PATH, help="Certificate (PEM) of a trusted timestamp authority.")
@click.option("--key", "keys", multiple=True, type=_PATH, help="Public key (PEM) that must have signed the seal.")
@click.option("--inputs", type=_PATH, metavar="ROUND", help="Read and measure the round's files again; compare facts.")
@click.option("--receipt", metavar="PARCEL", help="Print the receipt that a parcel was in the round.")
@click.option("--handmade", type=_PATH, metavar="FILE", help="Hold a spreadsheet against the round: PLAN is the round.")
@click.option("--lang", type=LANG, help="Language of the report (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def audit(
    plan: Path,
    complete: bool,
    sample: int,
    seed: int | None,
    as_of: str | None,
    ledger: LedgerPlace | None,
    keys: tuple[Path, ...],
    witness: Path | None,
    tsa: tuple[Path, ...],
    inputs: Path | None,
    receipt: str | None,
    handmade: Path | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Re-derive everything a plan says from its facts, in exact integers: law, limits, prices, score, bound.

    PLAN is a plan folder, its plan.json, or a zip of the folder. Shares no code with the solver. Exit 0: the plan
    stands, or stands as far as checked (what was not is named; with --complete that is exit 5 too); 5: a breach,
    named with rule, key, used and limit; 6: a fault of the audit itself.
    """
    from parcels.common.language import language

    chosen = language(lang)
    if handmade is not None:
        _handmade(handmade, plan, chosen, as_json)
        return
    from constraints.audit.finding import lines
    from constraints.audit.joint import is_joint
    from constraints.audit.restate import is_date
    from landopt.keeping.sealing.seal import receipt as paper
    from landopt.keeping.sealing.seal import unzipped
    from landopt.keeping.whole_audit import whole_audit
    from landopt.report.gis.plan_layers import write_plan_gpkg

    if as_of is not None and not is_date(as_of):
        raise Wrong("not-a-date", hint="'--as-of'", text=as_of)
    if is_joint(plan):
        if ledger or keys or inputs or witness or tsa or receipt or as_of:
            raise Wrong("joint-apart")
        _joint(plan, {"complete": complete, "sample": sample, "seed": seed}, chosen, as_json)
        return
    plan = click.get_current_context().with_resource(unzipped(plan))
    if receipt is not None:
        click.echo(json.dumps(paper(plan, receipt), ensure_ascii=False, sort_keys=True))
        return
    report = whole_audit(plan, rewrite=write_plan_gpkg, complete=complete, as_of=as_of, sample=sample, seed=seed)
    beside = _beside(plan if plan.is_dir() else plan.parent, ledger, keys, inputs, witness, tsa)
    report = _with(report, beside, ledger is not None)
    if as_json:
        found: dict[str, Any] = report.as_dict()
        found["issues"] = [issue.as_dict() for issue in beside]
        click.echo(json.dumps(found, ensure_ascii=False, sort_keys=True))
    else:
        from parcels.common.findings_text import lines as findings

        if beside:
            click.echo("\n".join(findings(beside, chosen)))
        click.echo("\n".join(lines(report, chosen)))
    click.get_current_context().exit(report.exit_code(complete))


def _joint(folder: Path, options: dict[str, Any], lang: str, as_json: bool) -> None:
    """Joint rounds: every city with all its words and layers, the common limits, the joint bound."""
    from constraints.audit.joint import audit_joint
    from landopt.keeping.whole_audit import whole_audit
    from landopt.report.gis.plan_layers import write_plan_gpkg

    report = audit_joint(folder, partial(whole_audit, rewrite=write_plan_gpkg), **options)
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(report.lines(lang)))
    click.get_current_context().exit(report.exit_code(options["complete"]))


def _with(report: AuditReport, beside: list[Any], ledger: bool) -> AuditReport:
    """The report with what seal, ledger and inputs say: an error is a breach, a warning something not checked."""
    from dataclasses import replace

    from constraints.audit.finding import Breach, Unchecked

    bad = [Breach(i.code, i.told, i.ids) for i in beside if i.level == "error"]
    open_ = [Unchecked(i.code, i.told) for i in beside if i.level == "warning"]
    open_ += [Unchecked("facts", i.told) for i in beside if i.level == "note" and i.code == "A092"]
    left = [each for each in report.unchecked if not (ledger and each.what in ("ledger", "head"))]
    return replace(report, breaches=(*report.breaches, *bad), unchecked=(*left, *open_))


def _beside(
    folder: Path,
    ledger: LedgerPlace | None,
    keys: tuple[Path, ...],
    inputs: Path | None,
    witness: Path | None,
    tsa: tuple[Path, ...],
) -> list[Any]:
    """What the seal, the ledger and the round's own files say."""
    from landopt.keeping.ledger.locks import lock_issues
    from landopt.keeping.ledger.round_steps import ledger_findings
    from landopt.keeping.sealing.seal import FOLDER, verify

    found = verify(folder, keys) if keys or (folder / FOLDER).is_dir() else []
    if inputs is not None:
        from landopt.keeping.remeasure import remeasure

        found += remeasure(folder, inputs)
    if ledger is None:
        return found
    said = ledger_findings(ledger, folder, witness, tsa)
    broken = any(issue.level == "error" for issue in said)
    return found + said + ([] if broken else lock_issues(ledger, folder))


def _handmade(sheet: Path, given: Path, lang: str, as_json: bool) -> None:
    from landopt.keeping import handmade

    case, plan, reach = handmade.load(handmade.places(given))
    report = handmade.audit_handmade(case, handmade.read_handmade(sheet, case), plan, reach)
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(handmade.text(report, lang)))
    click.get_current_context().exit(5 if report.findings else 0)
