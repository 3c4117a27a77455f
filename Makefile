# The commands of Sportel. `make help` lists them.

# The system's own Python, if it is new enough: it is built with optimizations, which others on the path often are not
# (a submission costs an eighth less), and the system's updates mend it.
PYTHON ?= $(shell /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Hundreds of processes are started by the tests: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run demo test faults check format workbooks benchmarks clean test-tools demo-tools

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

# On this machine alone, without a proxy, a password is enough, so that a first try needs no authenticator app.
run: $(VENV)/.service ## Set up what is missing and serve on PORT (8080)
	@case "$${SPORTEL_HOST:-127.0.0.1} $${SPORTEL_TRUSTED_PROXIES:-0}" in \
		"127.0.0.1 0" | "::1 0" | "localhost 0") export SPORTEL_SECOND_FACTOR="$${SPORTEL_SECOND_FACTOR:-off}" ;; \
	esac; exec $(BIN)/python -m app

demo: $(VENV)/.dev demo-tools ## Phones fill the forms on the running server; the cleaned rows are shown
	@$(BIN)/python -m demo $(ARGS)

test: $(VENV)/.dev test-tools ## The whole test suite, with a real phone engine and a real PostgreSQL
	# In the order of the folders: ordered by their numbers of tests, the few long ones would come last, one by one.
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

faults: $(VENV)/.dev test-tools ## The drills in full, about an hour; their figures go into docs/promises.md
	rm -rf build/faults/full
	$(BIN)/python -m pytest tests/faults --full $(ARGS)
	$(BIN)/python -m tests.faults.figures

check: $(VENV)/.dev ## The gate: format, lint, types, security, workbooks, then the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive app forms tools wsgi.py
	$(BIN)/python -m tools.known_vulnerabilities
	$(BIN)/python -m tools.workbooks check
	$(MAKE) test

format: $(VENV)/.dev ## Format the code and sort the imports
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

workbooks: $(VENV)/.dev ## Bring the shipped workbooks to the house style and refresh shared lists
	$(BIN)/python -m tools.workbooks write

benchmarks: $(VENV)/.dev ## Measure what is promised; see benchmarks/README.md
	$(BIN)/python -m benchmarks

clean: ## Remove what was built (never the data in var/)
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache

# What each command needs, made when its list changes.

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "sportel: Python 3.11 or newer is needed; set PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory build/.apt-python3-venv
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.service: requirements.txt $(VENV)/.python
	@echo "Installing what the service needs …"
	@$(BIN)/pip install --quiet -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.service
	@echo "Installing what the tests need …"
	@$(BIN)/pip install --quiet -r requirements-dev.txt
	@touch $@

demo-tools:
	@command -v javac >/dev/null || $(MAKE) --no-print-directory build/.apt-default-jdk-headless

test-tools: demo-tools
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
		|| $(MAKE) --no-print-directory build/.apt-postgresql
	@ls /usr/sbin/nginx >/dev/null 2>&1 || command -v nginx >/dev/null || $(MAKE) --no-print-directory build/.apt-nginx
	@command -v strace >/dev/null || $(MAKE) --no-print-directory build/.apt-strace
	@command -v soffice >/dev/null || $(MAKE) --no-print-directory build/.apt-libreoffice-calc-nogui
	@command -v systemd-analyze >/dev/null || $(MAKE) --no-print-directory build/.apt-systemd

build/.apt-%:
	@echo "Installing $* …"
	@command -v apt-get >/dev/null || { echo "sportel: $* is needed; install it with your system's package manager" >&2; exit 1; }
	@$(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $* >/dev/null
	@mkdir -p build && touch $@
