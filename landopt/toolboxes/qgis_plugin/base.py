"""What all algorithms share: texts in the language of QGIS, a call of landopt heard line by line, a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from landopt_toolbox.process import Done, Gone, page, run, words
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgorithm,
    QgsProcessingException,
    QgsProcessingOutputString,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
)


def lang() -> str:
    """The language of QGIS, of those landopt speaks."""
    return "zh" if QgsApplication.instance().locale()[:2].lower() == "zh" else "en"


class Landopt(QgsProcessingAlgorithm):
    """An algorithm that calls landopt; ``KEY`` is its name and leads to its texts."""

    KEY = ""
    FINE = (0,)
    """Exit codes that are an answer and no failure."""

    def __init__(self) -> None:
        super().__init__()
        self.said = words(lang())

    def text(self, key: str, **values: object) -> str:
        """A text of the toolbox."""
        return self.said[f"toolbox.{key}"].format(**values)

    def createInstance(self) -> Any:
        """Another one of the kind."""
        return type(self)()

    def name(self) -> str:
        """As models and qgis_process name it."""
        return self.KEY

    def displayName(self) -> str:
        """As the toolbox shows it."""
        return self.text(f"{self.KEY}-title")

    def shortHelpString(self) -> str:
        """Beside the form."""
        return self.text(f"{self.KEY}-help")

    def folder(self, name: str, optional: bool = False) -> None:
        """A parameter that is a folder."""
        kind = QgsProcessingParameterFile.Folder
        self.addParameter(QgsProcessingParameterFile(name, self.text(f"par-{name.lower()}"), kind, optional=optional))

    def more(self, parameter: Any, advanced: bool = False) -> None:
        """Another parameter, among the advanced ones or not."""
        if advanced:
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.FlagAdvanced)
        self.addParameter(parameter)

    def answers(self) -> None:
        """The answer as text and as a page."""
        self.addParameter(
            QgsProcessingParameterFileDestination(
                "HTML", self.text("par-html"), "HTML (*.html)", optional=True, createByDefault=True
            )
        )
        self.addOutput(QgsProcessingOutputString("TEXT", self.text("out-text")))

    def call(self, given: list[str], feedback: Any) -> Done:
        """Call landopt; what it refuses, or a stop before there is an answer, ends the algorithm with its words."""
        call = [*given, "--lang", lang()]
        feedback.pushCommandInfo(" ".join(["landopt", *call]))
        try:
            done = run(call, feedback.pushInfo, feedback.isCanceled)
        except Gone as gone:
            raise QgsProcessingException(self.text("gone", python=gone)) from gone
        if done.code not in self.FINE:
            told = "\n".join(done.told[-20:]) or done.out[-2000:] or self.text("ended", code=done.code)
            raise QgsProcessingException(self.text("stopped") if done.stopped else told)
        return done

    def shown(self, text: str, parameters: Any, context: Any, feedback: Any) -> dict[str, Any]:
        """The answer told, as an output and as a page where one is wanted."""
        for line in text.splitlines():
            feedback.pushInfo(line)
        found = {"TEXT": text}
        target = self.parameterAsFileOutput(parameters, "HTML", context)
        if target:
            Path(target).write_text(page(self.displayName(), text), encoding="utf-8")
            found["HTML"] = target
        return found

    def group(self) -> str:
        """None: the provider is the group."""
        return ""

    def groupId(self) -> str:
        """None."""
        return ""
