"""A file of the user's that stands where a command writes is kept, and told; or the command is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import desk
from tests.parcels.making import box, gpkg, round_folder

MINE = b"my only copy"
WRITING: dict[str, tuple[str, ...]] = {
    "check.xlsx": ("check", "{round}", "--xlsx", "{target}"),
    "demands.xlsx": ("template", "demands", "-o", "{target}"),
    "policy.xlsx": ("convert", "{round}/own.toml", "{target}", "--force"),
    "again.toml": ("convert", "{round}/own.xlsx", "{target}", "--force"),
    "parcels.geojson": ("convert", "{round}/parcels.gpkg", "{target}", "--force"),
    "model.mps": ("model", "{round}", "--mps", "{target}"),
    "offers.csv": ("model", "{round}", "--offers", "{target}"),
}


@pytest.fixture
def round_(tmp_path: Path) -> Path:
    """A small round, and a policy of its own as text and as a sheet."""
    folder = tmp_path / "round"
    folder.mkdir()
    gpkg(folder, [box(0, 0)])
    round_folder(folder)
    (folder / "own.toml").write_text(
        '[[rule]]\nid = "p.cap"\nkind = "limit"\ntitle = { en = "a", zh = "a" }\nfrom = 2026-01-01\n'
        'cite = { doc = "d", article = "1", number = "n", rank = 0, grade = "V1", source = "s" }\n'
        'where = ""\nmeasure = "count"\nsense = "<="\nvalues = [{ amount = 5, unit = "count" }]\n',
        "utf-8",
    )
    done = CliRunner().invoke(desk, ["convert", str(folder / "own.toml"), str(folder / "own.xlsx")])
    assert done.exit_code == 0, done.output
    return folder


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", WRITING)
def test_what_stood_there_is_kept_and_told(tmp_path: Path, round_: Path, name: str, lang: str) -> None:
    """The old bytes lie beside the new file under a name that was printed."""
    target = tmp_path / "out" / name
    target.parent.mkdir()
    target.write_bytes(MINE)
    words = [word.format(round=round_, target=target) for word in WRITING[name]]
    done = CliRunner().invoke(desk, words, env={"LANDOPT_LANG": lang})
    kept = [path for path in target.parent.iterdir() if path.read_bytes() == MINE]
    assert len(kept) == 1, [path.name for path in target.parent.iterdir()]
    if done.exit_code == 0:
        made = [path for path in target.parent.iterdir() if path != kept[0]]
        assert len(made) == 1
        moved = kept[0] if kept[0] != target else made[0]
        assert moved.name in done.output.replace("\n", "")
    else:
        assert (done.exit_code, kept) == (1, [target]), done.output


@pytest.mark.parametrize("name", ["x" * 5000, "round/own.toml/a", "loop"])
def test_a_path_that_leads_nowhere_is_a_refused_input(tmp_path: Path, round_: Path, name: str) -> None:
    """Too long, through a file, a loop of links: exit 1, not a fault of the disk."""
    assert round_.exists()
    (tmp_path / "loop").symlink_to("loop")
    for words in (["check"], ["audit"], ["whatif"]):
        done = CliRunner().invoke(desk, [*words, str(tmp_path / name)])
        assert done.exit_code == 1, (words, done.output[:300])
        assert "Traceback" not in done.output
