"""docs/api.md, made from the docstrings of the front door; every example in it is run by the tests."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

HEAD = """\
# The library

`import landopt as lo`: a round from files or from (Geo)DataFrames, decided, questioned and audited from Python. The
import is light (nothing heavy is loaded before it is used), typed (`py.typed`), silent (nothing is printed; `progress=`
hears what the desk would say) and offline. What the input does not allow is an exception with every finding:
`lo.Refused`, `lo.NoPlan`, `lo.Stopped`, `lo.Breach`, `lo.Environment`, all of them `lo.LandoptError` with `.issues` and
the exit code of the desk. The plan a run returns has passed the audit. In a notebook a plan shows itself as a table and
a map, inline ([examples/first-plan.ipynb](../examples/first-plan.ipynb) goes from a GeoDataFrame to a why-not).

Money is yuan, area m², points millipoints where a column says `score`; facts have the units of [fields.md](fields.md).
Made from the docstrings by `python -m landopt.desk.docs --write`; the tests run every example with `rnd`, the round
read from `my-round` (`landopt new my-round`), `plan`, its plan in `plan`, `served`, a parcel it supplies, and `gdf` and
`df`, parcels and demands as frames.
"""

TITLES = ("Parameters", "Returns", "Raises", "Examples")


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties of a class, in the order of the source; makers are the door's own."""
    parts = [part for part in reversed(kind.__mro__) if part.__module__.startswith("landopt")]
    for name, found in (item for part in parts for item in vars(part).items()):
        public = not name.startswith("_")
        if public and (isinstance(found, property | cached_property) or inspect.isfunction(found)):
            yield name, found


def documented() -> list[tuple[str, Any]]:
    """What the page has an entry for: functions, classes and their members, by dotted name, in the order shown."""
    from landopt import api

    order = (
        "read",
        "Round",
        "open_plan",
        "Plan",
        "Explanation",
        "Reply",
        "Diff",
        "ask",
        "Asked",
        "MethodAnswer",
        "audit",
    )
    found: list[tuple[str, Any]] = []
    for name in (*order, *(name for name in api.__all__ if name not in order)):
        entry = getattr(api, name)
        found.append((name, entry))
        if inspect.isclass(entry) and not issubclass(entry, Exception):
            found += [(f"{name}.{inner}", member) for inner, member in members(entry)]
    return found


def sections(text: str) -> dict[str, str]:
    """A numpy docstring by section; the part before the first title is ``""``."""
    found, title = {"": ""}, ""
    lines = inspect.cleandoc(text).splitlines()
    for number, line in enumerate(lines):
        if line in TITLES and number + 1 < len(lines) and set(lines[number + 1]) == {"-"}:
            title = line
            found[title] = ""
        elif set(line) != {"-"} or not line:
            found[title] += line + "\n"
    return {name: body.strip("\n") for name, body in found.items()}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, entry in documented():
        inside = "." in name
        parts.append(f"{'###' if inside else '##'} `{name}`\n\n{_entry(name, entry)}")
    return "\n".join(parts)


def unwrapped(entry: Any) -> Any:
    """The function of a property; anything else as it is."""
    return getattr(entry, "func", None) or getattr(entry, "fget", None) or entry


def _entry(name: str, entry: Any) -> str:
    of = unwrapped(entry)
    found = sections(of.__doc__ or "")
    shape = _shape(name, entry, of)
    lines = [f"```python\n{shape}\n```\n"] if shape else []
    lines.append(_plain(found[""]) + "\n")
    for title in ("Parameters", "Raises"):
        if title in found:
            lines.append(f"{title}:\n\n{_listed(found[title])}\n")
    if "Examples" in found:
        lines.append(f"```pycon\n{found['Examples']}\n```\n")
    return "\n".join(lines)


def _shape(name: str, entry: Any, of: Any) -> str:
    """The call as it is typed; nothing for a property, an exception or a value that only the door makes."""
    if isinstance(entry, property | cached_property) or (inspect.isclass(entry) and name != "Round"):
        return ""
    signature = inspect.signature(entry if inspect.isclass(entry) else of)
    told, starred = [], False
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            told.append("*")
            starred = True
        mark = (
            "**"
            if parameter.kind is parameter.VAR_KEYWORD
            else "*"
            if parameter.kind is parameter.VAR_POSITIONAL
            else ""
        )
        starred = starred or mark == "*"
        shown = "..." if inspect.isroutine(parameter.default) else repr(parameter.default)  # no address of memory
        value = "" if parameter.default is parameter.empty else f" = {shown}"
        told.append(f"{mark}{parameter.name}: {parameter.annotation}{value}")
    given = ", ".join(told)
    whole = "lo" if "." not in name else {"Plan": "plan", "Round": "rnd"}.get(name.partition(".")[0], "found")
    back = (
        "" if signature.return_annotation in (signature.empty, None, "None") else f" -> {signature.return_annotation}"
    )
    if len(given) > 90:
        given = "\n    " + ",\n    ".join(told) + ",\n"
    return f"{whole}.{name.rpartition('.')[2]}({given}){back}".replace("PathLike", "str | Path")


def _plain(text: str) -> str:
    """Roles of the docstrings as plain code."""
    return re.sub(r":[a-z]+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")


def _listed(text: str) -> str:
    """Names and what is said of each as a list."""
    lines: list[str] = []
    for line in text.splitlines():
        if line and not line.startswith(" "):
            lines.append(f"* `{line}`")
        elif line.strip():
            lines[-1] += (": " if lines[-1].endswith("`") and lines[-1].count("`") == 2 else " ") + line.strip()
    return _plain("\n".join(lines))
