"""Public words are tested words: README's output, links, help texts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import COMMANDS, desk
from tests.readme import BLOCK, fresh

ROOT = Path(__file__).parent.parent


def test_readme_shows_what_the_commands_print() -> None:
    """Every output block of README is what its command prints now."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) >= 3
    assert fresh(text) == text


@pytest.mark.slow
def test_the_planners_questions_are_answered_as_the_commands_answer_them() -> None:
    """Every question of docs/planner.md has its command and what that prints now."""
    text = (ROOT / "docs" / "planner.md").read_text(encoding="utf-8")
    assert len(BLOCK.findall(text)) >= 12
    assert fresh(text) == text


@pytest.mark.parametrize(
    "page", [*sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")), "README.md"]
)
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link of a page names a file that exists."""
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_ends_with_an_example(command: str) -> None:
    """Each command opens its help and shows an example."""
    done = CliRunner().invoke(desk, [command, "--help"], prog_name="landopt")
    assert done.exit_code == 0, done.output
    assert "Example" in done.output
    assert f"landopt {command}" in done.output.split("Example")[-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_or_docs_name_every_command(command: str) -> None:
    """No command is left out of the written word."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    assert any(f"landopt {command}" in page.read_text(encoding="utf-8") for page in pages)
