# `make help` lists what there is. Everything that is installed goes into .venv, but for Debian's own packages.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
STAMPS := $(VENV)/stamps

# PyTorch for the tests: on Linux the CPU build, where it is offered; PyPI's own brings CUDA along, several GB.
TORCH := torch==2.13.0
ifeq ($(shell uname -s),Linux)
CPU_BUILD := --no-deps --index-url https://download.pytorch.org/whl/cpu --timeout 20 --retries 1
endif

# What stands between a score, or an input, and its samples: numba compiles again what changes here.
KERNELS := $(wildcard aitunes/audio_processing/*.py instrument/synthesis/*.py instrument/listening/*.py)

# A window where there is a screen for it, and what Qt needs of Debian to open one.
ifneq ($(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname -s))),)
WINDOW := $(STAMPS)/window
endif
QT_PACKAGES := libegl1 libgl1 libfontconfig1 libglib2.0-0 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 \
  libxcb-keysyms1 libxcb-randr0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 fonts-dejavu-core

.DEFAULT_GOAL := help
.PHONY: help play setup test lint docs demo-site bench clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

play: $(STAMPS)/warm $(WINDOW)  ## install what is missing and play; ARGS="--release NAME …" goes to `aitunes play`
	@$(BIN)/aitunes play $(ARGS)

setup: $(STAMPS)/dev  ## install what developers and the tests need, and play nothing

# Tests that play to a device, show themselves on a screen or count on the clock run alone, at the end; all others in
# three processes, which fill two cores, each file in one of them, training first: its files take longest. The linters and
# the compiler keep a core busy each.
ALONE := $(addprefix tests/instrument/,engine/test_hotplug.py engine/test_threads.py pad/test_on_screen.py test_audio_in.py \
  test_doctor.py test_first_session.py test_jack.py test_jack_faults.py test_midi.py test_placement.py test_supercollider.py)
TOGETHER := tests/training tests/aitunes tests/instrument $(wildcard tests/test_*.py) $(ALONE:%=--ignore=%)

test: $(STAMPS)/dev  ## set up, check the style and the types, run all tests; with ARGS, pytest with those alone
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint $(STAMPS)/warm
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(TOGETHER)
	$(BIN)/python -m pytest $(ALONE)
endif

lint: $(STAMPS)/dev  ## check style, types, imports and licences
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/licences.py --quiet

docs: $(STAMPS)/dev  ## build the documentation site into build/site; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The site is in build/site; open build/site/index.html."

demo-site: $(STAMPS)/dev  ## build a static site that plays a release in any browser; ARGS="--release NAME"
	$(BIN)/python -m instrument.web.demo --to build/demo-site $(ARGS)

bench: $(STAMPS)/dev  ## run every benchmark in turn; benchmarks/RESULTS.md has the figures
	@for script in $$(grep -l '__name__ == "__main__"' benchmarks/*.py); do \
	  name=$$(basename "$$script" .py); echo "== $$name"; $(BIN)/python -m "benchmarks.$$name" || exit 1; \
	done

clean:  ## remove the virtual environment and all caches
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find aitunes instrument training tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMPS)/venv:
	@.ci/make-venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/base: pyproject.toml | $(STAMPS)/venv
	@.ci/system-packages "sound" libportaudio2
	@echo "Installing AiTunes into $(VENV), about 400 MB; a few minutes the first time …"
	@$(PIP) install --editable '.[web,midi]'
	@touch $@

$(STAMPS)/warm: $(STAMPS)/base $(KERNELS)
	@echo "Compiling the synthesis for this machine, once; about a minute …"
	@$(BIN)/aitunes render /dev/null --output $(VENV)/warm-up.wav --seconds 0.2 --sample-rate 48000 >/dev/null
	@rm $(VENV)/warm-up.wav && touch $@

# Without it there is still sound, so a failure here is told and no more; the next `make play` tries again.
$(STAMPS)/window: pyproject.toml | $(STAMPS)/base
	@.ci/system-packages "the pad's window" $(QT_PACKAGES)
	@echo "Installing the pad's window into $(VENV), about 250 MB …"
	@if $(PIP) install --editable '.[pad]'; then touch $@; else echo "That failed; playing without a window."; fi

$(STAMPS)/dev: pyproject.toml | $(STAMPS)/venv
	@.ci/system-packages "the tests with other programs" libportaudio2 jackd2 liblo-tools puredata-core \
	  supercollider-language supercollider-server nodejs gcc libc6-dev iproute2
	@.ci/system-packages "the tests of the pad" xvfb xdotool $(QT_PACKAGES)
	@.ci/system-packages "the tests of the page" chromium
	@echo "Installing AiTunes, PyTorch and the tools into $(VENV), about 2 GB; some minutes the first time …"
	@$(if $(CPU_BUILD),$(PIP) install $(CPU_BUILD) $(TORCH) 2>/dev/null || true)
	@$(PIP) install $(TORCH) --editable '.[web,pad,window,dev]'
	@touch $@ $(STAMPS)/base
