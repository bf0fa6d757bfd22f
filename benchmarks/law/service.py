"""How many cases a second the service answers: ``python -m benchmarks.law.service [N]``, single and in batches.

Counts the processor time of the server and its children, so that what else the machine does makes no difference.
Linux only (/proc).
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

USES, OPERATORS, DAYS = ("RES", "IND", "COM", "NS_M9"), ("pubinst", "private", "soe"), ("2026-11-22", "2020-03-01")
TICKS = os.sysconf("SC_CLK_TCK")


def cpu(parent: int) -> float:
    """Processor seconds of a process and its children."""
    total = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(path.parent.name) == parent or int(fields[1]) == parent:
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def main(count: int) -> None:
    """Ask, and say what it took."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "landopt", "serve", folder, "--api", "--lang", "en", "--rate", "100000"]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr is not None
            address = server.stderr.readline().split(" answers at ")[1].split(" ")[0]
            token = Path(server.stderr.readline().split(" is in ")[1].strip()).read_text("ascii")
            try:
                measure(address, token, server.pid, count)
            finally:
                server.send_signal(signal.SIGINT)


def measure(address: str, token: str, server: int, count: int) -> None:
    """Single cases, then the same in batches of 100."""
    link = http.client.HTTPConnection(urlsplit(address).netloc)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    cases = [
        {"as_of": day, "facts": {"use": use, "operator": operator, "intending_users": users}}
        for use, operator, day, users in itertools.product(USES, OPERATORS, DAYS, range(4))
    ]
    cases = [cases[number % len(cases)] for number in range(count)]

    def ask(name: str, body: object) -> None:
        link.request("POST", f"/api/v1/rules/{name}", json.dumps(body), headers)
        reply = link.getresponse()
        assert reply.status == 200, reply.read()
        reply.read()

    def batches() -> None:
        for start in range(0, count, 100):
            ask("ask-batch", {"cases": cases[start : start + 100]})

    def singles() -> None:
        for case in cases:
            ask("ask", case)

    for name, work in (("single", singles), ("batches of 100", batches)):
        ask("ask" if name == "single" else "ask-batch", cases[0] if name == "single" else {"cases": cases[:96]})
        before = cpu(server)
        work()
        spent = cpu(server) - before
        print(f"{name}: {count} cases, {spent:.2f} CPU s of server and children, {count / spent:.0f} a CPU second")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
