"""Attacks by web pages and over connections."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from pythonosc import slip

from aitunes.osc.packets import build, messages
from benchmarks.attacks.target import NotTriedError, Target, require

_UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def web_page(target: Target) -> str:
    """Send a page's POST to the TCP port, whose body is OSC in SLIP frames and ends the engine."""
    body = b"".join(slip.encode(build(*message)) for message in (("/aitunes/gain", 5.0), ("/quit",)))
    head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body)
    page = socket.create_connection(("127.0.0.1", target.port), timeout=10.0)
    with page, contextlib.suppress(ConnectionError):
        page.sendall(head + body)
        require(page.recv(100) == b"", "the connection was kept")
    target.check_alive()
    with target.client() as client:
        (gain,) = client.ask("/aitunes/gain").arguments
    require(gain < 5.0, "the page has set the gain")
    return "closed at its first bytes, nothing was set"


def command_over_tcp(target: Target) -> str:
    """Open a proper connection that records and ends the engine, without and with the token of the data folder."""
    with socket.create_connection(("127.0.0.1", target.port), timeout=10.0) as connection:

        def ask(*message: object) -> str:
            connection.sendall(slip.encode(build(*message)))  # type: ignore[arg-type]
            return next(one.address for one in messages(slip.decode(connection.recv(4_096))))

        for path, *arguments in (("/quit",), ("/aitunes/record/start", "x.wav"), ("/aitunes/snapshot/save", "x")):
            require(ask(path, *arguments) == "/fail", f"{path} was obeyed")
        require(ask("/login", "0" * 32) == "/fail", "any token logs in")
        require(ask("/login", (target.home / "osc-token").read_text().strip()) == "/done", "the right token does not")
        require(((target.home / "osc-token").stat().st_mode & 0o077) == 0, "others may read the token")
    target.check_alive()
    return "refused without the token"


def junk(target: Target) -> str:
    """Datagrams and frames of no meaning, a UDP port that is another engine's, and 200 connections that say nothing."""
    with target.udp() as sender, contextlib.ExitStack() as connections:
        for size in (0, 1, 3, 4, 100, 9_000, 65_000):
            sender.send(os.urandom(size))
        for _ in range(200):
            with contextlib.suppress(ConnectionError):
                connections.enter_context(socket.create_connection(("127.0.0.1", target.port), timeout=10.0))
        target.check_alive()
        with socket.create_connection(("127.0.0.1", target.port), timeout=10.0) as honest:
            honest.sendall(slip.encode(build("/version")))
            require(bool(honest.recv(10)), "a connection that speaks OSC has no place")
    target.check_alive()
    return "the engine answers, and a connection that speaks gets a place"


@contextlib.contextmanager
def _web_server(target: Target) -> Iterator[int]:
    """Run a web server beside the engine; yields its port."""
    command = [sys.executable, "-m", "instrument", "web", "--no-discovery", "--http-port", "0"]
    server = subprocess.Popen(
        [*command, "--connect", f"127.0.0.1:{target.port}"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stderr is not None
        line = server.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise NotTriedError(line.strip())
        yield int(found[1])
        require(server.poll() is None, "the web server has ended")
    finally:
        server.terminate()
        server.wait(20.0)


def oscquery(target: Target) -> str:
    """Ask OSCQuery as a page elsewhere, by its origin and by names and addresses that lead here."""
    hosts = ("evil.example", "0.0.0.0", "[::]", "192.168.1.7", "127.0.0.1.nip.io")
    evil = [{"Host": host} for host in hosts] + [{"Origin": origin} for origin in ("http://evil.example", "null")]
    with _web_server(target) as port:
        url = f"http://127.0.0.1:{port}/aitunes/gain"
        statuses = [_status(url, headers) for headers in ({}, *evil)]
    require(statuses == [200, *[403] * len(evil)], f"it answers {statuses}")
    return "403 for other hosts and origins"


def web_bodies(target: Target) -> str:
    """Send a render with a hundred thousand wrong fields, and see how long that holds up everybody."""
    body = b"{" + b",".join(b'"k%d":1' % n for n in range(100_000)) + b"}"
    with _web_server(target) as port:
        url = f"http://127.0.0.1:{port}/api/v1/renders"
        began = time.monotonic()
        status = _status(url, {"Content-Type": "application/json"}, body)
        seconds = time.monotonic() - began
    require(status == 422, f"it answers {status}")
    require(seconds < 5.0, f"it takes {seconds:.1f} s to refuse")
    return "refused in a few words"


def web_sockets(target: Target) -> str:
    """Flood WebSockets with pings that nobody answers, endless messages, and text that is none."""
    floods = {
        "pings": 2_000 * (b"\x89\xfd" + bytes(4) + bytes(125)),
        "parts": b"\x02\x80" + bytes(4) + 5_000 * (b"\x00\x80" + bytes(4)),
        "text": b"\x81\x81" + bytes(4) + b"\xff",
    }
    with _web_server(target) as port:
        for name, flood in floods.items():
            with socket.socket() as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
                connection.settimeout(60.0)
                connection.connect(("127.0.0.1", port))
                connection.sendall(_UPGRADE)
                require(_is_ended_by(connection, flood), f"{name} go on for ever")
        require(_status(f"http://127.0.0.1:{port}/page/docs.css", {}) == 200, "the server does not answer afterwards")
    return f"{len(floods)} floods are cut off"


def _is_ended_by(connection: socket.socket, flood: bytes) -> bool:
    deadline = time.monotonic() + 30.0
    with contextlib.suppress(ConnectionError):
        while time.monotonic() < deadline:
            connection.sendall(flood)
            time.sleep(0.01)
        return False
    return True


def _status(url: str, headers: dict[str, str], body: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30.0) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
