"""What the map page carries reads back as it was: numbers, texts, polygons."""

from __future__ import annotations

import base64
import gzip
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landopt.report.map.codec import OWN, SLOT, Container, add_texts, split_line, varints
from landopt.report.map.payload import map_payload
from landopt.report.papers.blocks import of_text
from landopt.report.papers.plain import one_line, plain, several_lines
from landopt.report.source import open_source
from tests.report.making import LONG, SCRIPT, TURNED, plan_folder


def unpack(text: str) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The container read by a plain loop, as the page does."""
    raw = gzip.decompress(base64.b85decode(text.translate(str.maketrans(",.:", "<>&"))))
    size = struct.unpack("<I", raw[:4])[0]
    head = json.loads(raw[4 : 4 + size])
    columns, at = {}, 4 + size
    for name, count, length in head["columns"]:
        columns[name] = numbers(raw[at : at + length])
        assert len(columns[name]) == count
        at += length
    assert at == len(raw)
    return head, columns


def numbers(body: bytes) -> list[int]:
    """Zigzag varints, one at a time."""
    found, value, shift = [], 0, 0
    for byte in body:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            found.append((value >> 1) ^ -(value & 1))
            value = shift = 0
    return found


def read_texts(head: dict[str, Any], columns: dict[str, list[int]], lang: str, own: list[dict[str, str]]) -> list[str]:
    """All texts of a language, as the page puts them together."""
    starts = np.concatenate(([0], np.cumsum(columns["slot_lengths"]))).tolist()
    seen = [0] * len(head["templates"])
    found, at = [], 0
    for mine, count in zip(own, columns[f"lines.{lang}"], strict=True):
        lines = []
        for template in columns[f"line.{lang}"][at : at + count]:
            slots = iter(head["slot_layout"][template])
            text, parts = "", iter(head["templates"][template])
            for char in parts:
                if char == OWN:
                    text += mine.get(next(parts), "")
                elif char == SLOT:
                    text += head["slot_values"][columns["slots"][starts[next(slots)] + seen[template]]]
                else:
                    text += char
            seen[template] += 1
            lines.append(text)
        found.append("\n".join(lines) + "\n")
        at += count
    return found


@given(st.lists(st.integers(-(2**61), 2**61)))
def test_varints_read_back(values: list[int]) -> None:
    """Any integers below 2^62 in size come back."""
    assert numbers(varints(values)) == values


_TEXT = st.text(st.sampled_from("ab12,.-P年月日 \x01\x02i"), max_size=30)


@settings(max_examples=60)
@given(st.lists(st.tuples(_TEXT, _TEXT, st.text("P1i-", max_size=4)), max_size=8))
def test_texts_read_back(several: list[tuple[str, str, str]]) -> None:
    """Texts come back whatever stands in them; the two control characters of the templates become blanks."""
    container = Container({})
    texts = {"zh": [zh + "\n" for zh, _, _ in several], "en": [en + "\n" for _, en, _ in several]}
    own = [{"i": mine, "d": "a"} for _, _, mine in several]
    add_texts(container, texts, own)
    head, columns = unpack(container.pack())
    for lang in texts:
        wanted = [text.replace(OWN, " ").replace(SLOT, " ") for text in texts[lang]]
        assert read_texts(head, columns, lang, own) == wanted


def test_a_line_is_split_into_template_and_slots() -> None:
    """Own texts and numbers leave the template, so that lines of many parcels share it."""
    template, values = split_line("P01: 3 of 12,000 m² by 2026-04-01", {"i": "P01"})
    assert template == f"{OWN}i: {SLOT} of {SLOT} m² by {SLOT}"
    assert values == ["3", "12,000", "2026-04-01"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small plan folder."""
    return plan_folder(tmp_path_factory.mktemp("codec") / "plan")


def test_the_payload_holds_every_parcel_text_and_point(folder: Path) -> None:
    """Columns agree with the plan, texts with the templates, polygons with plan.gpkg to the centimetre."""
    import shapely

    source = open_source(folder)
    head, columns = unpack(map_payload(source))
    assert head["ids"] == [row.parcel_id for row in source.rows]
    assert columns["area"] == [row.area_m2 for row in source.rows]
    methods = [head["methods"][code] if code >= 0 else None for code in columns["method"]]
    assert methods == [row.method for row in source.rows]
    assert np.cumsum(columns["record"]).tolist() == [-1 if row.record is None else row.record for row in source.rows]
    records = source.plan["justification"]
    own: list[dict[str, str]] = []
    for place, record in enumerate(records):
        members = [k for k, row in enumerate(source.rows) if row.record == place]
        mine = {}
        if members:
            area = f"{sum(columns['area'][k] for k in members):,}".replace(",", "").rjust(5, "0")
            mine = {"i": "+".join(head["ids"][k] for k in members), "a": f"{area[:-4]}.{area[-4:]}"}
            mine["t"] = head["districts"][columns["district"][members[0]]]
        demand = record.get("demand_id") if record["kind"] == "assignment" else record["id"]
        platform = next((p for p in head["platforms"] if p["id"] == demand), None)
        if record["kind"] in ("assignment", "unserved") and platform is not None:
            mine |= {"d": platform["id"], "p": platform["name"]}
        own.append(mine)
    for lang in ("zh", "en"):
        assert read_texts(head, columns, lang, own) == source.texts[lang]
    xs, ys = np.cumsum(columns["x"]) / 100 + head["origin"][0], np.cumsum(columns["y"]) / 100 + head["origin"][1]
    assert columns["parts"][1] == 2
    assert columns["rings"][columns["parts"][0] + columns["parts"][1]] == 2
    total = shapely.get_num_coordinates(np.asarray(source.polygons.geometry.values)).sum()
    assert len(xs) == len(ys) == total - len(columns["points"])
    bounds = shapely.total_bounds(np.asarray(source.polygons.geometry.values))
    assert np.allclose([xs.min(), ys.min(), xs.max(), ys.max()], bounds, atol=0.011)


def test_the_same_plan_gives_the_same_payload(folder: Path) -> None:
    """Two runs, one text."""
    assert map_payload(open_source(folder)) == map_payload(open_source(folder))


def test_names_are_made_plain() -> None:
    """Control characters and turns of direction are shown; long texts are cut; lines stay where they may."""
    assert plain(TURNED) == "gpj.\\u202etxt\\u0007\\u200f"
    assert plain(SCRIPT) == SCRIPT
    assert len(one_line(LONG * 5)) == 32_000
    assert one_line("a\nb\tc") == "a b c"
    assert several_lines("a\nb") == "a\nb"
    assert plain("\ud800") == "\\ud800"


def test_a_text_becomes_a_title_headings_and_text() -> None:
    """The first line is the title, numbered lines are headings, and nothing is lost."""
    text = "表　宗地 P1\n\n一、宗地概况。宗地 P1。\n\n二、拟定意见。\n　　（一）甲。\n\n经办人：　审核人：\n"
    kinds = [(block.kind, block.text) for block in of_text(text)]
    assert kinds == [
        ("title", "表"),
        ("subtitle", "宗地 P1"),
        ("heading", "一、宗地概况"),
        ("body", "宗地 P1。"),
        ("heading", "二、拟定意见"),
        ("item", "（一）甲。"),
        ("sign", "经办人：　审核人："),
    ]
