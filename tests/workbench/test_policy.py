"""A scenario's change taken into the round's policy: read by the loader first, decided by the round, adoptable."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from constraints.loading.keys import base_amount
from constraints.loading.kinds import KINDS, UNITS
from landopt.workbench.edits import Now
from landopt.workbench.guards import Refusal
from landopt.workbench.home import Room
from landopt.workbench.policy_files import texts, with_number
from landopt.workbench.scenarios import policies
from parcels.common.catalogue import texts as catalogue
from parcels.common.schema import measures
from tests.workbench.making import copied, finished, page, reviewed

BY = {"by": "officer-2", "reason": "minutes 12"}


def test_amounts_in_the_units_of_headings_are_sent_in_those_of_the_page(tmp_path: Path, solved: Path) -> None:
    """平方米 in a policy is m2 on the page, which reckons with that."""
    folder = copied(solved, tmp_path / "rounds" / "r1")
    text = (folder / "policy.toml").read_text("utf-8")
    assert 'unit = "m2"' in text
    (folder / "policy.toml").write_text(text.replace('unit = "m2"', 'unit = "平方米"'), "utf-8")
    assert policies(Room("r1", folder)) == policies(Room("r1", solved))
    entry = {"amount": 3, "unit": "公顷"}
    made = with_number({"id": "p.one", "values": [entry]}, "amount", str(base_amount(4, "公顷")), None)
    assert made["values"] == [{"amount": 4, "unit": "公顷"}]


def test_what_is_taken_stands_in_the_policy_and_can_be_adopted(tmp_path: Path, solved: Path) -> None:
    """A number and a rule off; comments and the earlier file stay; solved as filed, audited whole, adopted."""
    folder = copied(solved, tmp_path / "rounds" / "r1")
    before = (folder / "policy.toml").read_text("utf-8")
    with page(tmp_path / "rounds") as client:
        room = client.get("/api/room/r1").json()
        limit = next(rule for rule in room["policy"] if rule["kind"] == "limit" and rule.get("measure") == "count")
        off = next(rule for rule in room["policy"] if rule["kind"] == "preference")
        client.post("/api/do/make/r1", json={"name": "a"})
        amount = limit["values"][0]["amount"] + 1
        steps = (
            {"do": "set", "rule": limit["id"], "value": str(amount)},
            {"do": "rule", "rule": {**off, "until": room["as_of"]}, **BY},
        )
        assert client.post("/api/do/policy/r1", json={"scenario": "a"}).status_code == 422
        for version, step in enumerate(steps):
            reply = client.post("/api/do/step/r1", json={"scenario": "a", "version": version, **step})
            assert reply.status_code == 200, reply.text
        reply = client.post("/api/do/policy/r1", json={"scenario": "a"})
        assert (reply.status_code, reply.json()) == (200, {"files": ["policy.toml"]}), reply.text
        after = (folder / "policy.toml").read_text("utf-8")
        rules = {rule["id"]: rule for rule in tomllib.loads(after)["rule"]}
        assert rules[limit["id"]]["values"][0]["amount"] == amount
        assert rules[off["id"]]["until"].isoformat() == room["as_of"]
        others = {rule["id"]: rule for rule in tomllib.loads(before)["rule"]}
        assert list(rules) == list(others)
        changed = {limit["id"], off["id"]}
        assert {name: rule for name, rule in rules.items() if name not in changed} == {
            name: rule for name, rule in others.items() if name not in changed
        }
        assert (folder / "policy-2.toml").read_text("utf-8") == before
        assert [line for line in before.splitlines() if line.startswith("#")] == [
            line for line in after.splitlines() if line.startswith("#")
        ]
        ended = finished(client, client.post("/api/do/solve/r1", json={"scenario": ""}).json()["job"])
        assert ended["state"] == "done", ended["answer"]
        reviewed(client, "r1")
        asked = {"plan": "plan", "document": "d", "by": "x", "open": True}
        ended = finished(client, client.post("/api/do/adopt/r1", json=asked).json()["job"])
        assert ended["state"] == "done", ended["answer"]
        assert client.post("/api/do/policy/r1", json={"scenario": "a"}).status_code == 409


def test_what_the_loader_refuses_is_not_written(tmp_path: Path, solved: Path) -> None:
    """A rule that no policy may have: told, and the files are as they were."""
    folder = copied(solved, tmp_path / "rounds" / "r1")
    before = (folder / "policy.toml").read_bytes()
    with page(tmp_path / "rounds") as client:
        client.post("/api/do/make/r1", json={"name": "a"})
        bad = {"id": "round.bad", "kind": "limit", "where": "x.__class__"}
        client.post("/api/do/step/r1", json={"scenario": "a", "version": 0, "do": "rule", "rule": bad, **BY})
        reply = client.post("/api/do/policy/r1", json={"scenario": "a"})
        assert reply.status_code == 422
        assert reply.json()["issues"][0]["code"].startswith("R")
    assert (folder / "policy.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("what", "value", "key", "is_"),
    [
        ("amount", "7", None, {"values": [{"key": ["甲", "乙"], "amount": 7}, {"key": ["丙"], "amount": 7}]}),
        ("amount", "7", "甲, 乙", {"values": [{"key": ["甲", "乙"], "amount": 7}, {"key": ["丙"], "amount": 2}]}),
        ("share", "0.45", None, {"share": "0.45"}),
        ("penalty", "3", None, {"penalty": 3}),
    ],
)
def test_a_number_goes_where_the_command_line_puts_it(
    what: str, value: str, key: str | None, is_: dict[str, object]
) -> None:
    """By its key, or every amount where none is named."""
    rule = {
        "id": "r",
        "share": "0.4",
        "penalty": 1,
        "values": [{"key": ["甲", "乙"], "amount": 1}, {"key": ["丙"], "amount": 2}],
    }
    assert {name: with_number(rule, what, value, key)[name] for name in is_} == is_
    with pytest.raises(Refusal):
        with_number(rule, "points", "1", None)
    with pytest.raises(Refusal):
        with_number(rule, "amount", "1", "丁")


def test_a_number_of_the_law_is_not_taken(solved: Path) -> None:
    """Only what the policy has."""
    with pytest.raises(Refusal):
        texts(Room("r1", solved), Now(sets={"cn.order39.art4:amount": "1"}))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_stay_with_their_rules_however_often_one_is_taken(tmp_path: Path, solved: Path, end: str) -> None:
    """Above a rule, behind its first line, between its keys; the next rule keeps its own; so does the end of a line."""
    folder = copied(solved, tmp_path / "rounds" / "r1")
    path = folder / "policy.toml"
    text = path.read_text("utf-8").replace("[[rule]]\n", "# above\n[[rule]]  # behind\n# within\n") + "\n# the end\n"
    path.write_bytes(text.replace("\n", end).encode("utf-8"))
    count = text.count("[[rule]]")
    with page(tmp_path / "rounds") as client:
        rule = next(r for r in client.get("/api/room/r1").json()["policy"] if r.get("measure") == "count")
        client.post("/api/do/make/r1", json={"name": "a"})
        for version, value in enumerate(("7", "6")):
            step = {"do": "set", "rule": rule["id"], "value": value, "scenario": "a", "version": version}
            assert client.post("/api/do/step/r1", json=step).status_code == 200
            reply = client.post("/api/do/policy/r1", json={"scenario": "a"})
            assert reply.status_code == 200, reply.text
            said = path.read_bytes().decode("utf-8")
            assert [said.count(word) for word in ("# above", "# behind", "# within")] == [count] * 3
            assert (said.count("\r\n") > 0, said.rstrip().endswith("# the end")) == (end == "\r\n", True)
            assert end == "\n" or said.count("\n") == said.count("\r\n")
            rules = {each["id"]: each for each in tomllib.loads(said)["rule"]}
            assert rules[rule["id"]]["values"][0]["amount"] == int(value)
            assert len(rules) == count


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit])
@pytest.mark.parametrize("base", [0, 6, 8_000, 88_800, 90_000, 30_000_000])
def test_a_number_in_base_units_is_written_in_the_unit_of_the_policy(unit: str, base: int) -> None:
    """A policy in hectares, mu or 10,000 yuan means the same amount to the loader as the scenario did to the solve."""
    rule = {"values": [{"key": ["2018"], "amount": 6, "unit": unit}], "used": [{"key": ["2018"], "amount": 1}]}
    entry = with_number(rule, "amount", str(base), "2018")["values"][0]
    assert base_amount(entry["amount"], entry["unit"]) == base
    for key in ("2018", "2019"):
        *_, entry = with_number(rule, "used", str(base), key)["used"]
        assert base_amount(entry["amount"], entry.get("unit", unit)) == base
        assert entry["key"] == [key]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_a_policy_may_name_has_a_word_on_the_page(lang: str) -> None:
    """Every unit an amount may be in, every unit of a measure, every kind of rule and relation."""
    known = catalogue(lang)
    names = {f"unit.{unit}" for unit in (*UNITS, *measures().values()) if unit}
    names |= {f"kind.{kind}" for kind in KINDS} | {f"relation.{one}" for one in ("conflict", "together", "requires")}
    assert {name for name in names if f"bench.{name}" not in known and name not in known} == set()


def test_a_key_gets_its_own_entry_where_one_amount_stands_for_all() -> None:
    """As the command line does with the same number."""
    rule = {"values": [{"amount": 3, "unit": "ha"}]}
    made = with_number(rule, "amount", "20000", "2019")["values"]
    assert made == [{"amount": 3, "unit": "ha"}, {"key": ["2019"], "amount": 2, "unit": "ha"}]
