"""Sends OSC messages, and receives and checks them, on Qt's event loop."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from aitunes.osc.address import connect_udp, format_host_port
from aitunes.osc.packets import Message
from aitunes.osc.session import Session
from aitunes.printable import printable
from instrument.namespace import MessageError
from instrument.pad.replies import ReplyChecker

_MAX_DATAGRAM = 65_536
_RECEIVE_BUFFER = 1 << 20
_COMPLAINT_SECONDS = 10.0
_MAX_SHOWN = 60
_MAX_DATAGRAMS = 64  # a turn of the event loop, so that a flood does not stop the window


class OscClient(QObject):
    """Sends to one engine, and emits what it sends.

    Args:
        host, port: where the engine listens.
        clock: seconds, monotonic.

    Raises:
        AddressError: the host's name is not known.
    """

    received = Signal(str, list)
    """An address and its checked arguments."""

    rejected = Signal(str)
    """A sentence about messages that no engine sends, at most one in ten seconds."""

    refused = Signal()
    """Nothing listens at the engine's port; the system reports it for engines on this machine only."""

    def __init__(
        self, host: str, port: int, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        # Connected, so that the system reports a port on which nothing listens, and drops what others send.
        self._socket = connect_udp(host, port)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.setblocking(False)
        self._where = format_host_port(host, port)
        self._clock = clock
        self._session = Session(self._transmit, clock)
        self._checker = ReplyChecker()
        self._rejections, self._last_complaint = 0, -_COMPLAINT_SECONDS
        self._notifier = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._receive)

    def send(self, address: str, *arguments: Any) -> None:
        """Send one message at once."""
        self._session.send(address, *arguments)

    def subscribe(self) -> None:
        """Subscribe to the engine's notifications."""
        self._session.subscribe()

    def renew(self) -> None:
        """Renew the subscription when it is due."""
        self._session.renew()

    def unsubscribe(self) -> None:
        """End the subscription."""
        self._session.unsubscribe()

    def expect_release(self, latent_dim: int) -> None:
        """Check messages for a release with that many latent coordinates from now on."""
        self._checker = ReplyChecker(latent_dim)

    def close(self) -> None:
        """Free the socket."""
        self._notifier.setEnabled(False)
        self._socket.close()

    def _transmit(self, datagram: bytes) -> None:
        try:
            self._socket.send(datagram)
        except BlockingIOError:
            pass  # the network's queue is full; the next move carries the newer position
        except OSError:
            self.refused.emit()

    def _receive(self) -> None:
        for _ in range(_MAX_DATAGRAMS):
            try:
                datagram = self._socket.recv(_MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                self.refused.emit()
                return
            for message in self._session.receive(datagram):
                self._check(message)

    def _check(self, message: Message) -> None:
        try:
            arguments = self._checker.check(message.address, message.arguments)
        except MessageError as error:
            self._reject(message.address, error)
        else:
            if arguments is not None:
                self.received.emit(message.address, arguments)

    def _reject(self, address: str, error: MessageError) -> None:
        self._rejections += 1
        now = self._clock()
        if now - self._last_complaint >= _COMPLAINT_SECONDS:
            self._last_complaint = now
            self.rejected.emit(
                f"{self._where} has sent {self._rejections:,} messages that no engine sends, such as "
                f"{printable(address[:_MAX_SHOWN])}: {error}. Does another program use the port?"
            )
