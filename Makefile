# Needs Python 3.11 or newer and make. Everything else is installed into .venv, once.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
NODE := tests/node
NODE_READY := $(NODE)/node_modules/.ready

.PHONY: demo test check format lint types imports coverage bench soak deviations docs pins node clean

demo: $(READY) ## Run an example application's test suite against the fake.
	$(RUN) -m pytest examples -v -p no:randomly --no-header

test: $(READY) $(NODE_READY) ## Run all tests.
	$(RUN) $(COVER) -m pytest -n auto

check: lint types imports coverage ## Run every check that a change must pass.

lint: $(READY)
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m tests.checks.sizes

types: $(READY)
	$(RUN) -m mypy

imports: $(READY)
	$(VENV)/bin/lint-imports --no-cache
	$(RUN) -m tests.checks.import_cycles

coverage: $(READY) $(NODE_READY) ## Run all tests with branch coverage.
	$(RUN) -m coverage erase
	$(MAKE) test COVER="-m coverage run"
	$(RUN) -m coverage combine -q
	$(RUN) -m coverage report

format: $(READY) ## Fix the formatting and what ruff can fix.
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

bench: $(READY) ## Compare the speed with a stock pytest-httpserver, as ratios of one run.
	$(RUN) -m benchmarks

soak: $(READY) ## Run the tests that take too long for every change.
	$(RUN) -m pytest -m soak -n auto --timeout 1800

deviations: $(READY) ## Print what the contract suite detects when the fake deviates.
	$(RUN) -m tests.contract.noticed

docs: $(READY) ## Write the generated pages of the documentation.
	$(RUN) docs/make.py

pins: $(READY) ## Write the installed versions to requirements-dev.txt.
	@echo "# Versions that the checks run with; written by: make pins" > requirements-dev.txt
	$(RUN) -m pip freeze --exclude-editable | grep -v " @ " >> requirements-dev.txt

node: $(NODE_READY) ## Install what the tests run on Node: api.video's clients, and Prism.

clean:
	rm -rf $(VENV) $(NODE)/node_modules .coverage* .pytest_cache .mypy_cache .ruff_cache

$(READY): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, for example: make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

# Without Node or its registry, the tests that need it are skipped.
$(NODE_READY): $(NODE)/package.json
	@mkdir -p $(dir $@)
	@if command -v npm > /dev/null; then \
		npm install --prefix $(NODE) --silent --no-package-lock --no-audit --no-fund --ignore-scripts \
			&& touch $@ || echo "npm failed: the tests that need Node are skipped"; \
	else echo "Node is not installed: the tests that need it are skipped"; fi
