"""Neighbours as a graph for tools that read graphs: which parcels hold blocks together, and GraphML to draw or count.

A parcel is a joint (an articulation point) where its loss parts a connected block of parcels: supplied alone, it leaves
the parcels on either side no site in common.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from parcels.common.frozen import FactTable, Neighbours

if TYPE_CHECKING:
    import networkx

SHOWN = ("use", "district", "land_source", "status")
"""Facts of a parcel that its node carries, besides its area (m2) and whether it is a joint."""


def adjacency_graph(table: FactTable, neighbours: Neighbours) -> networkx.Graph:
    """A node a parcel (``area_m2``, ``joint`` and the facts of :data:`SHOWN`), an edge a shared side.

    ``shared_m`` of an edge is the length of the shared boundary in metres, exact to the decimetre.
    """
    import networkx as nx

    graph = nx.Graph()
    areas, shown = table.column("area_m2"), {name: table.column(name) for name in SHOWN}
    for row, name in enumerate(table.ids):
        facts = {key: str(column[row]) for key, column in shown.items() if column[row] is not None}
        graph.add_node(name, area_m2=int(str(areas[row] or 0)), joint=False, **facts)
    for (one, other), length in zip(neighbours.pairs, neighbours.shared_dm, strict=True):
        graph.add_edge(table.ids[one], table.ids[other], shared_m=length / 10)
    for name in nx.articulation_points(graph):
        graph.nodes[name]["joint"] = True
    return graph


def joints(graph: networkx.Graph) -> tuple[str, ...]:
    """The ids of the parcels whose loss parts a block, sorted."""
    return tuple(sorted(name for name, joint in graph.nodes(data="joint") if joint))


def graphml(graph: networkx.Graph) -> bytes:
    """The graph as GraphML (UTF-8), nodes and edges sorted so that the same parcels give the same bytes."""
    import networkx as nx

    ordered = nx.Graph()
    ordered.add_nodes_from(sorted(graph.nodes(data=True)))
    edges: Sequence[tuple[str, str, dict[str, float]]] = sorted(
        (min(one, other), max(one, other), facts) for one, other, facts in graph.edges(data=True)
    )
    ordered.add_edges_from(edges)
    out = io.BytesIO()
    nx.write_graphml_xml(ordered, out)
    return out.getvalue()
