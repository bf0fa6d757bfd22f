"""``landopt receipt``: check the receipt of a parcel against a signed statement."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.usage import LANG

_PATH = click.Path(path_type=Path)


@click.command(epilog="Example:\n\n  landopt receipt receipt.json plan/seal --key officer.pub.pem")
@click.argument("receipt_path", metavar="RECEIPT.json", type=_PATH)
@click.argument("seal_path", metavar="SEAL", type=_PATH)
@click.option("--key", "keys", multiple=True, type=_PATH, help="Public key (PEM) that must have signed the statement.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
def receipt(receipt_path: Path, seal_path: Path, keys: tuple[Path, ...], as_json: bool, lang: str | None) -> None:
    """Check that a parcel was in a round and what became of it: leaf, path, root, number of parcels, signature.

    RECEIPT.json is what `landopt audit PLAN --receipt PARCEL` printed; SEAL a plan folder, its seal, or the signed
    statement (statement.dsse.json). Exit 5: it does not lead there. Without --key the signature is not checked.
    """
    from landopt.keeping.sealing.receipts import check_paper
    from parcels.common.findings_text import lines
    from parcels.common.language import language

    found = check_paper(receipt_path, seal_path, keys)
    bad = any(issue.level == "error" for issue in found.issues)
    if as_json:
        done = {"holds": not bad, "leaf": found.leaf, "issues": [issue.as_dict() for issue in found.issues]}
        click.echo(json.dumps(done, ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(lines(found.issues, language(lang))))
    click.get_current_context().exit(5 if bad else 0)
