"""What several commands need of their options."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from instrument import paths
from instrument.library import Library

_PATIENCE_SECONDS = 2.5


def load_compiled_code() -> None:
    """Have all compiled code at hand; where numba has not cached it yet, say what takes so long."""
    sentence = "Compiling the synthesis for this machine, this once; about half a minute …"
    timer = threading.Timer(_PATIENCE_SECONDS, lambda: print(sentence, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    # Here, because `aitunes models` must not wait for numba.
    from instrument.synthesis.voice import load_compiled_code as load

    load()
    timer.cancel()


def library(options: argparse.Namespace) -> Library:
    """The folder given by --releases first, then the usual ones."""
    folders: list[Path] = [] if options.releases is None else [options.releases]
    return Library([*folders, paths.user_releases(), paths.bundled_releases()])


def iterations(options: argparse.Namespace) -> int:
    """Phase reconstruction effort, where it was asked for, or the default."""
    # Here, because `aitunes models` must not wait for the compiled code.
    from aitunes.audio_processing.griffin_lim import DEFAULT_ITERATIONS

    return DEFAULT_ITERATIONS if options.iterations is None else int(options.iterations)
