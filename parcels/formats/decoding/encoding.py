"""Which encoding a text is in, from all its bytes: strict UTF-8, else strict GB18030, else a refusal.

Standard library only.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from parcels.common.catalogue import Told, told
from parcels.common.issues import Refused, error, noted

NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030", "utf-16": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding used and the sentence that says so."""

    text: str
    encoding: str
    note: Told


def decode(data: bytes, name: str, *, encoding: str | None = None, prefix: str = "P") -> Decoded:
    """A whole text file.

    Parameters
    ----------
    data
        The bytes.
    name
        The file, for messages.
    encoding
        Overrides the finding.

    Raises
    ------
    Refused
        31 if it is neither UTF-8 nor GB18030 throughout, or not what was said.
    """
    if encoding is not None:
        said = known(encoding, name, prefix)
        try:
            text = data.decode("utf-8-sig" if said == "utf-8" else said)
        except UnicodeDecodeError as problem:
            raise Refused(
                error(f"{prefix}031.byte-no", at=name, start=problem.start, name=name, encoding=encoding)
            ) from None
        return Decoded(text, said, noted(name, told("encoding.as-said", encoding=NAMES.get(said, said))))
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        try:
            return Decoded(data.decode("utf-16"), "utf-16", noted(name, told("encoding.utf16")))
        except UnicodeDecodeError as problem:
            raise Refused(error(f"{prefix}031.no-whole-utf", at=name, name=name, start=problem.start)) from None
    found = detect((data,))
    if found is None:
        raise Refused(error(f"{prefix}031.neither-utf-8", at=name, name=name))
    text = data.decode("utf-8-sig" if found == "utf-8" else found)
    if data.isascii():
        return Decoded(text, "utf-8", noted(name, told("encoding.ascii")))
    key = "encoding.mark" if data.startswith(codecs.BOM_UTF8) else "encoding.found"
    return Decoded(text, found, noted(name, told(key, encoding=NAMES[found])))


def known(encoding: str, name: str, prefix: str = "P") -> str:
    """Python's name of an encoding that a user names; GBK and GB2312 are read as GB18030, which holds them.

    Raises
    ------
    Refused
        31 if there is no such encoding.
    """
    try:
        found = codecs.lookup(encoding.strip()).name
    except (LookupError, ValueError):
        raise Refused(error(f"{prefix}031.there-no-encoding", at=name, encoding=encoding)) from None
    return "gb18030" if found in ("gbk", "gb2312", "cp936") else "utf-8" if found == "utf-8-sig" else found


def detect(parts: tuple[bytes, ...] | list[bytes]) -> str | None:
    """``utf-8`` if every part is strictly so, else ``gb18030`` if every part is, else ``None``."""
    for encoding in ("utf-8", "gb18030"):
        try:
            for part in parts:
                part.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return None
