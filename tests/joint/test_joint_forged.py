"""Joint folders forged anew: every field of ``joint.json``, sentences and layers of a city, overlays, foreign files."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from constraints.audit.bound.joint_form import own_overlay
from constraints.audit.bound.shapes import HOW, registry
from constraints.audit.finding import AS_FAR, BREACH, STANDS, AuditReport
from constraints.audit.joint import audit_joint
from constraints.audit.run import audit_plan
from constraints.canonical import canonical
from landopt.keeping.whole_audit import whole_audit
from landopt.report.gis.plan_layers import write_plan_gpkg
from parcels.common.issues import Refused
from tests.audit.ledgers import call

CLAIMS = {"alone", "lost", "won", "used_alone", "why"}


@pytest.fixture(scope="module")
def folder(province: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the joint folder."""
    return Path(shutil.copytree(province / "joint", tmp_path_factory.mktemp("forged") / "joint"))


@pytest.fixture(scope="module")
def audits(folder: Path) -> Callable[..., AuditReport]:
    """The audits of the cities' own plans, made once: here it is the joint file that lies."""
    known = {path.name: audit_plan(path / "plan") for path in (folder / "cities").iterdir()}
    return lambda place, **_: known.get(Path(place).parent.name) or audit_plan(place)


def _spots(value: Any, path: tuple[Any, ...] = (), name: str = "") -> Iterator[tuple[str, tuple[Any, ...]]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _spots(item, (*path, key), f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _spots(item, (*path, at), f"{name}[]")
    else:
        yield name, path


def _set(content: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value


def _verdict(folder: Path, said: Any, audit: Callable[..., AuditReport]) -> str:
    path = folder / "joint.json"
    kept = path.read_bytes()
    path.write_bytes(canonical(said))
    try:
        return audit_joint(folder, audit).verdict
    except Refused:
        return BREACH
    finally:
        path.write_bytes(kept)


def test_every_field_of_a_joint_file_is_registered_and_a_false_one_is_found(
    folder: Path, audits: Callable[..., AuditReport]
) -> None:
    """Each plain value in turn, false or of another type; five names are claims, and are told as such."""
    said = json.loads((folder / "joint.json").read_bytes())
    fields = registry("joint")
    assert {how for _, how in fields.values()} <= set(HOW)
    silent = {path.replace("[]", "").rpartition(".")[2] for path, (_, how) in fields.items() if how == "nothing"}
    assert silent == {*CLAIMS, "round"}
    assert _verdict(folder, said, audits) == AS_FAR
    draw = Random(1)
    for name, path in _spots(said):
        assert name in fields, name
        now: Any = said
        for key in path:
            now = now[key]
        other = now + draw.choice((1, -1, 7)) if isinstance(now, int) else f"{now}x"
        for value in (other, [now], None, True):
            forged = copy.deepcopy(said)
            _set(forged, path, value)
            found = _verdict(folder, forged, audits)
            claim = fields[name][1] == "nothing" and value == other
            assert found == BREACH or claim, (name, value)
    for path in [(key,) for key in said] + [("cities", 0, key) for key in said["cities"][0]]:
        forged = copy.deepcopy(said)
        inner: Any = forged
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        assert _verdict(folder, forged, audits) == BREACH, path


def _lost(said: dict[str, Any], plan: dict[str, Any]) -> None:
    served = next(entry["demand_id"] for entry in plan["assignments"] if entry["demand_id"])
    said["cities"][0]["gave_up"]["lost"] = [served]


def _won(said: dict[str, Any], plan: dict[str, Any]) -> None:
    said["cities"][0]["gave_up"]["won"] = ["nobody"]


def _unknown(said: dict[str, Any], plan: dict[str, Any]) -> None:
    said["cities"][0]["gave_up"]["lost"] = ["nobody"]


def _points(said: dict[str, Any], plan: dict[str, Any]) -> None:
    said["cities"][0]["gave_up"]["points"] += 1000


def _left(said: dict[str, Any], plan: dict[str, Any]) -> None:
    said["left_out"].append({"round": said["cities"][0]["round"], "why": "unread"})


def _limit_twice(said: dict[str, Any], plan: dict[str, Any]) -> None:
    said["limits"].append(said["limits"][0])
    said["prices"].append(said["prices"][0])


@pytest.mark.parametrize("lie", [_lost, _won, _unknown, _points, _left, _limit_twice])
def test_what_a_city_is_said_to_give_up_is_held_against_its_plan(
    folder: Path, audits: Callable[..., AuditReport], lie: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    """As far as the plan itself bears it out or denies it."""
    said = json.loads((folder / "joint.json").read_bytes())
    name = said["cities"][0]["round"]
    forged = copy.deepcopy(said)
    lie(forged, json.loads((folder / "cities" / name / "plan" / "plan.json").read_bytes()))
    assert _verdict(folder, forged, audits) == BREACH


def test_a_joint_plan_stands_only_where_every_city_does(folder: Path) -> None:
    """With everything installed and complete: ``stands``; by the standard library alone: as far as checked."""
    whole = partial(whole_audit, rewrite=write_plan_gpkg)
    assert audit_joint(folder, whole, complete=True).verdict == STANDS
    alone = audit_joint(folder, complete=True)
    assert (alone.verdict, alone.exit_code(True), alone.exit_code(True, alone=True)) == (AS_FAR, 5, 0)
    told = alone.lines("en")
    assert any("not checked" in line for line in told)
    assert told[-1] == "The joint plan: stands as far as checked."
    assert audit_joint(folder, whole).exit_code(False) == 0


@pytest.mark.parametrize("place", ["notes.txt", "cities/nansha-2026-1/other.json", "cities/nansha-2026-1/plan/x.docx"])
def test_a_foreign_file_is_never_inside_stands(folder: Path, place: str) -> None:
    """Beside the cities, beside a plan, in a plan: it was not checked, and is named."""
    (folder / place).write_text("x")
    found = audit_joint(folder, whole_audit, complete=True)
    (folder / place).unlink()
    assert found.verdict == AS_FAR
    assert Path(place).name in "\n".join(found.lines("en"))


def test_a_sentence_of_a_city_that_is_false_is_a_breach(folder: Path) -> None:
    """What the standard library alone does not see, ``landopt audit`` of the joint folder does."""
    path = folder / "cities" / "nansha-2026-1" / "plan" / "plan.json"
    kept = path.read_bytes()
    plan = json.loads(kept)
    plan["held"][0]["reasons"][0]["en"] = "the owner asked for it"
    path.write_bytes(canonical(plan))
    done = call("audit", folder)
    path.write_bytes(kept)
    assert done.exit_code == 5, done.output
    assert "breach" in done.output


def test_an_overlay_that_says_more_than_the_common_limits_is_not_taken_for_them(folder: Path, tmp_path: Path) -> None:
    """Facts, numbers of other rules, another file on disk: told as an overlay, and the plan never stands."""
    city = folder / "cities" / "nansha-2026-1"
    case = json.loads((city / "plan" / "case.json").read_bytes())
    limits = [each["id"] for each in json.loads((folder / "joint.json").read_bytes())["limits"]]
    text = (city / "joint-limits.toml").read_text("utf-8")
    assert own_overlay(city, case, limits)
    fact = '\n[[fact]]\nof = "parcel"\nid = "NS-0004"\nconverted = true\n'
    moved = '\n[[set]]\nrule = "round.share.competitive"\nshare = "0"\n'
    for more in (fact, moved, text.replace("joint.", "round."), "\n"):
        place = tmp_path / hashlib.sha256(more.encode()).hexdigest()[:8]
        place.mkdir()
        (place / "joint-limits.toml").write_text(text + more, "utf-8")
        forged = copy.deepcopy(case)
        entry = next(each for each in forged["sources"] if each["role"] == "overlay")
        if more != "\n":  # else the file alone is another one than the case holds
            entry["text"] = text + more
            sha = hashlib.sha256((text + more).encode()).hexdigest()
            for each in forged["inputs"]:
                if each["name"] == "joint-limits.toml":
                    each["sha256"] = sha
        assert not own_overlay(place, forged, limits), more


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000, "", "\x00", "[joint]\nid = 1\n", "[[limit]]\nid = 'x'\n"])
def test_a_joint_text_that_is_none_is_told(folder: Path, text: str) -> None:
    """Deep, empty, torn: exit 1 or 5, never a traceback."""
    path = folder / "joint.toml"
    kept = path.read_bytes()
    path.write_text(text)
    done = call("audit", folder)
    path.write_bytes(kept)
    assert done.exit_code in (1, 5), done.output


@pytest.mark.parametrize("words", [("--key", "k.pem"), ("--ledger", "l"), ("--inputs", "r"), ("--receipt", "P")])
def test_what_is_asked_of_a_joint_folder_and_not_checked_is_refused(folder: Path, words: tuple[str, str]) -> None:
    """A flag that would be passed over in silence is a usage error."""
    done = call("audit", folder, *words)
    assert done.exit_code == 2
    assert "audit each city" in done.output
