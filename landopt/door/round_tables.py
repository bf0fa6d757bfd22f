"""A round that was read: its tables, who borders whom, its lawful offers."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from landopt.job import Job

if TYPE_CHECKING:
    import geopandas
    import networkx
    import pandas as pd

    from constraints.case import Case
    from landopt.intake.assemble import Loaded
    from landopt.screening.offers import Offers


@dataclass(frozen=True)
class Held:
    """A round that was read; ``home`` is the temporary folder of one made from frames and lives as long as it."""

    loaded: Loaded
    job: Job
    home: tempfile.TemporaryDirectory[str] | None


def read_round(job: Job, home: tempfile.TemporaryDirectory[str] | None) -> Held:
    """Read and check the round of a job.

    Raises
    ------
    Refused
        With every problem found.
    """
    from landopt import pipeline

    loaded = pipeline.read(job)
    loaded.ready()
    return Held(loaded, job, home)


class RoundTables:
    """What a round that was read holds, as tables."""

    _held: Held

    @property
    def path(self) -> Path:
        """The ``round.toml`` that was read; of a round made from frames it lies in a folder of its own.

        Examples
        --------
        >>> rnd.path.name
        'round.toml'
        """
        return self._held.loaded.file.path

    @property
    def case(self) -> Case:
        """What is decided, as the auditor reads it: facts, rules in force, settings.

        Examples
        --------
        >>> rnd.case.round.as_of
        '2026-03-31'
        """
        return self._held.loaded.ready()

    @property
    def issues(self) -> pd.DataFrame:
        """Warnings and notes of the input (errors are refused): level, code, what, where, maybe, ids.

        Examples
        --------
        >>> list(rnd.issues.columns)
        ['level', 'code', 'what', 'where', 'maybe', 'ids']
        """
        from landopt.door import frames

        return frames.issues(self._held.loaded.issues)

    @property
    def parcels(self) -> geopandas.GeoDataFrame:
        """The parcels with every fact as landopt holds it, by id, in the projected CRS of the round.

        Examples
        --------
        >>> int(rnd.parcels.area_m2.sum()) > 1_000_000
        True
        """
        from landopt.door import frames

        return frames.facts(self.case.parcels, "parcel_id", self._held.loaded.geometry)

    @property
    def demands(self) -> pd.DataFrame:
        """The platforms with every fact as landopt holds it, by id.

        Examples
        --------
        >>> rnd.demands.index.name
        'demand_id'
        """
        from landopt.door import frames

        found: pd.DataFrame = frames.facts(self.case.demands, "demand_id")
        return found

    @property
    def neighbours(self) -> networkx.Graph:
        """Adjacent parcels as a graph: facts at the nodes, ``shared_m`` at the edges; ``joint`` where a block parts.

        A parcel is a joint where its loss parts a connected block of parcels.

        Examples
        --------
        >>> graph = rnd.neighbours
        >>> len(graph) == len(rnd.parcels), all(side["shared_m"] > 0 for _, _, side in graph.edges(data=True))
        (True, True)
        """
        from parcels.geometry.adjacency_graph import adjacency_graph

        return adjacency_graph(self.case.parcels, self.case.neighbours)

    @cached_property
    def _offers(self) -> Offers:
        from landopt import pipeline

        return pipeline.screen(self.case)

    @property
    def offers(self) -> pd.DataFrame:
        """Every lawful offer, one row each: site, platform, method, term, floor, price, verdict, score.

        Examples
        --------
        >>> set(rnd.offers.verdict) <= {"permit", "condition"}
        True
        """
        from landopt.door import frames

        return frames.offers(self.case, self._offers)
