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
from parcels.common.catalogue import Told, phrase
from parcels.common.issues import Issue

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
    """One group of checks: ``count`` single comparisons, ``broken`` of them failed, a line in each language."""

    name: str
    count: int
    broken: int
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Breach:
    """What the plan says or does that its facts do not bear out: rule (or check), key, used, allowed."""

    rule: str
    key: tuple[str, ...]
    used: str
    limit: str
    en: str
    zh: str

    def __str__(self) -> str:
        return self.en


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Something a reader may rely on that this audit did not check; ``harmless``: told, and no hindrance to standing.

    ``what`` names it: a file, ``words``, ``complete``, ``ledger``, a setting.
    """

    what: str
    en: str
    zh: str
    harmless: bool = False


DATED = (
    Unchecked("complete", "offers and bound, which belong to the plan's own date", "方案清单与上界（属方案日期）"),
)
BEYOND = (
    Unchecked(
        "words",
        "sentences of held parcels and unserved platforms, what ties settle, what lifting a limit or a fix is worth",
        "保留宗地与未获供平台的理由文句、并列中已定部分、放宽限额与人工指定的代价",
    ),
    Unchecked("calendar", "the list of non-working days", "非工作日清单"),
    Unchecked("files", "reports and other files of the folder", "报告及其他文件"),
)
"""What takes installed packages and is checked by ``landopt audit`` (``landopt.keeping.whole_audit``)."""
HINDERS = frozenset({"scenario", "overlays", "file", "plan.gpkg", "field"})
"""What a plan does not stand with: facts not those on file, numbers the round does not name, files not ours."""
STANDS, AS_FAR, BREACH = "stands", "stands as far as checked", "breach"
VERDICTS = {STANDS: "成立", AS_FAR: "在已核对范围内成立", BREACH: "不成立"}
"""The verdicts of an audit, with their Chinese names."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found; ``tiers`` are (objective, bound, gap) as re-derived.

    ``unchecked`` is what was not checked; ``exceptions`` are those of the round's own that act, in both languages.
    ``late`` is to be said first: packs that were not checked as far as the plan's day; ``packs`` how each pack stands.
    """

    plan_id: str
    checks: tuple[Check, ...]
    breaches: tuple[Breach, ...]
    tiers: tuple[tuple[int, int | None, str], ...]
    completeness: Completeness | None
    unchecked: tuple[Unchecked, ...] = ()
    exceptions: tuple[tuple[str, str], ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
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
            "unchecked": [{name: getattr(each, name) for name in Unchecked.__slots__} for each in self.unchecked],
            "exceptions": [{"en": en, "zh": zh} for en, zh in self.exceptions],
            "corrections": [{"en": en, "zh": zh} for en, zh in self.corrections],
            "late": [{"en": each.text("en"), "zh": each.text("zh")} for each in self.late],
            "packs": [{"name": each.name, "state": each.state, "sha256": each.sha256} for each in self.packs],
            "checked": self.checked,
            "checks": [{name: getattr(check, name) for name in Check.__slots__} for check in self.checks],
            "breaches": [
                {**{name: getattr(breach, name) for name in Breach.__slots__}, "key": list(breach.key)}
                for breach in self.breaches
            ],
            "tiers": [{"objective": o, "bound": b, "proven_gap": g} for o, b, g in self.tiers],
            "completeness": None if self.completeness is None else self.completeness.as_dict(),
            "modules": {"own": list(own), "standard_library": list(library)},
        }


def in_chinese(issue: Issue) -> str:
    """What an issue says, in Chinese."""
    return issue.sentence("zh")


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


_NAMES = {"inputs": "依据", "law": "合规", "parcels": "宗地", "limits": "限额", "offers": "清单", "score": "得分"}
_NAMES |= {
    "complete": "完整",
    "bound": "依法",
    "said": "理由",
    "words": "文字",
    "gpkg": "图层",
    "files": "文件",
    "calendar": "工作日",
}


def lines(report: AuditReport, lang: str = "en") -> list[str]:
    """The report as lines of text."""
    zh = lang == "zh"
    width = max((len(check.en) for check in report.checks), default=0)
    found = [phrase("packs.notice", lang, text=each) for each in report.late]
    for check in report.checks:
        said = check.zh if zh else check.en.ljust(width)
        name = _NAMES.get(check.name, check.name) if zh else f"{check.name:<9}"
        found.append(f" {name} {said}   {_state(check, zh)}")
    found += [f" ! {breach.zh if zh else breach.en}" for breach in report.breaches]
    if report.packs:
        found.append(" " + phrase("packs.listed", lang, packs=[each.told for each in report.packs]))
    if report.exceptions:
        found.append(f" {'起作用的例外' if zh else 'exceptions that act'} {len(report.exceptions)}")
        found += [f"   {chinese if zh else english}" for english, chinese in report.exceptions]
    if report.corrections:
        found.append(f" {'人工更正' if zh else 'corrections by hand'} {len(report.corrections)}")
        found += [f"   {chinese if zh else english}" for english, chinese in report.corrections]
    own, library = modules()
    verdict = report.verdict
    for each in report.unchecked if verdict != BREACH else ():
        mark = ("另告" if zh else "told") if each.harmless else ("未核对" if zh else "not checked")
        found.append(f" {mark}  {each.zh if zh else each.en}")
    if verdict == BREACH:
        many = len(report.breaches)
        end = f"方案不成立：{many} 处不符。" if zh else f"Plan refused: {many} breach{'es' if many != 1 else ''}."
    elif zh:
        end = f"方案{VERDICTS[verdict]}（核对 {report.checked:,} 项，未使用求解器）。"
    else:
        end = f"Plan {verdict}. {report.checked:,} statements re-derived"
        end += f" by {len(own)} modules of our own and {len(library)} of the standard library; no solver."
    return [*found, end]


def _state(check: Check, zh: bool) -> str:
    if check.broken:
        return f"{check.broken} 处不符" if zh else f"{check.broken} broken"
    return "相符" if zh else "holds"
