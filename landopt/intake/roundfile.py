"""``round.toml``, read strictly: every unknown key, wrong type or missing file is an issue with file, line and key."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from constraints.case import Market, Objective, Period, Round, Settings
from constraints.loading.method_facts import open_to_market
from constraints.loading.ranks import known_packs
from landopt.central.address import Address, is_address
from landopt.intake.central_parcels import parcels_file, table_named
from landopt.intake.named_columns import named_columns
from landopt.intake.names import method_named
from landopt.intake.objective import read_objective
from landopt.intake.role_reading import KEYS, how_read
from landopt.intake.tomlreader import TomlReader
from parcels.common import gate
from parcels.common.catalogue import Bilingual, told
from parcels.common.gate import load_toml, read_text
from parcels.common.issues import Refused, error, stop_on_errors
from parcels.common.place import Place
from parcels.common.schema import fields
from parcels.common.vocabulary import code_of
from parcels.how_read import AS_IT_SAYS, HowRead

ROLES = (
    "permanent_basic_farmland",
    "ecological_red_line",
    "ecological_red_line_core",
    "urban_boundary",
    "industrial_block",
    "zones",
    "points",
)
USE_CODES = ("landopt", "planning-2023", "gbt21010-2017", "gb50137-2011")
RATES = (Decimal("0.0001"), Decimal("0.5"))
"""The least and the greatest land reduction rate."""
_KEYS: dict[str, dict[str, tuple[type, ...]]] = {
    "round": {
        "id": (str,),
        "title": (dict, str),
        "authority": (str,),
        "land_reduction_rate": (str, Decimal, int),
        "purpose": (str,),
        "as_of": (datetime.date,),
        "start": (datetime.date,),
        "end": (datetime.date,),
        "periods": (list,),
    },
    "inputs": {
        "parcels": (str, dict),
        "layer": (str,),
        "encoding": (str,),
        "crs": (str,),
        "area_source": (str,),
        "units": (dict,),
        "columns": (dict,),
        "box": (list,),
        "demands": (str, dict),
        "records": (str, dict),
        "corrections": (str,),
        "use_codes": (str,),
        "layers": (dict,),
    },
    "rules": {"packs": (list,), "policy": (list, str), "adopt": (list,)},
    "objective": {"weights": (dict,), "tiers": (list,), "ties": (list,), "later": (str, Decimal, int)},
    "market": {"uses": (list,), "methods": (list,)},
    "solve": {
        "time_limit_s": (int,),
        "gap": (str, Decimal, int),
        "nodes": (int,),
        "seed": (int,),
        "threads": (int,),
        "verdicts": (list,),
        "adjacency_m": (str, Decimal, int),
        "adjacency_gap_m": (str, Decimal, int),
        "site_cap": (int,),
    },
}


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A polygon or point layer by role."""

    role: str
    path: Path
    layer: str | None
    coverage: Path | tuple[str, ...] | None = None
    coverage_layer: str | None = None
    as_of: str = ""
    how: HowRead = AS_IT_SAYS


@dataclass(frozen=True, slots=True)
class RoundFile:
    """What ``round.toml`` says, with paths made absolute against its folder."""

    path: Path
    round: Round
    parcels: Path
    layer: str | None
    encoding: str | None
    crs: str | None
    area_source: str | None
    units: Mapping[str, str]
    columns: Mapping[str, str]
    box: tuple[str, ...]
    demands: Path
    records: Path | None
    use_codes: str
    layers: tuple[LayerFile, ...]
    packs: tuple[str, ...]
    policy: tuple[Path, ...]
    objective: Objective
    market: Market | None
    settings: Settings
    demands_layer: str | None = None
    central: Address | None = None
    """The table of the central database whose snapshot ``parcels`` is."""
    demands_encoding: str | None = None
    records_layer: str | None = None
    records_how: HowRead = AS_IT_SAYS
    corrections: Path | None = None


def find_round(path: str | Path) -> Path:
    """The ``round.toml`` of a ROUND argument (the folder or the file itself).

    Raises
    ------
    Refused
        If there is none; names what stands near.
    """
    given = Path(path)
    target = given / "round.toml" if given.is_dir() else given
    if target.is_file():
        return target
    folder = given if given.is_dir() else given.parent
    names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
    near = get_close_matches(target.name if given.is_dir() else given.name, names, n=1)
    maybe = told("near.meant", name=str(folder / near[0])) if near else told("near.new")
    raise Refused(error("C005.there-no-round", at=str(target), maybe=maybe, path=path))


def read_round_file(path: str | Path, *, pulled: bool = True) -> RoundFile:
    """Read ``round.toml`` strictly.

    Parameters
    ----------
    pulled
        Whether the snapshot of a table of the central database must be there (before ``landopt pull`` it is not).

    Raises
    ------
    Refused
        With every issue found: unknown keys (C001), wrong types (C002), missing keys (C003), values out of range or not
        known (C004), missing files (C005), TOML that does not parse (C006).
    """
    target = find_round(path)
    try:
        text = read_text(target, gate.MB)
        tables = load_toml(text, parse_float=Decimal)
    except UnicodeDecodeError as trouble:
        raise Refused(error("C006.file-not-utf", at=target.name, start=trouble.start + 1)) from None
    except ValueError as trouble:
        line = re.search(r"line (\d+)", str(trouble))
        where = Place(target.name, int(line[1])) if line else Place(target.name)
        raise Refused(error("C006.not-readable-toml", at=where, trouble=trouble)) from None
    reader = TomlReader(target, text, tables, _KEYS)
    for section in tables:
        if section not in _KEYS:
            near = get_close_matches(section, _KEYS, n=1)
            maybe = told("near.table", name=near[0]) if near else told("near.known", names=_KEYS)
            reader.refuse("C001.unknown-table", section, "", maybe=maybe, section=section)
    round_ = _round(reader)
    found = _files(reader, round_, pulled)
    stop_on_errors(reader.issues)
    return found


def _round(reader: TomlReader) -> Round:
    table = reader.table("round")
    identifier = reader.need(table, "round", "id")
    title = table.get("title", identifier or "")
    texts = title if isinstance(title, dict) else {"en": title, "zh": title}
    for language in set(texts) - {"en", "zh"}:
        reader.refuse("C001.title-no-language", "round", "title", language=language)
    both = str(texts.get("en") or texts.get("zh") or ""), str(texts.get("zh") or texts.get("en") or "")
    as_of = reader.need(table, "round", "as_of")
    for key in ("as_of", "start", "end"):
        if isinstance(table.get(key), datetime.datetime):
            reader.refuse("C002.time-day", "round", key, key=key)
    start, end = table.get("start"), table.get("end")
    if start and end and start > end:
        reader.refuse("C004.start-after-end", "round", "start", start=start, end=end)
    purpose = reader.choice(table.get("purpose", "supply"), ("supply", "annual_plan"), "round", "purpose")
    given = table.get("land_reduction_rate", "0.05")
    rate = reader.decimal(given, "round", "land_reduction_rate", *RATES)
    return Round(
        id=str(identifier),
        title=Bilingual(*both),
        authority=str(table.get("authority", "")),
        land_reduction_rate=rate,
        purpose=purpose,
        as_of=str(as_of),
        start=str(start) if start else None,
        end=str(end) if end else None,
        periods=_periods(reader, table.get("periods", [])),
    )


def _periods(reader: TomlReader, names: list[Any]) -> tuple[Period, ...]:
    found = []
    for name in names:
        match = re.fullmatch(r"(\d{4})(?:-(Q[1-4]|H[12]|\d{2}))?", str(name))
        if match is None or ((match.group(2) or "01").isdigit() and not 1 <= int(match.group(2) or 1) <= 12):
            reader.refuse("C004.period-not-understood", "round", "periods", name=name)
            continue
        year, part = int(match.group(1)), match.group(2)
        if part is None:
            first, last = 1, 12
        elif part[0] == "Q":
            first, last = 3 * int(part[1]) - 2, 3 * int(part[1])
        elif part[0] == "H":
            first, last = 6 * int(part[1]) - 5, 6 * int(part[1])
        else:
            first = last = int(part)
        after = datetime.date(year + last // 12, last % 12 + 1, 1)
        found.append(Period(str(name), f"{year}-{first:02d}-01", str(after - datetime.timedelta(days=1))))
    if len({period.id for period in found}) < len(found):
        reader.refuse("C004.period-named-twice", "round", "periods")
    elif len({int(period.end[5:7]) - int(period.start[5:7]) for period in found}) > 1:  # months, less one
        reader.refuse("C004.periods-differ", "round", "periods")
    elif [period.start for period in found] != sorted(period.start for period in found):
        reader.refuse("C004.periods-not-in-order", "round", "periods")
    return tuple(found)


def _files(reader: TomlReader, round_: Round, pulled: bool) -> RoundFile:
    inputs = reader.table("inputs")
    parcels = reader.need(inputs, "inputs", "parcels")
    options = dict(inputs)
    if isinstance(parcels, dict):
        options.update(parcels)
        parcels = parcels.get("path") or parcels.get("file")
    central = table_named(reader, parcels) if isinstance(parcels, str) and is_address(parcels) else None
    demands = reader.need(inputs, "inputs", "demands")
    wanted = _table(reader, demands, "demands") if demands else (reader.path, None, AS_IT_SAYS)
    on_file = _table(reader, inputs["records"], "records") if "records" in inputs else (None, None, AS_IT_SAYS)
    layers = []
    for role, value in inputs.get("layers", {}).items():
        if role not in ROLES:
            near = get_close_matches(role, ROLES, n=1)
            maybe = told("near.meant", name=near[0]) if near else told("near.known-roles", names=ROLES)
            reader.refuse("C001.unknown-layer-role", "inputs.layers", role, maybe=maybe, role=role)
            continue
        layers.append(_layer(reader, role, value if isinstance(value, dict) else {"path": value}))
    rules = reader.table("rules")
    policy = tuple(
        reader.file(name, "rules", "policy") for name in reader.texts(rules.get("policy"), "rules", "policy")
    )
    return RoundFile(
        path=reader.path,
        round=round_,
        parcels=parcels_file(reader, parcels, central, pulled) if parcels else reader.path,
        layer=options.get("layer"),
        encoding=options.get("encoding"),
        crs=options.get("crs"),
        area_source=options.get("area_source"),
        units={str(key): str(value) for key, value in inputs.get("units", {}).items()},
        columns=named_columns(reader, inputs),
        box=tuple(str(value) for value in inputs.get("box", ())),
        demands=wanted[0],
        records=on_file[0],
        demands_layer=wanted[1],
        central=central,
        demands_encoding=wanted[2].encoding,
        records_layer=on_file[1],
        records_how=on_file[2],
        corrections=reader.file(inputs["corrections"], "inputs", "corrections") if "corrections" in inputs else None,
        use_codes=reader.choice(inputs.get("use_codes", "landopt"), USE_CODES, "inputs", "use_codes"),
        layers=tuple(layers),
        packs=tuple(_pack(reader, name) for name in reader.texts(rules.get("packs", ["cn"]), "rules", "packs")),
        policy=policy,
        objective=read_objective(reader),
        market=_market(reader),
        settings=_settings(reader),
    )


def _table(reader: TomlReader, value: Any, key: str) -> tuple[Path, str | None, HowRead]:
    """A table, its sheet and how it is read: a file, ``"d.xlsx|sheet"`` or ``{ file = "d.xlsx", layer = "sheet" }``."""
    entry = value if isinstance(value, dict) else {"path": value}
    own = ("columns", "encoding") if key == "records" else ("encoding",)
    for name in set(entry) - {"path", "file", "layer", *own}:
        reader.refuse("C001.unknown-key-inputs", "inputs", key, name=name)
    name, layer = _layer_name(str(entry.get("path") or entry.get("file") or ""), entry.get("layer"))
    return reader.file(name, "inputs", key), layer, how_read(reader, entry, "inputs", key)


def _pack(reader: TomlReader, name: str) -> str:
    """A shipped pack by its name; one of the bureau's own by its folder, beside round.toml or in its ``packs``."""
    if name not in known_packs():
        for folder in (reader.path.parent / name, reader.path.parent / "packs" / name):
            if (folder / "rules.toml").is_file():
                return str(folder)
    return name


_LAYER_KEYS = ("path", "file", "layer", "coverage", "as_of", *KEYS)


def _layer(reader: TomlReader, role: str, entry: dict[str, Any]) -> LayerFile:
    """A layer by role: its file, what it covers and the day it shows."""
    for key in set(entry) - set(_LAYER_KEYS):
        near = get_close_matches(key, _LAYER_KEYS, n=1)
        maybe = told("near.meant", name=near[0]) if near else told("near.known-keys", names=_LAYER_KEYS)
        reader.refuse("C001.unknown-key", "inputs.layers", role, maybe=maybe, key=key, section="inputs.layers")
    name, layer = _layer_name(str(entry.get("path") or entry.get("file") or ""), entry.get("layer"))
    given = entry.get("coverage")
    coverage: Path | tuple[str, ...] | None = None
    coverage_layer = None
    if isinstance(given, str):
        outline, coverage_layer = _layer_name(given, None)
        coverage = reader.file(outline, "inputs.layers", role)
    elif given is not None:
        coverage = reader.texts(given, "inputs.layers", role)
    day = entry.get("as_of", "")
    if day and not isinstance(day, datetime.date):
        reader.refuse("C002.layer-date", "inputs.layers", role, value=day)
    file = reader.file(name, "inputs.layers", role)
    how = how_read(reader, entry, "inputs.layers", role)
    return LayerFile(role, file, layer, coverage, coverage_layer, str(day)[:10], how)


def _layer_name(name: str, layer: str | None) -> tuple[str, str | None]:
    """A file and its layer, also written as ``file.gpkg|layer``."""
    if layer is None and "|" in name:
        name, _, layer = name.partition("|")
        layer = layer.removeprefix("layername=")
    return name, layer


def _market(reader: TomlReader) -> Market | None:
    if "market" not in reader.tables:
        return None
    table = reader.table("market")
    uses = reader.texts(table.get("uses", ()), "market", "uses")
    methods = reader.texts(table.get("methods", ()), "market", "methods")
    every, open_ = fields()["use"].values, open_to_market()
    uses = tuple(reader.choice(code_of("use", use, every) or use, every, "market", "uses") for use in uses)
    methods = tuple(reader.choice(method_named(each, open_) or each, open_, "market", "methods") for each in methods)
    return Market(uses, methods)


def _settings(reader: TomlReader) -> Settings:
    table = reader.table("solve")
    verdicts = reader.texts(table.get("verdicts", ("permit", "condition")), "solve", "verdicts")
    for verdict in verdicts:
        reader.choice(verdict, ("permit", "condition", "warn"), "solve", "verdicts")
    for key in ("time_limit_s", "nodes", "threads", "site_cap"):
        if key in table and table[key] < 1:
            reader.refuse("C004.below-1", "solve", key, key=key, value=table[key])
    return Settings(
        verdicts=verdicts,
        gap=reader.decimal(table.get("gap", "0.001"), "solve", "gap", Decimal(0), Decimal(1)),
        time_limit_s=table.get("time_limit_s"),
        nodes=table.get("nodes"),
        seed=table.get("seed", 0),
        threads=table.get("threads", 1),
        adjacency_m=reader.decimal(table.get("adjacency_m", "1"), "solve", "adjacency_m", Decimal(0), Decimal(1000)),
        adjacency_gap_m=reader.decimal(
            table.get("adjacency_gap_m", "0"), "solve", "adjacency_gap_m", Decimal(0), Decimal(100)
        ),
        site_cap=table.get("site_cap", 200_000),
    )
