"""Every code that is spoken is explained, in both languages, and docs/errors.md is made from that."""

from __future__ import annotations

import re
from pathlib import Path

from parcels.common.codes import codes, entries, page

ROOT = Path(__file__).parents[2]
OURS = ("sites", "site_walk")


def spoken() -> dict[str, str]:
    """Every number or code in the sources of the facts room, with its module."""
    found: dict[str, str] = {}
    for path in sorted((ROOT / "parcels").rglob("*.py")):
        if path.stem.startswith(OURS):
            continue
        text = path.read_text(encoding="utf-8")
        numbers = re.findall(r'found\.add\(\s*(?:level|"[a-z]+"),\s*(\d+),', text) + re.findall(
            r"BadValue\((\d+),", text
        )
        numbers += re.findall(r'f"\{prefix\}(\d{3})"', text)
        found.update((f"{int(number):03d}", path.name) for number in numbers)
        found.update((code, path.name) for code in re.findall(r'"([PDKLF]\d{3})"', text))
    return found


def test_every_spoken_code_is_explained() -> None:
    """No finding without a page."""
    numbers = {code[1:] for code in codes()}
    for code, module in spoken().items():
        if code[0].isdigit():
            assert code in numbers, (code, module)
        else:
            assert code in codes(), (code, module)


def test_texts_are_complete_and_ours() -> None:
    """Title, meaning and advice in both languages; Chinese is Chinese."""
    for entry in entries():
        for text in (entry.title("en"), entry.meaning("en"), entry.todo("en")):
            assert text.strip()
            assert text.isascii() or "²" in text or "是" in text or "坐标系" in text
        for text in (entry.title("zh"), entry.meaning("zh"), entry.todo("zh")):
            assert re.search("[\u4e00-\u9fff]", text), entry.codes


def test_the_page_is_current() -> None:
    """docs/errors.md is what `python -m parcels.common.codes` writes."""
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == page()
