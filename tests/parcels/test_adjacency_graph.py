"""Neighbours as a graph: the parcels whose loss parts a block, against deletion one by one; GraphML that reads back."""

from __future__ import annotations

import io
import random

import networkx as nx
import pytest

from parcels.common.frozen import Neighbours, table
from parcels.common.schema import Value
from parcels.geometry.adjacency_graph import adjacency_graph, graphml, joints


def _random(seed: int) -> nx.Graph:
    draw = random.Random(seed)
    count = draw.randint(1, 14)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count) if draw.random() < 0.22]
    ids = [f"P-{number:02d}" for number in range(count)]
    areas: list[Value] = [1000 + number for number in range(count)]
    facts = {"area_m2": areas, "use": list[Value](["RES"] * count)}
    return adjacency_graph(table(ids, facts), Neighbours(tuple(pairs), tuple(draw.randint(10, 900) for _ in pairs)))


@pytest.mark.parametrize("seed", range(40))
def test_joints_are_the_parcels_whose_loss_parts_a_block(seed: int) -> None:
    """By definition: without the parcel its block has more parts than before."""
    graph = _random(seed)
    parts = nx.number_connected_components(graph)
    by_hand = []
    for name in sorted(graph):
        rest = graph.copy()
        rest.remove_node(name)
        if nx.number_connected_components(rest) > parts:
            by_hand.append(name)
    assert joints(graph) == tuple(by_hand)


def test_a_row_of_three_is_held_together_by_the_one_between() -> None:
    """Facts and lengths stand at nodes and edges in the units they are told in."""
    land = table(["A", "B", "C"], {"area_m2": [10_000, 20_000, 5_000], "use": ["RES", "IND", None]})
    graph = adjacency_graph(land, Neighbours(((0, 1), (1, 2)), (1205, 300)))
    assert joints(graph) == ("B",)
    assert graph.nodes["B"] == {"area_m2": 20_000, "joint": True, "use": "IND"}
    assert "use" not in graph.nodes["C"]
    assert graph.edges["A", "B"]["shared_m"] == 120.5


def test_graphml_reads_back_and_repeats() -> None:
    """The same parcels give the same bytes; names are escaped; what is read back is what was written."""
    land = table(["<A&B>", "宗地-2"], {"area_m2": [1, 2]})
    graph = adjacency_graph(land, Neighbours(((0, 1),), (10,)))
    written = graphml(graph)
    assert written == graphml(adjacency_graph(land, Neighbours(((0, 1),), (10,))))
    back = nx.read_graphml(io.BytesIO(written))
    assert dict(back.nodes(data=True)) == dict(graph.nodes(data=True))
    assert back.edges["<A&B>", "宗地-2"]["shared_m"] == 1.0
