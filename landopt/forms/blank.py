"""``new --blank``: a round to fill in; the law as shipped, no number of the bureau's own."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from landopt.forms.fill import form_of
from landopt.forms.off_limits import off_rows, off_text
from landopt.forms.policy_sheet import policy_columns
from landopt.forms.workbook import Form, write_forms
from landopt.intake.round_keys import blank_round
from parcels.common.catalogue import phrase

PACKS = ("cn", "cn-guangdong", "cn-guangzhou", "cn-guangzhou-nansha")
"""The packs of a blank round."""
NAMES = {"en": "round.xlsx", "zh": "填报.xlsx"}


def write_blank(folder: Path, lang: str, *, name: str = "", today: datetime.date | None = None) -> list[str]:
    """Fill an empty folder: the workbook, ``policy.toml``, both with the limits switched off, and ``round.toml``.

    Parameters
    ----------
    folder
        Where the files go.
    lang
        Of headings, prompts and explanations.
    name
        The round's id (default: the name of the folder).
    today
        The round's date (default: today).
    """
    book = NAMES[lang]
    day = today or datetime.date.today()
    policy = Form("policy", policy_columns(lang), off_rows(PACKS, day.isoformat(), lang))
    write_forms(folder / book, [*(form_of(kind, lang) for kind in ("parcels", "demands", "records")), policy], lang)
    head = "".join(f"# {line}\n" for line in phrase("form.policy-off", lang, book=book).split("\n"))
    (folder / "policy.toml").write_text(head + "\n" + off_text(PACKS, lang), encoding="utf-8", newline="\n")
    files = {
        kind: f'{{ file = "{book}", layer = "{phrase(f"sheet-name.{kind}", lang)}" }}'
        for kind in ("parcels", "demands", "records")
    }
    values = {
        "round.as_of": day.isoformat(),
        "inputs.parcels": files["parcels"],
        "inputs.demands": files["demands"],
        "inputs.records": files["records"],
        "rules.packs": json.dumps(PACKS),
        "rules.policy": '["policy.toml"]',
    }
    text = blank_round(name or folder.name, values, lang)
    (folder / "round.toml").write_text(text, encoding="utf-8", newline="\n")
    return [book, "policy.toml", "round.toml"]
