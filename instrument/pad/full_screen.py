"""The performance: the pad fills the screen, and afterwards the window is as it was."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QWidget


class FullScreen:
    """Fills the screen and comes back.

    Args:
        window: the whole.
        hidden: the parts of it that are not for the stage.
        changed: called after each change.
    """

    def __init__(self, window: QMainWindow, hidden: tuple[QWidget, ...], changed: Callable[[], None]) -> None:
        self._window, self._hidden, self._changed = window, hidden, changed
        self._geometry = window.geometry()
        self._maximised = False

    @property
    def active(self) -> bool:
        """Whether the pad fills the screen."""
        return self._window.isFullScreen()

    def toggle(self) -> None:
        """Fill the screen, or come back."""
        self.leave() if self.active else self._enter()

    def _enter(self) -> None:
        window = self._window
        self._geometry, self._maximised = window.geometry(), window.isMaximized()
        self._hide(True)
        window.setGeometry(window.screen().geometry())  # for screens without a window manager
        window.showFullScreen()
        self._changed()

    def leave(self) -> None:
        """Come back to the window of before."""
        self._hide(False)
        self._window.setWindowState(Qt.WindowState.WindowNoState)
        self._window.setGeometry(self._geometry)
        if self._maximised:
            self._window.showMaximized()
        self._changed()

    def _hide(self, hidden: bool) -> None:
        for part in self._hidden:
            part.setVisible(not hidden)
