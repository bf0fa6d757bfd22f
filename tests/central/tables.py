"""Tables of parcels in the test server: the example round's, as an office would keep them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyogrio
import shapely
from psycopg import connect, sql

from tests.central.cluster import DATABASE, PORT, Cluster, secret
from tests.places import EXAMPLE

KINDS = {"i": "integer", "f": "numeric", "b": "boolean"}


def load(cluster: Cluster, schema: str, path: Path, table: str = "parcels") -> None:
    """A layer as a table that ``owner`` keeps and officers may read."""
    frame = pyogrio.read_dataframe(path)
    number = frame.crs.to_epsg()
    kinds = [KINDS.get(frame[name].dtype.kind, "text") for name in frame.columns[:-1]]
    pairs = zip(frame.columns[:-1], kinds, strict=True)
    columns = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in pairs]
    where = sql.Identifier(schema, table)
    with connect(
        host=str(cluster.folder), port=PORT, dbname=DATABASE, user="owner", password=secret("owner"), autocommit=True
    ) as db:
        db.execute(
            sql.SQL("CREATE TABLE {} (id serial PRIMARY KEY, {}, geom geometry(Geometry, {}))").format(
                where, sql.SQL(", ").join(columns), number
            )
        )
        names = sql.SQL(", ").join([sql.Identifier(name) for name in (*frame.columns[:-1], "geom")])
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(kinds) + [sql.SQL("ST_GeomFromEWKB(%s)")])
        rows = []
        for at, shape in enumerate(frame.geometry):
            cells = [frame[name].iloc[at] for name in frame.columns[:-1]]
            plain = [None if cell is None or cell != cell else _plain(cell) for cell in cells]
            rows.append([*plain, shapely.to_wkb(shapely.set_srid(shape, number), include_srid=True)])
        with db.cursor() as cursor:
            cursor.executemany(sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(where, names, marks), rows)
        db.execute(sql.SQL("GRANT SELECT ON {} TO landopt_officer").format(where))


def _plain(cell: object) -> object:
    return cell.item() if hasattr(cell, "item") else cell


def central_round(tmp_path: Path, schema: str, where: str = "", table: str = "parcels") -> Path:
    """The example round with its parcels in the central database."""
    home = Path(shutil.copytree(EXAMPLE, tmp_path / "round"))
    (home / "parcels.gpkg").unlink()
    text = (home / "round.toml").read_text(encoding="utf-8")
    asked = f"?where={where}" if where else ""
    assert 'parcels = "parcels.gpkg"' in text
    text = text.replace('parcels = "parcels.gpkg"', f'parcels = "postgis://clerk/{schema}.{table}{asked}"')
    (home / "round.toml").write_text(text, encoding="utf-8")
    return home
