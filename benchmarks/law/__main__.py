"""``make bench-law``: the packs against real supplies, and the speed of the screen.

    python -m benchmarks.law [FOLDER] [--write]

FOLDER holds ``real_supply_counts.csv`` and ``real_term_counts.csv`` (default: ``../shared/data``).
The data stay outside the repository. ``--write`` puts the result into docs/concordance.md.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.law.real import BUSINESS, OPEN, ROUTES, Cell, Tally, cells, declared, tallies, terms, together
from benchmarks.law.speed import measure
from constraints.types import STRICTNESS

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
PUBLIC = ("RES", "GOV", "CUL", "HLT", "UTL")
VERDICTS = ("permit", "warn", "condition", "forbid")
START, END = "<!-- result -->", "<!-- end of result -->"
LIMIT_SECONDS = 1.0


def supplies(found: Sequence[Cell]) -> list[str]:
    """The table by use and source."""
    table = tallies(found)
    lines = ["| use | source | supplies | permit | warn | condition | forbid |", "|---|---|---:|---:|---:|---:|---:|"]
    for (use, source), tally in sorted(table.items()):
        lines.append(f"| {use} | {source} | {tally.total:,} | {_shares(tally)} |")
    for source in ("new", "stock"):
        tally = together(table, {use for use, _ in table}, source)
        lines.append(f"| all | {source} | {tally.total:,} | {_shares(tally)} |")
    return lines


def _shares(tally: Tally) -> str:
    return " | ".join(f"{tally.share(verdict):.1%}" for verdict in VERDICTS)


def thresholds(found: Sequence[Cell]) -> list[tuple[str, float, Callable[[float], bool], str]]:
    """What must hold of the concordance: name, value, test, the bound in words."""
    table = tallies(found)
    new = [cell for cell in found if cell.source == "new"]
    every = sum(cell.count for cell in new)
    ban = [c for c in new if c.use in BUSINESS and c.method in ("allocation", "agreement")]
    business = together(table, BUSINESS, "new")
    opened = Tally(Counter())
    for cell in found:
        if cell.method in OPEN and cell.verdict:
            opened.by[cell.verdict] += cell.count
    held = [c for c in found if c.source == "stock" and c.use in BUSINESS and c.method == "agreement"]
    return [
        (
            "business uses on new land by agreement or allocation, all forbidden, of all new-land supplies",
            sum(c.count for c in ban if c.verdict == "forbid") / every,
            lambda share: all(c.verdict == "forbid" for c in ban) and round(share, 3) == 0.07,
            "all forbidden; 7.0 %",
        ),
        (
            "all forbidden on new land, of all new-land supplies",
            sum(c.count for c in new if c.verdict == "forbid") / every,
            lambda share: share <= 0.075,
            "at most 7.5 %",
        ),
        (
            "forbidden, industrial, new land",
            together(table, ("IND",), "new").share("forbid"),
            lambda share: share <= 0.051,
            "at most 5.1 %",
        ),
        (
            "forbidden, research-education and public uses, new land",
            together(table, PUBLIC, "new").share("forbid"),
            lambda share: share <= 0.01,
            "at most 1 %",
        ),
        (
            "competitive supplies that are permit or warn",
            opened.share("permit", "warn"),
            lambda share: share >= 0.95,
            "at least 95 %",
        ),
        (
            "condition, business uses on new land",
            business.share("condition"),
            lambda share: share <= 0.05,
            "at most 5 %",
        ),
        (
            "agreement on existing land for business uses that is condition, not forbid",
            sum(c.count for c in held if c.verdict == "condition") / max(1, sum(c.count for c in held)),
            lambda share: share >= 0.999,
            "all",
        ),
    ]


def forbidden(found: Sequence[Cell]) -> list[str]:
    """Every forbidden cell of over 50 supplies with its likely route, and the verdict of declared retained land."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for cell in found:
        if cell.verdict == "forbid":
            counts[cell.use, cell.source, cell.method] += cell.count
    lines = [
        "| use | source | method | supplies | likely route | if retained land is declared |",
        "|---|---|---|---:|---|---|",
    ]
    for (use, source, method), count in counts.most_common():
        if count > 50:
            route, said = ROUTES.get((use, method), "UNEXPLAINED"), declared("2015", use, source, method)
            lines.append(f"| {use} | {source} | {method} | {count:,} | {route} | {said} |")
    return lines


def research(found: Sequence[Cell]) -> list[str]:
    """Supplies of research-education land to holders of the research industry, by method."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for cell in found:
        if cell.research and cell.use == "RES" and cell.verdict:
            counts[cell.source, cell.method, cell.verdict] += cell.count
    lines = ["| source | method | verdict | supplies |", "|---|---|---|---:|"]
    order = sorted(counts, key=lambda key: (key[0], -counts[key], STRICTNESS[key[2]]))
    return lines + [
        f"| {source} | {method} | {said} | {counts[source, method, said]:,} |" for source, method, said in order
    ]


def years(path: Path) -> list[str]:
    """The table of terms."""
    lines = [
        "| use | method | with a term | within | above | share within | none stated |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    total = inside = 0
    for use, method, told, within, above, blank in terms(path):
        total, inside = total + told, inside + within
        share = f"{within / told:.1%}" if told else ""
        lines.append(f"| {use} | {method} | {told:,} | {within:,} | {above:,} | {share} | {blank:,} |")
    lines.append(f"| all | | {total:,} | {inside:,} | {total - inside:,} | {inside / max(1, total):.1%} | |")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Print the result; exit code 1 if a threshold is missed."""
    folders = [Path(word) for word in arguments if not word.startswith("--")]
    folder = folders[0] if folders else DATA
    source = folder / "real_supply_counts.csv"
    good = True
    lines: list[str] = []
    if source.exists():
        found = list(cells(source))
        judged = sum(cell.count for cell in found if cell.verdict)
        every = sum(cell.count for cell in found)
        lines += [f"{every:,} supplies, {judged:,} judged; the others have no use code, source or method here.", ""]
        lines += [*supplies(found), "", "| what | value | bound | |", "|---|---:|---|---|"]
        for name, value, holds, bound in thresholds(found):
            good = good and holds(value)
            lines.append(f"| {name} | {value:.2%} | {bound} | {'ok' if holds(value) else 'MISSED'} |")
        lines += ["", "Forbidden cells of over 50 supplies:", "", *forbidden(found)]
        lines += ["", "Research-education land, holders of the research industry:", "", *research(found)]
        if (folder / "real_term_counts.csv").exists():
            lines += ["", "Terms (rules as of 2015):", "", *years(folder / "real_term_counts.csv")]
    else:
        lines.append(f"{source} is not there: the comparison with real supplies is left out.")
    seconds, rules = measure()
    good = good and seconds <= LIMIT_SECONDS
    print("\n".join(lines))
    print(f"\n{rules} rules x 100,000 parcels x every method, one platform: {seconds:.2f} CPU seconds (at most 1)")
    if "--write" in arguments and source.exists():
        page = ROOT / "docs" / "concordance.md"
        text = page.read_text(encoding="utf-8")
        before, after = text.split(START)[0], text.split(END)[1]
        page.write_text(f"{before}{START}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8", newline="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
