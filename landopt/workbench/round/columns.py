"""Which column a field is read from, and in which unit, chosen in the page: ``columns``, ``units`` of ``[inputs]``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from landopt.workbench.guards import refused
from landopt.workbench.home import Room
from landopt.workbench.received import ENCODINGS, opened_not, rewrite, with_input, with_key, with_layer
from parcels.common.gate import load_toml, read_bytes
from parcels.common.schema import fields_of
from parcels.common.units import unit_factor
from parcels.how_read import AREAS, FACTS

TABLES = ("columns", "units")
KEYS = ("use_codes", "encoding", "crs")
SOURCES = "sources"
"""What is chosen for records and layers, by role."""
_CRS = re.compile(r"EPSG:\d{4,6}")
_HEADING = re.compile(r"[^\x00-\x1f\x7f]{0,120}")


def set_columns(room: Room, given: Mapping[str, Any]) -> None:
    """Take what was chosen into ``round.toml``; the earlier text stays beside it.

    Parameters
    ----------
    room
        A round that is not opened in the ledger.
    given
        ``columns`` and ``units``: value by field, ``null`` takes the key away; a table that is ``null`` goes whole.
        ``use_codes``, ``encoding``, ``crs``: a text, blank takes the key away. ``sources``: for the platforms, records
        and layers by role the same keys (as far as the file has them).

    Raises
    ------
    Refusal
        409 the round is opened, 422 no such field, unit or heading.
    """
    if not given or set(given) - {*TABLES, *KEYS, SOURCES}:
        raise refused(422, "body")
    path = opened_not(room)
    before = read_bytes(path, 4_000_000).decode("utf-8-sig")
    after = before
    for name in KEYS:
        if name in given:
            after = with_input(after, name, str(given[name] or ""))
    for name in TABLES:
        if name in given:
            wanted = _merged(name, _known(before).get(name), given[name])
            after = with_table(after, name, wanted)
    sources = given.get(SOURCES) or {}
    if not isinstance(sources, dict):
        raise refused(422, "body")
    for role, chosen in sources.items():
        after = _with_source(after, role, chosen)
    rewrite(path, before, after)


def _with_source(text: str, role: str, chosen: object) -> str:
    """``round.toml`` with how the file of a role is read. Raises Refusal (422)."""
    inputs = _known(text)
    layers = inputs.get("layers", {})
    now = inputs.get(role) if role in ("demands", "records") else layers.get(role)
    if now is None or not isinstance(chosen, dict) or set(chosen) - {*TABLES, "encoding", "crs"}:
        raise refused(422, "body")
    entry = dict(now) if isinstance(now, dict) else {"file": str(now)}
    for name in TABLES:
        if name in chosen:
            entry[name] = _chosen(role, name, entry.get(name), chosen[name])
    for name in ("encoding", "crs"):
        if name in chosen:
            entry[name] = str(chosen[name] or "")
            if entry[name] and not (entry[name] in ENCODINGS if name == "encoding" else _CRS.fullmatch(entry[name])):
                raise refused(422, "setting", value=entry[name][:40])
    entry = {name: value for name, value in entry.items() if value not in ("", {})}
    said = _inline(entry) if set(entry) - {"file"} else _inline(entry["file"])
    made = with_key(text, role, said) if role in ("demands", "records") else with_layer(text, role, said)
    again = _known(made)
    found = again.get(role) if role in ("demands", "records") else again.get("layers", {}).get(role)
    if found != (entry if isinstance(found, dict) else entry.get("file")):
        raise refused(422, "setting", value=role)
    return made


def _chosen(role: str, table: str, before: object, given: object) -> dict[str, str]:
    """Columns or units of a role by fact; ``null`` takes one away."""
    if given is None:
        return {}
    known = FACTS.get(role, ())
    found = dict(before) if isinstance(before, dict) else {}
    for fact, value in given.items() if isinstance(given, dict) else ():
        if value is None:
            found.pop(fact, None)
            continue
        right = isinstance(value, str) and fact in known
        if right and table == "units":
            right = fact in AREAS and unit_factor("m2", value) is not None
        if not right or not _HEADING.fullmatch(value):
            raise refused(422, "setting", value=f"{fact} = {value}"[:60])
        if table == "columns" and value:
            found = {other: had for other, had in found.items() if had != value}
        found[fact] = value
    return found


def _inline(value: Any) -> str:
    """A value as TOML has it in a line."""
    import tomli_w

    if isinstance(value, dict):
        pairs = (f"{tomli_w.dumps({name: ''}).partition(' =')[0]} = {_inline(each)}" for name, each in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return tomli_w.dumps({"x": value}).partition("= ")[2].strip()


def _known(text: str) -> Mapping[str, Any]:
    try:
        found = load_toml(text).get("inputs", {})
    except tomllib.TOMLDecodeError:
        raise refused(422, "no-inputs") from None
    return found if isinstance(found, dict) else {}


def _merged(name: str, before: Any, given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise refused(422, "body")
    found = dict(before) if isinstance(before, dict) else {}
    fields = fields_of("parcel", "demand")
    for field, value in given.items():
        if value is None:
            found.pop(field, None)
            continue
        right = field in fields and isinstance(value, str)
        if right and name == "columns":
            right = bool(_HEADING.fullmatch(value))
        elif right:
            right = unit_factor(fields[field].unit, value) is not None
        if not right:
            raise refused(422, "setting", value=f"{field} = {value}"[:60])
        if name == "columns" and value:  # a column is one fact: it is taken from the field that had it
            others = [
                other
                for other, had in found.items()
                if had == value and other in fields and fields[other].of == fields[field].of
            ]
            for other in others:
                del found[other]
        found[field] = value
    return found


def with_table(text: str, name: str, values: Mapping[str, str]) -> str:
    """``round.toml`` with a table of texts below ``[inputs]``, in a line or under a heading of its own.

    Raises Refusal (422) where the text would not say so afterwards.
    """
    import tomli_w

    head = re.compile(rf"^\[inputs\.{name}\][^\S\n]*(?:#.*)?\n(?:(?!\[).*\n?)*", re.M)
    made = head.sub("", text)
    pairs = ", ".join(tomli_w.dumps({field: value}).strip() for field, value in values.items())
    made = with_key(made, name, f"{{ {pairs} }}" if pairs else "")
    if dict(_known(made).get(name, {})) != dict(values):
        raise refused(422, "setting", value=name)
    return made
