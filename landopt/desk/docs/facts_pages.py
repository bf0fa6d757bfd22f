"""Two pages of facts: every key of ``round.toml``, and every column of a table with the words it accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landopt.intake.round_keys import round_keys
from parcels.common.schema import Field, fields_of
from parcels.common.vocabulary import subject_of, subjects
from parcels.tables.use_codes import systems


def round_page() -> str:
    """``docs/round-file.md`` as it should be."""
    lines = [
        "# round.toml: every key 轮次文件的全部键",
        "",
        "Made from `landopt/intake/round_keys.toml` by `make docs`. Unknown keys, wrong types and missing files are"
        " errors that name file, line and key. Decimals are written as texts. `landopt new DIR --blank` writes a"
        " round.toml with all of them explained.",
        "",
    ]
    table = ""
    for key in round_keys():
        if key.table != table:
            table = key.table
            lines += [f"## [{table}]", "", "| key | type | default | example | |", "|---|---|---|---|---|"]
        default = "**required**" if key.required else f"`{key.default}`"
        kind = key.type.replace("|", "\\|")
        example = key.example.replace("|", "\\|")
        lines.append(f"| `{key.name}` | {kind} | {default} | `{example}` | {key.en} {key.zh} |")
        following = [other for other in round_keys() if other.table == table]
        if key is following[-1]:
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def columns_page() -> str:
    """``docs/columns.md`` as it should be."""
    lines = [
        "# Columns and the words they accept 各列及其可用文字",
        "",
        "Made from the declared fields by `make docs`. A column is found by its key, its title or one of its other"
        ' names; **bold** columns are required. Blank is unknown, never "no". `landopt template` writes them as a'
        " workbook.",
        "",
    ]
    for of, title in (("parcel", "Parcels 宗地"), ("demand", "Demands 需求")):
        lines += [f"## {title}", "", "| column | other names | unit | accepted |", "|---|---|---|---|"]
        lines += [_row(field) for field in fields_of(of).values() if not field.derived]
        lines.append("")
    lines += ["## Names of land use 用途名称", ""]
    for name, system in systems().items():
        names = ", ".join(f"{word} = {code}" for word, code in system["names"].items())
        lines.append(f"- `{name}` ({system['title']['zh']}): {names}")
    return "\n".join(lines).rstrip() + "\n"


def _row(field: Field) -> str:
    name = f"**{field.name}**" if field.required else field.name
    others = ", ".join((field.title_zh, *field.aliases))
    return f"| {name} | {others} | {field.unit} | {_accepted(field)} |".replace("|  |", "| |")


def _words(entry: Mapping[str, Any]) -> list[str]:
    return [entry[lang] for lang in ("zh", "en") if lang in entry] + list(entry.get("also", ()))


def _accepted(field: Field) -> str:
    if field.type == "bool":
        return "true, false, 1, 0, 是, 否"
    if field.name in ("use", "uses", "present_use"):
        return "codes or names of the declared code system, below"
    if field.type in ("code", "codes"):
        known = subjects().get(subject_of(field.name), {})
        return "; ".join(", ".join(dict.fromkeys((value, *_words(known.get(value, {}))))) for value in field.values)
    return {
        "int": "a number, rounded half up" if field.unit or field.scale != 1 else "a whole number",
        "date": "2026-03-31, 2026/3/31, 2026.3.31 or 2026年3月31日, one way in a column",
        "ids": "ids parted by ; 、 or ,",
        "mix": "IND:70;BIZ:30",
        "near": "point:metres, such as S1:800",
    }.get(field.type, "text")
