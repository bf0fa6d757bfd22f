"""One decided example round for all questions to the door."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

import landopt as lo
from tests.places import EXAMPLE


@dataclass(frozen=True)
class Decided:
    """The example round copied, read and decided; ``served`` is a parcel of its first assignment."""

    folder: Path
    rnd: lo.Round
    plan: lo.Plan
    served: str


@pytest.fixture(scope="session")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    """A round in ``my-round``, its plan in ``plan``, below a folder of their own."""
    folder = tmp_path_factory.mktemp("door")
    shutil.copytree(EXAMPLE, folder / "my-round", ignore=shutil.ignore_patterns("plan", "plans", ".landopt*"))
    rnd = lo.read(folder / "my-round")
    plan = rnd.solve(gap="0.01", output=folder / "plan")
    return Decided(folder, rnd, plan, plan.data["assignments"][0]["parcel_ids"][0])
