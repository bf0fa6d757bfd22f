"""Why not, compare and audit: questions about a plan. Nothing is written but the page with the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from landopt_toolbox.base import Landopt
from landopt_toolbox.opened import parcel_at
from qgis.core import (
    QgsProcessingException,
    QgsProcessingOutputBoolean,
    QgsProcessingOutputString,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterPoint,
    QgsProcessingParameterString,
)


class WhyNot(Landopt):
    """Why a parcel does not go to a platform by a method; the parcel may be clicked."""

    KEY = "whynot"

    def initAlgorithm(self, config: Any = None) -> None:
        """A plan, a point on the map or an id; reasons out."""
        self.folder("PLAN")
        self.addParameter(QgsProcessingParameterPoint("POINT", self.text("par-point"), optional=True))
        typed = QgsProcessingParameterString
        self.more(typed("PARCEL", self.text("par-parcel"), optional=True))
        self.more(typed("DEMAND", self.text("par-demand"), optional=True))
        self.more(typed("METHOD", self.text("par-method"), optional=True))
        self.more(QgsProcessingParameterBoolean("MARKET", self.text("par-market"), defaultValue=False), advanced=True)
        self.answers()
        self.addOutput(QgsProcessingOutputString("PARCEL_ID", self.text("out-parcel")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:
        """The reasons, by the proof of the plan: no solver."""
        plan = self.parameterAsFile(parameters, "PLAN", context)
        parcel = self.parameterAsString(parameters, "PARCEL", context).strip()
        if not parcel and parameters.get("POINT") not in (None, ""):
            folder = Path(plan) if Path(plan).is_dir() else Path(plan).parent
            parcel = parcel_at(
                folder / "plan.gpkg", lambda crs: self.parameterAsPoint(parameters, "POINT", context, crs)
            )
            if not parcel:
                raise QgsProcessingException(self.text("no-parcel-there"))
        if not parcel:
            raise QgsProcessingException(self.text("which-parcel"))
        call = ["whynot", plan, f"--parcel={parcel}"]
        for name in ("DEMAND", "METHOD"):
            value = self.parameterAsString(parameters, name, context).strip()
            call += [f"--{name.lower()}={value}"] if value else []
        call += ["--market"] if self.parameterAsBoolean(parameters, "MARKET", context) else []
        done = self.call(call, feedback)
        return {**self.shown(done.out, parameters, context, feedback), "PARCEL_ID": parcel}


class Compare(Landopt):
    """What moved between two plans, and which rule or number moved it."""

    KEY = "compare"

    def initAlgorithm(self, config: Any = None) -> None:
        """Two plans in."""
        self.folder("PLAN_A")
        self.folder("PLAN_B")
        self.addParameter(QgsProcessingParameterBoolean("CAUSES", self.text("par-causes"), defaultValue=False))
        self.answers()

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:
        """The comparison as landopt prints it."""
        plans = [self.parameterAsFile(parameters, name, context) for name in ("PLAN_A", "PLAN_B")]
        causes = "--causes" if self.parameterAsBoolean(parameters, "CAUSES", context) else "--no-causes"
        return self.shown(self.call(["compare", *plans, causes], feedback).out, parameters, context, feedback)


class Audit(Landopt):
    """Re-check a plan without the solver."""

    KEY, FINE = "audit", (0, 5)

    def initAlgorithm(self, config: Any = None) -> None:
        """A plan in; a verdict out."""
        self.folder("PLAN")
        self.addParameter(QgsProcessingParameterBoolean("COMPLETE", self.text("par-complete"), defaultValue=False))
        self.answers()
        self.addOutput(QgsProcessingOutputBoolean("STANDS", self.text("out-stands")))
        self.addOutput(QgsProcessingOutputString("VERDICT", self.text("out-verdict")))

    def processAlgorithm(self, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:
        """The report as JSON, told in the language of QGIS; a breach is an answer, and is told as an error."""
        complete = self.parameterAsBoolean(parameters, "COMPLETE", context)
        plan = self.parameterAsFile(parameters, "PLAN", context)
        done = self.call(["audit", plan, "--json", *(["--complete"] if complete else [])], feedback)
        report = json.loads(done.out)
        tongue = "zh" if self.said["toolbox.lang"] == "zh" else "en"
        lines = [f"{self.text('out-verdict')}: {self.text('verdict-' + report['verdict'].replace(' ', '-'))}"]
        lines += [each[tongue] for part in ("checks", "unchecked", "breaches") for each in report[part]]
        for each in report["breaches"]:
            feedback.reportError(f"{each['rule']}: {each[tongue]}")
        found = self.shown("\n".join(lines), parameters, context, feedback)
        return {**found, "STANDS": done.code == 0, "VERDICT": report["verdict"]}
