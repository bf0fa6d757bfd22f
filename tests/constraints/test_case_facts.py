"""What a case derives of one parcel, by hand from docs/programmes.md: new land, land to be made ready, and its cost."""

from __future__ import annotations

import pytest

from constraints.reading.case_facts import CaseFacts
from parcels.common.schema import Value
from tests.builders import case, parcel


def derived(**facts: Value) -> dict[str, Value]:
    """The facts of one parcel as rules see them."""
    return dict(CaseFacts(case([parcel(**facts)])).parcels[0])


@pytest.mark.parametrize(
    ("area", "hundredths", "yuan"),
    [
        (10_000, 12_345, 1_234_500),  # 123.45 yuan/m² on one hectare
        (49, 1, 0),
        (50, 1, 1),  # half a yuan goes up
        (149, 1, 1),
        (150, 1, 2),
        (3, 33, 1),
        (7, 0, 0),
    ],
)
def test_cost_of_making_ready_is_area_times_cost_to_the_yuan(area: int, hundredths: int, yuan: int) -> None:
    """Half up; of land that is ready nothing is to be paid, whatever a square metre would cost."""
    found = derived(area_m2=area, net_land=False, readying_yuan_per_m2=hundredths)
    assert (found["unready_area_m2"], found["readying_yuan"]) == (area, yuan)
    found = derived(area_m2=area, net_land=True, readying_yuan_per_m2=hundredths)
    assert (found["unready_area_m2"], found["readying_yuan"]) == (0, 0)


def test_an_unknown_cost_is_unknown_where_there_is_something_to_pay() -> None:
    """Land that is not ready and says no cost has none; land that is ready costs nothing."""
    assert "readying_yuan" not in derived(area_m2=500, net_land=False)
    assert derived(area_m2=500, net_land=True)["readying_yuan"] == 0


@pytest.mark.parametrize(
    ("facts", "new"),
    [
        ({"land_source": "new"}, 700),
        ({"land_source": "stock"}, 0),
        ({"land_source": "new", "new_area_m2": 30}, 30),
        ({"land_source": "stock", "new_area_m2": 30}, 30),
        ({"land_source": None}, None),
    ],
)
def test_new_land_is_all_or_nothing_where_nothing_is_said(facts: dict[str, Value], new: int | None) -> None:
    """By the source of the land; unknown where that is unknown."""
    assert derived(area_m2=700, **facts).get("new_area_m2") == new


def test_a_parcel_without_a_state_is_a_candidate() -> None:
    """And any other state stays."""
    assert derived(status=None)["status"] == "candidate"
    assert derived(status="reserve")["status"] == "reserve"
