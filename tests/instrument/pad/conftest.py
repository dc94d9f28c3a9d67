"""Fixtures of the pad: a window without a screen, a peer that receives what it sends, and a screen in memory."""

import os
import socket
import subprocess
import time

import pytest

from aitunes.osc.packets import build, parse
from aitunes.release.reader import read_card
from instrument.storage.library import Library

STATUS = (0, 0, 0, 1, 12.0, 20.0, ("d", 48_000.0), ("d", 48_000.0), 1.0, 12.0, 6.0, 0.0, "tiny", True)


@pytest.fixture(scope="session", autouse=True)
def _qt(lack):
    """Qt without a screen, for all that runs within the tests' own process."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        import PySide6.QtWidgets  # noqa: F401
    except ImportError:
        lack("Qt is not installed; pip install aitunes[pad], apt-get install libegl1")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home of the test's own."""
    monkeypatch.setenv("AITUNES_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Peer:
    """A socket at an engine's port: keeps what arrives, and sends what a test asks for."""

    def __init__(self, qtbot):
        self._qtbot = qtbot
        self.port = 0
        self._arrived = []
        self.open()

    def open(self):
        """Listen, at the same port as before."""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self._socket.setblocking(False)
        self._from = None
        self.port = self._socket.getsockname()[1]

    def close(self):
        self._socket.close()

    @property
    def arrived(self):
        """All messages so far, as tuples of address and arguments; of the pad's heartbeat the first one alone."""
        while True:
            known = self._from is not None
            try:
                datagram, self._from = self._socket.recvfrom(65_536)
            except BlockingIOError:
                return self._arrived
            (message,) = parse(datagram)[0].messages
            # It comes twice a second, whenever the event loop runs.
            if message.address != "/status" or not known:
                self._arrived.append((message.address, *message.arguments))

    def sent_to(self, *paths):
        return [message for message in self.arrived if message[0] in paths]

    def forget(self):
        assert self.arrived is not None
        self._arrived.clear()

    @property
    def pad(self):
        """The address from which the pad sends."""
        assert self.arrived is not None
        assert self._from is not None, "nothing has come from the pad yet"
        return self._from

    def sendto(self, datagram, address):
        self._socket.sendto(datagram, address)

    def say(self, address, *arguments):
        """Send to the pad, and let its event loop receive it."""
        self.sendto(build(address, *arguments), self.pad)
        self._qtbot.wait(20)

    def show(self, card):
        """Become an engine that plays this release."""
        self.say("/status.reply", *STATUS)
        self.say("/aitunes/release/info", card.to_json())


@pytest.fixture
def peer(qtbot):
    peer = Peer(qtbot)
    yield peer
    peer.close()


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def card(releases):
    return read_card(releases / "tiny")


@pytest.fixture
def client(qtbot, peer, clock):
    from instrument.pad.client import OscClient

    client = OscClient("127.0.0.1", peer.port, clock)
    yield client
    client.close()


@pytest.fixture
def model(client, releases, clock):
    from instrument.pad.model import EngineModel

    return EngineModel(client, Library([releases]).card, clock)


@pytest.fixture
def playing(model, peer, card):
    """A model that knows a release of three coordinates."""
    model.request_state()
    peer.show(card)
    peer.forget()
    return model


@pytest.fixture
def window(qtbot, peer, releases, card, clock):
    """The whole window; its engine, the peer, plays `tiny`, and may be silent, as no time passes."""
    from instrument.pad.app import build_window
    from instrument.storage.library import Library

    window = build_window("127.0.0.1", peer.port, Library([releases]), ends_engine=False, clock=clock)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    peer.show(card)
    peer.forget()
    return window


@pytest.fixture
def screen(need):
    """The name of a screen in memory, 1600 × 1000."""
    need("xdotool", "xdotool")
    read, write = os.pipe()
    command = [
        need("Xvfb", "xvfb"),
        "-displayfd",
        str(write),
        "-screen",
        "0",
        "1600x1000x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    server = subprocess.Popen(command, pass_fds=[write], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as answer:
        yield f":{answer.readline().strip()}"
    server.terminate()
    server.wait(60)


def wait_until(condition, seconds=240.0):
    """Wait for something outside this process."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@pytest.fixture(name="wait_until")
def wait_until_fixture():
    return wait_until
