# Two commands set everything up: `make demo` and `make test`. The rest is for those who change the code.
PYTHON ?= python3
VENV ?= .venv
TORCH := torch==2.13.0# first and alone: whatever else asks for torch then takes this one
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
# One thread per linear-algebra call: the same sums in the same order on every machine, and what implicit asks for.
export OPENBLAS_NUM_THREADS := 1

.PHONY: demo test test-scale check format bench docs lock clean

demo: $(VENV)/installed
	$(BIN)/likeness demo

test: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not scale"

# The same relational fold on Spark; needs a Java runtime.
test-scale: $(VENV)/installed-dev
	$(PIP) --editable '.[scale]'
	$(BIN)/python -m pytest -m scale

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_house.py

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Figures of docs/benchmarks.md; needs the real data, see bench/README.md.
bench: $(VENV)/installed-dev
	$(BIN)/python bench/run.py

# Pages that are made from code: settings, persona schema, command line.
docs: $(VENV)/installed-dev
	$(BIN)/python docs/make.py

# Write constraints.txt anew from what the newest allowed versions resolve to.
lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet '$(TORCH)'
	build/lock/bin/python -m pip install --quiet --editable '.[dev,learn]'
	build/lock/bin/python -m pip freeze --exclude-editable > constraints.txt

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-shop

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) '$(TORCH)'
	$(PIP) --editable '.[dev,learn]'
	touch $@
