"""Reads standard MIDI files of strangers: every track merged into one line of messages, in seconds."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from aitunes.errors import AiTunesError
from instrument.midi.messages import Message
from instrument.midi.parser import Parser

MAX_BYTES = 8 << 20
MAX_TRACKS = 1_000
MAX_EVENTS = 500_000
MAX_SECONDS = 86_400.0
DEFAULT_TEMPO = 500_000
"""Microseconds a quarter note until a file sets another tempo."""

_TEMPO, _END_OF_TRACK = 0x51, 0x2F
_META, _SYSEX, _ESCAPE = 0xFF, 0xF0, 0xF7
_LENGTHS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}


class MidiFileError(AiTunesError):
    """Says why a MIDI file cannot be played."""


@dataclass(frozen=True)
class TimedMessage:
    """Holds a message and its time from the start, seconds."""

    seconds: float
    message: Message


@dataclass(frozen=True)
class _Event:
    """Holds an event of a track: its tick, and bytes of MIDI, or a tempo in microseconds a quarter note."""

    tick: int
    data: bytes = b""
    tempo: int = 0


def parse_midi_file(content: bytes) -> list[TimedMessage]:
    """Return the messages of all tracks in order of time; at the same time, those of earlier tracks come first.

    Raises:
        MidiFileError: it is no MIDI file, is damaged, or has more in it than is read.
    """
    if len(content) > MAX_BYTES:
        raise MidiFileError(f"it has {len(content):,} bytes; at most {MAX_BYTES:,} are read")
    division, tracks = _chunks(content)
    left, read = MAX_EVENTS, []
    for number, track in enumerate(tracks, 1):
        events = _events(track, number, left)
        left -= len(events)
        read.append(events)
    parser, messages = Parser(), []
    for seconds, event in _timed(read, division):
        messages += [TimedMessage(seconds, message) for message in parser.feed(event.data)]
    return messages


def _chunks(content: bytes) -> tuple[int, list[bytes]]:
    """Return the division and the tracks."""
    if content[:4] != b"MThd" or len(content) < 14:
        raise MidiFileError("it does not begin as a MIDI file does; export it again as a standard MIDI file")
    size, kind, declared, division = (
        int.from_bytes(content[first:last], "big") for first, last in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    if kind > 1:
        raise MidiFileError("its tracks are separate patterns (format 2); export it as format 0 or 1")
    if declared > MAX_TRACKS:
        raise MidiFileError(f"it has {declared:,} tracks; at most {MAX_TRACKS:,} are read")
    if not division:
        raise MidiFileError("it does not say how long a tick is; export it again")
    tracks: list[bytes] = []
    position = 8 + size
    while position + 8 <= len(content) and len(tracks) < declared:
        name, length = content[position : position + 4], int.from_bytes(content[position + 4 : position + 8], "big")
        position += 8
        if position + length > len(content):
            raise MidiFileError(f"track {len(tracks) + 1} is cut short; copy the file again")
        if name == b"MTrk":
            tracks.append(content[position : position + length])
        position += length
    if len(tracks) < declared or not tracks:
        raise MidiFileError(f"it has {len(tracks)} of {declared} tracks; copy the file again")
    return division, tracks


class _Reader:
    """Reads numbers from a track.

    Args:
        number: of the track, for the sentence of a refusal.
    """

    def __init__(self, data: bytes, number: int) -> None:
        self.data, self.position, self._number = data, 0, number

    def fault(self, what: str) -> MidiFileError:
        """Return the error that names the track and the byte."""
        return MidiFileError(f"track {self._number}, byte {self.position}: {what}; export the file again")

    def take(self, count: int) -> bytes:
        """Return the next bytes."""
        piece = self.data[self.position : self.position + count]
        if len(piece) < count:
            raise self.fault("an event is cut short")
        self.position += count
        return piece

    def number(self) -> int:
        """Return a number of variable length, of at most four bytes."""
        value = 0
        for _ in range(4):
            (byte,) = self.take(1)
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise self.fault("a number has more than four bytes")


def _events(data: bytes, number: int, left: int) -> list[_Event]:
    events: list[_Event] = []
    reader, tick, status = _Reader(data, number), 0, 0
    while reader.position < len(data):
        tick += reader.number()
        if len(events) >= left:
            raise MidiFileError(f"it has more than {MAX_EVENTS:,} events")
        (byte,) = reader.take(1)
        if byte == _META:
            (kind,) = reader.take(1)
            body = reader.take(reader.number())
            status = 0
            if kind == _END_OF_TRACK:
                break
            if kind == _TEMPO and len(body) == 3:
                events.append(_Event(tick, tempo=max(1, int.from_bytes(body, "big"))))
        elif byte in (_SYSEX, _ESCAPE):
            reader.take(reader.number())  # of a maker: nothing here understands it
            status = 0
        elif byte >= _SYSEX:
            raise reader.fault(f"{byte:02X} is no event of a file")
        else:
            if byte < 0x80:
                if not status:  # a status of another track does not count
                    raise reader.fault("an event has no status")
                reader.position -= 1
            else:
                status = byte
            body = reader.take(_LENGTHS[status & 0xF0])
            if max(body) > 0x7F:
                raise reader.fault("an event has a value above 127")
            events.append(_Event(tick, bytes([status]) + body))
    return events


def _timed(tracks: list[list[_Event]], division: int) -> list[tuple[float, _Event]]:
    """Put the events of all tracks in order, each with its time in seconds, by the tempo map."""
    frames_a_second = 256 - (division >> 8) if division & 0x8000 else 0
    ticks = (division & 0xFF) or 1
    per_tick = 1.0 / (frames_a_second * ticks) if frames_a_second else 1e-6 * DEFAULT_TEMPO / division
    seconds, before, timed = 0.0, 0, []
    for event in heapq.merge(*tracks, key=lambda event: event.tick):
        seconds += (event.tick - before) * per_tick
        before = event.tick
        if seconds >= MAX_SECONDS:
            raise MidiFileError(f"its tick {event.tick:,} comes after {seconds:,.0f} s; it may last a day at most")
        if event.tempo and not frames_a_second:
            per_tick = 1e-6 * event.tempo / division
        elif event.data:
            timed.append((seconds, event))
    return timed
