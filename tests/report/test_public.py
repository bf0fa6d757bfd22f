"""The public edition: a token in every field that is internal is in no public file, nor in its properties or data."""

from __future__ import annotations

import html
import json
import re
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from landopt.report.public import CITE, ENTRY, PARCELS, PLATFORMS, RECORD, STEP
from landopt.report.source import open_source
from tests.report.making import call
from tests.report.test_codec import unpack

WORD = "ZZTOKEN"
NUMBER = 771_300_000
"""Numbers planted begin with 7713: no real number of the plan does."""
CODES = {"kind", "platform_kind", "operator", "role", "verdict", "stopped", "scope", "bound_scope", "outcome", "why"}
"""Keys whose values are codes that readers look up: they are left, all else is planted."""


class Planter:
    """Plants tokens and keeps what it planted."""

    def __init__(self) -> None:
        self.count = 0

    def value(self, was: Any) -> Any:
        """A token of the kind of a value."""
        self.count += 1
        if isinstance(was, str):
            return f"{WORD}{self.count}"
        return NUMBER + self.count if isinstance(was, int) and not isinstance(was, bool) else was

    def cell(self, was: Any) -> Any:
        """A token in the place of a fact: a number, a text, each item of a list; yes, no and unknown stay."""
        if isinstance(was, list):
            return [self.value(each) for each in was]
        return was if was is None or isinstance(was, bool) else self.value(was)

    def record(self) -> dict[str, Any]:
        """A document on file."""
        return {name: self.value("") for name in ("rule", "parcel_id", "demand_id", "document", "date", "by")}

    def all_of(self, value: Any, keep: frozenset[str]) -> Any:
        """A value with a token in the place of every text and number below it, but for the keys kept and codes."""
        if isinstance(value, dict):
            return {k: v if k in keep or k in CODES else self.all_of(v, keep) for k, v in value.items()}
        if isinstance(value, list):
            return [self.all_of(each, keep) for each in value]
        return self.value(value)


def planted(plain: Path, place: Path) -> tuple[Path, set[str]]:
    """A plan folder with tokens in all that is not published, and the names of users that are displayed."""
    folder = shutil.copytree(plain, place, ignore=shutil.ignore_patterns("report*"))
    source = open_source(plain)
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    case = json.loads((folder / "case.json").read_text("utf-8"))
    one = next(entry for entry in plan["assignments"] if entry["demand_id"])
    for each in (one, next(r for r in plan["justification"] if r.get("parcel_ids") == one["parcel_ids"])):
        each.update(method="agreement", role="assignee")
    plant = Planter()
    shown = {e["demand_id"] for e in plan["assignments"] if not source.case.method(e["method"]).competitive}
    names = case["demands"]["columns"]["name"] = list(case["demands"]["columns"].get("name") or case["demands"]["ids"])
    displayed = set()
    for row, name in enumerate(case["demands"]["ids"]):
        if name in shown:
            displayed.add(str(names[row]))
        else:
            names[row] = plant.value("")
    for table, shown_columns in (("parcels", PARCELS), ("demands", PLATFORMS)):
        for column, values in case[table]["columns"].items():
            if column not in shown_columns:
                case[table]["columns"][column] = [plant.cell(v) for v in values]
    case["records"] = [plant.all_of(each, frozenset()) for each in case["records"]] or [plant.record()]
    case["notes"], case["dropped"] = [plant.value("")], [{"parcel_id": plant.value(""), "reason": plant.value("")}]
    case["sources"] = [{name: plant.value("") for name in ("role", "name", "text")}]
    case["inputs"] = [{"name": plant.value(""), "sha256": plant.value(""), "rows": 1}]
    keep = frozenset((*ENTRY, *RECORD, *CITE, *STEP, "demand_id", "timetable", "permits", "cite"))
    for entry in plan["assignments"]:
        entry.update({k: plant.all_of(v, frozenset()) for k, v in entry.items() if k not in keep and k not in CODES})
    priced = {"start_price_yuan", "deposit_yuan"}
    for old, entry in zip(source.found.plan["assignments"], plan["assignments"], strict=True):
        entry.update({name: old[name] for name in priced})
    for record in plan["justification"]:
        if record["kind"] == "assignment":
            mine = keep | {"platform"} if record["demand_id"] in shown else keep
            record.update(
                {k: plant.all_of(v, frozenset()) for k, v in record.items() if k not in mine and k not in CODES}
            )
        elif record["kind"] != "plan":
            record.update({k: plant.all_of(v, frozenset()) for k, v in record.items() if k not in ("id", *CODES)})
    for part in ("held", "unserved"):
        for entry in plan[part]:
            entry["reasons"] = plant.all_of(entry["reasons"], frozenset())
    whole = next(record for record in plan["justification"] if record["kind"] == "plan")
    public = {"kind", "methods", "parcels_supplied", "as_of", "parcel_ids"}
    whole.update({k: plant.all_of(v, frozenset()) for k, v in whole.items() if k not in public and k not in CODES})
    plan["result"]["tiers"] = plant.all_of(plan["result"]["tiers"], frozenset())
    plan["overrides"] = [{"fix": plant.value(""), "by": plant.value(""), "parcel_ids": [], "reason": plant.value("")}]
    for rule in case["rules"]:
        rule["title"] = {lang: plant.value("") for lang in ("en", "zh")}
    (folder / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), "utf-8")
    (folder / "case.json").write_text(json.dumps(case, ensure_ascii=False), "utf-8")
    assert plant.count > 500
    return folder, displayed


def contents(folder: Path) -> Iterator[tuple[str, str]]:
    """Everything that is in the files of a folder, as text: parts of archives, rows of tables, the page's data."""
    for path in sorted(folder.iterdir()):
        raw = path.read_bytes()
        yield path.name, raw.decode("utf-8", "ignore")
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    yield f"{path.name}/{name}", archive.read(name).decode("utf-8", "ignore")
        if path.suffix == ".gpkg":
            with sqlite3.connect(path) as store:
                yield path.name, "\n".join(store.iterdump())
        if path.suffix == ".html":
            packed = re.search(r'id="payload">([^<]*)<', raw.decode("utf-8"))
            assert packed is not None
            head, columns = unpack(html.unescape(packed[1]))
            yield f"{path.name}/head", json.dumps(head, ensure_ascii=False)
            yield f"{path.name}/columns", " ".join(str(n) for column in columns.values() for n in column)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_internal_field_is_in_a_public_file(plain: Path, tmp_path: Path, lang: str) -> None:
    """Reserve price, budget, priority, score, conditions, other applicants, platforms under competition: nowhere."""
    folder, displayed = planted(plain, tmp_path / "plan")
    done = call(folder, "--public", "--lang", lang)
    assert done.exit_code == 0, done.output
    out = folder / "report-public"
    found = list(contents(out))
    assert {path.name for path in out.iterdir()} >= {"map.html", "tables.xlsx", "plan.qgz", "plan-public.gpkg"}
    assert len(found) > 30
    for name, text in found:
        flat = re.sub(r"(?<=\d)[,.](?=\d)", "", text)
        assert WORD not in text, (name, text[max(0, text.find(WORD) - 80) : text.find(WORD) + 40])
        assert not re.search(r"7713\d{5}", flat), name
    whole = "".join(text for _, text in found)
    assert displayed
    assert all(name in whole for name in displayed)


def test_the_tokens_are_found_where_nothing_is_taken_out(plain: Path, tmp_path: Path) -> None:
    """The search itself works: in the internal edition the names of platforms are in the page and in the tables."""
    folder = shutil.copytree(plain, tmp_path / "plan", ignore=shutil.ignore_patterns("report*"))
    case = json.loads((folder / "case.json").read_text("utf-8"))
    case["demands"]["columns"]["name"] = [f"{WORD}{row}" for row in range(len(case["demands"]["ids"]))]
    (folder / "case.json").write_text(json.dumps(case, ensure_ascii=False), "utf-8")
    assert call(folder, "--html", "--xlsx", "--lang", "en").exit_code == 0
    found = dict.fromkeys(("map.html/", "tables.xlsx/"), 0)
    for name, text in contents(folder / "report"):
        for start in found:
            found[start] += text.count(WORD) if name.startswith(start) else 0
    assert all(found.values()), found


def test_what_has_no_public_edition_is_refused(plain: Path, tmp_path: Path) -> None:
    """The proposal is internal; a scenario is not published at all."""
    done = call(plain, "--public", "--docx", "--lang", "en", "-o", tmp_path / "r")
    assert (done.exit_code, "X023" in done.output) == (1, True)
    folder = shutil.copytree(plain, tmp_path / "plan", ignore=shutil.ignore_patterns("report*"))
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    plan["case"]["overlays"] = ["flood"]
    (folder / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), "utf-8")
    done = call(folder, "--public", "--lang", "en", "-o", tmp_path / "r")
    assert (done.exit_code, "X023" in done.output, (tmp_path / "r").exists()) == (1, True, False)


def test_held_parcels_are_no_part_of_the_public_edition(plain: Path, tmp_path: Path) -> None:
    """Neither a list of candidates nor their outlines."""
    import pyogrio

    assert call(plain, "--public", "-o", tmp_path / "r").exit_code == 0
    supplied = {row.parcel_id for row in open_source(plain).rows if row.entry is not None}
    frame = pyogrio.read_dataframe(tmp_path / "r" / "plan-public.gpkg", layer="parcels")
    assert set(frame["parcel_id"]) == supplied
    assert set(frame.columns) & {"verdict", "rules", "start_price_yuan", "demand_id", "state"} == set()
