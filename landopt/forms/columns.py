"""What a workbook to fill in has for columns: from the declared fields, in one language."""

from __future__ import annotations

from dataclasses import dataclass

from parcels.common.catalogue import find, phrase
from parcels.common.schema import Field, fields_of
from parcels.common.vocabulary import subject_of

KINDS = ("parcels", "demands", "records", "results", "policy")
UNITS_ZH = {"m2": "平方米", "yuan": "元", "yuan/m2": "元/平方米", "years": "年", "days": "天", "%": "%", "m": "米"}
SHEETS = {
    "parcels": {"en": "parcels", "zh": "宗地"},
    "demands": {"en": "demands", "zh": "需求"},
    "records": {"en": "records", "zh": "在案文件"},
    "results": {"en": "results", "zh": "供应结果"},
    "policy": {"en": "policy", "zh": "政策"},
}
_PLAIN = {
    "records": (
        ("rule", "rule", "规则", True),
        ("parcel_id", "parcel_id", "宗地编号", False),
        ("demand_id", "demand_id", "需求编号", False),
        ("document", "document", "文件", True),
        ("date", "date", "日期", True),
        ("by", "by", "经办", False),
    ),
    "results": (
        ("parcel_id", "parcel_id", "宗地编号", True),
        ("outcome", "outcome", "结果", True),
        ("date", "date", "日期", True),
        ("price_yuan", "price_yuan", "成交价", False),
        ("document", "document", "文件", False),
    ),
}
OUTCOMES = {"en": ("contracted", "failed", "withdrawn"), "zh": ("已成交", "流拍", "撤回")}
_EXAMPLES = {"int": "12000", "bool": "", "date": "2026-03-31", "ids": "A1;A2", "mix": "IND:70;BIZ:30", "near": "S1:800"}


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A column to fill in.

    ``kind`` is the type of its field (``int``, ``bool``, ``code``, ``codes``, ``date``, ``text`` ...); ``choices`` the
    words of a list to choose from; ``example`` one that is accepted.
    """

    name: str
    heading: str
    kind: str
    required: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    example: str = ""


def columns_of(kind: str, lang: str) -> tuple[FormColumn, ...]:
    """The columns of a form (``parcels``, ``demands``, ``records``, ``results``), required ones first."""
    if kind in _PLAIN:
        return tuple(_plain(name, en if lang == "en" else zh, need, lang) for name, en, zh, need in _PLAIN[kind])
    of = kind.removesuffix("s")
    made = [_column(field, lang) for field in fields_of(of).values() if not field.derived]
    if kind == "parcels":
        heading = phrase("sheet-name.points", lang)
        made.append(FormColumn("boundary_points", heading, "text", False, "", (), "points.txt#A1"))
    return tuple(sorted(made, key=lambda column: not column.required))


def _plain(name: str, heading: str, required: bool, lang: str) -> FormColumn:
    kind = "date" if name == "date" else "int" if name == "price_yuan" else "text"
    choices = OUTCOMES[lang] if name == "outcome" else ()
    return FormColumn(name, heading, kind, required, "", choices, _EXAMPLES.get(kind, ""))


def _column(field: Field, lang: str) -> FormColumn:
    title = field.title_zh if lang == "zh" else field.name
    unit = field.unit if lang == "en" else UNITS_ZH.get(field.unit, "")
    heading = f"{title}({unit})" if unit and lang == "zh" and field.unit in ("m2", "yuan", "yuan/m2") else title
    choices: tuple[str, ...] = ()
    if field.type == "bool":
        choices = (phrase("choice.yes", lang), phrase("choice.no", lang))
    elif field.type == "code":
        choices = tuple(word_of(field, value, lang) for value in field.values)
    example = choices[0] if choices else _EXAMPLES.get(field.type, "")
    return FormColumn(field.name, heading, field.type, field.required, unit, choices, example)


def word_of(field: Field, value: str, lang: str) -> str:
    """The word a form has for a value of a choice: accepted as input like the value itself."""
    if lang == "en":
        return value
    return find(f"{subject_of(field.name)}.{value}", lang) or value


def shown(field: Field | None, value: object, lang: str) -> object:
    """A fact as a form shows it: in the field's unit, in the words of the language; blank where unknown."""
    if value is None or field is None:
        return value
    if isinstance(value, bool):
        return phrase("choice.yes" if value else "choice.no", lang)
    if isinstance(value, int) and field.scale != 1:
        return value / field.scale
    if isinstance(value, tuple):
        return ";".join(word_of(field, str(item), lang) if field.type == "codes" else str(item) for item in value)
    return word_of(field, value, lang) if field.type == "code" and isinstance(value, str) else value
