"""A disk that fails under a whole ``landopt solve``: the old plan stays, nothing is left, exit 6 (FAULTS 74, 75)."""

from __future__ import annotations

import errno
import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import desk
from tests.disks import failing, state
from tests.places import EXAMPLE


def decide(round_: Path) -> Result:
    """Run ``landopt solve`` in this process."""
    return CliRunner().invoke(desk, ["solve", str(round_), "--gap", "0.1", "--lang", "en"], prog_name="landopt")


@pytest.mark.slow
def test_fault_75_a_disk_that_fails_at_any_write_of_a_whole_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From every write on the disk is full or broken: the old plan stays; only after the swap the new one stands,
    and then the old one is on the shelf.

    What reads and what reckons is kept from a first run: it writes nothing on this disk.
    """
    round_ = shutil.copytree(EXAMPLE, tmp_path / "round", ignore=shutil.ignore_patterns("plan", ".landopt*"))
    kept: dict[str, Any] = {}

    def once(home: str, name: str) -> None:
        module = import_module(home)
        real = getattr(module, name)

        def call(*given: Any, **named: Any) -> Any:
            if name not in kept:
                kept[name] = real(*given, **named)
            return kept[name]

        monkeypatch.setattr(module, name, call)

    reading = (
        "landopt.intake.assemble.read_round",
        "landopt.screening.uncapped_sites.build_offers",
        "landopt.solving.solver.solve",
    )
    for name in (*reading, "landopt.reasons.justify.justify", "landopt.pipeline.audit"):
        once(*name.rsplit(".", 1))
    disk = failing(monkeypatch, tmp_path)
    assert decide(round_).exit_code in (0, 4)
    count, kinds = disk.calls, {what.split()[0] for what in disk.seen}
    assert kinds >= {"open", "write", "layer", "sql", "mkdir", "fsync"}
    new = state(tmp_path)
    disk.start(0)
    (round_ / "plan" / "proof.json").write_bytes(b"an earlier plan")
    old = state(tmp_path)
    shelf = Path("round", "plans", json.loads(new["round/plan/plan.json"])["plan_id"])
    kept = {name.replace("round/plan", str(shelf)): old[name] for name in old if name.startswith("round/plan/")}
    new = {**new, **kept}
    seen = []
    for at in range(1, count + 4):
        disk.start(at, errno.EIO if at % 2 else errno.ENOSPC)
        done = decide(round_)
        failed, disk.at = disk.calls >= at, 0
        after = state(tmp_path)
        if not failed:
            break
        assert done.exit_code == 6, (at, done.output)
        assert "Maybe" in done.output
        assert "Traceback" not in done.output
        assert after in (old, new), at
        seen.append(after == new)
        disk.start(0)
        shutil.rmtree(round_ / "plan")
        shutil.rmtree(round_ / "plans", ignore_errors=True)
        for name, content in old.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
    assert len(seen) > 20
    assert seen == sorted(seen)
    assert not seen[-4]
