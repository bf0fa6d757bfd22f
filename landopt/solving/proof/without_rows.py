"""A proof under other amounts or without some rows: what of it still follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from constraints.audit.certificate.derived_rows import Range, rule_of
from constraints.audit.certificate.derived_rows import ranges as ends_of
from constraints.audit.certificate.price_tree import BadProof, Changes, Clique, Derived, Rounding, Sum, Tree
from constraints.audit.files.strict_json import LARGEST as LARGEST_WRITTEN
from landopt.solving.programme.arrays import LARGEST, Program
from landopt.solving.proof.certificate import compact, offer_of, rows_of
from landopt.solving.proof.cliques import opposed
from landopt.solving.proof.columns import Columns
from landopt.solving.proof.core import Core


def without_rows(prog: Program, tree: Tree, rows: Sequence[int]) -> tuple[Tree, Program]:
    """A proof as far as it holds without some rows, and under amounts that may differ from those it was made for.

    Derived rows that rest on a row left out, or that round nothing or do not follow at the amounts of ``prog``, are no
    longer priced.
    """
    own, out = len(prog.sense), set(rows)
    rhs = prog.rhs.copy()
    for row in out:
        rhs[row] = LARGEST if prog.sense[row] <= 0 else -LARGEST
    sense = prog.sense.copy()
    sense[list(out)] = np.where(prog.sense[list(out)] > 0, 1, -1)
    prog = replace(prog, rhs=rhs, sense=sense)
    alone_ = tuple((row, least) for row, least in tree.alone if row not in out)
    derived: list[Derived] = []
    given = [int(value) for value in prog.rhs[prog.own :]]
    ends: list[Range | None] = list(ends_of(rows_of(prog), given, own - prog.own))
    for number, one in enumerate(tree.derived):
        kept: Derived = one
        if isinstance(one, Clique):
            kept = one if alone_ == tree.alone and _goes(prog, one, alone_) else Clique(())
        elif any(of % 3 == 0 and of // 3 in out for of, _ in one.terms):
            kept = Clique(())
        right = 1
        if isinstance(kept, Rounding):
            try:
                right = rule_of(kept, ends)[1]
            except BadProof:
                kept = Clique(())
            if abs(right) > LARGEST_WRITTEN:
                kept, right = Clique(()), 1
        ends.append((None, right))
        out |= {own + number} if kept is not one else set()
        derived.append(kept)
    vectors = [replace(each, rows=tuple(of for of in each.rows if of[0] not in out)) for each in tree.vectors]
    return replace(tree, alone=alone_, derived=tuple(derived), vectors=vectors), prog


def named_rows(tree: Tree) -> set[int]:
    """The rows that a proof speaks of: prices, branches on, rounds, or holds an offer alone against."""
    found = {row for row, _ in tree.alone} | {row for each in tree.vectors for row, _ in each.rows}
    found |= {node.on.row for node in tree.nodes if isinstance(node.on, Sum)}
    rounded = [one for one in tree.derived if isinstance(one, Rounding)]
    return found | {of // 3 for one in rounded for of, _ in one.terms if of % 3 == 0}


def _goes(prog: Program, clique: Clique, alone: Changes) -> bool:
    """Whether no two offers of a clique can go together at the amounts of ``prog``."""
    named = [offer_of(prog, place, at) for place, at in clique.members]
    inner = compact(prog, np.unique([offer for offer in named if offer >= 0]))
    signs = {}
    for row, least in alone:
        sign = 1 if prog.sense[row] <= 0 else -1
        signs[row] = (sign, sign * int(prog.rhs[row]), least)
    core = Core(inner, Columns(inner.count), (), 1, 0)
    return all(
        int(opposed(inner, offer, core.part, core.on_parcel, signs).sum()) == inner.count - 1
        for offer in range(inner.count)
    )
