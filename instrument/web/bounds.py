"""Bounds what a client may cause by the way it sends and reads: long bodies, slow ones, and answers nobody takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import get_remote_addr

from aitunes.osc.address import is_loopback
from instrument.web.unread import ReadsOrEnds, UnreadWatch

MAX_BODY_BYTES = 1 << 14
MAX_CONNECTIONS = 256
MAX_OF_ONE_HOST = 48
"""Connections of one other machine."""
_REMOTE_SHARE = 0.75  # of all connections, for other machines together
BODY_SECONDS = 20.0
_PIECE_BYTES = 1 << 12
_CLOSE = {"Connection": "close"}  # the rest of the body is not read


@dataclass(frozen=True)
class Patience:
    """Says how long a client may take, seconds.

    Args:
        head: for the head of a request, from the connection or its first byte.
        reading: without taking any of an answer.
    """

    head: float = 10.0
    reading: float = 30.0


class Bodies:
    """Refuses bodies that are too long or too slow; wraps an ASGI application.

    Args:
        app: gets the others.
        larger: longest bodies in bytes, by path, where they may be longer than `MAX_BODY_BYTES`.
        seconds: for a whole body.
        trusts: tells whether whoever sends a request may send a longer one, as parsing it holds up everybody.
    """

    def __init__(
        self,
        app: ASGIApp,
        larger: Mapping[str, int],
        seconds: float = BODY_SECONDS,
        trusts: Callable[[Scope], bool] = lambda scope: True,
    ) -> None:
        self._app, self._larger, self._seconds, self._trusts = app, larger, seconds, trusts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise an HTTPException of 413 or 408 in whoever reads a body that is refused."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            await self._app(scope, self._bounded(scope, receive), send)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        most = self._larger.get(scope["path"], MAX_BODY_BYTES) if self._trusts(scope) else MAX_BODY_BYTES
        announced = Headers(scope=scope).get("content-length", "0")
        end = time.monotonic() + self._seconds
        left = most - (int(announced) if announced.isdigit() and int(announced) > most else 0)
        complete = False

        async def receive_bounded() -> Message:
            nonlocal left, complete
            if complete:
                return await receive()  # which waits for the client to go
            too_long = HTTPException(413, f"At most {most:,} bytes are taken here.", _CLOSE)
            if left < 0:
                raise too_long
            try:
                message = await asyncio.wait_for(receive(), max(0.0, end - time.monotonic()))
            except TimeoutError as error:
                raise HTTPException(408, f"The request did not arrive within {self._seconds:.0f} s.", _CLOSE) from error
            left -= len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if left < 0:
                raise too_long
            return message

        return receive_bounded


def protocol(patience: Patience = Patience(), most: int = MAX_CONNECTIONS) -> type[H11Protocol]:
    """Return uvicorn's protocol with bounds on connections and on how slow they are.

    Args:
        patience: with a client.
        most: connections at once.
    """

    class BoundedProtocol(ReadsOrEnds, H11Protocol):
        """Ends connections that are too many, too slow to ask, or too slow to read."""

        _head: asyncio.TimerHandle | None = None

        @override
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Take a connection where there is room."""
            super().connection_made(transport)
            self._unread = UnreadWatch(transport, self.loop, patience.reading)
            address = get_remote_addr(transport)
            if not _has_room(address[0] if address else "", [_host_of(other) for other in self.connections], most):
                transport.abort()
            else:
                self._await_head()

        @override
        def data_received(self, data: bytes) -> None:
            """Take bytes, which begin a request where none is under way."""
            if self._head is None and (self.cycle is None or self.cycle.response_complete):
                self._await_head()
            # h11 bounds a head that is not complete yet: one that comes whole would be taken however long it is.
            for begin in range(0, len(data), _PIECE_BYTES):
                if self.transport.is_closing():
                    break
                super().data_received(data[begin : begin + _PIECE_BYTES])
            if self.cycle is not None and not self.cycle.response_complete:
                self._forget_head()

        @override
        def handle_websocket_upgrade(self, event: object) -> None:
            """Leave the connection to WebSocket's protocol."""
            self._forget_timers()
            super().handle_websocket_upgrade(event)  # type: ignore[arg-type]

        @override
        def on_response_complete(self) -> None:
            """Wait for the next request, for as long as uvicorn keeps connections."""
            self._forget_head()
            super().on_response_complete()

        @override
        def connection_lost(self, exc: Exception | None) -> None:
            """Forget the connection."""
            self._forget_timers()
            super().connection_lost(exc)

        def _forget_timers(self) -> None:
            self._forget_head()
            if self._unread is not None:
                self._unread.resume()

        def _await_head(self) -> None:
            self._head = self.loop.call_later(patience.head, self.transport.abort)

        def _forget_head(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

    return BoundedProtocol


def _has_room(host: str, everyone: Sequence[str], most: int) -> bool:
    """Tell whether a connection, which is among `everyone`, may stay; this machine has some to itself."""
    if is_loopback(host):
        return len(everyone) <= most
    remote = sum(not is_loopback(other) for other in everyone)
    return everyone.count(host) <= MAX_OF_ONE_HOST and remote <= most * _REMOTE_SHARE and len(everyone) <= most


def _host_of(connection: object) -> str:
    address: tuple[str, int] | None = getattr(connection, "client", None)
    return address[0] if address else ""
