"""Sends and receives OSC messages on Qt's event loop."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from aitunes.errors import AiTunesError
from aitunes.osc.packets import PacketError, build, parse

_MAX_DATAGRAM = 65_536
_RECEIVE_BUFFER = 1 << 20


class AddressError(AiTunesError):
    """Names a host that does not exist."""


class OscClient(QObject):
    """Sends to one engine, and emits what it sends.

    Args:
        host, port: where the engine listens.

    Raises:
        AddressError: the host's name is not known.
    """

    received = Signal(str, list)
    """An address and its arguments."""

    refused = Signal()
    """Nothing listens at the engine's port; the system reports it for engines on this machine only."""

    def __init__(self, host: str, port: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.host, self.port = host, port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            # Connected, so that the system reports a port on which nothing listens.
            self._socket.connect((host, port))
        except OSError as error:
            self._socket.close()
            raise AddressError(f"There is no way to an engine at {host}:{port}: {error.strerror}.") from error
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.setblocking(False)
        self._notifier = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._receive)

    def send(self, address: str, *arguments: Any) -> None:
        """Send one message at once."""
        try:
            self._socket.send(build(address, *arguments))
        except ConnectionRefusedError:
            self.refused.emit()
        except BlockingIOError:
            pass  # the network's queue is full; the next move carries the newer position
        except OSError:
            self.refused.emit()

    def close(self) -> None:
        """Free the socket."""
        self._notifier.setEnabled(False)
        self._socket.close()

    def _receive(self) -> None:
        while True:
            try:
                datagram = self._socket.recv(_MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                self.refused.emit()
                return
            # What is not OSC is dropped.
            with contextlib.suppress(PacketError):
                for packet in parse(datagram):
                    for message in packet.messages:
                        self.received.emit(message.address, message.arguments)
