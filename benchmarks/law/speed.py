"""How long 50 rules take over 100,000 parcels, in the array reading that screens a round."""

from __future__ import annotations

import time
from random import Random

from constraints.case import Case, Objective, Round
from constraints.loading.load import in_force, load_pack, methods, pack_names
from constraints.types import Rule
from landopt.screening.law.fact_columns import Sides
from landopt.screening.law.verdicts import Law
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import Neighbours, table
from parcels.common.schema import Value

AS_OF = "2026-03-31"
USES = ("IND", "IND", "IND", "IND_M0", "RES", "EDU", "COM", "BIZ", "STOR", "HOU", "UTL")


def busiest(count: int) -> tuple[Rule, ...]:
    """The eligibility rules in force with the longest conditions, and the exceptions among them."""
    rules = in_force([rule for name in pack_names() for rule in load_pack(name)], AS_OF)
    judged = [rule for rule in rules if rule.kind == "eligibility"]
    return tuple(sorted(sorted(judged, key=lambda rule: -len(rule.when))[:count], key=lambda rule: rule.id))


def parcels(count: int, seed: int = 1) -> dict[str, list[Value]]:
    """Random parcels, some facts unknown."""
    draw = Random(seed)
    rows = range(count)
    return {
        "parcel_id": [f"P{row:06d}" for row in rows],
        "use": [draw.choice(USES) for _ in rows],
        "district": [draw.choice(("A", "B", "C", "D")) for _ in rows],
        "land_source": [draw.choice(("new", "stock")) for _ in rows],
        "area_m2": [draw.randint(2_000, 250_000) for _ in rows],
        "far_max": [draw.choice((None, 100, 250, 300, 400, 500)) for _ in rows],
        "grade": [draw.choice((None, 3, 6, 9)) for _ in rows],
        "zone": [draw.choice((("nansha",), ("nansha", "nansha_ftz"), ("knowledge_city",))) for _ in rows],
        "net_land": [draw.random() < 0.9 for _ in rows],
        "converted": [draw.random() < 0.9 for _ in rows],
        "expropriated": [draw.random() < 0.95 for _ in rows],
        "ownership": ["state"] * count,
        "in_annual_plan": [draw.random() < 0.9 for _ in rows],
        "in_pbf": [draw.choice((0, 0, 0, 0, 12)) for _ in rows],
        "in_erl": [draw.choice((0, 0, 0, 0, 9)) for _ in rows],
        "in_erl_core": [0] * count,
        "in_udb": [draw.choice((True, True, True, False, None)) for _ in rows],
        "in_ind_block": [draw.choice((True, False, None)) for _ in rows],
        "existing_right": [draw.choice(("none", "none", "alloc", "grant", None)) for _ in rows],
        "intending_users": [draw.choice((None, 0, 1, 2, 3)) for _ in rows],
        "publication_closed": ["2026-03-01"] * count,
        "status": ["candidate"] * count,
    }


def case(count: int, rules: tuple[Rule, ...]) -> Case:
    """A round of so many parcels and one private platform."""
    columns = parcels(count)
    wish: dict[str, list[Value]] = {
        "demand_id": ["D1"],
        "operator": ["private"],
        "platform_kind": ["technology"],
        "uses": [("IND", "RES")],
        "priority": [50],
        "nonprofit": [False],
        "public_welfare": [False],
        "for_sale": [False],
    }
    return Case(
        round=Round("speed", Bilingual("speed", "速度"), "bureau", "0.05", "supply", AS_OF),
        parcels=table([str(name) for name in columns["parcel_id"]], columns),
        demands=table(["D1"], wish),
        neighbours=Neighbours((), ()),
        rules=rules,
        methods=methods(),
        objective=Objective({"served": "1"}, (("served",),)),
    )


def measure(rules: int = 50, count: int = 100_000) -> tuple[float, int]:
    """CPU seconds to judge every parcel by every method for one platform, and the number of rules used."""
    used = busiest(rules)
    made = case(count, used)
    start = time.process_time()
    law = Law(Sides(made))
    own, _ = law.voices(0)
    for voice in own:
        law.say(voice)
    return time.process_time() - start, len(used)
