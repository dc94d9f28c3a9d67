"""The parser: every message comes back from its bytes, whatever stands between them, and nothing breaks it."""

import doctest

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.midi import messages
from instrument.midi.messages import (
    ChannelPressure,
    ControlChange,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    ProgramChange,
    QuarterFrame,
    RealTime,
    SongPosition,
    SongSelect,
    SystemExclusive,
    TuneRequest,
    encode,
)
from instrument.midi.parser import MAX_SYSEX_BYTES, Parser

CHANNEL, SEVEN, FOURTEEN = st.integers(1, 16), st.integers(0, 127), st.integers(0, 16_383)
CHANNEL_MESSAGES = st.one_of(
    st.builds(NoteOff, CHANNEL, SEVEN, SEVEN),
    st.builds(NoteOn, CHANNEL, SEVEN, st.integers(1, 127)),
    st.builds(PolyPressure, CHANNEL, SEVEN, SEVEN),
    st.builds(ControlChange, CHANNEL, SEVEN, SEVEN),
    st.builds(ProgramChange, CHANNEL, SEVEN),
    st.builds(ChannelPressure, CHANNEL, SEVEN),
    st.builds(PitchBend, CHANNEL, FOURTEEN),
)
MESSAGES = st.one_of(
    CHANNEL_MESSAGES,
    st.builds(SongPosition, FOURTEEN),
    st.builds(SongSelect, SEVEN),
    st.builds(QuarterFrame, SEVEN),
    st.just(TuneRequest()),
    st.builds(SystemExclusive, st.binary(max_size=40).map(lambda data: bytes(byte & 0x7F for byte in data))),
    st.sampled_from(list(RealTime)),
)


def parsed(data):
    return Parser().feed(data)


def test_the_examples_in_the_documentation_hold():
    assert doctest.testmod(messages).failed == 0


@given(st.lists(MESSAGES, max_size=20), st.randoms())
def test_messages_come_back_however_their_bytes_are_cut(sent, random):
    parser, received = Parser(), []
    data = b"".join(map(encode, sent))
    while data:
        count = random.randint(1, len(data))
        received += parser.feed(data[:count])
        data = data[count:]
    assert received == sent


@given(st.lists(CHANNEL_MESSAGES, min_size=1, max_size=20))
def test_running_status_leaves_out_a_status_that_stays(sent):
    data, status = b"", None
    for message in sent:
        encoded = encode(message)
        data += encoded[1:] if encoded[0] == status else encoded
        status = encoded[0]
    assert parsed(data) == sent


@given(MESSAGES, st.sampled_from(list(RealTime)), st.data())
def test_a_real_time_byte_may_stand_inside_any_message(message, clock, data):
    encoded = encode(message)
    place = data.draw(st.integers(0, len(encoded)))
    received = parsed(encoded[:place] + bytes([clock]) + encoded[place:])
    assert sorted(received, key=repr) == sorted([message, clock], key=repr)


@given(st.binary(max_size=400))
def test_whatever_arrives_a_note_after_it_is_heard(garbage):
    parser = Parser()
    for message in parser.feed(garbage):
        encode(message)
    assert parser.feed(b"\x90\x3c\x64")[-1:] == [NoteOn(1, 60, 100)]


@given(st.lists(MESSAGES, max_size=20))
def test_mido_reads_what_is_encoded_here(sent):
    theirs = mido.Parser()
    theirs.feed(b"".join(map(encode, sent)))
    assert [bytes(message.bytes()) for message in theirs] == [encode(message) for message in sent]


def test_a_note_on_without_velocity_is_a_note_off():
    assert parsed(b"\x93\x3c\x00") == [NoteOff(4, 60, 64)]


@pytest.mark.parametrize(
    "data",
    [
        b"\x3c\x64",  # data without a status
        b"\x90\x3c",  # cut off
        b"\x90\x3c\x80",  # cut off by another status
        b"\xf4\x01\xf5\x02",  # statuses that MIDI 1.0 leaves undefined
        b"\xf9\xfd",
        b"\xf7",  # the end of nothing
        b"\xf0\x01\x02\x90",  # an exclusive message that another status ends
        b"\xf2\x01\x02\x03\x04"[:2],
    ],
)
def test_what_is_no_message_is_left_out(data):
    assert parsed(data) == []


def test_a_common_message_ends_running_status():
    assert parsed(b"\x90\x3c\x64\xf3\x05\x3e\x64") == [NoteOn(1, 60, 100), SongSelect(5)]


def test_an_endless_exclusive_message_is_forgotten_and_the_longest_one_comes_through():
    parser = Parser()
    assert parser.feed(b"\xf0") == []
    for _ in range(40):
        assert parser.feed(b"\x01" * 10_000) == []
    assert parser.feed(b"\xf7\x90\x3c\x64") == [NoteOn(1, 60, 100)]
    whole = SystemExclusive(b"\x01" * MAX_SYSEX_BYTES)
    assert parser.feed(encode(whole)) == [whole]
