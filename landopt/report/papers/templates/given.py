"""The templates of a bureau: the Word files of a folder, let in one by one, or the shipped ones."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from landopt.report.papers.templates.fields import names
from landopt.report.papers.templates.fill import wrong_places
from landopt.report.papers.templates.refuse import MOST, refused
from landopt.report.papers.templates.shipped import same_bytes, shipped
from parcels.common.catalogue import told
from parcels.common.gate import admit, read_bytes
from parcels.common.issues import Issue, Refused, error, stop_on_errors

FOLDER = "templates"
"""The folder of a round that holds its templates."""


def folder_of(given: Path | None, plan: Path) -> Path | None:
    """The folder named, else ``templates`` of the round the plan folder lies in, if there is one."""
    if given is not None:
        return given
    beside = plan.absolute().parent
    return beside / FOLDER if (beside / "round.toml").is_file() and (beside / FOLDER).is_dir() else None


def templates_of(folder: Path | None) -> Mapping[str, bytes]:
    """The templates of a folder by name; those that are not there are the shipped ones.

    Raises
    ------
    Refused
        If there is no template in it, a file is none of the known names, may do harm, or has wrong places; all at once.
    """
    if folder is None:
        return {}
    found: dict[str, bytes] = {}
    issues: list[Issue] = []
    files = sorted(path for path in folder.iterdir()) if folder.is_dir() else []
    for path in files:
        if path.name.startswith((".", "~$")):
            continue
        if path.suffix.lower() not in (".docx", ".docm", ".dotx", ".dotm", ".doc") and path.is_file():
            continue
        if path.stem not in names() or path.suffix.lower() != ".docx":
            maybe = told("near.one-of", names=[f"{name}.docx" for name in names()])
            issues.append(error("X022.other", at=str(path), maybe=maybe, file=path.name))
            continue
        content = read_bytes(admit(path, MOST), MOST)
        wrong = refused(content, path.name) or _places(content, path)
        issues += wrong
        if not wrong:
            found[path.stem] = content
    stop_on_errors(issues)
    if not found:
        raise Refused(error("X022.none", at=str(folder), folder=folder))
    return found


def _places(content: bytes, path: Path) -> list[Issue]:
    import docx

    try:
        document = docx.Document(io.BytesIO(content))
    except Exception as trouble:  # python-docx names no errors of its own: what it cannot open is no template
        return [error("X020.no-word", at=path.name, what=str(trouble)[:80])]
    return wrong_places(document, path.stem, path.name)


def write_shipped(folder: Path, lang: str) -> None:
    """Write the shipped templates of a language into a folder."""
    for name in names():
        (folder / f"{name}.docx").write_bytes(same_bytes(shipped(name, lang)))
