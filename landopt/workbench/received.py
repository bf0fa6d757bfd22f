"""Files that were dropped in, the rounds made of them, and what is set or corrected in a round that is not adopted yet.

A file is kept below its digest; its name is shown, and never a part of a path. A source file is never changed: a
correction is a block of ``corrections.toml`` (docs/corrections.md), a setting a key of ``round.toml``, whose earlier
text stays beside it under a number.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterable, Mapping
from pathlib import Path
from typing import Any

from landopt.keeping.shelf import LEDGER
from landopt.workbench.guards import UPLOAD, refused
from landopt.workbench.home import Home, Room
from landopt.workbench.scenarios import plain_name
from parcels.common.atomic import write_file
from parcels.common.gate import read_bytes
from parcels.common.kept import numbered

UPLOADS = ".landopt-uploads"
CORRECTIONS = "corrections.toml"
KINDS = (
    *(".gpkg", ".geojson", ".json", ".zip", ".shp", ".kml", ".kmz", ".gml", ".dxf", ".txt", ".fgb", ".parquet"),
    *(".csv", ".xlsx", ".xls", ".ods"),
)
"""Endings that are taken; a shapefile comes with its companions in a zip."""
ROLES = (
    *("parcels", "demands", "records", "permanent_basic_farmland", "ecological_red_line", "ecological_red_line_core"),
    *("urban_boundary", "industrial_block", "zones", "points"),
)
SYSTEMS = ("landopt", "planning-2023", "gbt21010-2017", "gb50137-2011")
ENCODINGS = ("UTF-8", "GB18030", "GBK", "Big5")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CRS = re.compile(r"EPSG:\d{4,6}")
_INPUTS = re.compile(r"^\[inputs\][^\S\n]*(?:#.*)?$", re.M)


async def keep(home: Home, name: str, pieces: AsyncIterable[bytes]) -> dict[str, Any]:
    """Keep a file under its digest; a piece that does not come leaves nothing. Raises Refusal (415, 507)."""
    suffix = Path(name.replace("\\", "/")).suffix.lower()
    if suffix not in KINDS:
        raise refused(415, "kind", suffix=suffix[:20], kinds=KINDS)
    place = home.folder / UPLOADS
    try:
        place.mkdir(exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=place, prefix=".new-")
        digest, size = hashlib.sha256(), 0
        try:
            with os.fdopen(handle, "wb") as out:
                async for piece in pieces:
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            Path(fresh).replace(place / f"{digest.hexdigest()}{suffix}")
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise
    except OSError as trouble:
        raise refused(507, "not-kept", trouble=trouble.strerror or str(trouble)) from None
    return {"digest": digest.hexdigest(), "suffix": suffix, "name": name[-120:], "size": size}


def new_round(home: Home, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the child is asked for to make a round. Raises Refusal (422, 409)."""
    name = plain_name(given.get("name"))
    if (home.folder / "round.toml").exists():
        raise refused(409, "one-round")
    if any(path.name.lower() == name.lower() for path in home.folder.iterdir()):
        raise refused(409, "round-taken", name=name)
    files = {role: str(kept_file(home, role, found)) for role, found in (given.get("files") or {}).items()}
    codes, lang = str(given.get("use_codes", "landopt")), str(given.get("lang", "zh"))
    try:
        day = datetime.date.fromisoformat(str(given.get("as_of")))
    except ValueError:
        raise refused(422, "body") from None
    if codes not in SYSTEMS or lang not in ("en", "zh"):
        raise refused(422, "body")
    return {
        "folder": str(home.folder / name),
        "files": files,
        "use_codes": codes,
        "as_of": day.isoformat(),
        "lang": lang,
        "example": bool(given.get("example")),
    }


def kept_file(home: Home, role: object, found: Any) -> Path:
    """A file that was dropped in, for a role. Raises Refusal (422)."""
    said = found if isinstance(found, dict) else {}
    digest, suffix = str(said.get("digest")), str(said.get("suffix"))
    path = home.folder / UPLOADS / f"{digest}{suffix}"
    if role not in ROLES or not _DIGEST.fullmatch(digest) or suffix not in KINDS or not path.is_file():
        raise refused(422, "body")
    return path


def put_file(home: Home, room: Room, given: Mapping[str, Any]) -> str:
    """Give a round another file for a role: copied beside those it has, and named in ``round.toml``. Raises Refusal."""
    role, layer = str(given.get("role")), str(given.get("layer") or "").strip()
    source, path = kept_file(home, role, given.get("file")), opened_not(room)
    if not re.fullmatch(r"[\w\- ]{0,60}", layer):
        raise refused(422, "setting", value=layer[:40])
    text = read_bytes(path, 4_000_000).decode("utf-8-sig")
    target, number = room.folder / f"{role}{source.suffix}", 2
    while target.exists():
        target, number = room.folder / f"{role}-{number}{source.suffix}", number + 1
    said = f'"{target.name}{"|" + layer if layer else ""}"'
    if role in ("parcels", "demands", "records"):
        table = f'{{ file = "{target.name}", layer = "{layer}" }}' if layer else said
        after = with_key(text, role, table)
    else:
        after = with_layer(text, role, said)
    write_file(target, read_bytes(source, UPLOAD))
    rewrite(path, text, after)
    return target.name


def with_layer(text: str, role: str, said: str) -> str:
    """``round.toml`` with a layer of a role, whether its layers stand in a table or in a line."""
    table = re.search(r"^\[inputs\.layers\][^\S\n]*(?:#.*)?$", text, re.M)
    if table is not None:
        rest = text[table.end() :]
        end = re.search(r"^\[", rest, re.M)
        body, after = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
        body = re.sub(rf"^{role}\s*=.*\n?", "", body, flags=re.M)
        return text[: table.end()] + f"\n{role} = {said}" + body + after
    line = re.search(r"^layers\s*=\s*\{(.*)\}", text, re.M)
    others = [] if line is None else [part for part in _parts(line[1]) if not re.match(rf"\s*{role}\s*=", part)]
    return with_key(text, "layers", "{ " + ", ".join([*(part.strip() for part in others), f"{role} = {said}"]) + " }")


def _parts(inline: str) -> list[str]:
    """The entries of an inline table; a comma inside brackets or quotes parts nothing."""
    return [part for part in re.findall(r"(?:[^,\[\]{}\"]|\"[^\"]*\"|\[[^\]]*\]|\{[^}]*\})+", inline) if part.strip()]


def opened_not(room: Room) -> Path:
    """The ``round.toml`` of a round whose files may still change. Raises Refusal (409)."""
    if (room.folder / LEDGER).exists():
        raise refused(409, "opened")
    return room.folder / "round.toml"


def with_input(text: str, name: str, value: str) -> str:
    """``round.toml`` with one of the keys that are chosen from a list. Raises Refusal (422)."""
    allowed = {"encoding": ENCODINGS, "use_codes": SYSTEMS}
    if name not in (*allowed, "crs") or (value and name == "crs" and not _CRS.fullmatch(value)):
        raise refused(422, "setting", value=value[:40])
    if name in allowed and value and value not in allowed[name]:
        raise refused(422, "setting", value=value[:40])
    return with_key(text, name, f'"{value}"' if value else "")


def with_key(text: str, name: str, value: str) -> str:
    """``round.toml`` with a key of ``[inputs]`` set to a TOML value, or without it. Raises Refusal (422)."""
    head = _INPUTS.search(text)
    if head is None:
        raise refused(422, "no-inputs")
    rest = text[head.end() :]
    end = re.search(r"^\[", rest, re.M)
    body, after = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    body = re.sub(rf"^{re.escape(name)}\s*=.*\n?", "", body, flags=re.M)
    if value:
        body = f"\n{name} = {value}" + (body if body.startswith("\n") else "\n" + body)
    return text[: head.end()] + body + after


def rewrite(path: Path, before: str, after: str) -> None:
    """Replace a file, the earlier one kept beside it under a number."""
    if after == before:
        return
    number = 2
    while numbered(path, number).exists():
        number += 1
    write_file(numbered(path, number), before.encode("utf-8"))
    write_file(path, after.encode("utf-8"))


def correct(room: Room, given: Mapping[str, Any]) -> dict[str, Any]:
    """Add a correction to ``corrections.toml``; what the file says and what counts instead, with its document.

    Raises Refusal (422) where the correction lacks a part, (409) where the round is opened in the ledger.
    """
    import tomli_w

    of, field = str(given.get("of")), str(given.get("field"))
    texts = {name: " ".join(str(given.get(name) or "").split())[:300] for name in ("id", "document", "person")}
    if of not in ("parcel", "demand") or not re.fullmatch(r"[a-z_0-9]{1,60}", field) or not texts["id"]:
        raise refused(422, "body")
    if not texts["person"]:
        raise refused(422, "reason")
    values = [given.get("old"), given.get("new")]
    if any(not isinstance(value, str | int | bool | list) for value in values):
        raise refused(422, "body")
    block = {of: texts["id"], "field": field, "old": values[0], "new": values[1]}
    block |= {"document": texts["document"]} if texts["document"] else {}
    block |= {"person": texts["person"], "date": datetime.date.fromisoformat(_date(given))}
    path = opened_not(room)
    head = read_bytes(path, 4_000_000).decode("utf-8-sig")
    target = room.folder / CORRECTIONS
    before = read_bytes(target, 4_000_000).decode("utf-8") if target.is_file() else ""
    parted = "" if not before or before.endswith("\n") else "\n"
    write_file(target, (before + parted + ("\n" if before else "") + tomli_w.dumps({"correction": [block]})).encode())
    if not re.search(r"^corrections\s*=", head, re.M):
        rewrite(path, head, with_key(head, "corrections", f'"{CORRECTIONS}"'))
    return {**block, "date": _date(given)}


def _date(given: Mapping[str, Any]) -> str:
    try:
        return datetime.date.fromisoformat(str(given.get("date"))).isoformat()
    except ValueError:
        raise refused(422, "body") from None
