# `make help` lists the targets. Python does the work (local/); make only sees to its environment.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
INSTALL := $(UV) pip install --quiet --require-hashes --python $(PY)

# A firewall's own certificate is known to the system, not to uv.
export UV_SYSTEM_CERTS ?= true

# Chosen by the user: who manages the local Cloudflare for the Pulumi engine (stand-in, real). AWS is always managed by
# the stand-in (docs/architecture.md says why).
export PROVIDERS ?= stand-in

# Images for CI set it. Then every process compiles the Pulumi SDK again, and each `pulumi` starts one.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install up down reset demo trades toggle migrate-demo outputs env picture pulumi test check bench performance lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.tools ## set up the Python environment that pulumi and ops run in; up does it too

up: $(VENV)/.tools node_modules/.installed ## set up, start the local cloud, deploy, show it working (PROVIDERS=real: real Cloudflare plugin)
	@$(PY) -m local up

down: $(VENV)/.tools ## stop the local cloud; the next up deploys into an empty one
	@$(PY) -m local down

reset: $(VENV)/.tools ## stop the local cloud and forget its state; caches stay
	@$(PY) -m local reset

demo: $(VENV)/.tools ## send two trades through the stack and print what a client hears
	@$(PY) -m local demo

trades: $(VENV)/.tools ## send a stream of made-up trades until Ctrl-C (ARGS="MY_TOKEN --per-second 20")
	@$(PY) -m local trades $(ARGS)

toggle: $(VENV)/.tools ## switch to the other path and back; print what a client of each heard
	@$(PY) -m local toggle

migrate-demo: $(VENV)/.tools ## move tokens to the edge and back under load; count what 100 clients hear
	@$(PY) -m local migrate-demo

outputs: $(VENV)/.tools ## print the stack's outputs as one JSON object
	@$(PY) -m local outputs

env: $(VENV)/.tools ## print shell variables with URLs and the webhook's key: eval "$(make env)"
	@$(PY) -m local env

picture: $(VENV)/.dev ## take the README's picture of the page that the running stack shows
	@$(PY) -m local picture

pulumi: $(VENV)/.tools ## run a Pulumi command on stack local: make pulumi ARGS="preview --diff"
	@$(PY) -m local pulumi $(ARGS)

test: $(VENV)/.dev node_modules/.installed ## check style and types, run every test (ARGS="tests/unit -x": pytest's arguments)
	@$(PY) -m local prepare-tests
	@$(PY) -m local.checks test $(ARGS)

check: $(VENV)/.dev node_modules/.installed ## in two minutes: style, types and the tests of what changed (ROOM=functions/glow/trades: of that)
	@$(PY) -m local.checks room $(ROOM)

bench: $(VENV)/.dev node_modules/.installed ## run the benchmarks, print their tables and keep them (ARGS: names of those in bench/)
	@$(PY) -m local prepare-tests
	@$(PY) -m bench $(ARGS)

performance: $(VENV)/.dev ## make docs/performance.md and its pictures of what the benchmarks measured
	@$(PY) -m bench.page

LOCKS := local/toolchain/uv local/toolchain/ministack workspace/toolchain/go requirements requirements-dev \
	functions/requirements functions/requirements-keys
lock: $(VENV)/.tools ## pin what the .in files ask for, with hashes
	@$(foreach lock,$(LOCKS),UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		$(lock).in --output-file $(lock).txt &&) true

# PYTHON names another interpreter than $(VENV) was made with: it is made anew.
ifneq ($(origin PYTHON),file)
IDENTITY := import sys; print(sys.base_prefix, sys.version)
ifneq ($(shell $(PYTHON) -c '$(IDENTITY)' 2>&1),$(shell $(PY) -c '$(IDENTITY)' 2>/dev/null))
.PHONY: another-python
$(VENV)/.uv: another-python
endif
endif

# Stamps: a requirement that did not change is not installed again. Output goes to stderr, so that
# the stdout of a command that had to install first is still its own.
$(VENV)/.uv: local/toolchain/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "glow needs Python 3.11 or \
newer; $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.13 ...")'
	@echo "· Python environment ($(VENV)) ..." >&2
	@$(PYTHON) -m venv --clear $(VENV) >&2
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $< >&2
	@touch $@

$(VENV)/.tools: requirements.txt $(VENV)/.uv
	@echo "· Python packages ..." >&2
	@$(INSTALL) -r $< >&2
	@touch $@

node_modules/.installed: package-lock.json $(VENV)/.tools
	@echo "· JavaScript packages ..." >&2
	@$(PY) -m local npm ci --silent >&2
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.tools
	@echo "· Python packages for tests ..." >&2
	@$(INSTALL) -r $< >&2
	@touch $@
