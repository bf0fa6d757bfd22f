"""landopt in ArcGIS Pro: check, solve, why not, compare, audit and report as tools that call landopt as a process.

Written by `landopt arcgis FOLDER`; beside it lie landopt_process.py, texts.json and where.json. Tried with a stand-in
for arcpy, never with ArcGIS itself.
"""

import importlib.util
import json
import locale
from pathlib import Path

import arcpy

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("landopt_process", HERE / "landopt_process.py")
process = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(process)

KINDS = ("html", "xlsx", "entry", "docx", "pdf", "notices", "gdb", "txt")


def language():
    """The language of ArcGIS where it says it, else of the account."""
    told = getattr(arcpy, "GetInstallInfo", dict)().get("Locale") or locale.getlocale()[0] or "en"
    return "zh" if told.lower().startswith(("zh", "chinese")) else "en"


LANG = language()
SAID = process.words(LANG)


def text(key, **values):
    """A text of the toolbox."""
    return SAID[f"toolbox.{key}"].format(**values)


def parameter(name, kind="GPString", required=False, multi=False, output=False, default=None, choices=None, label=None):
    """A parameter of a tool."""
    made = arcpy.Parameter(
        name=name,
        displayName=label or text(f"par-{name}"),
        datatype=kind,
        parameterType="Derived" if output else ("Required" if required else "Optional"),
        direction="Output" if output else "Input",
        multiValue=multi,
    )
    if default is not None:
        made.value = default
    if choices:
        made.filter.type = "ValueList"
        made.filter.list = list(choices)
    return made


def folder(name, required=True):
    """A parameter that is a folder."""
    return parameter(name, "DEFolder", required)


def derived(name, kind="GPString"):
    """An output of a tool."""
    return parameter(name, kind, output=True, label=text(f"out-{name}"))


class Toolbox:
    """What ArcGIS lists."""

    def __init__(self):
        self.label = "landopt"
        self.alias = "landopt"
        self.tools = [Check, Solve, WhyNot, Compare, Audit, Report]


class Tool:
    """A tool that calls landopt; KEY leads to its texts, FINE are the exit codes that are an answer."""

    KEY, FINE = "", (0,)

    def __init__(self):
        self.label = text(f"{self.KEY}-title")
        self.description = text(f"{self.KEY}-help")
        self.canRunInBackground = True

    def isLicensed(self):  # noqa: N802 - the name ArcGIS looks for
        """Always."""
        return True

    def call(self, words, messages):
        """Call landopt: its progress as messages, ended when the tool is cancelled; a refusal is an error."""

        def say(line):
            arcpy.SetProgressorLabel(line)
            messages.addMessage(line)

        arcpy.SetProgressor("default", self.label)
        arcpy.env.autoCancelling = False  # a search that is cancelled writes its best plan
        try:
            done = process.run([*words, "--lang", LANG], say, lambda: bool(getattr(arcpy.env, "isCancelled", False)))
        except process.Gone as gone:
            messages.addErrorMessage(text("gone", python=gone))
            raise arcpy.ExecuteError(text("gone", python=gone)) from gone
        if done.code not in self.FINE:
            said = "\n".join(done.told[-20:]) or done.out[-2000:] or text("ended", code=done.code)
            messages.addErrorMessage(said)
            raise arcpy.ExecuteError(said)
        return done

    def tell(self, answer, messages):
        """The answer, line by line."""
        for line in answer.splitlines():
            messages.addMessage(line)


def given(parameters):
    """The values of the inputs by name; blanks are left out."""
    return {each.name: each.valueAsText.strip() for each in parameters if (each.valueAsText or "").strip()}


def output(parameters, name, value):
    """Set an output."""
    next(each for each in parameters if each.name == name).value = value


def is_true(value):
    """A truth value as ArcGIS writes it."""
    return (value or "").lower() == "true"


class Check(Tool):
    """Every finding of the files of a round."""

    KEY, FINE = "check", (0, 1)

    def getParameterInfo(self):  # noqa: N802
        """A round in; findings out."""
        return [folder("round"), derived("text"), derived("refused", "GPBoolean")]

    def execute(self, parameters, messages):
        """Check."""
        done = self.call(["check", given(parameters)["round"]], messages)
        answer = done.out or "\n".join(done.told)
        self.tell(answer, messages)
        output(parameters, "text", answer)
        output(parameters, "refused", done.code == 1)


class Solve(Tool):
    """Decide a round."""

    KEY, FINE = "solve", (0, 4)

    def getParameterInfo(self):  # noqa: N802
        """A round and what may be set; a plan and its layers out."""
        options = [parameter("set", multi=True), parameter("gap"), parameter("time_limit")]
        options += [parameter("fix", multi=True), parameter("reason"), parameter("by")]
        outputs = [derived("folder", "DEFolder"), derived("plan_id"), parameter_layers()]
        return [folder("round"), *options, folder("plan", False), *outputs]

    def execute(self, parameters, messages):
        """Solve; the layers of the plan are an output, which ArcGIS adds to the map."""
        told = given(parameters)
        where = Path(told["round"])
        plan = Path(told.get("plan") or where / "plan")
        words = ["solve", str(where), "--output", str(plan)]
        words += [f"--{name.replace('_', '-')}={told[name]}" for name in ("gap", "time_limit", "reason", "by") if name in told]
        for name in ("set", "fix"):
            several = next(each for each in parameters if each.name == name).values or []
            words += [f"--{name}={value}" for value in several]
        self.tell(self.call(words, messages).out, messages)
        output(parameters, "folder", str(plan))
        output(parameters, "plan_id", json.loads((plan / "plan.json").read_text(encoding="utf-8"))["plan_id"])
        output(parameters, "layers", ";".join(str(plan / "plan.gpkg" / f"main.{name}") for name in ("parcels", "sites")))


def parameter_layers():
    """The layers of a plan, as an output."""
    return parameter("layers", "DEFeatureClass", multi=True, output=True, label=text("par-load"))


class WhyNot(Tool):
    """Why a parcel does not go to a platform by a method."""

    KEY = "whynot"

    def getParameterInfo(self):  # noqa: N802
        """A plan, a parcel by id or selected on the map; reasons out."""
        return [
            folder("plan"),
            parameter("layer", "GPFeatureLayer"),
            parameter("parcel"),
            parameter("demand"),
            parameter("method"),
            parameter("market", "GPBoolean", default=False),
            derived("text"),
        ]

    def execute(self, parameters, messages):
        """Ask."""
        told = given(parameters)
        parcel = told.get("parcel") or self.selected(told.get("layer"))
        if not parcel:
            messages.addErrorMessage(text("which-parcel"))
            raise arcpy.ExecuteError(text("which-parcel"))
        words = ["whynot", told["plan"], f"--parcel={parcel}"]
        words += [f"--{name}={told[name]}" for name in ("demand", "method") if name in told]
        words += ["--market"] if is_true(told.get("market")) else []
        answer = self.call(words, messages).out
        self.tell(answer, messages)
        output(parameters, "text", answer)

    def selected(self, layer):
        """The id of the one parcel that is selected in a layer; "" where none or several are."""
        if not layer or not arcpy.Describe(layer).FIDSet:
            return ""
        with arcpy.da.SearchCursor(layer, ["parcel_id"]) as rows:
            found = sorted({row[0] for row in rows})
        return found[0] if len(found) == 1 else ""


class Compare(Tool):
    """What moved between two plans."""

    KEY = "compare"

    def getParameterInfo(self):  # noqa: N802
        """Two plans in."""
        return [folder("plan_a"), folder("plan_b"), parameter("causes", "GPBoolean", default=False), derived("text")]

    def execute(self, parameters, messages):
        """Compare."""
        told = given(parameters)
        causes = "--causes" if is_true(told.get("causes")) else "--no-causes"
        answer = self.call(["compare", told["plan_a"], told["plan_b"], causes], messages).out
        self.tell(answer, messages)
        output(parameters, "text", answer)


class Audit(Tool):
    """Re-check a plan without the solver."""

    KEY, FINE = "audit", (0, 5)

    def getParameterInfo(self):  # noqa: N802
        """A plan in; a verdict out."""
        outputs = [derived("stands", "GPBoolean"), derived("verdict")]
        return [folder("plan"), parameter("complete", "GPBoolean", default=False), *outputs]

    def execute(self, parameters, messages):
        """Audit; a breach is an answer, told as a warning."""
        told = given(parameters)
        words = ["audit", told["plan"], "--json", *(["--complete"] if is_true(told.get("complete")) else [])]
        done = self.call(words, messages)
        report = json.loads(done.out)
        for part in ("checks", "unchecked"):
            for each in report[part]:
                messages.addMessage(each[LANG])
        for each in report["breaches"]:
            messages.addWarningMessage(f"{each['rule']}: {each[LANG]}")
        messages.addMessage(f"{text('out-verdict')}: {text('verdict-' + report['verdict'].replace(' ', '-'))}")
        output(parameters, "stands", done.code == 0)
        output(parameters, "verdict", report["verdict"])


class Report(Tool):
    """The papers of a plan."""

    KEY = "report"

    def getParameterInfo(self):  # noqa: N802
        """A plan and the kinds wanted; files out."""
        kinds = parameter("kinds", required=True, multi=True, default=["html", "xlsx"], choices=KINDS)
        return [folder("plan"), kinds, folder("output", False), derived("folder", "DEFolder")]

    def execute(self, parameters, messages):
        """Write them."""
        told = given(parameters)
        kinds = next(each for each in parameters if each.name == "kinds").values or []
        words = ["report", told["plan"], *(f"--{kind}" for kind in kinds if kind in KINDS)]
        words += ["-o", told["output"]] if "output" in told else []
        self.tell(self.call(words, messages).out, messages)
        output(parameters, "folder", told.get("output") or str(Path(told["plan"]) / "report"))
