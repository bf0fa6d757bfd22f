"""Runs on a real Dask cluster: memory that runs out, Ctrl-C and what is resumed, one opening a worker, TLS."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from landopt.runs.execute import execute
from landopt.runs.work import Run, Task, Where, Work
from parcels.common.catalogue import Told
from parcels.common.issues import Environment

distributed = pytest.importorskip("distributed", reason="the extra cluster is not installed")
pytestmark = pytest.mark.slow
LIMIT = 600_000_000


def opener(shared: str) -> Run:
    """Runs that leave a mark; every opening leaves one too. The first try of one that eats takes all memory."""
    place = Path(json.loads(shared)["place"])
    with (place / "opened").open("a") as opened:
        opened.write(f"{os.getpid()}\n")

    def run(given: Mapping[str, Any]) -> dict[str, Any]:
        mark = place / str(given["n"])
        times = len(mark.read_text()) if mark.exists() else 0
        mark.write_text("x" * (times + 1))
        held: list[bytes] = []
        while given.get("eats", 0) > times and len(held) < 2 * LIMIT // 10_000_000:
            held.append(bytes(range(250)) * 40_000)
            time.sleep(0.02)
        if held:
            time.sleep(30)
        return {"stopped": "optimal", "n": given["n"]}

    return run


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """Work whose marks lie in a folder of its own."""
    (tmp_path / "marks").mkdir()
    return Work(opener, json.dumps({"place": str(tmp_path / "marks")}))


def marks(tmp_path: Path, count: int) -> list[int]:
    """How often each run was made."""
    return [len((tmp_path / "marks" / str(n)).read_text()) for n in range(count)]


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Two workers of their own, each with little memory."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=LIMIT,
    ) as made:
        yield made


def test_a_worker_that_lacks_memory_is_replaced_and_the_run_made_again(
    tmp_path: Path, work: Work, cluster: Any
) -> None:
    """The nanny ends a worker past its limit; the others' runs go on, and each opened the shared text once."""
    tasks = [Task(f"key{n}", {"n": n, "eats": int(n == 1)}) for n in range(6)]
    ran = execute(work, tasks, Where(scheduler=cluster.scheduler_address), None)
    assert {key: result["stopped"] for key, result in ran.results.items()} == {f"key{n}": "optimal" for n in range(6)}
    made = marks(tmp_path, 6)
    assert made[1] == 2
    assert sum(made) <= 8  # what waited with the worker that was ended may have begun there
    opened = (tmp_path / "marks" / "opened").read_text().split()
    assert len(opened) == len(set(opened))
    assert 2 <= len(opened) <= 3


def test_a_run_that_always_lacks_memory_is_given_up_by_name(tmp_path: Path, work: Work, cluster: Any) -> None:
    """As a run that kills its workers; the others are not lost with it."""
    import dask

    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        cluster.scheduler.allowed_failures = 0
        tasks = [Task("eats", {"n": 0, "eats": 99})]
        ran = execute(work, tasks, Where(scheduler=cluster.scheduler_address), tmp_path / "out")
    assert ran.results == {"eats": {"stopped": "lost", "why": "died"}}


def test_ctrl_c_keeps_what_ended_and_the_next_run_makes_the_rest(tmp_path: Path, work: Work, cluster: Any) -> None:
    """What is kept by content is not run again, wherever it ran."""
    tasks = [Task(f"key{n}", {"n": n}) for n in range(5)]
    there, said = Where(scheduler=cluster.scheduler_address), list[Told]()

    def say(line: Told) -> None:
        said.append(line)
        if line.key == "progress.run" and [each.key for each in said].count("progress.run") == 2:
            raise KeyboardInterrupt

    cut = execute(work, tasks, there, tmp_path / "out", say)
    assert cut.interrupted
    done = set(cut.results)
    whole = execute(work, tasks, there, tmp_path / "out")
    assert list(whole.results) == [f"key{n}" for n in range(5)]
    assert all(len((tmp_path / "marks" / key[3:]).read_text()) == 1 for key in done)
    assert execute(work, tasks, Where(2), tmp_path / "out").results == whole.results


def test_no_refused_client_is_left_for_another_to_wait_for(
    work: Work, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Garbage may be collected in any thread: in the one that a client starts, a client left over never ends."""
    started = distributed.utils.get_loop_factory

    def collecting() -> Any:
        gc.collect()
        return started()

    monkeypatch.setattr(distributed.utils, "get_loop_factory", collecting)
    gc.collect()
    gc.disable()
    try:
        for _ in range(2):  # TLS asked of a cluster without it
            with pytest.raises(Environment, match="does not answer"):
                execute(work, [Task("key0", {"n": 0})], Where(scheduler=_tls(cluster.scheduler_address)), None)
        left = [each for each in gc.get_objects() if isinstance(each, distributed.Client)]
        assert all(each.status == "closed" for each in left)  # which others' closed ones are
    finally:
        gc.enable()


def _tls(address: str) -> str:
    return "tls://" + address.partition("://")[2]


def test_a_cluster_that_asks_for_certificates_is_reached_with_them_alone(
    tmp_path: Path, work: Work, cluster: Any
) -> None:
    """Dask's own options are passed through: with them the runs are made, without them the cluster does not answer."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    asked = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(["openssl", *asked.split(), "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    parts = {"cert": str(cert), "key": str(key)}
    named = {f"tls_{who}_{part}": path for who in ("scheduler", "worker", "client") for part, path in parts.items()}
    safe = distributed.Security(tls_ca_file=str(cert), require_encryption=True, **named)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, host="127.0.0.1", protocol="tls://", security=safe, dashboard_address=None
    ) as made:
        assert made.scheduler_address.startswith("tls://")
        tasks = [Task("key0", {"n": 0})]
        given = {"ca_file": cert, "cert": cert, "key": key}
        with pytest.raises(Environment, match="does not answer"):
            execute(work, tasks, Where(scheduler=made.scheduler_address), None)
        with pytest.raises(Environment, match="does not answer"):  # nor one without them to whom they are offered
            execute(work, tasks, Where(scheduler=cluster.scheduler_address, tls=given), None)
        torn = {**given, "cert": tmp_path / "none.pem"}
        with pytest.raises(Environment, match="does not answer"):
            execute(work, tasks, Where(scheduler=made.scheduler_address, tls=torn), None)
        there = Where(scheduler=made.scheduler_address, tls=given)
        assert execute(work, tasks, there, None).results["key0"]["stopped"] == "optimal"
