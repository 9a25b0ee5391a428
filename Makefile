PYTHON ?= python3
# Programs that the tests start by the hundred read compiled modules, whatever the surroundings say.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
READY := .venv/ready
BENCH_READY := .venv-bench/ready

.DEFAULT_GOAL := help
.PHONY: help run test pytest check style types fmt bench bench-match model golden prove lock docs catalogue pictures clean

help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(BENCH_READY): requirements.lock requirements-bench.lock
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements.lock -r requirements-bench.lock
	@touch $@

run: $(READY) ## set up, start the daemon on loopback, send it the sample messages, show the queues
	@exec $(BIN)/dtm-contact demo

test: $(READY) ## check, and run every test, four files at a time
	$(MAKE) --no-print-directory style
	$(MAKE) --no-print-directory --jobs 2 types pytest

pytest: $(READY)
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 1

check: style types ## lint, formatting and types

style: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

fmt: $(READY) ## format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) ## measure: medians of alternating runs, and ratios from the same run
	@for file in benchmarks/bench_*.py; do echo "== $$file"; PYTHONPATH=. $(BIN)/python $$file || exit 1; done

bench-match: $(BENCH_READY) ## hold the matching against search engines and record linkage (installs those first)
	@PYTHONPATH=. .venv-bench/bin/python -m benchmarks.bench_engines

model: $(READY) ## make the models of topics, danger and wishes from the corpus (a quarter of an hour of one core, 3 GB)
	$(BIN)/python -m training model
	$(BIN)/python -m training details
	$(BIN)/python -m training places
	$(BIN)/python -m training evaluate

golden: $(READY) ## print which of the 300 golden letters a change of models or rules has changed, and how
	@$(BIN)/python -m training golden

prove: $(READY) ## show at full length that nothing is lost and nothing hostile does harm (hours; as root)
	@$(BIN)/python -m tests.prove

docs: $(READY) ## write what is generated anew: docs/settings.md, docs/conditions.md, rules/schema, docs/figures.md, docs/intake.openapi.json
	$(BIN)/dtm-contact settings --markdown > docs/settings.md
	$(BIN)/dtm-contact rules conditions --markdown > docs/conditions.md
	$(BIN)/dtm-contact rules schema rules
	$(BIN)/dtm-contact figures definitions --page docs/figures.md
	$(BIN)/python -m dtm_contact.ingest.http_openapi > docs/intake.openapi.json

catalogue: $(READY) ## fill the catalogue in French with what is new in the source, compile it, say what has no words yet
	@$(BIN)/python -m tests.catalogue

pictures: $(READY) ## take the pictures of the French manuals anew (needs Chromium)
	$(BIN)/python -m benchmarks.pictures

lock: $(READY) ## choose the newest allowed versions and pin them with their hashes
	$(BIN)/uv pip compile --quiet --upgrade pyproject.toml --extra postgresql --group dev --universal \
		--generate-hashes --no-emit-index-url --no-header --python-version 3.11 --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet pyproject.toml --extra postgresql --constraint requirements-dev.lock --universal \
		--generate-hashes --no-emit-index-url --no-header --python-version 3.11 --output-file requirements.lock
	$(BIN)/uv pip compile --quiet --group bench --constraint requirements-dev.lock --universal \
		--generate-hashes --no-emit-index-url --no-header --python-version 3.11 --output-file requirements-bench.lock

clean: ## remove what the other targets made
	rm -rf .venv .venv-bench var .mypy_cache .pytest_cache .ruff_cache
