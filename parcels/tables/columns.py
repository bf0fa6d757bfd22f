"""Which column holds which field: by key, title, alias, shapefile stub; units by header. Standard library only."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from parcels.common.catalogue import told
from parcels.common.issues import Issue, error, note, warning
from parcels.common.place import Place
from parcels.common.schema import Field, fields, fields_of
from parcels.common.units import UNITS, unit_factor, unit_name
from parcels.tables.agreeing import Cells, finest

SYSTEM = {"fid", "ogc_fid", "objectid", "objectid_1", "shape_length", "shape_leng", "shape", "geom", "geometry", "wkt"}
SYSTEM |= {"shape_le_1", "gml_id", "boundary_points", "layer", "paperspace", "subclasses", "linetype", "entityhandle"}
SYSTEM |= {"界址点文件", "界址点", "坐标文件"}
SYSTEM |= {"tessellate", "extrude", "visibility", "draworder", "begin", "end", "timestamp", "altitudemode", "icon"}
"""Columns a format or a GIS adds by itself; they are passed over without a word."""

_BRACKET = re.compile(r"^(.*?)[(（\[【]\s*([^()（）\[\]【】]+?)\s*[)）\]】]$", re.DOTALL)
_REMARK = re.compile(r"[(（\[【](必填|必填项|选填|选填项|可选|可空|非必填|required|optional)[)）\]】]", re.IGNORECASE)
"""What a form says of a column in its heading, beside the name and the unit."""


@dataclass(frozen=True, slots=True)
class Column:
    """A matched column: its name in the file, the field, and the exact factor to the field's unit."""

    name: str
    field: Field
    factor: Fraction = Fraction(1)
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What was matched; ``unknown`` are the columns nobody asked for."""

    columns: Mapping[str, Column]
    unknown: tuple[str, ...]
    issues: tuple[Issue, ...]


def column_key(name: str) -> str:
    """A column name as compared: NFKC, lower case, no blanks, without a form's marks for what must be filled in."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", _REMARK.sub("", name))).strip("\ufeff*★☆").lower()


def parted(name: str) -> tuple[str, str]:
    """A heading as name and unit: 面积（亩） is 面积 and 亩; "" for a unit it does not say."""
    found = _BRACKET.match(_REMARK.sub("", name).strip("* ＊★☆\t\r\n"))
    if found:
        return found.group(1), _SAID.sub("", found.group(2))
    parts = name.strip().lower().rstrip("_").split("_")
    for count in (3, 2, 1):  # without brackets or slashes (万元/亩) is _万元_亩_, and wan_yuan/mu _wan_yuan_mu_
        *first, last = parts[-count:]
        for unit in ("_".join([*first, last]), "/".join(("_".join(first), last)) if first else last):
            if len(parts) > count and all(parts) and unit_name(unit) in _suffixes():
                return "_".join(parts[:-count]), unit
    return name, ""


_SAID = re.compile(r"^单位\s*[:：]?\s*")
"""What may stand before a unit in brackets."""


def _joined_unit(name: str, of: str) -> tuple[str, str]:
    """Field and unit of a heading that ends in its unit without brackets: 面积公顷, area ha, 基准地价/元每平方米."""
    key, known = column_key(re.sub("每", "/", name)), _known(of)
    for unit in _endings():
        base = key.removesuffix(unit)
        if base == key or (unit[0].isascii() and base[-1:].isascii() and base[-1:].isalnum() and not _spaced(name)):
            continue
        hit = known.get(_SAID_LAST.sub("", base.rstrip("/:-_,、")))
        if hit and unit_factor(fields_of(of)[hit[0]].unit, unit) is not None:
            return hit[0], unit
    return "", ""


_SAID_LAST = re.compile(r"[/:,、]?单位$")


def _spaced(name: str) -> bool:
    """True if the last word of a name stands apart: only then may its letters be a unit."""
    return bool(re.search(r"[\s/:_-]\S+$", name.strip()))


@cache
def _endings() -> tuple[str, ...]:
    """Every unit as the end of a column's name, the longest first."""
    return tuple(sorted({column_key(unit) for units in UNITS.values() for unit in units}, key=lambda u: (-len(u), u)))


@cache
def _suffixes() -> frozenset[str]:
    """Units that a column's name may end in after an underscore."""
    return frozenset(unit for of in ("m2", "yuan", "yuan/m2") for unit in UNITS[of])


@cache
def _known(of: str) -> dict[str, tuple[str, int]]:
    """Column key -> (field, precedence): 0 the key itself, 1 a title, 2 an alias."""
    known: dict[str, tuple[str, int]] = {}
    for rank in range(3):
        for name, field in fields_of(of).items():
            words: Sequence[str] = ((name,), (field.title_en, field.title_zh), field.aliases)[rank]
            for word in words:
                known.setdefault(column_key(word), (name, rank))
                known.setdefault(column_key(parted(word)[0]), (name, rank + 1))
    return known


def field_of(name: str, prefix: str) -> Field | None:
    """The field that a column name stands for in a table of parcels (``P``), demands (``D``) or either."""
    for of in {"P": ("parcel",), "D": ("demand",)}.get(prefix, ("parcel", "demand")):
        found = _find(name, of)[0]
        if found is not None:
            return fields_of(of)[found]
    return None


def states_unit(name: str) -> bool:
    """True if a column name says its unit, in brackets or at its end."""
    return bool(parted(name)[1]) or any(_joined_unit(name, of)[1] for of in ("parcel", "demand"))


@cache
def fields_known() -> frozenset[str]:
    """The keys of every name by which a column is known, of parcels and of demands."""
    return frozenset(_known("parcel")) | frozenset(_known("demand"))


@cache
def _stubs(of: str) -> dict[str, frozenset[str]]:
    """What a 10-byte shapefile header leaves of the long Chinese names -> the fields it may stand for."""
    stubs: dict[str, set[str]] = {}
    for name, field in fields_of(of).items():
        for word in (name, field.title_zh, *field.aliases):
            for encoding in ("gb18030", "utf-8"):
                full = word.encode(encoding)
                if len(full) > 10:
                    stub = full[:10].decode(encoding, errors="ignore")
                    stubs.setdefault(column_key(stub), set()).add(name)
    return {stub: frozenset(names) for stub, names in stubs.items()}


def match_columns(
    names: Iterable[str],
    of: str,
    where: Place,
    *,
    units: Mapping[str, str] | None = None,
    stubs: bool = False,
    named: Mapping[str, str] | None = None,
) -> Match:
    """Match the columns of a file to the fields of ``of`` (``parcel`` or ``demand``).

    Parameters
    ----------
    names
        Column names in file order; with their cells (a mapping), two columns of one quantity in different units are
        one where every row agrees.
    of
        Whose fields.
    where
        File and layer, for messages.
    units
        Units stated for fields or columns, stronger than the header.
    stubs
        Also match what is left of long names in a shapefile's 10-byte headers, where that is unambiguous.
    named
        Field -> heading, stronger than any name: somebody said so. Blank: the field is read from no column. Fields of
        other tables are passed over.

    Returns
    -------
    Match
        With issues 19 (unit), 23 (missing), 24 (unknown), 45 (two columns for one field, ambiguous stub, a column
        named for a field that is not there).
    """
    prefix = of[0].upper()
    stated = {column_key(key): value for key, value in (units or {}).items()}
    said = {field: column_key(name) for field, name in (named or {}).items() if field in fields_of(of)}
    found, unknown, issues = _hits(names, of, where, said, stubs)
    fields = fields_of(of)
    columns: dict[str, Column] = {}
    for field_name, hits in found.items():
        cells = names if isinstance(names, Mapping) else {}
        best, issue = _choose(fields[field_name], hits, where, prefix, cells)
        issues.extend(issue)
        field_ = fields[field_name]
        unit = stated.get(column_key(field_name)) or stated.get(column_key(best[1])) or best[2]
        factor = unit_factor(field_.unit, unit) if unit else Fraction(1)
        if factor is None:
            issues.append(
                error(
                    f"{prefix}019.column-unknown-unit",
                    at=where,
                    best=best[1],
                    unit=unit,
                    field=field_name,
                    units=list(UNITS.get(field_.unit, {field_.unit: 1}))[:12],
                )
            )
            factor = Fraction(1)
        columns[field_name] = Column(best[1], field_, factor, unit_name(unit) if unit else "")
    issues += [
        error(f"{prefix}045.column-named-not-there", at=where, name=(named or {})[field], field=field)
        for field, key in said.items()
        if key and field not in columns
    ]
    issues.extend(_missing(columns, unknown, of, where, prefix))
    issues.extend(_unknown(unknown, columns, of, where, prefix))
    issues.extend(_unused_units(stated, columns, where, prefix))
    return Match(columns, tuple(unknown), tuple(issues))


Hits = dict[str, list[tuple[int, str, str]]]
"""Field -> the columns that may stand for it: precedence, name, unit."""


def _hits(
    names: Iterable[str], of: str, where: Place, said: Mapping[str, str], stubs: bool
) -> tuple[Hits, list[str], list[Issue]]:
    """The columns by the field they may stand for, and those that stand for none."""
    fixed = {key: field for field, key in said.items() if key}
    found: Hits = {}
    unknown: list[str] = []
    issues: list[Issue] = []
    for name in names:
        field, rank, unit = _find(name, of)
        if column_key(name) in fixed:
            field, rank, unit = _fixed(fixed[column_key(name)], name, of)
        elif field in said:
            unknown.append(name)
            continue
        if field is None and stubs:
            held = _stubs(of).get(column_key(name), frozenset())
            if len(held) > 1:
                issues.append(error(f"{of[0].upper()}045.column-cut-off", at=where, name=name, held=sorted(held)))
                continue
            field, rank = (next(iter(held)), 4) if held else (None, 9)
        if field is None:
            if column_key(name) not in SYSTEM:
                unknown.append(name)
            continue
        found.setdefault(field, []).append((rank, name, unit))
    return found, unknown, issues


def _fixed(field: str, name: str, of: str) -> tuple[str, int, str]:
    """A column that is read as a field because somebody said so; its heading may still say the unit."""
    unit = parted(name)[1]
    return field, -1, unit if unit and unit_factor(fields_of(of)[field].unit, unit) is not None else ""


def _find(name: str, of: str) -> tuple[str | None, int, str]:
    known = _known(of)
    base, unit = parted(name)
    hit = known.get(column_key(name))
    if hit:
        field = fields_of(of)[hit[0]]
        implied = unit if unit and unit_factor(field.unit, unit) is not None else ""
        return hit[0], hit[1], implied
    hit = known.get(column_key(base)) if unit else None
    if hit is None and unit:
        with_unit = [key for key, (field_name, rank) in known.items() if rank == 0 and key == f"{column_key(base)}_m2"]
        hit = known.get(with_unit[0]) if with_unit else None
    if hit is not None and not fields_of(of)[hit[0]].unit:
        unit = ""  # a remark: 平台名称（全称）
    if hit is None:
        field_name, unit = _joined_unit(name, of)
        return (field_name, 3, unit) if field_name else (None, 9, "")
    return hit[0], hit[1] + 1, unit


def _choose(
    field: Field, hits: list[tuple[int, str, str]], where: Place, prefix: str, cells: Cells
) -> tuple[tuple[int, str, str], list[Issue]]:
    best = min(hits, key=lambda hit: (hit[1].lower() == "shape_area", hit[0]))
    others = [hit for hit in hits if hit is not best]
    rivals = [hit[1] for hit in others if hit[0] == best[0] and hit[1].lower() != "shape_area"]
    if rivals:
        same = {hit[1]: hit[2] for hit in hits if hit[1] == best[1] or hit[1] in rivals}
        taken = finest(field.unit, same, cells) if field.unit and len(set(same.values())) == len(same) else None
        if taken is not None:
            best = next(hit for hit in hits if hit[1] == taken)
            other = [name for name in same if name != taken]
            return best, [
                note(f"{prefix}046.read-from-column-says", at=where, field=field.name, taken=taken, other=other)
            ]
        all_names = (best[1], *rivals)
        if field.type == "text" and not field.required:
            return best, [warning(f"{prefix}046.first-read", at=where, names=all_names, field=field.name)]
        return best, [error(f"{prefix}045.columns-all-stand", at=where, names=all_names, field=field.name)]
    passed = [hit[1] for hit in others if hit[1].lower() != "shape_area"]
    if passed:
        return best, [warning(f"{prefix}046.read-from-column", at=where, field=field.name, best=best[1], other=passed)]
    return best, []


def _missing(columns: Mapping[str, Column], unknown: Sequence[str], of: str, where: Place, prefix: str) -> list[Issue]:
    issues = []
    for name, field in fields_of(of).items():
        if field.required and name not in columns:
            words = [name, field.title_zh, *field.aliases]
            near = nearest(words, unknown)
            maybe = told("near.column" if near else "near.called", near=near, name=name, words=words[1:5])
            issues.append(error(f"{prefix}023.column-missing", at=where, maybe=maybe, name=name, title=field.title_zh))
    return issues


def _unknown(unknown: Sequence[str], columns: Mapping[str, Column], of: str, where: Place, prefix: str) -> list[Issue]:
    issues = []
    free = {key: name for key, (name, _) in _known(of).items() if name not in columns}
    plain = []
    for name in unknown:
        near = difflib.get_close_matches(column_key(name), free, 1, 0.75)
        if near:
            issues.append(warning(f"{prefix}024.column-not-known", at=where, name=name, free=free[near[0]]))
        else:
            plain.append(name)
    if plain:
        issues.append(warning(f"{prefix}024.columns-not-known", at=where, names=plain))
    return issues


def _unused_units(stated: Mapping[str, str], columns: Mapping[str, Column], where: Place, prefix: str) -> list[Issue]:
    used = {column_key(name) for name in columns} | {column_key(column.name) for column in columns.values()}
    return [
        warning(f"{prefix}019.no-such-column", at=where, key=key)
        for key in stated
        if key not in used and key not in fields()
    ]


def nearest(words: Iterable[str], candidates: Iterable[str]) -> str | None:
    """The candidate most like one of the words, or ``None``."""
    by_key = {column_key(name): name for name in candidates}
    best: tuple[float, str] | None = None
    for word in words:
        for key in difflib.get_close_matches(column_key(word), by_key, 1, 0.6):
            ratio = difflib.SequenceMatcher(None, column_key(word), key).ratio()
            if best is None or ratio > best[0]:
                best = (ratio, by_key[key])
    return best[1] if best else None
