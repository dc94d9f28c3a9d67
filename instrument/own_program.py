"""Builds the command that runs one of AiTunes' own modules in a child process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGES = Path(__file__).parents[1]


def own_program(module: str, *words: str) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs a module of ours whatever lies in the present folder, and its environment."""
    # -P keeps folders and files of the person's own that have a module's name out of the way.
    path = os.pathsep.join([str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])])
    return [sys.executable, "-P", "-m", module, *words], {**os.environ, "PYTHONPATH": path}
