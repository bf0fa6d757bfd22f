"""The TOML file of a command of many runs (``sweep.toml``, ``stress.toml``): read whole or refused in words."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from parcels.common.gate import MB, load_toml, read_text
from parcels.common.issues import Refused, error


def run_file(path: Path) -> dict[str, Any]:
    """The tables of the file, decimals exact.

    Raises
    ------
    Refused
        ``W001``, ``W002``: it cannot be read, is not UTF-8, is no TOML.
    """
    where = str(path)
    try:
        return load_toml(read_text(path, MB), parse_float=Decimal)
    except OSError as missing:
        raise Refused(error("W001.cannot-read", at=where, file=path.name)) from missing
    except UnicodeDecodeError as trouble:
        raise Refused(error("W002.file-not-utf", at=where, start=trouble.start + 1)) from None
    except ValueError as torn:
        raise Refused(error("W002.not-toml", at=where, file=path.name, torn=torn)) from torn
