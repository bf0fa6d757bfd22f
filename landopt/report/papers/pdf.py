"""PDF by typst with a CJK font that is given to it: the fonts of the system play no part where the pinned one is."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landopt.report.papers.blocks import Block
from landopt.report.papers.plain import CELL, several_lines
from parcels.common.issues import Refused, error

_SOURCE = Path(__file__).parent / "sheet.typ"
_SYSTEM = ("/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc", "C:/Windows/Fonts/simfang.ttf")
_FAMILIES = {"NotoSerifCJK-Regular.ttc": "Noto Serif CJK SC", "simfang.ttf": "FangSong"}


def fonts() -> tuple[list[str], list[str]]:
    """(folders or files, families) of the CJK font: the pinned package, else a font of the system.

    Raises
    ------
    Refused
        If there is none.
    """
    if importlib.util.find_spec("pylopdf_fonts_zh_cn") is not None:
        import pylopdf_fonts_zh_cn

        return [str(pylopdf_fonts_zh_cn.serif_path().parent)], ["Noto Serif SC"]
    for name in _SYSTEM:
        path = Path(name)
        if path.is_file():
            return [str(path.parent)], [_FAMILIES[path.name]]
    raise Refused(error("X014.no-chinese-font"))


def write_pdf(path: Path, blocks: Sequence[Block], lang: str, *, title: str, foot: str = "") -> None:
    """Write a document; ``foot`` stands at the foot of every page, above its number.

    Raises
    ------
    Refused
        If there is no Chinese font.
    """
    import typst as compiler

    typst: Any = compiler

    folders, families = fonts()
    given: dict[str, Any] = {
        "lang": lang,
        "title": several_lines(title, 200),
        "foot": several_lines(foot, 400),
        "fonts": families,
        "blocks": [
            {
                "kind": block.kind,
                "text": several_lines(block.text, CELL),
                "rows": [list(row) for row in block.rows],
                "widths": list(block.widths),
            }
            for block in blocks
        ],
    }
    content = typst.compile(
        _SOURCE.read_bytes(),
        font_paths=list(folders),
        ignore_system_fonts=True,
        sys_inputs={"given": json.dumps(given, ensure_ascii=False)},
        timestamp=0,
        pdf_tags=False,
    )
    path.write_bytes(content)
