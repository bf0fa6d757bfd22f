"""The ledger in a real PostgreSQL: one chain for many writers, roles that cannot change it, a server that is killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import time
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from constraints.canonical import canonical
from landopt.central.address import Address
from landopt.central.upgrade import VERSION, script, steps, upgrade
from landopt.keeping.ledger import round_steps
from landopt.keeping.ledger.chain import START, Ledger, entry_hash
from landopt.keeping.ledger.stores.postgres import PostgresStore
from parcels.common.issues import Environment, LandoptError, Refused
from tests.audit.ledgers import call
from tests.central.cluster import Cluster
from tests.places import EXAMPLE

pytestmark = pytest.mark.postgis
NASTY = '"\\/\b\f\n\r\t\x01\x1f\x7f 宗地 \u2028 𠀀 </script>'


def test_what_is_written_is_read_back_and_the_server_knows_its_hash(schema: str) -> None:
    """Any text of an entry: the server's own reckoning of the hash is ours."""
    place = f"postgis://clerk/{schema}"
    with Ledger(place) as book:
        assert book.head() == START
        for number, text in enumerate((NASTY, "plain", "%s %(x)s $1", "'; DROP TABLE entries; --")):
            book.append("open", f"R{number}{text}", {"by": text, "n": number, "null": None, "list": [1, {"a": text}]})
        assert book.problems() == []
        assert book.entries()[0].body["by"] == NASTY
    with Ledger(f"postgresql://auditor/{schema}", read_only=True) as book:
        assert len(book.entries()) == 4
        assert book.head() == book.entries()[-1].hash


@pytest.mark.parametrize("user", ["clerk", "auditor", "reader", "stranger", "owner"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {s}.entries SET body = '{{}}'",
        "DELETE FROM {s}.entries",
        "TRUNCATE {s}.entries",
        "INSERT INTO {s}.entries VALUES (9, 'x', 'open', 'R', '{{}}', repeat('0', 64), repeat('a', 64))",
        "INSERT INTO {s}.entries VALUES (2, 'x', 'open', 'R', '{{}}', (SELECT hash FROM {s}.entries), repeat('a', 64))",
        "ALTER TABLE {s}.entries DISABLE TRIGGER ALL",
        "DROP TABLE {s}.entries",
        "CREATE OR REPLACE FUNCTION {s}.append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_nobody_changes_an_entry(cluster: Cluster, schema: str, user: str, statement: str) -> None:
    """Every role is refused what is not an append that follows; the owner too, as long as he leaves the triggers."""
    with Ledger(f"postgis://clerk/{schema}") as book:
        book.append("open", "R", {"by": "a"})
    if user == "owner" and statement.split()[0] in ("ALTER", "DROP", "CREATE"):
        pytest.skip("the owner of a table may take it away: that is what witness and backup are for")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException)):
        cluster.sql(statement.format(s=schema), user)
    with Ledger(f"postgis://auditor/{schema}", read_only=True) as book:
        assert len(book.entries()) == 1
        assert book.problems() == []


def test_an_owner_who_takes_the_triggers_away_is_found(cluster: Cluster, schema: str) -> None:
    """As with a file: what was altered is named, and nothing is appended."""
    with Ledger(f"postgis://clerk/{schema}") as book:
        for number in range(6):
            book.append("open", f"R{number}", {"by": "officer-2"})
    cluster.sql(f"ALTER TABLE {schema}.entries DISABLE TRIGGER ALL", "owner")
    cluster.sql(f"UPDATE {schema}.entries SET body = replace(body, '-2', '-3') WHERE seq = 4", "owner")
    cluster.sql(f"DELETE FROM {schema}.entries WHERE seq = 2", "owner")
    cluster.sql(f"ALTER TABLE {schema}.entries ENABLE TRIGGER ALL", "owner")
    with Ledger(f"postgis://clerk/{schema}") as book:
        said = " ".join(issue.what for issue in book.problems())
        assert "entry 4 was altered" in said
        assert "entries 2 to 2 are missing" in said
        with pytest.raises(Refused, match="altered"):
            book.append("open", "late", {})


def test_roles_say_what_they_may_not(schema: str) -> None:
    """A reader sees no ledger, an auditor writes none: exit 1 with the role to ask for, in both languages."""
    for user, step in (("reader", "entries"), ("auditor", "append"), ("stranger", "entries")):
        with pytest.raises(LandoptError) as refused, Ledger(f"postgis://{user}/{schema}") as book:
            book.append("open", "R", {}) if step == "append" else book.entries()
        assert refused.value.issues[0].code == "B103"
        assert refused.value.exit_code == 1


def test_a_schema_without_tables_or_of_another_version_is_refused(cluster: Cluster, schema: str) -> None:
    """A ledger is never made in passing; a newer or older one is told."""
    with pytest.raises(Refused, match="no tables of landopt"):
        Ledger("postgis://owner/public", create=True)
    with pytest.raises(Refused, match="no tables of landopt"):
        Ledger("postgis://owner/nowhere")
    cluster.sql(f"INSERT INTO {schema}.migrations VALUES (99, 'later', '')", "owner")
    with pytest.raises(Refused, match="version 99"):
        Ledger(f"postgis://clerk/{schema}")
    with pytest.raises(Refused, match="version 99"):
        upgrade(Address("owner", schema))
    cluster.sql(f"DELETE FROM {schema}.migrations WHERE number = 99", "owner")
    cluster.sql(f"UPDATE {schema}.migrations SET sha256 = 'x' WHERE number = 1", "owner")
    with pytest.raises(Refused, match="another form"):
        upgrade(Address("owner", schema))


def test_the_steps_apply_once_and_by_hand_alike(cluster: Cluster) -> None:
    """``database upgrade`` twice is once; the script printed for psql makes the same tables."""
    done = call("database", "upgrade", "postgis://owner/twice", "--json")
    assert json.loads(done.stdout)["applied"] == [step.name for step in steps()[1:]]
    again = call("database", "upgrade", "postgis://owner/twice", lang="zh")
    assert f"已是第 {VERSION} 版" in again.stdout
    printed = call("database", "sql", "by_hand").stdout
    assert printed == script("by_hand")
    cluster.sql(printed, "owner")
    with Ledger("postgis://owner/by_hand") as book:
        assert book.append("open", "R", {}).seq == 1
    assert call("database", "upgrade", "postgis://clerk/another").exit_code == 1


def _append_many(place: str, who: int, count: int, said: str) -> None:
    """A writer that goes on after every trouble; it writes down what it was told was written."""
    deadline = time.monotonic() + 240
    with Path(said).open("a", encoding="utf-8") as file:
        number = 0
        while number < count and time.monotonic() < deadline and not Path(said).with_name("enough").exists():
            try:
                with Ledger(place) as book:
                    entry = book.append("open", f"w{who}-{number}", {"by": str(who)})
            except (Environment, Refused) as trouble:
                file.write(f"trouble {trouble.issues[0].key}\n")
                time.sleep(0.1)
                if trouble.issues[0].key == "B102.unknown":
                    number += 1  # never twice what may be there
                continue
            file.write(f"{entry.seq} {entry.hash}\n")
            file.flush()
            number += 1


def _writers(place: str, tmp_path: Path, count: int) -> list[multiprocessing.context.SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    return [
        context.Process(target=_append_many, args=(place, who, count, str(tmp_path / str(who)))) for who in range(8)
    ]


def _told(tmp_path: Path) -> list[tuple[int, str]]:
    lines = [line.split() for who in range(8) for line in (tmp_path / str(who)).read_text("utf-8").splitlines()]
    return sorted((int(words[0]), words[1]) for words in lines if words[0] != "trouble")


def test_eight_writers_from_several_processes_lose_nothing(schema: str, tmp_path: Path) -> None:
    """Eight processes, two roles: every entry told is there, once, in one unbroken chain."""
    writers = _writers(f"postgis://clerk/{schema}", tmp_path, 12)
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 8
    with Ledger(f"postgis://auditor/{schema}", read_only=True) as book:
        entries = book.entries()
        assert [issue for issue in book.problems() if issue.level == "error"] == []
    assert _told(tmp_path) == [(entry.seq, entry.hash) for entry in entries]
    assert len({entry.round for entry in entries}) == 96


def test_a_server_killed_at_random_loses_nothing_told_and_doubles_nothing(
    cluster: Cluster, schema: str, tmp_path: Path
) -> None:
    """kill -9 of the server at random moments under eight writers: what was told is there; the chain holds."""
    draw = Random(5)
    kills = int(os.environ.get("LANDOPT_KILLS", "6"))
    writers = _writers(f"postgis://clerk/{schema}", tmp_path, 1_000_000)  # until the last kill
    for writer in writers:
        writer.start()
    done = 0
    while done < kills and any(writer.is_alive() for writer in writers):
        time.sleep(draw.uniform(0.3, 2.0))
        cluster.kill()
        done += 1
    time.sleep(1)
    (tmp_path / "enough").touch()
    for writer in writers:
        writer.join()
    assert done == kills
    assert [writer.exitcode for writer in writers] == [0] * 8
    with Ledger(f"postgis://auditor/{schema}", read_only=True) as book:
        entries = book.entries()
        assert [issue for issue in book.problems() if issue.level == "error"] == []
    there = [(entry.seq, entry.hash) for entry in entries]
    assert set(_told(tmp_path)) <= set(there)
    assert len({entry.round for entry in entries}) == len(entries)
    if not any("unknown" in (tmp_path / str(who)).read_text("utf-8") for who in range(8)):
        assert _told(tmp_path) == there
    assert there


def test_exported_to_a_file_and_back_with_the_same_heads(schema: str, cluster: Cluster, tmp_path: Path) -> None:
    """``round backup`` both ways: the same entries, the same head, byte for byte; a place in use is refused."""
    place = f"postgis://clerk/{schema}"
    with Ledger(place) as book:
        for number in range(20):
            book.append("open", f"R{number}", {"by": NASTY, "number": number})
        head, entries = book.head(), book.entries()
    out = call("round", "backup", place, tmp_path / "copy.sqlite", "--json")
    assert json.loads(out.stdout)["head"] == head
    with Ledger(tmp_path / "copy.sqlite", read_only=True) as copy:
        assert copy.entries() == entries
    upgrade(Address("owner", "back"))
    back = call("round", "backup", tmp_path / "copy.sqlite", "postgis://clerk/back", "--json")
    assert json.loads(back.stdout)["head"] == head, back.output
    with Ledger("postgis://auditor/back", read_only=True) as copy:
        assert copy.entries() == entries
    again = call("round", "backup", tmp_path / "copy.sqlite", "postgis://clerk/back")
    assert again.exit_code == 1
    assert "B031" in again.output


def test_two_who_decide_on_the_same_round_at_once(schema: str) -> None:
    """What the second one saw no longer holds: nothing is written; other rounds do not stand in the way."""
    with Ledger(f"postgis://clerk/{schema}") as first, Ledger(f"postgis://clerk2/{schema}") as second:
        first.append("open", "R", {"by": "a"})
        seen = len(second.entries())
        first.append("open", "other", {"by": "a"})
        second.append_all([("close", "R", {"by": "b"})], seen=seen)
        with pytest.raises(Refused, match="meanwhile") as refused:
            first.append_all([("close", "R", {"by": "a"})], seen=seen)
        assert refused.value.issues[0].code == "B107"
        assert len(first.entries()) == 3


def test_a_connection_lost_while_it_rests_is_made_again(cluster: Cluster, schema: str) -> None:
    """Between reading and writing lies a long audit: a restart of the server meanwhile does not matter."""
    with Ledger(f"postgis://clerk/{schema}") as book:
        book.append("open", "R", {"by": "a"})
        seen = len(book.entries())
        cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clerk'")
        with pytest.raises(Environment):
            book.append_all([("close", "R", {"by": "a"})], seen=seen)
        assert book.append_all([("close", "R", {"by": "a"})], seen=seen)[0].seq == 2


def test_an_answer_lost_at_the_commit_is_asked_for(
    cluster: Cluster, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit went through and the answer did not come: the entry is told, once; if it did not, it is not told."""
    with Ledger(f"postgis://clerk/{schema}") as book:
        store = book.store
        assert isinstance(store, PostgresStore)
        real = store._db

        class Deaf:
            """Commits, or does not, and loses the connection."""

            reached = True

            def __getattr__(self, name: str) -> object:
                return getattr(real, name)

            def execute(self, statement: str, *values: Any) -> object:
                if statement != "COMMIT":
                    return real.execute(statement, *values)
                if self.reached:
                    real.execute(statement)
                real.close()
                raise psycopg.OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(store, "_db", Deaf())
        assert book.append("open", "R", {"by": "a"}).seq == 1
        store = book.store
        assert isinstance(store, PostgresStore)
        real = store._db
        deaf = Deaf()
        deaf.reached = False
        monkeypatch.setattr(store, "_db", deaf)
        with pytest.raises(Environment, match="closed the connection"):
            book.append("open", "S", {"by": "a"})
        assert [entry.round for entry in book.entries()] == ["R"]


def test_careless_servers_and_wrong_passwords_are_told(
    cluster: Cluster, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong password is exit 6 and never shown; a server without fsync is told of."""
    wrong = cluster.folder / "wrong"
    wrong.write_text("*:*:*:*:not-the-secret\n", encoding="utf-8")
    wrong.chmod(0o600)
    with monkeypatch.context() as patch:
        patch.setenv("PGPASSFILE", str(wrong))
        done = call("round", "backup", f"postgis://clerk/{schema}", cluster.folder / "never.sqlite")
    assert done.exit_code == 6
    assert "B102" in done.output
    assert "secret" not in done.output
    nobody = call("round", "backup", f"postgis://no-such-service/{schema}", cluster.folder / "never.sqlite")
    assert nobody.exit_code == 6
    cluster.sql("ALTER SYSTEM SET full_page_writes = off")
    cluster.sql("SELECT pg_reload_conf()")
    try:
        time.sleep(0.5)
        with Ledger(f"postgis://clerk/{schema}") as book:
            assert [issue.key for issue in book.warnings] == ["B108.fsync"]
    finally:
        cluster.sql("ALTER SYSTEM RESET full_page_writes")
        cluster.sql("SELECT pg_reload_conf()")


def test_the_rounds_of_a_bureau_under_one_central_ledger(schema: str, tmp_path: Path) -> None:
    """Open, solve, adopt, record, show, witness, audit, close: the same commands, the same checks."""
    place = f"postgis://clerk/{schema}"
    home = Path(shutil.copytree(EXAMPLE, tmp_path / "round"))
    assert call("round", "open", home, "--by", "officer-1", "--ledger", place).exit_code == 0
    assert call("round", "open", home, "--by", "officer-1", "--ledger", place).exit_code == 1
    shown = call("round", "show", home, "--ledger", f"postgis://auditor/{schema}", "--json")
    assert json.loads(shown.stdout)["ledger"] == f"postgis://auditor/{schema}"
    solved = call("solve", home, "--ledger", place, "--gap", "0.02")
    assert solved.exit_code in (0, 4), solved.output
    said = ("--document", "穗〔2026〕1号", "--date", "2026-04-01", "--by", "officer-1", "--ledger", place)
    adopted = call("round", "adopt", home, home / "plan", *said)
    assert adopted.exit_code == 0, adopted.output
    audited = call("audit", home / "plan", "--ledger", f"postgis://auditor/{schema}", "--json")
    assert audited.exit_code == 0, audited.output
    assert "B094" in audited.output
    assert call("solve", home, "--ledger", place).exit_code == 6  # an adopted plan is not replaced
    listed = json.loads(call("plans", home, "--ledger", place, "--json").stdout)
    assert json.dumps(listed).count('"adopted": true') == 1
    witness = call("round", "witness", place, tmp_path / "heads.txt")
    assert witness.exit_code == 0
    shown = call("round", "show", home, "--ledger", place, "--witness", tmp_path / "heads.txt")
    assert "B089" in shown.output
    assert call("round", "close", home, "--by", "officer-1", "--ledger", place).exit_code == 0
    assert not (home / "ledger.sqlite").exists()


def test_a_forged_chain_is_refused_by_the_server_itself(schema: str) -> None:
    """An officer with psql can add what follows and hashes well, and nothing else."""
    body = canonical({"by": "x"}).decode()
    good = entry_hash(1, "2026-01-01T00:00:00+00:00", "open", "R", {"by": "x"}, START)
    values = (1, "2026-01-01T00:00:00+00:00", "open", "R", body, START)
    with psycopg.connect(service="clerk", autocommit=True) as db:
        statement = f"INSERT INTO {schema}.entries VALUES (%s, %s, %s, %s, %s, %s, %s)"
        with pytest.raises(psycopg.errors.RaiseException, match="hash"):
            db.execute(statement, (*values, "a" * 64))
        db.execute(statement, (*values, good))
    assert round_steps.show(f"postgis://auditor/{schema}")["problems"] == []
