# Everything runs in .venv, made here from the locked versions. uv is used where it is found, or else put there too.
.PHONY: up test test-main-door test-compiled lint types docs conformance clients lock bench compiled profiled unprofiled clean

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

# The same from outside, and the rooms that a call runs through, with the compiled package.
test-compiled: compiled
	cd $(TREE) && $(CURDIR)/$(COMPILED)/bin/python -m pytest -n auto -p tests.compiled.check \
		tests/contract tests/security tests/downstream tests/doors tests/upstream tests/observe tests/model \
		tests/ground tests/test_guard.py

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
	-@$(MAKE) --no-print-directory compiled
	$(BIN)/python -m bench $(ONLY)

# The gateway with the way of a call compiled, in an environment of its own, and the wheel to install elsewhere in
# build/wheel (docs/adr/0011-an-optional-compiled-build.md). build/compiled has links to all that tests and bench need
# but the sources, which would be found before what is installed. GCC compiles twice: it puts what the calls of a first
# build ran through side by side, and the rest out of their way.
COMPILED := .venv-compiled
WHEEL := build/wheel
TREE := build/compiled
SOURCES := $(shell find gateway services -type f -not -name '*.pyc')
PROFILE := $(CURDIR)/build/profile
# The profile knows each file by the folder that it was compiled in, those of mypyc's own by where that is installed.
BUILD := $(CURDIR)/build/mypyc
# As CPython itself is compiled; and nobody else calls what is in there.
BUILD_FLAGS := -DNDEBUG -fwrapv -fvisibility=hidden -fno-plt

# $(call wheel,FLAGS): compile, and install what came of it.
define wheel
	@rm -rf $(WHEEL) $(BUILD)
	@mkdir -p $(BUILD)
	@CFLAGS="$(BUILD_FLAGS) $(1)" HATCH_MYPYC_BUILD_DIR=$(BUILD) HATCH_BUILD_HOOKS_ENABLE=1 $(UV) build --quiet \
		--python $(COMPILED)/bin/python --out-dir $(WHEEL) --no-build-isolation
	@$(UV) pip install --quiet --python $(COMPILED)/bin/python --no-deps --reinstall $(WHEEL)/*.whl
endef

compiled: $(COMPILED)/.installed

$(COMPILED)/.installed: requirements.lock pyproject.toml $(SOURCES) | $(INSTALLED) $(COMPILED)/bin/python
	@rm -f $@
	@echo '#include <Python.h>' | $(CC) -fsyntax-only -x c \
		-I "$$($(COMPILED)/bin/python -c 'import sysconfig; print(sysconfig.get_path("include"))')" - 2>/dev/null || { \
		echo "A C compiler and Python's headers are needed for this, and only for this: make up runs without." >&2; \
		echo "On Debian and Ubuntu: apt-get install gcc python3-dev. On macOS: xcode-select --install." >&2; exit 1; }
	@$(UV) pip sync --quiet --python $(COMPILED)/bin/python requirements.lock
	@mkdir -p $(TREE) .venv-legacy
	@ln -sfn $(addprefix ../../,tests bench docs pyproject.toml README.md server.py fastmcp.json gateway.toml .venv-legacy) $(TREE)
	@$(MAKE) --no-print-directory $(if $(findstring Free Software Foundation,$(shell $(CC) --version)),profiled,unprofiled)
	@cd $(TREE) && $(CURDIR)/$(COMPILED)/bin/python -m tests.compiled.check
	@touch $@

profiled:
	@echo "Compiling, which takes three minutes: once, then again with what calls ran through." >&2
	@rm -rf $(PROFILE)
	$(call wheel,-fprofile-generate=$(PROFILE) -fprofile-update=prefer-atomic)
	@$(BIN)/python -m bench.training
	@test -d $(PROFILE)
	$(call wheel,-fprofile-use=$(PROFILE) -fprofile-correction -w)

unprofiled:
	@echo "Compiling, which takes about a minute." >&2
	$(call wheel)

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

$(VENV)/bin/python $(COMPILED)/bin/python: %/bin/python:
	@if command -v uv >/dev/null 2>&1; then uv venv --quiet $*; \
	elif test -n "$(PYTHON)"; then $(PYTHON) -m venv $* || { rm -rf $*; exit 1; }; \
	else echo "Python 3.11 or newer is needed, and none was found. Install it, or uv, which brings its own." >&2; exit 1; fi

clean:
	rm -rf $(VENV) .venv-* dist build
