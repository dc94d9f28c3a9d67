"""Watches the connection to the engine: asks for its status twice a second, and keeps asking after a loss."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from instrument.pad.client import OscClient

POLL_SECONDS = 0.5
LOST_SECONDS = 2.0


class Link(QObject):
    """Follows the connection to an engine through losses and returns.

    Args:
        client: sends and receives.
        clock: seconds, monotonic.
    """

    up = Signal(bool)
    """The engine replies; True for one that has restarted and lost the state of before."""

    down = Signal()
    """The engine no longer replies."""

    def __init__(
        self, client: OscClient, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._clock = clock
        self._replied = clock()
        self._was_up = self._was_refused = False
        self.connected = False
        client.received.connect(self._handle)
        client.refused.connect(self._handle_refusal)
        self._timer = QTimer(self, interval=round(1e3 * POLL_SECONDS))
        self._timer.timeout.connect(self.poll)

    def start(self) -> None:
        """Start polling."""
        self._timer.start()
        self.poll()

    def poll(self) -> None:
        """Ask for the status; renew the subscription; report the loss of an engine that has been silent for long."""
        if self.connected and self._clock() - self._replied > LOST_SECONDS:
            self._disconnect()
        if self.connected:
            self._client.renew()
        self._client.send("/status")

    def _handle(self, address: str, _arguments: list[Any]) -> None:
        self._replied = self._clock()
        if not self.connected and address == "/status.reply":
            self.connected = True
            self._client.subscribe()
            restarted = self._was_up and self._was_refused
            self._was_up, self._was_refused = True, False
            self.up.emit(restarted)

    def _handle_refusal(self) -> None:
        self._was_refused = True
        if self.connected:
            self._disconnect()

    def _disconnect(self) -> None:
        self.connected = False
        self.down.emit()
