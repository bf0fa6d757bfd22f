"""Rule packs as folders: the shipped ones by name, a bureau's own by the folder it lies in. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from constraints.language import expr
from constraints.loading.ranks import OWN_PACK, PACKS, known_packs
from constraints.loading.rule_file import RuleText, iso_date, read_text
from parcels.common.catalogue import Bilingual, told
from parcels.common.issues import Refused, error


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack's head: complete from ``complete_from``, checked until ``checked_until``; ``off`` ones go by name only."""

    id: str
    title: Bilingual
    complete_from: str
    checked_until: str
    off: bool


def pack_folder(name: str) -> Path:
    """The folder of a pack: of a shipped one by its name, of another by its path.

    Raises
    ------
    Refused
        R001 if no pack is shipped under the name and no ``rules.toml`` lies in the folder.
    """
    if name in known_packs():
        return PACKS / name
    own = Path(name)
    if (own / "rules.toml").is_file():
        return own
    known = sorted(known_packs())
    maybe = expr.closest(name, known) or told("near.one-of", names=known)
    raise Refused(error("R001.there-no-rule", maybe=maybe, name=name))


def pack_origin(name: str) -> str:
    """What the rules of a pack name as their origin: the shipped pack's name, or ``own:`` and the folder's."""
    return name if name in known_packs() else f"{OWN_PACK}{Path(name).resolve().name}"


def pack_names(*, off: bool = False) -> tuple[str, ...]:
    """The packs that are shipped, sorted; those that are switched off only with ``off``."""
    return tuple(name for name in sorted(known_packs()) if off or not pack(name).off)


def pack(name: str, raw: bytes | None = None) -> Pack:
    """The head of a pack, shipped (by name) or own (by folder; ``raw``: its file, where that was read before).

    Raises :class:`Refused` (R001) if there is none.
    """
    return _shipped(name) if name in known_packs() else _head(name, raw)


def own_file(name: str) -> str:
    """What the file of a bureau's own pack is called among inputs and texts of a case."""
    return f"{Path(name).resolve().name}/rules.toml"


@cache
def shipped_text(name: str) -> RuleText:
    """The file of a shipped pack, read once: its head is asked for beside its rules."""
    return read_text(PACKS / name / "rules.toml")


@cache
def _shipped(name: str) -> Pack:
    return _head_of(name, shipped_text(name))


def _head(name: str, raw: bytes | None = None) -> Pack:
    path = Path(name) if raw is not None else pack_folder(name)
    return _head_of(name, read_text(path / "rules.toml", raw))


def _head_of(name: str, text: RuleText) -> Pack:
    head = text.pack
    title = head.get("title", {})
    complete = iso_date(head.get("complete_from", "0001-01-01"))
    checked = iso_date(head.get("checked_until", "9999-12-31"))
    short = Path(name).name
    return Pack(
        name,
        Bilingual(title.get("en", short), title.get("zh", short)),
        complete[0] if complete else "0001-01-01",
        checked[0] if checked else "9999-12-31",
        bool(head.get("off", False)),
    )
