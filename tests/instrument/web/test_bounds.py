"""Clients that send too much, too slowly, or never read: each is refused, and the others are answered."""

import asyncio
import contextlib
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

from instrument.web.bounds import MAX_BODY_BYTES, Bodies, Patience, protocol
from instrument.web.problems import tell_http

DEADLINE_SECONDS = 60.0
BIG = b"0" * (32 << 20)


@pytest.fixture(scope="module")
def impatient():
    """Return the port of a server that waits a short time and takes few connections."""

    async def echo(request):
        body = await request.body()
        return Response(BIG if request.url.path == "/big" else body)

    routes = [Route("/{path:path}", echo, methods=["GET", "POST"])]
    bodies = Middleware(Bodies, {"/large": 4 * MAX_BODY_BYTES}, seconds=1.0)
    app = Starlette(routes=routes, middleware=[bodies], exception_handlers={HTTPException: tell_http})
    http = protocol(Patience(head=0.5, reading=0.5), most=8)
    config = uvicorn.Config(app, http=http, log_level="error", h11_max_incomplete_event_size=1 << 14, lifespan="off")
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(DEADLINE_SECONDS)


def closed(connection, seconds=DEADLINE_SECONDS):
    """Tell whether the other end closes within the time."""
    connection.settimeout(seconds)
    with contextlib.suppress(ConnectionError):
        while connection.recv(1 << 16):
            pass
    return True


def test_a_body_is_as_long_as_its_path_allows(impatient):
    url = f"http://127.0.0.1:{impatient}"
    assert httpx.post(f"{url}/", content=b"x" * MAX_BODY_BYTES, timeout=60).status_code == 200
    refused = httpx.post(f"{url}/", content=b"x" * (MAX_BODY_BYTES + 1), timeout=60)
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")
    assert httpx.post(f"{url}/large", content=b"x" * 2 * MAX_BODY_BYTES, timeout=60).status_code == 200

    def endless():
        for _ in range(1_000):
            yield b"x" * 1_000

    with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError):
        assert httpx.post(f"{url}/", content=endless(), timeout=60).status_code == 413


@pytest.mark.parametrize("begun", [b"", b"G", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "])
def test_a_head_that_does_not_end_ends_the_connection(impatient, begun):
    with socket.create_connection(("127.0.0.1", impatient)) as connection:
        connection.sendall(begun)
        assert closed(connection)


def test_a_second_head_that_trickles_ends_the_connection_too(impatient):
    with socket.create_connection(("127.0.0.1", impatient)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200" in connection.recv(1 << 16)
        began = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(b"G")
                time.sleep(0.05)
        assert time.monotonic() - began < 4.0


def test_a_body_that_does_not_come_is_not_waited_for(impatient):
    with socket.create_connection(("127.0.0.1", impatient)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nx")
        connection.settimeout(DEADLINE_SECONDS)
        assert b"408" in connection.recv(1 << 16)


def test_a_head_that_is_too_long_is_refused(impatient):
    with socket.create_connection(("127.0.0.1", impatient)) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * (1 << 16))
        connection.settimeout(DEADLINE_SECONDS)
        assert b"400" in connection.recv(1 << 16)


@pytest.mark.parametrize("field", [b"X: y\r\n", b"X: " + b"y" * 500 + b"\r\n"])
def test_a_head_that_comes_whole_is_no_longer_than_one_that_comes_in_parts(impatient, field):
    with socket.create_connection(("127.0.0.1", impatient)) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + field * (60_000 // len(field)) + b"\r\n")
        connection.settimeout(DEADLINE_SECONDS)
        assert b" 400 " in connection.recv(1 << 16).splitlines()[0]


def test_requests_that_come_together_are_answered_in_turn(impatient):
    with socket.create_connection(("127.0.0.1", impatient)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 300)
        connection.settimeout(DEADLINE_SECONDS)
        received = b""
        while received.count(b"HTTP/1.1 200") < 300:
            received += connection.recv(1 << 16)


def test_an_answer_that_nobody_reads_is_given_up(impatient):
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", impatient))
        connection.sendall(b"GET /big HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        time.sleep(2.0)
        read = 0
        connection.settimeout(DEADLINE_SECONDS)
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(1 << 20):
                read += len(part)
    assert read < len(BIG)


def test_too_many_connections_are_closed_and_later_ones_are_served(impatient):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", impatient))) for _ in range(12)]
        assert closed(held[-1])
    time.sleep(0.2)
    assert httpx.post(f"http://127.0.0.1:{impatient}/", content=b"x", timeout=60).text == "x"
