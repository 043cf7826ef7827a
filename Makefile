# Every target sets up .venv from requirements.lock by itself; a machine with Python 3.11 or newer,
# git and make is enough. `make` alone lists the targets.

PYTHON ?=
JOBS ?= auto
PYTEST_ARGS ?=

bin := .venv/bin
pytest := $(bin)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help venv demo pictures test check lint format-check style types imports sentences fmt coverage soak bench \
        mutants man messages wheel lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

venv: ## set up .venv (every other target does so by itself)
	@PYTHON="$(PYTHON)" sh dev/venv.sh

pictures: venv ## the README's pictures, drawn from the interface
	@$(bin)/python docs/pictures.py

demo: venv ## a relay and two people on this machine, talking
	@$(bin)/python demo/play.py

test: venv ## all tests, the short rounds; under 10 minutes on 2 cores
	@PYTHONDONTWRITEBYTECODE= sh dev/test.sh $(bin)/python $(JOBS) $(PYTEST_ARGS)

check: lint test ## format, lint, types, imports, tests

lint: format-check style types imports sentences ## everything of check but the tests

format-check: venv
	@$(bin)/ruff format --check .

style: venv
	@$(bin)/ruff check .

types: venv
	@$(bin)/mypy

imports: venv
	@$(bin)/lint-imports --no-logo

sentences: venv
	@$(bin)/python -m dev.messages --check

fmt: venv ## rewrite the files in the one format
	@$(bin)/ruff format .
	@$(bin)/ruff check --fix .

coverage: venv ## branch coverage: all of crypto and protocol by their own tests, 95 % in all
	@$(pytest) -q tests/crypto tests/property tests/attacks tests/vectors --cov=restante.crypto --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100
	@$(pytest) -q tests/protocol --cov=restante.protocol --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100
	@$(pytest) -q -n $(JOBS) --maxprocesses 8 --dist loadfile --cov=restante --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=95

soak: venv ## the long rounds of the same tests; prints its seed, RESTANTE_SEED=n repeats it
	@seed=$${RESTANTE_SEED:-$$($(bin)/python -c 'import secrets; print(secrets.randbits(32))')}; \
	RESTANTE_SOAK=1 RESTANTE_SEED=$$seed \
	$(pytest) -m soak -o faulthandler_timeout=0 -n $(JOBS) --maxprocesses 8 --dist loadfile \
	    --hypothesis-seed=$$seed $(PYTEST_ARGS)

bench: venv ## figures as JSON lines, beside what this machine can do at all
	@$(bin)/python -m benchmarks.run $(ONLY)

mutants: venv ## take each defence away and require its attack test to fail
	@$(bin)/python -m tests.mutants.run $(ONLY)

man: venv ## write man pages, reference and completion from the commands
	@$(bin)/python -m docs.commands

messages: venv ## write the template for translators, and compile the translations
	@$(bin)/python -m dev.messages

wheel: venv ## build the wheel into dist/
	@$(bin)/python -m pip --quiet --disable-pip-version-check wheel --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

lock: ## write requirements.lock anew (needs uv; for whoever changes a dependency)
	@uv pip compile --quiet --universal --python-version 3.11 --group dev pyproject.toml -o requirements.lock

clean: ## remove what was built and cached, and .venv
	rm -rf .venv dist build htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
