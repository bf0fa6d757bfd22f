"""Writes the reports that are asked for, all or nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landopt.report.output import Order, Output, outputs
from landopt.report.papers.templates.given import folder_of, templates_of, write_shipped
from landopt.report.public import public_source
from landopt.report.source import open_source
from parcels.common.catalogue import Say, phrase, told
from parcels.common.issues import Refused, error
from parcels.common.kept import Written, record_of, write_into


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; without ``kinds`` all that can be written, except a file geodatabase.

    ``public``: the public edition, in a folder of its own (:mod:`landopt.report.public`); ``mu``: 亩 beside hectares.
    """

    plan: Path
    kinds: tuple[str, ...] = ()
    lang: str = "zh"
    output: Path | None = None
    compare: Path | None = None
    with_proof: bool = False
    headings: Path | None = None
    template_dir: Path | None = None
    public: bool = False
    mu: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What was written: the folder, (name, bytes) of each file, kinds left out for want of a library, seconds.

    ``kept`` holds (name, name of the new one): files that were edited since they were written, or were never ours.
    """

    folder: Path
    files: tuple[tuple[str, int], ...]
    left_out: tuple[str, ...]
    seconds: float
    kept: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "folder": str(self.folder),
            "files": [{"name": name, "bytes": size} for name, size in self.files],
            "left_out": list(self.left_out),
            "kept": [{"name": old, "new": new} for old, new in self.kept],
        }

    def lines(self, lang: str) -> list[str]:
        """As a person reads it."""
        found = [f"  {name}  ({_size(size)})" for name, size in self.files]
        took = f"{self.seconds:.1f}"
        head = phrase("outputs.head", lang, count=len(self.files), folder=self.folder, seconds=took)
        install = {output.kind: output.install() for output in outputs()}
        hints = [phrase("outputs.left-out", lang, kind=kind, install=install[kind]) for kind in self.left_out]
        kept = [phrase("outputs.kept", lang, old=old, new=new) for old, new in self.kept]
        return [head, *found, *kept, *hints]


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 1_000_000 else f"{max(1, count // 1000)} kB"


def write_reports(wish: Wish, log: Say) -> Done:
    """Write the reports of a plan folder into one folder, all or nothing; what else is in it stays.

    Only files that still are as landopt wrote them are replaced: beside an edited one the new one gets a number.

    Parameters
    ----------
    log
        Gets one line a kind.

    Raises
    ------
    Refused
        If the plan cannot be read, or a kind asked for needs a library that is not installed.
    Environment
        If the disk refuses.
    """
    began = time.perf_counter()
    every = outputs()
    wanted = [output for output in every if (output.kind in wish.kinds if wish.kinds else _possible(output))]
    absent = [output for output in wanted if output.missing()]
    unknown = sorted(set(wish.kinds) - {output.kind for output in every})
    if unknown:
        known = ", ".join(output.kind for output in every)
        raise Refused([error("X019.no-kind", at="report", kind=kind, known=known) for kind in unknown])
    if absent:
        raise Refused(error("X010.needs-library-not", maybe=output.install(), kind=output.kind) for output in absent)
    source = open_source(wish.plan, wish.lang)
    if wish.public:
        source, shown = public_source(source), [output.kind for output in every if output.public]
        private = [kind for kind in wish.kinds if kind not in shown]
        if private:
            raise Refused(error("X023.kind", at="report", kind=kind, known=", ".join(shown)) for kind in private)
        wanted = [output for output in wanted if output.public]
    if not wish.kinds:
        wanted = [output for output in wanted if output.fits(source)]
    before = None if wish.compare is None or wish.public else open_source(wish.compare, wish.lang).plan
    templates = templates_of(folder_of(wish.template_dir, source.folder))
    target = wish.output if wish.output is not None else source.folder / ("report-public" if wish.public else "report")
    order = Order(
        source, wish.lang, before, wish.with_proof and not wish.public, wish.headings, templates, target, wish.mu
    )
    _harmless(target, source.folder)

    def fill(folder: Path) -> None:
        for output in wanted:
            log(told("progress.writing", kind=output.kind))
            output.write(folder, order)

    done = write_into(target.absolute(), fill)
    left_out = () if wish.kinds else tuple(output.kind for output in every if output.missing())
    kept = tuple((each.kept.name, each.path.name) for each in done if each.kept is not None)
    return Done(target.absolute(), _told(done), left_out, time.perf_counter() - began, kept)


def write_templates(folder: Path, lang: str) -> Done:
    """Write the shipped Word templates into a folder; one that was edited there stays, the new one gets a number.

    Raises
    ------
    Refused
        If the library for Word is not installed.
    Environment
        If the disk refuses.
    """
    began = time.perf_counter()
    word = next(output for output in outputs() if output.kind == "docx")
    if word.missing():
        raise Refused(error("X010.needs-library-not", maybe=word.install(), kind="templates"))
    done = write_into(folder.absolute(), lambda fresh: write_shipped(fresh, lang))
    kept = tuple((each.kept.name, each.path.name) for each in done if each.kept is not None)
    return Done(folder.absolute(), _told(done), (), time.perf_counter() - began, kept)


def _possible(output: Output) -> bool:
    return not output.on_request and not output.missing()


def _told(done: list[Written]) -> tuple[tuple[str, int], ...]:
    return tuple((each.path.name + ("/" if each.path.is_dir() else ""), _bytes(each.path)) for each in done)


def _harmless(target: Path, folder: Path) -> None:
    """Files go into a folder of reports, or an empty one; never among things of another kind."""
    names = {path.name for path in target.iterdir()} if target.is_dir() else set()
    begin = [name for output in outputs() for name in output.files]
    ours = {name for name in names if name.startswith((*begin, ".landopt-", "landopt-"))}
    foreign = set() if record_of(target) else names - ours
    if target.resolve() == folder.resolve() or (target.exists() and not target.is_dir()) or foreign:
        key = "X011.holds-other-things" if foreign else "X011.no-report-folder"
        raise Refused(error(key, at=str(target), folder=target, name=min(foreign, default="")))


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(inner.stat().st_size for inner in path.rglob("*") if inner.is_file())
    return path.stat().st_size
