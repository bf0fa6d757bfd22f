"""The front door: rounds and plans as values, (Geo)DataFrames in and out, refusals as exceptions with every finding.

``import landopt as lo`` opens it lazily: nothing heavy is imported before it is used. Nothing here prints, and every
command of the desk works through the same functions. docs/api.md has a running example of each.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from landopt.door import arguments
from landopt.door.answers import Asked, Diff, Explanation, MethodAnswer, Reply
from landopt.door.opened_round import PathLike, Round
from landopt.door.plans import Plan, open_plan
from landopt.job import Breach, NoPlan, Stopped
from parcels.common.issues import Environment, LandoptError, Refused

if TYPE_CHECKING:
    from constraints.audit.finding import AuditReport

__all__ = [
    "Asked",
    "Breach",
    "Diff",
    "Environment",
    "Explanation",
    "LandoptError",
    "MethodAnswer",
    "NoPlan",
    "Plan",
    "Refused",
    "Reply",
    "Round",
    "Stopped",
    "ask",
    "audit",
    "open_plan",
    "read",
]


def read(path: PathLike, *, drop: Iterable[str] = (), reason: str = "") -> Round:
    """Read and check a round.

    Parameters
    ----------
    path
        The round's folder or its ``round.toml`` (docs/rounds.md).
    drop
        Ids of parcels to leave out; kept on the record with ``reason``.

    Raises
    ------
    Refused
        With every problem of every file at once.

    Examples
    --------
    >>> rnd = lo.read("my-round")
    >>> len(rnd.parcels), len(rnd.demands)
    (160, 56)
    """
    return Round.opened(Path(path), tuple(drop), reason)


def ask(
    as_of: str | datetime.date | None = None,
    packs: Sequence[str] | None = None,
    *,
    policy: Sequence[PathLike] = (),
    enable: Iterable[str] = (),
    rate: str = "0.05",
    **facts: object,
) -> Asked:
    """Which methods may a case use, and why; no round needed.

    Parameters
    ----------
    as_of
        Date of the plan or notice decision; default: today.
    packs
        Names of rule packs; default: all.
    policy
        Policy files to add.
    enable
        Methods that are off by default.
    rate
        Land reduction rate of the year factor.
    **facts
        Any field of docs/fields.md; None makes a fact unknown, what is not told is assumed (``assumed``).

    Raises
    ------
    Refused
        For a fact, a value, a date, a rate, a method or a pack that is not known.

    Examples
    --------
    >>> answers = lo.ask(use="RES", operator="pubinst", intending_users=1, as_of="2026-11-22")
    >>> answers["agreement"].verdict in ("permit", "condition")
    True
    """
    from constraints.loading.load import load
    from constraints.loading.method_facts import tables
    from constraints.reading.asking.ask import ask as answered
    from landopt.intake.names import methods_named

    rules = [rule for path in policy for rule in load(Path(path), Path(path).stem).rules]
    told = {name: arguments.told(value) for name, value in facts.items()}
    date = arguments.date(as_of).isoformat()
    enabled = methods_named(enable, tables(), "enable")
    return Asked(answered(told, date, packs, policy=rules, enabled=enabled, rate=arguments.rate(rate)))


def audit(
    plan: Plan | PathLike,
    *,
    complete: bool = False,
    as_of: str | datetime.date | None = None,
    sample: int = 8,
    seed: int | None = None,
) -> AuditReport:
    """Re-derive everything a plan says from its facts, without the solver (docs/audit.md).

    Parameters
    ----------
    plan
        A plan, its folder, its ``plan.json``, or a zip of the folder.
    complete
        Screen every platform again; else ``sample`` of them, drawn at random (``seed`` repeats a draw).
    as_of
        Re-check the assignments under the law of this date.

    Raises
    ------
    Refused
        If a file is missing, torn or of another version.

    Examples
    --------
    >>> lo.audit("plan").stands
    True
    """
    from landopt.keeping.sealing.seal import unzipped
    from landopt.keeping.whole_audit import whole_audit
    from landopt.report.gis.plan_layers import write_plan_gpkg

    date = None if as_of is None else arguments.date(as_of).isoformat()
    with unzipped(plan.folder if isinstance(plan, Plan) else Path(plan)) as folder:
        asked = {"complete": complete, "as_of": date, "sample": sample, "seed": seed}
        return whole_audit(folder, rewrite=write_plan_gpkg, **asked)
