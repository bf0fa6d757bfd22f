"""(Geo)DataFrames in and out of the door: frames become the files of a round, a plan becomes tables.

What comes in as a frame is written as the files a bureau would send and read back by the same reader: a frame passes
every check a file passes, and the audit has files to hold the plan against. Nothing is decided or computed here.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parcels.common.issues import Issue
from parcels.common.schema import fields

if TYPE_CHECKING:
    import geopandas
    import pandas as pd

    from constraints.case import Case
    from landopt.screening.offers import Offers
    from parcels.common.frozen import FactTable
    from parcels.common.schema import Value

Policy = str | Path | Mapping[str, Any]
"""A policy as a file, as the text of one (TOML, more than one line) or as its parsed tables (``{"rule": [...]}``)."""

_LINES = "\n"


def write_round(
    folder: Path,
    parcels: geopandas.GeoDataFrame,
    demands: pd.DataFrame,
    *,
    records: pd.DataFrame | None = None,
    layers: Mapping[str, geopandas.GeoDataFrame | str | Path] | None = None,
    policy: Sequence[Policy] = (),
    tables: Mapping[str, Mapping[str, Any]],
) -> Path:
    """Write frames as a round: ``parcels.gpkg``, ``demands.csv``, ``records.csv``, layers, policies, ``round.toml``.

    Parameters
    ----------
    folder
        An empty folder.
    parcels, demands, records
        Columns as in docs/fields.md (Chinese headings too); missing values are unknown facts.
    layers
        Polygon or point layers by role, as frames or as files (which stay where they are).
    policy
        Files are copied, texts and tables written.
    tables
        The tables of ``round.toml``; what names files is added.

    Returns
    -------
    Path
        The ``round.toml``.
    """
    import tomli_w

    inputs = dict(tables.get("inputs", {}))
    _layer(parcels, folder / "parcels.gpkg")
    inputs["parcels"] = "parcels.gpkg"
    for name, frame in (("demands", demands), ("records", records)):
        if frame is not None:
            _plain(frame).to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig")
            inputs[name] = f"{name}.csv"
    for role, layer in (layers or {}).items():
        if isinstance(layer, str | Path):
            path, _, part = str(layer).partition("|")
            where = Path(path).absolute().as_posix() + (f"|{part}" if part else "")
        else:
            where = f"{role}.gpkg"
            _layer(layer, folder / where)
        inputs.setdefault("layers", {})[role] = where
    rules = dict(tables.get("rules", {}))
    rules["policy"] = [_policy(folder, number, entry) for number, entry in enumerate(policy, 1)]
    made = {**tables, "inputs": inputs, "rules": rules}
    (folder / "round.toml").write_text(tomli_w.dumps(made), encoding="utf-8", newline="\n")
    return folder / "round.toml"


def _policy(folder: Path, number: int, entry: Policy) -> str:
    import tomli_w

    name = "policy.toml" if number == 1 else f"policy-{number}.toml"
    if isinstance(entry, Mapping):
        (folder / name).write_text(tomli_w.dumps(entry), encoding="utf-8", newline="\n")
    elif isinstance(entry, str) and _LINES in entry:
        (folder / name).write_text(entry, encoding="utf-8", newline="\n")
    else:
        shutil.copyfile(entry, folder / name)
    return name


def _layer(frame: geopandas.GeoDataFrame, path: Path) -> None:
    import pyogrio

    plain = _plain(frame)
    fid = "fid" if "fid" not in {str(name).lower() for name in plain.columns} else "landopt_fid"
    pyogrio.write_dataframe(plain, path, layer=path.stem, driver="GPKG", layer_options={"FID": fid})


def _plain(frame: pd.DataFrame) -> Any:
    """The frame with its named index as a column, and every cell as a number, a text or nothing."""
    flat = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    found = flat.copy()
    for name in found.columns:
        kind = str(found[name].dtype)
        if kind == "geometry" or kind.startswith(("int", "uint", "float")):
            continue
        found[name] = found[name].astype(object).map(_cell)
    return found


def _cell(value: Any) -> Any:
    """A cell as a file would hold it: true or false, an ISO date, several values with ``;`` between, a number, text."""
    import pandas as pd

    if isinstance(value, list | tuple | set | frozenset):
        return ";".join(str(_cell(each)) for each in (sorted(value) if isinstance(value, set | frozenset) else value))
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if isinstance(value, bool) or str(type(value).__name__) == "bool_":
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def facts(table: FactTable, name: str, geometry: geopandas.GeoDataFrame | None = None) -> Any:
    """A table of facts as a frame indexed by id; with outlines a GeoDataFrame. Units as in docs/fields.md.

    Several codes stand in one cell with ``;`` between; what is unknown is missing. Put into a round again, the frame
    gives the same facts.
    """
    import pandas as pd

    columns = {key: [_shown(key, cell) for cell in column] for key, column in table.columns.items() if key != name}
    frame = pd.DataFrame(columns, index=pd.Index(table.ids, name=name), dtype=object)
    for key in frame.columns:
        whole = frame[key].map(lambda cell: isinstance(cell, int) and not isinstance(cell, bool)) | frame[key].isna()
        frame[key] = frame[key].astype("Int64") if whole.all() else frame[key].infer_objects()
    return _mapped(frame, geometry)


def _shown(name: str, value: Value) -> Any:
    """A fact in the unit a person writes: canonical numbers are kept times the field's scale."""
    if isinstance(value, tuple):
        return ";".join(value)
    field = fields().get(name)
    if field is None or field.scale == 1 or not isinstance(value, int) or isinstance(value, bool):
        return value
    return value / field.scale


def _mapped(frame: pd.DataFrame, geometry: geopandas.GeoDataFrame | None) -> Any:
    import geopandas

    if geometry is None:
        return frame
    shapes = geometry.geometry.loc[frame.index].to_numpy()
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs=geometry.crs)


_OF_ASSIGNMENT = (
    *("parcel_ids", "demand_id", "role", "method", "right", "period", "term_years", "area_m2", "use", "district"),
    *("land_source", "floor_price", "start_price_yuan", "expected_price_yuan", "deposit_yuan", "verdict", "score"),
    *("rules", "conditions_en", "conditions_zh"),
)


def assignments(plan: Mapping[str, Any], geometry: geopandas.GeoDataFrame | None = None) -> Any:
    """What is supplied, one row a site: ``plan.json``'s assignments, flat; the outline is that of the whole site."""
    import geopandas
    import pandas as pd
    import shapely

    rows = []
    for entry in plan["assignments"]:
        flat = {**entry, "parcel_ids": ";".join(entry["parcel_ids"]), "rules": ";".join(entry["rules"])}
        for lang in ("en", "zh"):
            flat[f"conditions_{lang}"] = "; ".join(str(each[lang]) for each in entry["conditions"])
        rows.append({name: flat[name] for name in _OF_ASSIGNMENT})
    frame = pd.DataFrame(rows, columns=list(_OF_ASSIGNMENT))
    frame = frame.astype({"term_years": "Int64", "floor_price": "Int64"})
    if geometry is None:
        return frame
    shapes = [shapely.union_all(geometry.geometry.loc[entry["parcel_ids"]].to_numpy()) for entry in plan["assignments"]]
    return geopandas.GeoDataFrame(frame, geometry=shapes, crs=geometry.crs)


def held(plan: Mapping[str, Any], geometry: geopandas.GeoDataFrame | None = None) -> Any:
    """The parcels held back, by id, with the reasons in both languages."""
    return _mapped(_reasons(plan["held"], "parcel_id"), geometry)


def unserved(plan: Mapping[str, Any]) -> pd.DataFrame:
    """The platforms without a site, by id, with the reasons in both languages."""
    return _reasons(plan["unserved"], "demand_id")


def _reasons(entries: Sequence[Mapping[str, Any]], name: str) -> pd.DataFrame:
    import pandas as pd

    said = [
        {lang: "; ".join(str(reason.get(lang, "")) for reason in entry["reasons"]) for lang in ("en", "zh")}
        for entry in entries
    ]
    index = pd.Index([entry[name] for entry in entries], name=name)
    return pd.DataFrame(
        {
            "reasons": [len(entry["reasons"]) for entry in entries],
            "reasons_en": [texts["en"] for texts in said],
            "reasons_zh": [texts["zh"] for texts in said],
        },
        index=index,
    )


def limits(plan: Mapping[str, Any]) -> pd.DataFrame:
    """The limits over the plan: rule, key, sense, used, limit, unit, binding."""
    import pandas as pd

    columns = ["rule", "key", "sense", "used", "limit", "unit", "binding"]
    return pd.DataFrame([{**entry, "key": ";".join(entry["key"])} for entry in plan["limits"]], columns=columns)


def issues(found: Iterable[Issue]) -> pd.DataFrame:
    """Findings, one row each: level, code, what, where, maybe, ids."""
    import pandas as pd

    columns = ["level", "code", "what", "where", "maybe", "ids"]
    rows = [{**issue.as_dict(), "ids": ";".join(issue.ids)} for issue in found]
    return pd.DataFrame(rows, columns=columns)


def offers(case: Case, found: Offers) -> pd.DataFrame:
    """Every lawful offer, one row each, in the order of the model's columns (docs/model.md).

    ``floor_price`` yuan/m2 (missing: not derivable), ``expected_price_yuan`` yuan, ``score`` millipoints of each tier.
    """
    import numpy as np
    import pandas as pd

    ids, area = np.asarray(case.parcels.ids, dtype=object), case.parcels.column("area_m2")
    sites = [found.site_parcels[a:b].tolist() for a, b in zip(found.site_start[:-1], found.site_start[1:], strict=True)]
    named = np.array([";".join(ids[rows]) for rows in sites], dtype=object)
    sized = np.array([sum(int(str(area[row])) for row in rows) for rows in sites], dtype=np.int64)
    demands = np.array([*case.demands.ids, None], dtype=object)
    periods = np.array([*(period.id for period in case.round.periods), None], dtype=object)
    verdicts = np.array(("permit", "warn", "condition", "forbid"), dtype=object)
    made: dict[str, Any] = {
        "parcel_ids": named[found.site],
        "demand_id": demands[found.demand],
        "method": np.array([method.id for method in case.methods], dtype=object)[found.method],
        "right": np.array([method.right for method in case.methods], dtype=object)[found.method],
        "period": periods[found.period],
        "term_years": pd.array(np.where(found.term > 0, found.term, 0), dtype="Int64"),
        "area_m2": sized[found.site],
        "floor_price": pd.array(found.floor, dtype="Int64"),
        "expected_price_yuan": found.price,
        "verdict": verdicts[found.verdict],
    }
    for tier, score in enumerate(np.atleast_2d(found.score), 1):
        made["score" if found.tiers == 1 else f"score_{tier}"] = score
    frame = pd.DataFrame(made)
    frame.loc[found.term <= 0, "term_years"] = pd.NA
    frame.loc[found.floor < 0, "floor_price"] = pd.NA
    return frame
