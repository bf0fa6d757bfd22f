"""The clock of a question: one limit and one Ctrl-C for all its programmes; what was found before either stays."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, Self

from parcels.common.catalogue import Say, told

LIMIT_S = 120
"""Seconds a question may take unless told otherwise."""
EVERY_S = 5
"""Seconds between two lines of progress of one programme."""


class Clock(AbstractContextManager["Clock"]):
    """The seconds a question may still take; inside ``with``, Ctrl-C ends it and what was found stays.

    ``why`` is "" while it runs, then ``limit`` or ``user``; the last line of progress tells it.
    """

    def __init__(self, seconds: float | None = None, say: Say | None = None) -> None:
        self.end = monotonic() + (LIMIT_S if seconds is None else seconds)
        self.why = ""
        self.cut = False
        self._say = say
        self._before: Any = None
        self._ours = False
        self._aloud = False
        self._told = monotonic()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            signal.signal(signal.SIGINT, self._interrupt)
            self._ours = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, self._before)
            self._ours = False
        if self.early and kind is None:
            self.tell(f"question-{self.early}")

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        again = self.why == "user"
        self.why = "user"
        if again or self._aloud:
            raise KeyboardInterrupt  # a second time: at once

    @contextmanager
    def aloud(self) -> Iterator[None]:
        """Inside, Ctrl-C raises as elsewhere: for a search in a process of its own, which hears it so."""
        self._aloud = True
        try:
            yield
        finally:
            self._aloud = False

    @contextmanager
    def part(self, share: float) -> Iterator[None]:
        """Inside, only so much of the time that is left; what that ends does not end the question."""
        whole, self.end = self.end, min(self.end, monotonic() + share * (self.end - monotonic()))
        try:
            yield
        finally:
            self.end = whole
            if self.why == "limit" and whole - monotonic() > EVERY_S:
                self.why, self.cut = "", True

    @property
    def early(self) -> str:
        """What ended it, or a part of it, before its end: ``limit``, ``user`` or ""."""
        return self.why or ("limit" if self.cut else "")

    def left(self) -> float:
        """Seconds left; 0 once it has ended."""
        rest = self.end - monotonic()
        if not self.why and rest <= 0.05:
            self.why = "limit"
        return 0.0 if self.why else rest

    def tell(self, key: str, **values: object) -> None:
        """A line of progress."""
        if self._say is not None:
            self._told = monotonic()
            self._say(told(f"progress.{key}", **values))

    def now_and_then(self, key: str, **values: object) -> None:
        """A line of progress, unless one was told just now."""
        if monotonic() - self._told >= EVERY_S:
            self.tell(key, **values)

    def tick(self, value: float, bound: float) -> None:
        """The best value and bound of the programme that runs, millipoints, said now and then."""
        if abs(value) < 1e17 and abs(bound) < 1e17:
            self.now_and_then("re-solving", best=value / 1000, bound=bound / 1000)

    def heard(self, *, relaxed: bool = False) -> dict[str, Any]:
        """The options with which HiGHS hears this clock, of an integer programme or an LP: Ctrl-C, progress."""
        import highspy

        kinds = highspy.cb.HighsCallbackType
        ours = (kinds.kCallbackSimplexInterrupt, kinds.kCallbackIpmInterrupt)
        interrupts = ours if relaxed else (kinds.kCallbackMipInterrupt,)
        logs = () if relaxed else (kinds.kCallbackMipLogging,)

        def hear(kind: Any, _message: str, out: Any, into: Any, _data: Any) -> None:
            if kind in interrupts:
                into.user_interrupt = bool(self.why)
            else:
                self.tick(float(out.mip_primal_bound), float(out.mip_dual_bound))

        return {"callbackTuple": (hear, None), "callbacksToActivate": [*interrupts, *logs]}
