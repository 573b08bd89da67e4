# `make demo` and `make test` set up everything they need in .venv; nothing outside this folder changes.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet install --require-hashes
SITE = $$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
WORKERS ?= 2
DEMO_ARGS ?=

.PHONY: help demo test test-fast test-e2e test-slow lint types format docs lock dist figures decision-table bound-table wheel-test clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "benchgov needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: requirements/runtime.txt | $(VENV)/bin/python
	$(PIP) -r requirements/runtime.txt
	@echo "$(CURDIR)/src" > "$(SITE)/benchgov.pth"
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt requirements/history.txt $(VENV)/runtime.stamp
	$(PIP) -r requirements/dev.txt
	$(PIP) --no-deps -r requirements/history.txt # its own pins are years apart from ours, and not needed
	@touch $@

demo: $(VENV)/runtime.stamp ## measure this project's own suite here, compare, record, and render a dossier
	@$(PY) bench/demo.py $(DEMO_ARGS)

test: lint types test-fast test-e2e wheel-test ## everything that CI checks

lint: $(VENV)/dev.stamp ## style, architecture, workflows
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/lint-imports --no-cache
	$(VENV)/bin/zizmor --offline --quiet --persona=auditor .
	$(PY) -m check_jsonschema --builtin-schema vendor.github-actions action.yml actions/*/action.yml
	$(PY) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

types: $(VENV)/dev.stamp ## mypy --strict
	$(VENV)/bin/mypy --exclude '^bench/[a-z]+-[^/]+/' --exclude '^tests/data/(benches|hostile)/' # two modules called rubric
	$(VENV)/bin/mypy -p bench.vuln-remediation -p bench.migration-chainguard-distroless

test-fast: $(VENV)/dev.stamp ## unit, property, integration and adversarial tests, with the coverage gates
	$(PY) -m pytest -n $(WORKERS) -m "not slow and not e2e" --cov --cov-report=term \
	  --ignore=tests/property --ignore=tests/adversarial
	$(PY) tools/coverage_gate.py --lines 90 --branches 80
	$(PY) -m pytest -n $(WORKERS) -m "not slow and not e2e" tests/property tests/adversarial # many rounds: not traced

test-e2e: $(VENV)/dev.stamp ## workflows under act, against a GitHub emulator
	$(PY) -m pytest -n $(WORKERS) --dist loadfile -m "e2e and not slow"

test-slow: $(VENV)/dev.stamp ## soak, fault injection, large scale
	$(PY) -m pytest -m slow
	BENCHGOV_ALL_EXAMPLES=1 $(PY) -m pytest tests/property

wheel-test: $(VENV)/dev.stamp ## build the wheel, install it alone, and run it
	$(PY) tools/wheel_test.py

dist: $(VENV)/dev.stamp ## build wheel and source archive, with a bill of materials and release notes, in dist/
	rm -rf dist && $(PY) -m build --no-isolation --outdir dist
	$(PYTHON) -m venv --clear $(VENV)/release
	$(VENV)/release/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/release.txt
	$(VENV)/release/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --output-file dist/benchgov.cdx.json requirements/runtime.txt
	$(PY) tools/release_notes.py > dist/notes.md

figures: $(VENV)/runtime.stamp ## measure what docs/performance.md quotes
	@$(PY) bench/figures.py

decision-table: $(VENV)/runtime.stamp ## measure what docs/decision.md says of decision rules (half an hour)
	$(PY) -m tools.decision_table

bound-table: $(VENV)/runtime.stamp ## measure what docs/lower-bound.md says (a minute)
	@$(PY) -m tools.bound_table

format: $(VENV)/dev.stamp ## format and fix what can be fixed
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

docs: $(VENV)/dev.stamp ## write the generated documents: schemas and reference pages
	$(PY) tools/generate_docs.py

lock: $(VENV)/dev.stamp ## resolve the dependencies again, hash-locked and without addresses
	$(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-annotate --quiet --output-file requirements/runtime.txt
	$(VENV)/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-emit-index-url --no-annotate --quiet --output-file requirements/dev.txt
	echo 'cyclonedx-bom>=5' | $(VENV)/bin/uv pip compile - --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --no-annotate --quiet --output-file requirements/release.txt
	echo 'apache-otava>=0.8,<1' | $(VENV)/bin/uv pip compile - --no-deps --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --no-annotate --quiet --output-file requirements/history.txt

clean: ## remove everything that was made here
	rm -rf $(VENV) .benchgov build dist .mypy_cache .pytest_cache .ruff_cache .coverage .coverage.*
