"""A damaged ledger in a real PostgreSQL: refused with the entry or object named, never a crash, nothing written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest

from landopt.keeping.ledger.chain import Ledger
from parcels.common.issues import LandoptError
from tests.audit.ledgers import call
from tests.central.cluster import Cluster
from tests.parcels.making import box, gpkg, round_folder

pytestmark = pytest.mark.postgis

OFF, ON = "ALTER TABLE entries DISABLE TRIGGER ALL", "ALTER TABLE entries ENABLE TRIGGER ALL"
DEEP = "[" * 5000 + "]" * 5000
ENTRIES = {
    "rewritten": ("UPDATE entries SET body = replace(body, 'officer', 'nobody') WHERE seq = 3", "entry 3"),
    "no json": ("UPDATE entries SET body = 'not json' WHERE seq = 2", "entry 2"),
    "a list": ("UPDATE entries SET body = '[]' WHERE seq = 2", "entry 2"),
    "deep": (f"UPDATE entries SET body = '{{\"a\":{DEEP}}}' WHERE seq = 2", "entry 2"),
    "numbers": ('UPDATE entries SET body = \'{"a":1e999,"b":NaN}\' WHERE seq = 2', "entry 2"),
    "twice": ('UPDATE entries SET body = \'{"by":"a","by":"b"}\' WHERE seq = 2', "entry 2"),
    "kind": ("UPDATE entries SET kind = 'adopt' WHERE seq = 2", "entry 2"),
    "round": ("UPDATE entries SET round = 'R9' WHERE seq = 2", "entry 2"),
    "time": ("UPDATE entries SET at = '1999' WHERE seq = 4", "entry 4"),
    "link": ("UPDATE entries SET prev = repeat('7', 64) WHERE seq = 4", "entry 4"),
    "hash": ("UPDATE entries SET hash = repeat('7', 64) WHERE seq = 4", "entry 4"),
    "removed": ("DELETE FROM entries WHERE seq = 3", "entries 3 to 3"),
    "first removed": ("DELETE FROM entries WHERE seq = 1", "entries 1 to 1"),
    "many removed": ("DELETE FROM entries WHERE seq BETWEEN 2 AND 4", "entries 2 to 4"),
    "numbered on": ("UPDATE entries SET seq = seq + 100 WHERE seq = 5", "entry 105"),
    "exchanged": (
        "UPDATE entries SET seq = 90 WHERE seq = 2; UPDATE entries SET seq = 2 WHERE seq = 3; "
        "UPDATE entries SET seq = 3 WHERE seq = 90",
        "entry 2",
    ),
    "inserted": ("INSERT INTO entries VALUES (9, 'x', 'open', 'R', '{}', repeat('5', 64), repeat('a', 64))", "entry 9"),
}
"""What an owner of the tables may do to entries when he has taken the triggers away, and the entry that is named."""

OBJECTS = {
    "a trigger that swallows": (
        "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "CREATE TRIGGER zz BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION gone()",
        "zz",
    ),
    "a trigger that comes after": (
        "CREATE FUNCTION after_all() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "CREATE TRIGGER late AFTER INSERT ON entries FOR EACH STATEMENT EXECUTE FUNCTION after_all()",
        "late",
    ),
    "a rule": ("CREATE RULE nothing AS ON INSERT TO entries DO INSTEAD NOTHING", "entries"),
    "hidden rows": ("ALTER TABLE entries ENABLE ROW LEVEL SECURITY", "entries"),
    "hidden last rows": (
        "CREATE POLICY p ON entries USING (seq < 4); ALTER TABLE entries ENABLE ROW LEVEL SECURITY",
        "entries",
    ),
    "a view instead": (
        "ALTER TABLE entries RENAME TO kept; CREATE VIEW entries AS SELECT * FROM kept WHERE seq < 4; "
        "GRANT SELECT, INSERT ON entries TO landopt_officer; GRANT SELECT ON entries TO landopt_auditor",
        "entries",
    ),
    "a table that inherits": ("CREATE TABLE more () INHERITS (entries)", "entries"),
    "no table": ("ALTER TABLE entries RENAME TO other", "other"),
    "a table of another schema": ("ALTER TABLE entries SET SCHEMA public", "entries"),
    "a table that a crash empties": ("ALTER TABLE entries SET UNLOGGED", "entries"),
    "another type": ("ALTER TABLE entries ALTER COLUMN at TYPE varchar(40)", "entries"),
    "one column more": ("ALTER TABLE entries ADD COLUMN note text", "entries"),
    "a value of its own": ("ALTER TABLE entries ALTER COLUMN body SET DEFAULT '{}'", "entries"),
    "no trigger": ("DROP TRIGGER entries_keep ON entries", "entries_keep"),
    "a trigger that sleeps": ("ALTER TABLE entries DISABLE TRIGGER entries_stay", "entries_stay"),
    "triggers that sleep": (OFF, "entries_chain"),
    "a trigger that seldom acts": (
        "DROP TRIGGER entries_keep ON entries; CREATE TRIGGER entries_keep BEFORE UPDATE OR DELETE ON entries "
        "FOR EACH ROW WHEN (false) EXECUTE FUNCTION append_only()",
        "entries_keep",
    ),
    "a function that lets all through": (
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "append_only",
    ),
    "a lock that does not lock": (
        "CREATE OR REPLACE FUNCTION ledger_lock() RETURNS void LANGUAGE sql AS 'SELECT NULL::void'",
        "ledger_lock",
    ),
    "a foreign function": ("CREATE FUNCTION to_json(a text) RETURNS text LANGUAGE sql AS 'SELECT a'", "to_json"),
    "a foreign table": ("CREATE TABLE notes (a text)", "notes"),
    "a foreign view": ("CREATE VIEW last_entry AS SELECT max(seq) FROM entries", "last_entry"),
    "a foreign index": ("CREATE INDEX quick ON entries (lower(body))", "quick"),
    "no key": ("ALTER TABLE entries DROP CONSTRAINT entries_pkey", "entries_pkey"),
}
"""What an owner of the schema may put beside, before or in the place of the ledger, and the object that is named."""


def altered(cluster: Cluster, schema: str, statement: str) -> None:
    """Do something as the owner of the tables; where he may not, as the superuser."""
    path = f"SET search_path = {schema}, public; "
    try:
        cluster.sql(path + statement, "owner")
    except psycopg.Error:  # what an owner may not do, the superuser may
        cluster.sql(path + statement)


def filled(schema: str) -> str:
    """Six entries; the address of an officer."""
    with Ledger(f"postgis://clerk/{schema}") as book:
        for number in range(1, 7):
            book.append("open", f"R{number}", {"by": "officer-2", "inputs": []})
    return f"postgis://clerk/{schema}"


def held(cluster: Cluster, schema: str) -> list[tuple[Any, ...]]:
    """Everything in every table that may hold entries, as the superuser sees it."""
    names = cluster.sql(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE n.nspname IN ('{schema}', 'public') AND c.relname IN ('entries', 'kept', 'other', 'more') "
        "AND c.relkind = 'r' ORDER BY 1"
    )
    return [row for (name,) in names for row in cluster.sql(f"SELECT * FROM ONLY {name} ORDER BY 1")]


def every(home: Path, place: str, out: Path) -> dict[str, Any]:
    """What each command that opens a ledger ends with."""
    by = ("--by", "a", "--ledger", place)
    return {
        "show": call("round", "show", home, "--ledger", place),
        "witness": call("round", "witness", place, out / "heads.txt"),
        "backup": call("round", "backup", place, out / "copy.sqlite"),
        "open": call("round", "open", home, *by),
        "close": call("round", "close", home, *by),
        "plans": call("plans", home, "--ledger", place),
        "solve": call("solve", home, "--ledger", place),
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round of one parcel."""
    folder = tmp_path_factory.mktemp("round")
    gpkg(folder, [box(0, 0)])
    return round_folder(folder)


@pytest.mark.parametrize("how", ENTRIES)
def test_entries_that_were_altered_are_named_and_nothing_is_written(
    cluster: Cluster, schema: str, home: Path, tmp_path: Path, how: str
) -> None:
    """By every command: exit 1 or 6 (``show``, which shows what is left: 5), the entry named, the same rows after."""
    place = filled(schema)
    statement, named = ENTRIES[how]
    altered(cluster, schema, f"{OFF}; {statement}; {ON}")
    before, files = held(cluster, schema), sorted(path.name for path in home.iterdir())
    for name, done in every(home, place, tmp_path).items():
        assert done.exit_code == 5 if name == "show" else done.exit_code in (1, 6), (name, done.output)
        assert "B080" in done.output, (name, done.output)
        assert named in done.output, (name, done.output)
    assert held(cluster, schema) == before
    assert sorted(path.name for path in home.iterdir()) == files
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", OBJECTS)
def test_what_stands_in_the_schema_besides_is_named_and_nothing_is_written(
    cluster: Cluster, schema: str, home: Path, tmp_path: Path, how: str
) -> None:
    """A ledger through which entries could vanish is not used at all: exit 1 with the object's name."""
    place = filled(schema)
    statement, named = OBJECTS[how]
    altered(cluster, schema, statement)
    before = held(cluster, schema)
    try:
        for name, done in every(home, place, tmp_path).items():
            assert done.exit_code == 1, (name, done.output)
            assert "B080" in done.output, (name, done.output)
            assert f" {named} " in f"{done.output} ", (name, done.output)
        assert held(cluster, schema) == before
        assert list(tmp_path.iterdir()) == []
    finally:
        cluster.sql("DROP TABLE IF EXISTS public.entries CASCADE")


def test_a_trigger_that_comes_between_opening_and_writing_is_seen(cluster: Cluster, schema: str) -> None:
    """The schema is looked at again under the writer's lock."""
    with Ledger(filled(schema)) as book:
        altered(cluster, schema, OBJECTS["a rule"][0])
        with pytest.raises(LandoptError) as refused:
            book.append("close", "R1", {"by": "a"})
        assert refused.value.issues[0].key == "B080.object"
    assert len(held(cluster, schema)) == 6


def test_a_cut_tail_is_shown_by_a_witness_alone(cluster: Cluster, schema: str, home: Path, tmp_path: Path) -> None:
    """Without one it is said that rollback and rewriting were not checked; with one the audit and show exit 5."""
    place = filled(schema)
    assert call("round", "witness", place, tmp_path / "heads.txt").exit_code == 0
    altered(cluster, schema, f"{OFF}; DELETE FROM entries WHERE seq > 4; {ON}")
    plain = call("round", "show", home, "--ledger", place)
    assert (plain.exit_code, "rollback and rewriting" in plain.output) == (0, True), plain.output
    shown = call("round", "show", home, "--ledger", place, "--witness", tmp_path / "heads.txt")
    assert (shown.exit_code, "B089" in shown.output) == (5, True), shown.output


def test_another_program_makes_the_same_complaint_in_json(cluster: Cluster, schema: str, home: Path) -> None:
    """The finding as data, in both languages."""
    place = filled(schema)
    altered(cluster, schema, OBJECTS["no trigger"][0])
    for lang in ("en", "zh"):
        done = call("round", "show", home, "--ledger", place, "--json", lang=lang)
        issue = json.loads(done.stdout)["issues"][0]
        assert (done.exit_code, issue["code"], "entries_keep" in json.dumps(issue)) == (1, "B080", True)
    shutil.rmtree(home / ".landopt", ignore_errors=True)
