"""The UDP socket: one thread receives, one publishes what the engine has to say."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from aitunes.errors import AiTunesError
from instrument.osc.dispatcher import Dispatcher, Instrument
from instrument.osc.packets import PacketError, build
from instrument.osc.subscribers import Peer, Subscribers

DEFAULT_PORT = 7420
_MAX_DATAGRAM = 65_536
_RECEIVE_BUFFER = 1 << 21
_PUBLISH_SECONDS = 0.01
_RETRY_SECONDS = 0.1


class PortError(AiTunesError):
    """A port that cannot be opened."""


class OscServer:
    """Receives on one port and replies from it.

    Args:
        instrument: the engine.
        publish: called every 10 ms on the publishing thread, to send notices with `send` and `send_to_others`.
        host, port: where to listen; port 0 takes any that is free.
        clock: wall-clock seconds, for time tags and arrival times.

    Raises:
        PortError: the port cannot be opened.
    """

    def __init__(
        self,
        instrument: Instrument,
        publish: Callable[[], None],
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        try:
            self._socket.bind((host, port))
        except OSError as error:
            self._socket.close()
            raise PortError(
                f"OSC port {port} on {host} cannot be opened ({error.strerror}); is another AiTunes running? "
                "Choose another with --osc-port."
            ) from error
        self.host, self.port = self._socket.getsockname()
        self.subscribers = Subscribers(time.monotonic)
        self.dispatcher = Dispatcher(instrument, self.subscribers, self.send)
        self._publish = publish
        self._clock = clock
        self._closing = threading.Event()
        self._threads = [
            threading.Thread(target=self._receive_all, name="osc-receive", daemon=True),
            threading.Thread(target=self._publish_all, name="osc-publish", daemon=True),
        ]

    def start(self) -> None:
        """Begin to listen."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop listening and free the port."""
        self._closing.set()
        # A datagram of our own wakes the receiver, which otherwise waits for the next of somebody else's.
        self._socket.sendto(b"", (self.host if self.host != "0.0.0.0" else "127.0.0.1", self.port))
        for thread in self._threads:
            thread.join(timeout=1.0)
        self._socket.close()

    def send(self, peer: Peer, address: str, arguments: tuple[Any, ...]) -> None:
        """Send one message, or `/fail` where its values have no form in OSC.

        A peer that is gone is no error, its lease ends by itself.
        """
        self._send_datagram(peer, _datagram(address, arguments))

    def send_to_others(self, author: Peer | None, address: str, arguments: tuple[Any, ...]) -> None:
        """Send one message to every subscriber but its author."""
        others = [peer for peer in self.subscribers.current() if peer != author]
        if others:
            datagram = _datagram(address, arguments)
            for peer in others:
                self._send_datagram(peer, datagram)

    def _send_datagram(self, peer: Peer, datagram: bytes) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendto(datagram, peer)

    def _receive_all(self) -> None:
        while not self._closing.is_set():
            try:
                datagram, peer = self._socket.recvfrom(_MAX_DATAGRAM)
            except ConnectionError:
                # Windows reports a peer that closed its port here; only our own close ends the loop.
                continue
            except OSError:
                self._closing.wait(_RETRY_SECONDS)
                continue
            if datagram:
                with _survived():
                    self.dispatcher.receive(datagram, peer, self._clock())

    def _publish_all(self) -> None:
        while not self._closing.wait(_PUBLISH_SECONDS):
            with _survived():
                self._publish()


def _datagram(address: str, arguments: tuple[Any, ...]) -> bytes:
    try:
        return build(address, *arguments)
    except PacketError as error:
        return build("/fail", address, str(error))


@contextlib.contextmanager
def _survived() -> Iterator[None]:
    """A defect is told at the terminal, where there is one, and the thread goes on."""
    try:
        yield
    except Exception:  # noqa: BLE001  a datagram, or a reply, must not end all the later ones
        with contextlib.suppress(OSError, ValueError):
            traceback.print_exc()
