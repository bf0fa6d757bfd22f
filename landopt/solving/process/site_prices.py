"""The prices of a list of offers, in a process of its own: reads the arrays of a round, writes ``prices.npz``.

Every tier is relaxed in turn, the earlier ones held at what they reached. Where no mix of offers keeps the rows the
prices are those of what is missing (``feasible`` false), and no further tier is looked at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from landopt.solving.process import child
from landopt.solving.programme.arrays import Floats, base_arrays, from_arrays

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.screening.offers import Offers

HARD_S = 1800.0
GRACE_S = 5.0
"""Seconds after which the process is ended from outside: in any case, and beyond a limit."""


@dataclass(frozen=True)
class TierPrices:
    """Prices of one tier in millipoints a unit (of what is missing, where not ``feasible``); ``value`` the optimum.

    ``rows`` are the rows of the list, then one for each earlier tier.
    """

    feasible: bool
    value: float
    parcels: Floats
    demands: Floats
    rows: Floats


def ask(case: Case, offers: Offers, *, seed: int = 0, limit_s: float | None = None) -> tuple[TierPrices, ...]:
    """The prices of every tier; fewer (none) where the time is up or the process fails.

    ``limit_s`` seconds of the clock; None: until done, but never more than :data:`HARD_S`.
    """
    with tempfile.TemporaryDirectory(prefix="landopt-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        child.save_arrays(folder, base_arrays(case, offers))
        (folder / "request.json").write_text(
            json.dumps({"seed": seed, "limit_s": limit_s, "gives": case.objective.gives}), "utf-8"
        )
        _run(folder, HARD_S if limit_s is None else limit_s + GRACE_S)
        path = folder / "prices.npz"
        if not path.exists():
            return ()
        with np.load(path, allow_pickle=False) as found:
            return tuple(
                TierPrices(
                    bool(found[f"feasible{tier}"]),
                    float(found[f"value{tier}"]),
                    found[f"parcels{tier}"],
                    found[f"demands{tier}"],
                    found[f"rows{tier}"],
                )
                for tier in range(int(found["tiers"]))
            )


def ask_columns(model: dict[str, Any], limit_s: float | None = None) -> dict[str, Any] | None:
    """The columns of a model that prices every site; None where the time is up or the process fails."""
    with tempfile.TemporaryDirectory(prefix="landopt-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        np.savez(folder / "model.npz", **model)
        _run(folder, HARD_S if limit_s is None else limit_s + GRACE_S)
        path = folder / "columns.npz"
        if not path.exists():
            return None
        with np.load(path, allow_pickle=False) as found:
            return dict(found)


def _run(folder: Path, limit_s: float) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"}
    with (folder / "child.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "landopt.solving.process.site_prices", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=environment,
        )
        try:
            process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            pass
        finally:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()


def main(folder: Path) -> None:
    """Relax the tiers of the round in ``folder``, or find the columns of the model there."""
    if (folder / "model.npz").exists():
        from landopt.solving.process import site_plans

        with np.load(folder / "model.npz", allow_pickle=False) as saved:
            site_plans.find(dict(saved), folder)
        return
    from constraints.case import held_at
    from landopt.solving.relaxation.prices import relax
    from landopt.solving.relaxation.sifter import Stopped

    request = json.loads((folder / "request.json").read_text("utf-8"))
    deadline = None if request["limit_s"] is None else monotonic() + float(request["limit_s"])
    base = child.load(folder)
    found: dict[str, Any] = {}
    reached: list[int] = []
    gives = [(int(part), int(whole)) for part, whole in request.get("gives", ())]
    for tier in range(len(base["score"])):
        prog = from_arrays(base, tier, reached)
        try:
            relaxed, sifter = relax(prog, seed=int(request["seed"]), deadline=deadline)
        except Stopped:
            break
        prices = relaxed.parcels, relaxed.demands, relaxed.rows
        if not relaxed.feasible:
            sifter._phase(1)
            sifter.run()
            prices = sifter.duals(1)
        for name, value in zip(("parcels", "demands", "rows"), prices, strict=True):
            found[f"{name}{tier}"] = value
        found[f"feasible{tier}"], found[f"value{tier}"] = relaxed.feasible, relaxed.value
        found["tiers"] = tier + 1
        if not relaxed.feasible:
            break
        came_to = int(np.floor(relaxed.value - 1e-6 * abs(relaxed.value))) - 1
        reached.append(held_at(came_to, gives[tier] if tier < len(gives) else (0, 1)))
    if found:
        np.savez(folder / "prices.new.npz", **found)
        (folder / "prices.new.npz").replace(folder / "prices.npz")


if __name__ == "__main__":
    child._end_with_parent()
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # all is written; an orderly end would wait for the reading thread
