"""What the documents say: the proposal of the round, the review sheets, the drafts of notices. All from the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from landopt.reasons import words
from landopt.reasons.texts import render_proposal
from landopt.report.papers.annex import joined
from landopt.report.papers.blocks import PAGE, Block, of_text, table
from landopt.report.papers.plain import one_line
from landopt.report.papers.review_sheet import joined_sheets, plan_mark, sheets
from landopt.report.source import Source

PER_FILE = 500
"""Review sheets a file: larger ones open slowly in Word."""


def proposal(source: Source, lang: str) -> list[Block]:
    """The supply proposal of the round: the plan as a whole, the methods, the sites."""
    zh = lang == "zh"
    plan, whole = source.plan, source.whole
    title = plan["case"]["title"][lang]
    blocks = [Block("title", one_line(f"{title}国有建设用地供应方案" if zh else f"{title}: supply proposal", 300))]
    if plan["case"]["overlays"]:
        names = one_line(", ".join(plan["case"]["overlays"]), 300)
        blocks.append(Block("draft", f"情景测算，未入档：{names}" if zh else f"Scenario, not on the record: {names}"))
    blocks += of_text(f"{title}\n{render_proposal(plan, source.case, lang)}")[1:]
    heads = ("供应方式", "件数", "宗数", "面积（公顷）", "起始价（万元）")
    heads_en = ("Method", "Cases", "Parcels", "Area (ha)", "Starting price (CNY 10,000)")
    blocks += [Block("heading", "附表1　供应方式汇总" if zh else "Table 1. Methods")]
    blocks.append(table([heads if zh else heads_en, *_method_lines(whole, lang)], (30, 12, 12, 20, 26)))
    blocks.append(Block("heading", "附表2　供应宗地一览" if zh else "Table 2. Sites"))
    blocks.append(table(_site_lines(source, lang), (7, 21, 24, 15, 13, 8, 14)))
    blocks.append(
        Block("sign", one_line(f"{source.case.round.authority}　　{words.date(plan['case']['as_of'], lang)}", 300))
    )
    blocks.append(Block("mark", plan_mark(source, lang)))
    return blocks


def _provenance(source: Source, lang: str) -> tuple[str, str]:
    """Which plan of which case this is, in two lines that fit."""
    plan = source.plan
    case = plan["case"]
    if lang == "zh":
        return f"方案编号 {plan['plan_id']}", f"截至{words.date(case['as_of'], lang)}　校验码 {case['digest'][:16]}"
    return f"Plan {plan['plan_id']}", f"as of {case['as_of']}, case {case['digest'][:16]}"


def _ten_thousand(yuan: int) -> str:
    return words.decimal(yuan, 4)


def _method_lines(whole: Mapping[str, Any], lang: str) -> Iterator[tuple[str, ...]]:
    lines = whole["methods"]
    for line in lines:
        yield (
            words.word("method", line["method"], lang),
            str(line["assignments"]),
            str(line["parcels"]),
            words.hectares(line["area_m2"]),
            _ten_thousand(line["start_price_yuan"]),
        )
    sums = {
        name: sum(line[name] for line in lines) for name in ("assignments", "parcels", "area_m2", "start_price_yuan")
    }
    yield (
        "合计" if lang == "zh" else "Total",
        str(sums["assignments"]),
        str(sums["parcels"]),
        words.hectares(sums["area_m2"]),
        _ten_thousand(sums["start_price_yuan"]),
    )


def _site_lines(source: Source, lang: str) -> Iterator[tuple[str, ...]]:
    zh = lang == "zh"
    yield (
        ("序号", "宗地", "平台", "用途", "面积（公顷）", "年限", "供应方式")
        if zh
        else ("No.", "Parcels", "Platform", "Use", "Area (ha)", "Term", "Method")
    )
    for number, entry in enumerate(source.plan["assignments"], 1):
        platform = source.platforms.get(entry["demand_id"] or "", {}).get("name")
        market = "公开市场" if zh else "open market"
        yield (
            str(number),
            "+".join(entry["parcel_ids"]),
            market if entry["demand_id"] is None else f"{entry['demand_id']} {one_line(platform or '', 120)}",
            ("、" if zh else ", ").join(words.word("use", use, lang) for use in entry["use"].split(";")),
            words.hectares(entry["area_m2"]),
            str(entry["term_years"] or "-"),
            words.word("method", entry["method"], lang),
        )


def review_sheets(source: Source, lang: str) -> list[list[Block]]:
    """A form of one page for each site supplied, in files of at most :data:`PER_FILE`."""
    forms = sheets(source, lang)
    return [joined_sheets(forms[start : start + PER_FILE]) for start in range(0, len(forms), PER_FILE)]


def technical_annex(source: Source, lang: str) -> list[list[Block]]:
    """The reasons at length, a part for each site, in files of at most :data:`PER_FILE`; shared notes once a file."""
    whole = of_text(source.texts[lang][source.plan["justification"].index(source.whole)])
    parts = [
        _sheet(source, place, lang)
        for place, record in enumerate(source.plan["justification"])
        if record["kind"] == "assignment"
    ]
    files = [parts[start : start + PER_FILE] for start in range(0, len(parts), PER_FILE)] or [[]]
    return [joined([whole, *files[0]], lang), *(joined(file, lang) for file in files[1:])]


def _sheet(source: Source, place: int, lang: str) -> list[Block]:
    plan = source.plan
    blocks = of_text(source.texts[lang][place])
    mark = f"方案编号 {plan['plan_id']}　校验码 {plan['case']['digest'][:16]}"
    mark = mark if lang == "zh" else f"Plan {plan['plan_id']}, case {plan['case']['digest'][:16]}"
    return [
        blocks[0],
        *[Block("subtitle", block.text) for block in blocks[1:2] if block.kind == "subtitle"],
        Block("subtitle", mark),
        *blocks[2 if len(blocks) > 1 and blocks[1].kind == "subtitle" else 1 :],
    ]


def notices(source: Source, lang: str) -> list[Block]:
    """Drafts: a supply notice for each site supplied by competition, a publication for each agreement."""
    blocks: list[Block] = []
    for number, record in enumerate(source.plan["justification"]):
        if record["kind"] != "assignment":
            continue
        place = next(
            at for at, entry in enumerate(source.plan["assignments"]) if entry["parcel_ids"] == record["parcel_ids"]
        )
        competitive = source.case.method(record["method"]).competitive
        if competitive or record["method"] == "agreement":
            draft = _notice(source, record, number, place, lang, competitive=competitive)
            blocks += [PAGE, *draft] if blocks else draft
    if not blocks:
        none = "本方案没有以公开竞价或协议方式供应的宗地。"
        blocks.append(
            Block("body", none if lang == "zh" else "No site of this plan is supplied by competition or agreement.")
        )
    return blocks


def _notice(
    source: Source, record: Mapping[str, Any], number: int, place: int, lang: str, *, competitive: bool
) -> list[Block]:
    zh = lang == "zh"
    entry, authority = source.plan["assignments"][place], one_line(source.case.round.authority, 120)
    method = words.word("method", record["method"], lang)
    marked = (
        "草稿（由方案生成，未经核定，不得对外发布）"
        if zh
        else "DRAFT made from the plan: not approved, not for publication"
    )
    if competitive:
        title = f"国有建设用地使用权{method}公告" if zh else f"Notice of supply of state land by {method}"
        opening = (
            f"经〔批准机关、文号待填〕批准，{authority}拟以{method}方式供应下列地块的国有建设用地使用权，现将有关事项公告如下。"
            if zh
            else f"Subject to approval [authority and number to be filled in], {authority} intends to supply the "
            f"following land by {method}."
        )
    else:
        title = "国有建设用地使用权协议出让意向公示" if zh else "Publication of an intended grant by agreement"
        days = record["fallback"]["days"] if record["fallback"] else None
        span = "" if days is None else f"，公示期{days}日" if zh else f" for {days} days"
        opening = (
            f"{authority}拟以协议方式出让下列地块的国有建设用地使用权，现予公示{span}。"
            "公示期内有其他意向用地者的，依法改以公开竞价方式供应。"
            if zh
            else f"{authority} intends to grant the following land by agreement and publishes this{span}. "
            "If another applicant comes forward in that time, the land is supplied by open competition."
        )
    rows = [("项目", "内容", "数据出处") if zh else ("Item", "Content", "Where the figure stands")]
    rows += _notice_rows(source, record, entry, number, place, lang)
    blocks = [Block("draft", marked), Block("title", title)]
    blocks += [Block("subtitle", line) for line in _provenance(source, lang)]
    blocks += [Block("body", opening), table(rows, (20, 40, 40))]
    closing = (
        "出让人、交易地点、网址、联系方式和其他竞买条件由经办部门补充。"
        if zh
        else "Grantor, place, address and further conditions are added by the office."
    )
    return [
        *blocks,
        Block("body", closing),
        Block("sign", f"{authority}　　　　年　月　日" if zh else f"{authority}   date"),
    ]


def _notice_rows(
    source: Source, record: Mapping[str, Any], entry: Mapping[str, Any], number: int, place: int, lang: str
) -> list[tuple[str, str, str]]:
    zh = lang == "zh"
    here, told = f"plan.json assignments[{place}]", f"plan.json justification[{number}]"
    join = "、" if zh else ", "
    table_ = source.case.parcels
    at = table_.index()
    rows: list[tuple[str, str, str]] = []

    def add(label_zh: str, label_en: str, value: str, where: str) -> None:
        rows.append((label_zh if zh else label_en, value or ("待定" if zh else "to be fixed"), where))

    add("地块编号", "Parcels", "+".join(entry["parcel_ids"]), f"{here}.parcel_ids")
    add("位置", "District", join.join(record["districts"]), f"{told}.districts")
    add("土地用途", "Use", join.join(words.word("use", use, lang) for use in record["uses"]), f"{told}.uses")
    add("面积", "Area", f"{words.hectares(entry['area_m2'])} {'公顷' if zh else 'ha'}", f"{here}.area_m2")
    rates = [
        _far(table_.column("far_min")[at[name]], table_.column("far_max")[at[name]]) for name in entry["parcel_ids"]
    ]
    add("容积率", "Floor area ratio", join.join(dict.fromkeys(filter(None, rates))), "case.json far_min, far_max")
    years = f"{entry['term_years']} {'年' if zh else 'years'}" if entry["term_years"] else ""
    if record["lease_years"]:
        years += f"（其中租赁期 {record['lease_years']} 年）" if zh else f", of which {record['lease_years']} of lease"
    add("使用年限", "Term", years, f"{here}.term_years")
    price = words.money(entry["start_price_yuan"], lang) if entry["start_price_yuan"] else ""
    if source.case.method(record["method"]).competitive:
        add("起始价", "Starting price", price, f"{here}.start_price_yuan")
        add(
            "竞买（投标）保证金",
            "Deposit",
            words.money(entry["deposit_yuan"], lang) if entry["deposit_yuan"] else "",
            f"{here}.deposit_yuan",
        )
    else:
        add("拟出让价款", "Expected price", price, f"{here}.expected_price_yuan")
        name = source.platforms.get(entry["demand_id"] or "", {}).get("name", "")
        add("意向用地者", "Intended user", f"{entry['demand_id']} {one_line(name, 300)}", f"{here}.demand_id")
    conditions = [condition[lang] for condition in entry["conditions"]]
    add(
        "签约前须备条件",
        "Before contract",
        "；".join(conditions) if conditions else ("无" if zh else "none"),
        f"{here}.conditions",
    )
    for k, step in enumerate(record["timetable"]):
        if step["step"] == "preparation":
            continue
        until = words.date(step["latest"], lang) if step["latest"] else ""
        span = (
            f"{words.date(step['earliest'], lang)}{'至' if zh else ' to '}{until}"
            if until
            else words.date(step["earliest"], lang)
        )
        rule = f"，{step['cite']['rule']}" if step["cite"] else ""
        add(step["zh"], step["en"], span, f"{here}.timetable[{k}]{rule}")
    return rows


def _far(low: Any, high: Any) -> str:
    shown: Sequence[str] = [words.decimal(int(value), 2) if value is not None else "" for value in (low, high)]
    if shown[0] and shown[1]:
        return f"{shown[0]} - {shown[1]}"
    return f"≤ {shown[1]}" if shown[1] else f"≥ {shown[0]}" if shown[0] else ""
