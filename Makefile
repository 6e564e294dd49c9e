# cfgen's task runner. `make help` lists the targets.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test test-stacks test-streaming test-serving test-models test-taskcat test-browser test-security test-sam test-all check bench docs wheel lock goldens clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "cfgen needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# one environment, three layers: base (run), test, dev
$(VENV)/.base: requirements/base.txt pyproject.toml | $(VENV)/.python
	$(PIP) install --require-hashes -r requirements/base.txt
	$(PIP) install --no-deps --editable .
	@touch $@
$(VENV)/.test: requirements/test.txt $(VENV)/.base
	$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@
$(VENV)/.dev: requirements/dev.txt $(VENV)/.test
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.test ## render and lint every example, then deploy one into the sandbox with the AWS CLI
	$(BIN)/cfgen render specs
	$(BIN)/cfgen lint specs
	@# a hub that the environment names would be asked for the real models
	PATH="$(abspath $(BIN)):$$PATH" env -u HF_ENDPOINT cfgen deploy specs/embeddings.yaml --sandbox --region us-east-1 --no-confirm

# whole stacks in the sandbox, with builds, roles and faults: minutes, so a target of their own
STACKS := tests/sandbox tests/build tests/deploy tests/functions/test_stack.py
# a test that hangs fails after so many seconds, and tells where it stood
PYTEST1 = $(BIN)/python -m pytest --timeout 600
PYTEST  = $(PYTEST1) -n 2 --dist loadfile

test: $(VENV)/.test ## run the test suite
	$(PYTEST) $(addprefix --ignore=,$(STACKS) tests/sweep tests/scans) $(ARGS)

test-stacks: $(VENV)/.test ## templates deployed, updated, broken and deleted in the sandbox
	$(PYTEST) $(STACKS) $(ARGS)

test-models: $(VENV)/.test ## every JumpStart model's template linted by every rule (three minutes)
	$(PYTEST1) tests/sweep $(ARGS)

.venvs/node/.done: tests/streaming/node/package-lock.json
	@command -v npm >/dev/null || { echo "test-streaming needs Node.js 20 or newer, with npm" >&2; exit 1; }
	mkdir -p .venvs/node && cp tests/streaming/node/package*.json .venvs/node
	cd .venvs/node && npm ci --silent --no-audit --no-fund
	@touch $@
test-streaming: $(VENV)/.test .venvs/node/.done ## the function that streams, in real Node.js with AWS's SDK (takes npm's packages)
	$(PYTEST1) tests/streaming $(ARGS)

.venvs/serving/.done: requirements/serving.txt
	python3.11 -m venv .venvs/serving
	.venvs/serving/bin/python -m pip --quiet --disable-pip-version-check install -r $<
	@touch $@
test-serving: $(VENV)/.test .venvs/serving/.done ## the inference code on the real serving stack (1.7 GB, Python 3.11, Java)
	@command -v java >/dev/null || { echo "test-serving needs Java: apt-get install openjdk-17-jre-headless" >&2; exit 1; }
	.venvs/serving/bin/python -m pytest tests/serving $(ARGS)
	$(PYTEST1) tests/build/test_served.py $(ARGS)

# taskcat beside cfgen, and in an environment that cfgen makes, on each Python there is; pre-commit installs the hooks
test-taskcat: $(VENV)/.dev ## three regions by the real taskcat, hooks by the real pre-commit, steps of the action and the image (takes the package index)
	$(PYTEST1) tests/publish/test_taskcat_regions.py tests/cli/test_precommit.py tests/cli/test_action.py \
	  tests/image/test_build.py $(ARGS)

$(VENV)/.browser: requirements/browser.txt $(VENV)/.test
	$(PIP) install --require-hashes -r requirements/browser.txt
	@touch $@
test-browser: $(VENV)/.browser ## the page of a plan in headless Chromium (Debian: apt-get install chromium)
	$(PYTEST1) -n 2 tests/browser $(ARGS)

# checkov's pins and ours exclude each other: an environment of its own
.venvs/checkov/.done: requirements/checkov.txt
	$(PYTHON) -m venv .venvs/checkov
	.venvs/checkov/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r $<
	@touch $@
test-security: $(VENV)/.test .venvs/checkov/.done ## checkov over every golden
	$(PYTEST1) tests/scans/test_checkov.py $(ARGS)

# the lock is complete; pip would take a package with extras for one that it does not name
.venvs/sam/.done: requirements/sam.txt
	$(PYTHON) -m venv .venvs/sam
	.venvs/sam/bin/python -m pip --quiet --disable-pip-version-check install --no-deps --require-hashes -r $<
	@touch $@
test-sam: $(VENV)/.test .venvs/sam/.done ## templates in AWS SAM's syntax by its own command line
	$(PYTEST1) tests/scans/test_sam.py $(ARGS)

test-all: test test-stacks test-streaming test-models test-serving test-taskcat test-browser test-security test-sam ## every test there is

check: $(VENV)/.dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

goldens: $(VENV)/.test ## write the goldens anew; read the diff before you commit it
	$(BIN)/python -m pytest -q --update-goldens -k "golden or fresh"

bench: $(VENV)/.test ## side-by-side measurements
	$(BIN)/python -m bench $(ARGS)

docs: $(VENV)/.dev ## build the documentation into site/, warnings are errors
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

wheel: $(VENV)/.dev ## build the wheel into dist/
	$(BIN)/python -m pip --quiet wheel --no-deps --wheel-dir dist .

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header pyproject.toml
lock: $(VENV)/.dev ## resolve the lock files anew, each layer within the next
	$(COMPILE) --extra test --extra dev --output-file requirements/dev.txt
	$(COMPILE) --extra test --constraint requirements/dev.txt --output-file requirements/test.txt
	$(COMPILE) --extra browser --constraint requirements/dev.txt --output-file requirements/browser.txt
	$(COMPILE) --constraint requirements/test.txt --output-file requirements/base.txt
	$(COMPILE) --extra taskcat --output-file requirements/taskcat.txt
	$(subst pyproject.toml,requirements/checkov.in,$(COMPILE)) --output-file requirements/checkov.txt
	$(subst pyproject.toml,requirements/sam.in,$(COMPILE)) --output-file requirements/sam.txt
	$(COMPILE) requirements/image.in --extra deploy --constraint requirements/test.txt --output-file requirements/image.txt
	$(subst pyproject.toml,requirements/build.in,$(COMPILE)) --output-file requirements/build.txt

clean: ## remove what was made
	rm -rf build dist site $(VENV) .venvs .mypy_cache .ruff_cache .pytest_cache .hypothesis
