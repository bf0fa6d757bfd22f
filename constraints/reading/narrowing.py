"""The law of one kind of parcel: what is settled by a few facts that hardly vary is settled once, exactly.

A condition is three-valued and monotone: what is true or false while the other facts are unknown stays so whatever they
are. So clauses that a parcel's use or state already closes are left out, and conditions shrink to what is still open.
The answer is the same; it is found from fewer facts. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from constraints.language.evaluate import compiled
from constraints.language.nodes import And, Const, Node, Not, Or
from constraints.reading.book import CASE_DEFAULTS, Clause, RuleBook, Shelf, signature
from constraints.types import Method
from parcels.common.schema import Value

Facts = Mapping[str, Value]
_TRUE, _FALSE = Const(True), Const(False)
_KIND = ("use", "existing_right", "in_udb", "converted", "expropriated", "net_land", "ownership", "in_annual_plan")
_MAY_CHANGE = frozenset(_KIND[3:])
"""In an annual plan these are also asked about as they will be, so they settle nothing."""


def kind_facts(purpose: str) -> tuple[str, ...]:
    """The facts that make a kind of parcel in a round of this purpose."""
    fixed = (name for name in _KIND if purpose != "annual_plan" or name not in _MAY_CHANGE)
    return tuple(name for name in fixed if name not in CASE_DEFAULTS)


def simplified(node: Node, facts: Facts) -> Node:
    """The condition without what these facts settle; every other fact counts as open, not as unknown."""
    match node:
        case And(items):
            return _joined(And, items, facts, _TRUE, _FALSE)
        case Or(items):
            return _joined(Or, items, facts, _FALSE, _TRUE)
        case Not(item):
            inner = simplified(item, facts)
            return Const(not inner.value) if isinstance(inner, Const) else Not(inner)
    found = compiled(node)(facts)
    return node if found is None else _TRUE if found else _FALSE


def _joined(kind: type[And | Or], items: Iterable[Node], facts: Facts, idle: Const, settles: Const) -> Node:
    kept = []
    for item in items:
        found = simplified(item, facts)
        if found == settles:
            return settles
        if found != idle:
            kept.append(found)
    return idle if not kept else kept[0] if len(kept) == 1 else kind(tuple(kept))


def narrowed(clause: Clause, facts: Facts) -> Clause | None:
    """A clause as these facts leave it; None where it cannot hold."""
    if clause.last is not None:
        days = [narrowed(each, facts) for each in (replace(clause, last=None), clause.last)]
        both = [each for each in days if each is not None]
        return both[0] if len(both) == 1 else replace(both[0], last=both[1]) if both else None
    own = simplified(clause.node, facts)
    if own == _FALSE:
        return None
    exceptions = []
    for exception in clause.exceptions:
        left = narrowed(exception, facts)
        if left is None:
            continue
        if left.node == _TRUE and not left.exceptions:
            return None
        exceptions.append(left)
    return Clause(clause.rule, own, compiled(own), tuple(exceptions))


def narrow(book: RuleBook, method: Method, facts: Facts, noted: bool) -> Shelf:
    """The shelf of a method for parcels of one kind; without ``noted``, notes and looser rules are left out."""
    whole = book.shelves[method.id]
    known: dict[str, Value] = {name: facts[name] for name in book.kind if facts.get(name) is not None}
    known.update(method=method.id, right=method.right, competitive=method.competitive)
    done: dict[int, Clause | None] = {}

    def left(clauses: Sequence[Clause]) -> list[Clause]:
        for clause in clauses:
            if id(clause) not in done:
                done[id(clause)] = narrowed(clause, known)
        return [found for clause in clauses if (found := done[id(clause)]) is not None]

    floors = [(found, price) for clause, price in whole.floors if (found := narrowed(clause, known)) is not None]
    shelf = Shelf(
        permits=left(whole.permits),
        strict=left(whole.strict),
        adopted=left(whole.adopted),
        looser=left(whole.looser) if noted else [],
        terms=left(whole.terms),
        floors=floors,
        notes=left(whole.notes) if noted else [],
        full=left(whole.full),
        prices=whole.prices,
    )
    shelf.sign(signature([*shelf.every, *shelf.full], book.purpose))
    return shelf
