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


def quality(options: argparse.Namespace) -> dict[str, int]:
    """Phase reconstruction effort, where it was asked for."""
    given = {"iterations": options.iterations, "lookahead": options.lookahead}
    return {name: value for name, value in given.items() if value is not None}
