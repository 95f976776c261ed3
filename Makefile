# The two commands a newcomer needs: `make demo` and `make test`. Each does all set-up itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input

.PHONY: demo demo-contacts test check format bench lock clean

demo: $(VENV)/demo-ready
	@$(BIN)/python -m stockbridge_sandbox.demo

demo-contacts: $(VENV)/demo-ready
	@$(BIN)/python -m stockbridge_sandbox.demo_contacts

# A file's tests stay together, so that what they share is made once; files go to as many processes as there are cores.
test: check
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(VENV)/test-ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/test-ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/test-ready
	$(BIN)/python -m bench

lock: $(VENV)/test-ready
	$(PIP) install uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
	    --group build pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 \
	    --group build --group dev pyproject.toml -o requirements-dev.txt

clean:
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@echo "Making a virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/demo-ready: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Stockbridge needs (locked, checked by hash) …"
	@$(PIP) install -q --no-compile --progress-bar off --only-binary :all: --require-hashes -r requirements.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/test-ready: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what Stockbridge and its tests need (locked, checked by hash) …"
	@$(PIP) install -q --no-compile --progress-bar off --only-binary :all: --require-hashes -r requirements-dev.txt
	@$(PIP) install -q --no-deps --no-build-isolation -e .
	@touch $@
