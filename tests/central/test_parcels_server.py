"""Parcels out of a real PostGIS and plans into it: snapshots, conditions, differences, tables never changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random

import psycopg
import pytest

from constraints.language.evaluate import compiled
from constraints.language.expr import parse
from landopt.central.address import Address
from landopt.central.snapshot import PAPER, SNAPSHOT, read_paper
from landopt.central.table import take
from landopt.intake.assemble import read_round
from parcels.common.issues import Refused
from parcels.read import from_raw
from tests.audit.ledgers import call
from tests.central.cluster import Cluster
from tests.central.tables import central_round, load
from tests.places import EXAMPLE

pytestmark = pytest.mark.postgis


def test_a_round_from_the_database_is_the_round_from_the_file(cluster: Cluster, schema: str, tmp_path: Path):
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
):
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


FACTS = {
    "area_m2": ("面积", "numeric", [1, 9999, 10000, 10001, 1999.5, 2000.4]),
    "far_max": ("far_max", "numeric", [None, 0, 1, 2, 2.5, 0.01]),
    "intending_users": ("intending_users", "integer", [None, 0, 1, 2, 3]),
    "use": ("规划用途", "text", [None, "IND", "RES", "工业用地", "HOU"]),
    "land_source": ("land_source", "text", [None, "new", "stock", "新增"]),
    "net_land": ("net_land", "text", [None, "是", "否", "true", "0"]),
    "converted": ("converted", "boolean", [None, True, False]),
    "zone": ("zone", "text", [None, "nansha", "nansha;hengqin", "knowledge_city、nansha_ftz"]),
    "status": ("status", "text", [None, "candidate", "reserve", "", "储备"]),
    "district": ("district", "text", [None, "A", "B'; DROP TABLE x; --", " C "]),
    "available_from": ("available_from", "date", [None, "2026-01-01", "2026-06-30", "2027-01-01"]),
}


def _condition(draw: Random, depth: int = 0) -> str:
    """A condition over the facts, around the very values that the table holds."""
    if depth < 3 and draw.random() < 0.5:
        left, right = _condition(draw, depth + 1), _condition(draw, depth + 1)
        return draw.choice([f"({left} and {right})", f"({left} or {right})", f"(not {left})"])
    name = draw.choice(list(FACTS))
    op = draw.choice(["==", "!=", "<", "<=", ">", ">="])
    if name in ("area_m2", "intending_users"):
        number = draw.choice([0, 1, 2, 1999, 2000, 9999, 10000])
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
        return draw.choice(["district == 'A'", "district in ['A', 'C']", "district != 'C'"])
    return f"{name} {op} '2026-06-30'"


def test_conditions_choose_what_a_rule_would_choose(cluster: Cluster, schema: str):
    """Two hundred drawn conditions: the rows the server gives are those for which the scalar reading says true."""
    draw = Random(11)
    kinds = ", ".join(f'"{column}" {kind}' for column, kind, _ in FACTS.values())
    cluster.sql(f'CREATE TABLE {schema}.drawn ("宗地编号" text PRIMARY KEY, {kinds}, geom geometry)', "owner")
    rows = [[f"P{number:03d}", *(draw.choice(values) for _, _, values in FACTS.values())] for number in range(120)]
    with psycopg.connect(service="owner", autocommit=True) as db, db.cursor() as cursor:
        marks = ", ".join(["%s"] * (len(FACTS) + 1))
        outline = "ST_GeomFromText('POLYGON((0 0, 100 0, 100 100, 0 100, 0 0))', 0)"
        cursor.executemany(f"INSERT INTO {schema}.drawn VALUES ({marks}, {outline})", rows)  # type: ignore[arg-type]
        db.execute(f"GRANT SELECT ON {schema}.drawn TO landopt_officer")  # type: ignore[arg-type]
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
):
    """Never SQL: what is not of the rule language or not in the table is refused with its code."""
    load(cluster, schema, EXAMPLE / "parcels.gpkg")
    done = call("pull", central_round(tmp_path, schema, condition))
    assert done.exit_code == 1
    assert code in done.output
    assert not (tmp_path / "round" / SNAPSHOT).exists()


def test_tables_that_are_no_parcels_are_refused(cluster: Cluster, schema: str, tmp_path: Path):
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


def test_what_changed_in_the_central_base_and_whether_the_plan_stands(cluster: Cluster, schema: str, tmp_path: Path):
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


def _tables(cluster: Cluster, schema: str) -> dict[str, list[tuple[object, ...]]]:
    names = ("plan", "assignment", "supplied", "held", "unserved", '"limit"', "justification")
    return {name: cluster.sql(f"SELECT count(*) FROM {schema}.{name}", "reader") for name in names}


def test_a_plan_is_pushed_whole_once_and_never_changed(cluster: Cluster, schema: str, tmp_path: Path):
    """Every row of plan.json is there; again is nothing; another of the id is refused; no role changes a row."""
    home = Path(shutil.copytree(EXAMPLE, tmp_path / "round"))
    assert call("solve", home, "--gap", "0.02").exit_code in (0, 4)
    plan = json.loads((home / "plan" / "plan.json").read_text(encoding="utf-8"))
    place = f"postgis://clerk/{schema}"
    done = call("push", home / "plan", "--to", place, "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert rows["assignment"] == len(plan["assignments"])
    assert rows["held"] == len(plan["held"])
    assert rows["unserved"] == len(plan["unserved"])
    assert rows["limit"] == len(plan["limits"])
    assert rows["justification"] == len(plan["justification"])
    counts = _tables(cluster, schema)
    assert {name.strip('"'): found[0][0] for name, found in counts.items()} == rows
    text = cluster.sql(f"SELECT file FROM {schema}.plan", "auditor")[0][0]
    assert text == (home / "plan" / "plan.json").read_text(encoding="utf-8")
    again = call("push", home / "plan", "--to", place, lang="zh")
    assert again.exit_code == 0
    assert "未再写入" in again.output
    for user in ("clerk", "auditor", "reader", "owner"):
        for statement in ("UPDATE {}.plan SET round = 'x'", "DELETE FROM {}.held", 'TRUNCATE {}."limit"'):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)):
                cluster.sql(statement.format(schema), user)
    assert call("push", home / "plan", "--to", f"postgis://reader/{schema}").exit_code in (0, 1)
    assert _tables(cluster, schema) == counts
    supplied = sum(len(entry["parcel_ids"]) for entry in plan["assignments"])
    listed = cluster.sql(f'SELECT * FROM {schema}."供应计划宗地表"', "reader")
    assert len(listed) == supplied
    area = cluster.sql(f'SELECT sum("合计(公顷)"), sum("宗数") FROM {schema}."供应计划汇总表"', "reader")[0]
    assert float(area[0]) == pytest.approx(sum(entry["area_m2"] for entry in plan["assignments"]) / 10_000)  # type: ignore[arg-type]
    assert area[1] == supplied
    unmet = cluster.sql(f'SELECT count(*) FROM {schema}."未供应与未满足清单"', "reader")[0][0]
    assert unmet == len(plan["held"]) + len(plan["unserved"])
    sizes = cluster.sql(f"SELECT abs(ST_Area(geom) - area_m2) / area_m2 FROM {schema}.supplied", "reader")
    assert max(float(size[0]) for size in sizes) < 0.02  # type: ignore[arg-type]
    other = Path(shutil.copytree(home / "plan", tmp_path / "other"))
    content = (other / "plan.json").read_text(encoding="utf-8")
    (other / "plan.json").write_text(content.replace(plan["plan_id"], "P-00000000"), encoding="utf-8")
    broken = call("push", other, "--to", place)
    assert broken.exit_code == 5, broken.output
    assert "B114" in broken.output
    assert _tables(cluster, schema) == counts


def test_a_push_that_breaks_off_leaves_nothing(cluster: Cluster, schema: str, tmp_path: Path):
    """One transaction: a table that refuses a row takes all of them back; another plan of the id is told."""
    home = Path(shutil.copytree(EXAMPLE, tmp_path / "round"))
    assert call("solve", home, "--gap", "0.02").exit_code in (0, 4)
    place = f"postgis://clerk/{schema}"
    cluster.sql(f"ALTER TABLE {schema}.justification ADD CONSTRAINT never CHECK (number < 3)", "owner")
    broken = call("push", home / "plan", "--to", place)
    assert broken.exit_code == 1
    assert "B105" in broken.output
    assert all(found == [(0,)] for found in _tables(cluster, schema).values())
    cluster.sql(f"ALTER TABLE {schema}.justification DROP CONSTRAINT never", "owner")
    name = json.loads((home / "plan" / "plan.json").read_text(encoding="utf-8"))["plan_id"]
    cluster.sql(
        f"INSERT INTO {schema}.plan (plan_id, plan_sha256, plan_hash, round, title_zh, title_en, as_of, case_digest, "
        "result, versions, file) "
        f"VALUES ('{name}', repeat('b', 64), '', 'R', '', '', '2026-01-01', '', '{{}}', '{{}}', '')",
        "owner",
    )
    taken = call("push", home / "plan", "--to", place)
    assert taken.exit_code == 1
    assert "B114" in taken.output
