"""The rows of the tables as plain values: texts, numbers, dates. Everything is taken from the plan and its case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from landopt.reasons import words
from landopt.reasons.compared.moves import moves
from landopt.reasons.law_words.article_words import article_words
from landopt.report.mixed import said_of
from landopt.report.source import ParcelRow, Source
from parcels.common.catalogue import listed, phrase

Cell = str | int | float | date | None
ROLES = ("assignee", "intended_user", "market")
"""What a platform of the plan may be to its site; their words stand under ``tables.role``."""


def day(iso: str | None) -> date | None:
    """An ISO date as a date."""
    return None if iso is None else date.fromisoformat(iso)


def ha(area_m2: int | None) -> float | None:
    """Square metres as hectares, for a cell."""
    return None if area_m2 is None else area_m2 / 10_000


def new_area(source: Source, number: int, row: ParcelRow) -> int:
    """The new construction land in a parcel, m²: as stated, else all or none by its land source."""
    stated = source.case.parcels.column("new_area_m2")[number]
    return int(str(stated)) if stated is not None else row.area_m2 if row.land_source == "new" else 0


def _placed(cite: Mapping[str, Any], lang: str) -> str:
    """Document and article, without number and grade."""
    return words.placed(cite["doc"], article_words(cite["article"], lang), lang)


def citation(cite: Mapping[str, Any], lang: str) -> str:
    """Document, number and article of a rule and its grade, in one line; its id stands in the last sheet."""
    unread = "" if cite["grade"] == "V1" else phrase("packs.unread", lang)
    parts = (words.document(cite["doc"], lang), cite["number"], article_words(cite["article"], lang))
    where = listed(filter(None, parts), lang, "clause")
    return unread + phrase("tables.cited", lang, where=where, grade=cite["grade"])


def parcel_cells(source: Source, lang: str) -> Iterator[dict[str, Cell]]:
    """One row a supplied parcel; money stands once a site, at its first parcel."""
    table = source.case.parcels
    grades, low, high = table.column("grade"), table.column("far_min"), table.column("far_max")
    number = 0
    texts: dict[int, dict[str, Cell]] = {}
    for at, row in enumerate(source.rows):
        entry = row.entry
        if entry is None or row.record is None:
            continue
        number += 1
        if row.record not in texts:
            texts[row.record] = _of_record(source, source.plan["justification"][row.record], lang)
        steps = {step["step"]: step for step in entry["timetable"]}
        public = [steps[name] for name in ("notice", "applications", "display") if name in steps]
        first = public[0] if public else None
        leads = entry["parcel_ids"][0] == row.parcel_id
        platform = source.platforms.get(entry["demand_id"] or "", {})
        yield {
            "number": number,
            "district": row.district,
            "parcel_id": row.parcel_id,
            "parcel_name": row.name,
            "site": "+".join(entry["parcel_ids"]) if len(entry["parcel_ids"]) > 1 else "",
            "demand_id": entry["demand_id"],
            "platform": platform.get("name"),
            "role": phrase(f"tables.role.{entry['role']}", lang),
            "area_ha": ha(row.area_m2),
            "area_mu": row.area_m2 * 15 / 10_000,
            "new_ha": ha(new_area(source, at, row)),
            "land_source": words.word("land_source", row.land_source, lang),
            "use": words.word("use", row.use, lang),
            "mix": _mixed(source, row.parcel_id, entry, lang),
            "grade": _number(grades[at]),
            "far_min": _number(low[at], 100),
            "far_max": _number(high[at], 100),
            "method": words.word("method", entry["method"], lang),
            "right": words.word("right", entry["right"], lang),
            "term": entry["term_years"],
            "floor": entry["floor_price"],
            "start_price": entry["start_price_yuan"] / 10_000 if leads else None,
            "deposit": entry["deposit_yuan"] / 10_000 if leads and entry["deposit_yuan"] else None,
            "verdict": words.word("verdict", entry["verdict"], lang) if entry["verdict"] else None,
            "period": words.period(entry["period"], lang) if entry["period"] else None,
            "notice_from": day(first["earliest"]) if first else None,
            "quarter": words.quarter(first["earliest"], lang) if first else "",
            "user": platform.get("name") if entry["role"] == "assignee" else None,
            "contract_by": day(steps["contract"]["latest"]) if "contract" in steps else None,
            **texts[row.record],
        }


def _mixed(source: Source, parcel: str, entry: Mapping[str, Any], lang: str) -> str | None:
    """What parts a parcel of several uses has, with their terms where they differ."""
    said = said_of(source.mixed, [parcel], entry["term_years"], lang)
    return None if said is None else "\n".join(filter(None, (said["uses"], said["terms"])))


def _number(value: Any, scale: int = 1) -> Cell:
    return None if value is None else int(value) if scale == 1 else int(value) / scale


def _of_record(source: Source, record: Mapping[str, Any], lang: str) -> dict[str, Cell]:
    closed = []
    rests = [ruling["cite"] for ruling in record["permits"]]
    public = "others" not in record  # what is not established yet is not published
    later = [] if rests or public else source.found.compared(record).get("basis") or []
    key = "tables.once-established" if later else "tables.not-established"
    until = "" if rests or public else phrase(key, lang)
    for other in record.get("others", ()):
        if other["verdict"] == "forbid" or other["why"] in ("rule", "default", "filter", "term", "verdict"):
            cites = (ruling["cite"] for ruling in other["rulings"])
            rules = ", ".join(dict.fromkeys(_placed(cite, lang) for cite in cites))
            closed.append(words.word("method", other["method"], lang) + (f" ({rules})" if rules else ""))
    due = [
        condition[lang] + (f" [{condition['document']}]" if condition["document"] else "")
        for condition in record["conditions"]
    ]
    return {
        "basis": until + "\n".join(citation(cite, lang) for cite in rests or later if "grade" in cite),
        "law": until + "\n".join(dict.fromkeys(_placed(cite, lang) for cite in rests or later)),
        "excluded": "\n".join(closed),
        "conditions": "\n".join(due),
    }


def change_cells(source: Source, before: Mapping[str, Any], lang: str) -> Iterator[dict[str, Cell]]:
    """One row a parcel whose platform, method, period or term moved."""
    held = phrase("tables.held", lang)
    for number, entry in enumerate(moves(before, source.plan, source.case.parcels)["parcels"], 1):
        row: dict[str, Cell] = {
            "number": number,
            "parcel_id": entry["parcel_id"],
            "area_ha": ha(entry["area_m2"]),
        }
        for side in ("was", "now"):
            choice = entry[side]
            row[f"{side}_method"] = held if choice is None else words.word("method", choice["method"], lang)
            row[f"{side}_platform"] = None if choice is None else choice["demand_id"]
            row[f"{side}_term"] = None if choice is None else choice["term_years"]
        yield row


def unmet_cells(source: Source, lang: str) -> Iterator[dict[str, Cell]]:
    """Parcels held back, then platforms without a site, with every reason."""
    number = 0
    whys = {entry["parcel_id"]: entry["reasons"] for entry in source.plan["held"]}
    needs = {entry["demand_id"]: entry["reasons"] for entry in source.plan["unserved"]}
    for kind, said in (("held", whys), ("unserved", needs)):
        for record in source.plan["justification"]:
            if record["kind"] != kind:
                continue
            number += 1
            of_parcel = kind == "held"
            found = said.get(record["id"], [])
            uses = [record["use"]] if of_parcel else record["uses"]
            yield {
                "number": number,
                "kind": phrase("tables.parcel" if of_parcel else "tables.platform", lang),
                "id": record["id"],
                "name": record["name"] if of_parcel else record["platform"],
                "district": record["district"] if of_parcel else None,
                "use": listed((words.word("use", use, lang) for use in uses), lang),
                "area_ha": ha(record["area_m2"] if of_parcel else record["area_min_m2"]),
                "area_max_ha": None if of_parcel else ha(record["area_max_m2"]),
                "reasons": "\n".join(_without_id(reason, lang) for reason in found if "rule" in reason),
                "offers": "\n".join(_offered(source, reason["offer"], lang) for reason in found if "offer" in reason),
            }


def _without_id(reason: Mapping[str, Any], lang: str) -> str:
    """A reason with its law cited and without the id of the rule, which stands in the technical annex."""
    said = str(reason[lang])
    for sign in ("；", "; "):
        said = said.replace(f"{sign}{reason['rule']}", "")
    return said


def _offered(source: Source, offer: str, lang: str) -> str:
    """A lawful choice that was not taken (``PARCELS/PLATFORM/METHOD``), without what it would cost in points."""
    site, who, method = offer.split("/")[:3]
    given = {"site": site, "method": words.word("method", method, lang)}
    if who not in source.platforms:
        return phrase("tables.open-to-market", lang, **given)
    return phrase("tables.open-to-platform", lang, **given, platform=who)


def rule_cells(source: Source, lang: str) -> Iterator[dict[str, Cell]]:
    """The rules in force, with their sources and how many cases of the plan cite them."""
    cited: dict[str, int] = {}
    for entry in source.plan["assignments"]:
        for name in entry["rules"]:
            cited[name] = cited.get(name, 0) + 1
    for entry in (*source.plan["held"], *source.plan["unserved"]):
        for name in {reason["rule"] for reason in entry["reasons"] if "rule" in reason}:
            cited[name] = cited.get(name, 0) + 1
    for number, rule in enumerate(source.case.rules, 1):
        yield {
            "number": number,
            "title": rule.title.text(lang),
            "kind": phrase(f"tables.kind.{rule.kind}", lang),
            "doc": rule.cite.doc,
            "number_of_doc": rule.cite.number,
            "article": article_words(rule.cite.article, lang),
            "start": day(rule.start),
            "until": day(rule.until),
            "grade": rule.cite.grade,
            "origin": phrase("tables.origin-pack" if rule.origin in source.case.packs else "tables.origin-round", lang),
            "decided": cited.get(rule.id, 0),
        }
