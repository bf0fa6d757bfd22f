"""How much one caller may ask: a rate by token, a debt for what was much at once, and few heavy questions at a time."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from landopt.workbench.guards import refused

EACH, ALL = 4, 16
"""Heavy questions of one caller, and of all, that are asked or waited for at the same time."""


@dataclass
class Limits:
    """What callers have used of late.

    ``rate``: cases a caller may ask each second, as much again at once. A batch counts its cases; who has asked more
    than his share waits until it is worked off.
    """

    rate: int
    now: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _heavy: Counter[str] = field(default_factory=Counter)

    def count(self, caller: str, cases: int) -> None:
        """Take note of a question. Raises Refusal (429) for a caller that is in debt."""
        now = self.now()
        left, since = self._left.get(caller, (float(self.rate), now))
        left = min(float(self.rate), left + (now - since) * self.rate)
        if left < 1:
            self._left[caller] = (left, now)
            raise refused(429, "too-many", count=self.rate)
        self._left[caller] = (left - cases, now)

    @contextlib.contextmanager
    def heavy(self, caller: str) -> Iterator[None]:
        """A heavy question goes on. Raises Refusal (429) where too many do."""
        if self._heavy[caller] >= EACH or self._heavy.total() >= ALL:
            raise refused(429, "busy", count=min(EACH, ALL))
        self._heavy[caller] += 1
        try:
            yield
        finally:
            self._heavy[caller] -= 1
