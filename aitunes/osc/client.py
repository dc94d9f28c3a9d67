"""A blocking OSC client of one engine, for commands, measurements and training."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Self

from aitunes.errors import AiTunesError, reason
from aitunes.osc.address import connect_udp, format_host_port
from aitunes.osc.packets import Message
from aitunes.osc.session import Session, is_answer

_MAX_DATAGRAM = 65_536
_WAKE_SECONDS = 1.0  # a silent engine's subscription is renewed, too


class NoAnswerError(AiTunesError):
    """An engine that does not answer in time, or a port where nobody listens."""


class RefusedError(AiTunesError):
    """A `/fail`; the text is the engine's sentence."""


class Client:
    """Sends to one engine, and waits for its answers.

    Args:
        host, port: where the engine listens.

    Raises:
        AddressError: the host's name is not known.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._socket = connect_udp(host, port)
        self._session = Session(self.send_datagram)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send_datagram(self, datagram: bytes) -> None:
        """Send bytes that are encoded already."""
        self._socket.send(datagram)

    def send(self, address: str, *arguments: Any) -> None:
        """Send one message."""
        self._session.send(address, *arguments)

    def subscribe(self) -> None:
        """Ask for changes and streams, which `messages` then yields; it also renews the subscription."""
        self._session.subscribe()

    def messages(self, seconds: float) -> Iterator[Message]:
        """Yield what arrives within a time.

        Raises:
            OSError: nobody listens at the port.
        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0.0:
            self._session.renew()
            self._socket.settimeout(min(left, _WAKE_SECONDS))
            try:
                datagram = self._socket.recv(_MAX_DATAGRAM)
            except TimeoutError:
                continue
            yield from self._session.receive(datagram)

    def ask(self, address: str, *arguments: Any, timeout_seconds: float = 5.0) -> Message:
        """Send one message and return its answer: a value, a reply or `/done`.

        Raises:
            NoAnswerError: none came in time.
            RefusedError: the engine answered `/fail`.
        """
        place = format_host_port(self.host, self.port)
        try:
            self.send(address, *arguments)
            for message in self.messages(timeout_seconds):
                if is_answer(message, address, to_question=not arguments):
                    if message.address == "/fail":
                        raise RefusedError(str(message.arguments[-1]))
                    return message
        except OSError as error:
            raise NoAnswerError(f"No engine answers at {place} ({reason(error)}).") from error
        raise NoAnswerError(f"No engine answers at {place} (it was silent for {timeout_seconds:g} s).")

    def close(self) -> None:
        """End the subscription and free the socket."""
        try:
            self._session.unsubscribe()
        except OSError:  # the engine has gone, and its subscriptions with it
            pass
        finally:
            self._socket.close()
