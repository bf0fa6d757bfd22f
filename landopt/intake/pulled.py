"""What a round says of a snapshot pulled from the central database, held against the two files it consists of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from landopt.central.snapshot import PAPER, SNAPSHOT, paper_of
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error

if TYPE_CHECKING:
    from landopt.intake.roundfile import RoundFile


def pulled(file: RoundFile) -> tuple[list[Issue], list[Mapping[str, Any]]]:
    """What does not hold of the snapshot of a round, and its paper as an input; nothing for a round of files."""
    if file.central is None:
        return [], []
    folder = file.path.parent
    try:
        at, paper = paper_of(folder)
        found = sha256_of(folder / SNAPSHOT)
    except Refused as refused:
        return list(refused.issues), []
    issues: list[Issue] = []
    if found != paper.sha256:
        issues.append(error("B113.changed", at=SNAPSHOT, name=SNAPSHOT))
    if paper.address != file.central:
        issues.append(error("B113.other", at=file.path.name, named=str(file.central), pulled=str(paper.address)))
    return issues, [{"name": PAPER, "sha256": sha256_of(at), "rows": len(paper.versions)}]
