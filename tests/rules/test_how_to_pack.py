"""The pack of docs/how-to-add-a-pack.md loads, its cases agree, and a round that names it obeys it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from constraints.loading.load import in_force, load_pack, pack_names, rules_for
from constraints.reading.asking.worked_cases import load_cases, run, without_cases
from parcels.common.issues import Refused

PAGE = Path(__file__).parents[2] / "docs" / "how-to-add-a-pack.md"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """The folder of the page, written as it stands there."""
    rules, *cases = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    folder = tmp_path / "packs" / "my-city"
    folder.mkdir(parents=True)
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    (folder / "cases.toml").write_text("\n".join(cases), encoding="utf-8")
    return folder


def test_the_pack_of_the_page_has_ten_rules_and_its_cases_agree(city: Path) -> None:
    """Every case comes out as written, and they witness every rule on every date."""
    rules = load_pack(str(city))
    assert len(rules) == 10
    assert {rule.origin for rule in rules} == {"own:my-city"}
    outcomes = [run(case) for case in load_cases(str(city))]
    assert len(outcomes) == 12
    assert [outcome.wrong for outcome in outcomes if outcome.wrong] == []
    assert without_cases(str(city)) == ()


def test_the_desk_runs_its_cases_and_answers_with_it(city: Path) -> None:
    """``rules test`` and ``rules ask`` take the folder's path."""
    from cli import desk

    told = CliRunner().invoke(desk, ["rules", "test", "--packs", str(city), "--lang", "en"])
    assert "12 cases, 12 agree" in told.output
    facts = ["use=IND", "operator=private", "intending_users=2", "--as-of", "2026-11-22", "--lang", "en"]
    answer = CliRunner().invoke(desk, ["rules", "ask", *facts, "--packs", f"cn,{city}"])
    assert "某市工业用地办法" in answer.output
    assert "某市" not in CliRunner().invoke(desk, ["rules", "ask", *facts]).output


def test_no_rule_of_an_own_pack_silences_law(city: Path) -> None:
    """Rank 5 written into a city's file does not make it law."""
    text = (city / "rules.toml").read_text(encoding="utf-8")
    cite = 'cite = { doc = "某市办法", article = "一", rank = 5, grade = "V1", source = "x" }'
    (city / "rules.toml").write_text(
        f'{text}\n[[rule]]\nid = "city.open"\nkind = "eligibility"\ntitle = {{ en = "open", zh = "放开" }}\n{cite}\n'
        'from = 2026-01-01\nwhen = "use == \'COM\'"\nverdict = { agreement = "permit" }\n'
        'exception_to = ["cn.order39.art4"]\n',
        encoding="utf-8",
    )
    with pytest.raises(Refused) as refused:
        rules_for(("cn", str(city)), as_of="2026-11-22")
    assert "R024" in {issue.code for issue in refused.value.issues}
    with pytest.raises(Refused):
        load_pack(str(city))


def test_a_round_that_names_the_folder_solves_with_its_rules(city: Path, tmp_path: Path) -> None:
    """``round.toml`` beside the folder ``packs`` names it; the case holds its rules and names the shipped packs."""
    from landopt.intake.assemble import read_round
    from landopt.invent.round import write_round

    write_round(tmp_path / "round", parcels=24, demands=6, seed=1)
    (tmp_path / "packs").rename(tmp_path / "round" / "packs")
    path = tmp_path / "round" / "round.toml"
    text = path.read_text(encoding="utf-8")
    fresh = re.sub(r"(?m)^packs = \[(.*)\]", r'packs = [\1, "my-city"]', text)
    assert fresh != text
    path.write_text(fresh, encoding="utf-8")
    case = read_round(tmp_path / "round").ready()
    assert set(case.packs) <= set(pack_names(off=True))
    own = in_force(load_pack(str(tmp_path / "round" / "packs" / "my-city")), case.round.as_of)
    assert len(own) >= 7
    assert [rule for rule in case.rules if rule.origin == "own:my-city"] == list(own)


def test_the_audit_holds_the_pack_against_its_text(city: Path, tmp_path: Path) -> None:
    """The text of the pack is among the inputs by digest; a rule that is not of that text is a breach."""
    from constraints.audit.bound.binding import Binding
    from constraints.case import to_json
    from landopt.intake.assemble import read_round
    from landopt.invent.round import write_round

    write_round(tmp_path / "round", parcels=24, demands=6, seed=1)
    (tmp_path / "packs").rename(tmp_path / "round" / "packs")
    path = tmp_path / "round" / "round.toml"
    path.write_text(re.sub(r"(?m)^packs = \[(.*)\]", r'packs = [\1, "my-city"]', path.read_text("utf-8")), "utf-8")
    case = read_round(tmp_path / "round").ready()
    assert "my-city/rules.toml" in {entry["name"] for entry in case.inputs}
    assert not any(str(tmp_path) in note for note in case.notes)
    assert Binding(case, to_json(case)).problems == []
    text = next(entry["text"] for entry in case.sources if entry["role"] == "pack")
    other = text.replace("max_years = 10", "max_years = 11")
    sources = tuple({**entry, "text": other} if entry["role"] == "pack" else entry for entry in case.sources)
    forged = replace(case, sources=sources)
    assert {rule for rule, _ in Binding(forged, to_json(forged)).problems} == {"sources", "city.industry.art5"}
    without = replace(case, sources=tuple(entry for entry in case.sources if entry["role"] != "pack"))
    assert "packs" in {rule for rule, _ in Binding(without, to_json(without)).problems}
