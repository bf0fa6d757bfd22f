"""Collects the problems of one file: a few of each kind in full, the surplus by count and ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from parcels.common.catalogue import Told
from parcels.common.codes import codes
from parcels.common.issues import Issue, finding
from parcels.common.place import Place

SHOWN = 25
"""So many problems of one kind in one column are told one by one; the rest by count and ids."""


@dataclass(slots=True)
class Findings:
    """Collects the problems of one file; ``where`` is "file, layer x"."""

    where: Place
    prefix: str
    issues: list[Issue] = field(default_factory=list)
    _seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    _more: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(
        self,
        level: str,
        fault: int | str,
        /,
        what: str = "",
        place: str = "",
        maybe: str | Told | None = None,
        ids: Sequence[str] = (),
        *,
        at: Place | None = None,
        **values: object,
    ) -> None:
        """Keep a finding; ``fault`` is number and sentence (``014.no-crs``), ``at`` a place inside the file."""
        name = f"{self.prefix}{fault if isinstance(fault, str) else f'{fault:03d}'}"
        code = name.partition(".")[0]
        key = (code, at.column if at else place.rpartition("column ")[2] if "column " in place else "")
        self._seen[key] += 1
        if self._seen[key] > SHOWN:
            self._more.setdefault(key, []).extend(ids)
            return
        where = f"{self.where}, {place}" if place else ""
        inside = self.where.with_parts(at) if at else where or self.where
        self.issues.append(finding(level, name, what, "", maybe, ids, at=inside, values=values))

    def done(self) -> tuple[Issue, ...]:
        """All findings, the surplus of each kind in one line."""
        extra = []
        known = codes()
        told = [
            issue
            if issue.maybe or issue.level == "note" or issue.code not in known
            else replace(issue, advice=Told(f"{issue.code}.todo"))
            for issue in self.issues
        ]
        for (code, column), ids in self._more.items():
            level = next(issue.level for issue in self.issues if issue.code == code)
            count = self._seen[(code, column)] - SHOWN
            values = {"more": count, "column": column}
            name = f"{code}.more-in-column" if column else f"{code}.more"
            extra.append(finding(level, name, ids=ids, at=self.where, values=values))
        return (*told, *extra)
