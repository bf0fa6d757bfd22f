"""The shelf of a round: every plan that was made is kept below ``ROUND/plans`` (DESIGN 10.3), and listed.

A plan at the output place moves to the shelf, with everything that was put into its folder, when a new one takes its
place; one that is sealed or adopted is never moved.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landopt.keeping.ledger.adoption_paper import NAME as ADOPTION
from landopt.keeping.ledger.chain import Entry, Ledger, problems
from landopt.keeping.ledger.stores.places import LedgerPlace, is_there
from parcels.common.atomic import clear, write_folder
from parcels.common.catalogue import Say, phrase, told
from parcels.common.digests import sha256_of
from parcels.common.gate import load_json, read_bytes
from parcels.common.issues import Environment, error, stop_on_errors

PLANS, MAIN, LEDGER = "plans", "plan", "ledger.sqlite"
_STOPS = ("time_limit_s", "nodes", "seed", "threads", "gap")
"""Settings of how long a search goes on: two plans of one case but for these answer the same question."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """One plan of a round: where it lies, when it was made, its worth (millipoints a tier), what became of it."""

    folder: Path
    plan_id: str
    made: str
    objective: tuple[int, ...]
    gap: str
    stopped: str
    sealed: bool
    adopted: tuple[Mapping[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "id": self.plan_id,
            "folder": str(self.folder),
            "date": self.made,
            "score": self.objective[0] if self.objective else None,
            "objective": list(self.objective),
            "gap": self.gap,
            "stopped": self.stopped,
            "sealed": self.sealed,
            "adopted": bool(self.adopted),
            "adoptions": [dict(entry) for entry in self.adopted],
        }


def adoptions(ledger: LedgerPlace) -> dict[str, list[dict[str, Any]]]:
    """The adoptions a ledger holds, by the SHA-256 of ``plan.json``; none where there is no ledger.

    Raises
    ------
    LandoptError
        If the ledger cannot be read or does not hold together (B075, B080, B081): whether a plan is adopted is then
        not known, and nothing is moved on a guess.

    Each says document, date and name, whether it was superseded, how many must sign (``need``), how many of them did
    (``have``), and who of them did not yet (``waiting``).
    """
    found: dict[str, list[dict[str, Any]]] = {}
    if is_there(ledger):
        with Ledger(ledger, read_only=True) as book:
            entries = book.entries()
            stop_on_errors(issue for issue in problems(entries, book.place.name) if issue.level == "error")
        opened = {entry.round: entry.body for entry in entries if entry.kind == "open"}
        gone = {entry.body["entry"] for entry in entries if entry.kind == "supersede"}
        for entry in entries:
            if entry.kind == "adopt" and isinstance(entry.body.get("plan_sha256"), str):
                said = {name: entry.body.get(name) for name in ("document", "date", "by")}
                signed = {str(each.body["key"]) for each in entries if _signs(each, entry.seq)}
                said |= _signatures(opened.get(entry.round, {}), signed) | {"superseded": entry.seq in gone}
                found.setdefault(entry.body["plan_sha256"], []).append({"seq": entry.seq, **said})
    return found


def _signs(entry: Entry, seq: int) -> bool:
    return entry.kind == "sign" and entry.body.get("entry") == seq


def _signatures(opened: Mapping[str, Any], signed: set[str]) -> dict[str, Any]:
    """How many must sign, how many of them did, and the names of the others; whether they fit is the audit's matter."""
    keys = [(str(each["id"]), str(each["name"])) for each in opened.get("keys", ())]
    return {
        "need": int(opened.get("need") or len(keys)),
        "have": sum(key in signed for key, _ in keys),
        "waiting": [name for key, name in keys if key not in signed],
    }


def final(folder: Path, ledger: LedgerPlace) -> str | None:
    """Why a plan is not moved: ``sealed`` or ``adopted``; ``None`` where it may be."""
    if (folder / "seal").exists():
        return "sealed"
    plan = folder / "plan.json"
    if (folder / ADOPTION).exists():
        return "adopted"  # whatever ledger it was
    with contextlib.suppress(OSError):
        if plan.is_file() and sha256_of(plan) in adoptions(ledger):
            return "adopted"
    return None


def require_place(folder: Path, ledger: LedgerPlace) -> None:
    """Refuse a place that holds anything but a plan, and one whose plan is sealed or adopted.

    Raises
    ------
    Environment
        ``E002``, ``E004`` (exit 6); another place is asked for.
    """
    if (folder.exists() and not folder.is_dir()) or (
        folder.is_dir() and any(folder.iterdir()) and not (folder / "plan.json").exists()
    ):
        issue = error("E002.exists-not-plan", at=str(folder), folder=folder)
        raise Environment(issue)
    why = final(folder, ledger)
    if why is not None:
        raise Environment(
            error("E004.sealed" if why == "sealed" else "E004.adopted", at=str(folder), folder=str(folder))
        )


def place_of(round_folder: Path, old: Path) -> Path | None:
    """Where the plan of a folder goes on the shelf; ``None`` where the very same folder is there already."""
    said = str((_json(old / "plan.json") or {}).get("plan_id") or "")
    for place in _places(round_folder, said):
        if not place.exists():
            return place
        if sha256_of(place) == sha256_of(old):
            return None
    raise AssertionError("places without end")


def _places(round_folder: Path, plan_id: str) -> Iterator[Path]:
    """``ROUND/plans/<plan_id>``, then the same under numbers; each part of an id is a plain name, whatever it says."""
    parts = [re.sub(r"[^\w-]+", "-", part).strip("-")[:80] for part in plan_id.split("/")]
    *above, name = [part for part in parts if part][-2:] or ["plan"]
    folder = (round_folder / PLANS).joinpath(*above)
    yield folder / name
    yield from (folder / f"{name}-{number}" for number in itertools.count(2))


def _json(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = load_json(read_bytes(path))
        return found if isinstance(found, dict) else None
    return None


def tidy(round_folder: Path, output: Path) -> None:
    """Put in order what killed runs left beside the plan and on the shelf; what was whole goes to the shelf."""
    shelf = round_folder / PLANS
    below = sorted(path for path in shelf.iterdir() if path.is_dir()) if shelf.is_dir() else []
    for folder in dict.fromkeys((round_folder, output.absolute().parent, shelf, *below)):
        clear(folder, lambda old: place_of(round_folder, old) if (old / "plan.json").is_file() else None)


def worse(plan: Mapping[str, Any], case: bytes, folder: Path) -> bool:
    """Whether a plan is worth less than the one that lies in a folder and answers the same question."""
    there = _json(folder / "plan.json")
    if there is None or not _same_question(case, folder / "case.json"):
        return False
    try:
        before = [int(tier["objective"]) for tier in there["result"]["tiers"]]
    except (KeyError, TypeError, ValueError):
        return False
    return [int(tier["objective"]) for tier in plan["result"]["tiers"]] < before


def _same_question(case: bytes, other: Path) -> bool:
    one, two = json.loads(case), _json(other)
    if two is None:
        return False
    for each in (one, two):
        settings = each.get("settings")
        for name in _STOPS:
            if isinstance(settings, dict):
                settings.pop(name, None)
    return bool(one == two)


def put(
    round_folder: Path,
    wanted: Path,
    plan: Mapping[str, Any],
    case: bytes,
    writer: Callable[[Path], None],
    say: Say,
) -> Path:
    """Write a plan folder at the place asked for; the plan that lies there moves to the shelf, and ``say`` tells so.

    Where the one that lies there answers the same question and is worth more, it stays and the new one goes to the
    shelf.

    Parameters
    ----------
    plan, case
        The new plan as data and the bytes of its ``case.json``.
    writer
        Fills an empty folder with the plan.

    Returns
    -------
    Path
        Where the new plan lies.

    Raises
    ------
    Environment
        If the disk refuses (exit 6).
    """
    if worse(plan, case, wanted):
        place = next(path for path in _places(round_folder, str(plan["plan_id"])) if not path.exists())
        write_folder(place, writer)
        say(told("progress.stays", folder=wanted, kept=place))
        return place
    moved: list[Path | None] = []

    def keep(old: Path) -> Path | None:
        moved.append(place_of(round_folder, old) if any(old.iterdir()) else None)
        return moved[-1]

    write_folder(wanted, writer, keep=keep)
    for place_ in moved:
        if place_ is not None:
            say(told("progress.shelved", folder=wanted, kept=place_))
    return wanted


def plans(round_folder: Path, ledger: LedgerPlace | None = None) -> list[Shelved]:
    """Every plan of a round, oldest first: the one at ``ROUND/plan`` and those on the shelf."""
    known = adoptions(ledger if ledger is not None else round_folder / LEDGER)
    found = [shelved for folder in _folders(round_folder) if (shelved := _shelved(folder, known)) is not None]
    return sorted(found, key=lambda each: (each.made, str(each.folder)))


def _folders(round_folder: Path) -> Iterator[Path]:
    """Plan folders beside ``round.toml`` and on the shelf, whose ids are one name or two."""
    for pattern in ("*/plan.json", f"{PLANS}/*/plan.json", f"{PLANS}/*/*/plan.json"):
        found = sorted(path.parent for path in round_folder.glob(pattern))
        yield from (path for path in found if not path.name.startswith("."))


def _shelved(folder: Path, known: Mapping[str, list[dict[str, Any]]]) -> Shelved | None:
    path = folder / "plan.json"
    plan = _json(path)
    if plan is None:
        return None
    try:
        tiers = plan["result"]["tiers"]
        objective = tuple(int(tier["objective"]) for tier in tiers)
        gap = str(tiers[0]["proven_gap"]) if tiers else ""
        stopped = str(plan["result"]["stopped"])
    except (KeyError, TypeError, ValueError):
        return None
    made = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC).isoformat(timespec="seconds")
    adopted = tuple(known.get(sha256_of(path), ()))
    name = str(plan.get("plan_id"))
    return Shelved(folder, name, made, objective, gap, stopped, (folder / "seal").is_dir(), adopted)


def lines(found: list[Shelved], lang: str) -> list[str]:
    """The list as a person reads it."""
    if not found:
        return [phrase("shelf.none", lang)]
    out = []
    for each in found:
        points = f"{each.objective[0] / 1000:,.1f}" if each.objective else "-"
        documents = tuple(str(entry["document"]) for entry in each.adopted)
        if documents:
            state = phrase("shelf.adopted", lang, documents=documents)
        else:
            state = phrase("shelf.sealed" if each.sealed else "shelf.open", lang)
        points = phrase("shelf.points", lang, points=points)
        out.append(f"{each.plan_id}  {each.made[:16].replace('T', ' ')}  {points}  {state}  {each.folder}")
    return out
