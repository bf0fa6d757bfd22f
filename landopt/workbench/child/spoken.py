"""Texts of an answer in every language of the page."""

from __future__ import annotations

from collections.abc import Callable

from parcels.common.visible import visible

LANGS = ("en", "zh")


def spoken(make: Callable[[str], str]) -> dict[str, str]:
    """A text in each language, marks that turn the direction or hide made visible."""
    return {lang: visible(make(lang)) for lang in LANGS}
