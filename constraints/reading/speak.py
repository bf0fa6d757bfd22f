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
from constraints.reading.timetable import TITLES
from constraints.types import Condition, Method
from parcels.common.catalogue import Bilingual
from parcels.common.schema import Field, fields

if TYPE_CHECKING:
    from constraints.reading.book import RuleBook

_EN = {"==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_ZH = {"==": "为", "!=": "不为", "<": "小于", "<=": "不超过", ">": "大于", ">=": "不少于"}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_UNITS_ZH = {
    "m2": "平方米",
    "yuan/m2": "元/平方米",
    "yuan": "元",
    "years": "年",
    "days": "日",
    "working days": "个工作日",
    "months": "个月",
}


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
    return text[:1].upper() + text[1:] + "." if lang == "en" else text + "。"


def _say(node: Node, lang: str, negated: bool, namer: Namer) -> str:
    match node:
        case Const(value):
            return _pick(lang, "always", "一律") if value != negated else _pick(lang, "never", "从不")
        case Not(item):
            return _say(item, lang, not negated, namer)
        case Flag(name):
            yes = _pick(lang, " holds", "：是") if not negated else _pick(lang, " does not hold", "：否")
            return _title(name, lang) + yes
        case Compare(name, op, value):
            return _relation(name, _OPPOSITE[op] if negated else op, constant(name, value, lang, namer), lang)
        case CompareFields(left, op, right):
            return _relation(left, _OPPOSITE[op] if negated else op, _title(right, lang), lang)
        case In(name, values):
            shown = [constant(name, value, lang, namer) for value in values]
            word = _pick(lang, " is none of ", "不属于") if negated else _pick(lang, " is one of ", "属于")
            return f"{_title(name, lang)}{word}{_list(shown, lang)}"
        case Contains(name, codes):
            word = _pick(lang, " does not include ", "不含") if negated else _pick(lang, " includes ", "包含")
            return f"{_title(name, lang)}{word}{_list([namer(name, code, lang) for code in codes], lang)}"
        case ContainsField(name, item):
            word = _pick(lang, " is not among ", "不在") if negated else _pick(lang, " is among ", "在")
            return f"{_title(item, lang)}{word}{_title(name, lang)}" + _pick(lang, "", "之内")
        case And(items) | Or(items):
            joined = isinstance(node, And) != negated
            word = _pick(lang, " and ", "，且") if joined else _pick(lang, " or ", "，或")
            parts = [_say(item, lang, negated, namer) for item in items]
            mixed = [isinstance(item, And | Or) for item in items]
            return word.join(_bracket(part, lang) if inner else part for part, inner in zip(parts, mixed, strict=True))


def _pick(lang: str, english: str, chinese: str) -> str:
    return chinese if lang == "zh" else english


def _bracket(text: str, lang: str) -> str:
    return f"（{text}）" if lang == "zh" else f"({text})"


def _relation(name: str, op: str, value: str, lang: str) -> str:
    return f"{_title(name, lang)}{_ZH[op]}{value}" if lang == "zh" else f"{_title(name, lang)} {_EN[op]} {value}"


def _title(name: str, lang: str) -> str:
    if name == "year_factor":
        return _pick(lang, "year factor", "年期修正系数")
    return fields()[name].title(lang)


def _list(values: Sequence[str], lang: str) -> str:
    return "、".join(values) if lang == "zh" else ", ".join(values)


def constant(name: str, value: int | str, lang: str = "en", namer: Namer = plain) -> str:
    """A stored constant as people write it, with the field's unit."""
    field: Field = fields()[name]
    if isinstance(value, str):
        return namer(name, value, lang)
    number = decimal(Fraction(value, field.scale))
    unit = _UNITS_ZH.get(field.unit, field.unit) if lang == "zh" else field.unit
    return f"{number}{unit}" if lang == "zh" or unit == "%" else f"{number} {unit}".strip()


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
            word = _pick(
                lang, "the larger of" if op == "max" else "the smaller of", "取高者" if op == "max" else "取低者"
            )
            return f"{word}({_list([formula(item, lang) for item in items], lang)})"
        case Apply(op, (left, right)):
            return f"{formula(left, lang)} {'×' if op == '*' else op} {formula(right, lang)}"
    return ""


def established(rule: str, fact: str, book: RuleBook) -> Condition:
    """The condition that a fact be established before a rule can be answered."""
    field = fields().get(fact)
    title = book.rules[rule].title if rule in book.rules else None
    en, zh = (field.title_en, field.title_zh) if field else (fact, fact)
    after_en, after_zh = (f": {title.en}", f"：{title.zh}") if title else ("", "")
    whether_en, whether_zh = ("whether: ", "是否") if field and field.type == "bool" else ("", "")
    return Condition(rule, fact, Bilingual(f"establish {whether_en}{en}{after_en}", f"查明{whether_zh}{zh}{after_zh}"))


def undetermined(rule: str, method: Method, as_of: str) -> Condition:
    """The condition that the law of a day be read where no rule at hand decides about a method."""
    read = to_read()[method.id]
    en = f"no rule read so far decides {method.title.en} on {as_of}; read {read.en}"
    zh = f"{as_of} 当时对{method.title.zh}尚无已核实的规定，应查阅{read.zh}"
    return Condition(rule, "law", Bilingual(en, zh))


def prepared(rule: str, fact: str, steps: Sequence[str], ready: str) -> Condition:
    """The condition that upstream steps be done first, by the planned day."""
    en = ", ".join(TITLES[step].en for step in steps)
    zh = "、".join(TITLES[step].zh for step in steps)
    return Condition(rule, fact, Bilingual(f"first {en}, by planning on {ready}", f"须先完成{zh}，预计 {ready} 完成"))
