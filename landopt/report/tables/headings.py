"""The headings of the tables: our own file, or the bureau's copy of it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parcels.common.catalogue import told
from parcels.common.gate import MB, load_toml, read_text
from parcels.common.issues import Issue, Refused, error, stop_on_errors

_OWN = Path(__file__).parent / "headings.toml"
LISTS = ("parcels", "review", "changes", "unmet", "rules")


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
        raise Refused(error("X012.cannot-read", at=str(path), file=path.name, strerror=missing.strerror)) from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise Refused(error("X012.not-toml-utf", at=str(path), file=path.name, wrong=wrong)) from wrong
    issues: list[Issue] = []
    merged = _merge(own, given, "", str(path), issues)
    stop_on_errors(issues)
    seen: set[str] = set()
    for sheet in ("summary", "districts", *LISTS):
        for name in merged.get(sheet, {}).get("columns", []):
            if name not in own[sheet]["heading"]:
                maybe = told("near.one-of", names=own[sheet]["heading"])
                issues.append(error("X013.no-column", at=str(path), maybe=maybe, sheet=sheet, name=name))
        title = merged[sheet]["sheet"][lang]
        if not 0 < len(title) <= 31 or set(title) & set("[]:*?/\\'") or title.lower() in seen:
            issues.append(error("X013.sheet-no-name", at=str(path), sheet=sheet, title=title))
        seen.add(title.lower())
    stop_on_errors(issues)
    return Headings(merged, lang)


def _merge(own: Any, given: Any, where: str, file: str, issues: list[Issue]) -> Any:
    """What is given instead of our own, where it is of the same kind."""
    if type(own) is not type(given):
        issues.append(
            error(
                "X013.other-kind",
                at=file,
                name=where.rstrip(".") or told("headings.file"),
                given=type(given).__name__,
                wanted=type(own).__name__,
            )
        )
        return own
    if not isinstance(own, dict):
        return given
    unknown = sorted(given.keys() - own.keys())
    issues.extend(error("X013.not-name-file", at=file, name=where + name) for name in unknown)
    return {
        name: _merge(value, given[name], f"{where}{name}.", file, issues) if name in given else value
        for name, value in own.items()
    }
