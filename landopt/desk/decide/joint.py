"""``landopt joint``: many rounds under common limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landopt.desk.decide.many import where_options
from landopt.desk.decide.solve import gap_text, seconds
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from landopt.joint.file import Common
    from landopt.runs.work import Where
    from parcels.common.catalogue import Told


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt joint province/joint.toml --gap 0.005")
@click.argument("joint_path", metavar="JOINT.toml", type=click.Path(path_type=Path))
@click.option(
    "--gap",
    callback=gap_text,
    default="0.005",
    show_default=True,
    help="Stop at this proven gap over all rounds together.",
)
@click.option("--time-limit", callback=seconds, default="10m", show_default=True, help="For each programme of a city.")
@click.option("--nodes", type=click.IntRange(1), help="Reproducible mode: one thread, this node limit, no clock.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the solver.")
@where_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The folder to write (default: beside the file).")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def joint(
    joint_path: Path,
    gap: str,
    time_limit: int,
    nodes: int | None,
    seed: int,
    where: Where,
    output: Path | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Decide the rounds of several cities under common limits: one price each, one bound over all of them.

    Every city keeps its own plan, reasons and proof, and gets a second proof at the common prices; `landopt audit`
    checks them all. What ended is kept beside the folder (NAME.runs): an interrupted run goes on where it stopped, and
    one with another amount of a limit reads and screens no round again. Exit 4: the gap is above the one asked for.
    """
    from landopt.desk.progress import heard
    from landopt.joint.choose import Effort
    from landopt.joint.run import joint as decide
    from parcels.common.language import language

    tongue = language(lang)
    effort = Effort(Fraction(gap), None if nodes is not None else time_limit, nodes, seed)
    done = decide(joint_path, output, effort, heard(tongue), where)
    if as_json:
        click.echo(json.dumps({**done.said, "folder": str(done.folder)}, ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(_lines(done.said, done.folder, tongue)))
    click.get_current_context().exit(0 if done.reached else 4)


def _lines(said: Mapping[str, Any], folder: Path, lang: str) -> list[str]:
    from landopt.joint.file import limits_of
    from parcels.common.catalogue import told
    from parcels.common.gate import MB, read_text

    def say(key: str, **values: Any) -> str:
        return told(f"joint.{key}", **values).text(lang)

    found = [say("sum", value=said["objective"] / 1000, bound=said["bound"] / 1000, gap=said["gap"])]
    common = limits_of(folder / "joint.toml", read_text(folder / "joint.toml", MB))
    found += [_limit(limit, by, said["scale"]).text(lang) for limit, by in zip(said["limits"], common, strict=True)]
    for city in said["cities"]:
        given = city["gave_up"]
        names = ", ".join(given["lost"]) or "-"
        found.append(say("city", round=city["round"], plan=city["plan_id"], value=city["objective"] / 1000))
        found.append(say("gave", points=given["points"] / 1000, alone=given["alone"] / 1000, lost=names))
    found += [say(f"{each['why']}", round=each["round"], said="") for each in said["left_out"]]
    return [*found, say("written", folder=str(folder))]


def _limit(said: Mapping[str, Any], common: Common, scale: int) -> Told:
    """A common limit in its measure's unit, what was used before counted; of a share what is to spare."""
    from parcels.common.catalogue import told

    sense, unit = str(said["sense"]), told(f"unit.{common.base}")
    price = f"{said['price'] * common.times / scale / 1000:.6f}"
    values = {"title": common.rule.title, "unit": unit, "price": price}
    if "share" in common.table:
        room = (said["total"] - said["rhs"]) * (1 if sense == ">=" else -1)
        return told("joint.share", room=room // common.times, **values)
    used = said["total"] + common.amount - said["rhs"]
    return told("joint.limit", used=used, sense=sense, most=common.amount, **values)
