"""What the list of offers holds, counted while it is read. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


class Tally:
    """What the list of offers holds: offers by platform and by parcel, the parcels on each platform's lawful sites."""

    def __init__(self) -> None:
        self.of_demand: Counter[int] = Counter()
        self.on_parcel: Counter[int] = Counter()
        self.reached: dict[int, set[int]] = {}
        self.takers: dict[int, int | None] = {}
        """Who gets each supplied parcel: a platform, or the market."""
        self.of_taker: Counter[int] = Counter()

    def add(self, demand: int | None, sites: Sequence[Sequence[int]], numbers: Sequence[int]) -> None:
        """Count the offers of a part, given by the number of their site."""
        if demand is not None:
            self.of_demand[demand] += len(numbers)
        for number, times in Counter(numbers).items():
            for parcel in sites[number]:
                self.on_parcel[parcel] += times
                if parcel in self.takers and self.takers[parcel] == demand:
                    self.of_taker[parcel] += times
            if demand is not None:
                self.reached.setdefault(demand, set()).update(sites[number])

    def rivals_of_parcel(self, parcel: int) -> int:
        """The offers on a supplied parcel to others than who gets it."""
        return self.on_parcel[parcel] - self.of_taker[parcel]

    def rivals_of_demand(self, demand: int) -> int:
        """The other offers to a platform that is served."""
        return self.of_demand[demand] - 1
