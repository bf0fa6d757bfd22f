"""One vocabulary: every word printed for a code, a method or a field is read back as it, wherever it is told."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from constraints.loading.method_facts import off, tables, yardstick
from constraints.reading.asking.told_facts import field_named, read_value
from landopt.desk.law.ask import told_facts
from landopt.forms.columns import word_of
from landopt.intake.names import method_named
from landopt.reasons.words import code_word, field_title, word
from parcels.common.catalogue import languages
from parcels.common.place import Place
from parcels.common.schema import Field, fields
from parcels.common.vocabulary import code_of, folded, readings, subject_of, subjects, table
from parcels.tables.columns import Column, match_columns
from parcels.tables.use_codes import systems, use_of
from parcels.tables.values import parser

CODED = [field for field in fields().values() if field.values and field.name != "method"]
PRINTED = [
    pytest.param(field, code, lang, id=f"{field.name}-{code}-{lang}")
    for field in CODED
    for code in field.values
    for lang in languages()
]


def spellings(text: str) -> list[str]:
    """A word in other widths, letters and spacing."""
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    return [text, text.upper(), f" {text} ", wide]


@pytest.mark.parametrize(("field", "code", "lang"), PRINTED)
def test_what_is_printed_for_a_code_is_read_as_it(field: Field, code: str, lang: str) -> None:
    """In files, in a form's lists, in facts told, and on the command line; no code is printed bare in Chinese."""
    said = code_word(field.name, code, lang)
    assert said != code or lang == "en"
    read = parser(Column(field.name, field), None)
    for text in spellings(said):
        assert code_of(subject_of(field.name), text, field.values) == code
        many = field.type == "codes"
        assert read(text) == ((code,) if many else code)
        told = read_value(field, text.strip())
        if told is not None:  # "none" is a right, and a word for what is not known
            assert told in (code, (code,))
    assert read(word_of(field, code, lang)) == ((code,) if field.type == "codes" else code)
    if "=" not in said:
        assert told_facts((f"{field.name}={said}",))[field.name] == code


@pytest.mark.parametrize("code", fields()["use"].values)
@pytest.mark.parametrize("system", systems())
def test_a_printed_use_is_read_in_every_code_system(system: str, code: str) -> None:
    """Names are the same in all of them; landopt's bare codes are no codes of another system."""
    for lang in languages():
        assert use_of(code_word("use", code, lang), system) == code


@pytest.mark.parametrize("name", tables())
def test_every_word_for_a_method_names_it(name: str) -> None:
    """Its id, what is printed for it, its titles and its word in a spreadsheet."""
    entry = tables()[name]
    words = [name, entry["short"], *entry["title"].values(), *(word("method", name, lang) for lang in languages())]
    for said in words:
        for text in spellings(str(said)):
            assert method_named(text, tables()) == name
    assert method_named("挂牌出租", tables()) is None
    assert off(name) or name in readings("method").values()


@pytest.mark.parametrize("name", fields())
def test_every_title_of_a_field_names_it(name: str) -> None:
    """As a fact told, and as a heading of a table of its own kind; no field is printed by its id in Chinese."""
    field = fields()[name]
    for lang in languages():
        said = field_title(name, lang)
        assert said != name or lang == "en"
        found = field_named(said)
        assert found is not None
        assert found.title(lang) == field.title(lang)
        if field.of in ("parcel", "demand"):
            match = match_columns([said], field.of, Place("f"))
            assert name in match.columns, (said, match.unknown)


def test_no_word_means_two_codes_and_every_code_has_its_words() -> None:
    """Checked when the vocabulary is read; each subject names exactly the codes of its fields."""
    for subject, codes in subjects().items():
        assert set(readings(subject).values()) == set(codes)
        assert all({"en", "zh"} <= set(entry) for entry in codes.values())
    for field in CODED:
        assert set(field.values) <= set(subjects()[subject_of(field.name)]), field.name
    assert set(subjects()["method"]) <= set(tables())
    assert folded("Ａ b（C）") == folded("ab(c)")


def test_words_of_a_subject_stand_in_the_vocabulary_alone() -> None:
    """No catalogue of texts repeats them."""
    import tomllib

    root = Path(__file__).parents[1]
    for path in root.glob("*/texts/*.toml"):
        texts = tomllib.loads(path.read_text(encoding="utf-8"))
        repeated = set(texts) & set(subjects())
        assert not repeated, (path, repeated)
    assert table()["former_districts"]["names"]


NOT_METHODS = {
    "constraints/audit/words/other_methods.py": {"agreement"},  # a mode
    "constraints/reading/terms.py": {"lease_then_grant"},  # a right
    "constraints/reading/timetable.py": {"listing"},  # a step of the timetable
    "landopt/reasons/explain/law.py": {"agreement"},  # a mode
    "landopt/report/papers/notices.py": {"agreement", "allocation", "listing", "lease"},  # kinds of drafts, mode, right
}
"""Words that are the id of a method elsewhere, by module; invented rounds have their methods by hand."""


def test_no_module_names_a_method() -> None:
    """Their ids and what sets one apart stand in methods.toml (yardstick, light, default ...)."""
    root = Path(__file__).parents[1]
    found: dict[str, set[str]] = {}
    for room in ("parcels", "constraints", "landopt"):
        for path in (root / room).rglob("*.py"):
            name = path.relative_to(root).as_posix()
            if name.startswith("landopt/invent/"):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and node.value in tables():
                    found.setdefault(name, set()).add(str(node.value))
    assert found == NOT_METHODS


def test_one_method_is_the_yardstick() -> None:
    """Full terms and the reserves of leases are held against one open grant."""
    marked = [name for name, entry in tables().items() if entry.get("yardstick")]
    assert marked == [yardstick()]
    assert tables()[yardstick()]["competitive"]
    assert tables()[yardstick()]["right"] == "grant"
