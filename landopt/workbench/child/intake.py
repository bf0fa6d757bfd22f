"""Rounds made of dropped files, and the facts of one parcel or platform as they may be corrected."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parcels.common.catalogue import Say, titled
from parcels.common.gate import load_toml, read_bytes, read_text

if TYPE_CHECKING:
    from landopt.intake.assemble import Loaded
    from parcels.common.frozen import FactTable
    from parcels.common.schema import Field, Value

LANGS = ("en", "zh")


def new(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Make a round: the files under plain names, the policy with the usual limits switched off, every key explained."""
    from landopt.forms.blank import write_blank
    from landopt.intake.round_keys import blank_round
    from landopt.invent.round import write_round
    from parcels.common.atomic import write_folder
    from parcels.common.issues import Refused, error

    folder, lang = Path(request["folder"]), request["lang"]
    if folder.exists():
        raise Refused(error("E003.not-empty", at=str(folder), folder=folder))

    def fill(fresh: Path) -> None:
        if request["example"]:
            write_round(fresh)
            return
        write_blank(fresh, lang, name=folder.name, today=date.fromisoformat(request["as_of"]))
        named: dict[str, str] = {}
        for role, path in request["files"].items():
            name = f"{role}{Path(path).suffix}"
            shutil.copyfile(path, fresh / name)
            named[role] = name
        if named:
            text = blank_round(folder.name, _values(fresh / "round.toml", named, request), lang)
            (fresh / "round.toml").write_text(text, encoding="utf-8", newline="\n")

    write_folder(folder, fill)
    return {"name": folder.name, "files": sorted(path.name for path in folder.iterdir())}


def _values(made: Path, named: Mapping[str, str], request: Mapping[str, Any]) -> dict[str, str]:
    """The keys of ``round.toml`` as TOML: dropped files by role, the blank workbook for the tables nobody dropped."""
    import tomli_w

    before = load_toml(read_text(made))
    found = {
        "round.as_of": request["as_of"],
        "rules.packs": tomli_w.dumps({"x": before["rules"]["packs"]}, multiline_strings=False)[4:].strip(),
        "rules.policy": '["policy.toml"]',
        "inputs.use_codes": f'"{request["use_codes"]}"',
    }
    for table in ("parcels", "demands", "records"):
        if table in named:
            found[f"inputs.{table}"] = f'"{named[table]}"'
        elif table != "records":
            sheet = before["inputs"][table]
            found[f"inputs.{table}"] = f'{{ file = "{sheet["file"]}", layer = "{sheet["layer"]}" }}'
    layers = {role: name for role, name in named.items() if role not in ("parcels", "demands", "records")}
    if layers:
        said = ", ".join(f'{role} = "{name}"' for role, name in layers.items())
        found["inputs.layers"] = f"{{ {said} }}"
    return found


def template(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """The blank workbook, as a file to download."""
    from landopt.forms.blank import NAMES
    from landopt.forms.fill import form_of
    from landopt.forms.workbook import write_forms

    lang = request["lang"] if request.get("lang") in LANGS else "zh"
    with tempfile.TemporaryDirectory(prefix="landopt-form-") as place:
        path = Path(place) / NAMES[lang]
        write_forms(path, [form_of(kind, lang) for kind in ("parcels", "demands", "records")], lang)
        return {"name": path.name, "base64": base64.b64encode(read_bytes(path)).decode("ascii")}


@lru_cache(maxsize=1)
def _read(folder: str) -> Loaded:
    from landopt.intake.assemble import read_round

    return read_round(Path(folder))


def facts(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Every fact of a parcel or platform: its title, what it says now, and what may be said instead."""
    from landopt.intake.names import unknown_parcel, unknown_platform
    from parcels.common.issues import Refused
    from parcels.common.schema import fields

    of = "demand" if request.get("of") == "demand" else "parcel"
    case = _read(request["folder"]).ready()
    table = case.demands if of == "demand" else case.parcels
    row = table.index().get(request["id"])
    if row is None:
        unknown = unknown_platform if of == "demand" else unknown_parcel
        raise Refused(unknown(request["id"], table.index(), "--parcel"))
    found = []
    for field in fields().values():
        if field.of == of and not field.derived and field.name not in ("parcel_id", "demand_id"):
            value = table.column(field.name)[row] if field.name in table.columns else None
            found.append(_fact(field, value))
    return {"id": request["id"], "of": of, "as_of": case.round.as_of, "facts": found}


def filed(found: FactTable) -> dict[str, Any]:
    """The facts of a late applicant by field, as an overlay files them."""
    from parcels.common.schema import fields_of

    fields = fields_of("demand")
    return {
        name: _plain(fields[name], column[0])
        for name, column in sorted(found.columns.items())
        if column[0] is not None and name != "demand_id" and name in fields and not fields[name].derived
    }


def _plain(field: Field, value: Value) -> Any:
    """A fact as TOML has it, in the unit of its field."""
    if isinstance(value, int) and not isinstance(value, bool) and field.scale != 1:
        whole, part = divmod(value, field.scale)
        return f"{whole}.{part:0{len(str(field.scale)) - 1}d}".rstrip("0").rstrip(".")
    return list(value) if isinstance(value, tuple) else value


def _fact(field: Field, value: Value) -> dict[str, Any]:
    shown = _plain(field, value)
    return {
        "field": field.name,
        "title": {lang: field.title(lang) for lang in LANGS},
        "type": field.type,
        "unit": field.unit,
        "value": "unknown" if value is None else shown,
        "choices": [
            {"value": each, **{lang: titled(each, lang, field.name) for lang in LANGS}} for each in field.values
        ],
    }
