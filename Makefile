# What a person types and what CI runs are the same words.
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install check test demo bench docs faults clean

help: ## Show these words
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-8s %s\n", $$1, $$2}'

install: $(VENV)/.installed ## Make .venv from the lock; needs only Python 3.11 or newer

$(VENV)/.installed: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v[:2] < (3, 14) else f"dealwire needs Python 3.11, 3.12 or 3.13; {sys.executable} is {v[0]}.{v[1]}. Try: make install PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv sync --frozen --inexact --active --no-python-downloads
	@touch $@

check: install ## Lint, format, types, import rules, dead code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

# Half of a test on real Kafka is waiting, so two files run at a time; each of the two has a broker of its own.
test: install ## Every test, on real Kafka
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

demo: install ## Deals close, accounts appear, mails arrive, on this machine
	$(BIN)/dealwire demo

bench: install ## Measure side by side; results go to benchmarks/results/
	$(BIN)/python -m benchmarks

faults: install ## The long fault run: kill -9 everywhere, then count
	$(BIN)/pytest tests/faults tests/e2e/test_people.py tests/e2e/test_correcting.py tests/integration/test_agents_faults.py \
	  tests/integration/test_queues_kafka.py tests/integration/test_redrive.py --long

docs: install ## Write generated pages and modules again
	$(BIN)/python -m grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. connectors/salesforce/pubsub_api/pubsub_api.proto
	$(BIN)/python -m streams.docs

clean: ## Stop the sandbox and remove what it wrote
	-$(BIN)/dealwire sandbox down
	rm -rf .dealwire
