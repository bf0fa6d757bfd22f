"""The texts of an example round: ``policy.toml`` (the round's own rules) and ``round.toml``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from landopt.invent.parcel_facts import Cell

_HEAD = """\
# The round's own rules: an invented example in the format of docs/rule-format.md. Every number here is a choice of the
# round, to be changed by the bureau; the law stands in the rule packs.
"""
_CITE = (
    'cite = {{ doc = "本轮供地政策（示例）｜Supply policy of the round (example)", article = "{article}", '
    'number = "示例〔2026〕1号｜EX-2026-1", rank = 0, grade = "V1", source = "policy.toml" }}\nfrom = 2026-01-01\n'
)
LAYERS = (
    "permanent_basic_farmland", "ecological_red_line", "ecological_red_line_core", "urban_boundary", "industrial_block",
    "zones", "points",
)  # fmt: skip
"""The layers of ``layers.gpkg``, by role."""
USUAL: tuple[tuple[str, str, str, tuple[tuple[str, int], ...]], ...] = (
    ("national", "national platforms", "国家级平台", (("allocation", 60), ("agreement", 30), ("listing", 10))),
    ("multi_district", "multi-district platforms", "跨区平台",
     (("allocation", 50), ("agreement", 30), ("listing", 10))),
    ("technology", "technology platforms", "技术平台", (("allocation", 40), ("agreement", 25), ("listing", 30))),
    ("incubator", "incubators", "孵化器", (("listing", 40), ("lease", 20), ("lease_then_grant", 15))),
    ("transformation", "transformation of results", "成果转化",
     (("lease_then_grant", 40), ("listing", 35), ("lease", 25))),
    ("headquarters", "headquarters", "总部", (("listing", 40),)),
    ("science_popularisation", "science popularisation", "科普平台", (("allocation", 50), ("listing", 10))),
)  # fmt: skip
"""The usual method of each platform kind, most usual first, with points (a proposal: the bureau edits it)."""


@dataclass(frozen=True, slots=True)
class Lock:
    """An earlier decision that fixes a parcel."""

    parcel: str
    demand: str
    method: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of the policy: areas m², counts, decimal texts."""

    quota: Mapping[str, int]
    listings: int
    competitive: str
    strategic_m2: int
    district_share: str
    leases: int
    stock_share: str = ""
    strategic_share: str = ""


def numbers(parcels: Sequence[Mapping[str, Cell]], demands: Sequence[Mapping[str, Cell]], contested: bool) -> Numbers:
    """Numbers that bind: parts of what the invented parcels and demands add up to."""
    wanted = {use for row in demands for use in str(row["uses"]).split(";")}
    ready = [
        row
        for row in parcels
        if row["use"] in wanted and all(row[k] for k in ("net_land", "converted", "expropriated", "in_annual_plan"))
    ]
    quota: dict[str, int] = {str(row["district"]): 0 for row in parcels}
    for row in ready:
        if row["land_source"] == "new":
            quota[str(row["district"])] += _int(row["new_area_m2"] or row["area_m2"])
    small = len(parcels) < 100  # little land: gentle numbers, so that a plan exists
    part = 25 if contested else 80 if small else 40
    total = sum(_int(row["area_m2"]) for row in ready)
    districts = len({row["district"] for row in ready})
    share = Decimal(min(90, math.ceil(150 / max(1, districts)) + (4 if contested else 10))) / 100
    return Numbers(
        quota={district: area * part // 100 // 1_000 * 1_000 for district, area in sorted(quota.items())},
        listings=max(4, len(demands) * (40 if contested else 52) // 100),
        competitive="0.97" if contested else "0.20" if small else "0.68",
        strategic_m2=0 if small else _share_of_demands(demands, "strategic_industry", total, contested),
        district_share="1" if small else f"{share}",
        stock_share="0.81" if contested else "",
        strategic_share="0.66" if contested else "",
        leases=max(3, len(demands) * (11 if contested else 16) // 100),
    )


def _share_of_demands(demands: Sequence[Mapping[str, Cell]], flag: str, total: int, contested: bool) -> int:
    asked = sum(_int(row["area_min_m2"]) for row in demands if row[flag])
    return min(asked * 60 // 100, total * (8 if contested else 34) // 100) // 1_000 * 1_000


def _int(cell: Cell) -> int:
    return int(str(cell))


# One text from top to bottom, in the order of the file it makes.
def policy_text(found: Numbers, lock: Lock | None, conflict: tuple[str, str] | None) -> str:
    """``policy.toml``."""
    quota = "\n".join(
        f'  {{ key = ["{district}"], amount = {amount}, unit = "m2" }},' for district, amount in found.quota.items()
    )
    parts = [
        _HEAD,
        _rule(
            "round.quota.new-land", "limit", "New construction land quota of each district",
            "各区新增建设用地指标", "1",
            'where = "land_source == \'new\'"\nmeasure = "new_area_m2"\nper = ["district"]\nsense = "<="\n'
            f"values = [\n{quota}\n]", domain=("P-QUOTA",),
        ),
        _rule(
            "round.share.competitive", "limit", "Least share of open competitive supply, by area",
            "公开竞价方式供地最低比例（按面积）", "2",
            f'where = "competitive"\nmeasure = "area_m2"\nsense = ">="\nshare = "{found.competitive}"',
        ),
        _rule(
            "round.cap.listings", "limit", "Listings, auctions and tenders the bureau can run this round",
            "本轮可组织的招标拍卖挂牌宗数上限", "3",
            f'where = "method in [\'listing\', \'auction\', \'bid\']"\nmeasure = "count"\nsense = "<="\n'
            f'values = [{{ amount = {found.listings}, unit = "count" }}]',
        ),
        _rule(
            "round.cap.leases", "limit", "Leases the bureau can supervise this round",
            "本轮可监管的租赁类供地宗数上限", "3",
            f'where = "method in [\'lease\', \'lease_then_grant\']"\nmeasure = "count"\nsense = "<="\n'
            f'values = [{{ amount = {found.leases}, unit = "count" }}]',
        ),
        _rule(
            "round.floor.strategic", "limit", "Least area for strategic emerging industries",
            "战略性新兴产业用地最低面积", "4",
            f'where = "strategic_industry"\nmeasure = "area_m2"\nsense = ">="\n'
            f'values = [{{ amount = {found.strategic_m2}, unit = "m2" }}]',
        ),
        _rule(
            "round.share.district", "limit", "Largest share of one district in all supply, by area",
            "单个片区供地面积最高占比", "5",
            f'where = ""\nmeasure = "area_m2"\nper = ["district"]\nsense = "<="\nshare = "{found.district_share}"',
        ),
    ]  # fmt: skip
    if found.stock_share:
        parts.append(
            _rule(
                "round.share.stock", "limit", "Least share of stock land, by area", "存量用地最低占比（按面积）", "4",
                'where = "land_source == \'stock\'"\nmeasure = "area_m2"\nsense = ">="\n'
                f'share = "{found.stock_share}"',
            )
        )  # fmt: skip
    if found.strategic_share:
        parts.append(
            _rule(
                "round.share.strategic", "limit", "Least share of strategic emerging industries, by area",
                "战略性新兴产业用地最低占比（按面积）", "4",
                'where = "strategic_industry"\nmeasure = "area_m2"\nsense = ">="\n'
                f'share = "{found.strategic_share}"',
            )
        )  # fmt: skip
    if lock is not None:
        parts.append(
            _rule(
                "round.lock.earlier-decision", "lock", "Fixed by an earlier decision", "已由此前会议确定", "6",
                f'parcels = ["{lock.parcel}"]\ndemand = "{lock.demand}"\nmethod = "{lock.method}"\n'
                'document = "2025年第11次供地会议纪要（示例）｜Minutes of the supply meeting 2025-11 (example)"',
            )
        )  # fmt: skip
    if conflict is not None:
        parts.append(
            _rule(
                "round.conflict.shared-access", "relation", "One access road: not both in the same round",
                "共用出入口，同一轮次只供其一", "7",
                f'relation = "conflict"\nparcels = ["{conflict[0]}", "{conflict[1]}"]',
            )
        )  # fmt: skip
    parts += [*_new_land_first(), *_usual()]
    return "\n".join(parts)


def _new_land_first() -> list[str]:
    tension_en = (
        "The round prefers new land (the wish of the 2018-2020 action plan); national texts say stock land first "
        "(Order 743 art. 14). The preference only adds points and never sets a rule aside."
    )
    tension_zh = (
        "本轮优先新增用地（沿用2018—2020年行动计划的取向）；国家规定优先使用存量建设用地"
        "（国务院令第743号第十四条）。该偏好只加分，不排除任何规则。"
    )
    return [
        _rule(
            "round.prefer.new-land", "preference", "New land first", "优先供应新增用地", "8",
            "when = \"land_source == 'new'\"\npoints_per_ha = 8", domain=("R-AP18",),
        ),
        _rule(
            "round.note.new-land", "note", "New land first against stock land first",
            "优先新增与优先存量的取向冲突", "8",
            f"when = \"land_source == 'new'\"\ntext = {{ en = \"{tension_en}\", zh = \"{tension_zh}\" }}\n"
            'flag = "tension"', domain=("R-AP18", "R-743-14"),
        ),
    ]  # fmt: skip


def _usual() -> list[str]:
    found = []
    for kind, en, zh, order in USUAL:
        for method, points in order:
            found.append(
                _rule(
                    f"round.usual.{kind.replace('_', '-')}.{method.replace('_', '-')}", "preference",
                    f"Usual method of {en}", f"{zh}常用供地方式", "9",
                    f"when = \"platform_kind == '{kind}'\"\nmethods = [\"{method}\"]\npoints = {points}",
                )
            )  # fmt: skip
    return found


def _rule(identifier: str, kind: str, en: str, zh: str, article: str, body: str, domain: Sequence[str] = ()) -> str:
    codes = f"domain = [{', '.join(f'"{code}"' for code in domain)}]\n" if domain else ""
    title = f'title = {{ en = "{en}", zh = "{zh}" }}\n'
    head = f'[[rule]]\nid = "{identifier}"\nkind = "{kind}"\n{codes}{title}'
    return head + _CITE.format(article=article) + body + "\n"


def _layer_line(role: str, districts: Sequence[str]) -> str:
    """A layer by role; protection layers say which districts they cover and the day they show."""
    if role not in PROTECTING or not districts:
        return f'{role} = "layers.gpkg|{role}"'
    covered = ", ".join(f'"{district}"' for district in districts)
    return f'{role} = {{ file = "layers.gpkg|{role}", coverage = [{covered}], as_of = 2026-03-31 }}'


PROTECTING = ("permanent_basic_farmland", "ecological_red_line", "ecological_red_line_core")


def usual_limits() -> str:
    """The limits that most rounds have, with round numbers to be replaced."""
    numbers = Numbers(
        quota={"district": 100_000},
        competitive="0.40",
        listings=20,
        leases=5,
        strategic_m2=50_000,
        district_share="0.50",
        stock_share="0.30",
        strategic_share="",
    )
    return policy_text(numbers, None, None)


def readme_text(parcels: int, demands: int, seed: int) -> str:
    """``README.md`` of the folder: what each file is, and that nothing in it is real."""
    return f"""\
# An invented round 虚构的示例轮次

{parcels} parcels and {demands} innovation platforms, made by `landopt new` with seed {seed}. Nothing here is real:
no parcel, platform, price or decision. Areas and prices are drawn around medians counted from public disclosures
of landchina.com (aggregates only; see `landopt/invent/calibration.toml`).
本文件夹内容均为虚构，面积与价格围绕公开数据的中位数随机生成。

| file 文件 | what 内容 |
|---|---|
| `round.toml` | the round: dates, inputs, rule packs, weights 轮次设置 |
| `parcels.gpkg` | candidate parcels, EPSG:4526 候选宗地 |
| `layers.gpkg` | farmland, red lines, boundary, industrial blocks, zones, stations 管控图层 |
| `demands.csv` | what the platforms ask for 平台用地需求 |
| `policy.toml` | the round's own limits, lock, conflict and preferences 本轮政策 |
| `records.csv` | documents on file 已备文件 |
| `sweep.toml` | numbers to try, for `landopt sweep . sweep.toml` 待试的数值 |
| `stress.toml` | what may happen, for `landopt stress plan stress.toml` 可能发生的变化 |

    landopt check .        read and check everything 检查
    landopt solve .        the plan and why 求解并说明理由
"""


def round_text(
    identifier: str, layers: bool, records: bool, housing: bool = False, districts: Sequence[str] = ()
) -> str:
    """``round.toml``; with ``housing`` the market takes housing land too."""
    lines = [
        "[round]",
        f'id = "{identifier}"',
        'title = { en = "Nansha innovation platforms, supply round 2026 (example)", '
        'zh = "南沙区创新平台供地2026年轮次（示例）" }',
        'authority = "规划和自然资源局南沙区分局（示例）｜Planning and natural resources bureau, Nansha (example)"',
        'land_reduction_rate = "0.05"',
        'purpose = "supply"',
        "as_of = 2026-03-31",
        "start = 2026-04-01",
        "end = 2026-12-31",
        "",
        "[inputs]",
        'parcels = "parcels.gpkg"',
        'demands = "demands.csv"',
        *(['records = "records.csv"'] if records else []),
        'use_codes = "landopt"',
        "",
    ]
    if layers:
        lines += ["[inputs.layers]", *(_layer_line(role, districts) for role in LAYERS), ""]
    lines += [
        "[rules]",
        'packs = ["cn", "cn-guangdong", "cn-guangzhou", "cn-guangzhou-nansha"]',
        'policy = ["policy.toml"]',
        "",
        "[objective]",
        "weights = { served = 100, preference = 1, revenue = 1 }",
        'ties = ["-area_m2", "demand_id"]',
        "",
        "[market]",
        'uses = ["IND", "COM", "BIZ", "HOU"]' if housing else 'uses = ["IND", "COM", "BIZ"]',
        'methods = ["listing"]',
        "",
        "[solve]",
        "time_limit_s = 120",
        'gap = "0.001"',
        "seed = 0",
        "threads = 1",
        'verdicts = ["permit", "condition"]',
        "",
    ]
    return "\n".join(lines)
