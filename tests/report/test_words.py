"""Papers of three rounds in the language asked for: nothing of the solver, names apart one language only."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from landopt.reasons.law_words.article_words import article_words
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
KNOWN = {"M0", "M9", "English"}
"""Words that a Chinese reader expects in Latin letters: classes of land use, the button that turns the page over."""
TURN = {"中文"}
SOLVER = re.compile(
    r"评分|得分|差距|上界|求解|偏好分|\d 分[，。；]|规则编号|landopt|--"
    r"|\bscore|\bgap\b|\bbound\b(?! by)|solver|\d points?\b"
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


def in_language(source: Source, lang: str) -> Source:
    """The plan as the reports of a language have it."""
    return open_source(source.folder, lang)


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
    source = in_language(source, lang)
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
        found |= {rule.cite.doc, rule.cite.article, rule.cite.number, article_words(rule.cite.article, "en")}
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


def left(source: Source, lang: str, pattern: re.Pattern[str], papers: Iterable[str] | None = None) -> list[str]:
    """What a pattern finds in the papers when names are taken out."""
    known = names(in_language(source, lang))
    found = set()
    for text in said(source, lang) if papers is None else papers:
        if pattern.search(text):
            for name in known:
                text = text.replace(name, " ")
            found |= {word for word in pattern.findall(text) if word not in KNOWN | TURN}
    return sorted(found)


def rendered(folder: Path, lang: str) -> Iterator[tuple[str, str]]:
    """(file, text) of every text in the papers on disk, without the technical annex and the file of sources.

    Of the map page what it shows in one language before anything is opened; of workbooks cells, sheets and footers.
    """
    import docx
    import openpyxl

    for path in sorted(folder.iterdir()):
        found: list[str] = []
        if path.stem in ("technical-annex", "notices-sources"):
            continue
        if path.suffix == ".docx":
            paper = docx.Document(str(path))
            found = [each.text for each in paper.paragraphs]
            found += [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
            found += [
                each.text for part in paper.sections for each in (*part.footer.paragraphs, *part.header.paragraphs)
            ]
        elif path.suffix == ".xlsx":
            for sheet in openpyxl.load_workbook(path):
                found += [sheet.title, str(sheet.oddFooter.left.text or "")]
                cells = (cell.value for row in sheet.iter_rows() for cell in row)
                found += [value for value in cells if isinstance(value, str) and not value.startswith("=")]
        elif path.suffix == ".pdf":
            done = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True)
            found = ["".join(page.split("\n")) for page in done.stdout.decode().split("\f")] if lang == "zh" else []
        elif path.suffix == ".html":
            page = Shown("en" if lang == "zh" else "zh")
            page.feed(path.read_text(encoding="utf-8"))
            found = page.found
        yield from ((path.name, text) for text in found)


class Shown(HTMLParser):
    """The texts of the map page that it shows while the other language is hidden."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self, hidden: str) -> None:
        super().__init__()
        self.hidden, self.inside, self.found = hidden, list[tuple[str, bool]](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember which elements are hidden."""
        if tag not in self.VOID:
            classes = (dict(attrs).get("class") or "").split()
            self.inside.append((tag, tag in ("script", "style") or self.hidden in classes))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and those in it that had no end."""
        while self.inside and self.inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if data.strip() and not any(hidden for _, hidden in self.inside):
            self.found.append(data.strip())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is not installed")
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_rendered_papers_speak_one_language_and_not_the_solvers(source: Source, tmp_path: Path, lang: str) -> None:
    """Word, PDF, Excel and the map page as they lie on disk: names apart one language, no scores, ids or commands.

    Each page's foot is one line; the map may call points by their name where it draws what the proof says.
    """
    done = CliRunner().invoke(desk, ["report", str(source.folder), "--lang", lang, "-o", str(tmp_path / "r")])
    assert done.exit_code == 0, done.output
    papers = [*rendered(tmp_path / "r", lang)]
    assert {name.rpartition(".")[2] for name, _ in papers} >= {"docx", "xlsx", "html"}
    own = {source.plan["plan_id"], source.case.round.id}
    strange = re.compile("|".join(re.escape(each) for each in sorted(own, key=len, reverse=True)))
    plainly = [(name, strange.sub(" ", text)) for name, text in papers]
    assert [each for each in plainly if SOLVER.search(each[1]) and not each[0].endswith(".html")] == []
    mark = re.compile(r"[0-9a-f]{12,64}|\w+\.jsonl?(?:\.gz)?")  # check codes, and the files the page can verify
    told = [mark.sub(" ", text) for name, text in plainly if lang == "zh" or not name.startswith("market-entry")]
    assert left(source, lang, LATIN if lang == "zh" else CHINESE, told) == []
    assert not [
        text for name, text in papers if name.endswith(".docx") and text.count("\n") and plan_mark(source, lang) in text
    ]


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
