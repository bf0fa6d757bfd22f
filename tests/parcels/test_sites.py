"""Sites equal brute force over all connected subsets, each once, under relabelling too."""

from __future__ import annotations

import itertools
import random

import networkx as nx
import numpy as np
import pytest

from parcels.common.frozen import Neighbours
from parcels.geometry.sites import adjacency, connected_sites, shared_sites


def random_map(rng: random.Random, size: int, links: float) -> tuple[Neighbours, np.ndarray]:
    """A random map with areas close together, so that windows cut between sets."""
    pairs = tuple(pair for pair in itertools.combinations(range(size), 2) if rng.random() < links)
    return Neighbours(pairs, (10,) * len(pairs)), np.array([rng.randint(8, 12) for _ in range(size)], np.int64)


def brute(
    neighbours: Neighbours, area: np.ndarray, eligible: np.ndarray, low: int, high: int, most: int
) -> list[tuple[int, ...]]:
    """Every connected set by trying all subsets."""
    graph = nx.Graph(neighbours.pairs)
    graph.add_nodes_from(range(area.size))
    return sorted(
        chosen
        for size in range(1, most + 1)
        for chosen in itertools.combinations(np.flatnonzero(eligible).tolist(), size)
        if low <= sum(area[list(chosen)]) <= high and nx.is_connected(graph.subgraph(chosen))
    )


@pytest.mark.parametrize("seed", range(60))
def test_sites_of_one_wish_equal_brute_force(seed: int) -> None:
    """Nothing lawful is lost, nothing is listed twice, whatever the map and the window."""
    rng = random.Random(seed)
    neighbours, area = random_map(rng, rng.randint(1, 11), rng.choice([0.1, 0.3, 0.6]))
    eligible = np.array([rng.random() < 0.8 for _ in area])
    most, low = rng.randint(1, 5), rng.randint(1, 30)
    high = low + rng.randint(0, 30)
    start, adj = adjacency(neighbours, area.size)
    sites = connected_sites(start, adj, eligible, area, low, high, most, 10_000)
    assert sorted(sites.as_tuples()) == brute(neighbours, area, eligible, low, high, most)
    assert not sites.capped
    assert [sum(area[list(site)]) for site in sites.as_tuples()] == sites.area.tolist()


@pytest.mark.parametrize("seed", range(60))
def test_shared_sites_serve_every_wish(seed: int) -> None:
    """The shared list holds, for each wish, exactly the connected sets of the parcels it accepts."""
    rng = random.Random(1000 + seed)
    neighbours, area = random_map(rng, rng.randint(1, 11), rng.choice([0.1, 0.3, 0.6]))
    start, adj = adjacency(neighbours, area.size)
    wishes = np.array([[rng.random() < 0.6 for _ in range(3)] for _ in range(4)])
    classes = np.array([rng.randint(-1, 3) for _ in area], np.int32)
    most, high = rng.randint(1, 5), rng.randint(10, 60)
    sites = shared_sites(start, adj, classes, wishes, area, [high] * most, 10**6)
    tuples = sites.as_tuples()
    assert len(set(tuples)) == len(tuples)
    expected = set()
    for wish in range(3):
        eligible = (classes >= 0) & wishes[classes, wish]
        one = brute(neighbours, area, eligible, 1, high, most)
        expected.update(one)
        by_mix = [
            s for s, mix in zip(tuples, sites.mix.tolist(), strict=True) if wishes[list(sites.mixes[mix]), wish].all()
        ]
        assert sorted(by_mix) == one
    assert set(tuples) == expected
    for site, mix, total in zip(tuples, sites.mix.tolist(), sites.area.tolist(), strict=True):
        assert sites.mixes[mix] == tuple(sorted({int(classes[p]) for p in site}))
        assert total == sum(area[list(site)])


@pytest.mark.parametrize("seed", range(10))
def test_relabelling_changes_nothing(seed: int) -> None:
    """The same map under other row numbers has the same sites."""
    rng = random.Random(seed)
    neighbours, area = random_map(rng, 10, 0.3)
    order = list(range(10))
    rng.shuffle(order)
    moved = sorted((min(order[i], order[j]), max(order[i], order[j])) for i, j in neighbours.pairs)
    there = np.empty_like(area)
    there[order] = area
    results = []
    for links, areas in ((neighbours, area), (Neighbours(tuple(moved), (1,) * len(moved)), there)):
        start, adj = adjacency(links, 10)
        sites = shared_sites(start, adj, np.zeros(10, np.int32), np.ones((1, 1), bool), areas, [45] * 4, 10**6)
        one = connected_sites(start, adj, np.ones(10, bool), areas, 1, 45, 4, 10**6)
        assert sorted(sites.as_tuples()) == sorted(one.as_tuples())
        results.append(sites.as_tuples())
    assert sorted(tuple(sorted(order[p] for p in site)) for site in results[0]) == sorted(results[1])


@pytest.mark.parametrize("spread", [1, 2, 5])
def test_large_components_are_walked_by_balls(spread: int) -> None:
    """A component of more than 64 parcels (balls of more than 64 too) gives the same sets as the plain walk."""
    size = 90
    pairs = tuple((i, j) for i, j in itertools.combinations(range(size), 2) if j - i <= spread or (i * 7 + j) % 61 == 0)
    area = np.array([10 + i % 3 for i in range(size)], np.int64)
    start, adj = adjacency(Neighbours(pairs, (1,) * len(pairs)), size)
    most = 3
    shared = shared_sites(start, adj, np.zeros(size, np.int32), np.ones((1, 1), bool), area, [35] * most, 10**7)
    plain = connected_sites(start, adj, np.ones(size, bool), area, 1, 35, most, 10**7)
    assert sorted(shared.as_tuples()) == sorted(plain.as_tuples())


def test_the_cap_is_stated() -> None:
    """A list cut short says so, and what it lists is a part of the whole."""
    pairs = tuple(itertools.combinations(range(20), 2))
    area = np.full(20, 10, np.int64)
    start, adj = adjacency(Neighbours(pairs, (1,) * len(pairs)), 20)
    cut = connected_sites(start, adj, np.ones(20, bool), area, 1, 100, 5, 300)
    assert cut.capped
    assert len(cut) == 300
    shared = shared_sites(start, adj, np.zeros(20, np.int32), np.ones((1, 1), bool), area, [100] * 5, 0)
    assert shared.capped
    assert len(shared) == 20 + 190


def test_areas_that_pass_the_window_are_not_grown() -> None:
    """The largest usable area of each size prunes; nothing that fits is lost."""
    pairs = tuple((i, i + 1) for i in range(9))
    area = np.full(10, 10, np.int64)
    start, adj = adjacency(Neighbours(pairs, (1,) * 9), 10)
    sites = shared_sites(start, adj, np.zeros(10, np.int32), np.ones((1, 1), bool), area, [30, 30, 19], 10**6)
    assert sorted(map(len, sites.as_tuples())) == [1] * 10 + [2] * 9
