"""Loading rules: every fault of the list is refused or reported, with file and line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from constraints.language.expr import parse
from constraints.loading import lint, load
from constraints.loading.keys import base_amount
from constraints.loading.kinds import COMMON, KINDS
from constraints.loading.load import in_force, methods, rules_for
from constraints.loading.period_law import vague_start
from landopt.desk.docs.reference import PAGES
from parcels.common.issues import Issue, Refused
from parcels.common.schema import Value

HERE = Path(__file__).parent
GOOD = """
[[rule]]
id = "t.a.one"
kind = "eligibility"
title = { en = "one", zh = "一" }
cite = { doc = "示例办法", article = "第一条", rank = 3, grade = "V2" }
from = 2020-01-01
when = "use == 'IND'"
verdict = { agreement = "forbid" }
"""
OTHER = GOOD.replace("t.a.one", "t.a.two").replace("IND", "COM")


def read(tmp_path: Path, text: str) -> load.Loaded:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return load.load(path, "policy")


def faults(tmp_path: Path, text: str) -> tuple[Issue, ...]:
    with pytest.raises(Refused) as caught:
        read(tmp_path, text)
    return caught.value.issues


def fault(tmp_path: Path, text: str, code: str, line: int | None = None) -> Issue:
    found = [issue for issue in faults(tmp_path, text) if issue.code == code]
    assert found, faults(tmp_path, text)
    if line is not None:
        assert found[0].where.endswith(f"policy.toml:{line}")
    return found[0]


def test_every_kind_and_key_loads() -> None:
    """The fixture holds every kind with every key, and all of it is read."""
    loaded = load.load(HERE / "every_key.toml", "pack")
    kinds = {rule.kind for rule in loaded.rules}
    assert kinds == set(KINDS)
    text = (HERE / "every_key.toml").read_text(encoding="utf-8")
    for keys in (COMMON, *KINDS.values()):
        for key in keys:
            assert f"\n{key.name} =" in text, key.name
    assert loaded.facts[0].field == "net_land"


def test_values_load_in_base_integers() -> None:
    """Hectares and mu become m², shares a fraction, used amounts follow the unit of the values."""
    rules = {rule.id: rule for rule in load.load_file(HERE / "every_key.toml", "pack")}
    quota = rules["t.limit.quota"].spec
    assert [value["amount"] for value in quota["values"]] == [30_000, 30_333]
    assert quota["used"] == [{"key": ["南沙"], "amount": 15_000}]
    assert rules["t.limit.share"].spec["share"] == [2, 5]
    assert rules["t.limit.share"].spec["hard"] is False
    (on,) = in_force([rules["t.limit.quota"]], "2026-01-01")
    assert [value["amount"] for value in on.spec["values"]] == [30_333]


def test_incomplete_dates_count_from_their_first_day() -> None:
    """A year or a month loads with its first day; that is a mark of its own and leaves the grade of the text."""
    rules = {rule.id: rule for rule in load.load_file(HERE / "every_key.toml", "pack")}
    assert (rules["t.eligibility.exception"].start, rules["t.eligibility.exception"].date_grade) == ("2020-03-01", "U")
    assert (rules["t.term.lease"].start, rules["t.term.lease"].date_grade) == ("2020-01-01", "U")
    assert rules["t.price.floor"].date_grade == ""
    assert load.grade_of(rules["t.term.lease"]) == "V2L"
    assert vague_start(rules["t.term.lease"]) == "2020"
    assert vague_start(rules["t.eligibility.exception"]) == "2020-03"
    assert vague_start(rules["t.price.floor"]) == ""


def test_in_force_is_inclusive_then_exclusive() -> None:
    """A rule holds on its first day and no longer on its last."""
    (rule,) = [r for r in load.load_file(HERE / "every_key.toml", "pack") if r.id == "t.eligibility.one"]
    assert [bool(in_force([rule], day)) for day in ("2019-12-31", "2020-01-01", "2029-12-31", "2030-01-01")] == [
        False,
        True,
        True,
        False,
    ]


def test_fault_45_unknown_field(tmp_path: Path) -> None:
    """An unknown field is refused at load, with the nearest one."""
    issue = fault(tmp_path, GOOD.replace("use == 'IND'", "distrct == 'A'"), "R009", 8)
    assert issue.maybe == "you meant 'district'."


def test_fault_46_types(tmp_path: Path) -> None:
    """A comparison whose types do not fit is refused."""
    fault(tmp_path, GOOD.replace("use == 'IND'", "area_m2 > 'big'"), "R010", 8)


def test_fault_47_cycle(tmp_path: Path) -> None:
    """Exceptions that run in a circle are refused, and the circle is printed."""
    text = GOOD + 'exception_to = ["t.a.two"]\n' + OTHER + 'exception_to = "t.a.one"\n'
    assert "t.a.one -> t.a.two -> t.a.one" in fault(tmp_path, text, "R014").what


def test_fault_48_and_51_same_thing(tmp_path: Path) -> None:
    """Two rules of one rank that say different things of the same case are refused, with both lines."""
    issue = fault(tmp_path, GOOD + GOOD.replace("t.a.one", "t.a.two").replace("forbid", "permit"), "R013")
    assert issue.where.count("policy.toml:") == 2
    related = GOOD + GOOD.replace("t.a.one", "t.a.two").replace("forbid", "permit") + 'exception_to = ["t.a.one"]\n'
    assert len(read(tmp_path, related).rules) == 2


def test_fault_49_matches_nothing_or_everything() -> None:
    """A rule that matches no parcel or every parcel of a round is reported with counts."""
    rows: dict[str, tuple[Value, ...]] = {
        "use": ("IND", "RES"),
        "land_source": ("stock", "stock"),
        "intending_users": (None, 1),
    }
    first = {name: column[:1] for name, column in rows.items()}
    rules = [replace(rule, origin="policy") for rule in load.load_file(HERE / "every_key.toml", "pack")]
    by_rule = {issue.ids[0]: issue.what for issue in lint.coverage(rules, rows)}
    assert "0 of 2" in by_rule["t.preference.new"]
    assert "t.eligibility.one" not in by_rule
    again = {issue.ids[0]: issue.what for issue in lint.coverage(rules, first)}
    assert "1 of 1" in again["t.eligibility.one"]
    assert "t.eligibility.exception" not in again
    (whole,) = lint.coverage([replace(rule, origin="cn") for rule in rules], rows)
    assert (whole.level, "t.preference.new" in whole.ids) == ("note", True)


def test_fault_50_not_in_force(tmp_path: Path) -> None:
    """A policy rule that is not in force is listed, not applied; adopting one by name is refused."""
    path = tmp_path / "policy.toml"
    path.write_text(GOOD, encoding="utf-8")
    rules, issues = rules_for([], [path], "2019-01-01")
    assert rules == ()
    assert [issue.code for issue in issues] == ["R021"]
    text = GOOD + '[[adopt]]\nrule = "t.x.gone"\nbelow = ["t.a.one"]\ndocument = "d"\n'
    assert fault(tmp_path, text, "R019").what.endswith("no rule 't.x.gone' is loaded")


def test_fault_52_no_citation(tmp_path: Path) -> None:
    """A rule without a citation, or with one that has no grade or rank, is refused."""
    assert "cite" in fault(tmp_path, GOOD.replace("cite =", "# cite ="), "R007").what
    assert "no grade" in fault(tmp_path, GOOD.replace(', grade = "V2"', ""), "R007", 6).what
    assert "no rank" in fault(tmp_path, GOOD.replace(", rank = 3", ""), "R007", 6).what


def test_fault_53_escape(tmp_path: Path) -> None:
    """No expression reaches the interpreter."""
    fault(tmp_path, GOOD.replace("use == 'IND'", "use.__class__ == 'x'"), "R008", 8)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("from = 2020-01-01", "from = 2020-02-30", "R001"),
        ("from = 2020-01-01", 'from = "2020-13"', "R006"),
        ("from = 2020-01-01", "from = 2020-01-01\nuntil = 2019-01-01", "R006"),
        ("from = 2020-01-01", "", "R006"),
        ("from = 2020-01-01", "from = 2020-01-01\nfrom = 2021-01-01", "R001"),
        ('when = "use', 'whn = "use', "R002"),
        ("kind", "knd", "R005"),
        ('"eligibility"', '"eligiblity"', "R005"),
        ('"forbid"', '"forbidden"', "R005"),
        ("agreement =", "agrement =", "R005"),
        ("t.a.one", "one", "R005"),
        ("[[rule]]", "[[rules]]", "R002"),
        ('title = { en = "one", zh = "一" }', 'title = "one"', "R004"),
        ('grade = "V2"', 'grade = "V9"', "R005"),
        ("rank = 3", "rank = 9", "R004"),
        ("rank = 3", "rank = true", "R004"),
        ('verdict = { agreement = "forbid" }', 'verdict = { agreement = "condition" }', "R003"),
    ],
)
def test_what_does_not_load(tmp_path: Path, old: str, new: str, code: str) -> None:
    """FAULTS 54, 56, 57 in TOML: tables of no kind, keys twice, dates that do not exist, wrong types, unknown words."""
    assert old in GOOD
    fault(tmp_path, GOOD.replace(old, new, 1), code)


def test_depth_and_size_are_capped(tmp_path: Path) -> None:
    """FAULT 55: a file that is nested without end or very large is refused at once."""
    fault(tmp_path, "rule = " + "[" * 60 + "]" * 60, "R001")
    fault(tmp_path, "rule = " + "[" * 20_000 + "]" * 20_000, "R001")
    fault(tmp_path, "# " + "x" * 4_100_000, "R001")


def test_no_float_enters(tmp_path: Path) -> None:
    """FAULTS 57, 59: a TOML number with a point is an exact decimal; infinities and amounts of 10^12 are refused."""
    text = """
[[rule]]
id = "t.limit.one"
kind = "limit"
title = { en = "one", zh = "一" }
cite = { doc = "d", article = "a", rank = 0, grade = "V2" }
from = 2020-01-01
measure = "area_m2"
sense = "<="
values = [{ amount = %s, unit = "ha" }]
"""
    (rule,) = read(tmp_path, text % "0.7").rules
    assert rule.spec["values"][0]["amount"] == 7_000
    for wrong in ("inf", "nan", "0.00001", "-1", "1e30", "100000000", "true"):
        fault(tmp_path, text % wrong, "R005")


@pytest.mark.parametrize(
    ("amount", "unit", "base"),
    [
        ("1", "mu", 667), ("3", "mu", 2000), ("0.5", "mu", 333), ("0.75", "mu", 500), ("1.5", "ha", 15_000),
        ("2", "", 2), ("3", "亩", 2000), ("1.5", "公顷", 15_000), ("2", "万元", 20_000), ("2", "10k yuan", 20_000),
        ("7", "平方米", 7),
    ],
)  # fmt: skip
def test_amounts_in_base_units(amount: str, unit: str, base: int) -> None:
    """A mu is 10000/15 m², rounded half up; other units must come out whole."""
    assert base_amount(amount, unit) == base
    assert base_amount("0.3", "m2") is None
    assert base_amount("1", "acre") is None


def test_a_unit_that_is_none_is_told_with_those_there_are(tmp_path: Path) -> None:
    """It was "not a whole amount", whose remedy is another amount."""
    text = (HERE / "every_key.toml").read_text("utf-8")
    assert 'unit = "ha"' in text
    issue = fault(tmp_path, text.replace('unit = "ha"', 'unit = "acre"', 1), "R005")
    assert issue.key == "R005.no-unit"
    assert "wan_yuan" in str(issue.as_record())


@pytest.mark.parametrize(("least", "most", "loads"), [(1, 1, True), (1, 999, True), (0, 5, False), (1, 1000, False)])
def test_a_term_is_of_one_to_999_years(tmp_path: Path, least: int, most: int, loads: bool) -> None:
    """A lease of one year is one; none, and four digits, are not."""
    text = (HERE / "every_key.toml").read_text("utf-8")
    text = text.replace("min_years = 5", f"min_years = {least}").replace("max_years = 20", f"max_years = {most}")
    (tmp_path / "rules.toml").write_text(text, "utf-8")
    if not loads:
        with pytest.raises(Refused, match="from 1 to 999"):
            load.load_file(tmp_path / "rules.toml", "pack")
        return
    rules = {rule.id: rule for rule in load.load_file(tmp_path / "rules.toml", "pack")}
    assert (rules["t.term.lease"].spec["min_years"], rules["t.term.lease"].spec["max_years"]) == (least, most)


def test_names_stand_once_and_texts_are_not_blank(tmp_path: Path) -> None:
    """A relation names each parcel once; a lock has a document."""
    head = 'title = { en = "x", zh = "某" }\ncite = { doc = "d", article = "a", rank = 0, grade = "V2" }\n'
    relation = '[[rule]]\nid = "t.r.one"\nkind = "relation"\nfrom = 2020-01-01\n' + head + 'relation = "conflict"\n'
    fault(tmp_path, relation + 'parcels = ["A", "A"]\n', "R005")
    fault(tmp_path, relation + 'parcels = ["A"]\n', "R005")
    fault(tmp_path, relation + 'parcels = ["A", ""]\n', "R004")
    assert read(tmp_path, relation + 'parcels = ["A", "B"]\n').rules[0].spec["parcels"] == ["A", "B"]
    lock = '[[rule]]\nid = "t.l.one"\nkind = "lock"\nfrom = 2020-01-01\nmethod = "listing"\nparcels = ["A"]\n' + head
    fault(tmp_path, lock + 'document = " "\n', "R004")
    fault(tmp_path, lock, "R003")


def test_the_state_of_a_parcel_is_carried_back() -> None:
    """Before all packs asked are complete a rule on the parcel's state counts, graded U; else it does not."""
    law = load.load_pack("cn")
    local = load.load_pack("cn-guangzhou")
    assert "cn.lal.art44" not in {rule.id for rule in in_force(law, "2012-06-30")}
    carried = {rule.id: rule for rule in in_force([*law, *local], "2012-06-30")}
    assert load.grade_of(carried["cn.lal.art44"]) == "U"
    assert not {"cn.order743.art14", "cn.order53.art21", "cn.nr142.red-line", "cn.spc.art2.ratified"} & carried.keys()


def test_same_id_and_same_value_twice(tmp_path: Path) -> None:
    """One id on overlapping dates is refused; with dates that follow one another it is a new version."""
    assert fault(tmp_path, GOOD + GOOD, "R012").where.count("policy.toml:") == 2
    later = GOOD.replace("from = 2020-01-01", "from = 2021-01-01").replace("forbid", "permit")
    first = GOOD.replace("from = 2020-01-01", "from = 2020-01-01\nuntil = 2021-01-01")
    assert len(read(tmp_path, first + later).rules) == 2


def test_a_rule_that_never_matches_is_reported(tmp_path: Path) -> None:
    """Contradictions in a condition are warned of, with the line."""
    for text in ("use == 'IND' and use == 'RES'", "intending_users > 2 and intending_users < 2", "false", "grade > 15"):
        issues = read(tmp_path, GOOD.replace("use == 'IND'", text)).issues
        assert [issue.code for issue in issues] == ["R015"], text
        assert issues[0].where.endswith(":3")
    for text in (
        "intending_users >= 2 and intending_users <= 2",
        "not (use == 'IND' and net_land)",
        "zone == 'nansha'",
    ):
        assert read(tmp_path, GOOD.replace("use == 'IND'", text)).issues == ()


def test_identity_raises_the_fair_competition_flag(tmp_path: Path) -> None:
    """A policy rule that turns on who asks is flagged unless it has a reason and an end (R-FCR-8, R-FCR-12)."""
    text = GOOD.replace("use == 'IND'", "hkmo == true")
    assert [issue.code for issue in read(tmp_path, text).issues] == ["R018"]
    excused = text + 'reason = "science-technology progress"\nuntil = 2027-01-01\n'
    assert read(tmp_path, excused).issues == ()


def test_an_exception_names_a_rule_that_exists(tmp_path: Path) -> None:
    """An exception to a rule that is nowhere is refused, with the nearest id."""
    path = tmp_path / "policy.toml"
    path.write_text(GOOD + OTHER + 'exception_to = ["t.a.oen"]\n', encoding="utf-8")
    with pytest.raises(Refused) as caught:
        rules_for([], [path], "2026-01-01")
    assert caught.value.issues[0].code == "R016"
    assert caught.value.issues[0].maybe == "you meant 't.a.one'."


def test_looser_low_rank_rules_are_reported(tmp_path: Path) -> None:
    """A permit of rank 1 where the default forbids is reported, not obeyed."""
    path = tmp_path / "policy.toml"
    path.write_text(GOOD.replace("forbid", "permit").replace("rank = 3", "rank = 1"), encoding="utf-8")
    _, issues = rules_for([], [path], "2026-01-01")
    assert [issue.code for issue in issues] == ["R017"]


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    """Every fault of a file is told in one go."""
    text = GOOD.replace("IND", "INDX") + OTHER.replace("from = 2020-01-01", "").replace("forbid", "never")
    assert {issue.code for issue in faults(tmp_path, text)} == {"R011", "R006", "R005"}


def test_methods_are_the_eight() -> None:
    """The methods stand in their order; default verdicts forbid the non-competitive ones."""
    found = methods()
    assert [method.id for method in found] == [
        "allocation",
        "agreement",
        "bid",
        "auction",
        "listing",
        "lease",
        "lease_then_grant",
        "contribution",
    ]
    assert {method.id for method in found if method.default == "forbid"} == {"allocation", "agreement", "contribution"}
    assert {method.id for method in found if not method.competitive} == {"allocation", "agreement", "contribution"}


def test_satisfiable_knows_its_limits() -> None:
    """A condition too large to expand counts as one that may hold."""
    text = " and ".join(f"(use == 'IND' or grade == {k % 15 + 1})" for k in range(12))
    assert lint.satisfiable(parse(text))


def test_reference_pages_are_current() -> None:
    """docs/fields.md and docs/rule-format.md are what the code makes; run make docs."""
    docs = HERE.parents[1] / "docs"
    for name, page in PAGES.items():
        assert (docs / name).read_text(encoding="utf-8") == page(), name


def test_a_finding_shows_the_value_as_it_stands_and_names_its_rule(tmp_path: Path) -> None:
    """1.5, not Decimal('1.5'); the key inside the citation; an adoption by the rule it names."""
    issue = fault(tmp_path, GOOD.replace("rank = 3", "rank = 1.5"), "R004", 6)
    assert issue.what == "rule t.a.one: 'cite.rank' must be a whole number from 0 to 5, not 1.5"
    lost = GOOD + '[[adopt]]\nrule = "t.a.none"\nbelow = ["t.a.one"]\ndocument = "x"\n'
    assert fault(tmp_path, lost, "R019").what == "rule t.a.none: adopt: no rule 't.a.none' is loaded"


def test_only_a_key_twice_is_called_a_key_twice(tmp_path: Path) -> None:
    """Advice fits what the reader of TOML found."""
    assert fault(tmp_path, GOOD + "x = !tag\n", "R001").maybe == ""
    assert "twice" in fault(tmp_path, GOOD + "kind = 'note'\n", "R001").maybe
