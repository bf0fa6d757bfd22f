"""``landopt model``: the model as solved, and every lawful offer, so that anyone can re-solve the round elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from landopt.desk.usage import LANG, Wrong
from parcels.common.catalogue import phrase


@click.command(epilog="Example:\n\n  landopt model examples/nansha --mps model.mps --offers offers.csv")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("--mps", type=click.Path(path_type=Path, dir_okay=False), help="Write the model as MPS, a file a tier.")
@click.option(
    "--offers", "table", type=click.Path(path_type=Path, dir_okay=False), help="Write every lawful offer (CSV)."
)
@click.option(
    "--graph",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the neighbours of the parcels as GraphML, with the parcels that hold a block together.",
)
@click.option("--overlay", multiple=True, type=click.Path(path_type=Path), help="A scenario of rules and facts.")
@click.option("--set", "sets", multiple=True, metavar="RULE:amount=N", help="Change a number of a limit.")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the sizes as JSON.")
def model(
    round_path: Path,
    mps: Path | None,
    table: Path | None,
    graph: Path | None,
    overlay: tuple[Path, ...],
    sets: tuple[str, ...],
    lang: str | None,
    as_json: bool,
) -> None:
    """Export the model as it is solved (integers, OBJSENSE MAX) and every lawful offer with score, rows and rules.

    Column x{k} of the MPS is line k (from 0) of the CSV; slacks are s{j}. With tiers there is one MPS file a tier:
    the first has the name given, the next add -tier2, -tier3 before the ending. docs/model.md states the model.
    """
    from landopt.job import Job
    from landopt.pipeline import read_case
    from landopt.solving.programme.model import write_csv, write_mps
    from parcels.common.language import language
    from parcels.geometry.adjacency_graph import adjacency_graph, graphml

    if mps is None and table is None and graph is None:
        raise Wrong("nothing-to-write")
    _, case, offers = read_case(Job(round_path, overlays=overlay, sets=sets, booked=False))
    wanted: list[tuple[Path, Callable[[Path], object]]] = []
    if mps is not None:
        for tier in range(len(case.objective.tiers)):
            target = mps if tier == 0 else mps.with_name(f"{mps.stem}-tier{tier + 1}{mps.suffix}")
            wanted.append((target, partial(write_mps, case=case, offers=offers, tier=tier)))
    if table is not None:
        wanted.append((table, partial(write_csv, case=case, offers=offers)))
    if graph is not None:
        drawn = graphml(adjacency_graph(case.parcels, case.neighbours))
        wanted.append((graph, lambda path: path.write_bytes(drawn)))
    written = _place(wanted)
    sizes = {"offers": len(offers.site), "rows": len(offers.rows), "scope": offers.scope, "files": written}
    if as_json:
        click.echo(json.dumps(sizes, ensure_ascii=False))
    else:
        click.echo(phrase("done.offers", language(lang), offers=sizes["offers"], rows=sizes["rows"]))
        click.echo(phrase("done.wrote", language(lang), files=tuple(written)))


def _place(wanted: Sequence[tuple[Path, Callable[[Path], object]]]) -> list[str]:
    """Write each file beside its place and rename all when the last is whole: a full disk leaves nothing behind.

    A file that is there and is not as landopt wrote it stays; the new one gets a number.
    """
    from parcels.common.atomic import disk_of, in_passing
    from parcels.common.digests import sha256_of
    from parcels.common.kept import note_written, place_for

    fresh: list[Path] = []
    placed: list[Path] = []

    def made(left: Sequence[tuple[Path, Callable[[Path], object]]]) -> None:
        if left:
            (target, write), *rest = left

            def aside(folder: Path) -> None:
                fresh.append(folder / target.name)
                with disk_of(target):
                    write(fresh[-1])
                made(rest)

            in_passing(target, aside)
            return
        new: list[Path] = []
        try:
            for (target, _), done in zip(wanted, fresh, strict=True):
                with disk_of(target):
                    sha = sha256_of(done)
                    placed.append(place_for(target, sha).path)
                    new += [] if placed[-1].exists() else [placed[-1]]
                    done.replace(placed[-1])
                    note_written(target.parent, {placed[-1].name: sha})
        except BaseException:
            for path in new:
                path.unlink(missing_ok=True)
            raise

    made(wanted)
    return [str(target) for target in placed]
