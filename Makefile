PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --constraint constraints.txt --editable
SETUP := setup.cfg pyproject.toml constraints.txt

.PHONY: demo test test-all lint docs clean

demo: .venv/installed
	$(BIN)/python -m ntaa_tf.adapt

test: .venv/installed-dev
	$(BIN)/python -m pytest

test-all: .venv/installed-dev
	$(BIN)/python -m pytest -m ""

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/installed-dev
	$(BIN)/python -m mkdocs build --strict

.venv/installed: $(SETUP)
	$(PYTHON) -m venv .venv
	$(INSTALL) ".[cpu]"
	touch $@

.venv/installed-dev: $(SETUP)
	$(PYTHON) -m venv .venv
	$(INSTALL) ".[cpu,dev,docs,export]"
	touch .venv/installed $@

clean:
	rm -rf .venv build site *.egg-info
