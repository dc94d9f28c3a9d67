"""What several commands need of their options."""

from __future__ import annotations

import argparse
from pathlib import Path

from instrument import paths
from instrument.library import Library


def library(options: argparse.Namespace) -> Library:
    """The folder given by --releases first, then the usual ones."""
    folders: list[Path] = [] if options.releases is None else [options.releases]
    return Library([*folders, paths.user_releases(), paths.bundled_releases()])


def iterations(options: argparse.Namespace) -> int:
    """Phase reconstruction effort, where it was asked for, or the default."""
    # Here, because `aitunes models` must not wait for the compiled code.
    from aitunes.audio_processing.griffin_lim import DEFAULT_ITERATIONS

    return DEFAULT_ITERATIONS if options.iterations is None else int(options.iterations)
