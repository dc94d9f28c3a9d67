"""Tests what every client of an engine sends to keep its subscription, whatever carries the datagrams."""

import pytest

from aitunes.osc.packets import Message, build, bundle, messages
from aitunes.osc.session import RENEW_SECONDS, Session, is_answer


class Wire:
    """A session whose datagrams are kept, and whose clock stands still until it is moved."""

    def __init__(self):
        self.datagrams = []
        self.seconds = 100.0
        self.session = Session(self.datagrams.append, lambda: self.seconds)

    def sent(self):
        """Return what was sent since the last call."""
        taken = [(message.address, *message.arguments) for datagram in self.datagrams for message in messages(datagram)]
        self.datagrams.clear()
        return taken


@pytest.fixture
def wire():
    return Wire()


def test_a_subscription_is_renewed_when_it_is_due_and_ended_once(wire):
    wire.session.subscribe()
    assert wire.sent() == [("/notify", 1)]
    wire.seconds += RENEW_SECONDS - 0.1
    wire.session.renew()
    assert wire.sent() == []
    wire.seconds += 0.1
    wire.session.renew()
    wire.session.renew()
    assert wire.sent() == [("/notify", 1)]
    wire.session.unsubscribe()
    wire.session.unsubscribe()
    assert wire.sent() == [("/notify", 0)]
    wire.seconds += 2 * RENEW_SECONDS
    wire.session.renew()
    assert wire.sent() == []


def test_a_challenge_is_sent_back_by_subscribers_alone(wire):
    challenge = build("/done", "/notify", 7, 123_456)
    assert wire.session.receive(challenge) == [Message("/done", ["/notify", 7, 123_456])]
    assert wire.sent() == []
    wire.session.subscribe()
    wire.sent()
    wire.session.receive(challenge)
    assert wire.sent() == [("/notify", 1, 123_456)]
    wire.session.receive(build("/done", "/notify", 7))
    wire.session.receive(build("/done", "/sync", 7, 8))
    assert wire.sent() == []


def test_bundles_are_taken_apart_and_noise_is_passed_over(wire):
    packet = bundle([build("/a", 1), bundle([build("/b")])], 1e9)
    assert [message.address for message in wire.session.receive(packet)] == ["/a", "/b"]
    assert wire.session.receive(b"noise") == []


@pytest.mark.parametrize(
    ("answer", "address", "matches"),
    [
        (("/done", "/aitunes/play"), "/aitunes/play", True),
        (("/fail", "/aitunes/play", "no"), "/aitunes/play", True),
        (("/done", "/aitunes/stop"), "/aitunes/play", False),
        (("/done",), "/aitunes/play", False),
        (("/status.reply", 0), "/status", True),
        (("/synced", 1), "/sync", True),
        (("/synced", 1), "/status", False),
        (("/aitunes/gain", -6.0), "/aitunes/gain", True),
        (("/error", "of somebody else"), "/aitunes/gain", False),
    ],
)
def test_answers_are_told_from_what_else_arrives(answer, address, matches):
    assert is_answer(Message(answer[0], list(answer[1:])), address) is matches


def test_a_change_by_somebody_else_does_not_answer_a_command():
    assert not is_answer(Message("/aitunes/release/load", ["x"]), "/aitunes/release/load", to_question=False)
