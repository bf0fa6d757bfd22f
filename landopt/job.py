"""One run of the main job: what is asked for, what comes out, and how it may end without a plan."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.case import Case
from landopt.keeping.ledger.stores.places import LedgerPlace
from parcels.common.catalogue import phrase
from parcels.common.issues import LandoptError

if TYPE_CHECKING:
    from constraints.audit.finding import AuditReport


class NoPlan(LandoptError):
    """No plan satisfies the rules (exit 3)."""

    exit_code = 3


class Breach(LandoptError):
    """The audit found a breach; the plan is withheld (exit 5)."""

    exit_code = 5


class Stopped(LandoptError):
    """Stopped before any plan was found (exit 7)."""

    exit_code = 7


def gap_of(text: str) -> str:
    """A proven gap from 0 to 1, as a plain decimal. Raises ValueError for anything else."""
    from parcels.common.units import exact

    number = exact(text.strip())
    if not 0 <= number <= 1:
        raise ValueError(text)
    return format(Decimal(text.strip()), "f") if number else "0"


def seconds(text: str) -> int:
    """A time such as 90, 90s, 5m or 1h in seconds.

    Raises
    ------
    ValueError
        If it is none; the text says so.
    """
    match = re.fullmatch(r"(\d{1,9})\s*([smh]?)", text.strip(), re.ASCII)
    if match is None or not int(match.group(1)):
        raise ValueError(f"'{text}' is not a time")
    return int(match.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600}[match.group(2)]


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of one run; ``None`` means the round's own setting."""

    round_path: Path
    output: Path | None = None
    gap: str | None = None
    time_limit_s: int | None = None
    nodes: int | None = None
    seed: int | None = None
    threads: int | None = None
    memory: int | None = None
    solver: str = "highs"
    overlays: tuple[Path, ...] = ()
    sets: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    reason: str = ""
    by: str = ""
    keep: Path | None = None
    change_cost: int = 0
    continues: Path | None = None
    """The plan of a programme that this round carries on."""
    ledger: LedgerPlace | None = None
    as_of: str | None = None
    """Another day whose law holds on the same round."""
    robust: int = 0
    """Draws over which the plan with the best mean is taken (0: the best plan as things are)."""
    stress: Path | None = None
    """What may happen in them (default: ``stress.toml`` of the round)."""
    booked: bool = True
    """Under the round's own ledger, where it has one."""

    def case_words(self) -> str:
        """The round and the job that make its case, as they are typed after a command of the desk."""
        words = [str(self.round_path)]
        for name, values in (("--overlay", self.overlays), ("--set", self.sets), ("--fix", self.fixes)):
            for value in values:
                words += [name, str(value)]
        words += ["--as-of", self.as_of] if self.as_of else []
        words += ["--drop", ",".join(self.drop)] if self.drop else []
        words += ["--reason", self.reason] if self.reason else []
        words += ["--by", self.by] if self.by else []
        words += ["--ledger", str(self.ledger)] if self.ledger is not None else []
        return shlex.join(words)


@dataclass(frozen=True, slots=True)
class Result:
    """A plan that was written and passed the audit."""

    folder: Path
    plan: dict[str, Any]
    case: Case
    audit: AuditReport
    exit_code: int
    seconds: float
    phases: dict[str, float] = field(default_factory=dict)
    """CPU seconds of this process in each phase; those of the solver's child are not in it."""
    robust: Mapping[str, Any] | None = None
    """Of ``--robust``: mean, bound, gap and values over the draws, as in ``robust.json`` beside the plan."""

    def footer(self, lang: str) -> str:
        """Where the plan stands, the head of the ledger it was made under, and what to do next."""
        head = self.plan.get("ledger_head")
        lines = [phrase("footer.written", lang, folder=self.folder, checked=self.audit.checked)]
        if head:
            lines.append(phrase("footer.head", lang, head=head, folder=self.folder))
        return "\n".join([*lines, phrase("footer.next", lang, folder=self.folder)])
