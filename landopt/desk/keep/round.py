"""``landopt round``: rounds in the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landopt.desk.path_argument import LEDGER
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from landopt.keeping.ledger.stores.places import LedgerPlace

_PATH = click.Path(path_type=Path)
_ledger = click.option(
    "--ledger", type=LEDGER, help="The ledger: a file, or postgis://SERVICE/schema (default: ROUND/ledger.sqlite)."
)
_by = click.option("--by", required=True, help="Who does this: the name as given; account and machine go with it.")
_witness = click.option(
    "--witness", type=_PATH, help="Heads of the ledger held elsewhere: prove that it continues them."
)
_tsa = click.option(
    "--tsa-ca", "tsa", multiple=True, type=_PATH, help="Certificate (PEM) of a trusted timestamp authority."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print the entry as JSON.")
_lang = click.option("--lang", type=LANG, help="Language (default: from the environment).")


@click.group(epilog="Example:\n\n  landopt round open examples/nansha --by officer-2")
def round_() -> None:
    """Open, adopt, record, close and show rounds: an append-only ledger that shows every change."""


def _say(entry: Any, as_json: bool, lang: str | None) -> None:
    from parcels.common.catalogue import phrase
    from parcels.common.language import language

    if as_json:
        click.echo(json.dumps(entry.as_dict(), ensure_ascii=False, sort_keys=True))
        return
    values = {"seq": entry.seq, "kind": entry.kind, "round": entry.round, "head": entry.hash}
    click.echo(phrase("round-said.entry", language(lang), **values))


@round_.command("open", epilog="Example:\n\n  landopt round open examples/nansha --by officer-2")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.option(
    "--signer", "signers", multiple=True, type=_PATH, help="Public key (PEM) of one who must sign an adoption."
)
@click.option("--need", type=click.IntRange(1), help="How many of the signers must sign (default: all).")
@click.option("--until", metavar="DATE", help="Last day on which the signers' keys count.")
@_ledger
@_by
@_json
@_lang
def open_(
    round_path: Path,
    signers: tuple[Path, ...],
    need: int | None,
    until: str | None,
    ledger: LedgerPlace | None,
    by: str,
    as_json: bool,
    lang: str | None,
) -> None:
    """Open a round: its input files go into the ledger by digest, with the keys that must sign an adoption."""
    from landopt.keeping.ledger import round_steps as rounddesk

    _say(rounddesk.open_round(rounddesk.place(round_path, ledger), by, signers, need, until), as_json, lang)


# One parameter an option of the command.
@round_.command(
    epilog='Example:\n\n  landopt round adopt ROUND ROUND/plan --document "穗规划资源函〔2026〕12号" --by officer-2'
)
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.argument("plan", metavar="PLAN", type=_PATH)
@click.option("--document", required=True, help="The approving document.")
@click.option("--date", "date", help="Its date (default: today).")
@click.option(
    "--key", "keys", multiple=True, type=_PATH, help="Sign plan and ledger with this private key (PEM, ed25519)."
)
@click.option("--supersede", metavar="REASON", help="Why an earlier adoption of this round no longer holds.")
@click.option("--sampled", is_flag=True, help="Screen again only platforms drawn at random (very large rounds).")
@_ledger
@_by
@_json
@_lang
def adopt(
    round_path: Path,
    plan: Path,
    document: str,
    date: str | None,
    keys: tuple[Path, ...],
    supersede: str | None,
    ledger: LedgerPlace | None,
    by: str,
    sampled: bool,
    as_json: bool,
    lang: str | None,
) -> None:
    """Adopt a plan: its inputs are held against those of open, it is audited as a whole, its assignments become locks.

    A scenario (facts not those on file) is never adopted; exit 5, as for a breach. Where the workbench keeps how plans
    are handled (scenarios/handling.jsonl), this one must have been submitted and passed as it lies there.
    """
    from landopt.keeping.ledger import round_steps as rounddesk
    from landopt.report.gis.plan_layers import write_plan_gpkg

    found = rounddesk.place(round_path, ledger)
    day = date or rounddesk.today()
    entry = rounddesk.adopt(
        found,
        plan,
        document=document,
        date=day,
        by=by,
        key=keys,
        supersedes=supersede,
        sampled=sampled,
        rewrite=write_plan_gpkg,
    )
    _say(entry, as_json, lang)


@round_.command(epilog="Example:\n\n  landopt round record ROUND results.csv --by officer-2")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.argument("results", metavar="RESULTS", type=click.Path(path_type=Path, exists=True))
@_ledger
@_by
@_json
@_lang
def record(
    round_path: Path, results: Path, ledger: LedgerPlace | None, by: str, as_json: bool, lang: str | None
) -> None:
    """Record results (CSV: parcel_id, outcome, date, price_yuan, document): failed ones return as candidates."""
    from landopt.keeping.ledger import round_steps as rounddesk

    _say(rounddesk.record(rounddesk.place(round_path, ledger), results, by), as_json, lang)


@round_.command(epilog="Example:\n\n  landopt round enter ROUND matters.csv --by officer-2")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.argument("matters", metavar="MATTERS", type=click.Path(path_type=Path, exists=True))
@_ledger
@_by
@_json
@_lang
def enter(round_path: Path, matters: Path, ledger: str | None, by: str, as_json: bool, lang: str | None) -> None:
    """Enter decisions, approvals, reviews, objections, and what became of a notice (CSV; docs/rounds.md)."""
    from landopt.keeping.ledger import matters as daily
    from landopt.keeping.ledger import round_steps as rounddesk

    _say(daily.enter(rounddesk.place(round_path, ledger), matters, by), as_json, lang)


@round_.command(epilog="Example:\n\n  landopt round close ROUND --by officer-2")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@_ledger
@_by
@_json
@_lang
def close(round_path: Path, ledger: LedgerPlace | None, by: str, as_json: bool, lang: str | None) -> None:
    """Close a round: nothing more is adopted in it."""
    from landopt.keeping.ledger import round_steps as rounddesk

    _say(rounddesk.close(rounddesk.place(round_path, ledger), by), as_json, lang)


@round_.command(epilog="Example:\n\n  landopt round show ROUND --json")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@_ledger
@_witness
@_tsa
@click.option("--as-of", metavar="DATE", help="What is overdue on this day (default: today).")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_lang
def show(
    round_path: Path,
    as_of: str | None,
    ledger: LedgerPlace | None,
    witness: Path | None,
    tsa: tuple[Path, ...],
    as_json: bool,
    lang: str | None,
) -> None:
    """Show the ledger and re-check its chain and signatures: opened, adopted, recorded (exit 5: altered).

    Without a witness held elsewhere, rollback and rewriting are not checked.
    """
    from landopt.intake.other_day import day_of
    from landopt.keeping.ledger import round_steps as rounddesk
    from parcels.common.language import language

    day = None if as_of is None else day_of(as_of)
    shown = rounddesk.show(rounddesk.place(round_path, ledger).ledger, witness, tsa, day)
    if as_json:
        click.echo(json.dumps(shown, default=lambda issue: issue.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(rounddesk.text(shown, language(lang))))
    click.get_current_context().exit(5 if any(issue.level == "error" for issue in shown["problems"]) else 0)


@round_.command("next", epilog="Example:\n\n  landopt round next 2027 --ledger 2026/ledger.sqlite -o carried.csv")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.option("--as-of", metavar="DATE", help="On this day (default: the day of the round).")
@click.option("-o", "target", type=_PATH, help="Write it as CSV too.")
@_ledger
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_lang
def next_(
    round_path: Path,
    as_of: str | None,
    target: Path | None,
    ledger: LedgerPlace | None,
    as_json: bool,
    lang: str | None,
) -> None:
    """What closed rounds leave to ROUND: land approved and not supplied, idle land, land taken back.

    A run under the same ledger has it as candidates, locks and facts for rules to read (docs/rounds.md).
    """
    from landopt.intake.other_day import day_of
    from landopt.keeping.ledger import left_over
    from parcels.common.catalogue import phrase
    from parcels.common.kept import write_kept
    from parcels.common.language import language

    found = left_over.left_to(round_path, ledger, None if as_of is None else day_of(as_of))
    done = None if target is None else write_kept(target, left_over.table(found).encode("utf-8-sig"))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, sort_keys=True))
        return
    lines, rows = left_over.text(found, language(lang)), len(found["carried"])
    if done is not None:
        lines.append(phrase("done.form", language(lang), file=done.path, rows=rows))
    click.echo("\n".join(lines))


@round_.command(epilog="Example:\n\n  landopt round sign ROUND --key officer-3.pem --by officer-3")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.option("--key", "keys", multiple=True, required=True, type=_PATH, help="Sign with this private key (PEM).")
@click.option("--entry", type=click.IntRange(1), help="The adoption to sign (default: the last one).")
@_ledger
@_by
@_json
@_lang
def sign(
    round_path: Path,
    keys: tuple[Path, ...],
    entry: int | None,
    ledger: LedgerPlace | None,
    by: str,
    as_json: bool,
    lang: str | None,
) -> None:
    """Sign the head of the ledger after an adoption, where several must sign."""
    from landopt.keeping.ledger import round_steps
    from landopt.keeping.ledger import steps as ledger_steps
    from landopt.keeping.ledger.adoption import who

    for made in ledger_steps.sign_entry(round_steps.place(round_path, ledger).ledger, entry, keys, who(by)):
        _say(made, as_json, lang)


@round_.command(
    epilog='Example:\n\n  landopt round revoke ROUND --key officer-2.pub.pem --reason "lost" --by officer-1'
)
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.option("--key", required=True, type=_PATH, help="The public key (PEM).")
@click.option("--reason", required=True, help="Why; kept in the ledger.")
@_ledger
@_by
@_json
@_lang
def revoke(
    round_path: Path, key: Path, reason: str, ledger: LedgerPlace | None, by: str, as_json: bool, lang: str | None
) -> None:
    """Revoke a key: what it signs later does not count; earlier only under a witness or token older than this entry."""
    from landopt.keeping.ledger import round_steps
    from landopt.keeping.ledger import steps as ledger_steps
    from landopt.keeping.ledger.adoption import who

    _say(ledger_steps.revoke(round_steps.place(round_path, ledger).ledger, key, reason, who(by)), as_json, lang)


@round_.command(epilog="Example:\n\n  landopt round witness ROUND/ledger.sqlite witness-2026-04.txt")
@click.argument("ledger", metavar="LEDGER", type=LEDGER)
@click.argument("target", metavar="OUT.txt", type=_PATH)
@_json
@_lang
def witness(ledger: LedgerPlace, target: Path, as_json: bool, lang: str | None) -> None:
    """Write the heads of the ledger so far to a file, to be held by somebody else: it shows a later rewriting."""
    from landopt.keeping.ledger import steps as ledger_steps
    from parcels.common.catalogue import phrase
    from parcels.common.language import language

    done, count, head = ledger_steps.write_witness(ledger, target)
    said = {"file": str(done.path), "entries": count, "head": head}
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        click.echo(phrase("round-said.witness", language(lang), **said))


@round_.command(epilog="Example:\n\n  landopt round backup ROUND/ledger.sqlite backup/ledger-2026-04.sqlite")
@click.argument("ledger", metavar="LEDGER", type=LEDGER)
@click.argument("target", metavar="OUT", type=LEDGER)
@_json
@_lang
def backup(ledger: LedgerPlace, target: LedgerPlace, as_json: bool, lang: str | None) -> None:
    """Copy the ledger, whole and as of one moment; a copy made by hand may catch it in the middle of a write."""
    from landopt.keeping.ledger.chain import Ledger
    from parcels.common.catalogue import phrase
    from parcels.common.language import language

    with Ledger(ledger, read_only=True) as book:
        book.backup(target.absolute() if isinstance(target, Path) else target)
    with Ledger(target, read_only=True) as copy:
        count, head = len(copy.entries()), copy.head()
    said = {"file": str(target), "entries": count, "head": head}
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
    else:
        click.echo(phrase("round-said.backup", language(lang), **said))


@round_.command(epilog="Example:\n\n  landopt round token ROUND answer.tsr --by officer-2")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.argument("token_path", metavar="TOKEN.tsr", type=_PATH)
@click.option("--entry", type=click.IntRange(1), help="The entry whose hash was stamped (default: the last one).")
@_ledger
@_by
@_json
@_lang
def token(
    round_path: Path,
    token_path: Path,
    entry: int | None,
    ledger: LedgerPlace | None,
    by: str,
    as_json: bool,
    lang: str | None,
) -> None:
    """Attach a timestamp response (RFC 3161) of the hash of an entry, made elsewhere.

    Ask for it with `openssl ts -query -sha256 -digest HEAD -cert -out question.tsq`. It is checked by --tsa-ca.
    """
    from landopt.keeping.ledger import round_steps
    from landopt.keeping.ledger import steps as ledger_steps
    from landopt.keeping.ledger.adoption import who

    made = ledger_steps.attach(round_steps.place(round_path, ledger).ledger, token_path, entry, who(by))
    _say(made, as_json, lang)
