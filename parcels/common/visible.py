r"""Characters that act instead of being read are made visible: on a terminal, in a log, in every report.

A name from a file may hold an escape sequence that moves the cursor, or a mark that turns the order of letters round.
Each becomes ``\uXXXX``, which is also how JSON writes it: in JSON the value stays what it was.  Standard library only.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and new line
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that turn the order of letters
    "\u200b\u2028\u2029\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"  # without width, or ending a line
    "\U000e0000-\U000e007f\ud800-\udfff\ufffe\uffff]"  # tags, halves of pairs, no characters
)


def visible(text: str) -> str:
    r"""The text with every acting character as ``\uXXXX``; tab and new line stay, also after a carriage return."""
    if text.isascii() and text.isprintable():
        return text
    return _ACTING.sub(_shown, text.replace("\r\n", "\n"))


FILLERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Letters by their category that show as nothing at all."""


def says_something(text: str) -> bool:
    """Whether a reader sees a letter or a number in it: what is to name a document, a person or a reason must."""
    return any(unicodedata.category(each)[0] in "LN" and each not in FILLERS for each in text)


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def visible_values(value: Any) -> Any:
    """Plain data (as of JSON) with every text in it made visible, keys too."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(key) if isinstance(key, str) else key: visible_values(each) for key, each in value.items()}
    if isinstance(value, list):
        return [visible_values(each) for each in value]
    if isinstance(value, tuple):
        return tuple(visible_values(each) for each in value)
    return value


class VisibleStream:
    """A text stream on which only readable characters are written; ``raw_stream`` is the one below."""

    def __init__(self, stream: Any) -> None:
        self.raw_stream = stream

    def write(self, text: str) -> int:
        """Write a text; the count is that of the text given."""
        self.raw_stream.write(visible(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write several."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw_stream, name)


@contextmanager
def visible_streams() -> Iterator[None]:
    """Everything printed on standard output and standard error meanwhile passes :func:`visible`."""
    before = {name: getattr(sys, name) for name in ("stdout", "stderr")}
    put = {name: VisibleStream(stream) for name, stream in before.items() if stream is not None}
    for name, stream in put.items():
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, stream in put.items():
            if getattr(sys, name) is stream:  # a stream that was given up (a broken pipe) stays so
                setattr(sys, name, before[name])
