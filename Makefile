# Needs git, make and Python >= 3.11; everything else is installed into .venv.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help demo test check coverage nightly bench clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(READY)  ## the main job on the real MNIST: record, train, plant a silent bug, diff
	$(BIN)/python tools/demo.py

test: $(READY)  ## the whole suite, by our own runner
	$(BIN)/runner test

check: $(READY)  ## lint, format, types, architecture, and what `runner --help` loads
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports --no-cache
	$(BIN)/runner test tests.test_architecture

coverage: $(READY)  ## the whole suite with the coverage of the three packages, subprocesses included
	$(BIN)/coverage erase
	@# Not the judge of the tests: a few look at exit handlers, descriptors and a full disk, which the measurement changes.
	-$(BIN)/coverage run -m runner test
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=90

nightly: $(READY)  ## what is too slow for every push: our own night, the conformance suite in every way, the silent bugs
	$(BIN)/runner nightly || test $$? -eq 5 # the first night has nothing to compare with
	$(BIN)/python -m tests.conformance --jobs 1,2,4 --start-method fork,spawn --shuffle
	$(BIN)/python -m tests.conformance --versions
	$(BIN)/python benchmarks/real_suites.py
	$(BIN)/python tools/replay_tutorial.py
	$(BIN)/python tools/silent_bugs.py
	$(BIN)/python tools/bisect_training.py

bench: $(READY)  ## the figures of the README, each against its peer
	$(BIN)/python benchmarks/help_start.py
	$(BIN)/python benchmarks/ten_thousand_tests.py
	$(BIN)/python benchmarks/parallel.py
	$(BIN)/python benchmarks/memory.py
	$(BIN)/python benchmarks/mnist_seeds.py
	$(BIN)/python benchmarks/regression_rules.py
	$(BIN)/python benchmarks/report_at_scale.py
	$(BIN)/python benchmarks/diff_at_scale.py

clean:  ## remove the environment and what was recorded here
	rm -rf .venv .runner .coverage .coverage.*

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "runner needs Python 3.11 or newer on the PATH"; exit 3; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)
