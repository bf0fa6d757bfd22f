"""What is told to those who change landopt is so: dependencies, third parties, targets, fragments of the changelog."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.loose import differing

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CALLED = {
    "docx": "python-docx",
    "tomli_w": "tomli-w",
    "rfc3161_client": "rfc3161-client",
    "typst": "typst",
    "pylopdf_fonts_zh_cn": "pylopdf-fonts-zh-cn",
}
"""Packages that are imported under another name than they are installed by."""


def _named(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=\[ ]", text)[0].lower() for text in requirements}


EXTRAS = {name: _named(of) for name, of in PROJECT["project"]["optional-dependencies"].items()}
NEEDED = _named(PROJECT["project"]["dependencies"])
RUN = NEEDED.union(*(of for name, of in EXTRAS.items() if name != "dev")) - {"landopt"}


def _imported() -> set[str]:
    """Every package of others that the product imports anywhere."""
    found: set[str] = set()
    paths = [
        ROOT / "cli.py",
        *(path for room in ("parcels", "constraints", "landopt") for path in (ROOT / room).rglob("*.py")),
    ]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"parcels", "constraints", "landopt", "cli"}


def test_what_is_imported_is_declared() -> None:
    """No package is used because another one happens to bring it; none is declared and not used."""
    used = {CALLED.get(name, name).lower() for name in _imported()}
    brought = {"markupsafe"}  # part of jinja2's own interface
    brought |= {"qgis", "landopt_toolbox"}  # of the plugin, which runs in the Python of QGIS
    assert used - RUN - brought == set()
    solvers = EXTRAS["solvers"]  # found by PuLP, by name
    assert RUN - used - solvers - {"pyarrow"} == set()  # pyarrow: found by geopandas


def test_heavy_second_solvers_are_no_part_of_a_first_install() -> None:
    """They are an extra of their own, which neither ``all`` nor ``dev`` brings and ``.ci/run`` installs."""
    assert EXTRAS["solvers"] == {"cbcbox", "ortools", "pyscipopt"}
    for name in ("all", "dev"):
        assert EXTRAS[name].isdisjoint(EXTRAS["solvers"])
        assert "solvers" not in " ".join(PROJECT["project"]["optional-dependencies"][name])
    assert "make --no-print-directory solvers" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_everything_of_others_is_named_with_its_licence() -> None:
    """THIRD_PARTY.md has a line for each package a user installs and each folder that is carried along."""
    text = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8").lower()
    spoken = {"jinja2": "jinja2", "pyscipopt": "pyscipopt", "ortools": "or-tools"}
    assert [name for name in sorted(RUN) if spoken.get(name, name) not in text] == []
    vendored = [path.name for path in (ROOT / "landopt" / "report" / "map" / "vendor").iterdir() if path.is_dir()]
    assert vendored
    assert [name for name in vendored if name not in text] == []


def test_every_pin_is_exact_and_every_dependency_pinned() -> None:
    """A newcomer's ``make test`` gets the versions that were tested."""
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "pins.txt").read_text("utf-8").splitlines()
    }
    wanted = NEEDED.union(*EXTRAS.values()) - {"landopt"}
    assert {name.replace("_", "-") for name in wanted} - pinned == set()


def test_the_newest_releases_are_tested_where_they_differ_from_the_pins() -> None:
    """A version, a package that nothing pins; no spelling of a name, not landopt, not what others are pinned for."""

    def told(**versions: str) -> list[str]:
        report = {"install": [{"metadata": {"name": name, "version": of}} for name, of in versions.items()]}
        return differing(report, "Jinja2==3.1.6\ntyping_extensions==4.15.0\nortools==9.15.0\n")

    same = {"jinja2": "3.1.6", "typing-extensions": "4.15.0", "landopt": "0.1.0"}
    assert told(**same) == []
    assert told(**{**same, "jinja2": "3.1.7"}) == ["jinja2 3.1.7 (pinned: 3.1.6)"]
    assert told(**same, brought="1") == ["brought 1 (pinned: not at all)"]


def test_targets_told_of_are_there() -> None:
    """Every ``make`` word of CONTRIBUTING.md is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = {word for words in re.findall(r"`make ([a-z -]+)", text) for word in words.split()}
    assert len(told) >= 8
    assert told - targets == set()


def test_fragments_of_the_changelog_are_of_a_known_kind() -> None:
    """Each is named ``<name>.<kind>.md`` and says something."""
    kinds = {entry["directory"] for entry in PROJECT["tool"]["towncrier"]["type"]}
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    for path in fragments:
        assert re.fullmatch(r"[a-z0-9-]+\.([a-z]+)\.md", path.name), path.name
        assert path.name.split(".")[1] in kinds, path.name
        assert path.read_text(encoding="utf-8").strip()
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert PROJECT["tool"]["towncrier"]["start_string"].strip() in text
