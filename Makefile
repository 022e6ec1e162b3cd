# `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH := .venv-bench
FUZZ := .venv-fuzz
ENGINES := .venv-engines
FUZZ_SECONDS ?= 600
export PORT ?= 8000
TEST_PROCESSES ?= 2
# A file's tests stay together and files keep their order: browser tests come last, as their event loop stays behind.
PARALLEL = --numprocesses=$(TEST_PROCESSES) --dist=loadfile --no-loadscope-reorder
# Tests run on one BLAS thread, as the service does.
test test-fast test-engines check: export OPENBLAS_NUM_THREADS = 1

.DEFAULT_GOAL := help
.PHONY: help run train train-comparisons bench check test test-fast test-js test-browser test-engines format lock fuzz audit clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run  ## Set up and serve at http://127.0.0.1:8000 (PORT, HOST)
	$(BIN)/python -m app

train: $(VENV)/.run  ## Train the cnn in full and write what is served (MNIST_DIR and PENDIGITS_DIR, else downloads)
	$(BIN)/python -m model.train cnn --split full --export

train-comparisons: $(VENV)/.run  ## Train the networks to compare with, and run the measurements of /local-and-global
	$(BIN)/python -m model.train mlp-500 --split full --export
	$(BIN)/python -m model.train locally-connected --split full --export
	$(BIN)/python -m model.measurements pixel-permutation
	$(BIN)/python -m model.measurements translation-curve

bench: $(BENCH)/.installed wrk chromium  ## Measure against PyTorch and ONNX Runtime, the service and the page; writes bench/ and README's table
	env -u OPENBLAS_CORETYPE $(BENCH)/bin/python -m bench $(BENCH_ARGS)

check: $(VENV)/.dev node_modules/.installed  ## Lint, formatting, types, import rules, length of functions and wording
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m checks.function_length
	$(BIN)/python -m checks.wording
	$(BIN)/node node_modules/typescript/bin/tsc
	$(BIN)/node node_modules/typescript/bin/tsc -p tsconfig.page.json

test: test-js chromium-headless-shell nginx  ## Every test, those in a real browser included
	$(BIN)/python -m pytest $(PARALLEL)

test-fast: test-js  ## The quick inner loop: every test that needs no browser and no server process of its own
	$(BIN)/python -m pytest $(PARALLEL) --ignore=tests/browser --ignore=tests/faults

test-js: $(VENV)/.dev node_modules/.installed  ## Only the tests of JavaScript modules that need no page
	$(BIN)/node --test "tests/js/**/*.test.js"

test-browser: $(VENV)/.dev chromium-headless-shell nginx  ## Only the tests in a real browser
	$(BIN)/python -m pytest tests/browser

test-engines: $(ENGINES)/.installed engines  ## A smoke test in Chromium, Firefox and WebKit; none of it is part of test
	xvfb-run --auto-servernum $(ENGINES)/bin/python -m pytest tests/engines

format: $(VENV)/.dev  ## Format the Python code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/.dev  ## Pin the newest allowed dependencies, with hashes
	$(BIN)/pip install --quiet uv
	for name in requirements requirements-dev tests/engines/requirements; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $$name.txt -o $$name.lock; \
	done

fuzz: $(FUZZ)/.installed  ## Search for what breaks the service (FUZZ_SECONDS=600)
	$(FUZZ)/bin/python -m fuzz --seconds $(FUZZ_SECONDS)

audit: $(VENV)/.dev  ## Look the pinned dependencies up for known vulnerabilities; needs the internet
	$(BIN)/pip install --quiet --disable-pip-version-check pip-audit
	for name in requirements requirements-dev tests/engines/requirements; do $(BIN)/pip-audit --require-hashes --disable-pip -r $$name.lock || exit 1; done

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) $(BENCH) $(FUZZ) $(ENGINES) node_modules .pytest_cache .mypy_cache .ruff_cache

# The stamps make a second start quick: nothing is installed again until a lock file changes.
$(VENV)/.run: requirements.lock | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

$(VENV)/.dev: requirements-dev.lock | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@ $(VENV)/.run

# An environment of its own: PyTorch is no part of the product. BENCH_PIP can name an index with CPU builds of it.
$(BENCH)/.installed: requirements.lock bench/requirements.txt
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BENCH)/bin/pip install --quiet --disable-pip-version-check $(BENCH_PIP) -r bench/requirements.txt
	touch $@

$(FUZZ)/.installed: requirements.lock fuzz/requirements.txt
	$(PYTHON) -m venv $(FUZZ)
	$(FUZZ)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(FUZZ)/bin/pip install --quiet --disable-pip-version-check -r fuzz/requirements.txt
	touch $@

$(ENGINES)/.installed: tests/engines/requirements.lock
	$(PYTHON) -m venv $(ENGINES)
	$(ENGINES)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

# Node.js comes as a Python package too, so that checking needs nothing but Python; it is never part of the product.
node_modules/.installed: package-lock.json | $(VENV)/.dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --silent
	touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

.PHONY: wrk
wrk:
	@command -v wrk >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends wrk >/dev/null; \
	  else echo "The service is measured with wrk. On Debian: sudo apt-get install wrk"; fi; }

# Debian's own Chromium; a browser that a test tool downloads would be another one on every machine.
.PHONY: chromium chromium-headless-shell
chromium chromium-headless-shell:
	@command -v $@ >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends $@ fonts-dejavu-core >/dev/null; \
	  else echo "A browser is needed. On Debian: sudo apt-get install $@ fonts-dejavu-core"; exit 1; fi; }

# A proxy, for the tests of addresses under a path.
.PHONY: nginx
nginx:
	@PATH="$$PATH:/usr/sbin" command -v $@ >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light >/dev/null; \
	  else echo "A proxy is needed. On Debian: sudo apt-get install nginx-light"; exit 1; fi; }

# Debian's own engines. WebKit runs in a window made of Debian's libraries, on a virtual display.
ENGINE_PACKAGES = chromium-headless-shell chromium-driver firefox-esr webkit2gtk-driver gir1.2-webkit2-4.1 python3-gi xvfb xauth fonts-dejavu-core
.PHONY: engines
engines:
	@dpkg-query --show $(ENGINE_PACKAGES) >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends $(ENGINE_PACKAGES) >/dev/null; \
	  else echo "Three browsers are needed. On Debian: sudo apt-get install $(ENGINE_PACKAGES)"; exit 1; fi; }
