"""Check, solve and report: what reads and writes a round. A plan is shown with its colours and its layout to print."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from landopt_toolbox.base import Landopt
from landopt_toolbox.opened import show
from qgis.core import (
    QgsProcessingOutputBoolean,
    QgsProcessingOutputFolder,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterEnum,
    QgsProcessingParameterString,
)

KINDS = ("html", "xlsx", "entry", "docx", "pdf", "notices", "gdb", "txt")
"""What ``landopt report`` writes, beside the project for QGIS."""


class Check(Landopt):
    """Every finding of the files of a round."""

    KEY, FINE = "check", (0, 1)

    def initAlgorithm(self, config: Any = None) -> None:
        """A round in; findings out."""
        self.folder("ROUND")
        self.answers()
        self.addOutput(QgsProcessingOutputBoolean("REFUSED", self.text("out-refused")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:
        """The findings as landopt prints them; a round that is refused is an answer."""
        done = self.call(["check", self.parameterAsFile(parameters, "ROUND", context)], feedback)
        text = done.out or "\n".join(done.told)
        return {**self.shown(text, parameters, context, feedback), "REFUSED": done.code == 1}


class _WithPlan(Landopt):
    """An algorithm after which a plan is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.project_file: Path | None = None

    def showing(self) -> None:
        """Whether the layers and the layout are taken into the project."""
        self.addParameter(QgsProcessingParameterBoolean("LOAD", self.text("par-load"), defaultValue=True))

    def reported(self, plan: str, more: list[str], parameters: Any, context: Any, feedback: Any) -> str:
        """Write reports of a plan, the project for QGIS among them where it is to be shown; what landopt printed."""
        load = self.parameterAsBoolean(parameters, "LOAD", context)
        done = self.call(["report", plan, *more, *(["--qgz"] if load or not more else [])], feedback)
        if load:
            self.project_file = _newest(Path(plan) / "report", done.out) if "-o" not in more else None
            if self.project_file is None:
                self.project_file = _newest(Path(more[more.index("-o") + 1]), done.out)
        return done.out

    def postProcessAlgorithm(self, context: Any, feedback: Any) -> dict[str, Any]:
        """Show the plan: layers and layout belong to the project, which the main thread alone may change."""
        if self.project_file is not None:
            for line in show(self.project_file, context.project(), self.said):
                feedback.pushInfo(line)
        return {}


def _newest(folder: Path, printed: str) -> Path | None:
    """The project that was written: under a number where one that the user changed stays beside it."""
    found = [path for path in folder.glob("plan*.qgz") if path.name in printed] or list(folder.glob("plan*.qgz"))
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


class Solve(_WithPlan):
    """Decide a round."""

    KEY, FINE = "solve", (0, 4)

    def initAlgorithm(self, config: Any = None) -> None:
        """A round and what ``landopt solve`` lets be set; a plan out."""
        self.folder("ROUND")
        typed = QgsProcessingParameterString
        self.more(typed("SET", self.text("par-set"), optional=True, multiLine=True))
        self.more(typed("GAP", self.text("par-gap"), optional=True))
        self.more(typed("TIME_LIMIT", self.text("par-time_limit"), optional=True))
        self.more(typed("FIX", self.text("par-fix"), optional=True, multiLine=True), advanced=True)
        self.more(typed("REASON", self.text("par-reason"), optional=True), advanced=True)
        self.more(typed("BY", self.text("par-by"), optional=True), advanced=True)
        self.folder("PLAN", optional=True)
        self.showing()
        self.answers()
        self.addOutput(QgsProcessingOutputFolder("FOLDER", self.text("out-folder")))
        self.addOutput(QgsProcessingOutputString("PLAN_ID", self.text("out-plan_id")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:
        """Solve, and write the project that shows the plan."""
        where = self.parameterAsFile(parameters, "ROUND", context)
        folder = self.parameterAsFile(parameters, "PLAN", context) or str(_round_folder(where) / "plan")
        call = ["solve", where, "--output", folder]
        for name in ("GAP", "TIME_LIMIT", "REASON", "BY"):
            value = self.parameterAsString(parameters, name, context).strip()
            call += [f"--{name.lower().replace('_', '-')}={value}"] if value else []
        for name in ("SET", "FIX"):
            lines = self.parameterAsString(parameters, name, context).splitlines()
            call += [f"--{name.lower()}={line.strip()}" for line in lines if line.strip()]
        done = self.call(call, feedback)
        found = self.shown(done.out, parameters, context, feedback)
        if self.parameterAsBoolean(parameters, "LOAD", context) and not feedback.isCanceled():
            self.reported(folder, [], parameters, context, feedback)
        return {**found, "FOLDER": folder, "PLAN_ID": self.plan_id(folder)}

    def plan_id(self, folder: str) -> str:
        """The id of the plan that was written."""
        import json

        return str(json.loads((Path(folder) / "plan.json").read_text(encoding="utf-8"))["plan_id"])


def _round_folder(where: str) -> Path:
    path = Path(where)
    return path.parent if path.suffix == ".toml" else path


class Report(_WithPlan):
    """The papers of a plan."""

    KEY = "report"

    def initAlgorithm(self, config: Any = None) -> None:
        """A plan and the kinds wanted; files out."""
        self.folder("PLAN")
        kinds = [self.text(f"kind-{kind}") for kind in KINDS]
        self.addParameter(
            QgsProcessingParameterEnum("KINDS", self.text("par-kinds"), kinds, allowMultiple=True, defaultValue=[0, 1])
        )
        self.folder("OUTPUT", optional=True)
        self.showing()
        self.answers()
        self.addOutput(QgsProcessingOutputFolder("FOLDER", self.text("out-folder")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:
        """Write them."""
        plan = self.parameterAsFile(parameters, "PLAN", context)
        folder = self.parameterAsFile(parameters, "OUTPUT", context)
        more = [f"--{KINDS[number]}" for number in self.parameterAsEnums(parameters, "KINDS", context)]
        more += ["-o", folder] if folder else []
        text = self.reported(plan, more, parameters, context, feedback)
        return {**self.shown(text, parameters, context, feedback), "FOLDER": folder or str(Path(plan) / "report")}
