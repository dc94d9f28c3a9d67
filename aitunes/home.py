"""Finds the user's folders; `AITUNES_HOME` moves all of them."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

HOME_VARIABLE = "AITUNES_HOME"


def home() -> Path:
    """Return the folder of releases, recordings and snapshots."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_data_path("aitunes", appauthor=False)


def user_releases() -> Path:
    """Return the folder of releases that the user trained or received."""
    return home() / "releases"
