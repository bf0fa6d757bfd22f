"""The registry of fields: every field is in it, and a false value of each that is derived again is a breach."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

import constraints.audit.run as audit_run
from cli import desk
from constraints.audit.bound.binding import Binding
from constraints.audit.bound.shapes import FILES, HOW, Faults, registry
from constraints.audit.citations import check_citations
from constraints.audit.finding import HINDERS
from constraints.case import from_json, to_json
from landopt.intake.overlay import apply_sets
from landopt.keeping.plan_file import packed
from landopt.keeping.whole_audit import remade, word_differences
from landopt.reasons.explain.schema import file_schema
from tests.audit.mutants import load
from tests.audit.test_bound import audited, forged
from tests.builders import case, demand, limit, parcel
from tests.counts import WHOLE

MUTANTS = 9_000 if WHOLE else 900


def test_every_field_says_how_it_is_derived_again() -> None:
    """One of the ways, and at most fifteen names that say nothing."""
    silent = set()
    for name in FILES:
        for path, (_, how) in registry(name).items():
            assert how in HOW, path
            if how == "nothing":
                silent.add(path.replace("[]", "").split(".*")[0].rpartition(".")[2])
    assert silent == {"versions", "ties", "solver_bound", "stopped", "ledger_head"}
    assert len(silent) <= 15


def test_every_field_of_a_plan_is_in_the_registry(solved: Path) -> None:
    """Of a real plan folder; a field that is not would be told as not checked."""
    content = load(solved)
    for name in ("plan", "case", "proof"):
        found = Faults(name, content[f"{name}.json"])
        assert (found.wrong, found.unknown) == ([], [])
    head, blocks = content["offers.jsonl.gz"][0], content["offers.jsonl.gz"][1:]
    for key, value in (("head", head), *(("block", block) for block in blocks)):
        listed = {path.partition(".")[2].partition("[")[0].partition(".")[0] for path in registry("offers")}
        assert set(value) <= listed, key


def _paths(schema: dict[str, Any], defs: dict[str, Any], path: str) -> Iterator[str]:
    if "$ref" in schema and not schema["$ref"].endswith("/Key"):
        yield from _paths(defs[schema["$ref"].rpartition("/")[2]], defs, path)
    elif "anyOf" in schema:
        for option in schema["anyOf"]:
            yield from _paths(option, defs, path)
    elif schema.get("type") == "object" and "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from _paths(inner, defs, f"{path}.{name}")
    elif schema.get("type") == "array":
        yield from _paths(schema["items"], defs, f"{path}[]")
    else:
        yield path


def test_every_field_a_record_may_have_is_in_the_registry() -> None:
    """Also those that the example does not happen to hold."""
    whole = file_schema()
    kinds = {"assignment": "Assignment", "unserved": "Unserved", "held": "Held", "plan": "PlanReasons"}
    known = {path.partition(".*")[0] for path in registry("plan")} | set(registry("plan"))
    for kind, name in kinds.items():
        for path in _paths(whole["$defs"][name], whole["$defs"], f"justification[{kind}]"):
            assert path in known or path.removesuffix("[]") in known, path
    for table in ("citations", "timetables"):
        for path in _paths(whole["properties"][table]["additionalProperties"], whole["$defs"], f"{table}.*"):
            assert path in known, path


def _spots(value: Any, path: tuple[Any, ...], name: str) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """(registered path, place) of every plain value."""
    if isinstance(value, dict):
        for key, item in value.items():
            step = "*" if name in ("citations", "timetables") else key
            if name == "justification[]":
                yield from _spots(item, (*path, key), f"justification[{value['kind']}].{key}")
            else:
                yield from _spots(item, (*path, key), f"{name}.{step}" if name else key)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _spots(item, (*path, at), f"{name}[]")
    else:
        yield name, path


def _other(draw: Random, value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw.choice([value + 1, value - 1, 2 * value + 1, -value or 7])
    if isinstance(value, str):
        return draw.choice([f"{value}x", value[:-1] or "x", f" {value}", f"{value}某"])
    return draw.choice(["x", 1])


def _set(content: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value


def _mutants(solved: Path, count: int, seed: int) -> Counter[str]:
    """Mutants of every registered field of ``plan.json`` in words, and of ``case.json`` from its sources, in turn."""
    draw, content = Random(seed), load(solved)
    plan, case = content["plan.json"], content["case.json"]
    again = packed(remade(solved, plan))
    assert list(word_differences(plan, again)) == []
    assert Binding(from_json(case), case).problems == []
    places: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for name, value in (("plan", plan), ("case", case)):
        for field, path in _spots(value, (), ""):
            places.setdefault((name, field), []).append(path)
    done: Counter[str] = Counter()
    fields = sorted(places)
    for turn in range(count):
        name, field = fields[turn % len(fields)]
        how = _how(name, field)
        path = draw.choice(places[name, field])
        if name == "plan" and how in ("again", "words", "law", "bound", "digest"):
            changed = copy.copy(plan)
            changed[path[0]] = copy.deepcopy(plan[path[0]])
            _set(changed, path, _other(draw, _get(plan, path)))
            assert list(word_differences(changed, again)), (field, path)
        elif how == "source":
            changed = copy.copy(case)
            changed[path[0]] = copy.deepcopy(case[path[0]])
            before = _get(case, path)
            _set(changed, path, _other(draw, before))
            if field in AT_THE_DESK or Faults("case", changed).wrong:
                continue
            assert _unbound(changed), (field, path, before, _get(changed, path))
        else:
            continue
        done[f"{name}.{field}"] += 1
    return done


AT_THE_DESK = ("settings.gap", "settings.time_limit_s", "settings.nodes", "settings.seed", "settings.threads")
"""Settings that the command line may ask for: told, no breach."""


def _unbound(case: dict[str, Any]) -> bool:
    try:
        return bool(Binding(from_json(case), case).problems)
    except (KeyError, TypeError, ValueError, AttributeError):
        return True


def _get(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _how(name: str, field: str) -> str:
    known = registry(name)
    while field:
        for path in (field, f"{field}.*"):
            if path in known:
                return known[path][1]
        cut = max(field.rfind("."), field.rfind("["))
        field = field[:cut] if cut > 0 else ""
    return ""


def test_mutants_of_words_and_sources_are_breaches(solved: Path) -> None:
    """Each registered field in turn; re-sealed by construction: no digest stands between the lie and its finding."""
    done = _mutants(solved, 500, 1)
    assert sum(done.values()) > 350


@pytest.mark.slow
def test_many_mutants_of_words_and_sources_are_breaches(solved: Path) -> None:
    """Every field many times: 9,000 by ``make long`` (5,000 and more are judged), a tenth among the slow."""
    done = _mutants(solved, MUTANTS, 2)
    assert 9 * sum(done.values()) >= 5 * MUTANTS
    assert len(done) > 350
    assert min(done.values()) >= max(1, 5 * MUTANTS // 9_000)


def test_a_field_nobody_registered_is_told(solved: Path, tmp_path: Path) -> None:
    """By the standard library alone it is not checked, and the plan does not stand; made again it is a breach."""
    folder = forged(solved, tmp_path / "forged", lambda c: c["case.json"].update(remark="urgent"))
    report = audit_run.audit_plan(folder)
    assert report.breaches == ()
    assert not report.stands
    assert "remark" in next(str(each.said) for each in report.unchecked if each.what == "field")
    assert audited(folder).verdict == "breach"


def test_citations_are_word_for_word_by_the_standard_library_alone(solved: Path) -> None:
    """Each field of each citation changed in turn is found without any package."""
    content = load(solved)
    plan, case = content["plan.json"], from_json(content["case.json"])
    count, wrong = check_citations(plan, case)
    assert (count, wrong) == (len(plan["citations"]), [])
    draw = Random(3)
    for key, cite in plan["citations"].items():
        for field in cite:
            if field in ("start", "until", "origin") and case.rules and cite["doc"] == cite["rule"]:
                continue
            changed = {**plan, "citations": {key: {**cite, field: _other(draw, cite[field])}}}
            assert check_citations(changed, case)[1], (key, field)


def test_a_number_set_in_a_case_without_sources_is_the_one_that_was_set() -> None:
    """Told and no breach where the case holds it; another number, another rule or one of law is a breach."""
    rules = [limit("p.quota", "", "<=", 20_000), limit("p.law", "", "<=", 30_000, rank=2)]
    made = apply_sets(case([parcel()], [demand()], rules), ["p.quota:amount=10000"])
    bound = Binding(made, to_json(made))
    assert (bound.problems, [each.what for each in bound.unchecked if each.what in HINDERS]) == ([], ["overlays"])
    for text in ("p.quota:amount=9000", "p.other:amount=10000", "p.law:amount=30000"):
        lie = replace(made, overlays=(text,))
        assert Binding(lie, to_json(lie)).problems, text


def test_a_fault_of_the_audit_itself_is_no_breach(solved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 6, with what to send; the plan is not judged."""

    def broken(*_given: Any) -> dict[str, Any]:
        raise AttributeError("a slip of ours")

    monkeypatch.setattr(audit_run, "restated", broken)
    for lang, word in (("en", "the audit itself failed"), ("zh", "审核程序自身出错")):
        done = CliRunner().invoke(desk, ["audit", str(solved), "--lang", lang])
        assert done.exit_code == 6, done.output
        assert word in done.output
        assert "a slip of ours" in done.output
        assert "landopt --version" in done.output
    assert "refused" not in done.output


def test_a_file_of_another_form_is_a_breach(solved: Path, tmp_path: Path) -> None:
    """A value of another type is the file's fault, and is named with its place."""

    def change(content: Any) -> None:
        content["plan.json"]["assignments"][0]["area_m2"] = "many"

    report = audited(forged(solved, tmp_path / "forged", change))
    assert [breach.rule for breach in report.breaches] == ["format"]
    assert "plan.assignments[0].area_m2 is str" in report.breaches[0].said.text()
    assert json.dumps(report.as_dict())
