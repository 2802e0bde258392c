# run, test, serve, bench, lint. Each first sets up what it needs, in .venv, and says so; it asks for Python 3.11+ and make alone.

SHELL := bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install install-dev run serve test lint format bench lock clean

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
endif
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= $(or $(SDG17_DATA),data)
ARGS ?=
UV ?= uv

# Great Expectations takes 7 s to import without byte code and 3 s with it, so byte code is wanted.
unexport PYTHONDONTWRITEBYTECODE
# What the caller has set for other programmes must not lead this one, its tests or pip elsewhere.
unexport PYTHONPATH PYTHONHOME PIP_TARGET PIP_USER PIP_REQUIRE_VIRTUALENV
export DAGSTER_DISABLE_TELEMETRY := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A stamp is named after all that it stands for, so the same requirements are installed once per place and Python.
key = $(shell { cat $(1) pyproject.toml Makefile; echo "$(CURDIR)"; $(PYTHON) -VV; } 2>&1 | cksum | cut -d' ' -f1)
RUN_READY := $(VENV)/.ready-run-$(call key,requirements.txt)
DEV_READY := $(VENV)/.ready-dev-$(call key,requirements.txt requirements-dev.txt)

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: $(RUN_READY) ## Read the reports in data/inbox and publish a release (DATA=folder for another fund)
	@$(BIN)/sdg17 run --data "$(DATA)" $(ARGS)

serve: $(RUN_READY) ## Show the runs in a browser, on this machine only
	@$(BIN)/sdg17 serve --data "$(DATA)" $(ARGS)

test: $(DEV_READY) ## Run the tests (ARGS='-k word' for some of them)
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: $(DEV_READY) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 0 --nocolor sql

format: $(DEV_READY) ## Lay Python and SQL out as lint wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --processes 0 --nocolor --quiet sql

bench: $(RUN_READY) ## Measure time and memory, and print the table
	@$(BIN)/python -m benchmarks.run $(ARGS)

install: $(RUN_READY) ## Set up .venv with what the programme needs

install-dev: $(DEV_READY) ## Set up .venv with what tests and lint need, too

lock: ## Make requirements*.txt anew from requirements*.in (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv. Install it, or say where it is: make lock UV=..." >&2; exit 1; }
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements.in requirements-dev.in -c requirements.txt -o requirements-dev.txt

clean: ## Remove what was installed and built; reports, registers, ledger and releases stay
	rm -rf $(VENV) data/build build/bdist.* sdg17.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

LOCK = $(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

# The lock is complete, so pip need not resolve (--no-deps) and downloads nothing that is not in it (--no-build-isolation).
PIP_INSTALL = PYTHONUNBUFFERED=1 $(BIN)/python -m pip install --progress-bar off --no-compile --no-deps --no-build-isolation
HASHED = $(PIP_INSTALL) --require-hashes
SAY = awk '/^(Collecting|Processing|Requirement)/ && ++n % 20 == 0 { print "      " n " of " of } /^Installing/ { print "      unpacking" } { fflush() }'
COMPILE = echo "      compiling byte code"; $(BIN)/python -m compileall -q -j 0 "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

$(RUN_READY): | python-found
	@if [ "$$($(BIN)/python -VV 2>&1)" = "$$($(PYTHON) -VV 2>&1)" ] && $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "1. Using $(VENV)"; \
	else \
		echo "1. Making $(VENV) with $$($(PYTHON) --version)"; \
		rm -rf $(VENV); \
		$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
			echo "$(PYTHON) cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	fi
	@echo "2. Installing what sdg17 needs, each package checked against its hash (about a minute)"
	@set -o pipefail; $(HASHED) -r requirements.txt | $(SAY) of=$$(grep -c '==' requirements.txt)
	@set -o pipefail; $(PIP_INSTALL) --editable . | $(SAY)
	@$(COMPILE)
	@rm -f $(VENV)/.ready-run-*; touch $@

$(DEV_READY): $(RUN_READY)
	@echo "3. Installing what its tests need"
	@set -o pipefail; $(HASHED) -r requirements-dev.txt | $(SAY) of=$$(grep -c '==' requirements-dev.txt)
	@$(COMPILE)
	@rm -f $(VENV)/.ready-dev-*; touch $@

.PHONY: python-found
python-found:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "No Python 3.11 or newer was found. Install one, or say where it is: make run PYTHON=/path/to/python3.12" >&2; exit 1; }
