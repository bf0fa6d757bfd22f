"""What an output of a plan is: its option, its files, what it needs, and the function that writes it."""

from __future__ import annotations

import importlib.util
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parcels.common.catalogue import Told, told

if TYPE_CHECKING:
    from landopt.report.source import Source


@dataclass(frozen=True, slots=True)
class Order:
    """What is written from: the plan folder, the language, and what the command line adds.

    ``templates`` are those of the bureau by name, ``target`` the folder that the files will lie in, ``mu`` whether
    tables show 亩 beside hectares.
    """

    source: Source
    lang: str
    before: Mapping[str, Any] | None = None
    with_proof: bool = False
    headings: Path | None = None
    templates: Mapping[str, bytes] = field(default_factory=dict)
    target: Path | None = None
    mu: bool = False


def _always(_source: Source) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Output:
    """One kind of report.

    ``kind`` is its option (``--html``), ``help`` what it is in English and Chinese, ``files`` how the names of its
    files begin. ``write`` puts them into a folder. ``needs`` names a module and the extra that installs it. Outputs
    are written in the order of ``place``; one ``on_request`` only where it is asked for, one that does not ``fit`` a
    plan is left out unless it is asked for. ``public``: it has a public edition (:mod:`landopt.report.public`).
    """

    kind: str
    place: int
    help: tuple[str, str]
    files: tuple[str, ...]
    write: Callable[[Path, Order], None]
    needs: tuple[str, str] | None = None
    on_request: bool = False
    public: bool = False
    fits: Callable[[Source], bool] = field(default=_always)

    def missing(self) -> bool:
        """True where the library it needs is not installed."""
        return self.needs is not None and importlib.util.find_spec(self.needs[0]) is None

    def install(self) -> Told | None:
        """The command that installs what it needs."""
        return told("near.install", extra=self.needs[1]) if self.needs else None


@cache
def outputs() -> tuple[Output, ...]:
    """Every output in the order they are written: the ``OUTPUT`` of each module of ``landopt.report.outputs``."""
    home = import_module("landopt.report.outputs")
    names = sorted(module.name for module in pkgutil.iter_modules(home.__path__))
    found: list[Output] = [import_module(f"{home.__name__}.{name}").OUTPUT for name in names]
    return tuple(sorted(found, key=lambda output: (output.place, output.kind)))
