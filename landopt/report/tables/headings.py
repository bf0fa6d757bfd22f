"""The headings of the tables: our own file, or the bureau's copy of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parcels.common.gate import MB, load_toml, read_text
from parcels.common.issues import Issue, Refused, error, stop_on_errors

_OWN = Path(__file__).parent / "headings.toml"
LISTS = ("parcels", "changes", "unmet", "rules")


@dataclass(frozen=True, slots=True)
class Headings:
    """The file as read; every text it is asked for is there."""

    tables: Mapping[str, Any]
    lang: str

    def text(self, sheet: str, name: str) -> str:
        """A text of a sheet: ``sheet``, ``title``, ``unit``, ..."""
        return str(self.tables[sheet][name][self.lang])

    def columns(self, sheet: str) -> list[str]:
        """The columns of a list, in order."""
        return list(self.tables[sheet]["columns"])

    def heading(self, sheet: str, column: str) -> str:
        """The heading of a column."""
        return str(self.tables[sheet]["heading"][column][self.lang])

    @property
    def classes(self) -> list[tuple[str, list[str]]]:
        """(title, uses) of each class of the summary."""
        return [(str(entry["title"][self.lang]), list(entry["uses"])) for entry in self.tables["class"]]


def headings(path: Path | None, lang: str) -> Headings:
    """Read the headings.

    Raises
    ------
    Refused
        If the file cannot be read, names a column there is not, or lacks a text; all at once.
    """
    own = tomllib.loads(_OWN.read_text(encoding="utf-8"))
    if path is None:
        return Headings(own, lang)
    try:
        given = load_toml(read_text(path, MB))
    except OSError as missing:
        raise Refused(error("X012", f"{path.name} cannot be read: {missing.strerror}", str(path))) from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        advice = "Maybe start again from a copy of landopt/report/tables/headings.toml."
        raise Refused(error("X012", f"{path.name} is not TOML in UTF-8: {wrong}", str(path), advice)) from wrong
    issues: list[Issue] = []
    merged = _merge(own, given, "", str(path), issues)
    stop_on_errors(issues)
    seen: set[str] = set()
    for sheet in ("summary", *LISTS):
        for name in merged.get(sheet, {}).get("columns", []):
            if name not in own[sheet]["heading"]:
                maybe = "Maybe one of " + ", ".join(own[sheet]["heading"])
                issues.append(error("X013", f"[{sheet}] has no column '{name}'", str(path), maybe))
        title = merged[sheet]["sheet"][lang]
        if not 0 < len(title) <= 31 or set(title) & set("[]:*?/\\'") or title.lower() in seen:
            what = f"[{sheet}] sheet '{title}' is no name for a sheet of its own"
            issues.append(error("X013", what, str(path), "Maybe at most 31 characters, without []:*?/\\'"))
        seen.add(title.lower())
    stop_on_errors(issues)
    return Headings(merged, lang)


def _merge(own: Any, given: Any, where: str, file: str, issues: list[Issue]) -> Any:
    """What is given instead of our own, where it is of the same kind."""
    if type(own) is not type(given):
        what = f"{where.rstrip('.') or 'the file'} is a {type(given).__name__}, not a {type(own).__name__}"
        issues.append(error("X013", what, file))
        return own
    if not isinstance(own, dict):
        return given
    unknown = sorted(given.keys() - own.keys())
    issues.extend(error("X013", f"{where}{name} is not a name of this file", file) for name in unknown)
    return {
        name: _merge(value, given[name], f"{where}{name}.", file, issues) if name in given else value
        for name, value in own.items()
    }
