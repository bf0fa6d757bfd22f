"""Steps of the prices on disk: joint rounds whose amounts change go on from what the relaxations did before."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from landopt.joint.prices import Column, Past, Step
from landopt.solving.search_state import Warm
from parcels.common.atomic import write_file

MOST = 40
"""Steps that are kept: the last ones."""
_OF_CITY = ("columns", "of_columns", "of_rows")


def kept(file: Path) -> Past:
    """What was kept; nothing where there is no such file, or none that can be read."""
    try:
        with np.load(file, allow_pickle=False) as found:
            arrays = dict(found)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return Past()
    steps = []
    made = (arrays[name].tolist() for name in ("prices", "bounds", "values", "used"))
    for prices, bound, values, used in zip(*made, strict=True):
        columns = tuple(Column(k, value, tuple(use)) for k, (value, use) in enumerate(zip(values, used, strict=True)))
        steps.append(Step(tuple(prices), bound, columns))
    parts = [np.split(arrays[name], np.cumsum(arrays[f"{name}_size"])[:-1]) for name in _OF_CITY]
    return Past(steps, [Warm(order, (ours, rows), ()) for order, ours, rows in zip(*parts, strict=True)])


def keep(file: Path, past: Past) -> None:
    """Write it, whole or not at all."""
    steps = past.steps[-MOST:]
    arrays: dict[str, Any] = {
        "prices": np.array([step.prices for step in steps], np.int64),
        "bounds": np.array([step.bound for step in steps], np.int64),
        "values": np.array([[each.value for each in step.columns] for step in steps]),
        "used": np.array([[each.used for each in step.columns] for step in steps]),
    }
    left = [(each.columns, *each.basis) for each in past.left if each is not None]
    for name, parts in zip(_OF_CITY, zip(*left, strict=True), strict=True):
        arrays[name] = np.concatenate(parts)
        arrays[f"{name}_size"] = np.array([len(part) for part in parts], np.int64)

    text = io.BytesIO()
    np.savez(text, **arrays)
    write_file(file, text.getvalue())
