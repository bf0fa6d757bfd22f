"""Hand-made records of a justification: a listing with a flexible term, an agreement, what is left out or held back."""

from __future__ import annotations

from landopt.reasons.explain.records import (
    Assignment,
    Citation,
    ConditionDue,
    Counted,
    CutOff,
    FactUsed,
    Fallback,
    Held,
    LimitUse,
    MethodTotal,
    NextBest,
    OtherMethod,
    PlanReasons,
    Price,
    PriceInput,
    Ruling,
    StepDue,
    TierBound,
    Unserved,
)

OPEN = Citation(
    "t.order.art4",
    "Industrial land is granted by open competition",
    "工业用地应当公开竞价出让",
    "示例规定",
    "示例令第4号",
    "第四条",
    3,
    "V2",
    "2007-11-01",
)
LIST = Citation(
    "t.list",
    "Land not in the catalogue is not allocated",
    "未列入目录的用地不得划拨",
    "示例目录",
    "",
    "第一条",
    3,
    "V1",
    "2001-10-22",
)
FLOOR = Citation(
    "t.floor",
    "Minimum price of industrial land",
    "工业用地出让最低价标准",
    "示例标准",
    "示例发〔2006〕307号",
    "",
    2,
    "V2",
    "2007-01-01",
)
QUOTA = Citation(
    "p.quota",
    "New land of the district",
    "各区新增用地指标",
    "本轮供地政策",
    "",
    "二",
    0,
    "V1",
    "2026-01-01",
    None,
    "policy",
)
TENSION = Citation(
    "t.stock", "Stock land is used first", "优先使用存量用地", "示例条例", "", "第十四条", 4, "V2", "2021-09-01"
)
NETWORK = Citation(
    "t.publication",
    "Applications are taken after publication",
    "公布后受理用地申请",
    "示例规定",
    "",
    "第九条",
    3,
    "V2",
    "2003-08-01",
)


def listing() -> Assignment:
    """A platform's plot by listing: intended user, flexible term, every section filled."""
    return Assignment(
        id="NS-0001+NS-0002",
        parcel_ids=("NS-0001", "NS-0002"),
        parcel_names=("Mingzhu A", "Mingzhu B"),
        districts=("横沥镇",),
        uses=("IND_M0",),
        land_sources=("new",),
        area_m2=23_156,
        demand_id="D07",
        platform="Joint science unit",
        platform_kind="multi_district",
        operator="private",
        role="intended_user",
        method="listing",
        right="grant",
        term_years=20,
        lease_years=None,
        period="2026-Q2",
        verdict="condition",
        grade="V2",
        facts=(FactUsed("use", "NS-0001", "IND_M0"), FactUsed("intending_users", "site", None)),
        permits=(Ruling(OPEN, "permit", (FactUsed("use", "NS-0001", "IND_M0"),)),),
        others=(
            OtherMethod(
                "allocation", "forbid", "rule", (Ruling(LIST, "forbid", (FactUsed("operator", "D07", "private"),)),)
            ),
            OtherMethod("agreement", "forbid", "default"),
            OtherMethod("bid", "warn", "verdict", (Ruling(OPEN, "warn", (), ("intending_users",)),)),
            OtherMethod("auction", "permit", "cost", (), 4_200),
            OtherMethod("lease", "permit", "cost", (), 0),
            OtherMethod("lease_then_grant", "permit", "filter", filter="want_right"),
        ),
        price=Price(
            600,
            FLOOR,
            "grade_price * year_factor",
            (PriceInput("benchmark_price", "3731.00 yuan/m2"),),
            3_731,
            86_395_036,
            "appraised",
            "0.682641",
            50,
            "0.05",
        ),
        conditions=(
            ConditionDue(
                OPEN, "t.order.art4", "intending_users", "establish the intending users", "查明意向用地者数", None
            ),
            ConditionDue(None, "default.listing", "", "entry conditions approved", "准入条件已批准", "Note 12"),
        ),
        notes=(),
        fallback=None,
        timetable=(
            StepDue("notice", "notice", "公告", "2026-04-20", "2026-05-08", OPEN),
            StepDue("contract", "contract", "签订合同", "2026-06-01", "2026-06-01", None),
        ),
        limits=(LimitUse(QUOTA, ("横沥镇",), "<=", 30_000, 30_000, "m2", 23_156, True),),
        next_sites=(NextBest(("NS-0009",), "D07", "listing", 1_250),),
        next_platforms=(NextBest(("NS-0001",), None, "listing", 0),),
        score=(4_106_100,),
        round_id="NS-2026-R1",
        as_of="2026-03-31",
    )


def agreement() -> Assignment:
    """An agreement with its fallback; unnamed platform data left blank."""
    return Assignment(
        id="NS-0031",
        parcel_ids=("NS-0031",),
        parcel_names=(),
        districts=("万顷沙镇",),
        uses=("RES",),
        land_sources=("stock",),
        area_m2=10_000,
        demand_id="D11",
        platform="",
        platform_kind="national",
        operator="pubinst",
        role="assignee",
        method="agreement",
        right="grant",
        term_years=50,
        lease_years=None,
        period=None,
        verdict="condition",
        grade="V2",
        facts=(),
        permits=(Ruling(NETWORK, "permit"),),
        others=(OtherMethod("listing", "permit", "cost", (), None),),
        price=Price(None, None, "", (), None, 0, "unknown"),
        conditions=(
            ConditionDue(NETWORK, "t.publication", "publication_closed", "publication closed", "公示已届满", None),
        ),
        notes=(Ruling(TENSION, "note"),),
        fallback=Fallback("listing", 30, (NETWORK,)),
        timetable=(),
        limits=(),
        next_sites=(),
        next_platforms=(),
        score=(500,),
        round_id="NS-2026-R1",
        as_of="2026-03-31",
        overlays=("research-first",),
    )


def unserved() -> Unserved:
    """A platform that a building would serve."""
    return Unserved(
        id="D22",
        platform="Test lab",
        platform_kind="technology",
        operator="hkmo",
        uses=("IND", "RES"),
        area_min_m2=5_000,
        area_max_m2=8_000,
        candidates=150,
        lawful=2,
        reasons=(
            Counted("uses", 120),
            Counted("area_large", 1, parcels=("NS-0040",)),
            Counted("forbid", 3, Ruling(LIST, "forbid"), ("NS-0003", "NS-0004", "NS-0005")),
            Counted("taken", 2, parcels=("NS-0001", "NS-0002")),
        ),
        best=(NextBest(("NS-0001",), "D22", "listing", 2_000),),
        premises=True,
        premises_cites=(TENSION,),
        divided=("NS-0040",),
        round_id="NS-2026-R1",
        as_of="2026-03-31",
    )


def held() -> Held:
    """A parcel nobody may take, that would serve a platform if divided."""
    return Held(
        id="NS-0040",
        name="",
        district="横沥镇",
        use="IND",
        area_m2=90_000,
        status="candidate",
        lawful=0,
        reasons=(Counted("no_market", 1), Counted("divided", 1)),
        best=(),
        divided=("D22",),
        round_id="NS-2026-R1",
        as_of="2026-03-31",
    )


def plan(*, closed: bool = False) -> PlanReasons:
    """The plan as a whole; ``closed`` with an audited gap of 0 and a proof that it is unique."""
    bound = 4_106_100 if closed else 4_121_000
    return PlanReasons(
        id="NS-2026-R1",
        stopped="optimal" if closed else "limit",
        scope="all",
        tiers=(TierBound(4_106_100, bound, 4_110_000, "0.000000" if closed else "0.003629"),),
        optimal=closed,
        unique=closed,
        methods=(
            MethodTotal("agreement", 1, 1, 10_000, 0),
            MethodTotal("listing", 1, 2, 23_156, 86_395_036),
        ),
        parcels_total=5,
        parcels_supplied=3,
        parcels_held=2,
        demands_total=3,
        demands_served=2,
        unmet=("D22",),
        limits=(LimitUse(QUOTA, ("横沥镇",), "<=", 30_000, 30_000, "m2", 0, True),),
        relaxed=(),
        tensions=(Ruling(TENSION, "note"),),
        notes=(Ruling(NETWORK, "note"),),
        ties={
            "status": "unique" if closed else "not examined",
            "by": "prices" if closed else "",
            "parcels": 0,
            "broken_by": [],
            "in_every": 3 if closed else None,
            "in_some": [],
            "more": 0,
        },
        cutoffs=(
            CutOff(
                "D07",
                "demand",
                NextBest(("NS-0001",), "D07", "listing", 0),
                NextBest(("NS-0009",), "D07", "listing", 1_250),
                4,
            ),
        ),
        sources=(OPEN, FLOOR),
        packs=("cn", "cn-guangdong"),
        rules_in_force=31,
        round_id="NS-2026-R1",
        as_of="2026-03-31",
    )
