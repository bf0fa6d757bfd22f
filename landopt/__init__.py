"""The decision: lawful offers, the model, the solver, prices, reasons and reports.

``import landopt as lo`` is the front door (:mod:`landopt.api`, docs/api.md); it opens when a name is first used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from parcels.common.catalogue import register

if TYPE_CHECKING:
    from landopt.api import Asked as Asked
    from landopt.api import Breach as Breach
    from landopt.api import Diff as Diff
    from landopt.api import Environment as Environment
    from landopt.api import Explanation as Explanation
    from landopt.api import LandoptError as LandoptError
    from landopt.api import MethodAnswer as MethodAnswer
    from landopt.api import NoPlan as NoPlan
    from landopt.api import Plan as Plan
    from landopt.api import Refused as Refused
    from landopt.api import Reply as Reply
    from landopt.api import Round as Round
    from landopt.api import Stopped as Stopped
    from landopt.api import ask as ask
    from landopt.api import audit as audit
    from landopt.api import open_plan as open_plan
    from landopt.api import read as read

register(Path(__file__).parent / "texts")
register(Path(__file__).parent / "workbench" / "texts")
register(Path(__file__).parent / "toolboxes" / "texts")

__version__ = "0.1.0"

_DOOR = frozenset(
    (
        *("Asked", "Breach", "Diff", "Environment", "Explanation", "LandoptError", "MethodAnswer", "NoPlan", "Plan"),
        *("Refused", "Reply", "Round", "Stopped", "ask", "audit", "open_plan", "read"),
    )
)


if not TYPE_CHECKING:  # a type checker reads the imports above instead, and so sees a wrong name

    def __getattr__(name: str) -> Any:
        if name not in _DOOR:
            raise AttributeError(f"module 'landopt' has no attribute '{name}'")
        from landopt import api

        return getattr(api, name)


def __dir__() -> list[str]:
    return sorted((*_DOOR, "__version__"))
