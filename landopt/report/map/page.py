"""The map page: one HTML file that asks nothing of any network, under a policy that forbids it to."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from landopt.reasons.law_words.pack_words import late_lines, packs_words
from landopt.report.map.charts import charts
from landopt.report.map.codec import packed_file
from landopt.report.map.payload import map_payload
from landopt.report.papers.plain import plain
from landopt.report.public import PublicSource
from landopt.report.source import Source
from parcels.common.gate import read_bytes
from parcels.common.issues import Refused, error

_HERE = Path(__file__).parent
_PROOF = {"plan": "plan.json", "case": "case.json", "proof": "proof.json", "offers": "offers.jsonl.gz"}


LANGS = ("zh", "en")
"""The languages of the page, which switches between them."""


def _late(source: Source) -> list[tuple[str, ...]]:
    """What is to be said first of the day of the plan, a line in each language."""
    return list(zip(*(late_lines(source.case, lang) for lang in LANGS), strict=True))


def map_page(source: Source, lang: str, *, before: Mapping[str, Any] | None = None, with_proof: bool = False) -> bytes:
    """The page as UTF-8.

    Parameters
    ----------
    lang
        The language it opens in; the page can switch.
    before
        Another ``plan.json`` to compare with.
    with_proof
        Carry the four files of the proof, so that the page verifies itself.
    """
    style = _style()
    scripts = [_script(path) for path in _scripts()]
    loader = _script(_HERE / "web" / "decode.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src " + " ".join(map(_digest, [loader, *scripts])),
            f"style-src {_digest(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    environment = Environment(
        loader=FileSystemLoader(str(_HERE / "web")), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    public = isinstance(source, PublicSource)
    title = plain(source.plan["case"]["title"][lang])
    # Markup: our own files and base85 only; everything that came from outside is escaped by the template
    text = environment.get_template("map.html.j2").render(
        lang=lang,
        title=f"{title} - {source.plan['plan_id']}",
        policy=Markup(policy),  # noqa: S704
        style=Markup(style),  # noqa: S704
        loader=Markup(loader),  # noqa: S704
        code=packed_file(json.dumps(scripts, ensure_ascii=False).encode("utf-8")),
        payload=map_payload(source, before),
        charts=charts(source),
        plan=source.plan,
        late=[] if public else [dict(zip(LANGS, lines, strict=True)) for lines in _late(source)],
        packs=dict.fromkeys(LANGS, "") if public else {each: packs_words(source.case, each) for each in LANGS},
        public=public,
        compared=None if before is None else before["plan_id"],
        embedded=_embedded(source.folder) if with_proof else {},
    )
    return text.encode("utf-8")


def _scripts() -> tuple[Path, ...]:
    """The scripts in order; they travel compressed, and the policy names the digest of each, so nothing else runs."""
    web = _HERE / "web"
    return (
        _HERE / "vendor" / "leaflet" / "leaflet.js",
        _HERE / "verify.js",
        web / "map.js",
        web / "page.js",
    )


def _script(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\n//# sourceMappingURL=.*", "", text)
    return "\n" + text.strip().replace("</script", "<\\/script") + "\n"


def _style() -> str:
    """Leaflet's style and ours; the pictures Leaflet's names are not used and are taken out."""
    leaflet = (_HERE / "vendor" / "leaflet" / "leaflet.css").read_text(encoding="utf-8")
    leaflet = re.sub(r"url\([^)]*\)", "none", leaflet)
    return "\n" + leaflet + (_HERE / "web" / "map.css").read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def _embedded(folder: Path) -> dict[str, str]:
    for file in _PROOF.values():
        if not (folder / file).is_file():
            raise Refused(error("X004.missing-not", at=str(folder), file=file))
    return {name: packed_file(read_bytes(folder / file), already=file.endswith(".gz")) for name, file in _PROOF.items()}
