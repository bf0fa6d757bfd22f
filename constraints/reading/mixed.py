"""The parts of a mixed parcel and which of them is dominant (docs/model.md §3). Standard library only."""

from __future__ import annotations

from collections.abc import Sequence

from parcels.common.schema import Value


def parts_of(mix: Value) -> tuple[tuple[str, str], ...]:
    """The parts of a ``use_mix`` value as (use, per cent); a value may be "IND:70;BIZ:30" or its parts."""
    if not isinstance(mix, str | tuple):
        return ()
    items = mix.replace("、", ";").replace(",", ";").split(";") if isinstance(mix, str) else mix
    pairs = (item.partition(":") for item in items if item.strip())
    return tuple((use.strip(), percent.strip()) for use, _, percent in pairs)


def dominant(mixed: Sequence[tuple[str, str]], use: Value) -> str:
    """The use with the largest part of a mixed parcel: of equals the parcel's own ``use``, else the first."""
    shares: dict[str, int] = {}
    for part, percent in mixed:
        shares[part] = shares.get(part, 0) + (int(percent) if percent.isdigit() else 0)
    return max(shares, key=lambda part: (shares[part], part == use))
