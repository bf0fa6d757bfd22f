"""What an audit finds, as data and as lines of text. Standard library only."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from constraints.audit.rescreen import Completeness
from constraints.loading.releases import PackState
from parcels.common.catalogue import Text, Told, told

OWN = ("constraints", "parcels")
PLACE = Path(__file__).parents[2]


@cache
def modules() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All that the audit imports, read from its sources: modules of our own, and those of the standard library.

    Raises
    ------
    ImportError
        If anything else is imported: the auditor must not be able to reach the optimiser.
    """
    own: set[str] = set()
    library: set[str] = set()
    queue = ["constraints.audit.run"]
    while queue:
        name = queue.pop()
        if name in own:
            continue
        own.add(name)
        tree = ast.parse((PLACE / Path(*name.split("."))).with_suffix(".py").read_text(encoding="utf-8"))
        for wanted in _imports(tree):
            top = wanted.split(".")[0]
            if top in sys.stdlib_module_names:
                library.add(wanted)
            elif top not in OWN:
                raise ImportError(f"{name} imports {wanted}")
            elif (PLACE / Path(*wanted.split("."))).with_suffix(".py").is_file():
                queue.append(wanted)
    return tuple(sorted(own)), tuple(sorted(library))


def _imports(tree: ast.Module) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names if node.module in OWN)]
    return [name for name in found if name not in OWN]


@dataclass(frozen=True, slots=True)
class Check:
    """One group of checks: ``count`` single comparisons, ``broken`` of them failed, and what is said of it."""

    name: str
    count: int
    broken: int
    said: Text

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON, its line in both languages."""
        return {"name": self.name, "count": self.count, "broken": self.broken, **self.said.pair}


@dataclass(frozen=True, slots=True)
class Breach:
    """What the plan says or does that its facts do not bear out: rule (or check), what is said, key, used, allowed."""

    rule: str
    said: Text
    key: tuple[str, ...] = ()
    used: str = ""
    limit: str = ""

    def __str__(self) -> str:
        return self.said.text()

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON, its sentence in both languages."""
        return {"rule": self.rule, "key": list(self.key), "used": self.used, "limit": self.limit, **self.said.pair}


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something a reader may rely on that this audit did not check; ``harmless``: told, and no hindrance to standing.

    ``what`` names it: a file, ``words``, ``complete``, ``ledger``, a setting.
    """

    what: str
    said: Text
    harmless: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON, its line in both languages."""
        return {"what": self.what, "harmless": self.harmless, **self.said.pair}


DATED = (Unchecked("complete", told("breach.offers-bound-which")),)
BEYOND = (
    Unchecked("words", told("breach.sentences-held-parcels")),
    Unchecked("calendar", told("breach.list-non-working")),
    Unchecked("files", told("breach.reports-other-files")),
)
"""What takes installed packages and is checked by ``landopt audit`` (``landopt.keeping.whole_audit``)."""
HINDERS = frozenset({"scenario", "overlays", "file", "plan.gpkg", "field"})
"""What a plan does not stand with: facts not those on file, numbers the round does not name, files not ours."""
STANDS, AS_FAR, BREACH = "stands", "stands as far as checked", "breach"


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found; ``tiers`` are (objective, bound, gap) as re-derived.

    ``unchecked`` is what was not checked; ``exceptions`` are those of the round's own that act.
    ``late`` is to be said first: packs that were not checked as far as the plan's day; ``packs`` how each pack stands.
    """

    plan_id: str
    checks: tuple[Check, ...]
    breaches: tuple[Breach, ...]
    tiers: tuple[tuple[int, int | None, str], ...]
    completeness: Completeness | None
    unchecked: tuple[Unchecked, ...] = ()
    exceptions: tuple[Text, ...] = ()
    corrections: tuple[Text, ...] = ()
    late: tuple[Told, ...] = ()
    packs: tuple[PackState, ...] = ()

    @property
    def stands(self) -> bool:
        """True when nothing was found against the plan and nothing strange was left aside (:data:`HINDERS`).

        :attr:`verdict` says how far that reaches: a draw leaves platforms unchecked.
        """
        return not self.breaches and not any(each.what in HINDERS and not each.harmless for each in self.unchecked)

    @property
    def verdict(self) -> str:
        """``stands``, ``stands as far as checked`` or ``breach``."""
        if self.breaches:
            return BREACH
        return AS_FAR if any(not each.harmless for each in self.unchecked) else STANDS

    def exit_code(self, complete: bool) -> int:
        """0; 5 for a breach, and where everything was to be checked and was not."""
        return 0 if self.verdict == STANDS or (self.verdict == AS_FAR and not complete) else 5

    @property
    def scenario(self) -> bool:
        """True where facts are not those on file: such a plan is never adopted."""
        return any(each.what == "scenario" for each in self.unchecked)

    @property
    def checked(self) -> int:
        """How many single statements were compared."""
        return sum(check.count for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON."""
        own, library = modules()
        return {
            "plan_id": self.plan_id,
            "stands": self.stands,
            "verdict": self.verdict,
            "unchecked": [each.as_dict() for each in self.unchecked],
            "exceptions": [each.pair for each in self.exceptions],
            "corrections": [each.pair for each in self.corrections],
            "late": [each.pair for each in self.late],
            "packs": [{"name": each.name, "state": each.state, "sha256": each.sha256} for each in self.packs],
            "checked": self.checked,
            "checks": [check.as_dict() for check in self.checks],
            "breaches": [breach.as_dict() for breach in self.breaches],
            "tiers": [{"objective": o, "bound": b, "proven_gap": g} for o, b, g in self.tiers],
            "completeness": None if self.completeness is None else self.completeness.as_dict(),
            "modules": {"own": list(own), "standard_library": list(library)},
        }


def points(millipoints: int | None) -> str:
    """Millipoints as points with three places."""
    if millipoints is None:
        return "-"
    sign, size = ("-", -millipoints) if millipoints < 0 else ("", millipoints)
    return f"{sign}{size // 1000:,}.{size % 1000:03d}"


def short(value: Any) -> str:
    """A value as text, cut where it is long."""
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "..."


def verdict_text(verdict: str) -> Told:
    """A verdict in words."""
    return told(f"audit-verdict.{'as-far' if verdict == AS_FAR else verdict}")


def lines(report: AuditReport, lang: str = "en") -> list[str]:
    """The report as lines of text."""
    said = [check.said.text(lang) for check in report.checks]
    width = max(map(len, said), default=0) if lang == "en" else 0
    found = [told("packs.notice", text=each) for each in report.late]
    for check, text in zip(report.checks, said, strict=True):
        name = told(f"audit-group.{check.name}")
        state = told("audit-line.broken", count=check.broken) if check.broken else told("audit-line.holds")
        found.append(told("audit-line.check", name=name, said=text.ljust(width), state=state))
    found += [told("audit-line.breach", said=breach.said) for breach in report.breaches]
    if report.packs:
        found.append(told("audit-line.packs", said=told("packs.listed", packs=[each.told for each in report.packs])))
    for key, listed in (("exceptions", report.exceptions), ("corrections", report.corrections)):
        if listed:
            found.append(told(f"audit-line.{key}", count=len(listed)))
            found += [told("audit-line.one", said=each) for each in listed]
    for each in report.unchecked if report.verdict != BREACH else ():
        found.append(told("audit-line.told" if each.harmless else "audit-line.unchecked", said=each.said))
    if report.verdict == BREACH:
        found.append(told("audit-line.refused", count=len(report.breaches)))
    else:
        own, library = modules()
        end = told(
            "audit-line.end",
            verdict=verdict_text(report.verdict),
            checked=report.checked,
            own=len(own),
            library=len(library),
        )
        found.append(end)
    return [each.text(lang) for each in found]
