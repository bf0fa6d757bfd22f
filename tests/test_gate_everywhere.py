"""No reader goes past the gate: every call that opens, unpacks or parses a file stands in a list with its reason."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("parcels", "constraints", "landopt")
GATE = "parcels/common/gate.py"
OURS = "files of the package itself"
ADMITTED = "what opening.py let through and guarded, or the plain copy that a child made of it"
CHILD = "files between landopt and its own child, in a folder of its own that nobody else can write into"
WRITES = "writes"
MEMORY = "bytes that the gate read"
ALLOWED: dict[str, tuple[str, frozenset[str]]] = {
    name: (why, frozenset(calls.split()))
    for why, rows in {
        OURS: {
            "constraints/audit/bound/shapes.py": ".read_text",
            "constraints/audit/finding.py": ".read_text",
            "constraints/loading/method_facts.py": ".read_text",
            "constraints/loading/quotations.py": ".read_text",
            "constraints/loading/releases.py": ".read_bytes .read_text",
            "landopt/central/upgrade.py": ".read_bytes",
            "landopt/desk/docs/house_page.py": ".read_text",
            "landopt/desk/docs/pages.py": ".read_text",
            "landopt/desk/docs/rules_pages.py": ".read_text",
            "landopt/intake/days_off.py": ".read_text",
            "landopt/intake/round_keys.py": ".read_text",
            "landopt/invent/parcel_facts.py": ".read_text",
            "landopt/invent/platforms.py": ".read_text",
            "landopt/reasons/explain/open_facts.py": ".read_text",
            "landopt/report/map/comparison.py": ".read_text",
            "landopt/report/map/page.py": ".read_text",
            "landopt/report/pictures/page.py": ".read_text",
            "landopt/report/papers/pdf.py": ".read_bytes",
            "landopt/report/papers/templates/fields.py": ".read_text",
            "landopt/report/tables/headings.py": ".read_text",
            "landopt/toolboxes/process.py": ".read_text",
            "landopt/toolboxes/qgis_plugin/work.py": ".read_text",  # runs in the Python of QGIS, on the plan just made
            "landopt/workbench/app.py": ".read_bytes",
            "parcels/common/catalogue.py": ".read_text",
            "parcels/common/codes.py": ".read_text",
            "parcels/common/schema.py": ".read_text",
            "parcels/common/vocabulary.py": ".read_text",
            "landopt/keeping/ledger/matters.py": ".read_text",
            "landopt/report/gis/layer_files.py": ".read_text sqlite3.connect",
            "landopt/report/tables/entry_sheet.py": ".read_text",
            "parcels/tables/use_codes.py": ".read_text",
        },
        ADMITTED: {
            "constraints/audit/bound/layers.py": "sqlite3.connect",
            "constraints/audit/files/strict_json.py": ".open",
            "landopt/workbench/reading.py": ".open",
            "parcels/formats/decoding/archives.py": ".open",
            "parcels/formats/decoding/curves.py": "pyogrio.raw.read sqlite3.connect",
            "parcels/formats/decoding/damage.py": ".open",
            "parcels/formats/decoding/dbf.py": ".read_bytes",
            "parcels/formats/domains.py": "pyogrio.raw.read sqlite3.connect",
            "parcels/formats/guard.py": "pyogrio.raw.read pyogrio.list_layers sqlite3.connect",
            "parcels/formats/kinds/boundary_txt.py": ".read_bytes",
            "parcels/formats/kinds/csv_table.py": ".read_bytes csv.reader",
            "parcels/formats/kinds/dxf.py": ".read_bytes .read_text pyogrio.raw.read",
            "parcels/formats/kinds/geojson.py": ".read_bytes .open",
            "parcels/formats/kinds/gml.py": ".read_bytes",
            "parcels/formats/kinds/kml.py": ".read_bytes zipfile.ZipFile",
            "parcels/formats/kinds/old_workbook.py": ".open xlrd.open_workbook",
            "parcels/formats/kinds/open_document.py": ".read_bytes zipfile.ZipFile",
            "parcels/formats/kinds/parquet.py": "pyarrow.parquet.ParquetFile",
            "parcels/formats/kinds/shapefile.py": ".open .read_text pyogrio.raw.read",
            "parcels/formats/kinds/workbook.py": "openpyxl.load_workbook zipfile.ZipFile",
            "parcels/formats/kinds/zipped.py": ".read_bytes zipfile.ZipFile",
            "parcels/formats/sources.py": "pyogrio.raw.read pyogrio.list_layers",
            "landopt/keeping/ledger/stores/sqlite.py": ".open sqlite3.connect",
            "landopt/keeping/whole_audit.py": ".read_bytes pyogrio.read_dataframe",
            "landopt/report/gis/other_formats.py": "pyogrio.read_dataframe pyogrio.list_layers",
            "landopt/report/source.py": "pyogrio.read_dataframe",
            "landopt/keeping/sealing/seal.py": ".open hashlib.file_digest zipfile.ZipFile",
        },
        CHILD: {
            "landopt/solving/process/child.py": ".read_text numpy.load",
            "landopt/solving/process/child_handle.py": ".read_text .open",
            "landopt/solving/process/site_prices.py": ".read_text .open numpy.load",
            "landopt/solving/solver.py": "numpy.load",
            "landopt/joint/past.py": "numpy.load",
            "landopt/joint/store.py": "numpy.memmap .open",
        },
        WRITES: {
            "landopt/invent/files.py": ".open",
            "landopt/keeping/hold.py": ".open",
            "landopt/report/gis/styles.py": "sqlite3.connect",
            "landopt/report/gis/project.py": "pyogrio.list_layers pyogrio.read_info zipfile.ZipFile",
            "landopt/runs/kept.py": ".open",
            "landopt/solving/programme/silent_highs.py": "os.open",
            "landopt/workbench/child/__main__.py": "open os.fdopen",
            "landopt/workbench/edits.py": ".open",
            "landopt/workbench/round/handling.py": ".open",
            "landopt/workbench/received.py": "os.fdopen",
            "landopt/workbench/launch.py": "os.open os.fdopen",
            "landopt/workbench/service/tokens.py": "os.open os.fdopen",
            "landopt/workbench/writer.py": ".open",
            "landopt/screening/offers_file.py": ".open gzip.GzipFile",
            "landopt/solving/programme/model.py": ".open",
            "parcels/common/atomic.py": ".open os.open",
        },
        MEMORY: {
            "landopt/report/papers/templates/given.py": "docx.Document",
            "landopt/report/papers/templates/refuse.py": "zipfile.ZipFile",
            "landopt/report/papers/templates/shipped.py": "docx.Document zipfile.ZipFile",
            "landopt/report/papers/word.py": "docx.Document",
            "parcels/formats/decoding/boundary_lines.py": "csv.reader",
        },
        "digests alone, of plain files": {"parcels/common/digests.py": ".open hashlib.file_digest"},
        "the address that was asked for": {"landopt/central/connection.py": "psycopg.connect"},
    }.items()
    for name, calls in rows.items()
}
"""Modules that open files without the gate's own functions: which calls, and why that is no way past it."""
METHODS = frozenset(("open", "read_text", "read_bytes"))
"""Methods of a path that look into a file."""
CALLS = frozenset(
    {
        *("open", "io.open", "os.open", "os.fdopen", "codecs.open", "fileinput.input"),
        *("gzip.open", "gzip.GzipFile", "bz2.open", "lzma.open", "tarfile.open", "zipfile.ZipFile", "zipfile.Path"),
        *("sqlite3.connect", "tomllib.load", "json.load", "pickle.load", "marshal.load", "shelve.open", "numpy.load"),
        *("numpy.memmap", "numpy.fromfile"),
        *("csv.reader", "csv.DictReader", "xml.etree.ElementTree.parse", "configparser.ConfigParser"),
        *("pyogrio.read_dataframe", "pyogrio.read_info", "pyogrio.list_layers", "pyogrio.open_arrow"),
        *("pyogrio.read_arrow", "pyogrio.read_bounds", "pyogrio.raw.read", "pyogrio.raw.read_arrow"),
        *("geopandas.read_file", "geopandas.read_parquet", "geopandas.read_feather", "fiona.open"),
        *("pandas.read_csv", "pandas.read_excel", "pandas.read_parquet", "pandas.read_json", "pandas.read_xml"),
        *("pyarrow.parquet.read_table", "pyarrow.parquet.ParquetFile", "pyarrow.parquet.read_metadata"),
        *("openpyxl.load_workbook", "xlrd.open_workbook", "docx.Document", "ezdxf.readfile", "shapefile.Reader"),
        *("psycopg.connect", "hashlib.file_digest", "mmap.mmap"),
    }
)
"""Calls of libraries that open or unpack a file."""


def _names(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for, wherever in the module it is imported."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def readers(text: str) -> Counter[str]:
    """The calls of a module that open, unpack or parse a file, by name; ``.open`` and the like for those of a path."""
    tree = ast.parse(text)
    known, found = _names(tree), Counter[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _dotted(node.func)
            head, _, rest = name.partition(".")
            whole = f"{known[head]}.{rest}".rstrip(".") if head in known else name
            if whole in CALLS:
                found[whole] += 1
            elif isinstance(node.func, ast.Attribute) and node.func.attr in METHODS and head not in known:
                found[f".{node.func.attr}"] += 1
    return found


def _found() -> dict[str, frozenset[str]]:
    every = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    found = {p.relative_to(ROOT).as_posix(): frozenset(readers(p.read_text(encoding="utf-8"))) for p in every}
    return {name: calls for name, calls in found.items() if calls and name != GATE}


def test_every_call_that_opens_a_file_is_the_gates_or_says_why() -> None:
    """A new reader goes through ``gate.read_bytes``, ``read_text``, ``admit``; an entry nobody needs goes too."""
    found = _found()
    assert {name: calls - ALLOWED.get(name, ("", frozenset()))[1] for name, calls in found.items()} == dict.fromkeys(
        found, frozenset()
    )
    assert {name: calls - found.get(name, frozenset()) for name, (_, calls) in ALLOWED.items()} == dict.fromkeys(
        ALLOWED, frozenset()
    )


ASKING = {
    "parcels/formats/opening.py": "admits, guards",
    "parcels/formats/companion.py": "admits the table beside an outline",
    "parcels/formats/outline_columns.py": "admits the boundary-point TXT that a cell names",
}
"""Who asks a format's reader for a file, and how that file came through the gate."""


def test_the_readers_of_formats_are_reached_through_the_gate_alone() -> None:
    """Nobody else makes a reader read."""
    asking = set()
    for path in (p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or _dotted(node.func).rpartition(".")[2] not in ("read", "reader"):
                continue
            if any("ask" in ast.dump(each).lower() for each in node.args):
                asking.add(path.relative_to(ROOT).as_posix())
    assert asking == set(ASKING)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("from pathlib import Path\nPath('x').read_text()", {".read_text"}),
        ("import gzip as g\ng.open('x')", {"gzip.open"}),
        ("from zipfile import ZipFile as Z\nZ('x')", {"zipfile.ZipFile"}),
        ("def f():\n    import pyogrio.raw\n    pyogrio.raw.read('x')", {"pyogrio.raw.read"}),
        ("from pyogrio import read_dataframe\nread_dataframe('x')", {"pyogrio.read_dataframe"}),
        ("import sqlite3\nsqlite3.connect('x')", {"sqlite3.connect"}),
        ("import tomllib\nwith open('x', 'rb') as f:\n    tomllib.load(f)", {"open", "tomllib.load"}),
        ("import numpy as np\nnp.load('x')", {"numpy.load"}),
        ("(folder / 'x').open()", {".open"}),
        ("from parcels.common.gate import read_bytes\nread_bytes(p)", set()),
        ("import webbrowser\nwebbrowser.open('x')", set()),
    ],
)
def test_the_scan_sees_every_way_of_opening(text: str, wanted: set[str]) -> None:
    """Under another name, in a function, of a path made on the spot."""
    assert set(readers(text)) == wanted
