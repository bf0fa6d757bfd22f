"""Is a fault the file's or the audit's own? What the files must look like before anything is derived from them.

A file that is not as the registry has it is a breach of the form. When that is in order and every rule is that of its
source, nothing in the folder can make the audit stumble: an exception then is ours (exit 6). Standard library only.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from constraints.audit.bound.binding import Binding
from constraints.audit.bound.shapes import Faults, fact_faults
from constraints.audit.finding import Unchecked, short
from constraints.case import Case
from parcels.common.catalogue import Told, told
from parcels.common.issues import Environment, error

FAULTS = (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, AssertionError, RecursionError)


class Form:
    """The form of a folder's files; ``unknown``: fields no registry knows, told as not checked."""

    def __init__(self, plan: Mapping[str, Any], raw: Mapping[str, Any], proof: Mapping[str, Any]) -> None:
        every = [Faults("plan", plan), Faults("case", raw), Faults("proof", proof)]
        wrong = [what for one in every for what in one.wrong]
        wrong = wrong or fact_faults(raw)
        if wrong:
            raise ValueError("; ".join(wrong[:5]))
        names = [name for one in every for name in one.unknown]
        self.unknown: list[Unchecked] = []
        if names:
            shown = ", ".join(dict.fromkeys(names[:5]))
            self.unknown.append(Unchecked("field", told("breach.fields-this-audit", count=len(names), shown=shown)))


def bound(case: Case, raw: Mapping[str, Any]) -> bool:
    """Whether every rule of the case is that of its source, so that no rule can be of a form nobody reads."""
    found = Binding(case, raw)
    return not found.problems and not any(each.what == "rules" for each in found.unchecked)


def own_fault(wrong: Exception) -> Environment:
    """A fault of the audit itself, with the place to be sent."""
    last = traceback.extract_tb(wrong.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno} {last.name}"
    what = short(f"{type(wrong).__name__}: {wrong}")
    return Environment(error("A007.own-fault", at=place, wrong=what))


def unread(wrong: Exception) -> Told:
    """What is said of a folder whose files are not of the form."""
    what = f"{type(wrong).__name__}: {wrong}"[:600]
    return told("breach.folder-as-docs", what=what)
