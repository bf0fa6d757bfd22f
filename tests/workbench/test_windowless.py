"""The workbench of a Python without a console (``pythonw``): it has no standard streams at all."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

SILENT = """
import sys, threading
sys.stdout = sys.stderr = sys.stdin = None
from pathlib import Path
from landopt.workbench.launch import serve

def ready(server, path):
    def follow():
        while not server.started:
            threading.Event().wait(0.05)
        Path(sys.argv[2]).write_text("up")
        server.should_exit = True
    threading.Thread(target=follow, daemon=True).start()

serve(Path(sys.argv[1]), browser=False, ready=ready)
"""


def test_it_starts_without_standard_streams(tmp_path: Path) -> None:
    """Up, and down again when asked."""
    mark = tmp_path / "mark"
    child = subprocess.Popen([sys.executable, "-c", SILENT, str(tmp_path), str(mark)])
    try:
        until = time.monotonic() + 60
        while child.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        assert child.poll() == 0
        assert mark.read_text() == "up"
    finally:
        child.kill()
