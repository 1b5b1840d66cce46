# Each target does its own set-up: `make run` and `make test` are all one needs to know.

VENV := .venv
PYTHON := $(VENV)/bin/python
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
SYSTEM_PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)
WITH_BROWSER := chromium="$$(tests/e2e/chromium.sh $(PYTHON))" && RESNET_LAB_CHROMIUM="$$chromium"
PIP_INSTALL := $(PYTHON) -m pip install --disable-pip-version-check --no-compile
# Instead of by pip, one file after the other: on all cores, without the packages' tests. Templates fail to.
COMPILE := $(PYTHON) -m compileall -qq -j 0 -x '/tests/' $(VENV)/lib || true

# The lab and its tests start some hundred processes: none compiles again what another one has compiled.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test setup format check bench soak record record-instruments record-variants
.DELETE_ON_ERROR:

run: $(VENV)/runtime.stamp
	$(PYTHON) -m streamlit run app/server.py

# What promises no seconds runs on all cores, a file in one process and the walks first, as they take longest;
# then what does, in browsers and after kill -9, has the machine to itself.
test: setup
	$(WITH_BROWSER) $(PYTHON) -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile \
		--no-loadscope-reorder -m "not hurried and not soak" \
		tests/e2e tests/faults tests/core tests/app tests/gpu
	$(WITH_BROWSER) $(PYTHON) -m pytest -m "hurried and not soak" tests/e2e tests/faults

setup: $(VENV)/tests.stamp

format: setup
	$(PYTHON) -m ruff format
	$(PYTHON) -m ruff check --fix

check: setup
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m ruff check

bench: setup
	$(WITH_BROWSER) $(PYTHON) -m benchmarks

soak: setup
	$(WITH_BROWSER) $(PYTHON) -m pytest -m soak

record: setup
	$(WITH_BROWSER) $(PYTHON) assets/record.py

record-instruments: setup
	$(WITH_BROWSER) $(PYTHON) assets/record_instruments.py

record-variants: setup
	$(PYTHON) assets/record_variants.py

$(VENV)/created.stamp:
	@test -n "$(SYSTEM_PYTHON)" || { echo "Python 3.11 or newer is needed and none was found." >&2; exit 1; }
	$(SYSTEM_PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime.stamp: requirements.txt | $(VENV)/created.stamp
	$(PIP_INSTALL) -r requirements.txt
	$(COMPILE)
	@touch $@

$(VENV)/tests.stamp: requirements-dev.txt requirements.txt | $(VENV)/created.stamp
	$(PIP_INSTALL) -r requirements-dev.txt
	$(COMPILE)
	@touch $(VENV)/runtime.stamp $@
