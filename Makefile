# Everything the course needs, from a fresh clone. `make help` lists it. Works with GNU make 3.81 (macOS).
FITS = import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
# The Python that makes .venv: the first of these that fits. Another one: make PYTHON=/path/to/python3.12 ...
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(FITS)' 2>/dev/null && echo $$p && exit; done; echo python3)
endif
PROFILE ?= smoke
SECONDS ?= 3600
PY = .venv/bin/python
export NO_ALBUMENTATIONS_UPDATE = 1

.DEFAULT_GOAL = help
.PHONY: help environment course test check parity lab assignments pictures explorers book lessons accept runs-archive pretrained bundle vendor stamp mutants lock fuzz gpu-pack gpu clean

help:
	@echo 'make course   run every lesson here and render the book from them [PROFILE=smoke|student|full]'
	@echo '              LESSONS="05 12": only these, and no book'
	@echo 'make test     lint, types, unit tests, every notebook from the wheel and with the versions of Colab, the book, the book in a browser'
	@echo 'make check    lint, types, unit tests: for the inner loop'
	@echo 'make parity   thousands of cases held against other libraries, and a table of who defines what alike [CASES=200]'
	@echo 'make lab      JupyterLab on the notebooks'
	@echo 'make book     the book as HTML, from the committed, executed notebooks'
	@echo 'make lessons  run the committed lessons with the Python at hand, without .venv: on Colab, in its image'
	@echo 'make accept   copy the lessons that `make course PROFILE=full` executed into notebooks/'
	@echo 'make pictures draw the picture of results anew from the recorded run'
	@echo 'make explorers make the data and pictures of the explorers anew from recorded runs'
	@echo 'make assignments  notebooks for students, handouts and grading packs [SEMESTER=2026-autumn] [MASTERS=folder]'
	@echo 'make vendor    fetch the files of others that the book carries anew; needs npm'
	@echo 'make stamp    write README.md from README.md.j2, and the repository address where it is repeated'
	@echo 'make runs-archive  pack the recorded runs of LESIONSEG_RUNS for a release'
	@echo 'make pretrained  pack the recorded run of LESIONSEG_RUNS that the package carries'
	@echo 'make bundle   book, notebooks and wheel in one zip for where there is no internet [RUNS=1: networks too]'
	@echo 'make lock     pin anew what make installs, after pyproject.toml changed [RAISE="names of packages"]'
	@echo 'make fuzz     damaged photos, masks, archives, records and checkpoints for an hour [SECONDS=3600]'
	@echo 'make mutants  try our own wrong answers on the checks, print the table, write the page of common mistakes'
	@echo 'make gpu-pack  pack what make gpu needs where there is no network (under 64 MiB with the checkout)'
	@echo 'make gpu      what a card does with the course, in eight minutes, with the Python at hand -> results/gpu.json'
	@echo 'make clean    remove what the others built, all but .venv'

# Two `make` at once: the second waits for the first, then finds that all is there. The lock ends with the process.
LOCKED = $(PYTHON) -c 'import fcntl, os, sys; lock = os.open("pyproject.toml", os.O_RDWR); \
	fcntl.flock(lock, fcntl.LOCK_EX); os.set_inheritable(lock, True); os.execvp(sys.argv[1], sys.argv[1:])'
PIP = $(PY) -m pip install --disable-pip-version-check --no-input --progress-bar off --constraint constraints.txt
LOG = >> .venv/install.log 2>&1
# First, so that what is built is built by pinned ones.
BUILD_TOOLS = hatchling editables setuptools setuptools-scm wheel

environment:
	@$(PYTHON) -c '' 2>/dev/null || { echo '$(PYTHON) does not run. $(INSTALL_PYTHON)' >&2; exit 1; }
	@$(LOCKED) $(MAKE) -s PYTHON='$(PYTHON)' .venv/.installed

INSTALL_PYTHON = Install Python 3.11 to 3.14, or name it: make PYTHON=/path/to/python3.12 ...

# .venv/.installed is written last and says where .venv stands, for it cannot be moved; .venv/.unfinished is there while
# packages are installed. A .venv with neither is somebody's own: packages are added to it.
ifneq ($(shell .venv/bin/python -c '' 2>/dev/null && cat .venv/.installed 2>/dev/null),$(CURDIR))
.PHONY: .venv/.installed
endif
.venv/.installed: pyproject.toml constraints.txt
	@if test -e .venv/.unfinished || ! $(PY) -c '' 2>/dev/null || \
		{ test -e $@ && test "`cat $@`" != '$(CURDIR)'; }; then \
		$(PYTHON) -c '$(FITS)' || { \
			echo "This needs Python 3.11 to 3.14, found `$(PYTHON) --version 2>&1` ($(PYTHON)). $(INSTALL_PYTHON)" >&2; \
			exit 1; }; \
		echo "Setting up .venv with `$(PYTHON) --version`: once, some minutes (6 GB with PyTorch for CUDA)"; \
		echo 'To watch: tail -f .venv/install.log'; \
		rm -rf .venv; \
		$(PYTHON) -m venv .venv || { \
			echo 'Python could not make a virtual environment. On Debian, Ubuntu: apt install python3-venv' >&2; \
			exit 1; }; \
		touch .venv/.unfinished; \
	else \
		echo 'Completing .venv'; \
		if test -e $@; then mv $@ .venv/.unfinished; fi; \
	fi
	@$(PIP) $(BUILD_TOOLS) $(LOG) && $(PIP) --no-build-isolation --editable '.[book,dev]' $(LOG) || { \
		tail -n 30 .venv/install.log >&2; \
		echo 'The packages could not be installed (the whole log: .venv/install.log).' >&2; \
		echo 'This step needs a network, once. After an interruption run the same command again.' >&2; \
		exit 1; }
	@$(PIP) --no-build-isolation --editable '.[official]' $(LOG) || { \
		echo "Left out: the organisers' scorer, whose dependency zipfile-deflate64 needs a C compiler and Python's"; \
		echo "headers (Debian, Ubuntu: apt install gcc python3-dev). The library's own scores do not need it."; }
	@rm -f .venv/.unfinished
	@echo '$(CURDIR)' > $@

course: environment
	@$(PY) -m tools.course $(PROFILE) $(LESSONS)

test: check
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -m slow -n 2 --dist loadfile

check: environment
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -m 'not slow' -n 2

# A dozen cases of each row run in `make test`; nothing here is run by two processes, which would each print a part.
CASES ?= 200
parity: environment
	PARITY_CASES=$(CASES) OMP_NUM_THREADS=1 $(PY) -m pytest -q tests/parity

lab: environment
	@$(PY) -m jupyterlab notebooks

# The secret that marks depend on is kept in course-secret.txt, which git leaves out: keep a copy for the whole term.
assignments: environment
	@$(PY) -m tools.assignments $(if $(SEMESTER),--term '$(SEMESTER)') $(if $(MASTERS),--masters '$(MASTERS)')

pictures: environment
	@$(PY) -m tools.pictures

explorers: environment
	@$(PY) -m tools.explorer_pictures

book: environment
	@$(PY) -m tools.book

# Needs npm and a network; nothing else does.
vendor: environment
	@$(PY) -m tools.vendor

# The Python and the packages that are here, as a student finds them; only what is missing is installed.
lessons:
	$(PYTHON) -m pip install --quiet . nbval pytest
	env -u COLAB_RELEASE_TAG LESIONSEG_PROFILE=smoke \
		$(PYTHON) -m pytest -c /dev/null -q -p no:cacheprovider -p tools.kernels --nbval-lax --nbval-cell-timeout=600 \
		--nbval-sanitize-with notebooks/nbval.cfg notebooks

accept: environment
	@$(PY) -m tools.accept

runs-archive: environment
	@$(PY) -m tools.runs_archive

# For maintainers. Pins stay as they are unless named: make lock RAISE='torch torchvision' (or RAISE=everything).
pretrained: environment
	@$(PY) -m tools.pretrained

bundle: environment
	@$(PY) -m tools.offline $(if $(RUNS),--runs)

lock:
	$(PYTHON) -m venv _build/lock
	_build/lock/bin/python -m pip install --disable-pip-version-check --quiet uv
	printf '%s\n' $(BUILD_TOOLS) | _build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--extra book --extra dev --extra edge --extra official --no-annotate --custom-compile-command 'make lock' \
		$(if $(filter everything,$(RAISE)),--upgrade,$(RAISE:%=--upgrade-package %)) \
		--output-file constraints.txt pyproject.toml -

stamp: environment
	@$(PY) -m tools.stamp

# What is found is stored in tests/fuzz/corpus, and read again by every later test.
fuzz: environment
	OMP_NUM_THREADS=1 $(PY) -m tests.helpers.fuzzing.run --seconds $(SECONDS)

mutants: environment
	@OMP_NUM_THREADS=1 $(PY) -m tests.teaching.mutants.report --page

gpu-pack: environment
	@$(PY) -m tools.gpu_pack

# The Python and the PyTorch that are here; nothing is installed, what is missing is taken from the pack.
gpu:
	@$(PYTHON) -m benchmarks.gpu

clean:
	rm -rf _build dist .pytest_cache .mypy_cache .ruff_cache
