"""Whether the engine is there: it is asked twice a second, and asked again for as long as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from instrument.pad.client import OscClient

ASK_SECONDS = 0.5
LOST_SECONDS = 2.0
_RENEW_SECONDS = 10.0


class Link(QObject):
    """The connection to an engine, through its losses and returns.

    Args:
        client: what is sent and received with.
        clock: seconds, monotonic.
    """

    up = Signal(bool)
    """The engine answers; True where it was ended and started anew, and so knows nothing of us."""

    down = Signal()
    """The engine answers no more."""

    def __init__(
        self, client: OscClient, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._clock = clock
        self._answered = clock()
        self._renewed = 0.0
        self._was_up = self._was_refused = False
        self.connected = False
        client.received.connect(self._hear)
        client.refused.connect(self._lose_at_once)
        self._timer = QTimer(self, interval=round(1e3 * ASK_SECONDS))
        self._timer.timeout.connect(self.ask)

    def start(self) -> None:
        """Begin to ask."""
        self._timer.start()
        self.ask()

    def ask(self) -> None:
        """Ask once; renew the subscription; give up on an engine that has been silent for too long."""
        now = self._clock()
        if self.connected and now - self._answered > LOST_SECONDS:
            self._lose()
        if self.connected and now - self._renewed > _RENEW_SECONDS:
            self._renewed = now
            self._client.send("/notify", 1)
        self._client.send("/status")

    def _hear(self, address: str, _arguments: list[Any]) -> None:
        self._answered = self._clock()
        if not self.connected and address == "/status.reply":
            self.connected = True
            self._renewed = self._answered
            self._client.send("/notify", 1)
            fresh, self._was_up, self._was_refused = self._was_up and self._was_refused, True, False
            self.up.emit(fresh)

    def _lose_at_once(self) -> None:
        self._was_refused = True
        if self.connected:
            self._lose()

    def _lose(self) -> None:
        self.connected = False
        self.down.emit()
