# Two commands need nothing but Python 3.11+, make and the network: `make demo` and `make test`.
# Each makes .venv and installs what it needs; a second run installs nothing.

PYTHON ?= python3
PEERS  ?= $(BIN)/python
VENV   := .venv
BIN    := $(VENV)/bin
# Two processes take half the time of one: most of a test is Python and compiling, on one core. A file stays in one process.
TWO    := -n 2 --dist loadfile
QUICK  := $(addprefix tests/,test_architecture.py test_docs.py test_hints.py ir plan tracing/test_tracing.py layers/test_arguments.py \
          layers/test_configs.py layers/test_base.py losses/test_traced.py metrics optimizers saving/test_files.py explain/facts \
          explain/text/test_plain.py)
FORMATTED := src tests examples benchmarks tools
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo check test compatibility narrow nightly format lint house bench clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/dev.stamp ## make .venv and install konv with everything for developing it

demo: $(VENV)/demo.stamp ## train on 4,000 digits, explain the network, leave pictures and a page in demo/
	$(BIN)/python examples/demo.py

test: $(VENV)/dev.stamp ## every test and every example in the docstrings
	$(BIN)/python -m pytest $(TWO)

check: $(VENV)/dev.stamp ## what is fast and finds most: style and the quick tests, for daily work
	$(BIN)/python -m autopep8 --diff --exit-code $(FORMATTED)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pytest $(TWO) $(QUICK)

compatibility: $(VENV)/dev.stamp ## Keras's own tests on konv; writes their table into docs/compatibility.md
	PYTHONPATH=src:. $(BIN)/python -m tests.keras_suite.run --write

narrow: $(VENV)/dev.stamp ## the kernels at the width of AVX2, and with every index checked
	KONV_SIMD=avx2 $(BIN)/python -m pytest $(TWO) tests/kernels tests/ops/test_ops.py
	NUMBA_BOUNDSCHECK=1 $(BIN)/python -m pytest tests/kernels -k "odd or frozen or depthwise or adam or three"

nightly: $(VENV)/dev.stamp ## what takes long: many more examples of every property
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest $(TWO) -m "nightly or hypothesis"

format: $(VENV)/dev.stamp ## put white space where it belongs
	$(BIN)/python -m autopep8 --in-place $(FORMATTED)

lint: $(VENV)/dev.stamp ## style and types
	$(BIN)/python -m autopep8 --diff --exit-code $(FORMATTED)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m pyright

house: $(VENV)/dev.stamp ## what the source looks like from outside: sizes, circles, habits
	$(BIN)/python tools/house.py

bench: $(VENV)/dev.stamp ## milliseconds of training and of prediction, beside the peers that are installed
	$(BIN)/python benchmarks/table.py --peers $(PEERS)

clean: ## remove .venv and everything that was made
	rm -rf $(VENV) demo out build dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp and not $(BIN)/python: an interrupted `venv` leaves that too, without pip.
$(VENV)/venv.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "konv needs Python 3.11 or newer, and $(PYTHON) is: $$($(PYTHON) --version 2>&1);" \
            "name another with: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# The stamps stand for "installed as pyproject.toml says"; the development extra includes that of the demo.
$(VENV)/%.stamp: pyproject.toml | $(VENV)/venv.stamp
	$(PIP) install --quiet --editable '.[$*]'
	@touch $@
