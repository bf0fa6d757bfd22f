"""What a workbook to fill in has for columns: from the declared fields, in one language."""

from __future__ import annotations

from dataclasses import dataclass

from parcels.common.catalogue import FIRST, find, phrase, titled
from parcels.common.schema import Field, fields_of
from parcels.common.vocabulary import subject_of

KINDS = ("parcels", "demands", "records", "results", "policy")
"""The forms; a sheet's name stands under ``sheet-name``."""
_LINES = {
    "records": {"rule": True, "parcel_id": False, "demand_id": False, "document": True, "date": True, "by": False},
    "results": {"parcel_id": True, "outcome": True, "date": True, "price_yuan": False, "document": False},
}
"""Forms that no field is declared for: their columns, and which are required."""
OUTCOMES = ("contracted", "failed", "withdrawn", "delivered", "started", "completed", "taken_back")
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
    if kind in _LINES:
        return tuple(_plain(name, need, lang) for name, need in _LINES[kind].items())
    of = kind.removesuffix("s")
    made = [_column(field, lang) for field in fields_of(of).values() if not field.derived]
    if kind == "parcels":
        heading = phrase("sheet-name.points", lang)
        made.append(FormColumn("boundary_points", heading, "text", False, "", (), "points.txt#A1"))
    return tuple(sorted(made, key=lambda column: not column.required))


def _plain(name: str, required: bool, lang: str) -> FormColumn:
    kind = "date" if name == "date" else "int" if name == "price_yuan" else "text"
    choices = tuple(phrase(f"outcome-choice.{each}", lang) for each in OUTCOMES) if name == "outcome" else ()
    return FormColumn(name, phrase(f"form-column.{name}", lang), kind, required, "", choices, _EXAMPLES.get(kind, ""))


def _column(field: Field, lang: str) -> FormColumn:
    if lang == FIRST:  # English headings are the names that every file may use
        heading, unit = field.name, field.unit
    else:
        heading, unit = titled(field.name, lang), titled(field.unit, lang, "unit")
        if field.unit in ("m2", "yuan", "yuan/m2"):
            heading += f"({unit})"
    choices: tuple[str, ...] = ()
    if field.type == "bool":
        choices = (phrase("choice.yes", lang), phrase("choice.no", lang))
    elif field.type == "code":
        choices = tuple(word_of(field, value, lang) for value in field.values)
    example = choices[0] if choices else _EXAMPLES.get(field.type, "")
    return FormColumn(field.name, heading, field.type, field.required, unit, choices, example)


def word_of(field: Field, value: str, lang: str) -> str:
    """The word a form has for a value of a choice: accepted as input like the value itself."""
    if lang == FIRST:
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
