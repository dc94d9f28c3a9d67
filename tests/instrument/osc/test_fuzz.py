"""Packets that are nearly right: the parser, the dispatcher and the timeline survive what is made to break them."""

import math
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitunes.osc.packets import build
from benchmarks import fuzz
from instrument.osc.access import Access
from instrument.osc.dispatcher import MAX_EVENTS, Dispatcher
from instrument.osc.subscribers import Subscribers
from instrument.synthesis.timeline import MAX_DUE, Event

PEER = ("127.0.0.1", 9)
NUMBERS = st.floats(width=32) | st.sampled_from([math.nan, math.inf, -math.inf, ("d", 1e300)])
VALUES = (
    NUMBERS | st.integers(-(2**31), 2**31 - 1) | st.text("aé\u20ac", max_size=9) | st.booleans() | st.binary(min_size=1)
)
PATHS = st.sampled_from(fuzz.PATHS)
MESSAGES = st.builds(lambda path, values: build(path, *values), PATHS, st.lists(VALUES, max_size=4))
TAGS = st.sampled_from([b"\0" * 7 + b"\1", b"\0" * 8, b"\xff" * 8]) | st.binary(min_size=8, max_size=8)


def bundled(tag, elements, lie=0):
    return b"#bundle\0" + tag + b"".join(struct.pack(">i", len(element) + lie) + element for element in elements)


BUNDLES = st.recursive(MESSAGES, lambda inner: st.builds(bundled, TAGS, st.lists(inner, max_size=4)), max_leaves=12)
LIARS = st.builds(bundled, TAGS, st.lists(MESSAGES, min_size=1, max_size=3), st.sampled_from([-4, 4, 1, -1000, 2**30]))


@st.composite
def damaged(draw):
    packet = bytearray(draw(BUNDLES))
    for place, value in draw(st.lists(st.tuples(st.integers(0, len(packet) - 1), st.integers(0, 255)), max_size=3)):
        packet[place] = value
    return bytes(packet[: draw(st.integers(0, len(packet)))])


@pytest.fixture(scope="module")
def receiver(fake_engine):
    """A dispatcher that lives through all examples, the events it posted, and its answers."""

    class Receiver:
        def __init__(self):
            self.engine, self.answers = fake_engine(), []
            subscribers = Subscribers(lambda: 0.0)
            access = Access(fuzz.patient_clock())
            self.dispatcher = Dispatcher(
                self.engine, subscribers, lambda *answer: self.answers.append(answer[1:]), access=access
            )

        def receive(self, packet):
            self.answers.clear()
            self.dispatcher.receive(packet, PEER, 0.0)
            for answer in self.answers:
                assert build(answer[0], *answer[1])
            while events := self.engine.timeline.due(0.0, 0.003):
                assert len(events) <= max(MAX_DUE, MAX_EVENTS)
                for event in events:
                    if isinstance(event, Event):
                        values = event.values or ()
                        assert all(not isinstance(value, float) or math.isfinite(value) for value in values)

    return Receiver()


@settings(max_examples=400)
@given(packet=BUNDLES | LIARS | damaged() | st.binary(max_size=120))
def test_no_packet_raises_and_only_finite_numbers_reach_the_sound(receiver, packet):
    malformed = receiver.dispatcher.malformed_packets
    receiver.receive(packet)
    assert receiver.dispatcher.malformed_packets - malformed in (0, 1)
    receiver.dispatcher.receive(build("/clearSched"), PEER, 0.0)
    receiver.dispatcher.receive(build("/aitunes/gain", -3.0), PEER, 0.0)
    assert [event.values for event in receiver.engine.timeline.due(0.0, 0.003)] == [(-3.0,)]


def test_the_benchmarks_packets_are_survived_and_those_that_cannot_be_parsed_are_counted(receiver):
    before = receiver.dispatcher.malformed_packets
    for packet in fuzz.packets(random.Random(20261122), 3_000):
        receiver.receive(packet)
    assert receiver.dispatcher.malformed_packets - before > 1_000
    assert not receiver.engine.ended
