# Keyturn from a clean clone: Python 3.11 or newer, git and make are enough. `make help` lists what there is.

SHELL := /bin/sh
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check --no-input
SUITABLE := import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))

# The first Python that will do. Another one: make PYTHON=/path/to/python3.12 demo
PYTHON = $(shell for each in python3 python3.13 python3.12 python3.11; do \
	"$$each" -c '$(SUITABLE)' 2>/dev/null && { echo "$$each"; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help install demo test check battery bench bench-matching docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## everything into .venv, locked and checked by hash

demo: $(VENV)/.installed ## Keyturn with a demo utility on http://127.0.0.1:8000 (PORT=8080, FRESH=1 starts over); Ctrl-C ends it
	@exec $(RUN) -m keyturn.cli demo --with-parent $$PPID $(if $(FRESH),--fresh) $(if $(PORT),--port $(PORT)) \
		$(if $(DATA),--data $(DATA)) $(if $(PERSONS),--persons $(PERSONS))

# Many tests start programs: where no bytecode may be kept, each of them compiles all of Keyturn again.
test: $(VENV)/.installed-test ## every test, a real browser included (ARGS="tests/local -x" for some)
	@unset PYTHONDONTWRITEBYTECODE; KEYTURN_CHROMIUM="$$(.ci/browser $(RUN))" && export KEYTURN_CHROMIUM && $(RUN) -m pytest $(or $(ARGS),-n 2 --dist loadfile --no-loadscope-reorder)

check: $(VENV)/.installed-test ## lint, format, types and import contracts
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@$(VENV)/bin/lint-imports

# Sizes of a release; each of them, and the seeds, may be given: make battery KILL_REQUESTS=600 KILL_KILLS=20 KILL_SECONDS=32
battery: export BATTERY ?= 1
battery: export KILL_REQUESTS ?= 10000
battery: export KILL_KILLS ?= 100
battery: export KILL_SECONDS ?= 900
battery: export FAILOVER_REQUESTS ?= 2000
battery: export FAILOVER_SECONDS ?= 120
battery: export POWER_REQUESTS ?= 2000
battery: export POWER_SECONDS ?= 120
battery: export RESTORE_REQUESTS ?= 500
battery: export SIM_SEEDS ?= 5000
battery: export SIM_STEPS ?= 200
battery: export SIM_PROCESSES ?= 2
battery: export TAMPERINGS ?= 1000
battery: export FAULT_DELIVERIES ?= 20000
battery: export OUTAGE_REQUESTS ?= 3000
battery: export POISON_REQUESTS ?= 2000
battery: export POISON_ONE_IN ?= 1000
battery: export CUT_REQUESTS ?= 2000
battery: export CUT_CUTS ?= 20
battery: export CUT_SECONDS ?= 20
battery: export CLOCK_REQUESTS ?= 400
battery: export FULL_REQUESTS ?= 600
battery: export FULL_SECONDS ?= 30
battery: export LOAD_REQUESTS_A_SECOND ?= 100
battery: export LOAD_VIEWS_A_SECOND ?= 500
battery: export LOAD_STAFF ?= 20
battery: export LOAD_SECONDS ?= 60
battery: export LOAD_PROCESSES ?= 2
battery: export OVERLOAD_TIMES ?= 10
battery: export OVERLOAD_SECONDS ?= 60
battery: export UPLOADS ?= 300
battery: export MIGRATE_ROWS ?= 300000
battery: export BEFORE_REQUESTS ?= 2000
battery: export BEFORE_SECONDS ?= 120
battery: export STORIES ?= 2000
battery: export RACE_FULL ?= 1
battery: export DOUBLE_SUBMITS ?= 250
battery: export NAUGHTY_FULL ?= 1
battery: export API_EXAMPLES ?= 100
battery: export BATTERY_TOLD ?= $(CURDIR)/var/battery.jsonl
battery: $(VENV)/.installed-test ## the long tests: kill -9, power loss, failover, races, a simulated life cycle (WRITE=1 puts the result into docs/)
	@mkdir -p var
	@$(RUN) -m pytest -q -s --disable-warnings $(or $(ARGS),tests/durability tests/api/test_double_submit.py tests/flow/test_invariants.py \
		tests/flow/test_simulation.py tests/flow/test_tampering.py tests/api/test_naughty_strings.py tests/api/test_schemathesis.py); \
		ended=$$?; $(if $(WRITE),$(RUN) -m tests.durability.page "$$BATTERY_TOLD";) exit $$ended

lock: $(VENV)/.installed-test ## write requirements/*.txt anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --generate-hashes --no-header --python-version 3.11 --universal -q -o requirements/runtime.txt
	uv pip compile pyproject.toml --extra matching --generate-hashes --no-header --python-version 3.11 --universal -q -o requirements/matching.txt
	uv pip compile pyproject.toml --extra test --generate-hashes --no-header --python-version 3.11 --universal -q -o requirements/test.txt
	uv pip compile requirements/build.in -c requirements/test.txt --generate-hashes --no-header --python-version 3.11 --universal -q -o requirements/build.txt

bench: $(VENV)/.installed-test ## the main job on FEBRL4, through the HTTP API (ARGS="--write" puts the result into docs/)
	@$(RUN) -m bench.febrl4 $(ARGS)

bench-matching: $(VENV)/.installed-test ## how well and how fast persons are known again, beside others (ARGS="--write", "--only febrl")
	@$(RUN) -m bench.matching $(ARGS)

docs: $(VENV)/.installed ## the pages that are made from the code
	@$(RUN) docs/make.py

clean: ## remove .venv and the demo's data
	rm -rf $(VENV) var

$(RUN):
	@test -n "$(PYTHON)" || { \
		echo "Keyturn needs Python 3.11 or newer with its venv module."; \
		echo "Here: $$(python3 --version 2>&1 || echo 'no python3')$$(python3 -c 'import ensurepip' 2>/dev/null || echo ', without ensurepip')."; \
		echo "On Debian 12 or Ubuntu: apt-get install python3 python3-venv. Or name one: make PYTHON=/path/to/python3.12 demo"; \
		exit 1; } >&2
	@echo "Making $(VENV) with $(PYTHON) ..."
	@"$(PYTHON)" -m venv --clear $(VENV)

$(VENV)/.installed: requirements/runtime.txt requirements/build.txt pyproject.toml | $(RUN)
	@echo "Installing the locked packages (a minute at most, once) ..."
	@$(PIP) install -q --no-deps --require-hashes -r requirements/runtime.txt
	@$(PIP) install -q --no-deps --require-hashes -r requirements/build.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-test: requirements/test.txt $(VENV)/.installed
	@echo "Installing the test packages ..."
	@$(PIP) install -q --no-deps --require-hashes -r requirements/test.txt
	@touch $@
