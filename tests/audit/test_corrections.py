"""Facts corrected by hand: both values, document and person are kept, printed and audited; bare ones never permit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import desk
from constraints.audit.bound.binding import Binding
from constraints.case import from_json
from constraints.language.expr import parse
from constraints.loading.corrections import Correction, read_corrections
from constraints.loading.load import load_file
from landopt.intake.assemble import read_round
from landopt.report.papers.review_sheet import sheets
from landopt.report.source import open_source
from parcels.common.issues import Refused
from tests.audit.mutants import Content, load
from tests.audit.test_bound import audited
from tests.places import EXAMPLE

DOCUMENT = "粤府土审〔2026〕9号"
CONVERTED = {"parcel": "NS-0004", "field": "converted", "old": False, "new": True, "document": DOCUMENT}
"""NS-0004 is not converted on file: law forbids to supply it."""


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _text(*corrections: dict[str, Any]) -> str:
    whole = [{"person": "陈某", "date": "2026-03-20", **each} for each in corrections]
    return "\n".join(
        "[[correction]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in each.items()) for each in whole
    )


def _round(place: Path, *corrections: dict[str, Any]) -> Path:
    shutil.copytree(EXAMPLE, place)
    head = place / "round.toml"
    head.write_text(
        head.read_text("utf-8").replace("[inputs]\n", '[inputs]\ncorrections = "corrections.toml"\n'), "utf-8"
    )
    (place / "corrections.toml").write_text(_text(*corrections), "utf-8")
    return place


def _run(*words: str | Path) -> Result:
    return CliRunner().invoke(desk, [str(word) for word in words])


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example with one correction that has its document, solved."""
    place = _round(tmp_path_factory.mktemp("with") / "round", CONVERTED)
    assert _run("solve", place, "--nodes", "1").exit_code in (0, 4)
    return place


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without the document."""
    place = _round(tmp_path_factory.mktemp("without") / "round", {**CONVERTED, "document": ""})
    assert _run("solve", place, "--nodes", "1").exit_code in (0, 4)
    return place


def _supplied(place: Path) -> dict[str, Any]:
    plan = json.loads((place / "plan" / "plan.json").read_text("utf-8"))
    found: dict[str, Any] = next(each for each in plan["assignments"] if each["parcel_ids"] == ["NS-0004"])
    return found


def test_with_a_document_it_permits_and_is_printed_everywhere(documented: Path) -> None:
    """On its sheet and no other, in the summary, in both languages; listed by the audit, which re-reads the file."""
    assert _supplied(documented)["verdict"] == "permit"
    source = open_source(documented / "plan")
    records = [record for record in source.plan["justification"] if record["kind"] == "assignment"]
    for lang, word in (("zh", "农转用已批（converted）由 false 改为 true"), ("en", "converted was false, is true")):
        for record, blocks in zip(records, sheets(source, lang), strict=True):
            printed = str(blocks)
            assert (word in printed) is (record["parcel_ids"] == ["NS-0004"])
            assert (DOCUMENT in printed and "陈某" in printed) is (record["parcel_ids"] == ["NS-0004"])
    done = _run("audit", documented / "plan", "--complete", "--inputs", documented)
    assert done.exit_code == 0, done.output
    assert "corrections by hand 1" in done.output
    assert "NS-0004 converted was false, is true" in done.output
    assert "Plan stands." in done.output
    report = audited(documented / "plan").as_dict()
    assert [DOCUMENT in each["zh"] for each in report["corrections"]] == [True]


def test_without_a_document_it_is_a_condition_on_all_that_may_rest_on_it(bare: Path) -> None:
    """The parcel by every method; agreement in the whole round, which counts who else could use a parcel."""
    entry = _supplied(bare)
    assert entry["verdict"] == "condition"
    due = [each for each in entry["conditions"] if each["rule"] == "correction.NS-0004.converted"]
    assert "a document for a fact corrected by hand" in due[0]["en"]
    assert due[0]["document"] is None
    plan = json.loads((bare / "plan" / "plan.json").read_text("utf-8"))
    for each in plan["assignments"]:
        named = {condition["rule"] for condition in each["conditions"]}
        assert ("correction.NS-0004.converted.others" in named) is (each["method"] == "agreement")
    done = _run("audit", bare / "plan", "--complete", "--inputs", bare, "--lang", "zh")
    assert done.exit_code == 0, done.output
    assert "人工更正 1" in done.output
    assert "无依据文件" in done.output


def test_a_record_on_file_is_the_document(tmp_path: Path) -> None:
    """The condition is answered as any other: by a row of records.csv."""
    place = _round(tmp_path / "round", {**CONVERTED, "document": ""})
    records = place / "records.csv"
    text = records.read_text("utf-8-sig").rstrip("\n")
    assert text.split("\n")[0] == "rule,parcel_id,demand_id,document,date,by"
    lines = [f"correction.NS-0004.converted{end},,,{DOCUMENT},2026-03-21,officer" for end in ("", ".others")]
    records.write_text("\n".join([text, *lines, ""]), "utf-8")
    assert _run("solve", place, "--nodes", "1").exit_code in (0, 4)
    entry = _supplied(place)
    assert entry["verdict"] == "permit"
    assert DOCUMENT in {condition["document"] for condition in entry["conditions"]}


def test_it_is_adopted_with_its_document_and_not_without(documented: Path, bare: Path, tmp_path: Path) -> None:
    """B018 names the cell."""
    for source, code in ((documented, 0), (bare, 1)):
        place = shutil.copytree(source, tmp_path / source.parent.name)
        assert _run("round", "open", place, "--by", "officer 2").exit_code == 0
        done = _run("round", "adopt", place, place / "plan", "--document", "Doc 1", "--by", "officer 2")
        assert done.exit_code == code, done.output
        assert ("NS-0004: converted was corrected by hand without a document" in done.output) is bool(code)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an overlap lowered": ({"parcel": "NS-0013", "field": "in_pbf", "old": 1976, "new": 0, "document": "D"}, "C041"),
    "an overlap lowered by one": ({"parcel": "NS-0013", "field": "in_pbf", "old": 1976, "new": 1975}, "C041"),
    "an overlap made unknown": ({"parcel": "NS-0013", "field": "in_pbf", "old": 1976, "new": "unknown"}, "C041"),
    "another fact of a layer": ({"parcel": "NS-0004", "field": "in_udb", "old": True, "new": False}, "C041"),
    "another old value": ({**CONVERTED, "old": True, "new": False}, "C040"),
    "an old value unknown": ({**CONVERTED, "old": "unknown"}, "C040"),
    "another area": ({"parcel": "NS-0004", "field": "area_m2", "old": 12733, "new": 15000}, "C042"),
    "a date after the round": ({**CONVERTED, "date": "2026-04-01"}, "C043"),
    "no such parcel": ({**CONVERTED, "parcel": "NS-9999"}, "X002"),
    "no such platform": ({"demand": "D-999", "field": "nonprofit", "old": True, "new": False}, "X003"),
    "a field of a platform": ({**CONVERTED, "field": "operator", "old": "gov", "new": "univ"}, "R027"),
    "an id": ({**CONVERTED, "field": "parcel_id", "old": "NS-0004", "new": "X"}, "R027"),
    "a derived field": ({**CONVERTED, "field": "other_applicants", "old": 1, "new": 0}, "R027"),
    "what the ledger keeps": ({**CONVERTED, "field": "status", "old": "failed", "new": "candidate"}, "R027"),
    "a value of another type": ({**CONVERTED, "new": "yes"}, "R027"),
    "a code nobody knows": ({**CONVERTED, "field": "ownership", "old": "state", "new": "none"}, "R027"),
    "no person": ({**CONVERTED, "person": ""}, "R027"),
    "no date": ({**CONVERTED, "date": "2026"}, "R027"),
    "both a parcel and a platform": ({**CONVERTED, "demand": "D-001"}, "R027"),
    "a key nobody knows": ({**CONVERTED, "silently": True}, "R027"),
    "nothing corrected": ({**CONVERTED, "new": False}, "R027"),
}


@pytest.mark.parametrize("name", [name for name, (_, code) in REFUSED.items() if code == "R027"])
def test_what_a_text_cannot_say(name: str) -> None:
    """R027."""
    with pytest.raises(Refused) as refused:
        read_corrections(_text(REFUSED[name][0]), "c.toml")
    assert {issue.code for issue in refused.value.issues} == {"R027"}


def test_what_the_files_of_the_round_contradict(tmp_path: Path) -> None:
    """Exit 1, every fault with its code at once; nothing is solved."""
    said = [(correction, code) for correction, code in REFUSED.values() if code != "R027"]
    parts: list[dict[tuple[str, str], tuple[dict[str, Any], str]]] = [{} for _ in said]
    for one, code in said:  # a cell may be corrected once in a file
        cell = (str(one.get("parcel")), str(one["field"]))
        next(part for part in parts if cell not in part)[cell] = (one, code)
    for number, part in enumerate(list(part.values()) for part in parts if part):
        place = _round(tmp_path / str(number), *(one for one, _ in part))
        issues = [issue for issue in read_round(place).issues if issue.level == "error"]
        assert sorted(issue.code for issue in issues) == sorted(code for _, code in part)


def test_every_fault_of_a_text_is_told_at_once() -> None:
    """Not TOML, other tables, a cell corrected twice."""
    for text, key in (
        ("[[correction]", "R027.not-toml"),
        ("[[correction]]\ndate = 2024-02-30", "R027.not-toml"),
        ("[round]\nid = 'x'", "R027.tables"),
        ("correction = 3", "R027.tables"),
        (_text(CONVERTED, {**CONVERTED, "new": "unknown"}), "R027.twice"),
    ):
        with pytest.raises(Refused) as refused:
            read_corrections(text, "c.toml")
        assert key in {issue.key for issue in refused.value.issues}
    with pytest.raises(Refused) as refused:
        read_corrections(_text({"field": "x"}, {**CONVERTED, "new": 3}), "c.toml")
    assert {issue.key for issue in refused.value.issues} >= {"R027.whose", "R027.key-missing", "R027.no-value"}


def test_more_overlap_may_be_written_by_hand(tmp_path: Path) -> None:
    """What makes law stricter is not held back; it counts as any other fact."""
    more = {"parcel": "NS-0004", "field": "in_pbf", "old": 0, "new": 40}
    case = read_round(_round(tmp_path / "round", more)).ready()
    assert case.parcels.column("in_pbf")[case.parcels.index()["NS-0004"]] == 40


def test_no_file_takes_the_id_of_a_rule_that_landopt_makes(tmp_path: Path) -> None:
    """An overlay could put a rule of its own in the place of a condition."""
    for prefix in ("correction", "override", "ledger", "keep"):
        path = tmp_path / "policy.toml"
        path.write_text(
            f'[[rule]]\nid = "{prefix}.ns-0004.converted"\nkind = "note"\ntitle = {{ en = "x", zh = "某" }}\n'
            'cite = { doc = "x", article = "1", number = "", rank = 0, grade = "U" }\nfrom = 2020-01-01\n'
            'text = { en = "x", zh = "某" }\nflag = "x"\n',
            "utf-8",
        )
        with pytest.raises(Refused) as refused:
            load_file(path)
        assert "R025.made-id" in {issue.key for issue in refused.value.issues}


def _rules(content: Content) -> list[dict[str, Any]]:
    return [rule for rule in content["case.json"]["rules"] if rule["origin"] == "correction"]


def _source(content: Content) -> dict[str, Any]:
    found: dict[str, Any] = next(e for e in content["case.json"]["sources"] if e["role"] == "corrections")
    return found


def _cell(content: Content, field: str, value: Any) -> None:
    parcels = content["case.json"]["parcels"]
    parcels["columns"][field][parcels["ids"].index("NS-0004")] = value


FORGED: dict[str, Callable[[Content], Any]] = {
    "the rule taken out": lambda c: c["case.json"]["rules"].remove(_rules(c)[0]),
    "another person": lambda c: _rules(c)[0]["title"].update(en="x"),
    "another document in the rule": lambda c: _rules(c)[0]["cite"].update(doc="D"),
    "said to be of the ledger": lambda c: _rules(c)[0].update(origin="ledger"),
    "held nowhere": lambda c: _rules(c)[0].update(when="area_m2 < 0"),
    "the text taken out": lambda c: c["case.json"]["sources"].remove(_source(c)),
    "another text": lambda c: _source(c).update(text=_source(c)["text"].replace("陈某", "李某")),
    "an empty text": lambda c: _source(c).update(text=""),
    "no TOML": lambda c: _source(c).update(text="[["),
    "another role": lambda c: _source(c).update(role="notes"),
    "an overlay instead": lambda c: _source(c).update(role="overlay"),
    "the old value in the table": lambda c: _cell(c, "converted", False),
    "the fact unknown": lambda c: _cell(c, "converted", None),
    "not among the inputs": lambda c: c["case.json"].update(
        inputs=[e for e in c["case.json"]["inputs"] if e["name"] != "corrections.toml"]
    ),
    "the rule twice": lambda c: c["case.json"]["rules"].append(dict(_rules(c)[0])),
    "a second correction of no file": lambda c: c["case.json"]["rules"].append(
        {**_rules(c)[0], "id": "correction.NS-0005.converted"}
    ),
}


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("kind", ["documented", "bare"])
def test_forged_corrections_are_breaches(documented: Path, bare: Path, name: str, kind: str) -> None:
    """By the standard library alone; no digest stands between the lie and its finding."""
    content = load({"documented": documented, "bare": bare}[kind] / "plan")
    assert Binding(from_json(content["case.json"]), content["case.json"]).problems == []
    FORGED[name](content)
    assert Binding(from_json(content["case.json"]), content["case.json"]).problems


def test_a_text_forged_with_its_digest_falls_to_the_files(bare: Path, tmp_path: Path) -> None:
    """A document written into the case alone, rules and digest made anew: the round's own file says otherwise."""
    place = shutil.copytree(bare, tmp_path / "round")
    again = shutil.copytree(bare, tmp_path / "again")
    (again / "corrections.toml").write_text(_text(CONVERTED), "utf-8")
    shutil.rmtree(again / "plan")
    assert _run("solve", again, "--nodes", "1").exit_code in (0, 4)
    assert audited(again / "plan").breaches == ()
    done = _run("audit", again / "plan", "--inputs", place)
    assert done.exit_code == 5
    assert "corrections.toml" in done.output


@pytest.mark.parametrize(
    ("of", "field", "old", "new", "when"),
    [
        ("parcel", "area_m2", 10, 20, "parcel_id == 'X'"),
        ("demand", "priority", None, 3, "demand_id == 'X'"),
        ("demand", "holds", ("P2",), ("P1", "P2"), "demand_id == 'X' or parcel_id in ['P1', 'P2']"),
        ("demand", "applied_for", ("P2",), None, "demand_id == 'X' or parcel_id in ['P2']"),
        ("demand", "holds", None, (), "demand_id == 'X'"),
    ],
)
def test_where_a_correction_is_of_consequence(of: str, field: str, old: Any, new: Any, when: str) -> None:
    """Its parcel or platform; of parcels held or applied for those that were as well as those that are."""
    made = Correction(of, "X", field, old, new, "", "Lin", "2026-01-05")
    assert made.when == when
    parse(made.when)
