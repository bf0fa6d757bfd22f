"""Limits and preferences of a policy as a sheet in an officer's words, to and from ``policy.toml`` without loss.

A row is one number of a rule. What a sheet cannot hold (locks, relations, exceptions, verdicts) is refused by name and
stays in the TOML file.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from landopt.forms.columns import FormColumn
from parcels.common.catalogue import languages, phrase
from parcels.common.gate import load_toml, read_text
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place
from parcels.formats.typed.sheet import Sheet, text_of

WORDS = {
    ("<=", "values"): "at-most",
    (">=", "values"): "at-least",
    ("<=", "share"): "share-at-most",
    (">=", "share"): "share-at-least",
    ("preference", ""): "points",
}
"""What a row is, and the key of its word (``policy-row``)."""
COLUMNS: tuple[str, ...] = (
    "id",
    "on",
    "title.zh",
    "title.en",
    "row",
    "where",
    "measure",
    "per",
    "key",
    "amount",
    "unit",
    "share",
    "of",
    "hard",
    "penalty",
    "methods",
    "points",
    "points_per_ha",
    "from",
    "until",
    "value.from",
    "value.until",
    "domain",
    "cite.doc",
    "cite.article",
    "cite.number",
    "cite.rank",
    "cite.grade",
    "cite.source",
)
"""The columns in their order; their headings stand under ``policy-column``, dots as dashes."""
_RULE = {"id", "kind", "title", "cite", "from", "until", "domain", "hard", "penalty"}
_LIMIT = _RULE | {"where", "measure", "per", "sense", "values", "share", "of"}
_PREFERENCE = _RULE | {"when", "methods", "points", "points_per_ha"}
_LISTS = ("per", "key", "methods", "domain")


def heading(name: str, lang: str) -> str:
    """The heading of a column."""
    return phrase(f"policy-column.{name.replace('.', '-')}", lang)


def row_word(what: tuple[str, str], lang: str) -> str:
    """The word for what a row is."""
    return phrase(f"policy-row.{WORDS[what]}", lang)


def policy_columns(lang: str) -> tuple[FormColumn, ...]:
    """The columns of the sheet."""
    made = []
    for name in COLUMNS:
        choices: tuple[str, ...] = ()
        if name == "row":
            choices = tuple(row_word(what, lang) for what in WORDS)
        elif name in ("on", "hard"):
            choices = (phrase("choice.yes", lang), phrase("choice.no", lang))
        kind = "date" if name.endswith(("from", "until")) else "text"
        required = name in ("id", "row", "from", "cite.doc", "cite.article", "cite.number", "cite.rank", "cite.grade")
        made.append(FormColumn(name, heading(name, lang), kind, required, "", choices))
    return tuple(made)


def rows_of(path: Path, lang: str) -> list[list[object]]:
    """The rows of a policy file.

    Raises
    ------
    Refused
        ``C030`` with every rule and key that a sheet cannot hold.
    """
    try:
        text = read_text(path)
    except ValueError as trouble:  # no UTF-8
        raise Refused(error("C030.not-toml", at=path.name, file=path.name, trouble=trouble)) from None
    return rows_of_text(text, path.name, lang)


def rows_of_text(text: str, file: str, lang: str, *, on: bool = True) -> list[list[object]]:
    """As :func:`rows_of`, from the text of a policy; its rules in use or switched off."""
    try:
        tables = load_toml(text, parse_float=Decimal)
    except ValueError as trouble:  # no TOML, or a date such as 2024-02-30
        raise Refused(error("C030.not-toml", at=file, file=file, trouble=trouble)) from None
    issues = [error("C030.table", at=file, file=file, name=name) for name in tables if name != "rule"]
    rows: list[list[object]] = []
    for rule in tables.get("rule", ()):
        name = str(rule.get("id", "?"))
        held = {"limit": _LIMIT, "preference": _PREFERENCE}.get(str(rule.get("kind")))
        if held is None:
            issues.append(error("C030.kind", at=file, rule=name, kind=str(rule.get("kind"))))
            continue
        strange = sorted(set(rule) - held) + _inner(rule)
        if strange:
            issues.append(error("C030.key", at=file, rule=name, keys=strange))
            continue
        for value in rule.get("values") or [{}]:
            cells = {column: _cell(column, rule, value, lang) for column in COLUMNS}
            cells["on"] = phrase("choice.yes" if on else "choice.no", lang)
            rows.append(list(cells.values()))
    if issues:
        raise Refused(issues)
    return rows


def _inner(rule: Mapping[str, Any]) -> list[str]:
    """Keys below a rule's own that a sheet has no column for."""
    found = [f"title.{key}" for key in rule.get("title", {}) if key not in ("en", "zh")]
    found += [f"cite.{key}" for key in rule.get("cite", {}) if f"cite.{key}" not in COLUMNS]
    for value in rule.get("values", ()):
        found += [f"values.{key}" for key in value if key not in ("from", "until", "key", "amount", "unit")]
    return sorted(set(found))


def _cell(column: str, rule: Mapping[str, Any], value: Mapping[str, Any], lang: str) -> object:
    if column == "row":
        return row_word(_what(rule), lang)
    if column == "where":
        found = rule.get("when" if rule["kind"] == "preference" else "where")
    elif column in ("key", "amount", "unit"):
        found = value.get(column)
    elif column.startswith("value."):
        found = value.get(column.removeprefix("value."))
    elif "." in column:
        table, _, key = column.partition(".")
        found = rule.get(table, {}).get(key)
    else:
        found = rule.get(column)
    if column == "where" and found == "":
        return '""'  # an empty condition is one that all offers meet, and not a blank cell
    if isinstance(found, list):
        return ";".join(map(str, found)) if found else "[]"
    if isinstance(found, bool):
        return phrase("choice.yes" if found else "choice.no", lang)
    return format(found, "f") if isinstance(found, Decimal) else found


def _what(rule: Mapping[str, Any]) -> tuple[str, str]:
    if rule["kind"] == "preference":
        return "preference", ""
    return str(rule.get("sense", "<=")), "share" if "share" in rule else "values"


def tables_of(sheet: Sheet, file: str) -> dict[str, Any]:
    """A sheet as the tables of a policy file; rules that are not in use are left out.

    Raises
    ------
    Refused
        ``C031`` with every row that cannot be read.
    """
    at = Place(file=file, sheet=sheet.name)
    known = {text: name for name in COLUMNS for text in (*(heading(name, each) for each in languages()), name)}
    filled = sheet.filled
    names = [known.get(text_of(cell), "") for cell in filled[0][1]] if filled else []
    issues: list[Issue] = []
    if "id" not in names or "row" not in names:
        raise Refused(error("C031.heading", at=at))
    kinds = {row_word(what, each): what for what in WORDS for each in languages()}
    rules: dict[str, dict[str, Any]] = {}
    for number, row in filled[1:]:
        cells = {name: cell for name, cell in zip(names, row, strict=False) if name and text_of(cell)}
        if text_of(cells.get("on", "")).lower() in _spelled("no", "false", "0"):
            continue
        kind = kinds.get(text_of(cells.get("row", "")))
        if kind is None or not text_of(cells.get("id", "")):
            issues.append(error("C031.row", at=at.but(row=number), words=list(kinds)))
            continue
        name = text_of(cells["id"])
        made = _rule(cells, kind)
        before = rules.get(name)
        if before is None:
            rules[name] = made
        elif {k: v for k, v in before.items() if k != "values"} != {k: v for k, v in made.items() if k != "values"}:
            issues.append(error("C031.differs", at=at.but(row=number), rule=name))
        else:
            before.setdefault("values", []).extend(made.get("values", []))
    if issues:
        raise Refused(issues)
    return {"rule": list(rules.values())}


def _rule(cells: Mapping[str, object], kind: tuple[str, str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": text_of(cells["id"]), "kind": "preference" if kind[0] == "preference" else "limit"}
    if "domain" in cells:
        rule["domain"] = _list(cells["domain"])
    for table in ("title", "cite"):
        inner = {key: _plain(cells[f"{table}.{key}"]) for key in _keys(table) if f"{table}.{key}" in cells}
        if inner:
            rule[table] = inner
    for key in ("from", "until"):
        if key in cells:
            rule[key] = _plain(cells[key])
    where = "when" if rule["kind"] == "preference" else "where"
    if "where" in cells:
        rule[where] = "" if text_of(cells["where"]) == '""' else text_of(cells["where"])
    for key in ("measure", "of", "penalty", "points", "points_per_ha", "share"):
        if key in cells:
            found = _plain(cells[key])
            rule[key] = str(found) if key == "share" else found
    for key in ("per", "methods"):
        if key in cells:
            rule[key] = _list(cells[key])
    if "hard" in cells:
        rule["hard"] = text_of(cells["hard"]).lower() in _spelled("yes", "true", "1")
    if rule["kind"] == "limit":
        rule["sense"] = kind[0]
        value: dict[str, Any] = {}
        for column, key in (("value.from", "from"), ("value.until", "until"), ("key", "key"), ("amount", "amount")):
            if column in cells:
                value[key] = _list(cells[column]) if key == "key" else _plain(cells[column])
        if "unit" in cells:
            value["unit"] = text_of(cells["unit"])
        if value:
            rule["values"] = [value]
    return rule


def _spelled(choice: str, *others: str) -> tuple[str, ...]:
    """How yes or no may be written: the word of every language, and what TOML and programs write."""
    return (*(phrase(f"choice.{choice}", lang).lower() for lang in languages()), choice, *others)


def _keys(table: str) -> Sequence[str]:
    return [name.partition(".")[2] for name in COLUMNS if name.startswith(f"{table}.")]


def _list(cell: object) -> list[str]:
    text = text_of(cell)
    return [] if text == "[]" else [part.strip() for part in text.replace("；", ";").split(";") if part.strip()]


def _plain(cell: object) -> Any:
    """A cell as TOML has it: whole numbers, dates, texts; other numbers as decimal texts."""
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else repr(cell)
    if isinstance(cell, bool | int | datetime.date):
        return cell
    return text_of(cell)


def policy_text(tables: Mapping[str, Any]) -> str:
    """The tables as a policy file."""
    import tomli_w

    return tomli_w.dumps(dict(tables))
