"""Lets pages hear what the engine plays: 16-bit sound in packets of 20 ms over a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import time
from collections.abc import Callable
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from aitunes.osc.packets import Message
from instrument.namespace import LISTEN, SOUND
from instrument.web.feed import Feed
from instrument.web.guard import FORBIDDEN
from instrument.web.page_words import is_number
from instrument.web.served_engine import Keeper
from instrument.web.visitors import Right, visitor_of

MAX_LISTENERS = 16
MAX_PACKETS = 50
"""A second of sound; a listener that leaves more unsent is dropped."""
CHANNELS = 2
TRY_AGAIN = 1013

_HEADER = struct.Struct("<IIHHI")
_RENEW_SECONDS = 0.5
_LEASE_SECONDS = 5
_SILENT_SECONDS = 20.0
_CLOSING_SECONDS = 1.0
_MAX_TEXT = 256


class ListenSockets:
    """Serves the pages that listen; while there is any, the engine sends its sound.

    Args:
        feed: of the engine.
        keeper: starts an engine where there is none.
        clock: seconds that never go back.
    """

    def __init__(self, feed: Feed, keeper: Keeper, clock: Callable[[], float] = time.monotonic) -> None:
        self.addresses: frozenset[str] = frozenset({SOUND})
        self._feed, self._keeper, self._clock = feed, keeper, clock
        self._listeners: set[_Listener] = set()
        self._asking: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """Return how many listen."""
        return len(self._listeners)

    async def converse(self, websocket: WebSocket) -> None:
        """Send the sound until one side leaves."""
        if not visitor_of(websocket).may(Right.LISTEN):
            await websocket.close(FORBIDDEN)
            return
        await websocket.accept()
        if len(self._listeners) >= MAX_LISTENERS:
            await websocket.close(TRY_AGAIN, "Too many listen already.")
            return
        listener = _Listener(self._clock)
        async with self._keeper.hold():
            self._join(listener)
            try:
                why = await _exchange(websocket, listener)
            finally:
                self._leave(listener)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            await asyncio.wait_for(websocket.close(TRY_AGAIN, why), _CLOSING_SECONDS)

    def notify(self, state: str) -> None:
        """Take no notice: a page that plays hears of the engine there."""

    def receive_stream(self, address: str, message: Message, datagram: bytes) -> None:
        """Pass a packet on to everybody."""
        match message.arguments:
            case [int(sequence), int(rate), bytes(samples)] if 0 < rate < 2**32 and not len(samples) % 4:
                frames = len(samples) // (2 * CHANNELS)
                milliseconds = _milliseconds(self._clock)
                header = _HEADER.pack(sequence % 2**32, rate, CHANNELS, frames % 2**16, milliseconds)
                for listener in self._listeners:
                    listener.take(header + samples, rate, frames)

    def _join(self, listener: _Listener) -> None:
        self._listeners.add(listener)
        if self._asking is None:
            self._feed.join(self)
            self._asking = asyncio.create_task(self._ask())

    def _leave(self, listener: _Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners and self._asking is not None:
            self._asking.cancel()
            self._asking = None
            self._feed.send(LISTEN, 0)
            self._feed.leave(self)

    async def _ask(self) -> None:
        while True:
            self._feed.choose()
            self._feed.send(LISTEN, _LEASE_SECONDS)
            await asyncio.sleep(_RENEW_SECONDS)


class _Listener:
    """Holds what waits to be sent to one page."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.lags = asyncio.Event()
        self._waiting: asyncio.Queue[bytes | str] = asyncio.Queue(MAX_PACKETS)
        self._rate = 0
        self._clock = clock

    def take(self, packet: bytes, rate: int, frames: int) -> None:
        """Queue a packet, after its format where that has changed."""
        if rate != self._rate:
            self._rate = rate
            words = {"sample_rate": rate, "channels": CHANNELS, "frames": frames, "format": "s16le"}
            self._put(json.dumps(words))
        self._put(packet)

    def answer(self, text: str) -> None:
        """Answer a ping, so that the page can measure how late it hears."""
        try:
            number = json.loads(text)["ping"] if len(text) <= _MAX_TEXT else None
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if is_number(number):
            self._put(json.dumps({"pong": number, "milliseconds": _milliseconds(self._clock)}))

    async def next_frame(self) -> bytes | str:
        """Return the next frame to send."""
        return await self._waiting.get()

    def _put(self, frame: bytes | str) -> None:
        try:
            self._waiting.put_nowait(frame)
        except asyncio.QueueFull:
            self.lags.set()


async def _exchange(websocket: WebSocket, listener: _Listener) -> str:
    """Send what is played until that ends; returns why."""
    sending = asyncio.create_task(_send(websocket, listener))
    receiving = asyncio.create_task(_receive(websocket, listener))
    lagging = asyncio.create_task(listener.lags.wait())
    tasks: set[asyncio.Task[Any]] = {sending, receiving, lagging}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return "This page is too slow." if lagging.done() else "The engine sends no sound."
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _send(websocket: WebSocket, listener: _Listener) -> None:
    while True:
        frame = await asyncio.wait_for(listener.next_frame(), _SILENT_SECONDS)
        await (websocket.send_text(frame) if isinstance(frame, str) else websocket.send_bytes(frame))


async def _receive(websocket: WebSocket, listener: _Listener) -> None:
    while (message := await websocket.receive())["type"] == "websocket.receive":
        if message.get("text"):
            listener.answer(message["text"])


def _milliseconds(clock: Callable[[], float]) -> int:
    return round(1e3 * clock()) % 2**32
