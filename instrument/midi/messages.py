"""Names the messages of MIDI 1.0 and encodes them; channels count from 1, as on every front panel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

CENTRE = 8_192
"""A pitch wheel at rest, of 0 to 16,383."""
RELEASE_VELOCITY = 64
"""Stands for a note-on with velocity 0, which is a note-off."""


class RealTime(IntEnum):
    """Lists the messages of one byte that may stand anywhere, even inside another message."""

    CLOCK = 0xF8
    START = 0xFA
    CONTINUE = 0xFB
    STOP = 0xFC
    ACTIVE_SENSING = 0xFE
    RESET = 0xFF


@dataclass(frozen=True, slots=True)
class NoteOff:
    """Lets a key go."""

    channel: int
    note: int
    velocity: int = RELEASE_VELOCITY


@dataclass(frozen=True, slots=True)
class NoteOn:
    """Presses a key, with velocity 1 to 127."""

    channel: int
    note: int
    velocity: int


@dataclass(frozen=True, slots=True)
class PolyPressure:
    """Presses on one key that is down."""

    channel: int
    note: int
    pressure: int


@dataclass(frozen=True, slots=True)
class ControlChange:
    """Moves a controller, or switches a mode of the channel: numbers 120 to 127."""

    channel: int
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class ProgramChange:
    """Chooses a program, 0 to 127; front panels count from 1."""

    channel: int
    program: int


@dataclass(frozen=True, slots=True)
class ChannelPressure:
    """Presses on the keys of a channel."""

    channel: int
    pressure: int


@dataclass(frozen=True, slots=True)
class PitchBend:
    """Moves the pitch wheel, 0 to 16,383; 8,192 is its middle."""

    channel: int
    value: int


@dataclass(frozen=True, slots=True)
class SongPosition:
    """Moves a sequencer to a position in sixteenths from the beginning, 0 to 16,383."""

    sixteenths: int


@dataclass(frozen=True, slots=True)
class SongSelect:
    """Chooses a song."""

    song: int


@dataclass(frozen=True, slots=True)
class QuarterFrame:
    """Carries a part of a time code."""

    value: int


@dataclass(frozen=True, slots=True)
class TuneRequest:
    """Asks analogue synthesisers to tune."""


@dataclass(frozen=True, slots=True)
class SystemExclusive:
    """Carries a maker's own bytes, without the first F0 and the last F7."""

    data: bytes


Message = (
    NoteOff
    | NoteOn
    | PolyPressure
    | ControlChange
    | ProgramChange
    | ChannelPressure
    | PitchBend
    | SongPosition
    | SongSelect
    | QuarterFrame
    | TuneRequest
    | SystemExclusive
    | RealTime
)


def encode(message: Message) -> bytes:
    """Return the bytes of a message, status first.

    >>> encode(NoteOn(1, 60, 100)).hex(" ")
    '90 3c 64'
    >>> encode(PitchBend(16, CENTRE)).hex(" ")
    'ef 00 40'
    """
    match message:
        case RealTime():
            return bytes([message])
        case NoteOff(channel, first, second):
            return bytes([0x7F + channel, first, second])
        case NoteOn(channel, first, second):
            return bytes([0x8F + channel, first, second])
        case PolyPressure(channel, first, second):
            return bytes([0x9F + channel, first, second])
        case ControlChange(channel, first, second):
            return bytes([0xAF + channel, first, second])
        case ProgramChange(channel, first):
            return bytes([0xBF + channel, first])
        case ChannelPressure(channel, first):
            return bytes([0xCF + channel, first])
        case PitchBend(channel, value):
            return bytes([0xDF + channel, value & 0x7F, value >> 7])
    return _encode_common(message)


def _encode_common(message: SongPosition | SongSelect | QuarterFrame | TuneRequest | SystemExclusive) -> bytes:
    match message:
        case QuarterFrame(value):
            return bytes([0xF1, value])
        case SongPosition(sixteenths):
            return bytes([0xF2, sixteenths & 0x7F, sixteenths >> 7])
        case SongSelect(song):
            return bytes([0xF3, song])
        case SystemExclusive(data):
            return b"\xf0" + data + b"\xf7"
    return b"\xf6"
