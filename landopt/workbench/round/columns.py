"""Which column a field is read from, and in which unit, chosen in the page: ``columns``, ``units`` of ``[inputs]``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from landopt.workbench.guards import refused
from landopt.workbench.home import Room
from landopt.workbench.received import opened_not, rewrite, with_input, with_key
from parcels.common.gate import load_toml, read_bytes
from parcels.common.schema import fields_of
from parcels.common.units import unit_factor

TABLES = ("columns", "units")
KEYS = ("use_codes", "encoding", "crs")
_HEADING = re.compile(r"[^\x00-\x1f\x7f]{0,120}")


def set_columns(room: Room, given: Mapping[str, Any]) -> None:
    """Take what was chosen into ``round.toml``; the earlier text stays beside it.

    Parameters
    ----------
    room
        A round that is not opened in the ledger.
    given
        ``columns`` and ``units``: value by field, ``null`` takes the key away; a table that is ``null`` goes whole.
        ``use_codes``, ``encoding``, ``crs``: a text, blank takes the key away.

    Raises
    ------
    Refusal
        409 the round is opened, 422 no such field, unit or heading.
    """
    if not given or set(given) - {*TABLES, *KEYS}:
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
    rewrite(path, before, after)


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
