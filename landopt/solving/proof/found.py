"""What a proof is made of before it is written."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from constraints.audit.certificate.price_tree import Clique, Derived, Split
from landopt.solving.programme.arrays import Ints
from landopt.solving.proof.core import Core
from landopt.solving.proof.relaxed import Path, Priced


@dataclass
class Leaf:
    """A node of the tree: its path (None: it contradicts itself), what is proved of it (times the scale), its vector.

    ``on``, ``zero`` and ``one`` are there once it is branched, ``hit`` are the offers that ``on`` names. Offers
    ``fixed`` lie more than ``room`` below the best of their part at the prices ``by``: no better plan under it
    takes them.
    """

    path: Path | None
    scaled: int
    vector: int = -1
    on: Split | None = None
    zero: Leaf | None = None
    one: Leaf | None = None
    hit: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    fixed: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    by: int = -1
    room: int = 0


@dataclass
class Found:
    """A proof before it is written.

    ``alone`` are the rows that an offer alone can exceed: sign, right-hand side, least activity. ``drops`` are prices
    (all of the programme's rows and parcels) with their margin, ``left`` the offers that stay, ``cap`` the bound aimed
    at in millipoints, ``plan`` a better plan met on the way.
    """

    scale: int
    alone: dict[int, tuple[int, int, int]]
    cap: int
    drops: list[tuple[Priced, int]] = field(default_factory=list)
    derived: list[Derived] = field(default_factory=list)
    core: Core | None = None
    left: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    vectors: list[Priced] = field(default_factory=list)
    root: Leaf | None = None
    plan: Ints | None = None
    rests: dict[Clique, dict[int, tuple[int, int, int]]] = field(default_factory=dict)


def leaves(root: Leaf) -> list[Leaf]:
    """The leaves of a tree."""
    found, stack = [], [root]
    while stack:
        leaf = stack.pop()
        if leaf.zero is None or leaf.one is None:
            found.append(leaf)
        else:
            stack += [leaf.one, leaf.zero]
    return found
