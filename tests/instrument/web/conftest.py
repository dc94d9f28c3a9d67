"""An engine, and the web server beside it, as two processes; everything over real sockets."""

import json
import time
from contextlib import contextmanager

import httpx
import pytest
from websockets.sync.client import connect

from aitunes.osc.packets import build, parse

DEADLINE_SECONDS = 60.0


class Served:
    """An engine and what another program sees of it over HTTP and WebSocket."""

    def __init__(self, engine, client, server):
        self.engine, self.client, self.server = engine, client, server
        self.port = int(server.says(r"OSCQuery at http://127\.0\.0\.1:(\d+)/").group(1))

    def get(self, path):
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=DEADLINE_SECONDS)

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def page(self):
        """Yield a client that does what the page does: it has begun a session, and names its origin."""
        headers = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        with httpx.Client(base_url=self.origin, headers=headers, timeout=DEADLINE_SECONDS) as client:
            self.session = client.post("/api/v1/session", json={}).raise_for_status().json()
            yield client

    @contextmanager
    def play(self, client=None, path="/api/v1/osc"):
        """Yield the page's WebSocket, or a program's."""
        headers = {} if client is None else {"Cookie": "; ".join(f"{k}={v}" for k, v in client.cookies.items())}
        origin = {} if client is None else {"origin": self.origin}
        with self.listen(path, additional_headers=headers, **origin) as conversation:
            yield conversation

    @contextmanager
    def listen(self, path="/", **options):
        """A WebSocket to the server."""
        with connect(f"ws://127.0.0.1:{self.port}{path}", open_timeout=DEADLINE_SECONDS, **options) as websocket:
            yield Conversation(websocket)


class Conversation:
    """Commands and OSC over a WebSocket."""

    def __init__(self, websocket):
        self.websocket = websocket

    def command(self, command, data):
        self.websocket.send(json.dumps({"COMMAND": command, "DATA": data}))

    def send(self, address, *arguments):
        self.websocket.send(build(address, *arguments))

    def say(self, **words):
        """Send the page's own words."""
        self.websocket.send(json.dumps(words))

    def told(self, word, where=lambda value: True):
        """Return what the server says with that word."""
        for frame in self.frames():
            if isinstance(frame, dict) and word in frame and where(frame[word]):
                return frame[word]
        raise AssertionError(f"no {word} within {DEADLINE_SECONDS} s")

    def listen(self, *paths):
        """LISTEN, and return when the server has obeyed, which it does in the order of the commands."""
        for path in paths:
            self.command("LISTEN", path)
        self.send("/version")
        self.expect("/version.reply")

    def frames(self, seconds=DEADLINE_SECONDS):
        """Return what arrives until it has been quiet for so long: addresses with arguments, commands as they are."""
        while True:
            try:
                frame = self.websocket.recv(timeout=seconds)
            except TimeoutError:
                return
            if isinstance(frame, str):
                yield json.loads(frame)
            else:
                (message,) = parse(frame)[0].messages
                yield message.address, message.arguments

    def expect(self, address, where=lambda arguments: True):
        """Arguments of the next message to that address that is as wanted."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        for frame in self.frames():
            if isinstance(frame, tuple) and frame[0] == address and where(frame[1]):
                return frame[1]
            if time.monotonic() > deadline:
                break
        raise AssertionError(f"no {address} within {DEADLINE_SECONDS} s")


SERVE = ("web", "--http-port", 0, "--no-discovery", "--connect")


@pytest.fixture(scope="session")
def _served(engine_process, releases, tmp_path_factory):
    """An engine on the release `tiny` with its server, until the last test of this process."""
    home = tmp_path_factory.mktemp("home")
    words = ("play", "--output", "none", "--osc-port", 0, "--releases", releases, "--release", "tiny")
    engine = engine_process(home, *words)
    client = engine.client()
    server = engine_process(home, *SERVE, f"127.0.0.1:{client.engine[1]}")
    yield Served(engine, client, server)
    server.close()
    engine.close()


@pytest.fixture
def served(_served):
    """The same, as a new one would be; for tests that leave both running, and the release as it is."""
    client = _served.client
    for address, value in (("gain", 0.0), ("smoothing", 0.0), ("freeze", False), ("drone", True)):
        client.send(f"/aitunes/{address}", value)
    client.send("/aitunes/pad/xy", 0.5, 0.5)
    client.send("/aitunes/play")
    client.send("/notify", 0)
    client.ask("/sync", 1, reply="/synced")
    yield _served
    client.send("/aitunes/stop")  # while others are tested, what plays takes twice the processor time


@pytest.fixture
def fresh(silent_engine, start):
    """The same for one test alone."""
    engine, client = silent_engine()
    return Served(engine, client, start(*SERVE, f"127.0.0.1:{client.engine[1]}"))
