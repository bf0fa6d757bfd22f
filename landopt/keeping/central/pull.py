"""Pull the parcels of a round from the central database: one snapshot, written whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from landopt.central.snapshot import COMING, PAPER, SNAPSHOT, Paper, paper_of
from landopt.central.table import Taken, take
from landopt.intake.roundfile import RoundFile, read_round_file
from landopt.keeping.hold import hold
from parcels.common.atomic import flush, write_file
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error
from parcels.common.kept import write_made
from parcels.formats.writer import write_parcels


@dataclass(frozen=True, slots=True)
class Pulled:
    """A snapshot as it was written: its file and paper, what was told, and where the one before is kept."""

    file: Path
    paper: Paper
    issues: tuple[Issue, ...]
    kept: Path | None


def pull(round_path: str | Path) -> Pulled:
    """Take a snapshot of the table that ``inputs.parcels`` names into the round.

    Raises
    ------
    Refused
        If the round names no table (B113), or as :func:`landopt.central.table.take`.
    Environment
        If the server cannot be reached, the disk refuses, or another run works on the round (exit 6).
    """
    file = read_round_file(round_path, pulled=False)
    folder, table = file.path.parent, file.central
    if table is None:
        raise Refused(error("B113.no-table", at=file.path.name))
    with hold(folder):
        _settle(folder)
        taken = take(table, SNAPSHOT, file.use_codes, units=file.units or None, named=file.columns or None)
        issues: list[Issue] = []
        papers: list[Paper] = []

        def made(path: Path) -> None:
            issues.extend(write_snapshot(taken, file, path))
            papers.append(Paper(table, taken.moment, taken.server, sha256_of(path), taken.versions))
            # before the snapshot takes its place: killed between the two, the round has the old one or the new one
            write_file(folder / COMING, papers[-1].text())

        target = folder / SNAPSHOT
        kept = write_made(target, made)
        _settle(folder)
    return Pulled(target, papers[-1], tuple(issues), kept)


def _settle(folder: Path) -> None:
    """Put the paper that was coming into its place, or drop it where its snapshot never came."""
    coming = folder / COMING
    if coming.is_file():
        if paper_of(folder)[0] == coming:
            coming.replace(folder / PAPER)
            flush(folder)
        else:
            coming.unlink()


def write_snapshot(taken: Taken, file: RoundFile, path: Path) -> tuple[Issue, ...]:
    """Write rows that were taken as the GeoPackage that a round reads; returns what is to be told of it."""
    return write_parcels(taken.raw, path, crs=None if taken.raw.crs else file.crs).issues
