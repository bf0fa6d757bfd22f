"""The map of a round without a plan: the parcels as they are, in the container that the map page reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landopt.reasons import words
from landopt.report.map.codec import Codes, Container
from landopt.report.map.payload import add_polygons
from landopt.report.papers.plain import plain
from parcels.common.issues import Refused

if TYPE_CHECKING:
    from landopt.intake.assemble import Loaded

_BLANK = ("method", "demand", "verdict", "role", "term", "price", "site", "record")


def outline_payload(loaded: Loaded) -> str:
    """The container as text.

    Raises
    ------
    Refused
        If the round cannot be read; with every problem.
    """
    if loaded.case is None or loaded.geometry is None:
        raise Refused([issue for issue in loaded.issues if issue.level == "error"])
    case, table = loaded.case, loaded.case.parcels
    container = Container({"ids": [plain(name) for name in table.ids], "crs": str(case.crs or "")})
    districts, uses, sources = Codes(), Codes(), Codes()
    columns: dict[str, list[int]] = {name: [-1] * len(table) for name in _BLANK}
    columns["area"] = [int(str(value or 0)) for value in table.column("area_m2")]
    for name, codes, field in (
        ("district", districts, "district"),
        ("use", uses, "use"),
        ("source", sources, "land_source"),
    ):
        columns[name] = [codes.code(str(value or "")) for value in table.column(field)]
    for name, column in columns.items():
        container.add(name, column)
    names = [plain(str(value or "")) for value in table.column("parcel_name")]
    container.head.update(
        names=names if any(names) else [],
        districts=[plain(name) for name in districts.values],
        uses=uses.values,
        sources=sources.values,
        methods=[method.id for method in case.methods],
        platforms=_platforms(case),
        words=_words(uses.values, [method.id for method in case.methods]),
    )
    add_polygons(container, loaded.geometry)
    return container.pack()


def _platforms(case: Any) -> list[dict[str, Any]]:
    table = case.demands
    columns = {name: table.column(field) for name, field in (("name", "name"), ("kind", "platform_kind"))}
    return [
        {"id": plain(identifier), "name": plain(str(columns["name"][row] or "")), "kind": columns["kind"][row]}
        for row, identifier in enumerate(table.ids)
    ]


def _words(uses: list[str], methods: list[str]) -> dict[str, Any]:
    subjects = {"use": uses, "method": methods, "land_source": ("new", "stock")}
    return {
        subject: {code: {lang: words.word(subject, code, lang) for lang in ("zh", "en")} for code in codes}
        for subject, codes in subjects.items()
    }
