"""The glossary, made of the vocabulary, the methods and the fields: what is printed, and what is read besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from constraints.loading.method_facts import tables
from parcels.common.schema import fields
from parcels.common.vocabulary import folded, subject_of, subjects, table

_TITLES = {
    "use": "Uses 用途",
    "platform_kind": "Kinds of platforms 平台类型",
    "platform_level": "Levels of platforms 平台级别",
    "operator": "Operators 主体类型",
    "right": "Rights wanted 意向权利",
    "existing_right": "Existing rights 现状权利",
    "land_source": "Land sources 土地来源",
    "ownership": "Ownership 权属",
    "status": "States of a parcel 地块状态",
    "zone": "Policy zones 政策区",
    "grantor": "Grantors 出让人",
    "catalogue": "Classes of the industry catalogue 产业目录类别",
    "notice_conditions": "Conditions in a notice 公告条件",
    "method": "Supply methods 供应方式",
}


def page() -> str:
    """docs/glossary.md: terms, every code with its words, every field with its titles."""
    lines = [
        "# Glossary, zh-en",
        "",
        "Made from `parcels/common/vocabulary.toml`, `constraints/methods.toml` and `parcels/common/schema.toml` by",
        "`python -m landopt.desk.docs --write`. Every word of a row is read as its code, in files and on the command",
        "line; letter case, width and blanks make no difference.",
        "",
        "| 中文 | English in landopt | where |",
        "|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in table()["terms"]["rows"]),
    ]
    for subject, codes in subjects().items():
        lines += ["", f"## {_TITLES.get(subject, subject)}", ""]
        named = [f"`{field}`" for field in fields() if subject_of(field) == subject and fields()[field].values]
        lines += [f"Fields: {', '.join(named)}.", ""] if named else []
        lines += ["| code | 中文 | English | also read |", "|---|---|---|---|"]
        for code, entry in codes.items():
            also = [*entry.get("also", ()), *(_titles(code) if subject == "method" else ())]
            lines.append(f"| `{code}` | {entry['zh']} | {entry['en']} | {'; '.join(_once(also, entry))} |")
    lines += ["", "## Fields 字段", "", "| field | 中文 | English | also read |", "|---|---|---|---|"]
    for name, field in fields().items():
        also = _once(field.aliases, {"zh": field.title_zh, "en": field.title_en})
        lines.append(f"| `{name}` | {field.title_zh} | {field.title_en} | {'; '.join(also)} |")
    return "\n".join(lines) + "\n"


def _titles(code: str) -> tuple[str, ...]:
    entry = tables()[code]
    return (*map(str, entry["title"].values()), str(entry["short"]))


def _once(words: Iterable[str], entry: Mapping[str, object]) -> list[str]:
    """Words that are not said already, whatever their width and letters."""
    said = {folded(str(entry[lang])) for lang in ("zh", "en")}
    found = []
    for word in words:
        if folded(word) not in said:
            said.add(folded(word))
            found.append(word)
    return found
