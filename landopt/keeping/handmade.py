"""Plans made elsewhere: a spreadsheet of parcel, method, platform, term and price, held against the case."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constraints.audit.cells import Reading
from constraints.audit.reread import Reader
from constraints.audit.restate import identify
from constraints.case import Case
from constraints.reading.rows import charged
from landopt.intake.names import method_named
from parcels.common.catalogue import Text, phrase, told
from parcels.common.issues import Issue, Refused, error, stop_on_errors
from parcels.common.kept import Written
from parcels.common.place import NOWHERE, Place, within

COLUMNS = {
    "parcel": ("parcel", "parcel_id", "parcels", "宗地", "宗地编号", "宗地号", "地块", "地块编号"),
    "method": ("method", "供应方式", "供地方式", "方式"),
    "demand": ("demand", "demand_id", "platform", "平台", "平台编号", "创新平台", "需求编号"),
    "period": ("period", "时段", "供应时段"),
    "term": ("term", "term_years", "年限", "使用年限"),
    "price": ("price", "price_yuan", "start_price_yuan", "起始价", "起始价(元)", "起始价（元）", "价格"),
}


@dataclass(frozen=True, slots=True)
class Handmade:
    """A plan made by hand: its rows as assignments (``where`` in the file), and the faults found while reading."""

    entries: tuple[dict[str, Any], ...]
    where: tuple[Place, ...]
    prices: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a handmade plan: the row (or "" for the plan), rule, key, used, limit, what is said."""

    where: Place
    rule: str
    key: tuple[str, ...]
    used: int | None
    limit: int | None
    said: Text

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON, its sentence in both languages."""
        plain = {name: getattr(self, name) for name in ("rule", "used", "limit")}
        return {**plain, "key": list(self.key), "where": str(self.where), **self.said.pair}


@dataclass(frozen=True, slots=True)
class HandmadeReport:
    """What a handmade plan breaks, what it scores (None where a row cannot be scored) and what it loses at least.

    ``loss`` is (least, most) in millipoints per tier: the plan falls short of the best lawful plan by at most ``most``
    (bound - objective) and by at least ``least`` (the proven plan's objective - objective). None without a proof.
    """

    findings: tuple[Finding, ...]
    objective: tuple[int, ...]
    loss: tuple[tuple[int, int], ...] | None
    assignments: int

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "assignments": self.assignments,
            "findings": [each.as_dict() for each in self.findings],
            "objective": list(self.objective),
            "loss": None if self.loss is None else [{"least": low, "most": high} for low, high in self.loss],
        }


def read_handmade(path: str | Path, case: Case) -> Handmade:
    """Read a CSV or XLSX of assignments; several parcels of one site in a cell, separated by "+", ";" or "、".

    Raises
    ------
    Refused
        With every fault of the file.
    """
    from parcels.formats.opening import open_table

    raw = open_table(Path(path), prefix="K")
    columns = {
        name: next((c for c in raw.columns if str(c).strip().lower() in names), None) for name, names in COLUMNS.items()
    }
    lacking = [name for name in ("parcel", "method") if columns[name] is None]
    if lacking:
        raise Refused([error("H001.column-missing", at=raw.where, name=name) for name in lacking])
    known = [each.id for each in case.methods]
    issues: list[Issue] = []
    entries: list[dict[str, Any]] = []
    places: list[Place] = []
    prices: list[int | None] = []
    for at, number in enumerate(raw.rows):
        cell = {name: _text(raw.columns[column][at]) if column is not None else "" for name, column in columns.items()}
        if not cell["parcel"]:
            continue
        where = within(raw.where, row=number)
        method = method_named(cell["method"], known)
        if method is None:
            issues.append(error("H002.no-supply-method", at=where, method=cell["method"], known=known))
        entries.append(
            {
                "parcel_ids": sorted(part.strip() for part in re.split(r"[+;、]", cell["parcel"]) if part.strip()),
                "demand_id": cell["demand"] or None,
                "method": method,
                "period": cell["period"] or None,
                "term_years": _whole(cell["term"], "H003.not-whole", where, issues),
            }
        )
        places.append(where)
        prices.append(_whole(cell["price"], "H004.not-whole", where, issues))
    if not entries:
        issues.append(error("H005.file-no-rows", at=raw.where))
    stop_on_errors(issues)
    return Handmade(tuple(entries), tuple(places), tuple(prices))


def _text(value: object) -> str:
    if value is None or value != value:  # an empty cell of a number column is NaN
        return ""
    text = str(value).strip()
    return text[:-2] if re.fullmatch(r"\d+\.0", text) else text


def _whole(text: str, key: str, where: Place, issues: list[Issue]) -> int | None:
    plain = text.replace(",", "").removesuffix("年")
    if not plain:
        return None
    if not plain.isdigit():
        issues.append(error(key, at=where, text=text))
        return None
    return int(plain)


def audit_handmade(
    case: Case, made: Handmade, plan: Mapping[str, Any] | None = None, reach: Any = None
) -> HandmadeReport:
    """Every breach of a handmade plan, its score, and its loss against a proven plan of the same case.

    Parameters
    ----------
    plan
        ``plan.json`` of a plan that stands (its audit passed) for the same case; prices the loss.
    reach
        For each demand row the parcels it could lawfully use, where rules ask for other applicants.
    """
    reader = Reader(case)
    if reach:
        reader.reach.update(reach)
        reader.count_reach()
    found: list[Finding] = []
    readings: list[Reading] = []
    for entry, where, price in zip(made.entries, made.where, made.prices, strict=True):
        asked = entry if entry["term_years"] is not None else {**entry, "term_years": _term(reader, entry)}
        reading, problems = identify(reader, asked)
        found += [Finding(where, rule, tuple(entry["parcel_ids"]), None, None, what) for rule, what in problems]
        if reading is None:
            continue
        readings.append(reading)
        if price is not None and reading.floor is not None:
            least = reading.floor * sum(reader.facts.area[row] for row in reading.site)
            if price < least:
                said = told("handmade-found.price", price=price, least=least)
                found.append(Finding(where, "price_floor", tuple(entry["parcel_ids"]), price, least, said))
    found += _twice(made)
    uses = reader.rows.uses(reading.rows for reading in readings)
    shown = reader.rows.shown(uses)
    penalty = charged(uses, len(case.objective.tiers))
    for use in uses:
        if use.broken:
            stated = shown[(use.row.rule, use.row.key)]
            used, limit = stated["used"], stated["limit"]
            said = told("handmade-found.limit", row=use.row.id, used=used, sense=use.row.sense, limit=limit)
            found.append(Finding(NOWHERE, use.row.rule, use.row.key, used, limit, said))
    objective = tuple(sum(r.score[t] for r in readings) - penalty[t] for t in range(len(penalty)))
    loss = None
    if plan is not None:
        tiers = plan["result"]["tiers"]
        pairs = zip(tiers, objective, strict=True)
        loss = tuple((tier["objective"] - own, tier["bound"] - own) for tier, own in pairs)
    return HandmadeReport(tuple(found), objective, loss, len(made.entries))


def _term(reader: Reader, entry: Mapping[str, Any]) -> int | None:
    """The term the rules give, where the sheet leaves it blank."""
    probe, _ = identify(reader, {**entry, "term_years": None})
    return probe.term or None if probe is not None else None


def _twice(made: Handmade) -> list[Finding]:
    found: list[Finding] = []
    for kind, what in (("parcel_ids", "parcel"), ("demand_id", "platform")):
        seen: dict[str, Place] = {}
        for entry, where in zip(made.entries, made.where, strict=True):
            value = entry[kind]
            for name in value if isinstance(value, list) else [value] if value else []:
                if name in seen:
                    said = told(f"handmade-found.{what}-twice", name=name, place=seen[name])
                    found.append(Finding(where, kind, (name,), 2, 1, said))
                seen.setdefault(name, where)
    return found


def _said(found: Finding, lang: str) -> str:
    said = told("note.at", place=found.where, text=found.said) if found.where else found.said
    return said.text(lang)


def text(report: HandmadeReport, lang: str) -> list[str]:
    """The report as lines of text."""
    from constraints.audit.finding import points

    lines = [f" ! {_said(each, lang)}" for each in report.findings]
    score = points(report.objective[0]) if report.objective else "-"
    lines.append(phrase("handmade.score", lang, count=report.assignments, score=score))
    if report.loss is not None:
        least, most = report.loss[0]
        lines.append(phrase("handmade.below", lang, least=points(least), most=points(most)))
    if report.findings:
        lines.append(phrase("handmade.unlawful", lang, count=len(report.findings)))
    else:
        lines.append(phrase("handmade.lawful", lang))
    return lines


def load(folder: Path) -> tuple[Case, dict[str, Any], dict[int, frozenset[int]]]:
    """The case, plan and reach of a plan folder."""
    from constraints.audit.files.plan_reader import PROOF_SCHEMA, load_json, read_plan
    from constraints.audit.listing import Listing
    from constraints.case import SCHEMA, from_json

    case = from_json(load_json(folder / "case.json", SCHEMA))
    reader = Reader(case)
    Listing(reader, folder / "offers.jsonl.gz", load_json(folder / "proof.json", PROOF_SCHEMA)).prepare()
    return case, read_plan(folder), reader.reach


def places(given: Path) -> Path:
    """The plan folder of a ROUND or PLAN argument.

    Raises
    ------
    Refused
        If there is none yet.
    """
    tried: Sequence[Path] = (given, given / "plan", given.parent, given.parent / "plan")
    for folder in tried:
        if (folder / "plan.json").is_file():
            return folder
    raise Refused(error("H006.there-no-plan", at=str(given), given=given))


def write_csv(path: Path, entries: Sequence[Mapping[str, Any]]) -> Written:
    """Write assignments as a sheet that :func:`read_handmade` reads (UTF-8 with a mark, so that Excel opens it).

    A file that is there and is not as landopt wrote it stays, and the new one gets a number.
    """
    import csv
    import io

    from parcels.common.kept import write_kept

    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["parcel", "method", "platform", "term", "price"])
    for entry in entries:
        who, years = entry["demand_id"] or "", entry["term_years"] or ""
        writer.writerow(["+".join(entry["parcel_ids"]), entry["method"], who, years, entry["expected_price_yuan"]])
    return write_kept(path, out.getvalue().encode("utf-8-sig"))
