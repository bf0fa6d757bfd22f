"""Law stands above policy: what a policy, an overlay or an adoption may not say, and what law really leaves open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import desk
from constraints.loading import load, ranks
from constraints.loading.load import in_force, load_pack, rules_for, shipped
from constraints.reading.book import book, lifts
from constraints.types import Rule
from landopt.intake.overlay import apply_overlays
from parcels.common.issues import Refused
from tests.builders import random_case

HEAD = """
[[rule]]
id = "round.own"
kind = "{kind}"
title = {{ en = "own", zh = "自定" }}
cite = {{ doc = "本轮政策", article = "1", number = "甲1", rank = {rank}, grade = "U" }}
from = 2020-01-01
"""
LAW = sorted(rule.id for rule in shipped().values() if rule.cite.rank >= 2)
KINDS = {
    "eligibility": 'verdict = { allocation = "condition" }\ncondition = { en = "x", zh = "某" }\n',
    "term": 'methods = ["listing"]\nmax_years = 70\n',
    "price_floor": 'methods = ["listing"]\nper_m2 = "1"\n',
    "preference": "points = 1\n",
    "note": 'text = { en = "x", zh = "某" }\nflag = "own"\n',
}


def written(tmp_path: Path, text: str, name: str = "policy.toml") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def codes(path: Path, date: str = "2026-11-29") -> list[tuple[str, tuple[str, ...]]]:
    with pytest.raises(Refused) as caught:
        rules_for(["cn", "cn-guangdong"], [path], date)
    return [(issue.code, issue.ids) for issue in caught.value.issues if issue.level == "error"]


@pytest.mark.parametrize("rank", [0, 1, 5])
@pytest.mark.parametrize("kind", KINDS)
def test_no_rule_of_the_rounds_own_is_an_exception_to_law(tmp_path: Path, kind: str, rank: int) -> None:
    """Of whatever kind and whatever rank it claims: refused at load, naming both rules, with both places."""
    text = HEAD.format(kind=kind, rank=rank) + KINDS[kind] + 'exception_to = ["cn.lal.art44"]\n'
    assert ("R024", ("round.own", "cn.lal.art44")) in codes(written(tmp_path, text))


def test_every_rule_of_law_is_guarded(tmp_path: Path) -> None:
    """All of them at once, also those that are not in force or of packs the round does not name."""
    listed = ", ".join(f'"{name}"' for name in LAW)
    text = HEAD.format(kind="eligibility", rank=0) + KINDS["eligibility"] + f"exception_to = [{listed}]\n"
    found = {ids[1] for code, ids in codes(written(tmp_path, text)) if code == "R024"}
    assert found == {name for name in LAW if not ranks.leaves(shipped()[name])}


def test_an_id_of_a_pack_is_not_used_again(tmp_path: Path) -> None:
    """Nor in a policy, nor in an overlay, nor for a date on which the pack's rule is not in force."""
    text = HEAD.format(kind="preference", rank=0).replace("round.own", "cn.lal.art44") + KINDS["preference"]
    assert ("R025", ("cn.lal.art44",)) in codes(written(tmp_path, text))
    later = text.replace("2020-01-01", "2031-01-01")
    with pytest.raises(Refused) as caught:
        load.load(written(tmp_path, later, "cn.toml"), "overlay:cn")
    assert [issue.code for issue in caught.value.issues] == ["R025"]


@pytest.mark.parametrize("when", ["in_pbf > 0", "", "parcel_id == 'NS-0004'"])
def test_a_permit_against_law_is_refused(tmp_path: Path, when: str) -> None:
    """Where the policy's condition and that of a forbidding law can hold together."""
    text = HEAD.format(kind="eligibility", rank=1) + f'when = "{when}"\nverdict = {{ allocation = "permit" }}\n'
    found = codes(written(tmp_path, text))
    assert {code for code, _ in found} == {"R026"}
    assert all(shipped()[ids[1]].cite.rank >= 2 for _, ids in found)


def test_an_adoption_silences_no_law_and_adopts_no_rule_of_the_rounds_own(tmp_path: Path) -> None:
    """[[adopt]] below a rule of law; and of a rule the policy has just written itself."""
    text = '[[adopt]]\nrule = "gd.hengqin.art21"\nbelow = ["cn.lal.art44"]\ndocument = "x"\n'
    assert any(code == "R024" for code, _ in codes(written(tmp_path, text)))
    own = HEAD.format(kind="eligibility", rank=1) + 'when = "in_pbf < 0"\nverdict = { allocation = "permit" }\n'
    own += '[[adopt]]\nrule = "round.own"\nbelow = []\ndocument = "x"\n'
    assert [code for code, _ in codes(written(tmp_path, own))] == ["R019"]


def test_the_desk_refuses_it_in_both_languages(tmp_path: Path) -> None:
    """``rules ask --policy``: exit 1, both rules named, no answer."""
    text = HEAD.format(kind="eligibility", rank=0) + KINDS["eligibility"] + 'exception_to = ["cn.lal.art44"]\n'
    path = written(tmp_path, text)
    for lang, word in (("en", "leaves nothing to policy"), ("zh", "未授权地方自定")):
        words = ["rules", "ask", "use=RES", "in_pbf=5", "--policy", str(path), "--lang", lang]
        done = CliRunner().invoke(desk, words, prog_name="landopt")
        assert (done.exit_code, done.stdout) == (1, "")
        assert all(part in done.stderr for part in ("round.own", "cn.lal.art44", word)), done.stderr


def test_an_overlay_cannot_pass_for_a_pack(tmp_path: Path) -> None:
    """A file named cn.toml with a rule of rank 5 lifts no default and silences nothing."""
    text = HEAD.format(kind="eligibility", rank=5) + 'when = "in_pbf < 0"\nverdict = { allocation = "permit" }\n'
    case = random_case(1)
    case = replace(case, rules=in_force(load_pack("cn"), case.round.as_of))
    changed = apply_overlays(case, [written(tmp_path, text, "cn.toml")])
    added = next(rule for rule in changed.rules if rule.id == "round.own")
    assert not lifts(added)
    silent = HEAD.format(kind="eligibility", rank=5) + KINDS["eligibility"] + 'exception_to = ["cn.lal.art45"]\n'
    with pytest.raises(Refused, match="leaves nothing to policy"):
        apply_overlays(case, [written(tmp_path, silent, "cn.toml")])


def _opened(monkeypatch: pytest.MonkeyPatch, name: str) -> Rule:
    base = shipped()[name]
    left = replace(base, spec={**base.spec, "leaves_to": "policy", "leaves_words": "由市、县人民政府规定"})
    known = {**shipped(), name: left}
    monkeypatch.setattr(load, "shipped", lambda: known)
    return left


def test_what_law_leaves_open_gives_a_condition_with_its_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a permit; the words of the law and the document of the policy are in the condition."""
    base = _opened(monkeypatch, "cn.lal.art44")
    text = (
        HEAD.format(kind="eligibility", rank=0) + 'verdict = { listing = "permit" }\nexception_to = ["cn.lal.art44"]\n'
    )
    own = load.load(written(tmp_path, text), "policy").rules
    assert [rule.spec["verdict"]["listing"] for rule in own] == ["condition"]
    assert "由市、县人民政府规定" in own[0].spec["condition"]["zh"]
    assert "本轮政策" in own[0].spec["condition"]["zh"]
    rules = [rule for rule in (*load_pack("cn"), *own) if rule.id != base.id] + [base]
    law = book(in_force(rules, "2026-11-29"), load.methods())
    assert [each.rule.id for each in next(c for c in law.shelves["listing"].strict if c.rule.id == base.id).exceptions]
    assert [bases for _, bases in ranks.acting_exceptions(in_force(rules, "2026-11-29"))] == [("cn.lal.art44",)]
    assert ranks.unlawful_exceptions(rules, {base.id: base}) == []
    shut = next(rule for rule in load_pack("cn") if rule.id == base.id)
    assert [(a.id, b.id) for a, b in ranks.unlawful_exceptions(rules, {base.id: shut})] == [("round.own", base.id)]


def test_a_rule_of_another_kind_uses_nothing_that_law_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A preference that silences an eligibility rule would leave no condition behind."""
    _opened(monkeypatch, "cn.lal.art44")
    text = HEAD.format(kind="preference", rank=0) + KINDS["preference"] + 'exception_to = ["cn.lal.art44"]\n'
    assert ("R024", ("round.own", "cn.lal.art44")) in codes(written(tmp_path, text))
