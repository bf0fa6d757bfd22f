"""A PostgreSQL server with PostGIS of the tests' own: on a Unix socket in a temporary folder, nothing listens.

Several users with passwords: ``owner`` (makes the tables), ``clerk`` and ``clerk2`` (officers), ``auditor``,
``reader``, ``stranger`` (nothing). Services and passwords stand in a service file and a passfile, as in a bureau.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import psycopg

USERS = ("owner", "clerk", "clerk2", "auditor", "reader", "stranger")
DATABASE = "landopt"
PORT = "54329"


def programs() -> Path | None:
    """The folder of the newest server with PostGIS on this machine; ``None`` where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    for server in reversed(found):
        if Path(f"/usr/share/postgresql/{server.parts[-3]}/extension/postgis.control").exists():
            return server.parent
    return None


class Somebody(TypedDict, total=False):
    """Whom a program runs as; nothing: whoever runs the tests."""

    user: int
    group: int
    extra_groups: list[int]


def _as() -> Somebody:
    """A server never runs as root: there it is the user ``postgres`` that Debian's package makes."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@dataclass
class Cluster:
    """A running server: where it lies, and how it is killed and started again."""

    folder: Path
    bin: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which ``libpq`` finds services and passwords."""
        return {"PGSERVICEFILE": str(self.folder / "services.conf"), "PGPASSFILE": str(self.folder / "passwords")}

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-k {self.folder} -h '' -p {PORT} -c max_connections=60 -c log_min_messages=fatal"
        for attempt in range(20):  # after a kill the last children may still be going
            done = self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", "120", "-o", options,
                             "-l", str(self.folder / "log"), "start")  # fmt: skip
            if done.returncode == 0:
                return
            time.sleep(0.25 * (attempt + 1))
        raise RuntimeError((self.folder / "log").read_text(encoding="utf-8")[-2000:])

    def stop(self) -> None:
        """Stop it at once."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """kill -9 of the server's first process: the machine as it were lost its power; then start it again."""
        first = int((self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        os.kill(first, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            for _ in range(200):
                os.kill(first, 0)
                time.sleep(0.05)
        self.start()

    def sql(self, statement: str, user: str = "postgres") -> list[tuple[Any, ...]]:
        """Run SQL as somebody; the superuser comes in by the socket."""
        with psycopg.connect(
            host=str(self.folder), port=PORT, dbname=DATABASE, user=user, password=secret(user), autocommit=True
        ) as db:
            done = db.execute(statement)
            return done.fetchall() if done.description else []

    def _run(self, name: str, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(self.bin / name), *words], capture_output=True, cwd="/", timeout=180, check=False, **_as()
        )


def secret(user: str) -> str:
    """The password of a user of the test server."""
    return f"secret-of-{user}"


@contextlib.contextmanager
def running(found: Path) -> Iterator[Cluster]:
    """A server that lives as long as the tests that use it."""
    folder = Path(tempfile.mkdtemp(prefix="landopt-pg-", dir="/tmp"))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    cluster = Cluster(folder, found)
    try:
        made = cluster._run(
            "initdb", "-D", str(folder / "data"), "-U", "postgres", "--auth=scram-sha-256", "--auth-local=trust",
            "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        rules = "local all postgres trust\nlocal all all scram-sha-256\n"
        (folder / "data" / "pg_hba.conf").write_text(rules, encoding="utf-8")
        cluster.start()
        _fill(cluster)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _fill(cluster: Cluster) -> None:
    with psycopg.connect(
        host=str(cluster.folder), port=PORT, dbname="postgres", user="postgres", autocommit=True
    ) as db:
        for user in USERS:
            db.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{secret(user)}'")
        db.execute("ALTER ROLE owner CREATEROLE")
        db.execute(f"CREATE DATABASE {DATABASE} OWNER owner")
    cluster.sql("CREATE EXTENSION postgis")
    services, passwords = [], []
    for user in USERS:
        services.append(f"[{user}]\nhost={cluster.folder}\nport={PORT}\ndbname={DATABASE}\nuser={user}\n")
        passwords.append(f"*:*:*:{user}:{secret(user)}")
    (cluster.folder / "services.conf").write_text("\n".join(services), encoding="utf-8")
    passfile = cluster.folder / "passwords"
    passfile.write_text("\n".join(passwords) + "\n", encoding="utf-8")
    passfile.chmod(0o600)


def main() -> None:
    """Say whether there is a server to test with: ``python -m tests.central.cluster``."""
    sys.stdout.write(f"{programs() or 'no PostgreSQL with PostGIS'}\n")


if __name__ == "__main__":
    main()
