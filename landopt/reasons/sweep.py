"""Many scenarios of one round: values and rules over a grid, in local processes, resumable, as one table.

A sweep file names what varies; every combination is one run. Each finished run is a line of ``results.jsonl`` in the
output folder, keyed by what it ran, so that an interrupted sweep goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.canonical import digest
from constraints.case import Case, case_digest, from_json, to_json
from parcels.common.catalogue import Say, told
from parcels.common.gate import MB, load_toml, read_bytes, read_text
from parcels.common.issues import Environment, Issue, LandoptError, Refused, error

if TYPE_CHECKING:
    from landopt.screening.offers import Offers
    from landopt.solving.solver import Outcome

MOST_RUNS = 10_000


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

    def key(self, case: str) -> str:
        """Names the run: case, settings, and the content of the overlays."""
        # whatever the bytes are, they name the run; what is no UTF-8 is refused when the overlay is applied
        texts = [read_bytes(Path(path), MB).decode("utf-8", "backslashreplace") for path in self.overlays]
        return digest({"case": case, "sets": list(self.sets), "overlays": texts})[:16]


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
    where = str(path)
    try:
        tables = load_toml(read_text(path, MB), parse_float=Decimal)
    except OSError as missing:
        raise Refused(error("W001.cannot-read", at=where, file=path.name)) from missing
    except UnicodeDecodeError as trouble:
        raise Refused(error("W002.file-not-utf", at=where, start=trouble.start + 1)) from None
    except ValueError as torn:
        raise Refused(error("W002.not-toml", at=where, file=path.name, torn=torn)) from torn
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

    In large rounds they also start from where the search of the first run ended (not in node mode, whose runs repeat
    whatever ran before them).
    """

    def __init__(self, case: Case, gap: str | None, time_limit_s: int | None) -> None:
        self.case, self.gap, self.time_limit_s = case, gap, time_limit_s
        self.first: tuple[Case, Offers, Outcome] | None = None

    def solve(self, run: Run) -> dict[str, Any]:
        """Solve one scenario: why it stopped, value and bound per tier, what is supplied and by which method."""
        from landopt.intake.overlay import apply_overlays
        from landopt.reasons.alternatives import choices
        from landopt.screening.changed_amounts import again, alike
        from landopt.solving.site_search import offers_of
        from landopt.solving.solver import solve

        changed = apply_overlays(self.case, run.overlays, run.sets)
        settings = changed.settings
        offers = None if self.first is None else again(self.first[0], self.first[1], changed)
        offers = offers_of(changed) if offers is None else offers
        like = self.first if settings.nodes is None and self.first and alike(self.first[1], offers) else None
        outcome = solve(
            changed,
            offers,
            gap=self.gap or settings.gap,
            time_limit_s=self.time_limit_s or settings.time_limit_s,
            nodes=settings.nodes,
            seed=settings.seed,
            threads=1,
            warm=like[2].chosen if like and like[2].left else None,
            start=like[2].left if like else None,
        )
        if self.first is None:
            self.first = changed, offers, outcome
        found: dict[str, Any] = {"stopped": outcome.stopped, "offers": len(offers), "seconds": f"{outcome.seconds:.2f}"}
        if outcome.chosen is None:
            return {**found, "objective": None, "bound": None, "served": 0, "choices": [], "methods": {}}
        plan = tuple(int(offer) for offer in outcome.chosen)
        taken = choices(changed, offers, plan)
        methods: dict[str, int] = {}
        for _, how in taken.values():
            methods[how] = methods.get(how, 0) + 1
        return {
            **found,
            "objective": [tier.objective for tier in outcome.tiers],
            "bound": [tier.bound for tier in outcome.tiers],
            "served": len({who for who, _ in taken.values() if who is not None}),
            "choices": [[name, who, how] for name, (who, how) in sorted(taken.items())],
            "methods": dict(sorted(methods.items())),
        }

    def result(self, run: Run) -> dict[str, Any]:
        """:meth:`solve`; a refused scenario is a result, not a crash."""
        try:
            return self.solve(run)
        except LandoptError as trouble:
            return {
                "stopped": "refused",
                "why": str(trouble),
                "objective": None,
                "bound": None,
                "served": 0,
                "choices": [],
            }


_DESK: list[Desk] = []
"""The desk of a worker process."""


def _open(case_json: str, gap: str | None, time_limit_s: int | None) -> None:
    _DESK[:] = [Desk(from_json(json.loads(case_json)), gap, time_limit_s)]


def _job(run: Run) -> dict[str, Any]:
    return _DESK[0].result(run)


def sweep_case(
    case: Case, sweep: Sweep, folder: Path, *, workers: int = 1, say: Say = lambda line: None
) -> list[dict[str, Any]]:
    """Run what is not yet in the folder's ``results.jsonl``; returns one row per combination, in order.

    A row is ``{"values", "key", "result", "moved"}``; ``moved`` counts parcels whose choice differs from the first
    combination that has a plan. A run whose solver failed is told but not kept: it runs again the next time.

    Raises
    ------
    Environment
        E075: the disk refuses (exit 6). What ``results.jsonl`` holds is whole lines of finished runs; a folder made for
        a sweep that has none is removed.
    """
    log = folder / "results.jsonl"
    name = case_digest(case)
    settings = {"gap": sweep.gap, "time_limit_s": sweep.time_limit_s}
    order = [(run, digest({"run": run.key(name), **settings})[:16]) for run in runs(sweep)]
    with _made(folder, log):
        done = _done(log)
        left = [(run, key) for run, key in order if key not in done]
        say(told("progress.runs", runs=len(order), done=len(order) - len(left)))
        with contextlib.closing(_results(case, left, sweep, max(1, workers))) as results:
            for key, result in results:
                if result["stopped"] == "user":
                    raise KeyboardInterrupt
                done[key] = result
                if result["stopped"] != "failed":
                    _keep(log, json.dumps({"key": key, "result": result}, ensure_ascii=False, sort_keys=True))
                ended = told(f"progress.ended-{result['stopped']}")
                say(told("progress.run", done=len(done), runs=len(order), ended=ended))
    rows = [{"values": [list(pair) for pair in run.values], "key": key, "result": done[key]} for run, key in order]
    return _with_moves(rows)


@contextlib.contextmanager
def _made(folder: Path, log: Path) -> Iterator[None]:
    """The folder of the results; what was made of it goes where a sweep ends without any finished run."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        with _disk(folder, log):
            folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()
        raise


def _keep(log: Path, line: str) -> None:
    """Add a finished run to the log, whole or not at all; a torn line of a run that died before is closed first."""
    with _disk(log, log):
        before = log.stat().st_size if log.exists() else None
        try:
            with log.open("ab") as out:
                out.write((b"\n" if _torn(log) else b"") + line.encode() + b"\n")
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                if before is None:
                    log.unlink(missing_ok=True)
                else:
                    os.truncate(log, before)
            raise


def _torn(log: Path) -> bool:
    """Whether the last line has no end."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read(1) not in (b"", b"\n")


@contextlib.contextmanager
def _disk(place: Path, log: Path) -> Iterator[None]:
    """Disk trouble in words (exit 6)."""
    try:
        yield
    except OSError as trouble:
        advice = told("near.finished-kept") if log.exists() else None
        why = trouble.strerror or trouble
        raise Environment(
            error("E075.could-not-written", at=str(place), maybe=advice, file=place.name, value=why)
        ) from trouble


def _results(
    case: Case, left: Sequence[tuple[Run, str]], sweep: Sweep, workers: int
) -> Generator[tuple[str, dict[str, Any]]]:
    if workers == 1:
        desk = Desk(case, sweep.gap, sweep.time_limit_s)
        for run, key in left:
            yield key, desk.result(run)
        return
    handed = (json.dumps(to_json(case), ensure_ascii=False), sweep.gap, sweep.time_limit_s)
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_open, initargs=handed) as pool:
        jobs = {pool.submit(_job, run): key for run, key in left}
        try:
            for job in as_completed(jobs):
                yield jobs[job], job.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _done(log: Path) -> dict[str, dict[str, Any]]:
    """The finished runs; a torn line (an interrupted write) is left out."""
    found: dict[str, dict[str, Any]] = {}
    if log.is_file():
        for line in log.read_bytes().split(b"\n"):
            try:
                entry = json.loads(line)
                found[entry["key"]] = entry["result"]
            except (ValueError, KeyError, TypeError):
                continue
    return found


def _with_moves(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    base: dict[str, Any] | None = None
    for row in rows:
        here = {name: (who, how) for name, who, how in row["result"]["choices"] or []}
        if row["result"]["objective"] is None:
            row["moved"] = None
            continue
        base = here if base is None else base
        row["moved"] = sum(base.get(name) != here.get(name) for name in base.keys() | here.keys())
    return rows
