# Every target sets up what it needs, on a fresh machine too. A repeat does nothing that was done.
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PY := .venv/bin/python
RUN := .venv/.requirements
DEV := .venv/.requirements-dev
export PATH := $(PATH):$(CURDIR)/.cache/bin

.PHONY: help validate test check alerts cluster cluster-fuzz fuzz terraform bench format lock helm kind clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.* ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.* ## (.*)/  make \1\t\2/' | expand -t 22

validate: $(RUN) helm ## render every environment and judge it
	@$(PY) -m tools.validate

# A machine that forbids Python to keep what it compiled compiles every module in every process, which takes longer than
# to judge the chart, and the tests start many.
validate test: export PYTHONDONTWRITEBYTECODE :=
test: $(DEV) helm ## run the tests, a process a core and one more; no Docker, no cluster
	@$(PY) -m pytest -m "not kind" -q -n auto --dist loadscope

check: $(DEV) ## lint, format, types, and generated docs that are up to date
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet . || { echo 'not formatted; run `make format`' >&2; exit 1; }
	@$(PY) -m mypy --no-error-summary
	@$(PY) -m tools.validate.docs --check

terraform: $(DEV) ## fmt, init, validate and test every module and example, offline; needs Terraform
	@$(PY) -m tools.terraform.offline check

cluster: $(DEV) helm kind ## install the chart in a kind cluster with Calico and probe it; needs Docker; SARK=DIR: a checkout of SARK too
	@$(PY) -m tools.cluster all $(if $(SARK),--sark '$(SARK)')

alerts: $(DEV) helm ## when the proxy's alerts fire, by promtool, which is built from its Go module; minutes the first time
	@$(PY) -m tests.gobuild tests/alerts/promtool github.com/prometheus/prometheus/cmd/promtool
	@$(PY) -m pytest -q tests/alerts

cluster-fuzz: $(DEV) helm kind ## random policies in kind with Calico, beside what the offline judge says; needs Docker
	@$(PY) -m tools.cluster fuzz

fuzz: $(DEV) helm ## random values, manifests, Terraform and command lines, for minutes; SEED=…, SCALE=…, CASE=FILE
	@$(PY) -m tests.standing_fuzz $(if $(SEED),--seed '$(SEED)') $(if $(SCALE),--scale '$(SCALE)') $(if $(CASE),--case '$(CASE)')

bench: $(DEV) helm ## measure the validator, the Terraform linter and the judge beside others, and the proxy beside no proxy
	@$(PY) -m bench.validate
	@$(PY) -m bench.terraform
	@$(PY) -m bench.reach --quick
	@$(PY) -m bench.proxy
	@$(PY) -m bench.steering

format: $(DEV) ## format the code and write the generated docs
	@$(PY) -m ruff check --quiet --fix-only .
	@$(PY) -m ruff format --quiet .
	@$(PY) -m tools.validate.docs

lock: $(DEV) ## renew the locks from pyproject.toml
	@test -x $(UV) || { $(PY) -m venv .cache/uv && .cache/uv/bin/pip install --quiet --disable-pip-version-check uv; }
	@$(UV) pip compile $(LOCK) --extra envoy -o requirements.lock
	@$(UV) pip compile $(LOCK) --all-extras -c requirements.lock -o requirements-dev.lock
UV := .cache/uv/bin/uv
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml

helm: $(RUN)
	@tools/bootstrap helm

kind:
	@tools/bootstrap kind

$(RUN): requirements.lock
	@tools/bootstrap venv requirements.lock
	@touch $@

# The development lock holds everything that the other does, at the same versions.
$(DEV): requirements-dev.lock requirements.lock
	@tools/bootstrap venv requirements-dev.lock
	@touch $(RUN) $@

clean: ## remove everything that was set up or cached
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache build *.egg-info
	find . -name __pycache__ -type d -not -path './.git/*' -exec rm -rf {} +
