"""Cliques in proofs: named where local limits keep offers apart, and not where other amounts let them go together."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from benchmarks import shapes
from constraints.audit.certificate.price_tree import Clique, read_tree
from landopt.solving.programme.arrays import Program, program
from landopt.solving.proof.certificate import Certificate
from landopt.solving.proof.without_rows import without_rows
from landopt.solving.search.tier_search import Answer, search
from landopt.solving.search_state import Options


def _solved(prog: Program) -> Answer:
    return search(prog, Options(Fraction(0), None, None, 0, 1, "highs"), lambda *_: None)


def test_cliques_of_local_limits_hold_at_their_amounts_alone() -> None:
    """A local limit keeps sites apart that it would not at twice the amount: the proof must not say so then."""
    named = 0
    for seed in (1, 2):
        prog = program(*shapes.local(seed, 90, 14, 9), 0)
        answer = _solved(prog)
        assert answer.bound == answer.objective
        tree = read_tree(answer.tree_json, len(prog.sense), prog.parcels)
        named += sum(isinstance(one, Clique) for one in tree.derived)
        looser = replace(prog, rhs=prog.rhs * 2)
        kept, _ = without_rows(prog, tree, ())
        assert kept == tree
        held, left = without_rows(looser, tree, ())
        bound = Certificate(left, held, answer.scale).value
        assert bound is not None
        found = search(looser, Options(Fraction(1, 20), None, 20, 0, 1, "highs"), lambda *_: None)
        assert bound >= found.objective > answer.objective
    assert named
