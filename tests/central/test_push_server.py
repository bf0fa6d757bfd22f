"""Plans pushed to a real PostgreSQL with PostGIS: whole, once, never changed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from landopt.central.address import Address
from landopt.central.upgrade import upgrade
from tests.audit.ledgers import call
from tests.central.cluster import Cluster
from tests.places import EXAMPLE
from tests.workbench.making import small_round

pytestmark = pytest.mark.postgis


def _tables(cluster: Cluster, schema: str) -> dict[str, list[tuple[object, ...]]]:
    names = ("plan", "assignment", "supplied", "held", "unserved", '"limit"', "justification")
    return {name: cluster.sql(f"SELECT count(*) FROM {schema}.{name}", "reader") for name in names}


def test_a_plan_is_pushed_whole_once_and_never_changed(cluster: Cluster, schema: str, tmp_path: Path) -> None:
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
    assert float(area[0]) == pytest.approx(sum(entry["area_m2"] for entry in plan["assignments"]) / 10_000)
    assert area[1] == supplied
    unmet = cluster.sql(f'SELECT count(*) FROM {schema}."未供应与未满足清单"', "reader")[0][0]
    assert unmet == len(plan["held"]) + len(plan["unserved"])
    sizes = cluster.sql(f"SELECT abs(ST_Area(geom) - area_m2) / area_m2 FROM {schema}.supplied", "reader")
    assert max(float(size[0]) for size in sizes) < 0.02
    other = Path(shutil.copytree(home / "plan", tmp_path / "other"))
    content = (other / "plan.json").read_text(encoding="utf-8")
    (other / "plan.json").write_text(content.replace(plan["plan_id"], "P-00000000"), encoding="utf-8")
    broken = call("push", other, "--to", place)
    assert broken.exit_code == 5, broken.output
    assert "B114" in broken.output
    assert _tables(cluster, schema) == counts


def test_the_same_plan_pushed_by_several_at_once(cluster: Cluster, tmp_path: Path) -> None:
    """One writes it, the others are told that it is there; in a schema whose name needs quotes."""
    name = '"我的 库-1"'
    upgrade(Address("owner", name.strip('"')))
    cluster.sql("GRANT landopt_officer TO clerk, clerk2")
    home = small_round(tmp_path / "r1")
    assert call("solve", home, "--gap", "0.05").exit_code in (0, 4)
    words = [[sys.executable, "-m", "landopt", "push", str(home / "plan"), "--to", f"postgis://{user}/{name}", "--json"]
             for user in ("clerk", "clerk2", "clerk")]  # fmt: skip
    pushed = [subprocess.Popen(each, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for each in words]
    told = [each.communicate(timeout=300) for each in pushed]
    assert [each.returncode for each in pushed] == [0, 0, 0], told
    assert cluster.sql(f"SELECT count(*) FROM {name}.plan") == [(1,)]
    supplied = json.loads((home / "plan" / "plan.json").read_text(encoding="utf-8"))["assignments"]
    assert cluster.sql(f"SELECT count(*) FROM {name}.assignment") == [(len(supplied),)]


def test_a_push_that_breaks_off_leaves_nothing(cluster: Cluster, schema: str, tmp_path: Path) -> None:
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
