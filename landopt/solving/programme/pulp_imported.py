"""PuLP without what it imports on the side: a reader of logs and OR-tools wait until something of them is used.

``import pulp`` took 0.44 CPU s of every solve where OR-tools are installed (pandas comes with them), 0.2 where they are
not; 0.08 so.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

ASIDE = ("orloge", "ortools.sat.python.cp_model")
"""What PuLP imports at once and a solve by HiGHS never touches."""


class Later(ModuleType):
    """Stands for a module until the first of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        """Import the module and answer from it."""
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        self.__dict__.update(vars(import_module(self.__name__)))
        return self.__dict__[name]


def _postpone(name: str) -> None:
    """Let a module that is installed wait; nothing where it is imported already or not there."""
    if name not in sys.modules and find_spec(name.partition(".")[0]) is not None:
        sys.modules[name] = Later(name)


for _name in ASIDE:
    _postpone(_name)

import pulp  # noqa: E402

__all__ = ["pulp"]
