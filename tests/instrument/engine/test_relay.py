"""The engine passes on what is for MIDI, keeps the last word of it, and says when no MIDI is there."""

import pytest

from instrument.engine.publisher import Publisher
from instrument.engine.relay import MAX_CHARACTERS, Relay
from instrument.namespace import MIDI, Kind, MessageError
from instrument.synthesis.timeline import Event

ANNE = ("127.0.0.1", 1)
LEARN, LIST, INPUTS = (f"{MIDI}/{name}" for name in ("learn", "list", "inputs"))


@pytest.fixture
def publisher():
    return Publisher(lambda line: None)


@pytest.fixture
def relay(publisher):
    return Relay(publisher)


def send(relay, path, *values):
    relay.take(Event(path, Kind.RELAY, values, ANNE), values)


def test_without_midi_nobody_learns(relay):
    with pytest.raises(MessageError, match="no MIDI runs; `aitunes midi` starts it"):
        send(relay, LEARN, "/aitunes/gain")
    assert relay.value(LEARN) == ("",)


def test_messages_go_to_all_others_and_the_last_one_answers_who_asks(relay, publisher):
    send(relay, INPUTS, "keys\npads")
    send(relay, LEARN, "/aitunes/gain")
    sent = [(message.peer, message.to_others, message.address) for message in publisher.drain()]
    assert sent == [(ANNE, True, INPUTS), (ANNE, True, LEARN)]
    assert relay.value(INPUTS) == ("keys\npads",)
    assert relay.has(LIST)
    assert not relay.has("/aitunes/gain")


def test_a_text_that_fits_in_no_datagram_is_refused(relay):
    with pytest.raises(MessageError, match="more than 60,000 characters"):
        send(relay, LIST, "x" * (MAX_CHARACTERS + 1))
