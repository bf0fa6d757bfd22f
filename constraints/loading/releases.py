"""What the packs of a case are: shipped as released, changed on this machine, or a bureau's own; and how far read.

``constraints/packs/release.toml`` lists the digest of each shipped pack's ``rules.toml``
(``python -m landopt.desk.docs --write`` makes it anew). Standard library only.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from constraints.case import Case
from constraints.loading.pack_files import Pack, pack, pack_folder
from constraints.loading.ranks import PACKS, known_packs
from parcels.common.catalogue import Bilingual, Told, told

LIST = PACKS / "release.toml"
SHIPPED, CHANGED, OWN = "shipped", "changed", "own"


@dataclass(frozen=True, slots=True)
class PackState:
    """A pack of a case: its name, ``shipped``, ``changed`` or ``own``, the SHA-256 of its rules, and its title."""

    name: str
    state: str
    sha256: str
    title: Bilingual

    @property
    def told(self) -> Told:
        """The state in words, with the first eight signs of the digest."""
        return told(f"packs.{self.state}", name=self.name, digest=self.sha256[:8])


def rules_digest(raw: bytes) -> str:
    """SHA-256 of a pack's rules; how lines end makes no difference."""
    return hashlib.sha256(raw.replace(b"\r\n", b"\n")).hexdigest()


def release_text() -> str:
    """The release's list as it should be for the packs that lie here."""
    head = "# SHA-256 of each shipped pack's rules.toml. Made by `python -m landopt.desk.docs --write`.\n"
    lines = [f'{name} = "{_installed(name)}"' for name in sorted(known_packs())]
    return head + "\n[packs]\n" + "\n".join(lines) + "\n"


@cache
def released() -> Mapping[str, str]:
    """The release's list: digest by pack; empty where the list is gone, so that every pack counts as changed."""
    try:
        return dict(tomllib.loads(LIST.read_text(encoding="utf-8"))["packs"])
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        return {}


def installed(names: Iterable[str]) -> tuple[PackState, ...]:
    """Shipped packs as they lie here; a name that is none of them is left out."""
    digests = {name: _installed(name) for name in names if name in known_packs()}
    return tuple(
        PackState(name, SHIPPED if digest == released().get(name) else CHANGED, digest, _title(pack(name)))
        for name, digest in digests.items()
    )


def pack_states(case: Case) -> tuple[PackState, ...]:
    """The packs of a case, the shipped ones as they lie here, then those that came with the round."""
    found = [*installed(case.packs)]
    for entry in case.sources:
        if entry["role"] == "pack":
            folder, raw = Path(entry["name"]).parent, entry["text"].encode()
            found.append(PackState(folder.name, OWN, rules_digest(raw), _title(pack(str(folder), raw))))
    return tuple(found)


def late_packs(case: Case) -> tuple[Told, ...]:
    """What is to be said first where the case's day lies beyond the day to which packs were checked."""
    own = {entry["name"]: entry["text"].encode() for entry in case.sources if entry["role"] == "pack"}
    packs = [pack(name) for name in sorted(case.packs) if name in known_packs()]
    packs += [pack(str(Path(name).parent), raw) for name, raw in sorted(own.items())]
    return unchecked(packs, case.round.as_of)


def unchecked(packs: Sequence[Pack], as_of: str) -> tuple[Told, ...]:
    """For each day to which packs were checked and that lies before ``as_of``, what is to be said."""
    days = sorted({each.checked_until for each in packs if as_of > each.checked_until})
    of_day = {day: [_title(each) for each in packs if each.checked_until == day] for day in days}
    return tuple(told("packs.late", packs=of_day[day], day=day, as_of=as_of) for day in days)


def _title(of: Pack) -> Bilingual:
    return Bilingual(of.title.en, of.title.zh)


def _installed(name: str) -> str:
    return rules_digest((pack_folder(name) / "rules.toml").read_bytes())
