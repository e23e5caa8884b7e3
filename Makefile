# make demo    the calculator: a server and a client in two processes, and what went over the wire
# make test    the tests
# make coverage    whether the tests of rpc reach every branch of it, in the pure form: compiled code is not watched
# make bench   figures beside other implementations (ONLY=name,name runs some rows)
# make lint types contracts    the checks of the source
#
# CAPLET_EXTENSIONS=auto|require|no (default auto: hot modules are compiled when a C compiler is there)
# PYTHON=python3.12 chooses the interpreter

CAPLET_EXTENSIONS ?= auto
export CAPLET_EXTENSIONS
export PIP_DISABLE_PIP_VERSION_CHECK = 1

ifeq ($(CAPLET_EXTENSIONS),no)
VENV := .venv-pure
else
VENV := .venv
endif
BIN := $(VENV)/bin
BUILD := build/$(CAPLET_EXTENSIONS)
ifneq ($(PYTHON),)
ifneq ($(wildcard $(BIN)/python),)
SAY_VERSION := -c 'import sys; print(sys.version)'
ifneq ($(shell $(PYTHON) $(SAY_VERSION)),$(shell $(BIN)/python $(SAY_VERSION)))
$(error $(VENV) was made by another Python than $(PYTHON): remove it first)
endif
endif
endif
SOURCES := $(shell find src/caplet -type f \( -name '*.py' -o -name '*.pxd' -o -name '*.capnp' -o -name '*.txt' -o -name py.typed \)) pyproject.toml setup.py
ONLY ?=
ARGS ?=

.PHONY: demo test coverage watch-rpc bench lint types contracts clean

demo: $(VENV)/installed
	$(BIN)/python examples/calculator/demo.py

test: $(VENV)/installed $(VENV)/tools-test $(VENV)/peers-test
	$(BIN)/python scripts/check_form.py
	$(BIN)/python -m pytest --numprocesses auto $(ARGS)

coverage:
	@CAPLET_EXTENSIONS=no $(MAKE) --no-print-directory watch-rpc

watch-rpc: $(VENV)/installed $(VENV)/tools-test
	$(BIN)/python -m pytest --numprocesses auto --cov=caplet.rpc --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 tests/rpc tests/vat tests/spec

bench: $(VENV)/installed $(VENV)/peers-bench
	$(BIN)/python -m bench --only "$(ONLY)"

lint: $(VENV)/tools-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/tools-lint $(VENV)/tools-test
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

contracts: $(VENV)/tools-lint
	cd src && ../$(BIN)/lint-imports --config ../pyproject.toml --no-cache

# The environment; scripts/find_python.sh says what is missing on the machine, when something is.
$(BIN)/python:
	"$$(sh scripts/find_python.sh)" -m venv $(VENV)

# The package is installed, not linked, and again when a source changed; nothing compiled is written under src/.
$(VENV)/installed: $(BIN)/python $(SOURCES)
	rm -rf $(BUILD)/lib* $(BUILD)/bdist* $(VENV)/install.log
	@test "$(CAPLET_EXTENSIONS)" = no || echo "compiling hot modules takes some minutes the first time; CAPLET_EXTENSIONS=no does without"
	$(BIN)/python -m pip install --quiet --log $(VENV)/install.log --force-reinstall --no-deps .
	@sed -n 's/.*\(caplet: pure Python.*\)/\1/p' $(VENV)/install.log | tail -n 1
	@touch $@

$(VENV)/tools-%: $(BIN)/python pyproject.toml scripts/install_group.py
	$(BIN)/python scripts/install_group.py $*
	@touch $@

# Peers are installed one by one; one that cannot be had is a skipped test or an absent column.
$(VENV)/peers-%: $(BIN)/python pyproject.toml scripts/install_group.py
	$(BIN)/python scripts/install_group.py --each peers-$*
	@touch $@

clean:
	rm -rf .venv .venv-pure build dist
