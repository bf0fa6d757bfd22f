"""The worked cases of every pack, and the registry that refuses a rule without them."""

from collections import defaultdict
from pathlib import Path

import pytest

from constraints.loading.load import load_pack, pack_names
from constraints.loading.rule_file import read_text
from constraints.reading.asking.worked_cases import load_cases, run, without_cases

PACKS = pack_names(off=True)
CONFLICTS = {f"C-{number}" for number in range(1, 19)}


@pytest.mark.parametrize("name", PACKS)
def test_every_worked_case_of_a_pack_comes_out_as_stated(name: str) -> None:
    """Verdicts, terms, floors and the rules that must or must not speak are those of the case."""
    wrong = [
        f"{case.id} ({case.place}): {'; '.join(out.wrong)}" for case in load_cases(name) if (out := run(case)).wrong
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_has_a_case_on_both_sides_of_each_of_its_dates(name: str) -> None:
    """On the first day the rule speaks, the day before it does not; the same around its last day."""
    missing = without_cases(name)
    assert not missing, "\n".join(missing)


def test_every_rule_that_can_be_false_has_a_case_where_it_is_silent() -> None:
    """A rule with a condition has a case, on a day it is in force, in which it has no say."""
    packed = [rule for name in PACKS for rule in load_pack(name)]
    silent = defaultdict(set)
    for name in PACKS:
        for case in load_cases(name):
            for rule in case.absent:
                silent[rule].add(case.as_of)
    excused = {"cn.order21.art9"}  # the permit that lifts the default: it is named where it does not hold, too
    method_only = {rule.id for rule in packed if rule.when in ("method == 'allocation'", "competitive")}
    lacking = [
        rule.id
        for rule in packed
        if rule.when
        and rule.id not in excused | method_only
        and not any(rule.start <= day and (rule.until is None or day < rule.until) for day in silent[rule.id])
    ]
    assert lacking == ["cn.lease.before-2022"]  # its only exception is land without a use


def test_every_known_conflict_has_its_case() -> None:
    """C-1 to C-18 of the fact base are each worked."""
    tables = [block.table for name in PACKS for block in read_text(_cases(name)).blocks["case"]]
    assert {table["conflict"] for table in tables if "conflict" in table} == CONFLICTS


def _cases(name: str) -> Path:
    return Path(__file__).parents[2] / "constraints" / "packs" / name / "cases.toml"
