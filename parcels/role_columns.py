"""Names and numbers of layer features: block ids and totals, zone codes, point ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from parcels.common.place import Place
from parcels.common.schema import fields
from parcels.common.units import BadValue, scaled
from parcels.common.vocabulary import code_of
from parcels.formats.sources import RawTable
from parcels.how_read import AREAS, AS_IT_SAYS, HowRead
from parcels.tables.columns import column_key
from parcels.tables.findings import Findings
from parcels.tables.values import clean_text

_IDS = {
    "industrial_block": ("ind_block", "block_id", "block", "id", "区块编号", "qkbh", "name", "名称"),
    "zones": ("zone", "政策区", "功能区", "zcq", "name", "名称", "id"),
    "points": ("point_id", "point", "id", "name", "编号", "名称"),
}
_NUMBERS = {
    "level": ("level", "ind_block_level", "区块级别", "级别"),
    "area_m2": ("area_m2", "ind_block_area_m2", "面积", "区块面积"),
    "ind_m2": ("ind_m2", "工业用地面积"),
    "m0_m2": ("m0_m2", "新型产业用地面积"),
}


@dataclass(frozen=True, slots=True)
class Attributes:
    """``ids`` one a feature; ``numbers`` whole numbers a feature (``None`` = not given)."""

    ids: tuple[str, ...]
    numbers: dict[str, list[int | None]] = field(default_factory=dict)

    def take(self, rows: Sequence[int]) -> Attributes:
        """The attributes of some features."""
        numbers = {name: [column[i] for i in rows] for name, column in self.numbers.items()}
        return Attributes(tuple(self.ids[i] for i in rows), numbers)


def said_name(headings: Iterable[str], role: str) -> str | None:
    """The column that by its heading names the features of a role."""
    return _first(headings, _IDS.get(role, ()))


def said_number(headings: Iterable[str], fact: str) -> str | None:
    """The column that by its heading is a number of an industrial block."""
    return _first(headings, _NUMBERS.get(fact, ()))


def _first(headings: Iterable[str], words: Sequence[str]) -> str | None:
    by_key = {column_key(name): name for name in headings}
    return next((by_key[word] for word in words if word in by_key), None)


def attributes(raw: RawTable, role: str, found: Findings, how: HowRead = AS_IT_SAYS) -> Attributes:
    """What the features of a role layer are called and what numbers they carry (findings 23, 25, 27, 30, 51)."""
    count = len(raw.rows)
    if role not in _IDS:
        return Attributes(("",) * count)
    by_key = {column_key(name): name for name in raw.columns}
    name = how.heading("name", said_name(raw.columns, role), by_key, raw.where)
    if name is None:
        found.add("error", "023.no-column-names", names=_IDS[role])
        return Attributes(tuple(str(i + 1) for i in range(count)))
    ids = []
    for row, cell in zip(raw.rows, raw.columns[name], strict=True):
        try:
            text = "" if cell is None else clean_text(cell)
        except BadValue as problem:
            found.add("error", problem.key, at=Place(row=row, column=name), field=name, **problem.values)
            text = str(cell)
        if not text:
            found.add("error", "025.blank-name", at=Place(row=row, column=name), name=name)
        ids.append(_zone(text, row, name, found) if role == "zones" and text else text)
    if role == "points":
        double = {identifier for identifier in ids if ids.count(identifier) > 1} if len(set(ids)) < len(ids) else set()
        for identifier in sorted(double):
            found.add("error", "030.point-there-more", at=Place(column=name), identifier=identifier)
    return Attributes(tuple(ids), _numbers(raw, by_key, found, how) if role == "industrial_block" else {})


def _zone(text: str, row: int, column: str, found: Findings) -> str:
    code = code_of("zone", text, fields()["zone"].values)
    if code is not None:
        return code
    found.add("error", "051.no-zone-zones", at=Place(row=row, column=column), text=text, known=fields()["zone"].values)
    return text


def _numbers(raw: RawTable, by_key: dict[str, str], found: Findings, how: HowRead) -> dict[str, list[int | None]]:
    numbers: dict[str, list[int | None]] = {}
    for key in _NUMBERS:
        column = how.heading(key, said_number(raw.columns, key), by_key, raw.where)
        if column is None:
            continue
        values: list[int | None] = []
        for row, cell in zip(raw.rows, raw.columns[column], strict=True):
            try:
                blank = cell is None or (isinstance(cell, str) and not cell.strip())
                values.append(
                    None
                    if blank
                    else scaled(cell, 1, how.factor(key) if key in AREAS else Fraction(1), whole=key == "level")
                )
            except BadValue as problem:
                found.add("error", problem.key, at=Place(row=row, column=column), field=key, **problem.values)
                values.append(None)
        numbers[key] = values
    return numbers
