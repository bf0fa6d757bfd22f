"""Every command of the desk with words that run it, found from the command tree: what is not listed fails its test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from cli import desk
from landopt.desk.path_argument import GatedPath
from landopt.invent.round import write_round
from tests.audit.ledgers import call, new_authority, new_keys

BY = ("--by", "officer-1")
READS: Mapping[str, tuple[str, ...]] = {
    "check": ("{round}",),
    "explain": ("{plan}",),
    "whynot": ("{plan}", "--parcel", "NS-0001"),
    "whatif": ("{plan}",),
    "core": ("{plan}",),
    "place": ("{plan}", "--demand", "GZ-001"),
    "diagnose": ("{round}",),
    "alternatives": ("{plan}", "-k", "1"),
    "compare": ("{plan}", "{plan}"),
    "rules ask": ("use=RES", "operator=pubinst", "intending_users=1"),
    "rules diff": ("2020-01-01", "2026-01-01"),
    "rules grades": (),
    "rules limits": (),
    "rules list": (),
    "rules show": ("cn.lal.art44",),
    "rules test": ("--packs", "gz"),
    "plans": ("{round}",),
    "audit": ("{plan}",),
    "receipt": ("{receipt}", "{plan}"),
    "database sql": ("landopt",),
    "round show": ("{round}",),
}
"""By command: words that run it and write nothing; names in braces are made by the test."""

WRITES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "new": (("{out}/new", "--parcels", "12", "--demands", "3"), ("{out}/new", "--blank")),
    "check": (("{round}", "--xlsx", "{out}/checked.xlsx"), ("{round}", "--repair")),
    "solve": (("{round}", "--gap", "0.1"),),
    "replan": (("{round}", "-o", "{out}/plan"),),
    "repair": (("{sheet}", "{round}", "-o", "{out}/mended.csv"),),
    "convert": (("{round}/parcels.gpkg", "{out}/parcels.geojson"), ("{round}/parcels.gpkg", "{out}/parcels.gdb")),
    "template": (("parcels", "-o", "{out}/parcels.xlsx"), ("demands", "-o", "{out}/demands.xlsx", "--from", "{round}")),
    "compare": (("{plan}", "{plan}", "--html", "{out}/compared.html"),),
    "joint": (("{joint}", "--gap", "0.5", "--jobs", "1", "-o", "{out}/joint"),),
    "sweep": (("{round}", "{sweep}", "--jobs", "1", "-o", "{out}/sweep"),),
    "stress": (("{plan}", "{round}/stress.toml", "--draws", "1", "--jobs", "1", "-o", "{out}/stress"),),
    "tradeoff": (("{round}", "--between", "served,revenue", "-n", "2", "--jobs", "1", "-o", "{out}/front"),),
    "model": (("{round}", "--mps", "{out}/m.mps", "--offers", "{out}/o.csv", "--graph", "{out}/g.graphml"),),
    "report": (
        ("{plan}", "--html", "--xlsx", "--entry", "--txt", "--notices"),
        ("{plan}", "--docx", "--pdf", "--gdb", "--qgz", "-o", "{out}/papers"),
        ("--templates", "{out}/templates"),
    ),
    "qgis install": (("--profile", "{profile}"),),
    "qgis uninstall": (("--profile", "{profile}"),),
    "arcgis": (("{out}/arcgis",),),
    "round open": (("{fresh}", "--signer", "{public}", *BY),),
    "round adopt": (("{round}", "{plan}", "--document", "D1", "--key", "{key}", *BY),),
    "round backup": (("{ledger}", "{out}/copy.sqlite"),),
    "round close": (("{round}", *BY),),
    "round enter": (("{round}", "{matters}", *BY),),
    "round next": (("{round}", "-o", "{out}/carried.csv"),),
    "round record": (("{round}", "{results}", *BY),),
    "round revoke": (("{round}", "--key", "{public}", "--reason", "lost", *BY),),
    "round sign": (("{round}", "--key", "{key}", *BY),),
    "round token": (("{round}", "{token}", *BY),),
    "round witness": (("{ledger}", "{out}/witness.txt"),),
}
"""By command: words that make it write, one set a form."""

SERVED: Mapping[str, tuple[str, ...]] = {
    "serve": ("{round}", "--no-open"),
    "pull": ("{round}",),
    "push": ("{plan}", "--to", "postgis://nowhere/landopt"),
    "database upgrade": ("postgis://nowhere/landopt",),
}
"""Commands that wait for a browser or ask a server: their writes are tested in tests/workbench and tests/central."""


def words_of(name: str) -> tuple[str, ...]:
    """Words that run a command."""
    found = READS.get(name) or SERVED.get(name)
    return found if found is not None else WRITES[name][0] if name in WRITES else ()


def tree(command: click.Command = desk, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from tree(inner, (*path, name))
        return
    yield " ".join(path), command


def paths() -> list[tuple[str, str]]:
    """Every argument and option of a command that takes a path."""
    return [
        (name, param.name or "")
        for name, command in tree()
        for param in command.params
        if isinstance(param.type, click.Path)
    ]


def with_path(name: str, attacked: str, path: Path) -> list[str]:
    """The words that run a command, one argument or option replaced by a path or given besides."""
    command = dict(tree())[name]
    given = list(words_of(name))
    param = next(each for each in command.params if each.name == attacked)
    assert isinstance(param.type, GatedPath), f"{name} {attacked} goes round the gate"
    if isinstance(param, click.Argument):
        order = [each.name for each in command.params if isinstance(each, click.Argument)]
        at = order.index(attacked)
        given[at : at + 1] = [str(path)]
        return [*name.split(), *given]
    for option in param.opts:
        if option in given:
            given[given.index(option) + 1] = str(path)
            return [*name.split(), *given]
    return [*name.split(), *given, param.opts[-1], str(path)]


def make_home(home: Path) -> Path:
    """A round that is opened and solved, one that is not opened, a joint one, keys, tables, a profile of QGIS."""
    for seed, name in enumerate(("round", "fresh", "joint/a", "joint/b"), start=5):
        write_round(home / name, parcels=12, demands=3, seed=seed)
    (home / "joint" / "joint.toml").write_text(
        '[joint]\nid = "p"\nrounds = ["*/round.toml"]\n\n[[limit]]\nid = "c"\nwhere = "competitive"\n'
        'measure = "area_m2"\nsense = ">="\nshare = "0.1"\n',
        encoding="utf-8",
    )
    (home / "sweep.toml").write_text(
        '[[vary]]\nname = "s"\nset = "round.share.competitive:share"\nvalues = ["0.1"]\n', encoding="utf-8"
    )
    (home / "keys").mkdir()
    new_keys(home / "keys")
    (home / "profile" / "python" / "plugins").mkdir(parents=True)
    (home / "matters.csv").write_text("what,date,document\ndecision,2026-04-02,D2\n", encoding="utf-8")
    (home / "sheet.csv").write_text("parcel_id,method,demand_id\nNS-0001,listing,\n", encoding="utf-8")
    (home / "tsa").mkdir()
    new_authority(home / "tsa")
    (home / "answer.tsr").write_bytes(b"0\x03\x02\x01\x00")
    for words in (
        ("round", "open", home / "round", "--signer", home / "keys" / "a.pub.pem", "--by", "officer-1"),
        ("solve", home / "round", "--gap", "0.1"),
        ("plans", home / "round"),
    ):
        done = call(*words)
        assert done.exit_code in (0, 4), done.output
    plan = json.loads((home / "round" / "plan" / "plan.json").read_bytes())
    sold = "+".join(plan["assignments"][0]["parcel_ids"])
    heading = "parcel_id,outcome,date,price_yuan,document"
    (home / "results.csv").write_text(f"{heading}\n{sold},withdrawn,2026-05-02,,D3\n", encoding="utf-8")
    (home / "failed.csv").write_text(f"{heading}\n{sold},failed,2026-05-02,,D3\n", encoding="utf-8")
    return home


def places(home: Path) -> dict[str, Path]:
    """What the names in braces stand for."""
    return {
        "round": home / "round",
        "fresh": home / "fresh",
        "plan": home / "round" / "plan",
        "joint": home / "joint" / "joint.toml",
        "sweep": home / "sweep.toml",
        "ledger": home / "round" / "ledger.sqlite",
        "sheet": home / "sheet.csv",
        "matters": home / "matters.csv",
        "results": home / "results.csv",
        "token": home / "answer.tsr",
        "public": home / "keys" / "a.pub.pem",
        "key": home / "keys" / "a.pem",
        "profile": home / "profile",
        "receipt": home / "receipt.json",
        "out": home / "out",
    }
