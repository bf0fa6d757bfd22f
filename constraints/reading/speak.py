"""Rules as sentences, in English and Chinese. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from constraints.language.nodes import (
    And,
    Apply,
    Compare,
    CompareFields,
    Const,
    Contains,
    ContainsField,
    Flag,
    In,
    Node,
    Not,
    Number,
    Or,
    PriceField,
    PriceNode,
    YearFactor,
)
from constraints.loading.load import to_read
from constraints.reading.timetable import step_title
from constraints.types import Condition, Method
from parcels.common.catalogue import Bilingual, both, listed, phrase, titled, told
from parcels.common.schema import Field, fields

if TYPE_CHECKING:
    from constraints.reading.book import RuleBook

_SAYS = {"==": "is", "!=": "is-not", "<": "below", "<=": "at-most", ">": "above", ">=": "at-least"}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


Namer = Callable[[str, str, str], str]
"""The name of a code: (field, code, language) -> text."""


def plain(field: str, code: str, lang: str) -> str:
    """The code as it stands: the namer of those who keep no names."""
    return code


def sentence(node: Node, lang: str = "en", namer: Namer = plain) -> str:
    """A condition as a sentence.

    Parameters
    ----------
    node
        A parsed condition.
    lang
        ``en`` or ``zh``.
    namer
        Gives codes their names; else they stand as they are.
    """
    text = _say(node, lang, False, namer)
    return phrase("sentence.end", lang, text=text[:1].upper() + text[1:])


def _say(node: Node, lang: str, negated: bool, namer: Namer) -> str:
    match node:
        case Const(value):
            return phrase("sentence.always" if value != negated else "sentence.never", lang)
        case Not(item):
            return _say(item, lang, not negated, namer)
        case Flag(name):
            return phrase(_either("holds", negated), lang, field=_title(name, lang))
        case Compare(name, op, value):
            return _relation(name, _OPPOSITE[op] if negated else op, constant(name, value, lang, namer), lang)
        case CompareFields(left, op, right):
            return _relation(left, _OPPOSITE[op] if negated else op, _title(right, lang), lang)
        case In(name, values):
            shown = [constant(name, value, lang, namer) for value in values]
            return phrase(_either("one-of", negated), lang, field=_title(name, lang), values=shown)
        case Contains(name, codes):
            shown = [namer(name, code, lang) for code in codes]
            return phrase(_either("includes", negated), lang, field=_title(name, lang), values=shown)
        case ContainsField(name, item):
            return phrase(_either("among", negated), lang, item=_title(item, lang), field=_title(name, lang))
        case And(items) | Or(items):
            joined = isinstance(node, And) != negated
            parts = [_say(item, lang, negated, namer) for item in items]
            mixed = [isinstance(item, And | Or) for item in items]
            parts = [
                phrase("sentence.bracket", lang, text=part) if inner else part
                for part, inner in zip(parts, mixed, strict=True)
            ]
            return listed(parts, lang, "and" if joined else "or-if")


def _either(word: str, negated: bool) -> str:
    return f"sentence.{word}-not" if negated else f"sentence.{word}"


def _relation(name: str, op: str, value: str, lang: str) -> str:
    return phrase(f"sentence.{_SAYS[op]}", lang, field=_title(name, lang), value=value)


def _title(name: str, lang: str) -> str:
    if name == "year_factor":
        return phrase("sentence.year-factor", lang)
    return fields()[name].title(lang)


def constant(name: str, value: int | str, lang: str = "en", namer: Namer = plain) -> str:
    """A stored constant as people write it, with the field's unit."""
    field: Field = fields()[name]
    if isinstance(value, str):
        return namer(name, value, lang)
    number = decimal(Fraction(value, field.scale))
    if field.unit in ("", "%"):
        return f"{number}{field.unit}"
    return phrase("sentence.quantity", lang, number=number, unit=titled(field.unit, lang, "unit"))


def decimal(value: Fraction, places: int = 4) -> str:
    """An exact number as a decimal text, rounded half up to so many places where it does not end sooner."""
    scaled = value * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    sign, digits = ("-" if whole < 0 else ""), f"{abs(whole):0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}".rstrip("0").rstrip(".")
    return sign + text


def formula(node: PriceNode, lang: str = "en") -> str:
    """A price expression in words."""
    match node:
        case Number(value):
            return decimal(value)
        case PriceField(name):
            return _title(name, lang)
        case YearFactor():
            return _title("year_factor", lang)
        case Apply("max" | "min" as op, items):
            parts = [formula(item, lang) for item in items]
            return phrase("sentence.larger" if op == "max" else "sentence.smaller", lang, parts=parts)
        case Apply(op, (left, right)):
            return f"{formula(left, lang)} {'×' if op == '*' else op} {formula(right, lang)}"
    return ""


def established(rule: str, fact: str, book: RuleBook) -> Condition:
    """The condition that a fact be established before a rule can be answered."""
    field = fields().get(fact)
    title = Bilingual(field.title_en, field.title_zh) if field else fact
    said = told("condition.whether" if field and field.type == "bool" else "condition.establish", fact=title)
    if rule in book.rules:
        return Condition(rule, fact, both("condition.for-rule", said=said, rule=book.rules[rule].title))
    return Condition(rule, fact, Bilingual(said.text("en"), said.text("zh")))


def undetermined(rule: str, method: Method, as_of: str) -> Condition:
    """The condition that the law of a day be read where no rule at hand decides about a method."""
    text = both("condition.undetermined", method=method.title, date=as_of, read=to_read()[method.id])
    return Condition(rule, "law", text)


def prepared(rule: str, fact: str, steps: Sequence[str], ready: str) -> Condition:
    """The condition that upstream steps be done first, by the planned day."""
    return Condition(rule, fact, both("condition.prepared", steps=[step_title(step) for step in steps], date=ready))
