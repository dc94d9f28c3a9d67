"""Ends connections whose other end does not read what it is sent."""

from __future__ import annotations

import asyncio
import socket

MIN_READ_BYTES = 1 << 16
"""What a slow reader has to take within its time, so that its connection stays; or half of what is left."""
_SYSTEM_BYTES = 1 << 17


class UnreadWatch:
    """Aborts a connection that takes nothing for a while, also one that is closing, which would wait for ever.

    Args:
        transport: of the connection; its protocol hands on when writing pauses and goes on.
        loop: on which it runs.
        seconds: how long it may take nothing.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._transport, self._loop, self._seconds = transport, loop, seconds
        self._timer: asyncio.TimerHandle | None = None
        # Writing pauses as soon as anything is left unsent, not only after 64 KiB; the system, which by itself takes
        # some megabytes and tells nothing of how they go, keeps little.
        transport.set_write_buffer_limits(high=0)
        if (connection := transport.get_extra_info("socket")) is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SYSTEM_BYTES)

    def pause(self) -> None:
        """Begin to wait, as something is unsent."""
        self.resume()
        left = self._transport.get_write_buffer_size()
        self._timer = self._loop.call_later(self._seconds, self._look, left)

    def resume(self) -> None:
        """Stop waiting: everything is sent, or the connection is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, before: int) -> None:
        self._timer = None
        if before - self._transport.get_write_buffer_size() < max(1, min(MIN_READ_BYTES, before // 2)):
            self._transport.abort()
        else:
            self.pause()


class ReadsOrEnds:
    """Has a protocol of asyncio end a connection that does not read; comes before it among the base classes."""

    _unread: UnreadWatch | None = None

    def pause_writing(self) -> None:
        """Wait for the client to read, but not for ever."""
        super().pause_writing()  # type: ignore[misc]
        if self._unread is not None:
            self._unread.pause()

    def resume_writing(self) -> None:
        """Go on: the client has read."""
        if self._unread is not None:
            self._unread.resume()
        super().resume_writing()  # type: ignore[misc]

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._unread is not None:
            self._unread.resume()
        super().connection_lost(exc)  # type: ignore[misc]
