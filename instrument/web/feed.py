"""Follows the engine for everybody who is connected: whether it is there, how long it takes, and its streams."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Protocol

from aitunes.osc.packets import Message, build, messages
from aitunes.osc.session import Session
from instrument.namespace import ROOT
from instrument.status import Status, StatusError
from instrument.web.engine_client import EngineClient, EngineGoneError

HERE, GONE, STARTING = "here", "gone", "starting"
STREAMS = {
    "meter": f"{ROOT}/meter",
    "scope": f"{ROOT}/scope",
    "input-meter": f"{ROOT}/input/meter",
    "input-scope": f"{ROOT}/input/scope",
}
"""Addresses that arrive all the time, by the names that a page uses."""
POLL_SECONDS = 1.0
_GONE_SECONDS = 2.5


class Follower(Protocol):
    """Receives what the engine says.

    Attributes:
        addresses: of the streams that it wants.
    """

    addresses: frozenset[str]

    def notify(self, state: str) -> None:
        """Take whether the engine is here, each time that changes."""

    def receive_stream(self, address: str, message: Message, datagram: bytes) -> None:
        """Take a message of a stream that it wants."""


class Feed:
    """Asks the engine for its status once a second while anybody follows, and subscribes while streams are wanted.

    Args:
        engine: whom to follow.
        clock: seconds that never go back.
    """

    def __init__(self, engine: EngineClient, clock: Callable[[], float] = time.perf_counter) -> None:
        self._engine, self._clock = engine, clock
        self._followers: set[Follower] = set()
        self._task: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._asked: float | None = None
        self._answered = -_GONE_SECONDS
        self.state = GONE
        self.status: Status | None = None
        self.round_trip_ms: float | None = None

    def join(self, follower: Follower) -> None:
        """Begin to tell somebody."""
        self._followers.add(follower)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def leave(self, follower: Follower) -> None:
        """Stop telling somebody; with the last one all questions end."""
        self._followers.discard(follower)
        self.choose()
        if not self._followers and self._task is not None:
            self._task.cancel()
            self._task = None
            self.state, self.status, self.round_trip_ms = GONE, None, None

    def choose(self) -> None:
        """Subscribe to the streams if anybody wants one now, and not otherwise; to be called after a change."""
        if self._session is None:
            return
        wanted = any(follower.addresses for follower in self._followers)
        if wanted and not self._session.subscribed:
            self._session.subscribe()
        elif not wanted:
            self._session.unsubscribe()

    def send(self, address: str, *arguments: object) -> None:
        """Send a message in the name of the subscription, where there is one."""
        if self._session is not None:
            self._session.send(address, *arguments)

    async def ask(self) -> tuple[Status | None, float | None]:
        """Return the engine's status of this moment, and the round trip in milliseconds; nothing where it is gone."""
        answer: asyncio.Future[Status] = asyncio.get_running_loop().create_future()

        def receive(datagram: bytes) -> None:
            for message in messages(datagram):
                if message.address == "/status.reply" and not answer.done():
                    with contextlib.suppress(StatusError):
                        answer.set_result(Status.from_arguments(message.arguments))

        begin = self._clock()
        try:
            async with self._engine.peer(receive) as peer:
                peer.send(build("/status"))
                status = await asyncio.wait_for(answer, POLL_SECONDS)
        except (EngineGoneError, TimeoutError):
            return None, None
        return status, round(1e3 * (self._clock() - begin), 3)

    def expect(self) -> None:
        """Tell everybody that an engine starts."""
        self.set_state(STARTING)

    def set_state(self, state: str) -> None:
        """Tell everybody of a change."""
        if state != self.state:
            self.state = state
            for follower in list(self._followers):
                follower.notify(state)

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(EngineGoneError):
                async with self._engine.peer(self._hear) as peer:
                    self._session = Session(peer.send)
                    try:
                        await self._poll(self._session)
                    finally:
                        self._session.unsubscribe()
                        self._session = None
            await asyncio.sleep(POLL_SECONDS)

    async def _poll(self, session: Session) -> None:
        while True:
            now = self._clock()
            if now - self._answered > _GONE_SECONDS and self.state == HERE:
                self.status, self.round_trip_ms = None, None
                self.set_state(GONE)
            self._asked = now
            session.send("/status")
            self.choose()
            if session.subscribed:
                session.subscribe()  # an engine that was restarted in the meantime knows of no subscription
            await asyncio.sleep(POLL_SECONDS)

    def _hear(self, datagram: bytes) -> None:
        if self._session is None:
            return
        for message in self._session.receive(datagram):
            if message.address == "/status.reply":
                self._take_status(message)
                continue
            for follower in list(self._followers):
                if message.address in follower.addresses:
                    follower.receive_stream(message.address, message, datagram)

    def _take_status(self, message: Message) -> None:
        self._answered = self._clock()
        if self._asked is not None:
            self.round_trip_ms = 1e3 * (self._answered - self._asked)
            self._asked = None
        with contextlib.suppress(StatusError):
            self.status = Status.from_arguments(message.arguments)
        self.set_state(HERE)
