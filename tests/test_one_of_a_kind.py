"""English says one parcel and two parcels, wherever a number stands before what it counts."""

from __future__ import annotations

import re
from pathlib import Path

from landopt.reasons.words import TEMPLATES, counted
from parcels.common.catalogue import filled, find, texts

COUNTED = (
    "bytes|cases|cells|changes|characters|columns|days|draws|features|files|keys|kinds|layers|limits|offers|parcels|"
    "parts|pieces|plans|platforms|records|rounds|rows|rules|runs|sites|statements|tiers|years"
)
PLURAL = "are|came|need"
"""Verbs after which a number is told as it is: no text bends them (there are more than one whenever it is said)."""
AFTER_A_HOLE = re.compile(rf"\{{(\w+)(?::,)?\}} (?:{COUNTED})\b(?! (?:{PLURAL})\b)(?! its value)")
SUBJECTS = ("{suffix} files", "{sum} parcels")
"""Where the hole is no number, or the verb is bent for many by what comes before it."""


def test_every_text_bends_what_it_counts() -> None:
    bad = [
        f"{key}: {text}"
        for key, text in texts("en").items()
        if any(not found.group(0).startswith(SUBJECTS) for found in AFTER_A_HOLE.finditer(text))
    ]
    assert not bad, "\n".join(bad)


def test_every_template_bends_what_it_counts() -> None:
    for path in sorted((Path(TEMPLATES) / "en").glob("*.j2")):
        found = re.findall(r"\}\} (?:parcels|platforms|cases|years|draws|rules)\b.{0,20}", path.read_text("utf-8"))
        assert not [each for each in found if "platforms get land" not in each], (path.name, found)


def test_one_and_many() -> None:
    assert [counted(number, "parcel") for number in (0, 1, 2, 2345)] == ["0 parcels", "1 parcel", "2 parcels",
                                                                           "2,345 parcels"]  # fmt: skip
    text = find("progress.opening", "en") or find("joint.opening", "en")
    assert text is not None
    assert [filled(text, (("cities", number),), "en") for number in (1, 330)] == [
        "opening 1 round",
        "opening 330 rounds",
    ]
