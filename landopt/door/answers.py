"""What the door answers with: frozen values that hold data, give text last, and show themselves in a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from parcels.common.language import language

if TYPE_CHECKING:
    import pandas as pd

    from constraints.types import Rule
    from landopt.reasons.explain.nearest import Nearest
    from landopt.reasons.explain.records import Ruling
    from landopt.reasons.resolved.forced import Exact
    from landopt.reasons.two_names import Names
    from landopt.reasons.whynot import WhyNot


def _pre(text: str) -> str:
    from markupsafe import escape

    return f"<pre>{escape(text)}</pre>"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something is as it is: the records of the justification (docs/explain.md), text made from them last.

    Examples
    --------
    >>> served in plan.explain(served).text("en")
    True
    """

    records: tuple[Mapping[str, Any], ...]
    by_hand: Mapping[str, str]
    """What was fixed by hand here, by language; empty texts where nothing was."""
    names: Names = field(default_factory=dict)
    """Names that the round has in two languages; a text has one of them."""
    rules: tuple[Rule, ...] = ()
    """The rules of the case, which give the keys of limits their words."""

    def text(self, lang: str | None = None) -> str:
        """The text in ``"en"`` or ``"zh"``; default: as the environment says.

        Examples
        --------
        >>> "宗地" in plan.explain(served).text("zh")
        True
        """
        from landopt.reasons.texts import render_all
        from landopt.reasons.two_names import said_in

        tongue = language(lang)
        said = self.by_hand.get(tongue, self.by_hand["en"])
        text = render_all(self.records, tongue, self.rules) + (f"\n{said}" if said else "")
        return str(said_in(text, self.names, tongue))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return _pre(self.text())


@dataclass(frozen=True, slots=True)
class Reply:
    """Why a site does not go to a platform by one method; ``exact`` where the choice was forced and solved again.

    Examples
    --------
    >>> reply = plan.whynot(served, method="allocation")
    >>> reply.answer.parcel_ids == (served,)
    True
    """

    answer: WhyNot
    exact: Exact | None = None

    @property
    def state(self) -> str:
        """``chosen``, ``lawful``, ``forbidden``, ``filtered`` or ``verdict`` (lawful, but not considered).

        Examples
        --------
        >>> {reply.state for reply in plan.whynot(served).values()} >= {"chosen"}
        True
        """
        return self.answer.state

    @property
    def verdict(self) -> str:
        """``permit``, ``condition``, ``warn`` or ``forbid``.

        Examples
        --------
        >>> plan.whynot(served, method="allocation").verdict in ("permit", "condition", "forbid")
        True
        """
        return self.answer.verdict

    @property
    def rules(self) -> tuple[Ruling, ...]:
        """The rules that decide, with their citations; none where the choice is lawful.

        Examples
        --------
        >>> forbidden = [reply for reply in plan.whynot(served).values() if reply.state == "forbidden"]
        >>> all(reply.rules for reply in forbidden)
        True
        """
        return self.answer.rulings

    @property
    def nearest(self) -> Nearest | None:
        """The nearest single fact that would lift a prohibition.

        Examples
        --------
        >>> all(reply.nearest for reply in forbidden)
        True
        """
        return self.answer.nearest

    @property
    def loss(self) -> tuple[int, ...] | None:
        """The proven least loss of each tier in millipoints; 0 is not distinguishable at this gap, None not proven.

        Examples
        --------
        >>> [reply.loss for reply in plan.whynot(served).values() if reply.state == "chosen"]
        [None]
        """
        return self.answer.losses

    def as_dict(self) -> dict[str, Any]:
        """The reply as plain JSON.

        Examples
        --------
        >>> plan.whynot(served, method="auction").as_dict()["method"]
        'auction'
        """
        found = self.answer.as_dict()
        return found if self.exact is None else {**found, "exact": self.exact.as_dict()}

    def text(self, lang: str | None = None) -> str:
        """The text in ``"en"`` or ``"zh"``.

        Examples
        --------
        >>> "allocation" in plan.whynot(served, method="allocation").text("en")
        True
        """
        from landopt.reasons.texts import render_answer

        return render_answer("whynot", self.as_dict(), language(lang))

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return _pre(self.text())


@dataclass(frozen=True, slots=True)
class Diff:
    """What moved between two plans and what differs between their cases, as ``landopt compare`` prints it.

    Examples
    --------
    >>> found = plan.diff(plan)
    >>> found.text("en") != found.text("zh")
    True
    """

    found: Mapping[str, Any]
    rules: tuple[Rule, ...] = ()
    """The rules of both cases, which give the keys of limits their words."""

    @property
    def moves(self) -> pd.DataFrame:
        """The parcels that moved: area and what became of each before and after (missing: held back).

        Examples
        --------
        >>> list(plan.diff(plan).moves.columns)[:2]
        ['area_m2', 'method_before']
        """
        import pandas as pd

        rows = []
        for entry in self.found["parcels"]:
            was, now = entry["was"] or {}, entry["now"] or {}
            rows.append(
                {
                    "parcel_id": entry["parcel_id"],
                    "area_m2": entry["area_m2"],
                    "method_before": was.get("method"),
                    "demand_before": was.get("demand_id"),
                    "method_after": now.get("method"),
                    "demand_after": now.get("demand_id"),
                }
            )
        columns = ["parcel_id", "area_m2", "method_before", "demand_before", "method_after", "demand_after"]
        return pd.DataFrame(rows, columns=columns).set_index("parcel_id")

    @property
    def changes(self) -> pd.DataFrame:
        """The rules, facts, records and settings in which the two cases differ.

        Examples
        --------
        >>> len(plan.diff(plan).changes)
        0
        """
        import pandas as pd

        return pd.DataFrame(self.found["changes"], columns=["kind", "id", "field", "was", "now"])

    def as_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON.

        Examples
        --------
        >>> plan.diff(plan).as_dict()["parcels"]
        []
        """
        return dict(self.found)

    def text(self, lang: str | None = None) -> str:
        """The text in ``"en"`` or ``"zh"``.

        Examples
        --------
        >>> plan.diff(plan).moves.empty
        True
        """
        from landopt.reasons.texts import render_answer

        return render_answer("compare", self.found, language(lang), self.rules)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return _pre(self.text())


@dataclass(frozen=True, slots=True)
class MethodAnswer:
    """May a case use one method: the verdict and what stands behind it; ``data`` is the whole answer as plain JSON.

    Examples
    --------
    >>> lo.ask(use="RES", operator="pubinst", intending_users=1, as_of="2026-11-22")["auction"].method
    'auction'
    """

    method: str
    data: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        """``permit``, ``condition``, ``warn``, ``forbid``, or ``n/a`` for a method that is off.

        Examples
        --------
        >>> lo.ask(use="IND", intending_users=2, as_of="2026-11-22")["agreement"].verdict
        'forbid'
        """
        return str(self.data["verdict"])

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that decide.

        Examples
        --------
        >>> len(lo.ask(use="IND", intending_users=2, as_of="2026-11-22")["agreement"].rules) > 0
        True
        """
        return tuple(str(rule["id"]) for rule in self.data.get("rules", ()))

    @property
    def conditions(self) -> Sequence[Mapping[str, Any]]:
        """What must be on file before contract, in both languages.

        Examples
        --------
        >>> type(lo.ask(use="IND", as_of="2026-11-22")["listing"].conditions)
        <class 'tuple'>
        """
        return tuple(self.data.get("conditions", ()))

    @property
    def price_floor(self) -> Mapping[str, Any] | None:
        """``yuan_per_m2`` and ``formula``, or None.

        Examples
        --------
        >>> lo.ask(use="IND", as_of="2026-11-22")["allocation"].price_floor is None
        True
        """
        found: Mapping[str, Any] | None = self.data.get("price_floor")
        return found

    def __repr__(self) -> str:
        return f"<{self.method}: {self.verdict}>"


class Asked(Mapping[str, MethodAnswer]):
    """The answer for every method, by its id; ``assumed`` has the facts nobody told.

    Examples
    --------
    >>> answers = lo.ask(use="IND", intending_users=2, as_of="2026-11-22")
    >>> "listing" in answers, answers.assumed["land_source"]
    (True, 'stock')
    """

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.assumed: Mapping[str, Any] = found["assumed"]
        self._of = {name: MethodAnswer(name, data) for name, data in found.items() if name != "assumed"}

    def __getitem__(self, method: str) -> MethodAnswer:
        return self._of[method]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def __repr__(self) -> str:
        return f"<{', '.join(f'{name}: {answer.verdict}' for name, answer in self._of.items())}>"

    def table(self) -> pd.DataFrame:
        """One row a method: verdict, rules, conditions, terms, floor.

        Examples
        --------
        >>> answers.table().loc["agreement", "verdict"]
        'forbid'
        """
        import pandas as pd

        rows = [
            {
                "method": name,
                "verdict": answer.verdict,
                "rules": ";".join(answer.rules),
                "conditions": len(answer.conditions),
                "term_min_years": answer.data.get("term_min_years"),
                "term_max_years": answer.data.get("term_max_years"),
                "floor_yuan_per_m2": None if answer.price_floor is None else answer.price_floor["yuan_per_m2"],
            }
            for name, answer in self._of.items()
        ]
        return pd.DataFrame(rows).set_index("method")

    def _repr_html_(self) -> str:
        return str(self.table().to_html(escape=True))
