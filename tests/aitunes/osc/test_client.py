"""The blocking client, against a real socket."""

import socket
import threading

import pytest

from aitunes.osc.client import Client, NoAnswerError, RefusedError
from aitunes.osc.packets import build, messages


class Engine:
    """Answers each address with fixed datagrams, and keeps what it was sent."""

    def __init__(self, family, host, answers):
        self.received = []
        self._answers = answers
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while (arrived := self.socket.recvfrom(65_536))[0]:
            for message in messages(arrived[0]):
                self.received.append((message.address, *message.arguments))
                for datagram in self._answers.get(self.received[-1], ()):
                    self.socket.sendto(datagram, arrived[1])

    def close(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self._thread.join()
        self.socket.close()


@pytest.fixture
def engine():
    """`engine({("/address", …): [datagrams]})`: one that answers so."""
    engines = []

    def start(answers, family=socket.AF_INET, host="127.0.0.1"):
        engines.append(Engine(family, host, answers))
        return engines[-1]

    yield start
    for each in engines:
        each.close()


def test_a_question_waits_for_its_own_answer(engine):
    noise = [b"noise", build("/error", "x"), build("/done", "/other")]
    answers = {("/aitunes/gain",): [*noise, build("/aitunes/gain", -6.0)], ("/sync", 3): [build("/synced", 3)]}
    with Client("localhost", engine(answers).port) as client:
        assert client.ask("/aitunes/gain").arguments == [-6.0]
        assert client.ask("/sync", 3).arguments == [3]


def test_a_refusal_carries_the_engines_sentence(engine):
    answering = engine({("/x", 1): [build("/fail", "/x", "there is no x")]})
    with Client("127.0.0.1", answering.port) as client, pytest.raises(RefusedError, match=r"^there is no x$"):
        client.ask("/x", 1)


def test_a_silent_engine_and_a_closed_port_are_told_apart(engine):
    silent = engine({})
    with Client("127.0.0.1", silent.port) as client, pytest.raises(NoAnswerError, match=r"silent for 0\.2 s"):
        client.ask("/x", timeout_seconds=0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with Client("127.0.0.1", port) as client, pytest.raises(NoAnswerError, match=f"127.0.0.1:{port} .[Cc]onnection"):
        client.ask("/x")


def test_a_subscriber_proves_itself_and_takes_its_leave(engine):
    changes = [build("/aitunes/gain", -3.0)]
    answering = engine({("/notify", 1): [build("/done", "/notify", 1, 99_999)], ("/notify", 1, 99_999): changes})
    with Client("127.0.0.1", answering.port) as client:
        client.subscribe()
        arrived = (message.arguments for message in client.messages(60.0) if message.address == "/aitunes/gain")
        assert next(arrived) == [-3.0]
    with Client("127.0.0.1", answering.port) as other:
        other.ask("/notify", 1)
    assert answering.received[:3] == [("/notify", 1), ("/notify", 1, 99_999), ("/notify", 0)]


def test_an_engine_on_ipv6_is_reached(engine):
    try:
        answering = engine({("/version",): [build("/version.reply", "AiTunes")]}, socket.AF_INET6, "::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with Client("::1", answering.port) as client:
        assert client.ask("/version").arguments == ["AiTunes"]
