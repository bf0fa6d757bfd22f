"""``new --blank``: a round to fill in; the law as shipped, no number of the bureau's own."""

from __future__ import annotations

import datetime
from pathlib import Path

from landopt.forms.columns import SHEETS
from landopt.forms.fill import form_of
from landopt.forms.workbook import write_forms
from landopt.intake.round_keys import blank_round
from landopt.invent.policy import usual_limits

NAMES = {"en": "round.xlsx", "zh": "填报.xlsx"}


def write_blank(folder: Path, lang: str, *, name: str = "", today: datetime.date | None = None) -> list[str]:
    """Fill an empty folder: the workbook, ``policy.toml`` with the usual limits switched off, ``round.toml``.

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
    write_forms(folder / book, [form_of(kind, lang) for kind in ("parcels", "demands", "records")], lang)
    head = "# 本轮政策：常用限额均已停用，去掉行首的 # 并改好数值即可启用。\n" if lang == "zh" else ""
    head = (
        head or "# The round's policy: the usual limits are switched off; take the # away and set your own numbers.\n"
    )
    off = "".join(f"# {line}\n" if line else "#\n" for line in usual_limits().rstrip("\n").split("\n"))
    (folder / "policy.toml").write_text(head + "\n" + off, encoding="utf-8", newline="\n")
    day = today or datetime.date.today()
    files = {
        kind: f'{{ file = "{book}", layer = "{SHEETS[kind][lang]}" }}' for kind in ("parcels", "demands", "records")
    }
    values = {
        "round.as_of": day.isoformat(),
        "inputs.parcels": files["parcels"],
        "inputs.demands": files["demands"],
        "inputs.records": files["records"],
        "rules.packs": '["cn", "cn-guangdong", "cn-guangzhou", "cn-guangzhou-nansha"]',
        "rules.policy": '["policy.toml"]',
    }
    text = blank_round(name or folder.name, values, lang)
    (folder / "round.toml").write_text(text, encoding="utf-8", newline="\n")
    return [book, "policy.toml", "round.toml"]
