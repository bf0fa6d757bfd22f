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
from functools import partial
from typing import Any

from constraints.audit.reread import Reader
from constraints.case import Case
from constraints.types import Cite, Rule, Text
from landopt.intake.names import unknown_method, unknown_parcel, unknown_platform
from landopt.intake.overlay import BINDING_RANK
from landopt.keeping.lawful_takers import Taker, takers
from landopt.reasons.explain.context import citation
from landopt.reasons.explain.records import as_json
from landopt.reasons.words import field_title, word
from parcels.common.chinese import sentence
from parcels.common.issues import Issue, Refused, error

GENERALLY = frozenset({"R-201-LL", "R-201-LG"})
"""Terms the ministry states as "generally" (一般): a reason on record may depart from them."""
ALLOWED = "override"
_MARK = "*"
_CODES = (
    (r"(?<=only lawful as ')([^']+)", "verdict"),
    (r"\bright (\w+)(?= not wanted)", "right"),
    (r"\bstatus (\w+)", "status"),
    (r"\b(\w+)(?= not offered openly)", "method"),
)
"""Codes inside the sentences of a refusal, and what they are codes of."""
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
        issues.append(error("O010.fix-needs-reason", at="--fix"))
    if not by.strip():
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
    if match["method"] not in methods:
        issues.append(unknown_method(match["method"], methods, where))
    demand = match["demand"]
    if demand is not None and demand not in case.demands.ids:
        issues.append(unknown_platform(demand, case.demands.ids, where))
    return (parcels, match["method"], demand) if len(issues) == before else None


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
    whom = "" if demand is not None else "no platform of the round and no market offer may take it so: "
    if not lawful and all(law for (_, _, law), _ in ways):
        said = judge.named(_deciding([law for (_, _, law), _ in ways]))
        what = f"{text}: {whom}forbidden by {said}; law is not overridden"
        advice = "Maybe landopt whynot names the fact that would change it."
        issues.append(error("O013", what, "--fix", advice, zh=judge.chinese(what)))
    elif not lawful and not all(each.own for _, each in ways):
        said = judge.named(_deciding([barred for (_, barred, law), _ in ways if not law]))
        what = f"{text}: {whom}forbidden by {said}, which the policy does not let officers override"
        advice = 'Maybe a policy note with flag = "override".'
        issues.append(error("O014", what, "--fix", advice, zh=judge.chinese(what)))
    elif all(each.own for each in lawful or fitting):
        said = _own(case, lawful or fitting, demand)
        what = f"{text}: lawful, but not what {'anyone asks for' if demand is None else demand + ' asks for'}: {said}"
        issues.append(error("O015", what, "--fix", "Maybe another platform, parcel or method.", zh=judge.chinese(what)))
    else:
        verdicts = sorted({each.verdict for each in lawful})
        said = judge.named(_deciding([each.forbids for each in lawful]))
        what = f"{text}: only lawful as '{' or '.join(verdicts)}' ({said}), which this round does not consider"
        advice = f'Maybe add "{verdicts[0]}" to verdicts under [solve].'
        issues.append(error("O016", what, "--fix", advice, zh=judge.chinese(what)))
    return ()


class _Leave:
    """Which rules give way to an officer in a case, and how they are named."""

    def __init__(self, case: Case) -> None:
        self.rules = {rule.id: rule for rule in case.rules}
        self.told: dict[str, str] = {}
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

    def named(self, names: Sequence[str]) -> str:
        """Rules with title and rank."""
        self.told = {self._named(name): self._named_zh(name) for name in names}
        return ", ".join(self.told)

    def _named(self, name: str) -> str:
        rule = self.rules.get(name)
        return name if rule is None else f"{name} ({rule.title.en}), rank {rule.cite.rank}"

    def _named_zh(self, name: str) -> str:
        rule = self.rules.get(name)
        if rule is not None:
            return f"{name}（{rule.title.zh}；位阶 {rule.cite.rank}）"
        kind, _, method = name.partition(".")
        if kind == "default" and method:
            return f"{name}（没有规则准许{word('method', method, 'zh')}）"
        return f"{field_title(name, 'zh')}（{name}）" if field_title(name, "zh") != name else name

    def chinese(self, what: str) -> str:
        """A sentence in Chinese: the template's words, codes by name, titles and rank of the rules named last."""
        marked = what.replace(", ".join(self.told), _MARK, 1) if self.told else what
        for pattern, subject in _CODES:
            marked = re.sub(pattern, partial(_by_name, subject), marked)
        said = sentence(marked)
        return "" if said is None else said.replace(_MARK, "、".join(self.told.values()))


def _by_name(subject: str, found: re.Match[str]) -> str:
    """A piece of a sentence with its codes by their Chinese names; one without a name stays."""
    named = {code: word(subject, code, "zh") for code in found[1].split(" or ")}
    return found[0].replace(found[1], "、".join(zh if zh == code else f"{zh}（{code}）" for code, zh in named.items()))


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


def _own(case: Case, asked: Sequence[Taker], demand: str | None) -> str:
    """What the site fails of what platforms ask for, the most frequent first."""
    if demand is not None:
        return asked[0].own
    count = Counter(each.own.partition(": ")[2] or each.own for each in asked)
    found = [f"{own} ({times})" if times > 1 else own for own, times in count.most_common(4)]
    return "; ".join([*found, *(["..."] if len(count) > 4 else [])])


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
