"""The words of a function of the front door: its first paragraph, and what it says of each parameter."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

_TITLE = re.compile(r"^(\w+)\n-+$", re.MULTILINE)


def about(function: Callable[..., Any]) -> str:
    """The first paragraph, in one line."""
    return " ".join(inspect.cleandoc(function.__doc__ or "").partition("\n\n")[0].split())


def parameters(function: Callable[..., Any]) -> dict[str, str]:
    """What the section ``Parameters`` says, by name."""
    parts = _TITLE.split(inspect.cleandoc(function.__doc__ or ""))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in sections.get("Parameters", "").splitlines():
        if line and not line.startswith(" "):
            names = [name.strip(" *") for name in line.split(",")]
        else:
            for name in names:
                found.setdefault(name, []).append(line.strip())
    return {name: " ".join(" ".join(lines).split()) for name, lines in found.items()}
