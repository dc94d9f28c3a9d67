"""Bounds what a WebSocket may cause: messages in endless parts, floods of pings, and frames that nobody reads."""

from __future__ import annotations

import asyncio

from typing_extensions import override
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from instrument.web.unread import ReadsOrEnds, UnreadWatch

MAX_PARTS = 64
"""Of one message."""
MAX_UNREAD_BYTES = 1 << 16
"""Of answers to pings that the other end leaves unread."""


def socket_protocol(reading_seconds: float) -> type[WebSocketsSansIOProtocol]:
    """Return uvicorn's protocol for WebSockets with bounds.

    Args:
        reading_seconds: how long a client may take nothing of what is sent.
    """

    class BoundedSocket(ReadsOrEnds, WebSocketsSansIOProtocol):
        """Ends WebSockets that send what no page sends, or do not read."""

        @override
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            """Take over a connection from HTTP."""
            super().connection_made(transport)
            self._unread = UnreadWatch(self.transport, self.loop, reading_seconds)

        @override
        def handle_ping(self) -> None:
            """Answer a ping, which nothing else holds back."""
            super().handle_ping()
            if self.transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
                self.transport.abort()

        @override
        def handle_cont(self, event: Frame) -> None:
            """Take one more part of a message."""
            if len(self.frames) >= MAX_PARTS:
                self._fail(CloseCode.MESSAGE_TOO_BIG)
            else:
                super().handle_cont(event)

        @override
        def send_receive_event_to_app(self) -> None:
            """Hand a message on, unless it is text that is none."""
            if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
                self._fail(CloseCode.INVALID_DATA)
            else:
                super().send_receive_event_to_app()

        def _fail(self, code: CloseCode) -> None:
            self.frames = []
            if self.conn.close_sent is None:
                self.conn.send_close(code)
                self.handle_parser_exception()

    return BoundedSocket


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
