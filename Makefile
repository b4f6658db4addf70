# Everything runs in .venv, made here from the locked versions. uv is used where it is found, or else put there too.
.PHONY: up test lint types docs conformance ci lock bench clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
INSTALLED := $(VENV)/.installed

up: $(INSTALLED)
	@$(BIN)/gateway up

test: $(INSTALLED)
	$(BIN)/pytest -n auto

lint: $(INSTALLED)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(INSTALLED)
	$(BIN)/ty check

docs: $(INSTALLED)
	$(BIN)/pytest tests/docs

conformance: $(INSTALLED)
	$(BIN)/python -m tests.conformance.run

bench: $(INSTALLED)
	$(BIN)/python -m bench

# The lock names versions and hashes, and no index: it installs from whichever one the machine is set up for.
lock: $(INSTALLED)
	$(UV) lock --upgrade --quiet
	$(UV) export --quiet --format requirements-txt --no-emit-project --all-groups --no-header --output-file requirements.lock

$(INSTALLED): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null 2>&1 || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	@$(UV) pip sync --quiet --python $(BIN)/python requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

clean:
	rm -rf $(VENV) .venv-* dist build
