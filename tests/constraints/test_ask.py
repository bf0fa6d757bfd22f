"""`landopt rules`: questions, their JSON, and the listing commands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from constraints.language.expr import parse
from constraints.loading.load import load_pack, pack_names
from constraints.reading.asking.ask import ask
from constraints.reading.asking.law_changes import diff
from constraints.reading.asking.told_facts import field_named, read_facts
from constraints.reading.speak import plain, sentence
from landopt.desk.law.rules import rules
from parcels.common.issues import Refused
from parcels.common.schema import fields

CASE = {"use": "RES", "operator": "pubinst", "intending_users": "1"}
TODAY = "2026-11-22"


def run(*words: str, code: int = 0) -> str:
    """Run a subcommand; its standard output."""
    result = CliRunner().invoke(rules, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


def test_the_answer_has_its_fixed_form() -> None:
    """The JSON is as the design fixes it, for every method, with the assumptions beside."""
    answer = json.loads(run("ask", *(f"{k}={v}" for k, v in CASE.items()), "--as-of", TODAY, "--json"))
    assert list(answer) == [
        "allocation", "agreement", "bid", "auction", "listing", "lease", "lease_then_grant", "contribution", "assumed",
    ]  # fmt: skip
    for method in list(answer)[:-1]:
        entry = answer[method]
        assert entry["verdict"] in ("permit", "condition", "warn", "forbid", "n/a")
        for rule in entry["rules"]:
            assert {"id", "domain", "verdict", "cite", "grade"} <= set(rule)
    assert answer["contribution"]["verdict"] == "n/a"
    assert answer["assumed"]["zone"] == ["nansha"]
    assert answer["assumed"]["nonprofit"] is True
    assert answer["assumed"]["in_pbf"] == 0
    assert answer["assumed"]["publication_closed"] is True
    assert answer["listing"]["term_max_years"] == 50
    assert answer["allocation"]["term_max_years"] is None
    assert answer["agreement"]["price_floor"]["formula"]


def test_no_number_is_a_float() -> None:
    """Numbers are integers or decimal texts."""

    def check(value: object) -> None:
        assert not isinstance(value, float)
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            check(item)

    told = {**CASE, "benchmark_price": "1000.55", "far_max": "3.5", "want_term": "20"}
    check(ask(told, TODAY))


def test_every_declared_field_may_be_told() -> None:
    """Each field of parcels, demands and supplies can be told, as a value and as unknown."""
    samples = {"int": "1", "bool": "true", "text": "x", "date": "2026-01-31", "ids": "x", "near": "station:500"}
    for name, field in fields().items():
        if field.derived and field.of == "offer" and name != "other_applicants":
            continue
        value = field.values[0] if field.values else "IND:70;BIZ:30" if field.type == "mix" else samples[field.type]
        for text in (value, "unknown"):
            ask({**CASE, name: text}, TODAY, ["cn"])


def test_words_of_either_language_are_read() -> None:
    """Chinese titles, aliases and words for true and false are understood."""
    assert read_facts({"规划用途": "RES", "净地": "是", "容积率上限": "3.5", "政策区": "nansha、hengqin"}) == {
        "use": "RES",
        "net_land": True,
        "far_max": 350,
        "zone": ("nansha", "hengqin"),
    }
    named = field_named("意向人数")
    assert named is not None
    assert named.name == "intending_users"


def test_wrong_facts_are_all_told_at_once() -> None:
    """Unknown fields, codes and numbers are refused together, each with advice where there is one."""
    with pytest.raises(Refused) as caught:
        ask({"usee": "RES", "operator": "pubins", "intending_users": "one", "net_land": "maybe"}, TODAY)
    assert [issue.code for issue in caught.value.issues] == ["R009", "R011", "R010", "R010"]
    assert caught.value.issues[0].maybe == "you meant 'use'."
    assert caught.value.issues[1].maybe == "you meant 'pubinst'."


def test_publication_that_is_open_leaves_the_applicants_unknown() -> None:
    """The number of intending users counts only once the publication has closed."""
    for told in ({"publication_closed": "unknown"}, {"publication_closed": "2026-11-23"}):
        answer = ask({**CASE, **told}, TODAY)
        assert answer["agreement"]["verdict"] == "condition"
        assert {c["fact"] for c in answer["agreement"]["conditions"]} >= {"intending_users"}
    assert ask({**CASE, "publication_closed": TODAY}, TODAY)["agreement"]["verdict"] == "permit"


def test_any_fact_can_be_unknown() -> None:
    """fact=unknown takes an assumption away; the answer then asks for it."""
    answer = ask({**CASE, "net_land": "unknown"}, TODAY)
    assert answer["listing"]["verdict"] == "condition"
    assert "net_land" in {c["fact"] for c in answer["listing"]["conditions"]}
    assert "net_land" not in answer["assumed"]


def test_a_record_may_be_told() -> None:
    """rule= and document= put a document on file that answers the rule's condition."""
    told = {**CASE, "operator": "private"}
    before = ask(told, TODAY)["agreement"]
    assert before["verdict"] == "condition"
    names = ";".join({condition["rule"] for condition in before["conditions"]})
    after = ask({**told, "rule": names, "document": "Sign-off 7"}, TODAY)["agreement"]
    assert after["verdict"] == "permit"
    assert {condition["document"] for condition in after["conditions"]} == {"Sign-off 7"}


def test_dates_before_a_pack_is_complete_say_so() -> None:
    """Every answer about such a date carries the note, and a parcel that is not ready is forbidden all the same."""
    answer = ask({**CASE, "converted": "false"}, "1985-01-01")
    for method in ("allocation", "listing", "lease", "contribution"):
        assert any("complete" in note["en"] for note in answer[method]["notes"])
    assert {answer[m]["verdict"] for m in list(answer)[:7]} == {"forbid"}


def test_a_verdict_shows_the_grade_of_the_rule_that_suffices_for_it() -> None:
    """The grade of a verdict is that of the best-read rule that gives it, not of every rule in sight."""
    order = ["", "V1", "V2", "V2L", "T", "U"]
    for entry in list(ask(CASE, TODAY).values())[:7]:
        grades = [rule["grade"] for rule in entry["rules"] if rule["verdict"] == entry["verdict"]]
        assert entry["grade"] == min(grades, key=order.index)


def test_ask_prints_the_law_in_both_languages() -> None:
    """The text names verdicts, rules with citations, conditions and what was assumed."""
    english = run("ask", "use=IND", "operator=private", "intending_users=1", "--as-of", TODAY, "--lang", "en")
    assert "allocation: forbid" in english
    assert "Assumed (2026-11-22):" in english
    chinese = run("ask", "use=IND", "operator=private", "intending_users=1", "--as-of", TODAY, "--lang", "zh")
    assert "不得以协议方式出让（依据：《民法典》第三百四十七条，2021-01-01起施行，V1" in chinese
    for text in (english, chinese):
        assert len(text.strip().splitlines()) <= 10
    assert not re.search(r"警示|须：|[a-z]+_[a-z]+|intending", chinese)


def test_a_line_that_was_not_read_in_the_article_begins_with_that() -> None:
    """Only what is graded V1 may be quoted as it stands."""
    told = ("use=IND", "operator=private", "intending_users=3")
    lines = run("ask", *told, "--as-of", TODAY, "--lang", "zh").splitlines()
    answer = ask({"use": "IND", "operator": "private", "intending_users": "3"}, TODAY)
    said = {line.removeprefix("待核原文："): line.startswith("待核原文：") for line in lines}
    ways = {"agreement": "不得以协议方式出让", "listing": "可以挂牌方式出让", "lease": "可以长期租赁"}
    for method, words in ways.items():
        (marked,) = [mark for line, mark in said.items() if line.startswith(words)]
        assert marked == (answer[method]["grade"] != "V1")


def test_the_deciding_rule_stands_first() -> None:
    """Highest rank first among the rules that decide; the others after them, the strictest first."""
    for entry in list(ask(CASE, TODAY).values())[:7]:
        decides = [rule["verdict"] == entry["verdict"] for rule in entry["rules"]]
        assert decides == sorted(decides, reverse=True)
        ranks = [rule["cite"]["rank"] for rule in entry["rules"] if rule["verdict"] == entry["verdict"]]
        assert ranks == sorted(ranks, reverse=True)


def test_a_date_after_the_packs_were_checked_is_told_first() -> None:
    """In data as a note without a rule, in text right below what was assumed."""
    assert any("2026-11-29" in note["en"] for note in ask(CASE, "2030-01-01")["listing"]["notes"])
    assert not any("checked" in note["en"] for note in ask(CASE, TODAY)["listing"]["notes"])
    text = run("ask", "use=IND", "operator=private", "--as-of", "2030-01-01", "--lang", "zh").splitlines()
    assert text[1].startswith("注意：规则库 ")
    assert len(text) <= 10


def test_a_for_profit_school_is_not_asked_whether_it_is_non_profit() -> None:
    """Questions are about facts that can matter for the case."""
    answer = ask({"use": "EDU", "operator": "fp_school", "intending_users": "1", "diploma_education": "true"}, TODAY)
    facts = {each["fact"] for entry in list(answer.values())[:7] for each in entry["conditions"]}
    assert not facts & {"nonprofit", "public_welfare"}


def test_before_the_law_that_was_read_the_answer_says_what_to_read() -> None:
    """Silence is not law: undetermined before the first text, n/a before a method existed, law where a rule decides."""
    early = ask({"use": "IND", "operator": "private", "intending_users": "1"}, "1988-06-01")
    assert (early["agreement"]["verdict"], early["listing"]["verdict"]) == ("undetermined", "n/a")
    assert "1986" in early["agreement"]["conditions"][0]["zh"]
    late = ask({"use": "IND", "operator": "private", "intending_users": "1"}, "1996-06-01")
    assert (late["agreement"]["verdict"], late["allocation"]["verdict"]) == ("permit", "forbid")
    assert "当时" not in "".join(rule["title"]["zh"] for rule in late["agreement"]["rules"])


def test_a_table_of_cases_is_answered_row_by_row(tmp_path: Path) -> None:
    """Columns in either language, a date of its own for each row; a wrong column is refused with its place."""
    path = tmp_path / "cases.csv"
    path.write_text(
        "编号,用途,operator,意向用地者,日期\n甲,工业用地,private,1,2026-11-22\n乙,RES,事业单位,1,\n", "utf-8"
    )
    rows = json.loads(run("ask", "--cases", str(path), "--as-of", TODAY, "--json"))
    assert [(row["case"], row["as_of"]) for row in rows] == [("甲", "2026-11-22"), ("乙", TODAY)]
    assert rows[0]["answer"]["agreement"]["verdict"] == "forbid"
    assert rows[1]["answer"]["allocation"]["verdict"] == "permit"
    text = run("ask", "--cases", str(path), "--as-of", TODAY, "--lang", "zh").splitlines()
    assert len(text) == 3
    assert text[0].startswith("编号,日期,划拨,")
    assert text[1].startswith("甲,2026-11-22,不得,不得,")
    path.write_text("用途,whatever\nIND,1\n", "utf-8")
    with pytest.raises(Refused, match="whatever"):
        run("ask", "--cases", str(path))


def test_grades_say_what_is_to_be_read() -> None:
    """Each rule below V1 with what raises it; less than a fifth of the deciding rules is unverified."""
    found = json.loads(run("grades", "--as-of", TODAY, "--json"))
    assert found["counts"]["U"] < 0.2 * sum(found["counts"].values())
    assert {entry["grade"] for entry in found["to_raise"]} <= {"V2", "V2L", "T", "U"}
    text = run("grades", "--as-of", TODAY, "--lang", "zh")
    assert "在政府网站核对《规范国有土地租赁若干意见》" in text


def test_list_and_show() -> None:
    """Rules in force are listed by date; one rule is shown with its citation and its condition as a sentence."""
    listed = json.loads(run("list", "--as-of", TODAY, "--packs", "cn", "--json"))["rules"]
    assert {"id", "kind", "title", "from", "until", "rank", "grade", "domain"} <= set(listed[0])
    ids = {rule["id"] for rule in listed}
    assert "cn.order39.art4" in ids
    earlier = {r["id"] for r in json.loads(run("list", "--as-of", "2005-01-01", "--packs", "cn", "--json"))["rules"]}
    assert "cn.order39.art4" not in earlier
    text = run("show", "cn.order39.art4", "--lang", "zh")
    assert "第四条" in text
    assert json.loads(run("show", "R-39-4", "--json"))[0]["id"].startswith("cn.order39")
    with pytest.raises(Refused):
        run("show", "cn.order39.art44")
    assert " rules in force on " in run("list", "--lang", "en")


def test_diff_says_what_changed_for_whom() -> None:
    """Between 2006 and 2008 Order 39 closed agreement on industrial land; the shift names the operators."""
    found = diff(("cn",), "2005-06-01", "2008-01-01")
    begun = {change["rule"] for change in found["changes"] if change["what"] == "begins"}
    assert "cn.order39.art4" in begun
    shift = next(s for s in found["shifts"] if s["method"] == "agreement" and s["use"] == "IND")
    assert (shift["before"], shift["after"]) == ("permit", "forbid")
    assert "private" in shift["operators"]
    text = run("diff", "2005-06-01", "2008-01-01", "--packs", "cn", "--lang", "en")
    assert "2007-11-01 招标拍卖挂牌出让国有建设用地使用权规定 国土资源部令第39号 begins: " in text
    assert "cn.order39.art4, " in text
    shown = "  agreement grant: permit -> forbid. industrial land, new-type industrial land (M0); everyone but "
    assert f"{shown}present user of the land, 1 intending user (" in text
    assert run("diff", TODAY, TODAY, "--lang", "zh").strip() == "无变化。"


def test_diff_says_where_a_rule_holds_if_it_has_a_condition() -> None:
    """The words of the condition stand in both languages; nothing is said where a rule has none."""
    known = {rule.id: rule for rule in load_pack("cn")}
    found = [each for each in diff(("cn",), "2000-01-01", TODAY)["changes"] if each["what"] == "begins"]
    assert {bool(known[change["rule"]].when) for change in found} == {True, False}
    for change in found:
        when = known[change["rule"]].when
        assert (" For: " in change["en"]) == bool(when), change["rule"]
        for lang in ("en", "zh") if when else ():
            assert change[lang].endswith(sentence(parse(when), lang, plain)), change["rule"]


def test_diff_is_short_and_speaks_one_language() -> None:
    """The changes of eight years fit a screen or two; notes of procedure are counted; no code stands for a word."""
    lines = run("diff", "2018-12-01", TODAY, "--lang", "zh").splitlines()
    shifts = [line for line in lines if line.startswith("  ")]
    assert len(lines) < 80
    assert 0 < len(shifts) <= 12
    assert any("条附注变化" in line for line in lines)
    assert not any("失效" in line and "〔1999〕222号" in line for line in lines)
    assert not [line for line in shifts if "warn" in line or "existing_user" in line]
    assert len(run("diff", "2018-12-01", TODAY, "--lang", "zh", "--notes").splitlines()) > len(lines)


def test_ask_reads_chinese_words_and_refuses_what_it_would_drop() -> None:
    """Names of codes do for codes; a fact told twice and a record of no rule are refused."""
    words = ("用途=科研用地", "operator=事业单位", "intending_users=1", "--as-of", TODAY)
    codes = ("use=RES", "operator=pubinst", "intending_users=1", "--as-of", TODAY)
    assert run("ask", *words, "--json") == run("ask", *codes, "--json")
    for wrong in (("use=RES", "use=IND"), ()):
        assert CliRunner().invoke(rules, ["ask", *wrong]).exit_code == 2
    with pytest.raises(Refused, match=r"cn\.order39\.art44"):
        run("ask", "use=RES", "rule=cn.order39.art44", "document=D")


def test_the_publication_may_be_told_open_or_closed() -> None:
    """Before the 30 days are over nobody knows the number of users: agreement is a condition (R-21-30D)."""
    told = {"use": "RES", "operator": "pubinst", "intending_users": "1"}
    assert ask({**told, "publication_closed": "true"}, TODAY)["agreement"]["verdict"] == "permit"
    for word in ("false", "unknown", "2026-12-01"):
        assert ask({**told, "publication_closed": word}, TODAY)["agreement"]["verdict"] == "condition"


def test_a_floor_that_never_binds_is_reported_not_counted() -> None:
    """R-GZ-50 (50 %) is below Order 21 (70 %): it is not in the formula and is named as looser (C-3)."""
    told = {"use": "RES", "operator": "pubinst", "intending_users": "1", "benchmark_price": "1000"}
    found = ask(told, TODAY)["agreement"]
    assert found["price_floor"]["formula"] == "max(0.7 * benchmark_price * year_factor, cost_floor)"
    assert found["price_floor"]["yuan_per_m2"] == 700
    looser = [note for note in found["notes"] if note.get("flag") == "looser"]
    assert [note["rule"] for note in looser] == ["gz.fee2018.half"]
    assert "below national rule cn.order21.art5.benchmark" in looser[0]["en"]
    assert ask({**told, "cost_floor": "800"}, TODAY)["agreement"]["price_floor"]["yuan_per_m2"] == 800


def test_usage_errors_are_plain() -> None:
    """A word that is no fact, and a date that is none, are told with an example."""
    for words in (("ask", "RES"), ("ask", "use=RES", "--as-of", "soon")):
        result = CliRunner().invoke(rules, list(words))
        assert result.exit_code == 2
        assert "Maybe" in result.output


def test_all_packs_are_asked_unless_named() -> None:
    """Without --packs every pack that is not switched off answers."""
    assert "cn" in pack_names()
    national = ask(
        {"use": "IND_M0", "operator": "private", "intending_users": "1", "far_max": "2.5"}, "2020-06-01", ["cn"]
    )
    every = ask({"use": "IND_M0", "operator": "private", "intending_users": "1", "far_max": "2.5"}, "2020-06-01")
    assert national["listing"]["verdict"] != "forbid"
    assert every["listing"]["verdict"] == "forbid"


@pytest.mark.parametrize("mix", ["IND:70|BIZ:30", "IND:abc", "IND:70;BIZ:50", "IND:60", "IND:50;IND:50", "XYZ:100"])
def test_a_mix_that_is_none_is_refused(mix: str) -> None:
    """Known uses, whole per cent, 100 in all: the reader of files reads questions too."""
    with pytest.raises(Refused):
        run("ask", f"use_mix={mix}", "operator=developer", "--as-of", TODAY)


def test_each_part_of_a_mixed_parcel_has_its_term() -> None:
    """Order 55 art. 12: 90 % housing and 10 % commerce with 70 years wanted are 70 and 40."""
    told = ("operator=developer", "intending_users=3", "want_term=70", "--as-of", TODAY)
    listing = json.loads(run("ask", "use_mix=城镇住宅用地:90;商业用地：10%", *told, "--json"))["listing"]
    assert listing["verdict"] == "permit"
    assert {part["use"]: part["term_years"] for part in listing["parts"]} == {"HOU": 70, "COM": 40}
    text = run("ask", "use_mix=HOU:90;COM:10", *told, "--lang", "zh")
    assert "商品住宅用地90%，最长 70 年" in text
    assert "商业用地10%，最长 40 年" in text
