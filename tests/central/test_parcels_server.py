"""Parcels out of a real PostGIS and plans into it: snapshots, conditions, differences, tables never changed."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import psycopg
import pytest

from constraints.language.evaluate import compiled
from constraints.language.expr import parse
from landopt.central.address import Address
from landopt.central.snapshot import PAPER, SNAPSHOT, read_paper
from landopt.central.table import take
from landopt.central.upgrade import script, upgrade
from landopt.intake.assemble import read_round
from parcels.common.issues import Refused
from parcels.read import from_raw
from tests.audit.ledgers import call
from tests.central.cluster import PORT, Cluster
from tests.central.tables import central_round, load
from tests.places import EXAMPLE

pytestmark = pytest.mark.postgis


def test_a_round_from_the_database_is_the_round_from_the_file(cluster: Cluster, schema: str, tmp_path: Path) -> None:
    """Facts, outlines and neighbours are the same; the snapshot has digests and row versions."""
    load(cluster, schema, EXAMPLE / "parcels.gpkg")
    home = central_round(tmp_path, schema)
    before = call("check", home)
    assert before.exit_code == 1
    assert "C005" in before.output
    assert "landopt pull" in before.output
    done = call("pull", home, "--json")
    assert done.exit_code == 0, done.output
    paper = read_paper(home)
    assert json.loads(done.stdout)["rows"] == len(paper.versions) == 160
    assert all(version.isdigit() for _, version in paper.versions)
    mine, theirs = read_round(home), read_round(EXAMPLE)
    assert mine.ready().parcels == theirs.ready().parcels
    assert mine.ready().neighbours == theirs.ready().neighbours
    assert mine.ready().outlines == theirs.ready().outlines
    assert {PAPER, SNAPSHOT} <= {entry["name"] for entry in mine.ready().inputs}
    text = (home / "round.toml").read_text(encoding="utf-8") + (home / PAPER).read_text(encoding="utf-8")
    assert "secret-of" not in text


def test_a_snapshot_is_solved_and_audited_without_the_server(
    cluster: Cluster, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Solve, audit and their digests read the two files alone; a changed snapshot is refused."""
    load(cluster, schema, EXAMPLE / "parcels.gpkg")
    home = central_round(tmp_path, schema, "district != ''")
    assert call("pull", home).exit_code == 0
    with monkeypatch.context() as patch:
        patch.setenv("PGSERVICEFILE", "/nowhere")
        solved = call("solve", home, "--gap", "0.02")
        assert solved.exit_code in (0, 4), solved.output
        audited = call("audit", home / "plan", "--inputs", home)
        assert audited.exit_code == 0, audited.output
    assert "secret-of" not in (home / "plan" / "plan.json").read_text(encoding="utf-8")
    again = call("pull", home)
    assert again.exit_code == 0
    (home / SNAPSHOT).write_bytes((EXAMPLE / "parcels.gpkg").read_bytes())
    refused = call("check", home)
    assert refused.exit_code == 1
    assert "B113" in refused.output
    text = (home / "round.toml").read_text(encoding="utf-8").replace("district != ''", "area_m2 > 0")
    (home / "round.toml").write_text(text, encoding="utf-8")
    assert "area_m2 > 0" in call("check", home, lang="zh").output


FACTS: dict[str, tuple[str, str, list[float | str | None]]] = {
    "area_m2": ("面积", "numeric", [1, 9999, 10000, 10001, 1999.5, 2000.4]),
    "benchmark_price": ("benchmark_price", "double precision", [None, "NaN", 1999.4999999999998, 1999.5, 2000.5, 9999]),
    "cost_floor": ("cost_floor", "real", [None, "NaN", 1234567.9, 1234568, 2000.5, 9999.4]),
    "far_max": ("far_max", "numeric", [None, 0, 1, 2, 2.5, 0.01]),
    "intending_users": ("intending_users", "integer", [None, 0, 1, 2, 3]),
    "use": ("规划用途", "text", [None, "IND", "RES", "工业用地", "HOU"]),
    "land_source": ("land_source", "text", [None, "new", "stock", "新增"]),
    "net_land": ("net_land", "text", [None, "是", "否", "true", "0"]),
    "converted": ("converted", "boolean", [None, True, False]),
    "zone": ("zone", "text", [None, "nansha", "nansha;hengqin", "knowledge_city、nansha_ftz"]),
    "status": ("status", "text", [None, "candidate", "reserve", "", "储备"]),
    "district": (
        "district",
        "text",
        [None, "A", "B'; DROP TABLE x; --", " C ", "", " ", "-", "\u3000C\t", "\u00a0A", "A\u0301"],
    ),
    "available_from": ("available_from", "date", [None, "2026-01-01", "2026-06-30", "2027-01-01"]),
}


def _condition(draw: Random, depth: int = 0) -> str:
    """A condition over the facts, around the very values that the table holds."""
    if depth < 3 and draw.random() < 0.5:
        left, right = _condition(draw, depth + 1), _condition(draw, depth + 1)
        return draw.choice([f"({left} and {right})", f"({left} or {right})", f"(not {left})"])
    name = draw.choice(list(FACTS))
    op = draw.choice(["==", "!=", "<", "<=", ">", ">="])
    if name in ("area_m2", "intending_users", "benchmark_price", "cost_floor"):
        number = draw.choice([0, 1, 2, 1999, 2000, 2001, 9999, 10000, 1234567, 1234568])
        shapes = [f"{name} {op} {number}", f"{name} in [{number}, 3]", "area_m2 > intending_users"]
        return draw.choice(shapes)
    if name == "far_max":
        return f"{name} {op} {draw.choice(['0', '2.5', '0.01', '1'])}"
    if name == "use":
        return draw.choice(["use == 'IND'", "use != 'RES'", "use in ['HOU', 'IND']", "use not in ['IND']"])
    if name == "land_source":
        return draw.choice(["land_source == 'new'", "land_source != 'new'"])
    if name in ("net_land", "converted"):
        return draw.choice([name, f"{name} == false", f"not {name}"])
    if name == "zone":
        return draw.choice(["'nansha' in zone", "zone == 'hengqin'", "'nansha_ftz' not in zone"])
    if name == "status":
        return draw.choice(["status == 'candidate'", "status != 'reserve'", "status in ['failed', 'reserve']"])
    if name == "district":
        return draw.choice(["district == 'A'", "district in ['A', 'C']", "district != 'C'", "district == '\u00c1'"])
    return f"{name} {op} '2026-06-30'"


def test_conditions_choose_what_a_rule_would_choose(cluster: Cluster, schema: str) -> None:
    """Two hundred drawn conditions: the rows the server gives are those for which the scalar reading says true."""
    draw = Random(11)
    kinds = ", ".join(f'"{column}" {kind}' for column, kind, _ in FACTS.values())
    cluster.sql(f'CREATE TABLE {schema}.drawn ("宗地编号" text PRIMARY KEY, {kinds}, geom geometry)', "owner")
    rows = [[f"P{number:03d}", *(draw.choice(values) for _, _, values in FACTS.values())] for number in range(120)]
    with psycopg.connect(service="owner", autocommit=True) as db, db.cursor() as cursor:
        marks = ", ".join(["%s"] * (len(FACTS) + 1))
        outline = "ST_GeomFromText('POLYGON((0 0, 100 0, 100 100, 0 100, 0 0))', 0)"
        cursor.executemany(f"INSERT INTO {schema}.drawn VALUES ({marks}, {outline})", rows)
        db.execute(f"GRANT SELECT ON {schema}.drawn TO landopt_officer")
    whole = take(Address("clerk", schema, "drawn"), "t.gpkg").raw
    facts = from_raw(whole, crs="EPSG:4526", area_source="attribute").table
    listed = [dict(zip(facts.columns, values, strict=True)) for values in zip(*facts.columns.values(), strict=True)]
    chosen = 0
    for _ in range(200):
        text = _condition(draw)
        test = compiled(parse(text))
        due = {name for name, row in zip(facts.ids, listed, strict=True) if test(row) is True}
        found = take(Address("clerk", schema, "drawn", text), "t.gpkg").raw
        assert set(found.columns["宗地编号"]) == due, text
        chosen += 0 < len(due) < len(listed)
    assert chosen > 120
    assert cluster.sql(f"SELECT count(*) FROM {schema}.drawn", "owner") == [(120,)]


SQUARE = "ST_GeomFromText('POLYGON((38450000 2516000, 38450100 2516000, 38450100 2516100, 38450000 2516000))', 4526)"
ARC = "ST_GeomFromText('CURVEPOLYGON(CIRCULARSTRING(0 0, 4 0, 4 4, 0 4, 0 0))', 4526)"


def _office(cluster: Cluster) -> None:
    """A schema as an office keeps it, beside those of landopt."""
    if not cluster.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'gis'"):
        cluster.sql("CREATE SCHEMA gis AUTHORIZATION owner")
        cluster.sql("GRANT USAGE ON SCHEMA gis TO clerk")


def _rows(
    cluster: Cluster, table: str, columns: str, values: str, where: str = "", shape: str = SQUARE
) -> list[object]:
    """What is taken of a table with these columns: the cells of the first row, and what became of its outline."""
    _office(cluster)
    cluster.sql(f'CREATE TABLE gis."{table}" ({columns})', "owner")
    cluster.sql(f"INSERT INTO gis.\"{table}\" VALUES ('P1', {values}, {shape})", "owner")
    cluster.sql(f'GRANT SELECT ON gis."{table}" TO clerk', "owner")
    raw = take(Address("clerk", "gis", table, where), "t.gpkg").raw
    cells = [column[0] for name, column in raw.columns.items() if name != "parcel_id"] if raw.rows else []
    return [*cells, None if raw.geometry is None or not len(raw.geometry) else raw.geometry[0]]


def test_columns_of_every_type_are_taken_or_told(cluster: Cluster, schema: str) -> None:
    """Domains, enumerations, lists with holes, numbers that are none, names that no program would choose."""
    _office(cluster)
    cluster.sql("CREATE DOMAIN gis.outline AS geometry(Polygon, 4526)", "owner")
    cluster.sql("CREATE DOMAIN gis.users AS integer", "owner")
    cluster.sql("CREATE TYPE gis.kind AS ENUM ('IND', 'RES')", "owner")
    whole = "parcel_id text, use gis.kind, intending_users gis.users, geom gis.outline"
    assert _rows(cluster, "地块-2026", whole, "'IND', 2", "use == 'IND' and intending_users > 1")[:2] == ["IND", 2]
    holes = "parcel_id text, zone text[], geom geometry"
    assert _rows(cluster, "list", holes, "'{nansha,NULL}'", "'nansha' in zone")[0] == "nansha"
    odd = 'parcel_id text, "规划 (%s)" text, "a""b%%" jsonb, "{}" bytea, geom geometry'
    assert _rows(cluster, "odd names", odd, "'IND', '{\"a\": 1}', '\\xff'")[:3] == ["IND", '{"a": 1}', "ff"]
    none = "parcel_id text, area_m2 numeric, geom geometry"
    assert _rows(cluster, "nan", none, "'NaN'")[0] is None
    assert _rows(cluster, "nan asked", none, "'NaN'", "area_m2 > 3") == [None]
    assert _rows(cluster, "inf", none, "'Infinity'")[0] == "Infinity"
    raw = take(Address("clerk", "gis", "inf"), "t.gpkg").raw
    assert "error" in {issue.level for issue in from_raw(raw, crs="EPSG:4526").issues}
    for value in ("infinity", "0044-03-15 BC"):
        with pytest.raises(Refused) as refused:
            _rows(cluster, value, "parcel_id text, available_from date, geom geometry", f"'{value}'")
        assert refused.value.issues[0].code == "B105"


def test_outlines_of_every_type_are_taken_or_told(cluster: Cluster, schema: str) -> None:
    """Heights and measures, geographies, curves: an outline, or a finding with the row it is of."""
    kinds = {"z": f"ST_Force3D({SQUARE})", "zm": f"ST_Force4D({SQUARE})", "multi": f"ST_Multi({SQUARE})"}
    for name, shape in kinds.items():
        found = _rows(cluster, name, "parcel_id text, use text, geom geometry", "'IND'", shape=shape)[-1]
        assert found is not None, name
    globe = "ST_GeogFromText('POLYGON((113.5 22.7, 113.501 22.7, 113.501 22.701, 113.5 22.7))')"
    found = _rows(cluster, "globe", "parcel_id text, use text, geog geography", "'IND'", shape=globe)[-1]
    assert found is not None
    assert take(Address("clerk", "gis", "globe"), "t.gpkg").raw.crs == "EPSG:4326"
    assert _rows(cluster, "arc", "parcel_id text, use text, geom geometry", "'IND'", shape=ARC)[-1] is None
    cluster.sql(f"INSERT INTO gis.arc VALUES ('P2', 'IND', {SQUARE})", "owner")
    raw = take(Address("clerk", "gis", "arc"), "t.gpkg").raw
    assert [issue.code for issue in raw.issues] == ["P008"]
    assert raw.geometry is not None
    assert raw.geometry[1] is not None


def test_postgis_in_a_schema_of_its_own(cluster: Cluster, tmp_path: Path) -> None:
    """As hosted databases have it: tables are taken, the tables of landopt are made, the script too."""
    cluster.sql("CREATE DATABASE hosted OWNER owner")
    with psycopg.connect(host=str(cluster.folder), port=PORT, dbname="hosted", user="postgres", autocommit=True) as db:
        db.execute("CREATE SCHEMA extensions")
        db.execute("CREATE EXTENSION postgis SCHEMA extensions")
        db.execute("GRANT USAGE ON SCHEMA extensions TO PUBLIC")
        db.execute("CREATE SCHEMA gis AUTHORIZATION owner")
        db.execute("GRANT USAGE ON SCHEMA gis TO clerk")
        db.execute("SET search_path = extensions")
        db.execute(f"CREATE TABLE gis.p AS SELECT 'P1'::text AS parcel_id, {SQUARE} AS geom")
        db.execute("GRANT SELECT ON gis.p TO clerk")
    services = cluster.folder / "services.conf"
    more = [
        f"[h{user}]\nhost={cluster.folder}\nport={PORT}\ndbname=hosted\nuser={user}\n" for user in ("owner", "clerk")
    ]
    services.write_text(services.read_text("utf-8") + "\n" + "\n".join(more), "utf-8")
    assert len(take(Address("hclerk", "gis", "p"), "t.gpkg").versions) == 1
    assert "plans" in upgrade(Address("howner", "landopt"))
    with psycopg.connect(host=str(cluster.folder), port=PORT, dbname="hosted", user="postgres", autocommit=True) as db:
        db.execute(script("by_hand"))


def test_a_round_that_names_its_columns_and_units_asks_by_them(cluster: Cluster, schema: str, tmp_path: Path) -> None:
    """A condition speaks of the field as the round reads it: its column, its unit."""
    load(cluster, schema, EXAMPLE / "parcels.gpkg")
    cluster.sql(
        f"CREATE VIEW {schema}.mu AS SELECT *, (area_m2 / 666.6667)::numeric(12,4) AS size FROM {schema}.parcels",
        "owner",
    )
    cluster.sql(f"GRANT SELECT ON {schema}.mu TO landopt_officer", "owner")
    many = len(take(Address("clerk", schema, "parcels", "area_m2 >= 20000"), "t.gpkg").versions)
    address = Address("clerk", schema, "mu", "area_m2 >= 20000")
    found = take(address, "t.gpkg", units={"size": "mu"}, named={"area_m2": "size"})
    assert 0 < len(found.versions) < 160
    assert abs(len(found.versions) - many) <= 1


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("priority > 5", "B111"),
        ("round == '2026-R1'", "R009"),
        ("1=1; DROP TABLE parcels", "R008"),
        ("use == 'nonsense'", "R011"),
        ("district in districts", "B111"),
        ("__import__('os')", "R008"),
    ],
)
def test_conditions_that_cannot_be_asked_are_refused(
    cluster: Cluster, schema: str, tmp_path: Path, condition: str, code: str
) -> None:
    """Never SQL: what is not of the rule language or not in the table is refused with its code."""
    load(cluster, schema, EXAMPLE / "parcels.gpkg")
    done = call("pull", central_round(tmp_path, schema, condition))
    assert done.exit_code == 1
    assert code in done.output
    assert not (tmp_path / "round" / SNAPSHOT).exists()


def test_tables_that_are_no_parcels_are_refused(cluster: Cluster, schema: str, tmp_path: Path) -> None:
    """No table, no outlines, two systems, an unreadable word in the column asked for; a table nobody may read."""
    load(cluster, schema, EXAMPLE / "parcels.gpkg")
    cluster.sql(f"CREATE VIEW {schema}.bare AS SELECT parcel_id, use FROM {schema}.parcels", "owner")
    cluster.sql(
        f"CREATE VIEW {schema}.mixed AS SELECT parcel_id, use, CASE WHEN parcel_id < 'NS-0050' THEN geom "
        f"ELSE ST_Transform(geom, 4490) END::geometry AS geom FROM {schema}.parcels",
        "owner",
    )
    cluster.sql(f"GRANT SELECT ON {schema}.bare, {schema}.mixed TO landopt_officer", "owner")
    for table, code in (("nothing", "B104"), ("bare", "B112"), ("mixed", "B112")):
        with pytest.raises(Refused) as refused:
            take(Address("clerk", schema, table), "t.gpkg")
        assert refused.value.issues[0].code == code, table
    with pytest.raises(Refused) as refused:
        take(Address("stranger", schema, "parcels"), "t.gpkg")
    assert refused.value.issues[0].code in ("B103", "B104")
    cluster.sql(f"UPDATE {schema}.parcels SET use = 'mystery' WHERE parcel_id = 'NS-0001'", "owner")
    with pytest.raises(Refused, match="mystery"):
        take(Address("clerk", schema, "parcels", "use == 'IND'"), "t.gpkg")


def test_what_changed_in_the_central_base_and_whether_the_plan_stands(
    cluster: Cluster, schema: str, tmp_path: Path
) -> None:
    """Nothing; a fact no choice hangs on; a fact that takes a site away; a parcel gone, one come."""
    load(cluster, schema, EXAMPLE / "parcels.gpkg")
    home = central_round(tmp_path, schema)
    assert call("pull", home).exit_code == 0
    assert call("solve", home, "--gap", "0.02").exit_code in (0, 4)
    address = f"postgis://clerk/{schema}.parcels"
    same = call("check", home, "--against", address)
    assert same.exit_code == 0, same.output
    assert "Nothing has changed" in same.output
    assert "still stands" in same.output
    plan = json.loads((home / "plan" / "plan.json").read_text(encoding="utf-8"))
    taken = [name for entry in plan["assignments"] for name in entry["parcel_ids"]]
    free = next(entry["parcel_id"] for entry in plan["held"])
    cluster.sql(f"UPDATE {schema}.parcels SET geom = ST_Translate(geom, 0, 0.001) WHERE parcel_id = '{free}'", "owner")
    moved = json.loads(call("check", home, "--against", address, "--json").stdout)
    assert [each["parcel_id"] for each in moved["changed"]] == [free]
    assert moved["changed"][0]["columns"][0]["column"] == "(outline)"
    cluster.sql(f"UPDATE {schema}.parcels SET converted = false WHERE parcel_id = '{taken[0]}'", "owner")
    fallen = call("check", home, "--against", address, "--json")
    assert fallen.exit_code == 5, fallen.output
    said = json.loads(fallen.stdout)
    assert {each["parcel_id"] for each in said["changed"]} == {free, taken[0]}
    assert said["plan"]["stands"] is False
    assert any(taken[0] in finding["key"] for finding in said["plan"]["findings"])
    assert "不再成立" in call("check", home, "--against", address, lang="zh").output
    cluster.sql(f"DELETE FROM {schema}.parcels WHERE parcel_id = '{taken[1]}'", "owner")
    gone = json.loads(call("check", home, "--against", address, "--json").stdout)
    assert gone["removed"] == [taken[1]]
    assert not list(tmp_path.glob(".landopt-since-*"))
    assert len(read_round(home).ready().parcels) == 160  # the round itself stays as it was pulled
