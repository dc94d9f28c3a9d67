"""The outbox: notes in order and at once, values that overtake each other, times that the engine can keep."""

import pytest

from aitunes.osc.packets import parse
from instrument.midi.outbox import STREAM_SECONDS, Outbox

GAIN, NOTE, BEND = "/aitunes/gain", "/aitunes/note", "/aitunes/voice/bend"


class Wire:
    """Takes datagrams as the engine would."""

    def __init__(self, delay=None):
        self.packets = []
        self.outbox = Outbox(lambda datagram: self.packets.extend(parse(datagram)), lambda: delay)

    @property
    def messages(self):
        return [(message.address, *message.arguments) for packet in self.packets for message in packet.messages]


@pytest.fixture
def wire():
    return Wire()


def test_a_flood_of_one_value_is_its_newest_one_a_hop(wire):
    for n in range(3_000):
        wire.outbox.stream(GAIN, -float(n))
        wire.outbox.flush(n / 3_000)
    wire.outbox.flush(2.0)
    assert wire.messages[-1] == (GAIN, -2_999.0)
    assert len(wire.messages) <= 1.0 / STREAM_SECONDS + 2


def test_values_of_different_notes_do_not_overtake_each_other(wire):
    wire.outbox.stream(BEND, 1, 0.5)
    wire.outbox.stream(BEND, 2, 0.25)
    wire.outbox.stream(BEND, 1, 0.75)
    wire.outbox.flush(0.0)
    assert wire.messages == [(BEND, 2, 0.25), (BEND, 1, 0.75)]


def test_a_value_that_came_before_a_note_goes_before_it_also_where_it_would_wait(wire):
    wire.outbox.stream(GAIN, -1.0)
    wire.outbox.flush(0.0)
    wire.outbox.stream(GAIN, -2.0)
    wire.outbox.flush(0.001)
    assert wire.outbox.wait_seconds(0.001) == pytest.approx(STREAM_SECONDS - 0.001)
    wire.outbox.act(NOTE, 60, 100, 1)
    wire.outbox.flush(0.002)
    assert wire.messages == [(GAIN, -1.0), (GAIN, -2.0), (NOTE, 60, 100, 1)]
    assert wire.outbox.wait_seconds(0.002) is None


def test_what_came_at_one_time_is_one_bundle_for_its_time_and_the_delay():
    wire = Wire(delay=0.02)
    wire.outbox.event_time = 1_000.0
    wire.outbox.act(NOTE, 60, 100, 1)
    wire.outbox.act(NOTE, 64, 100, 2)
    wire.outbox.event_time = 1_000.5
    wire.outbox.act(NOTE, 60, 0, 1)
    wire.outbox.flush(0.0)
    assert [packet.time for packet in wire.packets] == pytest.approx([1_000.02, 1_000.52], abs=1e-6)
    assert [len(packet.messages) for packet in wire.packets] == [2, 1]


def test_without_a_common_clock_nothing_is_timed(wire):
    wire.outbox.event_time = 1_000.0
    wire.outbox.act(NOTE, 60, 100, 1)
    wire.outbox.flush(0.0)
    assert wire.packets[0].time is None


def test_a_storm_of_notes_is_cut_into_packets_that_an_engine_takes(wire):
    for n in range(1_000):
        wire.outbox.act(NOTE, n % 128, 100, n)
    wire.outbox.flush(0.0)
    assert len(wire.messages) == 1_000
    assert max(len(packet.messages) for packet in wire.packets) <= 256
