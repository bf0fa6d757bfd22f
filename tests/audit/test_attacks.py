"""An outsider's attacks, each with the verdict expected: law silenced, cases forged, fixes and overlays invented."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constraints.audit.bound.binding import Binding
from constraints.audit.bound.shapes import Faults, fact_faults
from constraints.audit.run import audit_plan
from constraints.case import from_json
from constraints.loading.load import rules_for, shipped
from parcels.common.issues import Refused
from tests.audit.mutants import Content, load, reseal, save
from tests.audit.test_bound import _own, _policy_rule, _rule

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
FARMLAND = "cn.lal.art35"


def _case(content: Content) -> dict[str, Any]:
    found: dict[str, Any] = content["case.json"]
    return found


def _open(**given: Any) -> dict[str, Any]:
    spec = {"verdict": {"allocation": "condition"}, "condition": {"en": "x", "zh": "某"}}
    return _own(kind="eligibility", spec=spec, **given)


def _lock(**given: Any) -> dict[str, Any]:
    spec = {"parcels": ["NS-0001"], "demand": None, "method": "listing", "document": "D"}
    return _own(kind="lock", when="", spec=spec, **given)


def _cite(rank: int) -> dict[str, Any]:
    return {"doc": "x", "article": "1", "number": "", "rank": rank, "grade": "V1", "source": ""}


def _add(rule: Callable[[Content], dict[str, Any]]) -> Callable[[Content], Any]:
    return lambda content: _case(content)["rules"].append(rule(content))


def _generally(content: Content) -> list[str]:
    return [rule["id"] for rule in _case(content)["rules"] if {"R-201-LL", "R-201-LG"} & set(rule["domain"])]


def _source(content: Content, role: str, name: str) -> None:
    _case(content)["sources"].append({"role": role, "name": name, "text": ""})
    _case(content)["inputs"].append({"name": name, "sha256": EMPTY, "rows": 0})


FIX = "override.9.NS-0001"
CASES: dict[str, Callable[[Content], Any]] = {
    "a fix that silences the policy, without its lock": _add(
        lambda c: _open(id=f"{FIX}.exception", origin="override", exception_to=[_policy_rule(c)["id"]])
    ),
    "a fix that silences nothing, without its lock": _add(lambda c: _open(id=f"{FIX}.exception", origin="override")),
    "a fix that uses what law says generally, without its lock": _add(
        lambda c: _open(id=f"{FIX}.exception", origin="override", exception_to=_generally(c))
    ),
    "a fix that reaches further than its lock": lambda c: _case(c)["rules"].extend(
        [_lock(id=FIX, origin="override"), _open(id=f"{FIX}.exception", origin="override", when="area_m2 > 0")]
    ),
    "a fix that is its own lock": _add(lambda c: _open(id=FIX, origin="override")),
    "a fix of rank 2": _add(lambda c: _lock(id=FIX, origin="override", cite=_cite(2))),
    "a fix under another id": _add(lambda c: _lock(id="round.fix", origin="override")),
    "a fix that is a limit": _add(lambda c: {**_policy_rule(c), "id": FIX, "origin": "override"}),
    "a plan kept that silences law": _add(lambda c: _own(id="keep.NS-1", origin="keep", exception_to=[FARMLAND])),
    "a plan kept that forbids": _add(lambda c: _open(id="keep.NS-1", origin="keep")),
    "a lock of the ledger that silences law": _add(
        lambda c: _lock(id="ledger.1.x", origin="ledger", exception_to=[FARMLAND])
    ),
    "a lock of the ledger of rank 3": _add(lambda c: _lock(id="ledger.1.x", origin="ledger", cite=_cite(3))),
    "a correction of no file": _add(lambda c: _open(id="correction.NS-1.use", origin="correction")),
    "a rule of a shipped pack that it has not": _add(lambda c: _own(id="cn.zzz", origin="cn")),
    "a rule of no pack": _add(lambda c: _own(id="zzz", origin="pack")),
    "a rule of nothing": _add(lambda c: _own(id="zzz", origin="")),
    "a rule of an overlay that is not there": _add(lambda c: _own(id="zzz", origin="overlay:x")),
    "a rule of an own pack that is not there": _add(lambda c: _own(id="zzz", origin="own:x")),
    "a rule of law twice": _add(lambda c: dict(_rule(c, FARMLAND))),
    "an overlay named and not there": lambda c: _case(c)["overlays"].append("early"),
    "a number set of law": lambda c: _case(c)["overlays"].append("cn.lal.art44:amount=1"),
    "a number set of nothing": lambda c: _case(c)["overlays"].append("round.nothing:amount=1"),
    "an input with two digests": lambda c: _case(c)["inputs"].append({**_case(c)["inputs"][0], "sha256": "0" * 64}),
    "an input nobody names": lambda c: _case(c)["inputs"].append({"name": "x.csv", "sha256": EMPTY, "rows": 0}),
    "another count of lines": lambda c: [e.update(rows=1) for e in _case(c)["inputs"] if e["name"] == "policy.toml"],
    "an own pack the round does not name": lambda c: _source(c, "pack", "x/rules.toml"),
    "a policy the round does not name": lambda c: _source(c, "policy", "x.toml"),
    "corrections the round does not name": lambda c: _source(c, "corrections", "x.toml"),
    "a text of no role": lambda c: _source(c, "remarks", "x.toml"),
    "a second round.toml": lambda c: _case(c)["sources"].append(dict(_case(c)["sources"][0])),
    "round.toml as a policy": lambda c: _case(c)["sources"][0].update(role="policy"),
    "no texts": lambda c: _case(c).update(sources=[]),
    "one blank more in the policy": lambda c: _case(c)["sources"][1].update(text=_case(c)["sources"][1]["text"] + "\n"),
    "another round id": lambda c: _case(c)["round"].update(id="other"),
    "another end": lambda c: _case(c)["round"].update(end="2027-12-31"),
    "no start": lambda c: _case(c)["round"].update(start=None),
    "a period": lambda c: _case(c)["round"].update(
        periods=[{"id": "2026-Q2", "start": "2026-04-01", "end": "2026-06-30"}]
    ),
    "another title": lambda c: _case(c)["round"]["title"].update(zh="某轮次"),
    "no market": lambda c: _case(c).update(market=None),
    "packs in another order": lambda c: _case(c)["packs"].reverse(),
    "a pack twice": lambda c: _case(c)["packs"].append("cn"),
    "a parcel said to be left out": lambda c: _case(c)["dropped"].append({"parcel_id": "NS-0001", "reason": "x"}),
    "a parcel left out without a reason": lambda c: _case(c)["dropped"].append({"parcel_id": "NS-9", "reason": " "}),
    "a fact of a scenario nobody wrote": lambda c: _case(c)["scenario"].append(
        {"of": "parcel", "id": "NS-0004", "field": "converted", "was": False, "is": True, "scenario": ""}
    ),
    "a weight in other digits": lambda c: _case(c)["objective"]["weights"].update(served="１００"),
    "a weight with an exponent": lambda c: _case(c)["objective"]["weights"].update(served="1E2"),
    "a negative weight": lambda c: _case(c)["objective"]["weights"].update(served="-100"),
    "two tiers": lambda c: _case(c)["objective"].update(tiers=[["served"], ["preference", "revenue"]]),
    "a tier without revenue": lambda c: _case(c)["objective"].update(tiers=[["served", "preference"]]),
    "law that leaves a choice": lambda c: _rule(c, FARMLAND)["spec"].update(leaves_to="policy", leaves_words="x"),
    "law with one key more": lambda c: _rule(c, FARMLAND)["spec"].update(adopted=[]),
    "law that ended": lambda c: _rule(c, FARMLAND).update(until="2020-01-01"),
    "law that began later": lambda c: _rule(c, FARMLAND).update(start="2027-01-01"),
    "law as a note": lambda c: _rule(c, FARMLAND).update(kind="note"),
    "law of rank 0": lambda c: _rule(c, FARMLAND)["cite"].update(rank=0),
    "law with true for its rank": lambda c: _rule(c, FARMLAND)["cite"].update(rank=True),
    "law read in another copy": lambda c: _rule(c, FARMLAND)["cite"].update(source="S0"),
    "law with an exception": lambda c: _rule(c, FARMLAND).update(exception_to=["cn.lal.art44"]),
    "law without its domain": lambda c: _rule(c, FARMLAND).update(domain=[]),
    "law of an uncertain day": lambda c: _rule(c, FARMLAND).update(date_grade="U"),
    "a local rule verified": lambda c: next(
        rule for rule in _case(c)["rules"] if rule["cite"]["grade"] == "U" and rule["origin"] != "policy"
    )["cite"].update(grade="V1"),
    "a method with other bidders": lambda c: _case(c)["methods"][2].update(min_bidders=1),
    "a method that is free": lambda c: _case(c)["methods"][1].update(paid=False),
    "a method of another right": lambda c: _case(c)["methods"][0].update(right="grant"),
    "a method without its default rule": lambda c: _case(c)["methods"][0].update(default_rule=""),
    "methods in another order": lambda c: _case(c)["methods"].reverse(),
    "a column twice as long": lambda c: _case(c)["parcels"]["columns"]["use"].append("RES"),
    "a column nobody declared": lambda c: _case(c)["parcels"]["columns"].update(lawful=[True] * 160),
    "a parcel twice": lambda c: _case(c)["parcels"]["ids"].__setitem__(1, _case(c)["parcels"]["ids"][0]),
    "one for true": lambda c: _case(c)["parcels"]["columns"]["converted"].__setitem__(3, 1),
}


def _refused(content: Content) -> bool:
    case = content["case.json"]
    if Faults("case", case).wrong or fact_faults(case):
        return True
    return bool(Binding(from_json(case), case).problems)


@pytest.fixture(scope="module")
def base(solved: Path) -> Content:
    """What the example's plan folder holds."""
    content = load(solved)
    assert not _refused(content)
    return content


@pytest.mark.parametrize("name", CASES)
def test_a_forged_case_is_a_breach(base: Content, name: str) -> None:
    """By the standard library alone, with every digest made anew."""
    content = copy.deepcopy(base)
    CASES[name](content)
    assert content != base
    assert _refused(content)


def test_a_parcel_left_out_at_the_desk_is_told(base: Content) -> None:
    """It hinders nothing, and every reader of the audit sees it."""
    content = copy.deepcopy(base)
    content["case.json"]["dropped"].append({"parcel_id": "NS-9", "reason": "withdrawn by letter"})
    told = Binding(from_json(content["case.json"]), content["case.json"]).unchecked
    assert [str(each.said) for each in told if each.what == "dropped"] == [
        "1 parcel of the files was left out at the desk (NS-9)"
    ]


@pytest.mark.parametrize("side", ["case", "plan"])
def test_a_fix_stands_in_plan_and_case_or_in_neither(solved: Path, tmp_path: Path, side: str) -> None:
    """A lock nobody printed, and a fix printed that binds nothing."""
    place = shutil.copytree(solved, tmp_path / "forged")
    content = load(place)
    if side == "case":
        taken = content["plan.json"]["assignments"][0]
        spec = {"parcels": taken["parcel_ids"], "demand": None, "method": taken["method"], "document": "D"}
        content["case.json"]["rules"].append(_own(id=FIX, origin="override", kind="lock", when="", spec=spec))
        content["case.json"]["rules"].sort(key=lambda rule: rule["id"])
    else:
        entry = {"fix": "NS-0001=listing", "parcel_ids": ["NS-0001"], "method": "listing", "demand_id": None}
        entry |= {"reason": "x", "by": "x", "rule": FIX, "overrides": []}
        content["plan.json"]["overrides"].append(entry)
    save(place, reseal(content))
    assert "overrides" in {breach.rule for breach in audit_plan(place).breaches}


HEAD = """
[[rule]]
id = "round.own"
kind = "{kind}"
title = {{ en = "x", zh = "某" }}
cite = {{ doc = "x", article = "1", number = "", rank = {rank}, grade = "U" }}
from = 2020-01-01
{body}
"""
KINDS = {
    "eligibility": 'when = "area_m2 > 0"\nverdict = { allocation = "condition" }\ncondition = { en = "x", zh = "某" }',
    "term": 'methods = ["listing"]\nmax_years = 70',
    "price_floor": 'methods = ["listing"]\nper_m2 = "1"',
    "limit": 'measure = "count"\nsense = "<="\nvalues = [{ amount = 1 }]',
    "preference": "points = 1",
    "note": 'text = { en = "x", zh = "某" }\nflag = "x"',
    "lock": 'parcels = ["NS-0001"]\nmethod = "listing"\ndocument = "D"',
    "relation": 'relation = "conflict"\nparcels = ["NS-0001", "NS-0002"]',
}
PACKS = ("cn", "cn-guangdong", "cn-guangzhou", "cn-guangzhou-nansha")


def _law() -> list[str]:
    """A rule of law of every kind."""
    found: dict[str, str] = {}
    for rule in shipped().values():
        if rule.cite.rank >= 2 and rule.origin == "cn":
            found.setdefault(rule.kind, rule.id)
    return sorted(found.values())


@pytest.mark.parametrize("rank", [0, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_of_rule_silences_law(kind: str, rank: int) -> None:
    """Whatever rank it claims, by ``exception_to``, by the id, by a blank around it: refused at load."""
    law = _law()
    assert len(law) >= 4
    for text in (
        *(HEAD.format(kind=kind, rank=rank, body=f'{KINDS[kind]}\nexception_to = ["{name}"]') for name in law),
        HEAD.format(kind=kind, rank=rank, body=KINDS[kind]).replace("round.own", FARMLAND),
        HEAD.format(kind=kind, rank=rank, body=f'{KINDS[kind]}\nexception_to = ["{FARMLAND} "]'),
        HEAD.format(kind=kind, rank=rank, body=f'{KINDS[kind]}\nexception_to = ["{FARMLAND.upper()}"]'),
    ):
        with pytest.raises(Refused):
            rules_for(PACKS, ["policy.toml"], "2026-03-31", {"policy.toml": text.encode()})
    if kind != "limit":  # an amount needs its first day
        rules_for(
            PACKS, ["p.toml"], "2026-03-31", {"p.toml": HEAD.format(kind=kind, rank=rank, body=KINDS[kind]).encode()}
        )


@pytest.mark.parametrize(
    "text",
    [
        '[[fact]]\nparcel = "NS-0004"\nfield = "converted"\nvalue = true\n',
        f'[[adopt]]\nrule = "round.x"\nbelow = ["{FARMLAND}"]\ndocument = "D"\n',
        '[pack]\nid = "cn"\n[[correction]]\nparcel = "NS-0004"\n',
        '[[case]]\nid = "x"\n[round]\nid = "x"\n',
        HEAD.format(kind="eligibility", rank=5, body='verdict = { allocation = "permit", agreement = "permit" }'),
    ],
)
def test_no_other_table_of_a_policy_reaches_law(text: str) -> None:
    """Facts, adoptions against law, permits, tables of other files."""
    with pytest.raises(Refused):
        rules_for(PACKS, ["policy.toml"], "2026-03-31", {"policy.toml": text.encode()})
