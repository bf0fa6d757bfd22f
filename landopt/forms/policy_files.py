"""``convert`` for policies: a sheet to TOML, TOML to a sheet."""

from __future__ import annotations

from pathlib import Path

from landopt.forms.policy_sheet import policy_columns, policy_text, rows_of, tables_of
from landopt.forms.workbook import Form, write_forms
from parcels.common.gate import admit
from parcels.common.issues import Refused, error
from parcels.common.kept import write_made
from parcels.formats.kinds.workbook import xlsx_sheets
from parcels.formats.registry import format_of


def convert_policy(source: Path, target: Path, lang: str, force: bool = False) -> tuple[int, Path | None]:
    """Turn a policy sheet into ``policy.toml`` or back.

    Returns
    -------
    tuple
        The number of rules, and where that is kept which stood in the place (``None``: nothing did).

    Raises
    ------
    Refused
        ``C030`` or ``C031`` for what cannot be carried, ``F002`` for other endings, ``F007`` for a file in the way.
    """
    ends = (source.suffix.lower(), target.suffix.lower())
    if ends not in ((".xlsx", ".toml"), (".toml", ".xlsx")):
        raise Refused(error("F002.format-not-written", at=str(target), file=target.name, drivers=[".toml", ".xlsx"]))
    if not source.exists():
        format_of(source)  # says which name is near
    if target.exists() and not force:
        raise Refused(error("F007.there-already", at=str(target), target=target))
    admit(source)
    if ends[0] == ".toml":
        rows = rows_of(source, lang)
        form = Form("policy", policy_columns(lang), rows)
        kept = write_made(target, lambda path: write_forms(path, [form], lang))
        return len({row[0] for row in rows}), kept
    sheets = [sheet for sheet in xlsx_sheets(source, "K") if not sheet.hidden]
    named = next((sheet for sheet in sheets if sheet.name in ("policy", "政策")), sheets[0])
    tables = tables_of(named, source.name)
    kept = write_made(target, lambda path: path.write_text(policy_text(tables), encoding="utf-8", newline="\n"))
    return len(tables["rule"]), kept
