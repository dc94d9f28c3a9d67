"""WebSockets that send what no page sends, or never read: each is ended, and nothing of it is printed."""

import asyncio
import base64
import contextlib
import os
import socket
import struct
import threading
import time
import zlib

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from instrument.web.bounds import Patience, protocol
from instrument.web.socket_protocol import MAX_PARTS, socket_protocol

DEADLINE_SECONDS = 60.0
TEXT, BINARY, CLOSE, PING, PART = 1, 2, 8, 9, 0


@pytest.fixture(scope="module")
def server():
    """Return a server that sends floods on demand, and echoes; its patience is short."""

    async def converse(websocket):
        await websocket.accept()
        while (message := await websocket.receive())["type"] == "websocket.receive":
            if message.get("text") == "flood":
                for _ in range(1_000):
                    await websocket.send_bytes(bytes(1 << 16))
            if message.get("text") == "leave":
                with contextlib.suppress(TimeoutError):
                    while True:
                        await asyncio.wait_for(websocket.send_bytes(bytes(1 << 16)), 0.1)
                return  # with something unsent
            await websocket.send_bytes(message.get("bytes") or message["text"].encode())

    async def hello(request):
        return Response(b"hello")

    app = Starlette(routes=[Route("/", hello), WebSocketRoute("/", converse)])
    patience = Patience(head=5.0, reading=0.5)
    http, ws = protocol(patience), socket_protocol(patience.reading)
    config = uvicorn.Config(app, http=http, ws=ws, ws_max_size=65_507, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    server.port = listening.getsockname()[1]
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    yield server
    server.should_exit = True
    thread.join(DEADLINE_SECONDS)


@contextlib.contextmanager
def opened(port, room=2_048, fields=b""):
    """Yield a WebSocket's connection after its handshake, with little room for what it does not read."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        connection.settimeout(DEADLINE_SECONDS)
        connection.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16))
        head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        connection.sendall(head + fields + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n")
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += connection.recv(1)
        assert b" 101 " in answer
        yield connection


def frame(kind, data=b"", final=True):
    """Return a frame of a client, masked with zeros."""
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
    return bytes([0x80 * final | kind]) + size + bytes(4) + data


def everything(connection):
    """Return what arrives until the other end closes."""
    received = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(1 << 16):
            received += part
    return received


def test_a_message_in_a_few_parts_arrives_whole(server):
    with opened(server.port) as connection:
        parts = [frame(BINARY, b"ab", final=False), frame(PART, b"c", final=False), frame(PART, b"d")]
        connection.sendall(b"".join(parts))
        assert connection.recv(100) == b"\x82\x04abcd"


def test_a_message_in_endless_parts_ends_the_connection(server):
    with opened(server.port) as connection:
        connection.sendall(frame(BINARY, final=False) + (MAX_PARTS + 1) * frame(PART, final=False))
        assert everything(connection)[:4] == b"\x88\x02" + struct.pack(">H", 1009)


def test_a_message_that_grows_when_it_is_unpacked_ends_the_connection(server):
    """Send 16 MiB of nothing in 16 kB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = (packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(packed) < 1 << 16
    with opened(server.port, fields=b"Sec-WebSocket-Extensions: permessage-deflate\r\n") as connection:
        packed_frame = bytearray(frame(BINARY, packed))
        packed_frame[0] |= 0x40
        connection.sendall(packed_frame)
        closing = everything(connection)
        assert (closing[0], closing[2:4]) == (0x88, struct.pack(">H", 1009))


@pytest.mark.parametrize(
    "parts",
    [
        [frame(TEXT, b"\xff")],
        [frame(TEXT, b"\xed\xa0\x80")],
        [frame(TEXT, b"a", final=False), frame(PART, b"\xc3")],
        [frame(TEXT, "x".encode("utf-16"))],
    ],
)
def test_text_that_is_none_ends_the_connection_and_prints_nothing(server, parts, caplog, capfd):
    with opened(server.port) as connection:
        connection.sendall(b"".join(parts))
        assert everything(connection)[:4] == b"\x88\x02" + struct.pack(">H", 1007)
    assert caplog.text == "".join(capfd.readouterr())


@pytest.mark.parametrize("last", [frame(TEXT, b"flood"), frame(TEXT, b"leave"), frame(TEXT, b"flood") + frame(CLOSE)])
def test_a_page_that_reads_nothing_is_ended_also_while_it_closes(server, last):
    with opened(server.port) as connection:
        connection.sendall(last)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while server.server_state.connections and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not server.server_state.connections


def test_pings_whose_answers_nobody_reads_end_the_connection(server):
    pings = 1_000 * frame(PING, bytes(125))
    with opened(server.port) as connection, pytest.raises(ConnectionError):
        send_for_ever(connection, pings)
    assert httpx.get(f"http://127.0.0.1:{server.port}/", timeout=DEADLINE_SECONDS).text == "hello"


def send_for_ever(connection, data):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        connection.sendall(data)


def test_a_slow_reader_gets_all_of_it(server):
    with opened(server.port, room=1 << 16) as connection:
        connection.sendall(frame(TEXT, b"flood"))
        received, deadline = 0, time.monotonic() + 3.0  # six times the server's patience
        while time.monotonic() < deadline:
            received += len(connection.recv(1 << 15))
            time.sleep(0.02)
        assert connection.recv(1 << 15)
    assert received > 1 << 20
