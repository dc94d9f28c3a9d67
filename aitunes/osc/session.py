"""Speaks OSC with one engine over anyone's transport: a blocking socket, Qt's event loop or asyncio's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from aitunes.osc.packets import Message, build, messages

RENEW_SECONDS = 10.0
"""Between renewals of a subscription, which an engine keeps for 30 s."""


class Session:
    """Encodes and decodes messages, and keeps a subscription.

    Args:
        send: sends one datagram to the engine.
        clock: seconds that never go back.
    """

    def __init__(self, send: Callable[[bytes], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self._clock = clock
        self._renewal: float | None = None

    @property
    def subscribed(self) -> bool:
        """True from `subscribe` to `unsubscribe`."""
        return self._renewal is not None

    def send(self, address: str, *arguments: Any) -> None:
        """Send one message; Python's types choose those of OSC.

        Raises:
            PacketError: a value has no form in OSC.
        """
        self._send(build(address, *arguments))

    def subscribe(self) -> None:
        """Ask the engine for its changes, from now on or once more after it was restarted."""
        self._renewal = self._clock() + RENEW_SECONDS
        self.send("/notify", 1)

    def unsubscribe(self) -> None:
        """End the subscription."""
        if self._renewal is not None:
            self._renewal = None
            self.send("/notify", 0)

    def renew(self) -> None:
        """Renew the subscription when it is due; to be called at least every few seconds."""
        if self._renewal is not None and self._clock() >= self._renewal:
            self.subscribe()

    def receive(self, datagram: bytes) -> list[Message]:
        """Return the messages of a datagram, none where it is not OSC; answers the engine's challenges."""
        arrived = messages(datagram)
        for message in arrived:
            self._answer_challenge(message)
        return arrived

    def _answer_challenge(self, message: Message) -> None:
        # The engine streams only to subscribers that send its token back: anyone can forge a datagram's sender.
        match message:
            case Message("/done", ["/notify", _, int(token)]) if self.subscribed:
                self.send("/notify", 1, token)


def is_answer(message: Message, address: str, *, to_question: bool = True) -> bool:
    """Return True for the message that an engine sends back to whoever sent `address`.

    Args:
        to_question: the address was sent without arguments, so its value is an answer as well.

    >>> is_answer(Message("/done", ["/aitunes/record/stop"]), "/aitunes/record/stop")
    True
    >>> is_answer(Message("/status.reply", [0]), "/status")
    True
    >>> is_answer(Message("/aitunes/gain", [-6.0]), "/aitunes/gain", to_question=False)
    False
    """
    if message.address in ("/done", "/fail"):
        return message.arguments[:1] == [address]
    if message.address == address:
        return to_question
    return message.address in (f"{address}.reply", "/synced" if address == "/sync" else None)
