# What a developer does here, each in one word. Needs Python 3.11 and make; everything else comes from requirements.lock.

PYTHON ?= python3
BIN := .venv/bin
PACKAGES := api scheduler data matching

.PHONY: install packages demo test test-long test-clients check bench picture lock
.DELETE_ON_ERROR:

install: .venv/.compiled

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Compiled kernels are kept beside their modules, so that nobody waits for them later. All are compiled anew where one has
# changed: numba compares a kernel only with its own file, and would keep what it took into it from another that has changed.
KERNELS := $(shell grep -lE '^@(kernel|inline)' matching/*.py) $(addprefix matching/,board.py kernels.py loading.py scratch.py compiled.py)
PARTS := $(shell grep -hE '^@(kernel|inline)' matching/*.py | wc -l)

.venv/.compiled: .venv/.installed $(KERNELS)
	@echo 'Compiling the solver, once: some four minutes, and longer where the machine is busy.'
	$(if $(filter matching/%,$?),rm -f matching/__pycache__/*.nbi matching/__pycache__/*.nbc)
	@$(BIN)/python -m matching.compiled & compiling=$$!; \
	while sleep 10; kill -0 $$compiling 2>/dev/null; do \
		there=$$(ls matching/__pycache__/*.nbi 2>/dev/null | wc -l); \
		[ "$$there" = "$$before" ] || echo "  $$there of $(PARTS) parts"; before=$$there; \
	done; \
	wait $$compiling
	touch $@

demo: install
	$(BIN)/dure demo

# Tests of pages need a browser and fonts of the system; those of feeds and of the API let programs from Node's world read them.
packages: .venv-clients/.installed
	sh tests/browser/packages.sh
	sh tests/clients/packages.sh

# What makes a Python client of the API lives apart: it needs an older typer than the command line.
.venv-clients/.installed: tests/clients/generator.lock
	$(PYTHON) -m venv .venv-clients
	.venv-clients/bin/pip install --quiet --require-hashes --requirement $<
	touch $@

test: install packages
	$(BIN)/pytest --numprocesses 2 --dist worksteal -m "not long and not thunderbird"

# Others measure times, and so are alone; what asks the whole API measures none.
test-long: install packages
	$(BIN)/pytest -m long --timeout 3600 --ignore tests/api/v1/test_schema.py
	$(BIN)/pytest -m long --timeout 3600 --numprocesses 2 --dist worksteal tests/api/v1/test_schema.py

# Thunderbird is large, so that only those who ask for it have it installed.
test-clients: install
	sh tests/clients/thunderbird.sh
	$(BIN)/pytest -m thunderbird tests/clients

check: install
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/pylint --disable=all --enable=duplicate-code $(PACKAGES) tests

# One kind of round with `make bench KIND=seoul`, of other seeds with `SEEDS=1,2,3`; else all of them.
bench: install
	$(BIN)/python -m tests.bench $(KIND) $(if $(SEEDS),--seeds $(SEEDS))
	$(if $(KIND),,$(BIN)/python -m tests.bench.publishing)
	$(if $(KIND),,$(BIN)/python -m tests.bench.feeds)
	$(if $(KIND),,$(BIN)/python -m tests.bench.platform)

# Draws the README's picture anew.
picture: install packages
	$(BIN)/python -m tests.browser.picture

# Chooses the newest versions that pyproject.toml allows and pins them, with the hashes of their files.
lock: install
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --extra cluster --group dev --generate-hashes --no-emit-index-url \
		--python-version 3.11 --python-platform linux --custom-compile-command "make lock" --output-file requirements.lock
	$(BIN)/uv pip compile tests/clients/generator.in --quiet --upgrade --generate-hashes --no-emit-index-url \
		--python-version 3.11 --python-platform linux --custom-compile-command "make lock" --output-file tests/clients/generator.lock
