"""The map from lines to tests: made in the same copy of the tree that the mutants are run in, before any is."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.mutation.sites import Mutant

SECONDS = 40
"""Processor seconds of tests run against one mutant, as measured without it: the tests of the fewest lines first."""
MOST = 300
"""Tests run against one mutant at most."""
FILES = 6
"""Files these tests are from, at most: pytest reads each of them whole before the first test."""


@dataclass(slots=True)
class Covered:
    """Which tests run which line of which module; ``tests`` are node ids, lines hold their numbers."""

    tests: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    wide: list[int] = field(default_factory=list)
    lines: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    failing: list[str] = field(default_factory=list)
    """Tests that fail (or skip) in the copy with nothing changed: never run against a mutant."""

    def of(self, mutant: Mutant, text: str, most: float = SECONDS) -> list[int]:
        """The tests that run a mutant's line: the narrowest that the seconds hold (at least one), the quick first."""
        module = self.lines.get(mutant.module, {})
        here = set(module.get(str(mutant.line), ()))
        if str(mutant.line) not in module:  # a line inside a statement: what runs the statement
            here = {test for line in statement(text, mutant.line) for test in module.get(str(line), ())}
        order = sorted(here, key=lambda test: (self.wide[test], self.seconds[test], test))
        if not _in_function(text, mutant.line):
            order = self._of_module(mutant.module)  # runs when the module is imported, whoever does it first
        chosen: list[int] = []
        files: set[str] = set()
        total = 0.0
        for test in order:
            name = _file(self.tests[test])
            if chosen and (total + self.seconds[test] > most or (len(files) >= FILES and name not in files)):
                continue
            if len(chosen) >= MOST:
                break
            chosen.append(test)
            files.add(name)
            total += self.seconds[test]
        return sorted(chosen, key=lambda test: (self.seconds[test], test))

    def _of_module(self, module: str) -> list[int]:
        """All tests of the files with a test that runs a line of the module; first the files that run little else."""
        hits: dict[str, int] = {}
        wide: dict[str, int] = {}
        for of in self.lines[module].values():
            for test in of:
                name = _file(self.tests[test])
                hits[name] = hits.get(name, 0) + 1
        for test, lines in enumerate(self.wide):
            name = _file(self.tests[test])
            wide[name] = wide.get(name, 0) + lines
        names = {name: at for at, name in enumerate(sorted(hits, key=lambda name: (-hits[name] / wide[name], name)))}
        found = [(names[_file(test)], at) for at, test in enumerate(self.tests) if _file(test) in names]
        return [at for _, at in sorted(found)]


def _file(test: str) -> str:
    return test.partition("::")[0]


def _in_function(text: str, line: int) -> bool:
    """Whether a line stands in the body of a function."""
    bodies = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(each.body[0].lineno <= line <= (each.end_lineno or 0) for each in bodies)


def statement(text: str, line: int) -> range:
    """The lines of the smallest statement that holds a line; of a block its head alone."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else (node.end_lineno or node.lineno)
            if line <= end:
                found = range(node.lineno, end + 1)
    return found


def make(tree: Path, place: Path, sources: list[str], tests: tuple[str, ...], cores: int) -> Covered:
    """Run tests in a copy, files dealt to ``cores`` processes, and gather who runs what."""
    files = sorted(
        {
            each.relative_to(tree).as_posix()
            for name in tests or ("tests",)
            for each in ([tree / name] if name.endswith(".py") else (tree / name).rglob("test_*.py"))
        },
        key=lambda name: -(tree / name).stat().st_size,
    )
    for old in place.glob("seen-*.json"):
        old.unlink()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(lambda at: _run(tree, place, files[at::cores], at), range(min(cores, len(files)))))
    return gather(place, sources)


def gather(place: Path, sources: list[str]) -> Covered:
    """Which test runs which line, of all runs of tests kept beside each other."""
    held = Covered()
    parts = [json.loads(told.read_text(encoding="utf-8")) for told in sorted(place.glob("seen-*.json"))]
    for test, what in sorted({test: what for part in parts for test, what in part["tests"].items()}.items()):
        if what["passed"]:
            held.tests.append(test)
            held.seconds.append(round(what["seconds"], 3))
        else:
            held.failing.append(test)
    number = {test: at for at, test in enumerate(held.tests)}
    by_file: dict[str, list[int]] = {}
    for test, at in number.items():
        by_file.setdefault(_file(test), []).append(at)
    found: dict[str, dict[str, set[int]]] = {name: {} for name in sources}
    for context, modules in (each for part in parts for each in part["lines"].items()):
        tests = (number[context],) if context in number else by_file.get(context, ())
        for name in found.keys() & modules.keys():
            for line in modules[name]:
                found[name].setdefault(str(line), set()).update(tests)
    held.lines = {name: {line: sorted(of) for line, of in lines.items()} for name, lines in found.items()}
    held.wide = [0] * len(held.tests)
    for lines in found.values():
        for of in lines.values():
            for test in of:
                held.wide[test] += 1
    return held


def _run(tree: Path, place: Path, files: list[str], at: int) -> None:
    """One process of tests; what was seen is kept as number ``at``."""
    environment = {**os.environ, "MUTATION_SEEN": str(place / f"seen-{at}.json"), "PYTHONPATH": str(tree)}
    words = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-p", "tests.mutation.contexts"]
    with (place / f"map-{at}.txt").open("wb") as told:
        subprocess.run([*words, *files], cwd=tree, env=environment, stdout=told, stderr=told, check=False)
