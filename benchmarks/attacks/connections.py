"""Attacks by web pages and over connections."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

from pythonosc import slip

from aitunes.osc.packets import build, messages
from benchmarks.attacks.target import NotTriedError, Target, require


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


def oscquery(target: Target) -> str:
    """Ask OSCQuery as a page elsewhere, by its origin and by a name that leads here."""
    command = [sys.executable, "-m", "instrument", "oscquery", "--no-discovery", "--http-port", "0"]
    server = subprocess.Popen(
        [*command, "--connect", f"127.0.0.1:{target.port}"], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stderr is not None
        line = server.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise NotTriedError(line.strip())
        url = f"http://127.0.0.1:{found[1]}/aitunes/gain"
        evil = ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"})
        statuses = [_status(url, headers) for headers in ({}, *evil)]
    finally:
        server.terminate()
        server.wait(20.0)
    require(statuses == [200, 403, 403, 403], f"it answers {statuses}")
    return "403 for other hosts and origins"


def _status(url: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30.0) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
