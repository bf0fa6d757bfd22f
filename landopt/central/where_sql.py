"""A condition of the rule language as SQL for a table: every value a parameter, every name a name of the table's own.

Numbers and dates are compared by the server, in the unit of the field. A column of words (codes, truth values, lists)
is read by the very reader of files: the server is asked which cells there are, the reader says what each means, and the
cells that hold go back as a list. So a condition chooses the rows it would choose in a file. An unknown fact chooses
nothing, as in a rule.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from constraints.language.nodes import And, Compare, CompareFields, Const, Contains, ContainsField, Flag, In, Node, Not
from parcels.common.issues import Refused, error
from parcels.common.schema import Value
from parcels.common.units import BadValue
from parcels.tables.columns import Column
from parcels.tables.fact_table import DASHES, blank
from parcels.tables.values import CONTROL, parser

if TYPE_CHECKING:
    from psycopg.sql import Composable

MOST_WORDS = 20_000
"""Different cells of a column that are read one by one."""
NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_SPACES = "".join(chr(code) for code in range(1, 0x3001) if chr(code).isspace())
"""What Python strips from both ends of a text."""
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SIGNS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Wheres:
    """What a condition is compiled against: columns by field, their SQL types, and the cells a column holds."""

    columns: Mapping[str, Column]
    types: Mapping[str, str]
    cells: Callable[[str], Sequence[str]]
    at: str
    use_codes: str = "landopt"
    values: list[Any] = field(default_factory=list)

    def compiled(self, node: Node) -> Composable:
        """The condition as SQL; its values are added to ``values`` in order.

        Raises
        ------
        Refused
            If it asks what the table has no column for, or cannot tell (B111).
        """
        from psycopg.sql import SQL

        match node:
            case Const(value):
                return SQL("TRUE") if value else SQL("FALSE")
            case Not(item):
                return SQL("(NOT {})").format(self.compiled(item))
            case And(items):
                return SQL("({})").format(SQL(" AND ").join([self.compiled(item) for item in items]))
            case Flag(name):
                return self._words(name, bool)
            case Compare(name, op, value):
                return self._compare(name, op, value)
            case In(name, values):
                return self._among(name, values)
            case Contains(name, values):
                wanted = set(values)
                return self._words(name, lambda fact: not wanted.isdisjoint(fact))
            case CompareFields(left, op, right, by_left, by_right):
                if self._type(left) in NUMBERS and self._type(right) in NUMBERS:
                    one, other = self._number(left, Fraction(by_left)), self._number(right, Fraction(by_right))
                    return SQL("({} {} {})").format(one, SQL(_SIGNS[op]), other)
                raise Refused(error("B111.fields", at=self.at, left=left, right=right))
            case ContainsField(name, item):
                raise Refused(error("B111.fields", at=self.at, left=name, right=item))
        return SQL("({})").format(SQL(" OR ").join([self.compiled(item) for item in node.items]))

    def _column(self, name: str) -> Column:
        found = self.columns.get(name)
        if found is None:
            raise Refused(error("B111.column", at=self.at, field=name, columns=sorted(self.columns)))
        return found

    def _type(self, name: str) -> str:
        return self.types[self._column(name).name]

    def _compare(self, name: str, op: str, value: int | str) -> Composable:
        from psycopg.sql import SQL

        column = self._column(name)
        if column.field.type == "int" and self._type(name) in NUMBERS:
            number = self._number(name, Fraction(1))
            return SQL("({} {} {})").format(number, SQL(_SIGNS[op]), self._value(value))
        if column.field.type == "date" and self._type(name) == "date":
            left = identifier(column.name)
            return SQL("({} {} {}::date)").format(left, SQL(_SIGNS[op]), self._value(value))
        if column.field.type == "text":
            return SQL("({} {} {})").format(self._text(column), SQL(_SIGNS[op]), self._value(value))
        return self._words(name, lambda fact: _ORDER[op](fact, value))

    def _among(self, name: str, values: Sequence[int | str]) -> Composable:
        from psycopg.sql import SQL

        column = self._column(name)
        if column.field.type == "int" and self._type(name) in NUMBERS:
            return SQL("({} = ANY({}))").format(self._number(name, Fraction(1)), self._value(list(values)))
        if column.field.type == "text":
            return SQL("({} = ANY({}))").format(self._text(column), self._value(list(values)))
        return self._words(name, lambda fact: fact in values)

    def _number(self, name: str, times: Fraction) -> Composable:
        """The cell in the unit and scale of the field, rounded half up as the reader does."""
        from psycopg.sql import SQL

        column = self._column(name)
        factor = column.factor * column.field.scale
        # by its shortest digits, as a driver hands a binary number over: numeric alone keeps 6 or 15 of them
        exactly = SQL("nullif({}::text, 'NaN')::numeric").format(identifier(column.name))
        scaled = SQL("round({} * {} / {})").format(
            exactly, self._value(factor.numerator), self._value(factor.denominator)
        )
        return SQL("({} * {})").format(scaled, self._value(int(times)))

    def _text(self, column: Column) -> Composable:
        """The cell as the reader compares it (``clean_text``); unknown where it is blank or crossed out."""
        from psycopg.sql import SQL

        cell = word_of(column.name, self.types[column.name])
        dashes = self._value(DASHES)  # values are told in the order in which the statement asks for them
        spaced = SQL("translate(replace(normalize({}, NFC), E'\\r\\n', ' '), E'\\t\\n', '  ')").format(cell)
        plain = SQL("btrim(regexp_replace({}, {}, '', 'g'), {})").format(
            spaced, self._value(CONTROL.replace("\x00", "\x01").replace("\ud800-\udfff", "")), self._value(_SPACES)
        )
        whole = SQL("(CASE WHEN btrim({}, {}) = '' THEN NULL ELSE {} END)")
        return whole.format(cell, dashes, plain)

    def _words(self, name: str, holds: Callable[[Any], bool]) -> Composable:
        """The rows whose cell is one of those that hold, false for those that do not, unknown for blank ones."""
        from psycopg.sql import SQL

        column = self._column(name)
        read = parser(column, self.use_codes)
        yes: list[str] = []
        no: list[str] = []
        for cell in self.cells(column.name):
            fact = self._read(read, cell, column.name)
            if fact is not None:
                (yes if holds(fact) else no).append(cell)
        default = column.field.default  # what the reader puts where a cell is blank; for most fields nothing
        otherwise = SQL("NULL" if default is None else "TRUE" if holds(default) else "FALSE")
        text = word_of(column.name, self.types[column.name])
        pattern = SQL("(CASE WHEN {t} = ANY({}) THEN TRUE WHEN {t} = ANY({}) THEN FALSE ELSE {otherwise} END)")
        return pattern.format(self._value(yes), self._value(no), t=text, otherwise=otherwise)

    def _read(self, read: Callable[[object], Value], cell: str, column: str) -> Value:
        if blank(cell):
            return None
        try:
            return read(cell)
        except BadValue as bad:
            raise Refused(error("B111.cell", at=self.at, column=column, cell=cell)) from bad

    def _value(self, value: Any) -> Composable:
        from psycopg.sql import Placeholder

        self.values.append(value)
        return Placeholder()


def word_of(column: str, kind: str) -> Composable:
    """A column's cell as text as the reader meets it: a list with ; between its items, 2.00 as 2."""
    from psycopg.sql import SQL

    texts = {"ARRAY": "array_to_string({}, ';')", "numeric": "nullif(trim_scale({})::text, 'NaN')"}
    return SQL(texts.get(kind, "{}::text")).format(identifier(column))


def identifier(*names: str) -> Composable:
    """A name of the table's own; a % in it is doubled, since every statement here has parameters."""
    from psycopg.sql import Identifier

    return Identifier(*(name.replace("%", "%%") for name in names))
