# Everything here sets itself up in .venv with pip; the second time that is quick.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test format gallery clean

setup: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[dev]'
	touch $@

# Make new textures from photographs and say where they are.
demo: setup
	$(BIN)/python demo.py

# Run everything that is checked: style, types, direction of imports, tests.
test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv demo results

# The picture of the README.
gallery: setup
	$(BIN)/python docs/gallery.py
