# make demo: set up and run the embedded round.   make test: set up and run the tests.   Nothing else is needed.
# make solvers: also the heavy second solvers (tests that need them skip without).   CONTRIBUTING.md has the habits.
.PHONY: demo test slow both every long browser postgis solvers loose lint types imports docs wheel sdist wheelhouse \
        installer mutants changelog \
        bench bench-suite bench-files bench-facts bench-law bench-scale clean

VENV := .venv
PY := $(VENV)/bin/python
ifeq ($(OS),Windows_NT)
PY := $(VENV)/Scripts/python.exe
endif
PIP_FLAGS := --quiet --disable-pip-version-check -c pins.txt

demo: $(VENV)/.run
	$(PY) -m landopt solve examples/nansha

# the tests run side by side, one process a core, a file as far as can be in one of them (what it sets up is set up
# once); who has done takes half of what is left. CORES=0 runs them one after the other
CORES ?= auto
SPREAD = -n $(CORES) --dist worksteal
test: $(VENV)/.dev
	$(PY) -m pytest $(SPREAD)

slow: $(VENV)/.dev
	$(PY) -m pytest -m slow $(SPREAD) --durations=40

# the default tests and the slow ones in one go: collected once, files with slow ones first
both: $(VENV)/.dev
	$(PY) -m pytest -m "not browser and not postgis" $(SPREAD) --durations=40

# all of them in one go, as CI has them: while one waits for a browser or a server, another has the processor
every: $(VENV)/.dev
	$(PY) -m pytest -m "" $(SPREAD) --durations=40

# every case of every count, of which CI runs a tenth, and an hour of random clicks; LONG=tests/independent names some tests only
ROUNDS ?= 300
SEED ?= 0
long: $(VENV)/.dev
	LANDOPT_LONG=1 LANDOPT_ROUNDS=$(ROUNDS) LANDOPT_SEED=$(SEED) $(PY) -m pytest -m slow $(SPREAD) $(LONG)
	$(if $(LONG),,LANDOPT_LONG=1 LANDOPT_SEED=$(SEED) $(PY) -m pytest -m browser -k random_clicks tests/workbench)

browser: $(VENV)/.dev
	$(PY) -m pytest -m browser $(SPREAD)

# against a PostgreSQL server with PostGIS that the tests start themselves (Debian: postgresql, postgresql-15-postgis-3)
postgis: $(VENV)/.dev
	$(PY) -m pytest -m postgis $(SPREAD)

lint: $(VENV)/.dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(VENV)/.dev
	$(PY) -m mypy

imports: $(VENV)/.dev
	$(PY) -c "from importlinter.cli import lint_imports_command as c; c()"

solvers: $(VENV)/.solvers

# the default tests with the newest releases of everything, in an environment of its own: reported, never pinned; where
# the newest are what is pinned, the tests were run with them already
loose:
	rm -rf .venv-loose && $(MAKE) --no-print-directory VENV=.venv-loose .venv-loose/.made
	mkdir -p build && .venv-loose/bin/python -m pip install --quiet --disable-pip-version-check --dry-run --ignore-installed \
	  --report build/loose.json -e ".[all,dev]"
	@if .venv-loose/bin/python -m tests.loose build/loose.json; then echo "the newest releases are those of pins.txt: nothing else to test"; else \
	  .venv-loose/bin/python -m pip install --quiet --disable-pip-version-check -e ".[all,dev]" \
	  && .venv-loose/bin/python -m pytest -q $(SPREAD); fi

docs: $(VENV)/.dev
	$(PY) -m landopt.desk.docs --write

wheel: $(VENV)/.dev
	rm -rf dist && $(PY) -m build --wheel --outdir dist . >/dev/null && $(PY) -m check_wheel_contents dist

# the source archive, and tests run from what it holds: some of each room in CI, all with SDIST_TESTS=tests
SDIST_TESTS ?= tests/test_package.py tests/constraints tests/rules tests/door tests/audit/test_proof.py tests/parcels/test_columns.py
sdist: $(VENV)/.dev
	rm -rf dist/*.tar.gz build/sdist && $(PY) -m build --sdist --outdir dist . >/dev/null
	mkdir -p build/sdist && tar -xzf dist/*.tar.gz -C build/sdist --strip-components 1
	cd build/sdist && PYTHONPATH=$$PWD $(abspath $(PY)) -m pytest -q $(SPREAD) $(SDIST_TESTS)

# one changelog out of the fragments in changelog.d (CONTRIBUTING.md)
changelog: $(VENV)/.dev
	$(PY) -m towncrier build --yes --version $(VERSION)

N ?= 40
SEED ?= 1
mutants: $(VENV)/.dev
	$(PY) -m tests.mutation --count $(N) --seed $(SEED)

# every wheel that another machine needs: TARGET=windows for a 64-bit Windows desktop, FOR its Python
TARGET ?= host
FOR ?= 3.13
wheelhouse: wheel
	$(PY) installer/wheelhouse.py dist/*.whl --target $(TARGET) --python $(FOR) --dest .wheelhouse

# a setup for Windows without administrator: EMBED=python-3.13.x-embed-amd64.zip from python.org; needs makensis
installer:
	@test -f "$(EMBED)" || { echo "make installer EMBED=python-3.13.x-embed-amd64.zip (python.org, Windows embeddable package)" >&2; exit 2; }
	$(MAKE) --no-print-directory wheelhouse TARGET=windows
	$(PY) installer/stage.py --python "$(EMBED)" --wheels .wheelhouse --out build/installer

BENCH ?= --sizes 1k 5k 20k 100k --raw --long --stock
bench: $(VENV)/.dev
	$(PY) -m benchmarks.decision $(BENCH)

# every shape beside stock solvers (hours; SUITE="--shapes local eight --others highs" for less, "--mps FOLDER" writes models)
SUITE ?=
bench-suite: $(VENV)/.dev
	$(PY) -m benchmarks.suite $(SUITE)

bench-files: $(VENV)/.dev
	$(PY) -m benchmarks.decision_files 5k 11 12 13 14 15

bench-facts: $(VENV)/.dev
	$(PY) -m benchmarks.facts

# the tables of docs/scale.md; CITIES=330 for a national year
CITIES ?= 20
bench-scale: $(VENV)/.dev
	$(PY) -m benchmarks.joint build/scale-4 --cities 4 --gap 0.003
	$(PY) -m benchmarks.joint build/scale-$(CITIES) --cities $(CITIES)
	$(PY) -m benchmarks.overhead --runs 100

bench-law: $(VENV)/.dev
	$(PY) -m benchmarks.law

$(VENV)/.made:
	@found=; for p in "$$PYTHON" python3 python3.13 python3.12 python; do \
	  [ -n "$$p" ] || continue; \
	  if "$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; then found="$$p"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "landopt needs Python 3.12 or newer with venv: install it (Debian: apt-get install python3 python3-venv) or set PYTHON=/path/to/python." >&2; exit 1; \
	fi; \
	"$$found" -m venv $(VENV) && touch $@

$(VENV)/.run: $(VENV)/.made pyproject.toml pins.txt
	PIP_CONSTRAINT=pins.txt $(PY) -m pip install $(PIP_FLAGS) -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run
	PIP_CONSTRAINT=pins.txt $(PY) -m pip install $(PIP_FLAGS) -e ".[all,dev]"
	touch $@

$(VENV)/.solvers: $(VENV)/.dev
	PIP_CONSTRAINT=pins.txt $(PY) -m pip install $(PIP_FLAGS) -e ".[solvers]"
	touch $@

clean:
	rm -rf $(VENV) .venv-loose build dist .wheelhouse .pytest_cache .mypy_cache .ruff_cache .hypothesis
