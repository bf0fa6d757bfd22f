"""Officers' fixes: an assignment fixed by hand is a lock with name and reason; what it overrides is printed and kept.

A fix is judged when it is read: against the platform it names, else against every platform and the open market.
Law is not overridden. A rule of rank 2 or higher refuses the fix, except where the rule itself says "generally" (the
terms of 自然资发〔2022〕201号: R-201-LL, R-201-LG). Policy and rules of rank 0 or 1 give way where the round's policy
allows it, by a note with ``flag = "override"``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from constraints.audit.reread import Reader
from constraints.case import Case
from constraints.types import Cite, Rule
from landopt.intake.names import method_named, unknown_method, unknown_parcel, unknown_platform
from landopt.intake.overlay import BINDING_RANK
from landopt.keeping.lawful_takers import Taker, takers
from landopt.reasons.explain.context import citation
from landopt.reasons.explain.plain_records import as_json
from parcels.common.catalogue import Bilingual, Told, both, told
from parcels.common.issues import Issue, Refused, error
from parcels.common.visible import says_something

GENERALLY = frozenset({"R-201-LL", "R-201-LG"})
"""Terms the ministry states as "generally" (一般): a reason on record may depart from them."""
ALLOWED = "override"
_FIX = re.compile(r"(?P<parcels>[^=\s]+)=(?P<method>[^:=]+?)(?::(?P<demand>.+))?")


def apply_fixes(
    case: Case, fixes: Sequence[str], *, reason: str = "", by: str = ""
) -> tuple[Case, tuple[dict[str, Any], ...]]:
    """The case with assignments fixed, and what each fix overrides (for ``overrides`` of plan.json).

    Parameters
    ----------
    fixes
        ``P1=method``, ``P1=method:D1`` or ``P1+P2=method:D1``; without a demand: whoever, or the market.
    reason, by
        Why and by whom; both are required with a fix.

    Raises
    ------
    Refused
        Everything wrong with the fixes at once: a text not understood, an unknown id, a missing reason, a rule of law
        in the way.
    """
    if not fixes:
        return case, ()
    issues: list[Issue] = []
    if not says_something(reason):
        issues.append(error("O010.fix-needs-reason", at="--fix"))
    if not says_something(by):
        issues.append(error("O011.fix-needs-name", at="--fix"))
    overrides: list[dict[str, Any]] = []
    fixed = case
    parsed = [(text, _parsed(case, text, issues)) for text in fixes]
    reader = _reader(case, [found for _, found in parsed if found is not None])
    for number, (text, found) in enumerate(parsed, 1):
        if found is None:
            continue
        parcels, method, demand = found
        touched = _touched(reader, parcels, method, demand, text, issues)
        if issues:
            continue
        added = _rules(parcels, method, demand, number, reason, by, case.round.as_of, touched)
        fixed = replace(fixed, rules=tuple(sorted((*fixed.rules, *added), key=lambda rule: rule.id)))
        overrides.append(
            {
                "fix": text,
                "parcel_ids": list(parcels),
                "method": method,
                "demand_id": demand,
                "reason": reason,
                "by": by,
                "rule": added[0].id,
                "overrides": [as_json(citation(rule)) for rule in touched],
            }
        )
    if issues:
        raise Refused(issues)
    return fixed, tuple(overrides)


def _parsed(case: Case, text: str, issues: list[Issue]) -> tuple[tuple[str, ...], str, str | None] | None:
    where = f"--fix {text}"
    match = _FIX.fullmatch(text.strip())
    if match is None:
        issues.append(error("O012.not-parcel-method", at="--fix", text=text))
        return None
    parcels = tuple(sorted(set(match["parcels"].split("+"))))
    before = len(issues)
    for name in parcels:
        if name not in case.parcels.ids:
            issues.append(unknown_parcel(name, case.parcels.ids, where))
    methods = [method.id for method in case.methods]
    method = method_named(match["method"], methods)
    if method is None:
        issues.append(unknown_method(match["method"], methods, where))
    demand = match["demand"]
    if demand is not None and demand not in case.demands.ids:
        issues.append(unknown_platform(demand, case.demands.ids, where))
    return (parcels, method, demand) if method is not None and len(issues) == before else None


def _reader(case: Case, wanted: Sequence[tuple[tuple[str, ...], str, str | None]]) -> Reader:
    """The scalar reading of the case with every fix as a lock, so that parcels in reserve count as they will."""
    locks = [
        _rules(parcels, method, demand, number, "", "", case.round.as_of, ())[0]
        for number, (parcels, method, demand) in enumerate(wanted, 1)
    ]
    return Reader(replace(case, rules=(*case.rules, *locks)))


def _touched(
    reader: Reader, parcels: Sequence[str], method: str, demand: str | None, text: str, issues: list[Issue]
) -> tuple[Rule, ...]:
    """The rules the fix overrides; an issue where nobody could take the site lawfully, naming the rules that decide.

    Without a platform every platform and the market are asked; the fix stands if one of them may take the site, and
    overrides as few rules as it can.
    """
    case = reader.case
    rows = tuple(sorted(case.parcels.index()[name] for name in parcels))
    asked = takers(reader, rows, demand, method)
    if any(each.open for each in asked):
        return ()
    fitting = [each for each in asked if not each.own] or list(asked)
    judge = _Leave(case)
    ways = [(judge.of(each.forbids), each) for each in fitting if each.verdict == "forbid"]
    free = [(touched, each) for (touched, barred, law), each in ways if not barred and not law and not each.own]
    if free:
        touched, _ = min(free, key=lambda way: (len(way[0]), [rule.id for rule in way[0]]))
        return touched
    lawful = [each for each in fitting if each.verdict != "forbid"]
    if not lawful and all(law for (_, _, law), _ in ways):
        rules = judge.named(_deciding([law for (_, _, law), _ in ways]))
        key = "O013.law" if demand is not None else "O013.law-for-all"
        issues.append(error(key, at="--fix", fix=text, rules=rules))
    elif not lawful and not all(each.own for _, each in ways):
        rules = judge.named(_deciding([barred for (_, barred, law), _ in ways if not law]))
        key = "O014.no-leave" if demand is not None else "O014.no-leave-for-all"
        issues.append(error(key, at="--fix", fix=text, rules=rules))
    elif all(each.own for each in lawful or fitting):
        key = "O015.nobody-asks" if demand is None else "O015.not-asked"
        issues.append(error(key, at="--fix", fix=text, demand=demand, why=_own(lawful or fitting, demand)))
    else:
        verdicts = sorted({each.verdict for each in lawful})
        rules = judge.named(_deciding([each.forbids for each in lawful]))
        issues.append(error("O016.verdict", at="--fix", fix=text, verdicts=verdicts, rules=rules, first=verdicts[0]))
    return ()


class _Leave:
    """Which rules give way to an officer in a case, and how they are named."""

    def __init__(self, case: Case) -> None:
        self.rules = {rule.id: rule for rule in case.rules}
        self.allowed = any(rule.kind == "note" and rule.spec.get("flag") == ALLOWED for rule in case.rules)

    def of(self, names: Sequence[str]) -> tuple[tuple[Rule, ...], tuple[str, ...], tuple[str, ...]]:
        """The rules that give way, those of policy that may not here, and those of law."""
        touched, barred, law = [], [], []
        for name in names:
            rule = self.rules.get(name)
            if rule is None or (rule.cite.rank >= BINDING_RANK and not GENERALLY.intersection(rule.domain)):
                law.append(name)
            elif rule.cite.rank < BINDING_RANK and not self.allowed:
                barred.append(name)
            else:
                touched.append(rule)
        return tuple(touched), tuple(barred), tuple(law)

    def named(self, names: Sequence[str]) -> list[Told]:
        """Rules with title and rank; a default with what it is a default of."""
        return [self._named(name) for name in names]

    def _named(self, name: str) -> Told:
        rule = self.rules.get(name)
        if rule is not None:
            title = Bilingual(rule.title.en, rule.title.zh)
            return told("rule.named", id=name, title=title, rank=rule.cite.rank)
        kind, _, method = name.partition(".")
        if kind == "default" and method:
            return told("rule.default", id=name, method=method)
        return told("rule.fact", field=name)


def _deciding(groups: Sequence[Sequence[str]]) -> list[str]:
    """The rules in the way of everybody; without any such rule those in the way of most, and every one needed."""
    common = set.intersection(*(set(group) for group in groups)) if groups else set()
    if common:
        return sorted(common)
    left, found = [set(group) for group in groups if group], []
    while left:
        count = Counter(name for group in left for name in group)
        found.append(min(count, key=lambda name: (-count[name], name)))
        left = [group for group in left if found[-1] not in group]
    return sorted(found)


def _own(asked: Sequence[Taker], demand: str | None) -> list[Told | None]:
    """What the site fails of what platforms ask for, the most frequent first."""
    if demand is not None:
        return [asked[0].own]
    count = Counter(_bare(each.own) for each in asked)
    found = [told("site.times", own=own, times=times) if times > 1 else own for own, times in count.most_common(4)]
    return [*found, *([told("site.more")] if len(count) > 4 else [])]


def _bare(own: Told | None) -> Told | None:
    """A failing without the parcel it is of."""
    problem = own.named.get("problem") if own is not None else None
    return problem if isinstance(problem, Told) else own


def _rules(
    parcels: Sequence[str],
    method: str,
    demand: str | None,
    number: int,
    reason: str,
    by: str,
    as_of: str,
    touched: Sequence[Rule],
) -> list[Rule]:
    """The lock, and where rules give way the exception that silences them for exactly this supply."""
    name = f"override.{number}.{'+'.join(parcels)}"
    document = f"{reason} ({by})"
    title = both("own-fix.lock", by=by, reason=reason)
    cite = Cite(document, "", "", 0, "U", "override")
    spec = {"parcels": list(parcels), "demand": demand, "method": method, "document": document}
    lock = Rule(name, "lock", title, cite, as_of, None, "", spec, origin="override")
    if not touched:
        return [lock]
    listed = ", ".join(f"'{parcel}'" for parcel in parcels)
    when = f"parcel_id in [{listed}] and method == '{method}'" + (f" and demand_id == '{demand}'" if demand else "")
    text = both("own-fix.condition", by=by, reason=reason)
    verdict: dict[str, Any] = {"verdict": {method: "condition"}, "condition": text.pair}
    bases = tuple(rule.id for rule in touched)
    exception = Rule(
        f"{name}.exception",
        "eligibility",
        title,
        cite,
        as_of,
        None,
        when,
        verdict,
        exception_to=bases,
        origin="override",
    )
    return [lock, exception]
