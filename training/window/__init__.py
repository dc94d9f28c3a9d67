"""Opens the trainer's window: choose, train, look, listen, export. Its worker process loads PyTorch, not the window."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from aitunes.errors import TrainingError

if TYPE_CHECKING:
    from training.window.choice import Choice

_PACKAGES = {"PySide6": "PySide6-Essentials", "pyqtgraph": "pyqtgraph"}


def open_window(choice: Choice) -> int:
    """Show the window until it is closed; returns 0.

    Raises:
        TrainingError: Qt or a display is missing.
    """
    missing = [package for module, package in _PACKAGES.items() if find_spec(module) is None]
    if missing:
        raise TrainingError(
            f"The window needs {' and '.join(missing)}: pip install 'aitunes[window]', or add --headless."
        )
    if not _has_display():
        raise TrainingError(
            "There is no display for the window. Add --headless, or name an action (`aitunes-train --help`)."
        )
    try:
        from training.window.app import run
    except ImportError as error:  # a library of the system that Qt draws with
        raise TrainingError(
            f"Qt cannot start: {error}. On Debian and Ubuntu: sudo apt-get install libgl1 libegl1 libxkbcommon0 "
            "libxcb-cursor0; or add --headless."
        ) from error
    return run(choice)


def _has_display() -> bool:
    """Return True where there is a display; Qt ends the whole process where it finds none."""
    if sys.platform in ("darwin", "win32") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
