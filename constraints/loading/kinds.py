"""What a rule file may hold: every kind with every key, once, for the loader and for docs/rule-format.md."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from parcels.common.units import unit_factor


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table: its shape (see the loader), whether it must stand there, and what it means."""

    name: str
    shape: str
    required: bool
    meaning: str


COMMON = (
    Key("id", "id", True, "authority.instrument.point, lower case; the same in rows, justifications and audit"),
    Key("domain", "texts", False, "the ids of the legal fact base this rule encodes"),
    Key("kind", "kind", True, "one of the kinds below"),
    Key("title", "bilingual", True, "{ en = ..., zh = ... }"),
    Key("cite", "cite", True, "{ doc, article, number, rank, grade, source }; number and source may be blank"),
    Key("from", "date", True, 'first day in force; "2022" or "2022-08" counts from its first day, date_grade U'),
    Key("until", "date", False, "first day no longer in force"),
    Key("date_grade", "grade", False, "grade of the dates, where weaker than that of the text"),
    Key("exception_to", "ids", False, "the rules this one silences where it holds"),
    Key("reason", "text", False, "with until: answers the fair-competition flag (R-FCR-12)"),
    Key("leaves_to", "text", False, '"policy": the text itself leaves the choice to local policy (packs only)'),
    Key("leaves_words", "text", False, "with leaves_to: the words of the text that say so"),
)  # fmt: skip

KINDS: dict[str, tuple[Key, ...]] = {
    "eligibility": (
        Key("when", "condition", False, "where the rule holds; blank: always"),
        Key("verdict", "verdicts", True, "{ method = permit, condition, warn or forbid }"),
        Key("condition", "bilingual", False, "what must be on file when the verdict is condition"),
        Key("not_yet", "bool", False, "the method did not exist before: it is answered n/a, not forbidden"),
    ),
    "term": (
        Key("when", "condition", False, "where the rule holds"),
        Key("methods", "methods", True, "the methods whose term it bounds"),
        Key("min_years", "years", False, "least term"),
        Key("max_years", "years", False, "greatest term; one of the two is required"),
    ),
    "price_floor": (
        Key("when", "condition", False, "where the rule holds"),
        Key("methods", "methods", True, "the methods whose price it bounds"),
        Key(
            "per_m2",
            "price",
            True,
            "yuan per m2: max(...), min(...), + - *, exact decimals, number fields, year_factor",
        ),
    ),
    "limit": (
        Key("where", "condition", False, "which parcels of which offers count"),
        Key("measure", "measure", True, "area_m2, new_area_m2, count, expected_price_yuan or any integer field"),
        Key("per", "fields", False, "one row for each value of these fields"),
        Key("sense", "sense", True, '"<=" or ">="'),
        Key(
            "values",
            "values",
            False,
            "[{ from, until, key, amount, unit }]; unit m2, ha, mu, km2, yuan, wan_yuan or count",
        ),
        Key("share", "share", False, "a part of the sum over of, instead of values"),
        Key("of", "condition", False, "the base of share; blank: all chosen offers"),
        Key(
            "across",
            "across",
            False,
            "least: what the key furthest short misses is charged, once; spread: the largest key less the smallest",
        ),
        Key("keys", "keys", False, "with across: [[...], ...], the keys compared; blank: those of parcels or demands"),
        Key("used", "used", False, "[{ key, amount }]: already consumed this year, in the unit of the values"),
        Key("credit", "credit", False, "{ where, num, den }: the limit grows by num/den of the measure there"),
        Key("hard", "bool", False, "default true unless penalty is given"),
        Key(
            "penalty",
            "penalty",
            False,
            "points for each unit of the measure (m2, yuan, parcel) short or over; to 0.001, of a share per m2",
        ),
        Key("tier", "tier", False, "tier of the penalty, from 0"),
    ),
    "relation": (
        Key("relation", "relation", True, "conflict, together or requires (the first requires each other)"),
        Key("parcels", "names", False, "parcel ids, at least two"),
        Key("demands", "names", False, "or demand ids, at least two"),
    ),
    "preference": (
        Key("when", "condition", False, "where it counts; unknown does not match"),
        Key("methods", "methods", False, "default: every method"),
        Key("points", "integer", False, "points an offer"),
        Key("points_per_ha", "integer", False, "points a hectare; one of the two is required"),
    ),
    "lock": (
        Key("parcels", "names", True, "exactly these parcels"),
        Key("demand", "text", False, "blank: whoever, or the market"),
        Key("method", "method", True, "by this method"),
        Key("period", "text", False, "in this period of the round; blank: whenever"),
        Key("document", "text", True, "the decision that fixed it"),
    ),
    "note": (
        Key("when", "condition", False, "where the note is printed"),
        Key("methods", "methods", False, "default: every method"),
        Key("text", "bilingual", True, "the note"),
        Key("flag", "text", True, "a short word for machines, such as tension or fair-competition"),
    ),
}
"""The closed set of kinds, each with its own keys."""

LAW_KINDS = frozenset(("eligibility", "term", "price_floor", "note"))
"""What is read on the days of each period; limits, preferences, relations and locks are those of the round's date."""

CITE = ("doc", "article", "number", "rank", "grade", "source")
UNITS = {
    "m2": Fraction(1),
    "ha": Fraction(10_000),
    "km2": Fraction(1_000_000),
    "mu": Fraction(10_000, 15),
    "yuan": Fraction(1),
    "wan_yuan": Fraction(10_000),
    "count": Fraction(1),
    "": Fraction(1),
}
"""Base integers (m², yuan, offers) of a unit; an amount in mu is rounded half up."""
BASES = {"ha": "m2", "km2": "m2", "mu": "m2", "wan_yuan": "yuan"}
"""The base unit of each other unit."""


def unit_of(written: str) -> str | None:
    """The unit of an amount as a word of :data:`UNITS`, also where it is written as in headings (公顷, 10k yuan).

    None for what is no unit, and for one that is no word of :data:`UNITS` (亿元).
    """
    if written in UNITS:
        return written
    for base in ("m2", "yuan"):
        size = unit_factor(base, written)
        for name, known in UNITS.items():
            if known == size and BASES.get(name, name) == base:
                return name
    return None


VALUE_KEYS = ("from", "until", "key", "amount", "unit")
PACK_KEYS = ("id", "title", "complete_from", "checked_until", "note", "off")
ADOPT_KEYS = ("rule", "below", "document")
FACT_KEYS = ("parcel", "demand", "field", "value", "scenario")
APPLICANT_KEYS = ("demand", "reason", "by", "facts")
