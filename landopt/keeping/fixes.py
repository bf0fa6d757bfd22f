"""Officers' fixes: an assignment fixed by hand is a lock with name and reason; what it overrides is printed and kept.

Law is not overridden. A rule of rank 2 or higher refuses the fix, except where the rule itself says "generally" (the
terms of 自然资发〔2022〕201号: R-201-LL, R-201-LG). Policy and rules of rank 0 or 1 give way where the round's policy
allows it, by a note with ``flag = "override"``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from constraints.case import Case
from constraints.types import Cite, Rule, Text
from landopt.intake.overlay import BINDING_RANK
from landopt.reasons.explain.context import citation
from landopt.reasons.explain.records import as_json
from parcels.issues import Issue, Refused, error

GENERALLY = frozenset({"R-201-LL", "R-201-LG"})
"""Terms the ministry states as "generally" (一般): a reason on record may depart from them."""
ALLOWED = "override"
_FIX = re.compile(r"(?P<parcels>[^=\s]+)=(?P<method>[a-z_]+)(?::(?P<demand>.+))?")


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
    if not reason.strip():
        issues.append(error("O010", "a fix needs a reason", "--fix", 'Maybe --reason "meeting note 12".'))
    if not by.strip():
        issues.append(error("O011", "a fix needs a name", "--fix", 'Maybe --by "officer 2".'))
    overrides: list[dict[str, Any]] = []
    fixed = case
    for number, text in enumerate(fixes, 1):
        found = _parsed(case, text, issues)
        if found is None:
            continue
        parcels, method, demand = found
        touched = _touched(case, parcels, method, demand, text, issues)
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
        issues.append(error("O012", f"'{text}' is not PARCEL=METHOD[:DEMAND]", "--fix", "Maybe P1+P2=listing:D07."))
        return None
    parcels = tuple(sorted(set(match["parcels"].split("+"))))
    before = len(issues)
    for name in parcels:
        if name not in case.parcels.ids:
            issues.append(error("O002", f"parcel '{name}' is not in the round", where, _near(name, case.parcels.ids)))
    methods = [method.id for method in case.methods]
    if match["method"] not in methods:
        issues.append(error("X016", f"method '{match['method']}' is not known", where, _near(match["method"], methods)))
    demand = match["demand"]
    if demand is not None and demand not in case.demands.ids:
        issues.append(error("O002", f"platform '{demand}' is not in the round", where, _near(demand, case.demands.ids)))
    return (parcels, match["method"], demand) if len(issues) == before else None


def _near(word: str, known: Sequence[str]) -> str:
    import difflib

    found = difflib.get_close_matches(word, known, 1, 0.5)
    return f"Maybe '{found[0]}'." if found else ""


def _touched(
    case: Case, parcels: Sequence[str], method: str, demand: str | None, text: str, issues: list[Issue]
) -> tuple[Rule, ...]:
    """The rules the fix overrides; an issue for each that may not be."""
    if demand is None:
        return ()
    from constraints.reread import Reader

    reader = Reader(case)
    rows = tuple(sorted(case.parcels.index()[name] for name in parcels))
    number = case.demands.index()[demand]
    row = [each.id for each in case.methods].index(method)
    judged = reader.judge_site(rows, number, row, reader.periods[0])
    if judged.verdict != "forbid":
        return ()
    rules = {rule.id: rule for rule in case.rules}
    names = dict.fromkeys(ruling.rule_id for ruling in judged.rulings if ruling.verdict == "forbid")
    allowed = any(rule.kind == "note" and rule.spec.get("flag") == ALLOWED for rule in case.rules)
    touched = []
    for name in names:
        rule = rules.get(name)
        if rule is None or (rule.cite.rank >= BINDING_RANK and not GENERALLY.intersection(rule.domain)):
            said = name if rule is None else f"{name} ({rule.title.en}; {rule.title.zh}), rank {rule.cite.rank}"
            what = f"{text}: forbidden by {said}; law is not overridden"
            issues.append(error("O013", what, "--fix", "Maybe landopt whynot names the fact that would change it."))
        elif rule.cite.rank < BINDING_RANK and not allowed:
            said = f"{name} ({rule.title.en}; {rule.title.zh})"
            what = f"{text}: forbidden by {said}, which the policy does not let officers override"
            issues.append(error("O014", what, "--fix", 'Maybe a policy note with flag = "override".'))
        else:
            touched.append(rule)
    return tuple(touched)


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
    title = Text(f"Fixed by {by}: {reason}", f"{by} 人工指定：{reason}")
    cite = Cite(document, "", "", 0, "U", "override")
    spec = {"parcels": list(parcels), "demand": demand, "method": method, "document": document}
    lock = Rule(name, "lock", title, cite, as_of, None, "", spec, origin="override")
    if not touched:
        return [lock]
    listed = ", ".join(f"'{parcel}'" for parcel in parcels)
    when = f"parcel_id in [{listed}] and method == '{method}'" + (f" and demand_id == '{demand}'" if demand else "")
    text = {"en": f"override by {by}: {reason}", "zh": f"{by} 人工指定：{reason}"}
    verdict: dict[str, Any] = {"verdict": {method: "condition"}, "condition": text}
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
