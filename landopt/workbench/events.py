"""News for the page: one stream of server-sent events; what was missed while a page was away is told again."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

KEPT = 500
"""News that are remembered for a page that comes back."""
BEAT_S = 15
"""Seconds between signs of life of a silent stream."""


class Hub:
    """Takes news from anywhere in the server and hands them to every stream."""

    def __init__(self) -> None:
        self.number = 0
        self.past: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self.streams: set[asyncio.Queue[tuple[int, str] | None]] = set()

    def tell(self, kind: str, **news: Any) -> None:
        """Tell something to all who listen."""
        self.number += 1
        entry = (self.number, json.dumps({"kind": kind, **news}, ensure_ascii=False))
        self.past.append(entry)
        for stream in self.streams:
            stream.put_nowait(entry)

    def close(self) -> None:
        """End every stream."""
        for stream in self.streams:
            stream.put_nowait(None)

    async def listen(self, after: int) -> AsyncIterator[bytes]:
        """The stream of one page, from what came after a number on."""
        stream: asyncio.Queue[tuple[int, str] | None] = asyncio.Queue()
        self.streams.add(stream)
        try:
            yield f"retry: 1000\nid: {self.number}\nevent: hello\ndata: {{}}\n\n".encode()
            for number, text in [entry for entry in self.past if 0 <= after < entry[0]]:
                yield _event(number, text)
            while True:
                try:
                    entry = await asyncio.wait_for(stream.get(), BEAT_S)
                except TimeoutError:
                    yield b": alive\n\n"
                    continue
                if entry is None:
                    return
                yield _event(*entry)
        finally:
            self.streams.discard(stream)


def _event(number: int, text: str) -> bytes:
    return f"id: {number}\ndata: {text}\n\n".encode()
