"""Keeps an engine without a sound device for the page, where nobody else plays one: started when a page comes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from aitunes.release.processes import own_process
from instrument.web.feed import Feed

LINGER_SECONDS = 60.0
_ENDING_SECONDS = 5.0


class Keeper(Protocol):
    """Sees to it that there is an engine."""

    def hold(self) -> AbstractAsyncContextManager[None]:
        """Keep the engine while the context lasts."""


class OthersEngine:
    """Leaves the engine to whoever has started it."""

    @contextlib.asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Do nothing."""
        yield


class ServedEngine:
    """Starts an engine with the first page, and ends it a while after the last one.

    Args:
        port: where it listens for OSC.
        feed: tells pages that it starts.
        words: for `aitunes play` besides.
        linger_seconds: how long it plays on for nobody.
    """

    def __init__(
        self, port: int, feed: Feed, words: Sequence[str] = (), linger_seconds: float = LINGER_SECONDS
    ) -> None:
        self._words = ["play", "--output", "none", "--no-pad", "--no-web", "--no-midi", "--sidecar", *words]
        self._words += ["--osc-port", str(port)]
        self._feed, self._linger_seconds = feed, linger_seconds
        self._holders = 0
        self._process: asyncio.subprocess.Process | None = None
        self._ending: asyncio.TimerHandle | None = None
        self._starting = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def hold(self) -> AsyncIterator[None]:
        """Keep the engine while the context lasts, started where it does not run."""
        self._holders += 1
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        try:
            await self._start()
            yield
        finally:
            self._holders -= 1
            if self._holders == 0:
                self._ending = asyncio.get_running_loop().call_later(self._linger_seconds, self._let_go)

    async def close(self) -> None:
        """End the engine."""
        if self._ending is not None:
            self._ending.cancel()
        process = self._process
        self._let_go()
        if process is not None and process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), _ENDING_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _start(self) -> None:
        async with self._starting:
            if self._process is not None and self._process.returncode is None:
                return
            command, environment = own_process("instrument", *self._words)
            # It ends as its input closes, however this process ends.
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        self._feed.expect()

    def _let_go(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()


def free_port() -> int:
    """Return a UDP port of this machine that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
