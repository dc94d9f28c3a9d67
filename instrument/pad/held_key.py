"""Notices a key that is held down, wherever in a window the focus is."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from typing_extensions import override

HELD_SECONDS = 0.5


class HeldKey(QObject):
    """Runs an action once a key has been held for half a second; it is an event filter of a window.

    Args:
        key: the key.
        action: what to run, once each time.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        key: Qt.Key,
        action: Callable[[], object],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._key, self._action, self._clock = key, action, clock
        self._since: float | None = None

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Comes before shortcuts, which take the key itself, for every repetition, and from the focus up to the window.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == self._key:
            if not event.isAutoRepeat():
                self._since = self._clock()
            elif self._since is not None and self._clock() - self._since >= HELD_SECONDS:
                self._since = None
                self._action()
        return False
