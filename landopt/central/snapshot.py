"""The snapshot a round is solved from: a GeoPackage beside ``round.toml``, and the paper that says where it is from.

Solves, checks and audits read these two files and never the database: a round stays as it was pulled until it is pulled
again, and can be carried anywhere.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constraints.canonical import canonical
from landopt.central.address import Address, parse_address
from parcels.common.digests import sha256_of
from parcels.common.gate import MB, load_json, read_bytes
from parcels.common.issues import Refused, error

SNAPSHOT, PAPER, SCHEMA = "parcels.pulled.gpkg", "parcels.pulled.json", "landopt.pulled/1"
COMING = ".landopt-pulled.json"
"""The paper of a snapshot that is about to take its place: with it a pull that was killed between the two is whole."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Where a snapshot is from: address, moment (UTC), server, digest of the file, (id, version) of every row."""

    address: Address
    moment: str
    server: str
    sha256: str
    versions: tuple[tuple[str, str], ...]

    def text(self) -> bytes:
        """As it is written."""
        rows = [list(each) for each in self.versions]
        said: dict[str, Any] = {"schema": SCHEMA, "address": str(self.address), "pulled_at": self.moment}
        return canonical({**said, "server": self.server, "sha256": self.sha256, "rows": rows}) + b"\n"


def read_paper(folder: Path) -> Paper:
    """The paper of a round's snapshot.

    Raises
    ------
    Refused
        If it is missing or is not as ``landopt pull`` wrote it (B113).
    """
    return paper_of(folder)[1]


def paper_of(folder: Path) -> tuple[Path, Paper]:
    """The file that holds the paper of a round's snapshot, and the paper; raises as :func:`read_paper`.

    It is the one that was coming, where a pull was killed after the snapshot took its place and before its paper did.
    """
    coming = folder / COMING
    if coming.is_file():
        with contextlib.suppress(Refused, OSError):  # torn or of a snapshot that never came: the old paper counts
            found = _read(coming)
            if found.sha256 == sha256_of(folder / SNAPSHOT):
                return coming, found
    return folder / PAPER, _read(folder / PAPER)


def _read(path: Path) -> Paper:
    try:
        said = load_json(read_bytes(path, 500 * MB))
        if said["schema"] != SCHEMA:
            raise ValueError(said["schema"])
        address = parse_address(str(said["address"]), str(path), table=True)
        rows = tuple((str(name), str(version)) for name, version in said["rows"])
        return Paper(address, str(said["pulled_at"]), str(said["server"]), str(said["sha256"]), rows)
    except (OSError, ValueError, KeyError, TypeError) as torn:
        raise Refused(error("B113.torn", at=str(path), name=PAPER)) from torn
