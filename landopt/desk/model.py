"""``landopt model``: the model as solved, and every lawful offer, so that anyone can re-solve the round elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(epilog="Example:\n\n  landopt model examples/nansha --mps model.mps --offers offers.csv")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("--mps", type=click.Path(path_type=Path, dir_okay=False), help="Write the model as MPS, a file a tier.")
@click.option(
    "--offers", "table", type=click.Path(path_type=Path, dir_okay=False), help="Write every lawful offer (CSV)."
)
@click.option("--overlay", multiple=True, type=click.Path(path_type=Path), help="A scenario of rules and facts.")
@click.option("--set", "sets", multiple=True, metavar="RULE:amount=N", help="Change a number of a limit.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of the texts (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the sizes as JSON.")
def model(
    round_path: Path,
    mps: Path | None,
    table: Path | None,
    overlay: tuple[Path, ...],
    sets: tuple[str, ...],
    lang: str | None,
    as_json: bool,
) -> None:
    """Export the model as it is solved (integers, OBJSENSE MAX) and every lawful offer with score, rows and rules.

    Column x{k} of the MPS is line k (from 0) of the CSV; slacks are s{j}. With tiers there is one MPS file a tier:
    the first has the name given, the next add -tier2, -tier3 before the ending. docs/model.md states the model.
    """
    from landopt.language import language
    from landopt.pipeline import read_case
    from landopt.solving.model import write_csv, write_mps

    if mps is None and table is None:
        raise click.UsageError("Nothing to write.\nMaybe add --mps FILE or --offers FILE.csv.")
    _, case, offers = read_case(round_path, overlays=overlay, sets=sets)
    written: list[str] = []
    if mps is not None:
        tiers = len(case.objective.tiers)
        for tier in range(tiers):
            target = mps if tier == 0 else mps.with_name(f"{mps.stem}-tier{tier + 1}{mps.suffix}")
            write_mps(target, case, offers, tier)
            written.append(str(target))
    if table is not None:
        write_csv(table, case, offers)
        written.append(str(table))
    sizes = {"offers": len(offers.site), "rows": len(offers.rows), "scope": offers.scope, "files": written}
    if as_json:
        click.echo(json.dumps(sizes, ensure_ascii=False))
    else:
        zh = language(lang) == "zh"
        click.echo(
            f"{sizes['offers']} 个供应选项，{sizes['rows']} 行限额、关系和锁定。"
            if zh
            else f"{sizes['offers']} offers, {sizes['rows']} rows of limits, relations and locks."
        )
        click.echo(f"已写入 {'、'.join(written)}。" if zh else f"Wrote {', '.join(written)}.")
