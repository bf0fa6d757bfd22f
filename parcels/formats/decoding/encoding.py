"""Which encoding a text is in, from all its bytes: strict UTF-8, else strict GB18030, else a refusal.

Standard library only.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from parcels.common.issues import Refused, error

NAMES = {"utf-8": "UTF-8", "gb18030": "GB18030", "utf-16": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, the encoding used and the sentence that says so."""

    text: str
    encoding: str
    note: str


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
            what = f"byte {problem.start:,} of {name} is no {encoding}"
            raise Refused(
                error(f"{prefix}031", what, name, "leave --encoding out: it is found from the bytes")
            ) from None
        return Decoded(text, said, f"{name}: read as {NAMES.get(said, said)}, as was said")
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        try:
            return Decoded(data.decode("utf-16"), "utf-16", f"{name}: UTF-16 (byte order mark)")
        except UnicodeDecodeError as problem:
            raise Refused(error(f"{prefix}031", f"{name} is no whole UTF-16 at byte {problem.start:,}", name)) from None
    found = detect((data,))
    if found is None:
        what = f"{name} is neither UTF-8 nor GB18030 throughout"
        raise Refused(error(f"{prefix}031", what, name, "say --encoding, for example --encoding big5"))
    text = data.decode("utf-8-sig" if found == "utf-8" else found)
    if data.isascii():
        return Decoded(text, "utf-8", f"{name}: plain ASCII")
    bom = " (byte order mark)" if data.startswith(codecs.BOM_UTF8) else ""
    return Decoded(text, found, f"{name}: {NAMES[found]}{bom}, found from the bytes")


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
        what = f"there is no encoding {encoding!r}"
        raise Refused(error(f"{prefix}031", what, name, "say UTF-8, GBK or GB18030")) from None
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
