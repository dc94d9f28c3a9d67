"""The OSCQuery server, from its port to its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import uvicorn
from starlette.applications import Starlette
from typing_extensions import override

from aitunes.errors import AiTunesError, reason
from aitunes.osc.address import answering, format_host_port
from instrument.oscquery.app import application
from instrument.oscquery.discovery import announce
from instrument.oscquery.engine_client import EngineClient

_LARGEST_PACKET = 65_507  # that a UDP datagram holds
_LEAVING_SECONDS = 1


class HttpPortError(AiTunesError):
    """A port that cannot be opened."""


@dataclass(frozen=True)
class ServerOptions:
    """Says which engine to serve, and where.

    Args:
        engine: host and port where the engine listens for OSC.
        http: host and port to serve at; port 0 takes any that is free.
        discovery: announce both by mDNS.
    """

    engine: tuple[str, int]
    http: tuple[str, int]
    discovery: bool = True


class OscQueryServer:
    """Serves on one port.

    Args:
        options: where.
        say: takes sentences for the person at the terminal.

    Raises:
        HttpPortError: the port cannot be opened.
    """

    def __init__(self, options: ServerOptions, say: Callable[[str], None]) -> None:
        self._options = options
        self._say = say
        self._socket = _listen(options.http[0] or "127.0.0.1", options.http[1])
        self.http = (options.http[0] or "127.0.0.1", self._socket.getsockname()[1])
        config = uvicorn.Config(
            application(EngineClient(*options.engine), self._lifespan),
            log_level="warning",
            access_log=False,
            ws_max_size=_LARGEST_PACKET,
            timeout_graceful_shutdown=_LEAVING_SECONDS,
        )
        self._server = _Server(config)

    def run(self) -> None:
        """Serve until `stop`."""
        with self._socket:
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End soon; from any thread or signal."""
        self._server.should_exit = True

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        here, *elsewhere = (f"http://{format_host_port(host, self.http[1])}/" for host in answering(self.http[0]))
        self._say(f"OSCQuery at {here}" + (f", from other machines at {' and '.join(elsewhere)}" if elsewhere else ""))
        # Beside the serving: it takes a second or two to see whether the name is free.
        announcing = asyncio.create_task(self._announce())
        try:
            yield
        finally:
            announcing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await announcing

    async def _announce(self) -> None:
        if self._options.discovery:
            await announce(self.http, self._options.engine, self._say)


class _Server(uvicorn.Server):
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
