"""What the documents of an adopted plan print of its adoption: entry, document and head of the ledger after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from constraints.audit.files.strict_json import strict_json
from constraints.canonical import canonical
from landopt.keeping.ledger.chain import Entry, Ledger
from parcels.common.atomic import write_file
from parcels.common.catalogue import phrase
from parcels.common.digests import sha256_of
from parcels.common.gate import MB, read_bytes
from parcels.common.issues import Environment, error

NAME, SCHEMA = "adoption.json", "landopt.adoption/1"


@dataclass(frozen=True, slots=True)
class Adoption:
    """An adoption as it is printed."""

    ledger: str
    entry: int
    head: str
    document: str
    date: str
    signers: tuple[str, ...]

    def line(self, lang: str) -> str:
        """One line for the foot of a document."""
        said = {"document": self.document, "date": self.date, "entry": self.entry, "head": self.head}
        if not self.signers:
            return phrase("adoption-line.plain", lang, **said)
        return phrase("adoption-line.signed", lang, keys=[key[:16] for key in self.signers], **said)


def of_entry(entry: Entry, ledger: str) -> Adoption:
    """The adoption that an entry of a ledger is."""
    signers = tuple(str(key) for key in entry.body.get("signers") or ())
    return Adoption(ledger, entry.seq, entry.hash, str(entry.body["document"]), str(entry.body["date"]), signers)


def write_adoption(folder: Path, entry: Entry, ledger: str) -> None:
    """Write it beside the plan. Raises Environment if the disk refuses: the entry itself stands."""
    paper = {
        "schema": SCHEMA,
        "ledger": ledger,
        "entry": entry.seq,
        "head": entry.hash,
        "document": entry.body["document"],
        "date": entry.body["date"],
        "signers": list(entry.body.get("signers") or ()),
        "plan_sha256": entry.body["plan_sha256"],
    }
    try:
        write_file(folder / NAME, canonical(paper))
    except Environment as trouble:
        why = dict(trouble.issues[0].values).get("value", "")
        issue = error("E075.adoption-paper", at=str(folder / NAME), entry=entry.seq, value=why)
        raise Environment(issue) from trouble


def unpapered(book: Ledger, round_id: str, folder: Path, document: str) -> Entry | None:
    """The adoption of this very plan by this document whose paper was not written: the run died after the entry."""
    plan = sha256_of(folder / "plan.json")
    for entry in reversed(book.entries()):
        if entry.kind == "adopt" and entry.round == round_id:
            same = (entry.body["plan_sha256"], entry.body["document"]) == (plan, document)
            return entry if same and read_adoption(folder) is None else None
    return None


def read_adoption(folder: Path) -> Adoption | None:
    """The adoption of a plan folder; ``None`` where there is none or it is of another ``plan.json``."""
    try:
        found = strict_json(read_bytes(folder / NAME, MB))
        if found["schema"] != SCHEMA or found["plan_sha256"] != sha256_of(folder / "plan.json"):
            return None
        signers = tuple(str(key) for key in found["signers"])
        head, document, date = (str(found[name]) for name in ("head", "document", "date"))
        return Adoption(str(found["ledger"]), int(found["entry"]), head, document, date, signers)
    except (OSError, ValueError, KeyError, TypeError):
        return None
