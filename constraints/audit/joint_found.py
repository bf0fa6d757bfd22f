"""What an audit finds of joint rounds: of each city, and of all together. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from constraints.audit.finding import AS_FAR, BEYOND, BREACH, STANDS, Unchecked, verdict_text
from parcels.common.catalogue import Text, told


@dataclass(frozen=True, slots=True)
class CityFound:
    """What was found of one city: what ``joint.json`` says of it, the verdict and the breaches of its own audit.

    ``wrong`` is what is not so beside its own audit. ``bound`` is that of the second
    proof (0: there is none) and ``used`` what its plan uses of the limits; ``unchecked`` is what its own audit did not;
    ``scope`` is that of its list.
    """

    city: Mapping[str, Any]
    verdict: str
    breaches: tuple[Text, ...]
    wrong: tuple[Text, ...]
    objective: int
    bound: int
    used: tuple[int, ...]
    unchecked: tuple[Unchecked, ...] = ()
    scope: str = "all"

    @property
    def name(self) -> str:
        """The id of its round."""
        return str(self.city["round"])


@dataclass
class JointReport:
    """What was found of every city, what is not so of all together, and the bound."""

    cities: list[CityFound] = field(default_factory=list)
    breaches: list[Text] = field(default_factory=list)
    bound: int | None = None
    objective: int = 0
    left_out: list[str] = field(default_factory=list)
    unchecked: list[Unchecked] = field(default_factory=list)

    @property
    def broken(self) -> bool:
        """Whether something is false."""
        return bool(self.breaches) or any(each.breaches or each.wrong for each in self.cities)

    @property
    def open(self) -> list[tuple[str, Unchecked]]:
        """What was not checked, with the city it is of (blank: of all together)."""
        of_cities = [(one.name, each) for one in self.cities for each in one.unchecked]
        return [("", each) for each in self.unchecked] + of_cities

    @property
    def verdict(self) -> str:
        """``stands``, ``stands as far as checked`` or ``breach``, of all together."""
        if self.broken:
            return BREACH
        return AS_FAR if any(not each.harmless for _, each in self.open) else STANDS

    def exit_code(self, complete: bool, alone: bool = False) -> int:
        """0; 5 for a breach, and where everything was to be checked and was not.

        ``alone``: nothing is installed but the standard library, which leaves what that cannot check to others.
        """
        beyond = {each.what for each in BEYOND} if alone else set()
        left = any(not each.harmless and each.what not in beyond for _, each in self.open)
        return 5 if self.broken or (complete and left) else 0

    @property
    def wrong(self) -> list[Text]:
        """What is not so beside the cities' own audits."""
        return [*self.breaches, *(text for each in self.cities for text in each.wrong)]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "verdict": self.verdict,
            "bound": self.bound,
            "objective": self.objective,
            "cities": [{"round": each.name, "verdict": each.verdict} for each in self.cities],
            "breaches": [each.pair for each in self.wrong],
            "left_out": self.left_out,
            "unchecked": [{"round": name, **each.as_dict()} for name, each in self.open],
        }

    def lines(self, lang: str) -> list[str]:
        """As text."""
        found = [told("joint-audit.city", round=each.name, verdict=verdict_text(each.verdict)) for each in self.cities]
        for each in self.cities:
            found += [told("joint-audit.breach", round=each.name, said=text) for text in each.breaches[:20]]
        found += [told("joint-audit.wrong", said=text) for text in self.wrong]
        if self.left_out:
            found.append(told("joint-audit.left-out", rounds=", ".join(self.left_out)))
        if self.bound is not None:
            value, bound = f"{self.objective / 1000:,.3f}", f"{self.bound / 1000:,.3f}"
            found.append(told("joint-audit.bound", value=value, bound=bound))
        for name, left in self.open if not self.broken else ():
            whose = told("joint-audit.of", round=name, said=left.said) if name else left.said
            found.append(told("joint-audit.told" if left.harmless else "joint-audit.open", said=whose))
        found.append(told("joint-audit.verdict", verdict=verdict_text(self.verdict)))
        return [each.text(lang) for each in found]
