"""Writes the reports that are asked for, all or nothing, with a progress bar on standard error."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landopt.report.source import Source, open_source
from parcels.common.issues import Refused, error
from parcels.common.kept import Written, record_of, write_into

KINDS = ("html", "xlsx", "docx", "pdf", "notices", "gdb", "txt")
"""All kinds, in the order they are written."""

_NEEDS = {"docx": ("docxtpl", "word"), "notices": ("docxtpl", "word"), "pdf": ("typst", "pdf")}
"""For a kind: the module it needs and the extra that installs it."""

_ON_REQUEST = ("gdb",)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; without ``kinds`` all that can be written, except a file geodatabase."""

    plan: Path
    kinds: tuple[str, ...] = ()
    lang: str = "zh"
    output: Path | None = None
    compare: Path | None = None
    with_proof: bool = False
    headings: Path | None = None


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
        zh = lang == "zh"
        found = [f"  {name}  ({_size(size)})" for name, size in self.files]
        count = len(self.files)
        head = f"{count} 个文件，{self.seconds:.1f} 秒：{self.folder}"
        head = head if zh else f"Wrote {count} file(s) to {self.folder} in {self.seconds:.1f} s"
        hints = [
            f"未写出 {kind}：{install(kind)}" if zh else f"Left out {kind}: {install(kind)}" for kind in self.left_out
        ]
        kept = [
            f"{old} 已被改动，予以保留；新文件为 {new}" if zh else f"Kept {old}, which was edited; the new one is {new}"
            for old, new in self.kept
        ]
        return [head, *found, *kept, *hints]


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 1_000_000 else f"{max(1, count // 1000)} kB"


def install(kind: str) -> str:
    """The command that installs what a kind needs."""
    return f'python -m pip install "landopt[{_NEEDS[kind][1]}]"'


def missing(kind: str) -> bool:
    """True where the library a kind needs is not installed."""
    return kind in _NEEDS and importlib.util.find_spec(_NEEDS[kind][0]) is None


def write_reports(wish: Wish, log: Callable[[str], None]) -> Done:
    """Write the reports of a plan folder into one folder, all or nothing; what else is in it stays.

    Only files that still are as landopt wrote them are replaced: beside an edited one the new one gets a number.

    Parameters
    ----------
    log
        Gets one line where the terminal cannot show a bar.

    Raises
    ------
    Refused
        If the plan cannot be read, or a kind asked for needs a library that is not installed.
    Environment
        If the disk refuses.
    """
    began = time.perf_counter()
    wanted = [kind for kind in KINDS if kind in wish.kinds] if wish.kinds else _possible()
    absent = [kind for kind in wanted if missing(kind)]
    if absent:
        raise Refused(
            [error("X010", f"--{kind} needs a library that is not installed", "", install(kind)) for kind in absent]
        )
    source = open_source(wish.plan)
    if not wish.kinds and not _in_a_zone(source):
        wanted.remove("txt")
    before = None if wish.compare is None else open_source(wish.compare).plan
    target = wish.output if wish.output is not None else source.folder / "report"
    _harmless(target, source.folder)
    with _Progress(wanted, log) as step:
        done = write_into(target.absolute(), lambda folder: _write(folder, source, wish, wanted, before, step))
    left_out = () if wish.kinds else tuple(kind for kind in KINDS if missing(kind))
    kept = tuple((each.kept.name, each.path.name) for each in done if each.kept is not None)
    return Done(target.absolute(), _told(done), left_out, time.perf_counter() - began, kept)


def _told(done: list[Written]) -> tuple[tuple[str, int], ...]:
    return tuple((each.path.name + ("/" if each.path.is_dir() else ""), _bytes(each.path)) for each in done)


def _in_a_zone(source: Source) -> bool:
    """Boundary points can be written in a three-degree zone of CGCS2000 only."""
    from parcels.geometry.systems import zone_of

    epsg = source.case.crs.removeprefix("EPSG:")
    return epsg.isdigit() and zone_of(int(epsg)) is not None


def _possible() -> list[str]:
    return [kind for kind in KINDS if kind not in _ON_REQUEST and not missing(kind)]


def _harmless(target: Path, folder: Path) -> None:
    """Files go into a folder of reports, or an empty one; never among things of another kind."""
    names = {path.name for path in target.iterdir()} if target.is_dir() else set()
    ours = {name for name in names if name.startswith((*_NAMES.values(), ".landopt-", "landopt-"))}
    foreign = set() if record_of(target) else names - ours
    if target.resolve() == folder.resolve() or (target.exists() and not target.is_dir()) or foreign:
        what = f"{target} is not a folder of reports" + (f" (it holds '{min(foreign)}')" if foreign else "")
        raise Refused(error("X011", what, str(target), "Maybe name a folder of its own: -o DIR."))


_NAMES = {
    "html": "map",
    "xlsx": "tables",
    "proposal": "proposal",
    "sheets": "review-sheets",
    "annex": "technical-annex",
    "notices": "notices",
    "gdb": "plan.gdb",
    "txt": "boundary",
}


def _write(
    folder: Path,
    source: Source,
    wish: Wish,
    wanted: list[str],
    before: Mapping[str, Any] | None,
    step: Callable[[str], None],
) -> None:
    for kind in wanted:
        step(kind)
        if kind == "html":
            from landopt.report.map.page import map_page

            page = map_page(source, wish.lang, before=before, with_proof=wish.with_proof)
            (folder / "map.html").write_bytes(page)
        elif kind == "xlsx":
            from landopt.report.tables.sheets import write_tables

            write_tables(folder / "tables.xlsx", source, wish.lang, before=before, headings=wish.headings)
        elif kind == "gdb":
            from landopt.report.gis.other_formats import write_gdb

            write_gdb(folder / "plan.gdb", source)
        elif kind == "txt":
            from landopt.report.gis.other_formats import boundary_text

            (folder / "boundary.txt").write_bytes(boundary_text(source).encode("gb18030"))
        else:
            _document(kind, folder, source, wish.lang)


def _document(kind: str, folder: Path, source: Source, lang: str) -> None:
    """Word, PDF and notices."""
    from landopt.report.papers.documents import proposal
    from landopt.report.papers.notices import notices, provenance

    title, as_of = source.plan["plan_id"], source.plan["case"]["as_of"]
    if kind == "pdf":
        from landopt.report.papers.pdf import write_pdf

        write_pdf(folder / "proposal.pdf", proposal(source, lang), lang, title=title)
        for name, blocks in _sheets(source, lang):
            write_pdf(folder / f"{name}.pdf", blocks, lang, title=title)
        return
    from landopt.report.papers.word import write_word

    if kind == "notices":
        write_word(folder / "notices-draft.docx", notices(source, lang), lang, title=_untold(source), as_of=as_of)
        write_word(folder / "notices-sources.docx", provenance(source, lang), lang, title=title, as_of=as_of)
        return
    write_word(folder / "proposal.docx", proposal(source, lang), lang, title=title, as_of=as_of)
    for name, blocks in _sheets(source, lang):
        write_word(folder / f"{name}.docx", blocks, lang, title=title, as_of=as_of)


def _untold(source: Source) -> str:
    """The title in the properties of a public file: the round's own, no number of a plan."""
    return str(source.plan["case"]["title"]["zh"])


def _sheets(source: Source, lang: str) -> list[tuple[str, list[Any]]]:
    """The review sheets and the technical annex with their reasons at length, by file name."""
    from landopt.report.papers.documents import review_sheets, technical_annex

    return [
        *_numbered("review-sheets", review_sheets(source, lang)),
        *_numbered("technical-annex", technical_annex(source, lang)),
    ]


def _numbered(name: str, files: list[list[Any]]) -> list[tuple[str, list[Any]]]:
    """A name for each of several files; a single one keeps the plain name."""
    if len(files) == 1:
        return [(name, files[0])]
    return [(f"{name}-{number:02d}", blocks) for number, blocks in enumerate(files, 1)]


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(inner.stat().st_size for inner in path.rglob("*") if inner.is_file())
    return path.stat().st_size


class _Progress:
    """A bar on standard error where it is a terminal, a line a kind where it is not."""

    def __init__(self, kinds: list[str], log: Callable[[str], None]) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        self.log = None if console.is_terminal else log
        columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self.bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self.task = self.bar.add_task("reading", total=len(kinds))
        self.begun = False

    def __enter__(self) -> Callable[[str], None]:
        self.bar.start()
        return self.step

    def __exit__(self, *_trouble: object) -> None:
        self.bar.stop()

    def step(self, kind: str) -> None:
        """A kind begins."""
        if self.log is not None:
            self.log(f"writing {kind}")
        self.bar.update(self.task, description=kind, advance=1 if self.begun else 0)
        self.begun = True
