"""The desk: the click group, thin. Each command lives below ``landopt/desk/`` and is imported only when it runs."""

from __future__ import annotations

import errno
import importlib
import json
import sys
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import click

from landopt import __version__
from parcels.common.catalogue import FIRST, told
from parcels.common.issues import Issue, LandoptError, error

NOWHERE = frozenset({errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR})
"""Troubles of the system that are those of a name: the input is refused, the disk is sound."""
COMMANDS = {
    "new": ("prepare", "a filled example round to start from"),
    "check": ("prepare", "read and check everything; all problems at once"),
    "solve": ("decide", "the main job: prints the plan and its justification, writes the plan folder"),
    "explain": ("question", "why a parcel or a platform got what it got"),
    "whynot": ("question", "why another choice was not made, and what it would cost"),
    "whatif": ("question", "what other numbers would allow at most, at once, and whether the plan still holds"),
    "core": ("question", "which choices stand in every plan within a loss, which in none"),
    "place": ("question", "where a late applicant could go, and what it would change"),
    "diagnose": ("decide", "why no plan satisfies the rules"),
    "alternatives": ("decide", "next-best and clearly different plans"),
    "replan": ("decide", "the next plan after a failed sale, with least change"),
    "repair": ("decide", "the nearest lawful plan to one made by hand"),
    "convert": ("prepare", "parcels between formats"),
    "template": ("prepare", "workbooks to fill in"),
    "compare": ("question", "what moved between two plans, and which rule or number moved it"),
    "joint": ("decide", "many rounds under common limits, with one proven bound"),
    "sweep": ("decide", "many scenarios of one round"),
    "stress": ("decide", "how a plan bears what may happen, by seeded draws"),
    "tradeoff": ("decide", "the best compromises between two or three parts of a plan"),
    "rules": ("law", "the law: list, show, diff, test, ask, grades, limits"),
    "model": ("decide", "the model as solved, and every lawful offer"),
    "serve": ("decide", "the workbench: one local page for the whole round"),
    "report": ("keep", "map, tables, documents"),
    "plans": ("keep", "every plan that was made of a round: date, score, adopted or not"),
    "audit": ("keep", "re-check a plan without the solver"),
    "receipt": ("keep", "check the receipt of a parcel against a signed statement"),
    "pull": ("central", "the parcels of a round out of the central database, as of one moment"),
    "push": ("central", "a plan into the tables of the central database"),
    "database": ("central", "tables and roles of the central database"),
    "qgis": ("gis", "the toolbox for QGIS: install, uninstall"),
    "arcgis": ("gis", "the Python toolbox for ArcGIS"),
    "round": ("keep", "open, record, adopt, close, show rounds in the ledger"),
}


class DeskContext(click.Context):
    """Sets help in the language of the command line, else of the environment."""

    def make_formatter(self) -> click.HelpFormatter:
        """The one that writes help and usage."""
        from landopt.desk.help_text import formatter

        kind = formatter(_language(self.meta.get("landopt.words", ())))
        return kind(width=self.terminal_width, max_width=self.max_content_width)


def _at_desk(command: click.Command) -> click.Command:
    """A command and those in it, with our context, every path they take gated."""
    from landopt.desk.path_argument import gate

    command.context_class = DeskContext
    gate(command)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _at_desk(inner)
    return command


class Desk(click.Group):
    """Loads a command's module when it is asked for; turns landopt's errors into messages and exit codes."""

    context_class = DeskContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All command names, in the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; an unknown name gets the nearest one."""
        if cmd_name not in COMMANDS:
            near = get_close_matches(cmd_name, COMMANDS, n=1)
            from landopt.desk.usage import Wrong

            wrong = Wrong("no-command-near" if near else "no-command", name=cmd_name, near=near[0] if near else "")
            wrong.ctx = ctx
            raise wrong
        module = importlib.import_module(f"landopt.desk.{COMMANDS[cmd_name][0]}.{cmd_name}")
        command: click.Command = getattr(module, f"{cmd_name}_" if cmd_name == "round" else cmd_name)
        return _at_desk(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete command names without importing any of them."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=text) for name, (_, text) in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words of the command line: a refusal is told in the language and form they ask for."""
        ctx.meta["landopt.words"] = tuple(args)
        return super().parse_args(ctx, args)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run; whatever is printed, by us or by click, passes the one writer that makes acting characters visible."""
        from parcels.common.visible import visible_streams

        with visible_streams():
            return super().main(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; every refusal ends here, with all its issues and its exit code."""
        words: tuple[str, ...] = ctx.meta["landopt.words"]
        try:
            found = super().invoke(ctx)
            if ctx.meta.get("landopt.early"):
                ctx.exit(4)
            return found
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as trouble:
            if _language(words) == FIRST:
                raise
            from landopt.desk.usage import usage_text

            click.echo(usage_text(trouble, _language(words)), err=True)
            ctx.exit(trouble.exit_code)
        except LandoptError as refusal:
            _print(refusal, words)
            ctx.exit(refusal.exit_code)
        except KeyboardInterrupt:
            click.echo(told("desk.stopped").text(_language(words)), err=True)
            ctx.exit(7)
        except BrokenPipeError:
            # whoever read the output has seen enough (``| head``): no error, and nothing more to flush
            sys.stdout = None
            ctx.exit(0)
        except OSError as trouble:
            where, why = str(trouble.filename or ""), trouble.strerror or str(trouble)
            if trouble.errno in NOWHERE:
                _print(LandoptError(error("F010.nowhere", name=where[:200], why=why)), words)
                ctx.exit(1)
            _print(LandoptError(error("E001.system", at=where, trouble=why)), words)
            ctx.exit(6)


def _print(refusal: LandoptError, words: tuple[str, ...]) -> None:
    if "--json" in words:
        click.echo(json.dumps({"issues": [issue.as_dict() for issue in refusal.issues]}, ensure_ascii=False))
    if (lang := _language(words)) != FIRST:
        from parcels.common.findings_text import lines

        click.echo("\n".join(lines(refusal.issues, lang)), err=True)
        return
    for issue in refusal.issues:
        click.echo(issue_text(issue), err=True)


def _language(words: tuple[str, ...]) -> str:
    from parcels.common.language import language

    asked = [word.removeprefix("--lang=") for word in words if word.startswith("--lang=")]
    asked += [after for word, after in pairwise(words) if word == "--lang"]
    return language(asked[-1] if asked else None)


def issue_text(issue: Issue) -> str:
    """One issue in three short lines: what, where, "Maybe ..."."""
    lines = [f"{issue.level} {issue.code}  {issue.what}"]
    if issue.where:
        lines.append(f"      {issue.where}")
    from parcels.common.findings_text import advice

    if todo := advice(issue, "en"):
        lines.append(f"      Maybe: {todo}")
    return "\n".join(lines)


_EXAMPLE = "\b\nExample:\n  landopt new my-round\n  landopt check my-round\n  landopt solve my-round"


@click.group(cls=Desk, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXAMPLE)
@click.version_option(__version__, prog_name="landopt")
def desk() -> None:
    """Supply construction land to innovation platforms: lawful offers, one plan, its reasons, its proof."""
