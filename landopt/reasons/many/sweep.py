"""Many scenarios of one round: values and rules over a grid, each run from the plan as it stands, as one table.

A sweep file names what varies; every combination is one run. The round as it stands is solved first: every run starts
from its plan and stays as near to it as its own score allows (:mod:`landopt.runs` keeps what ended).
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.canonical import digest
from constraints.case import Case, case_digest, from_json, to_json
from landopt.reasons.many.run_file import run_file
from landopt.reasons.many.scenario import Effort, as_choices, solved, stands, written
from landopt.runs.execute import execute
from landopt.runs.work import Run as Running
from landopt.runs.work import Task, Where, Work
from parcels.common.catalogue import Say, told
from parcels.common.gate import MB, read_bytes
from parcels.common.issues import Issue, LandoptError, Refused, error
from parcels.common.place import NOWHERE

if TYPE_CHECKING:
    from landopt.screening.offers import Offers
    from landopt.solving.solver import Outcome

MOST_RUNS = 10_000
_BYTES = "surrogateescape"
_AS_IT_STANDS: dict[str, Any] = {"sets": [], "overlays": []}


@dataclass(frozen=True, slots=True)
class Axis:
    """One thing that varies: ``name``, and for each value what it applies: settings (``--set``) or overlay files."""

    name: str
    values: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    overlays: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A sweep file: its axes, and the gap and time of each run (``None``: the round's)."""

    axes: tuple[Axis, ...]
    gap: str | None
    time_limit_s: int | None
    base: Path


@dataclass(frozen=True, slots=True)
class Run:
    """One combination: the value of each axis, the settings and overlays it means, and its key."""

    values: tuple[tuple[str, str], ...]
    sets: tuple[str, ...]
    overlays: tuple[str, ...]

    def given(self) -> dict[str, Any]:
        """What a worker gets: settings, and the overlays as (name, content), which it may have no path to."""
        # whatever the bytes are, they reach the run as they are; what is no UTF-8 is refused when it is applied
        texts = [(Path(path).name, read_bytes(Path(path), MB).decode("utf-8", _BYTES)) for path in self.overlays]
        return {"sets": list(self.sets), "overlays": [list(pair) for pair in texts]}


def read_sweep(path: Path) -> Sweep:
    """A sweep file.

    ::

        gap = "0.001"            # optional
        time_limit_s = 60        # optional
        [[vary]]
        set = "p.share:share"    # RULE:amount, RULE[key]:amount, RULE:share, RULE:penalty, ...
        values = ["0.30", "0.40"]          # or  from = 30000, to = 60000, step = 10000
        [[vary]]
        name = "law"
        overlay = ["", "law-2018.toml"]    # "" is the round as it stands

    Raises
    ------
    Refused
        With every fault of the file.
    """
    where, tables = str(path), run_file(path)
    issues: list[Issue] = [
        error("W003.unknown-key", at=where, key=key) for key in tables if key not in ("gap", "time_limit_s", "vary")
    ]
    axes = [axis for entry in tables.get("vary", []) if (axis := _axis(entry, path.parent, where, issues))]
    if not axes and not issues:
        issues.append(error("W004.nothing-varies", at=where))
    if issues:
        raise Refused(issues)
    gap = tables.get("gap")
    return Sweep(tuple(axes), None if gap is None else str(gap), tables.get("time_limit_s"), path.parent)


def _axis(entry: Mapping[str, Any], base: Path, where: str, issues: list[Issue]) -> Axis | None:
    unknown = sorted(set(entry) - {"set", "values", "from", "to", "step", "overlay", "name"})
    if unknown or ("set" in entry) == ("overlay" in entry):
        key = "W005.unknown-key" if unknown else "W005.set-or-overlay"
        issues.append(error(key, at=where, names=unknown))
        return None
    if "overlay" in entry:
        names = [str(name) for name in entry["overlay"]]
        for name in names:
            if name and not (base / name).is_file():
                issues.append(error("W006.overlay-does-not", at=where, name=name))
        overlays = tuple((str(base / name),) if name else () for name in names)
        shown = tuple(Path(name).stem or "as it stands" for name in names)
        return Axis(str(entry.get("name", "overlay")), shown, ((),) * len(names), overlays)
    values = _values(entry)
    if not values:
        issues.append(error("W007.no-values", at=where, set=entry["set"]))
        return None
    sets = tuple((f"{entry['set']}={value}",) for value in values)
    return Axis(str(entry.get("name", entry["set"])), values, sets, ((),) * len(values))


def _values(entry: Mapping[str, Any]) -> tuple[str, ...]:
    if "values" in entry:
        return tuple(str(value) for value in entry["values"])
    if not {"from", "to", "step"} <= set(entry):
        return ()
    first, last, step = (Decimal(str(entry[name])) for name in ("from", "to", "step"))
    if step <= 0 or (last - first) / step > MOST_RUNS:
        return ()
    count = int((last - first) / step) + 1
    return tuple(format(first + step * number, "f") for number in range(count))


def runs(sweep: Sweep) -> Iterator[Run]:
    """Every combination, the last axis fastest.

    Raises
    ------
    Refused
        If there are more than 10,000.
    """
    total = 1
    for axis in sweep.axes:
        total *= len(axis.values)
    if total > MOST_RUNS:
        raise Refused(error("W008.runs-more-than", total=total, most_runs=MOST_RUNS))
    for picks in itertools.product(*(range(len(axis.values)) for axis in sweep.axes)):
        chosen = list(zip(sweep.axes, picks, strict=True))
        yield Run(
            tuple((axis.name, axis.values[pick]) for axis, pick in chosen),
            tuple(text for axis, pick in chosen for text in axis.sets[pick]),
            tuple(text for axis, pick in chosen for text in axis.overlays[pick]),
        )


class Desk:
    """A round as one process holds it: runs that only change amounts share its offers.

    ``base`` is the plan as it stands, where every run starts. In large rounds runs also start from where the search of
    the first one ended (not in node mode, whose runs repeat whatever ran before them). ``say`` hears of the best plan
    so far of each.
    """

    def __init__(self, case: Case, effort: Effort, base: Sequence[Any] | None = None, say: Say | None = None) -> None:
        self.case, self.effort, self.base, self.say = case, effort, base, say
        self.first: tuple[Case, Offers, Outcome | None] | None = None

    def solve(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Solve one scenario: why it stopped, value and bound per tier, what is supplied; how ``base`` stands in it."""
        from landopt.screening.changed_amounts import again, alike
        from landopt.solving.site_search import offers_of

        changed = scenario_of(self.case, given)
        offers = None if self.first is None else again(self.first[0], self.first[1], changed)
        offers = offers_of(changed) if offers is None else offers
        like = None
        if changed.settings.nodes is None and self.first and self.first[2] and alike(self.first[1], offers):
            like = self.first[2].left
        found, outcome = solved(changed, offers, self.effort, self.base, start=like, say=self.say)
        if self.first is None:
            self.first = changed, offers, outcome
        return found if self.base is None else {**found, "base": stands(changed, offers, self.base)}

    def result(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """:meth:`solve`; a refused scenario is a result, not a crash."""
        try:
            return self.solve(given)
        except LandoptError as trouble:
            return refused(trouble)


def scenario_of(case: Case, given: Mapping[str, Any]) -> Case:
    """The case under what a run was given.

    Raises
    ------
    Refused
        If a setting or an overlay is not understood.
    """
    from landopt.intake.overlay import apply_overlays

    with tempfile.TemporaryDirectory(prefix="landopt-", ignore_cleanup_errors=True) as name:
        return apply_overlays(case, written(Path(name), given["overlays"]), given["sets"])


def refused(trouble: LandoptError) -> dict[str, Any]:
    """The result of a scenario that was refused."""
    nowhere = [replace(issue, place=NOWHERE) for issue in trouble.issues]  # a worker's own folder is no place
    return {
        "stopped": "refused",
        "why": "; ".join(issue.what for issue in nowhere),
        "issues": [issue.as_record() for issue in nowhere],
        "objective": None,
        "bound": None,
        "served": 0,
        "plan": [],
        "choices": [],
        "methods": {},
    }


def open_desk(shared: str, say: Say | None = None) -> Running:
    """A worker's desk, from what all runs share."""
    data = json.loads(shared)
    return Desk(from_json(data["case"]), Effort(data["gap"], data["time_limit_s"]), data["base"], say).result


def heard_desk(where: Where, say: Say) -> Callable[[str], Running]:
    """The desk of one run that others start from: it tells how far it is, in this process."""
    return open_desk if where.scheduler is not None else partial(open_desk, say=say)


@dataclass(frozen=True, slots=True)
class Swept:
    """The round as it stands (None: every run was refused), a row a combination that ended, and whether Ctrl-C came.

    A row is ``{"values", "key", "result", "moved", "move", "like"}`` (:func:`told_against`).
    """

    base: dict[str, Any] | None
    rows: list[dict[str, Any]]
    interrupted: bool

    def as_dict(self) -> dict[str, Any]:
        """The table as plain JSON."""
        return {"base": self.base, "rows": self.rows, "interrupted": self.interrupted}


def sweep_case(
    case: Case, sweep: Sweep, folder: Path, *, where: Where | None = None, say: Say = lambda line: None
) -> Swept:
    """Run what is not yet in the folder's ``results.jsonl``, the round as it stands first; rows in order.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C before any run had ended.
    Environment
        E075: the disk refuses; E085: the cluster cannot be reached (exit 6).
    """
    where = Where() if where is None else where
    effort = Effort(sweep.gap, sweep.time_limit_s)
    head = {"case": case_digest(case), "gap": sweep.gap, "time_limit_s": sweep.time_limit_s}
    every = [(run, given, digest({**head, **_digested(given)})[:16]) for run in runs(sweep) for given in [run.given()]]
    shared = {"case": to_json(case), "gap": sweep.gap, "time_limit_s": sweep.time_limit_s, "base": None}
    longest, base = effort.longest_s(case), None
    if any(_understood(case, given) for _, given, _ in every):  # else there is nothing to start from it
        say(told("progress.as-it-stands"))
        key = digest({**head, **_AS_IT_STANDS, "base": True})[:16]
        work = Work(heard_desk(where, say), _text(shared), longest)
        base = execute(work, [Task(key, _AS_IT_STANDS)], where, folder).results[key]
        shared["base"] = base["plan"] if base["objective"] is not None else None
    tasks = [Task(key, given) for _, given, key in every]
    ran = execute(Work(open_desk, _text(shared), longest), tasks, where, folder, say)
    rows = [
        {
            "values": [list(pair) for pair in run.values],
            "key": key,
            "result": ran.results[key],
            **told_against(base, ran.results[key]),
        }
        for run, _, key in every
        if key in ran.results
    ]
    return Swept(base, rows, ran.interrupted)


def shown(swept: Swept, lang: str) -> dict[str, Any]:
    """The table for its text: why a run was refused or given up in the language asked for."""
    rows = [{**row, "result": with_words(row["result"], lang)} for row in swept.rows]
    return {**swept.as_dict(), "rows": rows, "base": None if swept.base is None else with_words(swept.base, lang)}


def with_words(result: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """A result with ``said``, why it has no plan, in the language asked for."""
    if "why" not in result:
        return dict(result)
    issues = [Issue.of_record(entry) for entry in result.get("issues", ())]
    said = "; ".join(issue.sentence(lang) for issue in issues) or told(f"progress.lost-{result['why']}").text(lang)
    return {**result, "said": said}


def _text(shared: Mapping[str, Any]) -> str:
    return json.dumps(shared, ensure_ascii=False)


def _digested(given: Mapping[str, Any]) -> dict[str, Any]:
    """What names a run; bytes that are no text are told by their numbers."""
    texts = [
        [name, text.encode("utf-8", _BYTES).decode("utf-8", "backslashreplace")] for name, text in given["overlays"]
    ]
    return {"sets": given["sets"], "overlays": texts}


def _understood(case: Case, given: Mapping[str, Any]) -> bool:
    try:
        scenario_of(case, given)
    except LandoptError:
        return False
    return True


def told_against(base: Mapping[str, Any] | None, result: Mapping[str, Any]) -> dict[str, Any]:
    """What may be said of a run beside the plan as it stands.

    ``like``: the intervals from score to bound meet, so that the scores cannot be told apart. ``move``: ``none``;
    ``broken`` (the plan as it stands breaks something here); ``gain`` (another plan is worth more here, by more than
    the round as it stands may have left unfound); ``within`` (it is not: no move is counted). ``moved`` is None where
    there is no plan on either side.
    """
    if base is None or base["objective"] is None or result["objective"] is None:
        return {"moved": None, "move": None, "like": None}
    pairs = zip(base["objective"], base["bound"], result["objective"], result["bound"], strict=True)
    like = all(was <= bound and now <= bound_was for was, bound_was, now, bound in pairs)
    here, there = as_choices(result), as_choices(base)
    moved = sum(there.get(name) != here.get(name) for name in there.keys() | here.keys())
    held = result.get("base", {"objective": result["objective"]})["objective"]
    if moved == 0 or held is None:
        return {"moved": moved, "move": "broken" if moved else "none", "like": like}
    for was, now, reached, bound in zip(held, result["objective"], base["objective"], base["bound"], strict=True):
        if now != was:
            supported = now - was > bound - reached
            return {"moved": moved if supported else 0, "move": "gain" if supported else "within", "like": like}
    return {"moved": 0, "move": "within", "like": like}
