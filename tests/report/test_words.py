"""Papers of three rounds in the language asked for: nothing of the solver, names apart one language only."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from landopt.report.papers.documents import papers, proposal_values, whole_values, word_papers
from landopt.report.papers.notices import drafts, word_notices
from landopt.report.papers.review_sheet import plan_mark, review_values
from landopt.report.source import Source, open_source
from tests.places import EXAMPLE

ROUNDS = {
    "example": (),
    "small": ("--parcels", "60", "--demands", "24", "--seed", "7"),
    "contested": ("--parcels", "60", "--demands", "40", "--seed", "11", "--contested"),
}
LATIN = re.compile(r"[A-Za-z]{2,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]+")
KNOWN = {"M0", "M9"}
"""Words that a Chinese reader expects in Latin letters: classes of land use."""
SOLVER = re.compile(
    r"评分|得分|差距|上界|求解|偏好分|\d 分[，。；]|规则编号|landopt|--|\bscore|\bgap\b|\bbound\b|solver|\d points?\b"
    r"|\b(?:cn|gd|gz|nansha|round)\.[a-z0-9]+"
)


@pytest.fixture(scope="module", params=ROUNDS)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A round decided as a user decides it."""
    place = tmp_path_factory.mktemp("words") / "round"
    given = ROUNDS[request.param]
    if given:
        assert CliRunner().invoke(desk, ["new", str(place), *given], prog_name="landopt").exit_code == 0
    else:
        shutil.copytree(EXAMPLE, place)
    done = CliRunner().invoke(desk, ["solve", str(place), "--gap", "0.02"], prog_name="landopt")
    assert done.exit_code == 0, done.output
    return open_source(place / "plan")


def texts(value: Any) -> Iterator[str]:
    """Every text of values, blocks and their tables."""
    if isinstance(value, str):
        yield value
    elif hasattr(value, "kind"):
        yield value.text
        yield from (cell for row in value.rows for cell in row)
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    else:
        for each in value:
            yield from texts(each)


def said(source: Source, lang: str) -> list[str]:
    """All that the papers to be signed or published say: proposal, review sheets, notices, and their PDF."""
    found = list(texts(proposal_values(source, lang)))
    for paper in (*word_papers(source, lang), *word_notices(source, lang)):
        if paper.template != "technical-annex":
            found += [*texts(paper.whole), *texts(list(paper.parts))]
    found += [
        text for name, blocks in papers(source, lang) if not name.startswith("technical") for text in texts(blocks)
    ]
    own = {plan_mark(source, lang), *map(str, whole_values(source, lang).values())}
    return [text for text in found if text not in own]


def names(source: Source) -> list[str]:
    """What is called so by the files of the round, and the documents of the law: names in any language."""
    case = source.case
    found = {case.round.authority, case.round.title.zh, case.round.title.en, *case.parcels.ids, *case.demands.ids}
    for table, columns in ((case.parcels, ("parcel_name", "district", "zone", "ind_block")), (case.demands, ("name",))):
        for column in columns:
            found |= {str(value) for value in table.column(column) if value}
    for rule in case.rules:
        found |= {rule.cite.doc, rule.cite.article, rule.cite.number}
        if rule.origin not in case.packs:
            found |= {rule.title.zh, rule.title.en}
    found |= {period.id for period in case.round.periods}
    return sorted(filter(None, found), key=len, reverse=True)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_papers_hold_no_words_of_the_solver(source: Source, lang: str) -> None:
    """Scores, gaps, ids of rules and commands stand in the technical annex only; a preference is named by its title."""
    assert [text for text in said(source, lang) if SOLVER.search(text)] == []


@pytest.mark.slow
def test_chinese_papers_have_no_latin_word_but_names(source: Source) -> None:
    """What is left when names are taken out has no word of Latin letters that a reader would not expect."""
    assert left(source, "zh", LATIN) == []


@pytest.mark.slow
def test_english_papers_have_no_chinese_but_names(source: Source) -> None:
    """Names are those of parcels, platforms, districts, documents of the law."""
    assert left(source, "en", CHINESE) == []


def left(source: Source, lang: str, pattern: re.Pattern[str]) -> list[str]:
    """What a pattern finds in the papers when names are taken out."""
    known = names(source)
    found = set()
    for text in said(source, lang):
        if pattern.search(text):
            for name in known:
                text = text.replace(name, " ")
            found |= {word for word in pattern.findall(text) if word not in KNOWN}
    return sorted(found)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_sheet_and_a_notice_are_one_page_each(source: Source, tmp_path: Path, lang: str) -> None:
    """As LibreOffice lays them out: a page a site, none overfull, none empty."""
    done = CliRunner().invoke(
        desk, ["report", str(source.folder), "--docx", "--notices", "--lang", lang, "-o", str(tmp_path / "r")]
    )
    assert done.exit_code == 0, done.output
    wanted = {"review-sheets": len(source.plan["assignments"])}
    for notice in drafts(source, lang):
        wanted[f"notices-{notice.kind}"] = wanted.get(f"notices-{notice.kind}", 0) + 1
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    files = [str(tmp_path / "r" / f"{name}.docx") for name in wanted]
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path / "p"), *files]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    for name, count in wanted.items():
        pages = re.findall(rb"/Type\s*/Page\b", (tmp_path / "p" / f"{name}.pdf").read_bytes())
        assert len(pages) == count, name


@pytest.mark.slow
def test_every_method_rests_on_a_rule_that_permits_it(source: Source) -> None:
    """A rule that opens it (its condition on file, if it has one), or the text that ``methods.toml`` rests it on.

    Silence is no basis: where nothing permits the method yet the case is a condition, and its sheet names the rules
    that will, once what is open is established.
    """
    rules = {rule.id: rule for rule in source.case.rules}
    sheets = review_values(source, "zh")
    records = [record for record in source.records if record["kind"] == "assignment"]
    for record, sheet in zip(records, sheets, strict=True):
        for ruling in record["permits"]:
            rule, method = rules[ruling["cite"]["rule"]], record["method"]
            if rule.kind == "eligibility":
                assert rule.spec["verdict"][method] in ("permit", "condition")
            else:
                assert rule.cite.rank >= 2
                assert method in rule.spec["methods"] or rule.id in source.case.method(method).default_rule.split()
            assert rule.cite.doc
            assert rule.cite.article
        if not record["permits"]:
            assert record["verdict"] == "condition"
            assert record["conditions"]
            assert re.match("所列条件查明后适用：.*《|尚未查明准许该方式的规定，签约前须查明", str(sheet["basis"]))
