"""Help in both languages: every text told, nothing too wide, examples that can be copied; usage errors in Chinese."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner, Result

from cli import COMMANDS, desk
from landopt.desk.help_text import helped, width, wrapped

CJK = re.compile("[\u4e00-\u9fff]")
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")


def commands(
    command: click.Command = desk, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command of the desk with the words that lead to it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner, (*path, name))


PATHS = [path for path, _ in commands()]


def run(*words: str, lang: str = "zh") -> Result:
    """A command line in a language of the environment."""
    return CliRunner().invoke(desk, list(words), prog_name="landopt", env={"LANDOPT_LANG": lang, "COLUMNS": "80"})


def test_every_text_of_help_has_a_chinese_one() -> None:
    """Commands, options, and the words of the list of commands; what is missing: [help] of landopt/texts/zh.toml."""
    texts = {text for _, text in COMMANDS.values()}
    for _, command in commands():
        texts |= {" ".join(part.split()) for part in inspect.cleandoc(command.help or "").split("\n\n") if part}
        texts |= {option.help for option in command.params if isinstance(option, click.Option) and option.help}
    assert len(texts) > 150
    assert sorted(text for text in texts if not CJK.search(helped(text, "zh"))) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_help_is_whole_narrow_and_ends_with_an_example_to_copy(path: tuple[str, ...], lang: str) -> None:
    """No line is wider than the terminal but an example, which stays on one line; Chinese help is Chinese."""
    done = run(*path, "--help", lang=lang)
    assert done.exit_code == 0, done.output
    assert "\\b" not in done.output
    text, _, example = done.output.rpartition("示例：" if lang == "zh" else "Example:")
    assert text
    assert all(width(line) <= 80 for line in text.splitlines())
    assert all(line.startswith("    landopt ") for line in example.strip("\n").splitlines())
    if lang == "zh":
        plain = re.sub(r"`[^`]*`|INTEGER RANGE|OBJSENSE MAX|landopt( [a-z]+)+", "", text)
        assert not ENGLISH.search(plain), ENGLISH.search(plain)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["solv"], "是否为 'solve'"),
        (["solve"], "缺少参数 'ROUND'"),
        (["solve", "x", "--gap"], "选项 '--gap' 之后须有取值"),
        (["solve", "x", "--time-limit", "5x"], "'5x' 不是时长"),
        (["new", "x", "--parcels", "3"], "3 不在范围"),
        (["explain", "--nope", "x"], "没有选项 '--nope'"),
        (["check", "x", "--drop", "a"], "请加 --reason"),
        (["rules", "ask", "use"], "例如 use=..."),
        (["round", "adopt", "a", "b"], "缺少选项 '--document'"),
    ],
)
def test_usage_errors_are_told_in_chinese(words: list[str], said: str) -> None:
    """Exit 2, what is wrong and what may be meant; English stays as click says it."""
    done = run(*words)
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr
    assert "Error" not in done.stderr
    assert run(*words, lang="en").exit_code == 2


def test_chinese_lines_break_by_width() -> None:
    """Words stay whole; no line begins with a closing mark or ends with an opening one."""
    lines = wrapped("供应计划应包括总量、用途结构（见 docs/model.md）、时序。［默认：0.05］", 20)
    assert all(width(line) <= 20 for line in lines)
    assert "docs/model.md" in "".join(lines)
    assert not [line for line in lines if line[0] in "，。；：、）］" or line[-1] in "（［"]
