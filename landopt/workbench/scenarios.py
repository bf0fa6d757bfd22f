"""Scenarios of a round: folders of files the command line reads; making, copying, deleting to a bin, and the command.

``ROUND/scenarios/NAME/`` has ``edits.jsonl`` (the history), ``scenario.toml`` (an overlay: the rules that were changed,
made from the history) and ``plan/``. What the page runs is the command it shows, word for word.
"""

from __future__ import annotations

import datetime
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from constraints.loading.kinds import unit_of
from landopt.workbench.edits import FILE, History, Now, read
from landopt.workbench.guards import refused
from landopt.workbench.home import BIN, SCENARIOS, Room
from parcels.common.atomic import write_file, write_folder
from parcels.common.gate import load_toml, read_bytes

OVERLAY = "scenario.toml"
_NAME = re.compile(r"(?!-)[\w\-]{1,40}")
_DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(10))}


def plain_name(given: object) -> str:
    """A name that may be that of a folder: letters of any script, digits, - and _. Raises Refusal (422)."""
    text = given.strip() if isinstance(given, str) else ""
    if not _NAME.fullmatch(text) or text.lower() in _DEVICES:
        raise refused(422, "name", name=text[:40])
    return text


def make(room: Room, name: str, like: str | None = None) -> Path:
    """A new scenario, empty or with the history of another. Raises Refusal (409) where the name is taken."""
    place = room.folder / SCENARIOS / plain_name(name)
    if any(path.name.lower() == place.name.lower() for path in room.scenarios()):
        raise refused(409, "name-taken", name=name)
    source = room.scenario(like) if like else None

    def fill(fresh: Path) -> None:
        if source is not None and (source / FILE).is_file():
            shutil.copyfile(source / FILE, fresh / FILE)
        else:
            (fresh / FILE).touch()

    write_folder(place, fill)
    write_overlay(place, read(place).now, place.name)
    return place


def bin_(room: Room, name: str) -> str:
    """Put a scenario into the bin, with everything in it; the name it has there."""
    folder = room.scenario(name)
    if folder == room.folder:
        raise refused(404, "no-scenario", name=name)
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S-%f")
    place = room.folder / SCENARIOS / BIN / f"{folder.name}-{stamp}"
    place.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(place)
    return place.name


def rename(room: Room, name: str, new: str) -> Path:
    """Give a scenario another name, history and plan with it. Raises Refusal (404, 409 taken, 422)."""
    folder, place = room.scenario(name), room.folder / SCENARIOS / plain_name(new)
    if folder == room.folder:
        raise refused(404, "no-scenario", name=name)
    if any(path.name.lower() == place.name.lower() for path in room.scenarios() if path != folder):
        raise refused(409, "name-taken", name=new)
    if place != folder:
        folder.rename(place)
        write_overlay(place, read(place).now, place.name)
    return place


def policy_paths(room: Room) -> list[Path]:
    """The policy files that ``round.toml`` names, below the round's own folder."""
    try:
        head = load_toml(read_bytes(room.folder / "round.toml", 4_000_000).decode("utf-8-sig"))
        names = head.get("rules", {}).get("policy", [])
    except (OSError, ValueError, AttributeError):
        return []
    paths = [room.folder / str(name) for name in ([names] if isinstance(names, str) else names)]
    return [path for path in paths if path.resolve().is_relative_to(room.folder.resolve()) and path.is_file()]


def policies(room: Room) -> list[dict[str, Any]]:
    """The rules of the round's own policy files, as tables, in their order."""
    found: list[dict[str, Any]] = []
    try:
        for path in policy_paths(room):
            table = load_toml(read_bytes(path, 4_000_000).decode("utf-8-sig"))
            found += [rule for rule in table.get("rule", []) if isinstance(rule, dict) and "id" in rule]
        return [_as_sent(_in_known_units(rule)) for rule in found]
    except (OSError, ValueError, AttributeError, TypeError):
        return []


def _in_known_units(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule whose amounts name their unit as the page knows it (公顷 as ha)."""
    entries = {name: rule[name] for name in ("values", "used") if name in rule}
    said = {
        name: [
            {**each, "unit": unit_of(str(each["unit"])) or each["unit"]} if "unit" in each else each for each in listed
        ]
        for name, listed in entries.items()
    }
    return {**rule, **said}


def inputs(room: Room) -> dict[str, Any]:
    """What ``[inputs]`` of the round says, as JSON can carry it."""
    try:
        text = read_bytes(room.folder / "round.toml", 4_000_000).decode("utf-8-sig")
        found = _as_sent(load_toml(text).get("inputs", {}))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _as_sent(value: Any) -> Any:
    """A table of TOML as JSON can carry it: dates as texts."""
    if isinstance(value, dict):
        return {name: _as_sent(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_sent(each) for each in value]
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else value


def as_of(room: Room) -> datetime.date | None:
    """The round's date."""
    try:
        found = load_toml(read_bytes(room.folder / "round.toml", 4_000_000).decode("utf-8-sig"))["round"]["as_of"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, datetime.date) else None


def rule_toml(rules: Sequence[Mapping[str, Any]]) -> str:
    """Rules as a policy file has them."""
    import tomli_w

    return tomli_w.dumps({"rule": [_dated(rule) for rule in rules]})


def _dated(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Dates came over the wire as texts."""
    found = dict(rule)
    for name in ("from", "until"):
        if isinstance(found.get(name), str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", found[name]):
            found[name] = datetime.date.fromisoformat(found[name])
    return found


def overlay_text(now: Now, name: str) -> str:
    """``scenario.toml``: changed rules, applicants filed; numbers, fixes and what is left out stand in the command."""
    rules = [rule for rule in now.rules.values() if rule is not None]
    told = [f"# scenario {name}: made from {FILE}; the rules changed here. Also, on the command line:"]
    told += [f"#   --set {word}" for word in now.set_words()]
    told += [f"#   --fix {word}" for word in now.fix_words()]
    told += [f"#   --drop {word}" for word in now.drops]
    told = [re.sub(r"[\x00-\x1f\x7f]", " ", line) for line in told]
    return "\n".join(told) + "\n\n" + (rule_toml(rules) if rules else "") + _applicants(now)


def _applicants(now: Now) -> str:
    """Late applicants as an overlay has them."""
    import tomli_w

    blocks = [
        {"demand": name, "reason": said["reason"], "by": said["by"], "facts": said["facts"]}
        for name, said in now.adds.items()
    ]
    return tomli_w.dumps({"applicant": blocks}) if blocks else ""


def write_overlay(folder: Path, now: Now, name: str) -> None:
    """Write ``scenario.toml`` anew."""
    write_file(folder / OVERLAY, overlay_text(now, name).encode("utf-8"))


def request(room: Room, name: str, history: History, by: str) -> dict[str, Any]:
    """What a solve of a scenario is asked for: the fields of :class:`landopt.job.Job` as plain data."""
    folder, now = room.scenario(name), history.now
    overlays = [str(folder / OVERLAY)] if now.overlaid() else []
    return {
        "round_path": str(room.folder),
        "output": str(folder / "plan"),
        "overlays": overlays,
        "sets": now.set_words(),
        "fixes": now.fix_words(),
        "drop": list(now.drops),
        "reason": now.reason(),
        "by": now.by() or (by if now.fixes else ""),
    }


def typed(asked: Mapping[str, Any]) -> str:
    """The same as a command to type."""
    words = ["landopt", "solve", asked["round_path"]]
    if Path(asked["output"]) != Path(asked["round_path"]) / "plan":
        words += ["-o", asked["output"]]
    for option, name in (("--overlay", "overlays"), ("--set", "sets"), ("--fix", "fixes")):
        for value in asked[name]:
            words += [option, value]
    words += ["--drop", ",".join(asked["drop"])] if asked["drop"] else []
    words += ["--reason", asked["reason"]] if asked["reason"] else []
    words += ["--by", asked["by"]] if asked["by"] else []
    return shlex.join(words)
