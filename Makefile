# Everything runs in .venv, made here from the locked versions. uv is used where it is found, or else put there too.
.PHONY: up test test-main-door lint types docs conformance clients ci lock bench clean

# The first Python that is new enough, looked for only when an environment has to be made.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
INSTALLED := $(VENV)/.installed

up: $(INSTALLED)
	@$(BIN)/gateway up

test: $(INSTALLED)
	$(BIN)/pytest -n auto

# What clients see, once more without the express door: `make test` has it on.
test-main-door: $(INSTALLED)
	GATEWAY__SERVER__EXPRESS=false $(BIN)/pytest -n auto tests/contract tests/security tests/faults

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/ty check

docs: $(INSTALLED)
	$(BIN)/pytest tests/docs

conformance: $(INSTALLED)
	$(BIN)/python -m tests.conformance.run

# Independent clients in their own environments, which the first run installs.
clients: $(INSTALLED)
	$(BIN)/python -m tests.clients.run

bench: $(INSTALLED)
	$(BIN)/python -m bench $(ONLY)

# The lock names versions and hashes, and no index: it installs from whichever one the machine is set up for. What it
# has stays as it is where pyproject.toml allows; `make lock UPGRADE=1` takes the newest of everything.
lock: $(INSTALLED)
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --quiet \
		$(if $(UPGRADE),--upgrade) --output-file requirements.lock

$(INSTALLED): requirements.lock pyproject.toml | $(BIN)/python
	@command -v uv >/dev/null 2>&1 || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	@$(UV) pip sync --quiet --python $(BIN)/python requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(BIN)/python:
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet $(VENV); \
	elif test -n "$(PYTHON)"; then $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; \
	else echo "Python 3.11 or newer is needed, and none was found. Install it, or uv, which brings its own." >&2; exit 1; fi

clean:
	rm -rf $(VENV) .venv-* dist build
