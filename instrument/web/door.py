"""Opens a port to the local network while phones may come, and closes it again."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from aitunes.errors import reason
from aitunes.osc.address import answering, is_loopback
from instrument.web.phones import Address, Phones
from instrument.web.problems import ProblemError

Serve = Callable[[socket.socket], Coroutine[Any, Any, None]]
_NO_NETWORK = "This machine is in no network that a phone could reach; join the phone's Wi-Fi first."


class Door:
    """Serves at this machine's address in the network, beside 127.0.0.1; for paired phones alone.

    Args:
        phones: take the address, by which their connections are known.
        port: where the server listens.
        listens_everywhere: the port is open to the network already, as the person has asked for.
        serve: serves the connections of a socket until it is cancelled.
        find: returns this machine's addresses in its networks, best first.
    """

    def __init__(
        self,
        phones: Phones,
        port: int,
        listens_everywhere: bool,
        serve: Serve,
        find: Callable[[], list[str]] = lambda: answering("0.0.0.0")[1:],
    ) -> None:
        self._phones, self._port, self._everywhere = phones, port, listens_everywhere
        self._serve, self._find = serve, find
        self._task: asyncio.Task[None] | None = None
        self._address: Address | None = None

    async def open(self) -> Address:
        """Return the address that phones reach, which is open from now on.

        Raises:
            ProblemError: there is no network, or the port is taken there.
        """
        if self._address is not None and self._task is not None and not self._task.done():
            return self._address
        found = [host for host in self._find() if not is_loopback(host)]
        if not found:
            raise ProblemError(503, _NO_NETWORK)
        if self._everywhere:
            return found[0], self._port
        self._address = found[0], self._port
        try:
            listening = socket.create_server(self._address)
        except OSError as error:
            raise ProblemError(503, f"{found[0]} port {self._port} cannot be opened: {reason(error)}.") from error
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._phones.door = self._address
        self._task = asyncio.create_task(self._serve(listening))
        return self._address

    async def close(self) -> None:
        """Close it; the sessions of phones are not this door's."""
        task, self._task, self._address = self._task, None, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            self._phones.door = None
