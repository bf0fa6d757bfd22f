"""The packs against 665,229 real supplies: what the rules say of the method that was actually used.

The counts (``real_supply_counts.csv``) know year, use, land source, method and whether the holder is of the research
industry. Everything else is unknown, and is treated so: the operator is every operator in turn, the intending users are
not known, and a verdict that differs between operators hangs on the operator, which is a condition.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from constraints.loading.load import in_force, load_pack, methods
from constraints.reading.asking.assumed import PRICES, complete
from constraints.reading.book import RuleBook, book
from constraints.reading.judge import judge
from constraints.types import STRICTNESS
from parcels.common.schema import Value, fields

PACKS = ("cn",)
"""The supplies come from all over the country: only the national pack applies."""
NEW = {"新增建设用地": "new", "新增建设用地(来自存量库)": "new", "现有建设用地": "stock"}
METHOD = {
    "划拨": "allocation",
    "协议出让": "agreement",
    "招标出让": "bid",
    "拍卖出让": "auction",
    "挂牌出让": "listing",
    "租赁": "lease",
}
USE = {
    "工业": "IND",
    "仓储": "STOR",
    "商服": "COM",
    "商品住宅": "HOU",
    "保障房": "HOU_AFF",
    "科教": "RES",
    "采矿": "MIN",
}
BY_NAME = {
    "商务金融用地": "BIZ",
    "机关团体用地": "GOV",
    "新闻出版用地": "CUL",
    "文体娱乐用地": "CUL",
    "医卫慈善用地": "HLT",
    "公共设施用地": "UTL",
    "公园与绿地": "UTL",
}
"""Transport, water, special and other land, scenic areas and unnamed public land have no use code and are left out."""
BUSINESS = ("IND", "STOR", "COM", "BIZ", "HOU")
OPEN = ("bid", "auction", "listing")
OPERATORS = tuple(code for code in fields()["operator"].values if code != "existing_user")
AS_OF = {"2012": "2012-03-01"}
"""The day a year's supplies are judged as of: its middle, but the 2012 contracts are of January to April."""
ROUTES = {
    ("HOU", "allocation"): "resettlement housing and plots of single households, booked as ordinary housing",
    ("HOU", "agreement"): "plots of single households, resettlement, village retained land, legacy cases",
    ("HOU", "lease"): "legacy leases of house plots",
    ("COM", "allocation"): "village retained land, public markets and stations booked as commerce",
    ("COM", "agreement"): "village retained land returned to collectives, legacy cases before the ban",
    ("BIZ", "allocation"): "public offices and village retained land booked as business",
    ("BIZ", "agreement"): "village retained land returned to collectives, legacy cases before the ban",
    ("IND", "allocation"): "utilities and works of state firms booked as industry, legacy cases",
    ("IND", "agreement"): "legacy cases with contracts before the ban, relocated works, village retained land",
    ("STOR", "allocation"): "state reserves (grain, materials) booked as storage",
    ("STOR", "agreement"): "legacy cases with contracts before the ban, relocated depots",
}
"""Why a forbidden cell of over 50 cases is in the books: the likely route. The counts themselves do not say."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of the counts: use code, source, method id ("" without one), verdict ("" where not judged)."""

    year: str
    use: str
    source: str
    method: str
    research: bool
    count: int
    verdict: str


@dataclass
class Tally:
    """Numbers of supplies by verdict."""

    by: Counter[str] = field(default_factory=Counter)

    def share(self, *verdicts: str) -> float:
        """The share of some verdicts in what was judged; 0 where nothing was."""
        total = sum(self.by.values())
        return sum(self.by[verdict] for verdict in verdicts) / total if total else 0.0

    @property
    def total(self) -> int:
        """All supplies judged."""
        return sum(self.by.values())


def use_code(row: Mapping[str, str]) -> str:
    """The use code of a line; "" where there is none."""
    return BY_NAME.get(row["use_zh"]) or USE.get(row["use_group"], "")


def cells(path: Path) -> Iterator[Cell]:
    """Every line of the counts, judged where its use, source and method have a code."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            use, source = use_code(row), NEW.get(row["land_source_zh"], "")
            method, count = METHOD.get(row["method_zh"], ""), int(row["n"])
            area = round(float(row["area_ha"]) * 10_000 / count) if use == "HOU" else 0
            told = bool(use and source and method)
            verdict = actual(row["year"], use, source, method, area > 200_000) if told else ""
            yield Cell(row["year"], use, source, method, row["rd_industry"] == "1", count, verdict)


@lru_cache(maxsize=64)
def national(as_of: str) -> RuleBook:
    """The national rules in force on a date."""
    return book(in_force([rule for name in PACKS for rule in load_pack(name)], as_of), methods(), as_of=as_of, law=True)


@lru_cache(maxsize=4096)
def actual(year: str, use: str, source: str, method: str, large: bool = False) -> str:
    """The verdict of a method for a use and source in a year, whoever asks.

    Parameters
    ----------
    large
        The parcel is above the housing cap of 20 ha.

    Notes
    -----
    New land has no holder. Existing land by allocation or agreement may go to its present holder, so the holder is one
    of those asked; land opened to all is net land whose former right has ended.
    """
    as_of = AS_OF.get(year, f"{year}-07-01")
    said = {_verdict(as_of, use, source, method, large, operator, "none") for operator in OPERATORS}
    if source == "stock" and method in ("allocation", "agreement"):
        said |= {_verdict(as_of, use, source, method, large, "existing_user", right) for right in ("alloc", "grant")}
    if len(said) == 1:
        return said.pop()
    return max(said, key=STRICTNESS.__getitem__) if said <= {"permit", "warn"} else "condition"


def declared(year: str, use: str, source: str, method: str) -> str:
    """The verdict where a village collective declares the parcel as its retained land."""
    as_of = AS_OF.get(year, f"{year}-07-01")
    return _verdict(as_of, use, source, method, large=False, operator="village_collective", right="none", retained=True)


def _verdict(
    as_of: str, use: str, source: str, method: str, large: bool, operator: str, right: str, *, retained: bool = False
) -> str:
    told: dict[str, Value] = {"use": use, "land_source": source, "operator": operator, "existing_right": right}
    told["retained_land"] = retained
    told |= {"intending_users": None, "key_supported": None, "for_sale": None, "takes_back": None, "present_use": None}
    told["area_m2"] = 200_001 if large else 10_000
    facts, _ = complete(told, as_of)
    quiet = frozenset(name for name in PRICES if name not in facts)
    rules = national(as_of)
    market = method in OPEN
    return judge(rules, facts, rules.methods[method], market=market, assumed=quiet).verdict


def tallies(found: Iterable[Cell]) -> dict[tuple[str, str], Tally]:
    """Tallies by (use, source)."""
    table: dict[tuple[str, str], Tally] = {}
    for cell in found:
        if cell.verdict:
            table.setdefault((cell.use, cell.source), Tally()).by[cell.verdict] += cell.count
    return table


def together(table: Mapping[tuple[str, str], Tally], uses: Iterable[str], *sources: str) -> Tally:
    """The sum of some tallies."""
    found = Tally()
    for use in uses:
        for source in sources:
            found.by.update(table.get((use, source), Tally()).by)
    return found


def terms(path: Path, year: str = "2015") -> list[tuple[str, str, int, int, int, int]]:
    """By use and method: supplies with a term, within the range of the rules, above it, and without a term (0)."""
    rules = national(AS_OF.get(year, f"{year}-07-01"))
    counts: dict[tuple[str, str], list[int]] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            use, method = use_code(row), METHOD.get(row["method_zh"], "")
            if not use or method in ("", "allocation"):
                continue
            years, count = int(row["term_years"]), int(row["n"])
            told: dict[str, Value] = {"use": use, "operator": "private", "intending_users": 3, "for_sale": False}
            facts, _ = complete(told, rules.as_of)
            most = judge(rules, facts, rules.methods[method], assumed=frozenset(PRICES)).term_max
            cell = counts.setdefault((use, method), [0, 0, 0, 0])
            if years == 0:
                cell[3] += count
                continue
            cell[0] += count
            cell[1 if most is None or years <= most else 2] += count
    return [(use, method, a, b, c, d) for (use, method), (a, b, c, d) in sorted(counts.items())]
