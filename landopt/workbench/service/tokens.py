"""Who may ask: a file of names with the SHA-256 of their tokens, for its owner alone; a token is shown once."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from landopt.workbench.guards import digest
from parcels.common.gate import read_text
from parcels.common.issues import Environment, Issue, error
from parcels.common.place import Place

_NAME = re.compile(r"[\w.-]{1,60}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_tokens(path: Path) -> Mapping[str, str]:
    """Names by SHA-256 of their token.

    Raises
    ------
    Environment
        If others can read the file, or with every line that is not ``NAME SHA256``; if there is none.
    """
    private(path)
    found: dict[str, str] = {}
    issues: list[Issue] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        name, _, known = line.strip().partition(" ")
        if not name or name.startswith("#"):
            continue
        known = known.strip()
        if not _NAME.fullmatch(name) or not _DIGEST.fullmatch(known) or known in found or name in found.values():
            issues.append(error("E007.token-line", at=Place(file=path.name, line=number)))
        else:
            found[known] = name
    if not found and not issues:
        issues.append(error("E007.no-token", at=str(path), file=path.name))
    if issues:
        raise Environment(issues)
    return found


def add_token(path: Path, name: str) -> str:
    """A new token for somebody; the file gets a line with its digest. The token itself is kept nowhere.

    Raises
    ------
    Environment
        For a name that is none or that has a token.
    """
    known = read_tokens(path) if path.exists() else {}
    if not _NAME.fullmatch(name) or name in known.values():
        raise Environment(error("E007.token-name", at=str(path), name=name))
    token = secrets.token_urlsafe(32)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as out:
        out.write(f"{name} {digest(token.encode('ascii'))}\n")
    return token


def private(path: Path) -> None:
    """Refuse a secret that others on this machine can read (where the system says who can)."""
    if not path.is_file():
        raise Environment(error("E007.no-file", at=str(path)))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise Environment(error("E007.open-to-others", at=str(path), file=path.name))
