# Each target does all its set-up on a fresh machine: a virtual environment in .venv, torch for CPU or CUDA as fits, dependencies.
.PHONY: setup test tests check demo docs format clean

BIN := .venv/bin

setup:
	@tools/setup.sh

# All static checks, all tests, and the documentation: what CI runs. Tests leave a part of the cores idle, where the checks run.
test: setup
	@$(MAKE) --no-print-directory --jobs=2 tests check docs

tests: setup
	OMP_NUM_THREADS=1 $(BIN)/pytest -q -n auto --dist worksteal

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/page_figures.py --check
	$(BIN)/python tools/check_words.py

demo: setup
	rm -rf demo-output
	$(BIN)/spotkick demo --out demo-output

docs: setup
	$(BIN)/python tools/cli_reference.py --check
	$(BIN)/python tools/config_reference.py --check
	$(BIN)/python tools/formats_table.py --check
	$(BIN)/python tools/model_table.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir build/site

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build demo-output .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
