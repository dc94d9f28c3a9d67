"""Plays the engine from a page: OSC both ways over a WebSocket, without what a page may not do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from aitunes.osc.packets import Message, PacketError, build, parse
from instrument.namespace import ROOT
from instrument.web.engine_client import EngineClient, Peer
from instrument.web.feed import STREAMS, Feed
from instrument.web.guard import FORBIDDEN
from instrument.web.listeners import Listener
from instrument.web.page_words import is_number
from instrument.web.phones import Phone
from instrument.web.refusals import REASONS, REFUSED, count, first_refused
from instrument.web.seats import Allowance, Seats
from instrument.web.served_engine import Keeper
from instrument.web.visitors import Right, Visitor, Visitors, visitor_of

TRY_AGAIN = 1013
"""WebSocket's close code for a server, or a client, that cannot keep up."""
MAX_SOCKETS = 32
MAX_ELSEWHERE = 24
"""Of phones, and of pages of other servers."""
MAX_OF_ONE = 8
"""Of one phone, or of pages of other servers together."""
NOTE = f"{ROOT}/note"

_RENEW_SECONDS = 2.0
_WATCH_SECONDS = 0.5
_MAX_TEXT = 1_024
_WORDS_MESSAGES = 50  # for which words count, as they may have the server subscribe to streams, or end that
_MAX_HELD = 256
_CLOSING_SECONDS = 1.0
MAX_SILENT_SECONDS = 4.0
"""After which a page that has pinged, as ours does every second, is taken to be out of reach, and its notes end."""


class OscSockets:
    """Serves the pages that play.

    Args:
        engine: that is played.
        feed: tells whether it is there, and streams.
        visitors: know the phones.
        keeper: starts an engine where there is none.
    """

    def __init__(self, engine: EngineClient, feed: Feed, visitors: Visitors, keeper: Keeper) -> None:
        self._engine, self._feed, self._visitors, self._keeper = engine, feed, visitors, keeper
        self._seats = Seats(MAX_SOCKETS, MAX_ELSEWHERE, MAX_OF_ONE)

    async def converse(self, websocket: WebSocket) -> None:
        """Exchange OSC as bytes and the page's own words as text, until one side leaves."""
        visitor = visitor_of(websocket)
        if not visitor.may(Right.PLAY):
            await websocket.close(FORBIDDEN)
            return
        await websocket.accept()
        with self._seats.hold(visitor) as allowance:
            if allowance is None:
                await websocket.close(TRY_AGAIN, "Too many pages are open; close one.")
                return
            page = _Page(visitor, self._feed, allowance)
            await self._serve(websocket, page, self._visitors.phones.of(visitor.token))
        code, why = (FORBIDDEN, "forgotten") if page.ended.is_set() else (TRY_AGAIN, "too slow")
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            await asyncio.wait_for(websocket.close(code, why), _CLOSING_SECONDS)

    async def _serve(self, websocket: WebSocket, page: _Page, phone: Phone | None) -> None:
        if phone is not None:
            phone.connections.add(page.end)
        try:
            async with self._keeper.hold():
                await self._exchange(websocket, page)
        finally:
            if phone is not None:
                phone.connections.discard(page.end)

    async def _exchange(self, websocket: WebSocket, page: _Page) -> None:
        self._feed.join(page)
        page.greet()
        work = (
            self._play(websocket, page),
            _send(websocket, page.listener),
            page.listener.lags.wait(),
            page.ended.wait(),
        )
        tasks: set[asyncio.Task[Any]] = {asyncio.create_task(one) for one in work}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.leave(page)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _play(self, websocket: WebSocket, page: _Page) -> None:
        # A socket of its own: the engine answers each client apart, and tells its changes to the others.
        async with self._engine.peer(page.receive) as peer, asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(work) for work in (_subscribe(peer), _watch(page, peer))]
            try:
                await _receive(websocket, page, peer)
            finally:
                for task in beside:
                    task.cancel()
                page.let_go(peer)
                peer.send(build("/notify", 0))


class _Page:
    """Holds what is known of one page: what it hears, and which notes it holds.

    Args:
        visitor: who it is.
        feed: that it follows.
        allowance: messages that it may send.
    """

    def __init__(self, visitor: Visitor, feed: Feed, allowance: Allowance) -> None:
        self.listener = Listener()
        self.addresses: frozenset[str] = frozenset()
        self.ended = asyncio.Event()
        self._visitor, self._feed, self._allowance = visitor, feed, allowance
        self._held: dict[tuple[Any, ...], None] = {}
        self._pings = False
        self._heard = time.monotonic()

    @property
    def is_out_of_reach(self) -> bool:
        """Tell whether a page that pings has not been heard for a while."""
        return self._pings and time.monotonic() - self._heard > MAX_SILENT_SECONDS

    def hear(self) -> None:
        """Note that something has arrived."""
        self._heard = time.monotonic()

    def end(self) -> None:
        """Have the socket closed."""
        self.ended.set()

    def greet(self) -> None:
        """Send the first frame."""
        self._say({"hello": {**self._visitor.describe(), "engine": self._feed.state}})

    def notify(self, state: str) -> None:
        """Tell whether the engine is here."""
        self._say({"engine": state})

    def receive_stream(self, address: str, message: Message, datagram: bytes) -> None:
        """Pass a stream on."""
        self.listener.send(datagram)

    def receive(self, datagram: bytes) -> None:
        """Pass on what the engine answers and tells, but for the server's own subscription."""
        if not (datagram.startswith((b"/done", b"/fail")) and b"/notify\0" in datagram[:32]):
            self.listener.send(datagram)

    def handle(self, text: str) -> None:
        """Handle the page's own words; others, and too many, change nothing."""
        if not self._allowance.affords(_WORDS_MESSAGES):
            return
        try:
            words = json.loads(text) if len(text) <= _MAX_TEXT else None
        except (ValueError, RecursionError):
            return
        if not isinstance(words, dict):
            return
        if isinstance(names := words.get("streams"), list):
            self.addresses = frozenset(STREAMS[name] for name in names if isinstance(name, str) and name in STREAMS)
            self._feed.choose()
        if is_number(number := words.get("ping")):
            self._pings = True
            self._say({"pong": number, "engine_ms": self._feed.round_trip_ms})

    def admits(self, packet: bytes) -> bool:
        """Tell whether a packet may go to the engine; whoever sent one that may not hears why."""
        try:
            messages = [message for part in parse(packet) for message in part.messages]
        except PacketError:
            messages = []
        if not self._allowance.affords(max(1, count(messages))) or not messages:
            return False
        role = self._visitor.role
        if path := first_refused(messages, REFUSED[role]):
            self.listener.send(build("/fail", path, REASONS[role]))
            return False
        for message in messages:
            if message.address == NOTE:
                self._note(message.arguments)
        return True

    def let_go(self, peer: Peer) -> None:
        """End the notes that the page holds."""
        for number, *identity in self._held:
            peer.send(build(NOTE, number, 0, *identity))
        self._held.clear()

    def _note(self, arguments: list[Any]) -> None:
        if len(arguments) not in (2, 3) or not all(is_number(value) for value in arguments):
            return
        number, velocity, *identity = (int(value) for value in arguments)
        self._held.pop((number, *identity), None)
        if velocity and len(self._held) < _MAX_HELD:
            self._held[number, *identity] = None

    def _say(self, words: dict[str, Any]) -> None:
        self.listener.send(json.dumps(words))


async def _subscribe(peer: Peer) -> None:
    # Without the proof that streams need: the feed has one for all pages. An engine may have been restarted.
    while True:
        peer.send(build("/notify", 1))
        await asyncio.sleep(_RENEW_SECONDS)


async def _watch(page: _Page, peer: Peer) -> None:
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if page.is_out_of_reach:
            page.let_go(peer)


async def _receive(websocket: WebSocket, page: _Page, peer: Peer) -> None:
    while (message := await websocket.receive())["type"] == "websocket.receive":
        page.hear()
        if (packet := message.get("bytes")) is None:
            page.handle(message["text"])
        elif page.admits(packet):
            peer.send(packet)


async def _send(websocket: WebSocket, listener: Listener) -> None:
    while True:
        frame = await listener.next_frame()
        await (websocket.send_text(frame) if isinstance(frame, str) else websocket.send_bytes(frame))
