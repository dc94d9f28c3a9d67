"""Keeps in touch with the engine on a thread of its own: its changes, its latency, and whether it is there."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from aitunes.osc.address import is_loopback
from aitunes.osc.client import Client
from aitunes.osc.packets import Message

_STATUS_SECONDS = 2.0
_RETRY_SECONDS = 0.5
_MAX_LATENCY_SECONDS = 10.0
_MAX_WHOLE, _MAX_FLOAT = 2**31 - 1, 3.4e38
_LATENCIES = slice(10, 12)
"""Buffer and device in `/status.reply`, ms. A note needs nothing of the synthesis but the hop in which it begins."""


class EngineLink:
    """Sends to an engine and receives from it; one that has gone is waited for.

    Args:
        host, port: where it listens.
        receive: takes what it sends, on the link's thread.
        on_answer: called, on that thread, when an engine answers that did not before.

    Raises:
        AddressError: the host's name is not known.
    """

    def __init__(
        self,
        host: str,
        port: int,
        receive: Callable[[Message], None],
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = Client(host, port)
        self._same_clock = is_loopback(host)
        self._receive, self._on_answer = receive, on_answer
        self._latency: float | None = None
        self.answers = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi-osc", daemon=True)

    @property
    def delay(self) -> float | None:
        """Return the engine's latency in seconds, for time tags; None on another machine, whose clock may differ."""
        return self._latency if self._same_clock else None

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def send_datagram(self, datagram: bytes) -> None:
        """Send one datagram; into the void where no engine is."""
        with contextlib.suppress(OSError):
            self._client.send_datagram(datagram)

    def send(self, address: str, *arguments: object) -> None:
        """Send one message."""
        with contextlib.suppress(OSError):
            self._client.send(address, *arguments)

    def close(self) -> None:
        """End the subscription."""
        self._closing.set()
        self._thread.join(1.0 + _STATUS_SECONDS)
        self._client.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            heard = False
            try:
                # Also where the engine was there a moment ago: a new one at its port knows no subscribers.
                self._client.subscribe()
                self._client.send("/status")
                for message in self._client.messages(_STATUS_SECONDS):
                    heard = True
                    self._take(message)
                    if self._closing.is_set():
                        break
            except OSError:  # nobody listens at the port
                time.sleep(_RETRY_SECONDS)
            if not heard:
                self.answers = False

    def _take(self, message: Message) -> None:
        if not self.answers:
            self.answers = True
            self._on_answer()
        if not all(map(_is_plain, message.arguments)):
            return  # no engine sends such, but it may be something else that answers at its port
        if message.address == "/status.reply":
            latencies = message.arguments[_LATENCIES]
            if len(latencies) == 2 and all(isinstance(value, int | float) and value >= 0.0 for value in latencies):
                self._latency = min(sum(latencies) / 1e3, _MAX_LATENCY_SECONDS)
        else:
            self._receive(message)


def _is_plain(value: object) -> bool:
    """Tell whether a value is a text, or a number that an engine could have sent and takes back: of 32 bits."""
    most = _MAX_WHOLE if isinstance(value, int) else _MAX_FLOAT
    return isinstance(value, str) or (isinstance(value, int | float) and abs(value) <= most)  # false for NaN
