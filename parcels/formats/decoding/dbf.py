"""The attribute table of a shapefile, read from its bytes: encoding found, exact texts, every damage named.

No library decides a dbf's encoding from its content, so a GBK file without ``.cpg`` becomes mojibake without a warning.
Standard library only.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from parcels.common.catalogue import Told, told
from parcels.common.issues import Issue, Refused, error, noted, warning
from parcels.formats.decoding.encoding import NAMES, known

LDID = {0x4D: "gb18030", 0x4E: "cp949", 0x4F: "big5", 0x7A: "gb18030", 0x78: "big5", 0x7B: "cp932", 0x57: "", 0x00: ""}
"""Language driver ids that name an encoding; 0 and 0x57 (ANSI of the machine) say nothing."""


@dataclass(frozen=True, slots=True)
class DbfField:
    """A field as the header describes it; ``raw`` are the bytes of its name."""

    raw: bytes
    kind: str
    start: int
    width: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Dbf:
    """A decoded table: ``columns`` hold texts (numbers as written) or ``None``; ``kept`` the records not deleted."""

    columns: dict[str, list[object]]
    kept: tuple[int, ...]
    encoding: str
    note: Told
    issues: tuple[Issue, ...]


def read_dbf(path: Path, *, encoding: str | None = None, cpg: str | None = None) -> Dbf:
    """A dbf file.

    Parameters
    ----------
    path
        The file.
    encoding
        Overrides what is found.
    cpg
        Content of the ``.cpg`` beside it, if there is one.

    Raises
    ------
    Refused
        31 (no encoding fits), 37 (cut off), ``F004`` (no dbf).
    """
    return parse_dbf(path.read_bytes(), path.name, encoding=encoding, cpg=cpg)


def parse_dbf(data: bytes, name: str, *, encoding: str | None = None, cpg: str | None = None) -> Dbf:
    """As :func:`read_dbf`, from bytes."""
    count, header, width, fields = _header(data, name)
    rows = [data[header + i * width : header + (i + 1) * width] for i in range(count)]
    kept = tuple(i for i, row in enumerate(rows) if row[:1] != b"*")
    names = [field.raw for field in fields]
    cells: list[list[bytes]] = []
    for field in fields:
        cells.append([rows[i][field.start : field.start + field.width].rstrip(b" \x00") for i in kept])
    texts = [
        (value, len(value) == field.width)
        for field, column in zip(fields, cells, strict=True)
        if field.kind in "CM"
        for value in set(column)
    ]
    chosen, note, issues = choose(names, texts, name, encoding=encoding, ldid=data[29], cpg=cpg)
    columns: dict[str, list[object]] = {}
    for field, column in zip(fields, cells, strict=True):
        title = _text(field.raw, chosen, len(field.raw) >= 10)
        if title in columns:
            issues.append(error("P045.two-columns-called", at=name, title=title))
        decoded = {value: _cell(value, field, chosen) for value in set(column)}
        cut = [value for value in decoded if field.kind == "C" and len(value) == field.width and _is_cut(value, chosen)]
        if cut:
            issues.append(
                warning("P033.column-holds-text", at=name, title=title, count=len(cut), decoded=decoded[cut[0]])
            )
        columns[title] = [decoded[value] for value in column]
    return Dbf(columns, kept, chosen, note, tuple(issues))


def _header(data: bytes, name: str) -> tuple[int, int, int, list[DbfField]]:
    if len(data) < 33:
        raise Refused(error("P037.cut-off-ends", at=name, name=name, count=len(data)))
    count, header, width = struct.unpack("<IHH", data[4:12])
    if header < 33 or width < 1 or header > len(data):
        raise Refused(error("P037.no-dbf-table", at=name, name=name, header=header, count=len(data)))
    wanted = header + count * width
    if wanted > len(data):
        raise Refused(error("P037.cut-off-ends-at", at=name, name=name, count=len(data), wanted=wanted))
    fields: list[DbfField] = []
    at, start = 32, 1
    while at + 32 <= header and data[at] != 0x0D:
        entry = data[at : at + 32]
        kind = chr(entry[11])
        size, decimals = entry[16], entry[17]
        if kind == "C":
            size, decimals = size + 256 * decimals, 0
        fields.append(DbfField(entry[:11].split(b"\x00")[0], kind, start, size, decimals))
        start += size
        at += 32
    if not fields or start > width:
        raise Refused(error("F004.fields-take-bytes", at=name, name=name, start=start, width=width))
    return count, header, width, fields


def choose(
    names: Iterable[bytes],
    texts: Iterable[tuple[bytes, bool]],
    name: str,
    *,
    encoding: str | None,
    ldid: int,
    cpg: str | None,
) -> tuple[str, Told, list[Issue]]:
    """The encoding of a dbf, the sentence that says how it was found, and contradictions.

    Parameters
    ----------
    names
        Bytes of the field names.
    texts
        Distinct text values, each with whether it fills its field (and may be cut in mid-character).
    encoding
        What the user says.
    ldid, cpg
        What the file says of itself; the bytes are stronger.

    Raises
    ------
    Refused
        31 if no encoding fits all bytes.
    """
    parts = [(raw, len(raw) >= 10) for raw in names] + list(texts)
    said_cpg = _stated(cpg)
    said_ldid = LDID.get(ldid, "")
    if encoding is not None:
        said = known(encoding, name)
        if not _fits(parts, said):
            raise Refused(error("P031.not-throughout", at=name, name=name, encoding=encoding))
        return said, noted(name, told("encoding.as-said", encoding=NAMES.get(said, said))), []
    high = [part for part in parts if not part[0].isascii()]
    if not high:
        return said_cpg or said_ldid or "utf-8", noted(name, told("encoding.ascii")), []
    fitting = [one for one in ("utf-8", "gb18030") if _fits(high, one)]
    for stated in (said_ldid, said_cpg):
        if stated and not fitting and stated not in ("utf-8", "gb18030") and _fits(high, stated):
            fitting.append(stated)
    if not fitting:
        raise Refused(error("P031.neither-utf-8", at=name, name=name))
    chosen = fitting[0]
    issues: list[Issue] = []
    if len(fitting) == 2 and not _has_cjk(high, "utf-8"):
        stated = said_cpg or said_ldid
        chosen = stated if stated in fitting else "gb18030"
        issues.append(warning("P031.few-non-ascii", at=name, encoding=NAMES[chosen]))
    for label, stated, shown in ((".cpg", said_cpg, cpg), (told("encoding.driver"), said_ldid, f"0x{ldid:02X}")):
        if stated and stated != chosen:
            issues.append(
                warning(
                    "P031.says-bytes-used",
                    at=name,
                    label=label,
                    shown=str(shown).strip(),
                    encoding=NAMES.get(chosen, chosen),
                )
            )
    how = told(
        "encoding.dbf" if cpg else "encoding.dbf-bare",
        encoding=NAMES.get(chosen, chosen),
        cpg=(cpg or "").strip(),
        ldid=f"0x{ldid:02X}",
    )
    return chosen, noted(name, how), issues


def _stated(cpg: str | None) -> str:
    word = (cpg or "").strip().lower()
    if word in ("936", "cp936", "gbk", "gb2312", "gb18030", "ansi 936", "54936"):
        return "gb18030"
    if word in ("utf-8", "utf8", "65001"):
        return "utf-8"
    try:
        return codecs.lookup(word).name if word and word not in ("oem", "ansi") else ""
    except (LookupError, ValueError):
        return ""


def _decode(raw: bytes, encoding: str, may_be_cut: bool) -> str:
    if not may_be_cut:
        return raw.decode(encoding)
    return codecs.getincrementaldecoder(encoding)().decode(raw, final=False)


def _fits(parts: Iterable[tuple[bytes, bool]], encoding: str) -> bool:
    try:
        for raw, full in parts:
            _decode(raw, encoding, full)
    except UnicodeDecodeError:
        return False
    return True


def _has_cjk(parts: Iterable[tuple[bytes, bool]], encoding: str) -> bool:
    return any(any(mark >= "\u2e80" for mark in _decode(raw, encoding, full)) for raw, full in parts)


def _is_cut(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return True
    return False


def _text(raw: bytes, encoding: str, full: bool) -> str:
    return _decode(raw, encoding, full).strip()


def _cell(raw: bytes, field: DbfField, encoding: str) -> object:
    if field.kind == "C":
        text = _decode(raw, encoding, len(raw) == field.width)
        return text if text.strip() else None
    plain = raw.decode("ascii", errors="replace").strip(" \x00")
    if field.kind == "D":
        if not plain or set(plain) == {"0"}:
            return None
        return f"{plain[:4]}-{plain[4:6]}-{plain[6:]}" if len(plain) == 8 and plain.isdigit() else plain
    if field.kind == "L":
        return {"t": True, "y": True, "f": False, "n": False}.get(plain.lower(), None if plain in ("", "?") else plain)
    if field.kind in "NF":
        return _number(plain)
    return plain or None


def _number(plain: str) -> object:
    """A number exactly as written: integer or decimal; anything else stays a text and is refused as such."""
    if not plain or set(plain) == {"*"}:
        return None
    if re.fullmatch("[+-]?[0-9]+", plain):
        return int(plain)
    return (
        Decimal(plain)
        if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]{1,3})?", plain) and _digits(plain)
        else plain
    )


def _digits(plain: str) -> bool:
    return any(mark.isdigit() for mark in re.split("[eE]", plain)[0])
