"""Paths and texts of the command line: refused where they lead to a device, an address or a stream, or are no text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class GatedPath(click.Path):
    """A path as click has it, which passes :func:`parcels.common.gate.check_name` before any look at the disk."""

    @classmethod
    def of(cls, kind: click.Path) -> GatedPath:
        """The same kind of path, gated."""
        return cls(
            exists=kind.exists,
            file_okay=kind.file_okay,
            dir_okay=kind.dir_okay,
            writable=kind.writable,
            readable=kind.readable,
            resolve_path=kind.resolve_path,
            allow_dash=kind.allow_dash,
            path_type=kind.type,
        )

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path; raises Refused (F010).

        A share of the network that the user names himself is the place where his round lies.
        """
        from parcels.common.gate import check_name

        check_name(str(value), str(value))
        return super().convert(value, param, ctx)


class LedgerArgument(GatedPath):
    """A ledger: a file, gated as every path, or ``postgis://SERVICE/schema``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path or the address; raises Refused (F010, B100)."""
        from landopt.central.address import is_address, parse_address

        if isinstance(value, str) and is_address(value):
            return parse_address(value, param.opts[0] if param is not None else "")
        return super().convert(value, param, ctx)


LEDGER = LedgerArgument(path_type=Path)
"""The type of an option or argument that names a ledger."""


class Decoded(click.types.StringParamType):
    """A text of the command line that is text: bytes that the terminal's encoding does not know are refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The text as it is; raises a usage error (exit 2)."""
        from landopt.desk.usage import Wrong

        if isinstance(value, str) and not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
            raise Wrong("not-text", hint=param.get_error_hint(ctx) if param is not None and ctx is not None else None,
                        value=value[:200])  # fmt: skip
        return super().convert(value, param, ctx)


def gate(command: click.Command) -> None:
    """Gate every path and every text that a command takes."""
    for param in command.params:
        if type(param.type) is click.types.StringParamType:
            param.type = Decoded()
        if isinstance(param.type, click.Path) and not isinstance(param.type, GatedPath):
            param.type = GatedPath.of(param.type)
