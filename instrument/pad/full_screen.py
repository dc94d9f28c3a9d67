"""Fills the screen with the pad, and restores the window afterwards."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QWidget


class FullScreen:
    """Switches a window between full screen and its former size.

    Args:
        window: the main window.
        hidden: the parts of it that full screen hides.
        changed: called after each change.
    """

    def __init__(self, window: QMainWindow, hidden: tuple[QWidget, ...], changed: Callable[[], None]) -> None:
        self._window, self._hidden, self._changed = window, hidden, changed
        self._geometry = window.geometry()
        self._maximised = False

    @property
    def active(self) -> bool:
        """Return true while the pad fills the screen."""
        return self._window.isFullScreen()

    def toggle(self) -> None:
        """Enter full screen, or leave it."""
        self.leave() if self.active else self._enter()

    def _enter(self) -> None:
        window = self._window
        self._geometry, self._maximised = window.geometry(), window.isMaximized()
        self._hide(True)
        window.setGeometry(window.screen().geometry())  # for screens without a window manager
        window.showFullScreen()
        self._changed()

    def leave(self) -> None:
        """Restore the window's former size."""
        self._hide(False)
        self._window.setWindowState(Qt.WindowState.WindowNoState)
        self._window.setGeometry(self._geometry)
        if self._maximised:
            self._window.showMaximized()
        self._changed()

    def _hide(self, hidden: bool) -> None:
        for widget in self._hidden:
            widget.setVisible(not hidden)
