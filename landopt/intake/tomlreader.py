"""Take values out of parsed TOML strictly, collecting every issue with file, line and key."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from parcels.common.catalogue import Told, told
from parcels.common.gate import check_name
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place

Kinds = Mapping[str, Mapping[str, tuple[type, ...]]]
"""For each table its keys and the types each may have."""

_NAMES = {
    str: "text",
    dict: "table",
    list: "list",
    int: "whole",
    Decimal: "decimal",
    datetime.date: "date",
}


class TomlReader:
    """Collects issues while values are taken out of the parsed tables."""

    def __init__(self, path: Path, text: str, tables: dict[str, Any], kinds: Kinds) -> None:
        self.path, self.lines, self.tables, self.kinds = path, text.splitlines(), tables, kinds
        self.issues: list[Issue] = []

    def place(self, section: str, key: str = "") -> Place:
        """The place as file, line, section and key, as far as it can be found."""
        inside = False
        for number, line in enumerate(self.lines, 1):
            header = re.match(r"\s*\[([^\[\]]+)\]", line)
            if header:
                inside = header.group(1).strip() == section
                if inside and not key:
                    return Place(self.path.name, number, table=section)
            elif inside and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return Place(self.path.name, number, table=section, key=key)
        return Place(self.path.name, table=section, key=key)

    def refuse(self, fault: str, section: str, key: str = "", /, *, maybe: Told | None = None, **values: Any) -> None:
        """Note an error at a key."""
        self.issues.append(error(fault, at=self.place(section, key), maybe=maybe, **values))

    def table(self, section: str) -> dict[str, Any]:
        """The known, rightly typed keys of a table; notes all others."""
        found = self.tables.get(section, {})
        if not isinstance(found, dict):
            self.refuse("C002.not-table", section, section=section)
            return {}
        known = self.kinds[section]
        clean: dict[str, Any] = {}
        for key, value in found.items():
            if key not in known:
                near = get_close_matches(key, known, n=1)
                maybe = told("near.meant", name=near[0]) if near else told("near.known-keys", names=known)
                self.refuse("C001.unknown-key", section, key, maybe=maybe, key=key, section=section)
            elif not isinstance(value, known[key]) or (isinstance(value, bool) and bool not in known[key]):
                want = [told(f"kind-of-value.{_NAMES[kind]}") for kind in known[key]]
                self.refuse("C002.other-kind", section, key, key=key, section=section, value=value, want=want)
            else:
                clean[key] = value
        return clean

    def need(self, table: dict[str, Any], section: str, key: str) -> Any:
        """A required value, or None and an issue."""
        if key not in table:
            if not any(key == issue.place.key for issue in self.issues):
                self.refuse("C003.missing-key", section, "", section=section, key=key)
            return None
        return table[key]

    def decimal(self, value: Any, section: str, key: str, low: Decimal, high: Decimal) -> str:
        """An exact decimal text within bounds."""
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            self.refuse("C002.not-decimal-number", section, key, key=key, value=value)
            return str(low)
        if not number.is_finite() or not low <= number <= high:
            self.refuse("C004.outside", section, key, key=key, value=value, low=low, high=high)
        return format(number, "f")

    def file(self, value: Any, section: str, key: str) -> Path:
        """An existing file beside the TOML file; a name that leads elsewhere is refused before any look at the disk."""
        try:
            check_name(str(value), str(self.path.parent))
        except Refused as refusal:
            self.issues += [issue.at(self.place(section, key)) for issue in refusal.issues]
            return self.path
        target = (self.path.parent / str(value)).resolve()
        if not target.exists():
            folder = target.parent
            names = [p.name for p in folder.iterdir()] if folder.is_dir() else []
            near = get_close_matches(target.name, names, n=1)
            held: list[str | Told] = [*sorted(names)[:8]] or [told("near.nothing")]
            maybe = told("near.meant", name=near[0]) if near else told("near.folder-holds", names=held)
            self.refuse("C005.there-no-file", section, key, maybe=maybe, value=value)
        return target

    def choice(self, value: Any, allowed: tuple[str, ...], section: str, key: str) -> str:
        """A value out of a closed list."""
        if value not in allowed:
            near = get_close_matches(str(value), allowed, n=1)
            maybe = told("near.meant", name=near[0]) if near else told("near.known", names=allowed)
            self.refuse("C004.names-not-known", section, key, maybe=maybe, key=key, value=value)
        return str(value)

    def texts(self, value: Any, section: str, key: str) -> tuple[str, ...]:
        """A tuple of texts from one text or a list."""
        found = [value] if isinstance(value, str) else list(value or ())
        if not all(isinstance(item, str) for item in found):
            self.refuse("C002.holds-something-not", section, key, key=key)
        return tuple(str(item) for item in found)
