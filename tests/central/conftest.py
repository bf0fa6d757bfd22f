"""The server of these tests; without PostgreSQL and PostGIS they are skipped with a word, under CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest

from landopt.central.address import Address
from landopt.central.upgrade import upgrade
from tests.central.cluster import Cluster, programs, running

_schemas = count(1)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A real server with PostGIS, started for these tests, never mocked."""
    found = programs()
    if found is None:
        said = "no PostgreSQL with PostGIS here: apt-get install postgresql postgresql-15-postgis-3"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    with running(found) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        for name in ("PGPASSWORD", "PGHOST", "PGUSER", "PGDATABASE", "PGSERVICE", "PGPORT"):
            patch.delenv(name, raising=False)
        yield server


@pytest.fixture
def schema(cluster: Cluster) -> str:
    """A fresh schema of landopt with its roles given out: its name."""
    name = f"landopt{next(_schemas)}"
    upgrade(Address("owner", name))
    for role, users in (("officer", "clerk, clerk2"), ("auditor", "auditor"), ("reader", "reader")):
        cluster.sql(f"GRANT landopt_{role} TO {users}")
    return name
