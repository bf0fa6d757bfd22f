"""``landopt joint`` end to end: what it writes is audited by the standard library alone, and every lie is found."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constraints.audit.certificate.price_tree import Vector, read_tree
from constraints.audit.certificate.price_writer import write_tree
from constraints.audit.certificate.proof import gap_text
from constraints.audit.files.offers_reader import OffersFile
from constraints.audit.joint import audit_joint
from constraints.canonical import canonical
from landopt.desk.decide.joint import _lines as lines
from landopt.intake.assemble import read_round
from parcels.common.issues import LandoptError
from tests.audit.ledgers import call
from tests.joint.conftest import TOML

ROOT = Path(__file__).parents[2]


def test_what_is_written_stands_by_the_standard_library_alone(province: Path) -> None:
    """Every city by its own audit, the limits, the bound; the same by ``landopt audit`` in both languages."""
    folder = province / "joint"
    report = audit_joint(folder)
    assert not report.broken
    said = json.loads((folder / "joint.json").read_bytes())
    assert report.bound == said["bound"] >= said["objective"] == sum(each["objective"] for each in said["cities"])
    listings = next(each for each in said["limits"] if each["id"] == "listings")
    assert listings["rhs"] == 5  # two of the seven are used by the city that is left out
    assert listings["total"] <= 5
    total = sum(price * each["rhs"] for price, each in zip(said["prices"], said["limits"], strict=True))
    assert said["bound"] == (total + sum(each["bound"] for each in said["cities"])) // said["scale"]
    alone = subprocess.run(
        [sys.executable, "-S", "-m", "constraints.audit", str(folder)],
        capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert "joint bound" in alone.stdout
    chinese = call("audit", folder, lang="zh")
    assert chinese.exit_code == 0
    assert "联合方案在已核对范围内成立" in chinese.stdout
    assert "nansha-2026-3" in chinese.stdout


def test_each_city_is_told_what_the_common_price_made_it_give_up(province: Path) -> None:
    """Points against what it would have alone, and the platforms that it no longer serves."""
    said = json.loads((province / "joint" / "joint.json").read_bytes())
    for city in said["cities"]:
        given = city["gave_up"]
        assert given["points"] == given["alone"] - city["objective"]
        plan = json.loads((province / "joint" / "cities" / city["round"] / "plan" / "plan.json").read_bytes())
        served = {entry["demand_id"] for entry in plan["assignments"]}
        assert served.isdisjoint(given["lost"])
        assert any(limit["rule"] == "joint.listings" for limit in plan["limits"])


def test_common_limits_are_told_in_their_unit(province: Path) -> None:
    """What a round left out has used counts; of a share it is said how much land stands beyond it, in m2."""
    said = json.loads((province / "joint" / "joint.json").read_bytes())
    share, listings = said["limits"]
    english, chinese = (lines(said, province / "joint", lang) for lang in ("en", "zh"))
    assert f"Common limit listings: {listings['total'] + 2:,} parcels used, <= 7; common price" in "\n".join(english)
    assert f"共同限额 listings：已用 {listings['total'] + 2:,} 宗，<= 7；" in "\n".join(chinese)
    area = competing = 0
    for city in said["cities"]:
        plan = json.loads((province / "joint" / "cities" / city["round"] / "plan" / "plan.json").read_bytes())
        for each in plan["assignments"]:
            area += each["area_m2"]
            competing += each["area_m2"] * (each["method"] in ("listing", "auction", "bid"))
    assert share["id"] == "competitive"
    assert f"its share is kept with {(2 * competing - area) // 2:,} m² to spare" in "\n".join(english)


def test_a_city_can_take_its_allotment_over_as_a_policy(province: Path, tmp_path: Path) -> None:
    """``joint-limits.toml`` named in ``round.toml``: the same limits hold, and the joint plan keeps them."""
    home = Path(shutil.copytree(province / "city-1", tmp_path / "city"))
    shutil.copy(province / "joint" / "cities" / "nansha-2026-1" / "joint-limits.toml", home)
    text = (home / "round.toml").read_text("utf-8")
    assert 'policy = ["policy.toml"]' in text
    text = text.replace('policy = ["policy.toml"]', 'policy = ["policy.toml", "joint-limits.toml"]')
    (home / "round.toml").write_text(text, "utf-8")
    rules = {rule.id for rule in read_round(home).ready().rules}
    assert {"joint.listings", "joint.competitive"} <= rules


def _joint(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def lie(folder: Path) -> None:
        said = json.loads((folder / "joint.json").read_bytes())
        change(said)
        (folder / "joint.json").write_bytes(canonical(said))

    return lie


def _proof(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    def lie(folder: Path) -> None:
        path = folder / "cities" / "nansha-2026-1" / "joint-proof.json"
        proof = json.loads(path.read_bytes())
        change(proof)
        path.write_bytes(canonical(proof))

    return lie


def _lower(said: dict[str, Any]) -> None:
    said["bound"] -= 1


def _cheaper(said: dict[str, Any]) -> None:
    said["prices"] = [0] * len(said["prices"])
    for each in said["limits"]:
        each["price"] = 0


def _dearer(said: dict[str, Any]) -> None:
    for each in said["limits"]:
        each["price"] = each["price"] * 2 + (1 if each["sense"] == "<=" else -1)


def _wrong_sign(said: dict[str, Any]) -> None:
    for each in said["limits"]:
        each["price"] = -1 if each["sense"] == "<=" else 1


def _more(said: dict[str, Any]) -> None:
    said["limits"][1]["rhs"] += 100


def _fewer_used(said: dict[str, Any]) -> None:
    said["limits"][1]["used"] = []


def _city_bound(said: dict[str, Any]) -> None:
    said["cities"][0]["bound"] -= said["scale"]


def _city_twice(said: dict[str, Any]) -> None:
    said["cities"][1] = said["cities"][0]


def _total(said: dict[str, Any]) -> None:
    said["limits"][1]["total"] -= 1


def _objective(said: dict[str, Any]) -> None:
    said["objective"] += 1


def _scale(said: dict[str, Any]) -> None:
    said["scale"] *= 2


def _toml(folder: Path) -> None:
    text = (folder / "joint.toml").read_text("utf-8")
    (folder / "joint.toml").write_text(text.replace("amount = 7", "amount = 9"), "utf-8")


def _swap(folder: Path) -> None:
    one, other = (folder / "cities" / f"nansha-2026-{k}" / "joint-proof.json" for k in (1, 2))
    one.write_bytes(other.read_bytes())


def _no_tree(proof: dict[str, Any]) -> None:
    proof["tree"] = {}


def _coarse(proof: dict[str, Any]) -> None:
    proof["scale"] += 1


def _dropped(folder: Path) -> None:
    """A city left away, with every sum made to fit."""
    said = json.loads((folder / "joint.json").read_bytes())
    gone = said["cities"].pop()
    said["objective"] -= gone["objective"]
    for limit, used in zip(said["limits"], gone["used"], strict=True):
        limit["total"] -= used
    total = sum(price * limit["rhs"] for price, limit in zip(said["prices"], said["limits"], strict=True))
    said["bound"] = (total + sum(each["bound"] for each in said["cities"])) // said["scale"]
    said["gap"] = gap_text(said["bound"], said["objective"])
    (folder / "joint.json").write_bytes(canonical(said))


def _case(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], None]:
    """A change of the rule of a limit in a city's case, with the digests of plan and proofs made to fit."""

    def lie(folder: Path) -> None:
        city = folder / "cities" / "nansha-2026-1"
        case = json.loads((city / "plan" / "case.json").read_bytes())
        change(next(rule for rule in case["rules"] if rule["id"] == "joint.listings"))
        raw = canonical(case)
        (city / "plan" / "case.json").write_bytes(raw)
        sha = hashlib.sha256(raw).hexdigest()
        for path in (city / "joint-proof.json", city / "plan" / "proof.json"):
            proof = json.loads(path.read_bytes())
            path.write_bytes(canonical({**proof, "case": sha}))

    return lie


def _other_measure(rule: dict[str, Any]) -> None:
    rule["spec"]["measure"] = "area_m2"


def _other_where(rule: dict[str, Any]) -> None:
    rule["when"] = "method == 'bid'"


def _soft(rule: dict[str, Any]) -> None:
    rule["spec"]["hard"] = False


def _no_proof(folder: Path) -> None:
    (folder / "cities" / "nansha-2026-1" / "joint-proof.json").unlink()


def _cheaper_vector(folder: Path) -> None:
    """Every price of one vector halved, those of the common limits too."""
    city = folder / "cities" / "nansha-2026-1"
    case = json.loads((city / "plan" / "case.json").read_bytes())
    proof = json.loads((city / "joint-proof.json").read_bytes())
    with OffersFile(city / "plan" / "offers.jsonl.gz") as offers:
        count = len(offers.header.rows)
    tree = read_tree(proof["tree"], count, len(case["parcels"]["ids"]))
    first = tree.vectors[0]
    tree.vectors[0] = Vector(first.base, tuple((row, price // 2) for row, price in first.rows), first.parcels)
    proof["tree"] = write_tree(tree, count)
    (city / "joint-proof.json").write_bytes(canonical(proof))


def _outside(said: dict[str, Any]) -> None:
    said["cities"][0]["round"] = "../joint/cities/nansha-2026-1"


def _used_less(said: dict[str, Any]) -> None:
    said["cities"][0]["used"] = [0] * len(said["limits"])
    said["cities"][0]["bound"] -= 1


def _left_gap(said: dict[str, Any]) -> None:
    """Another gap than the bound leaves: none where there is one, some where the plan meets its bound."""
    open_ = said["bound"] > said["objective"]
    said["gap"] = "0.000000" if open_ else "0.010000"
    said["bound"] = said["objective"]


LIES = {
    "dropped": _dropped, "measure": _case(_other_measure), "where": _case(_other_where), "soft": _case(_soft),
    "no proof": _no_proof, "vector": _cheaper_vector, "outside": _joint(_outside), "less": _joint(_used_less),
    "gap": _joint(_left_gap),
    "bound": _joint(_lower), "cheaper": _joint(_cheaper), "dearer": _joint(_dearer), "sign": _joint(_wrong_sign),
    "rhs": _joint(_more), "used": _joint(_fewer_used), "city bound": _joint(_city_bound), "twice": _joint(_city_twice),
    "total": _joint(_total), "objective": _joint(_objective), "scale": _joint(_scale), "toml": _toml, "swap": _swap,
    "no tree": _proof(_no_tree), "proof scale": _proof(_coarse),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_every_lie_about_the_bound_is_found(province: Path, tmp_path: Path, lie: str) -> None:
    """Prices, amounts, bounds, proofs: whatever is changed, the joint plan does not stand."""
    folder = Path(shutil.copytree(province / "joint", tmp_path / "joint"))
    LIES[lie](folder)
    try:
        assert audit_joint(folder).broken
    except LandoptError:
        return
    assert call("audit", folder).exit_code == 5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "C080"),
        ("[joint]\nid = 'x'\nrounds = ['*/round.toml']\n", "C080"),
        (TOML.replace("measure", "measures"), "C080"),
        (TOML.replace('"competitive"\nmeasure', '"nonsense == 1"\nmeasure'), "R009"),
        (TOML.replace('"*/round.toml"', '"../*/round.toml"'), "C080"),
        (TOML.replace('share = "0.5"', 'share = "0.5"\nvalues = [{ amount = 1 }]'), "C080"),
        (TOML.replace('id = "competitive"', 'id = "listings"'), "C080"),
        (TOML.replace('"<="', '"about"'), "R005"),
    ],
)
def test_joint_files_that_are_not_understood_are_refused(province: Path, text: str, code: str) -> None:
    """With every fault, its place and its code; nothing is written."""
    path = province / "wrong.toml"
    path.write_text(text, "utf-8")
    done = call("joint", path)
    assert done.exit_code == 1
    assert code in done.output
    assert not (province / "wrong").exists()


def test_limits_that_no_plans_keep_are_told(province: Path) -> None:
    """Exit 3: no mix of plans keeps them, whatever the cities do."""
    path = province / "never.toml"
    path.write_text(
        TOML.replace('sense = "<="\nvalues = [{ amount = 7', 'sense = ">="\nvalues = [{ amount = 900'), "utf-8"
    )
    done = call("joint", path)
    assert done.exit_code == 3, done.output
    assert "S040" in done.output
