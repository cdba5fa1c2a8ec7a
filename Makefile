# Everything the course needs, from a fresh clone. `make help` lists it. Works with GNU make 3.81 (macOS).
# The Python that makes .venv: the first of these that fits. Another one: make PYTHON=/path/to/python3.12 ...
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& echo $$p && exit; done; echo python3)
PROFILE ?= smoke
SECONDS ?= 3600
PY = .venv/bin/python
export NO_ALBUMENTATIONS_UPDATE = 1

.DEFAULT_GOAL = help
.PHONY: help environment course test check lab pictures book lessons accept stamp clean fuzz

help:
	@echo 'make course   run every lesson here and render the book from them [PROFILE=smoke|student|full]'
	@echo 'make test     lint, types, unit tests, every notebook from the wheel and with the versions of Colab, the book, the book in a browser'
	@echo 'make check    lint, types, unit tests: for the inner loop'
	@echo 'make lab      JupyterLab on the notebooks'
	@echo 'make book     the book as HTML, from the committed, executed notebooks'
	@echo 'make lessons  run the committed lessons with the Python at hand, without .venv: on Colab, in its image'
	@echo 'make accept   copy the lessons that `make course PROFILE=full` executed into notebooks/'
	@echo 'make pictures draw the picture of results anew from the recorded run'
	@echo 'make stamp    write the repository address and the recorded numbers where they are repeated'
	@echo 'make fuzz     damaged photos, masks, manifests and archives for an hour [SECONDS=3600]'
	@echo 'make clean    remove what the others built, all but .venv'

environment:
	@$(PYTHON) tools/environment.py

course: environment
	@$(PY) -m tools.course $(PROFILE)

test: check
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -m slow -n 2 --dist loadfile

check: environment
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -m 'not slow' -n 2

lab: environment
	@$(PY) -m jupyterlab notebooks

pictures: environment
	@$(PY) -m tools.pictures

book: environment
	@$(PY) -m tools.book

# The Python and the packages that are here, as a student finds them; only what is missing is installed.
lessons:
	$(PYTHON) -m pip install --quiet . nbval pytest
	env -u COLAB_RELEASE_TAG LESIONSEG_PROFILE=smoke \
		$(PYTHON) -m pytest -c /dev/null -q -p no:cacheprovider --nbval-lax --nbval-cell-timeout=600 \
		--nbval-sanitize-with notebooks/nbval.cfg notebooks

accept: environment
	@$(PY) -m tools.accept

stamp: environment
	@$(PY) -m tools.stamp

# What is found is stored in tests/fuzz/corpus, and read again by every later test.
fuzz: environment
	OMP_NUM_THREADS=1 $(PY) -m tests.fuzz.run --seconds $(SECONDS)

clean:
	rm -rf _build dist .pytest_cache .mypy_cache .ruff_cache
