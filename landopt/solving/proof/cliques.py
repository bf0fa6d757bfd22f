"""Cliques of offers of which a plan takes one at most, where the relaxation takes more of them together.

Two offers cannot go together where they are of one part, share a parcel, or exceed a hard ``<=`` row whatever else is
taken (docs/proof.md §4). Cliques grow greedily from what the relaxation takes in part, then by offers it does not take
(Atamturk, Nemhauser and Savelsbergh 2000).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from constraints.audit.certificate.price_tree import MAX_MEMBERS
from landopt.solving.programme.arrays import Floats, Ints, Program
from landopt.solving.proof.certificate import Mask
from landopt.solving.proof.core import Core
from landopt.solving.tuning import USUAL

Signs = Mapping[int, tuple[int, int, int]]
"""Of hard rows: (sign that makes it ``<=``, right-hand side, least activity)."""


def opposed(prog: Program, offer: int, part: Ints, on_parcel: Mapping[int, Ints], signs: Signs) -> Mask:
    """The offers that cannot go with one: of its part, on its parcels, or too much with it for a row of ``signs``."""
    hit = np.asarray(part == part[offer])
    site = int(prog.site[offer])
    for parcel in prog.site_parcels[int(prog.site_start[site]) : int(prog.site_start[site + 1])].tolist():
        hit[on_parcel[parcel]] = True
    _, rows, values = prog.entries.of(np.array([offer]))
    for row, value in zip(rows.tolist(), values.tolist(), strict=True):
        if row in signs and value:
            sign, most, least = signs[row]
            offers, counted = prog.entries.row(row)
            hit[offers[(counted != 0) & (sign * (counted.astype(np.int64) + value) + least > most)]] = True
    hit[offer] = False
    return hit


def cliques(core: Core, x: Floats, worth: Floats, signs: Signs) -> list[Ints]:
    """Cliques over the core that ``x`` takes more than one of, the most broken first; ``worth``: who joins first."""
    prog = core.prog
    some = np.flatnonzero(x > 1e-6)
    some = np.sort(some[np.argsort(-x[some], kind="stable")[: USUAL.few]])
    against = {int(offer): opposed(prog, int(offer), core.part, core.on_parcel, signs) for offer in some}
    found: dict[tuple[int, ...], float] = {}
    for start in some[np.argsort(-x[some], kind="stable")].tolist():
        if x[start] > 1 - 1e-6:
            continue
        members, left = [start], against[start].copy()
        while True:
            open_ = some[left[some]]
            if not len(open_):
                break
            chosen = int(open_[np.argmax(x[open_])])
            members.append(chosen)
            left &= against[chosen]
        share = float(x[members].sum())
        if share > 1 + USUAL.overfull:
            found[tuple(sorted(members))] = share
    taken: list[Ints] = []
    for members_, _ in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[: USUAL.rows]:
        taken.append(_grown(core, list(members_), against, worth, signs))
    return taken


def _grown(core: Core, members: list[int], against: Mapping[int, Mask], worth: Floats, signs: Signs) -> Ints:
    """A clique with offers that the relaxation does not take, those of most worth first."""
    left = np.logical_and.reduce([against[offer] for offer in members])
    while left.any() and len(members) < MAX_MEMBERS:
        open_ = np.flatnonzero(left)
        chosen = int(open_[np.argmax(worth[open_])])
        members.append(chosen)
        left &= opposed(core.prog, chosen, core.part, core.on_parcel, signs)
    return np.sort(np.array(members))
