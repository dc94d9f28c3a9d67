"""The web server, from its port to its end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Literal

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp
from typing_extensions import override

from aitunes.errors import AiTunesError, reason
from aitunes.osc.address import answering, format_host_port
from instrument.storage.library import Library
from instrument.web.app import application
from instrument.web.bounds import Patience, protocol
from instrument.web.discovery import announce
from instrument.web.served_engine import ServedEngine
from instrument.web.services import ServerOptions, assemble
from instrument.web.socket_protocol import socket_protocol

_LARGEST_PACKET = 65_507  # that a UDP datagram holds
_MAX_HEAD_BYTES = 1 << 14
_LEAVING_SECONDS = 1


class HttpPortError(AiTunesError):
    """A port that cannot be opened."""


class WebServer:
    """Serves on one port, and on a second one in the network while phones may come.

    Args:
        options: where.
        library: where releases are found.
        say: takes sentences for the person at the terminal.

    Raises:
        HttpPortError: the port cannot be opened.
    """

    def __init__(self, options: ServerOptions, library: Library, say: Callable[[str], None]) -> None:
        self._options = options
        self._say = say
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket = _listen(options.http[0] or "127.0.0.1", options.http[1])
        self.http = (options.http[0] or "127.0.0.1", self._socket.getsockname()[1])
        self._services = assemble(options, library, self.http, self._serve_phones)
        self._app = application(self._services, self._lifespan)
        self._server = _Server(_config(self._app), self._end_work)

    def run(self) -> None:
        """Serve until `stop`."""
        with self._socket:
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End soon; from any thread or signal."""
        self._server.should_exit = True

    def call(self, function: Callable[[], None]) -> None:
        """Have the loop that serves call a function, once it runs; from any thread."""
        if (loop := self._loop) is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(function)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        here, *elsewhere = (f"http://{format_host_port(host, self.http[1])}/" for host in answering(self.http[0]))
        self._say(f"OSCQuery at {here}" + (f", from other machines at {' and '.join(elsewhere)}" if elsewhere else ""))
        self._say(f"The page is at {here}")
        self._loop = asyncio.get_running_loop()
        # Beside the serving: it takes a second or two to see whether the name is free.
        announcing = asyncio.create_task(self._announce())
        # What is loaded by now stays; looking through all of it for garbage again would stop the server for 40 ms.
        gc.collect()
        gc.freeze()
        sweeping = asyncio.create_task(self._services.renders.sweep())
        try:
            yield
        finally:
            sweeping.cancel()
            if isinstance(self._services.keeper, ServedEngine):
                await self._services.keeper.close()
            await self._services.door.close()
            announcing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await announcing

    async def _end_work(self) -> None:
        services = self._services
        await asyncio.gather(services.renders.close(), services.trainings.close(), services.uploads.close())

    async def _announce(self) -> None:
        if self._options.discovery and not self._options.serve_only:
            await announce(self.http, self._options.engine, self._say)

    async def _serve_phones(self, listening: socket.socket) -> None:
        server = _Server(_config(self._app, lifespan="off"))
        with listening:
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                await asyncio.shield(serving)
            except asyncio.CancelledError:
                server.should_exit = True
                await serving
                raise


def _config(app: ASGIApp, lifespan: Literal["on", "off"] = "on") -> uvicorn.Config:
    patience = Patience()
    return uvicorn.Config(
        app,
        http=protocol(patience),
        ws=socket_protocol(patience.reading),
        lifespan=lifespan,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=_LARGEST_PACKET,
        ws_max_queue=64,
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        timeout_graceful_shutdown=_LEAVING_SECONDS,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, end_work: Callable[[], Awaitable[None]] | None = None) -> None:
        super().__init__(config)
        self._end_work = end_work

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what works for clients first, as answers that tell of it end with it."""
        if self._end_work is not None:
            await self._end_work()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the command, which has its own."""
        yield


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        dual = host == "::" and socket.has_dualstack_ipv6()
        listening = socket.create_server((host, port), family=family, dualstack_ipv6=dual)
    except OSError as error:
        raise HttpPortError(
            f"HTTP port {port} on {host} cannot be opened ({reason(error)}); is another AiTunes running? "
            "Choose another with --http-port."
        ) from error
    # Connections inherit it. Without it an answer's second part waits for the first one's receipt, 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
