"""An invented round as a value, before it is written."""

from __future__ import annotations

from dataclasses import dataclass, field

from landopt.invent.parcel_facts import BlockPlan, Cell
from landopt.invent.policy import Lock, Numbers
from landopt.invent.town import Block


@dataclass(frozen=True, slots=True)
class Draft:
    """An invented round before it is written. Cells are keyed by field name, in the units of a file."""

    parcels: tuple[dict[str, Cell], ...]
    demands: tuple[dict[str, Cell], ...]
    records: tuple[dict[str, Cell], ...]
    numbers: Numbers
    policy: str
    lock: Lock | None
    conflict: tuple[str, str] | None
    plans: tuple[BlockPlan, ...]
    block_of: tuple[int, ...]
    town: tuple[Block, ...] = field(default=())
