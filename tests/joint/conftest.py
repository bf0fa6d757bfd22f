"""Three cities decided together, once a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from landopt.invent.round import write_round
from tests.audit.ledgers import call

TOML = """[joint]
id = "province"
rounds = ["*/round.toml"]

[[limit]]
id = "listings"
where = "method in ['listing', 'auction', 'bid']"
measure = "count"
sense = "<="
values = [{ amount = 7, unit = "count" }]
used = [{ round = "nansha-2026-3", amount = 2, unit = "count" }]

[[limit]]
id = "competitive"
where = "competitive"
measure = "area_m2"
sense = ">="
share = "0.5"
"""


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small cities that can be decided and one whose parcels cannot be read, decided together."""
    home = tmp_path_factory.mktemp("province")
    for seed in (1, 2, 3):
        write_round(home / f"city-{seed}", parcels=24, demands=8, seed=seed)
    (home / "city-3" / "parcels.gpkg").write_bytes(b"no database at all")
    (home / "joint.toml").write_text(TOML, "utf-8")
    done = call("joint", home / "joint.toml", "--gap", "0.02", "--json")
    assert done.exit_code in (0, 4), done.output
    said = json.loads(done.stdout)
    assert said["prices"]
    assert [each["round"] for each in said["left_out"]] == ["nansha-2026-3"]
    return home
