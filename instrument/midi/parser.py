"""Parses a stream of MIDI bytes, whatever arrives: running status, real-time bytes inside messages, garbage."""

from __future__ import annotations

from collections.abc import Callable

from instrument.midi.messages import (
    ChannelPressure,
    ControlChange,
    Message,
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
)

MAX_SYSEX_BYTES = 65_536
"""Longer ones are left out."""
_SYSEX, _END_OF_SYSEX, _TUNE_REQUEST, _FIRST_REAL_TIME = 0xF0, 0xF7, 0xF6, 0xF8
_REAL_TIME = {int(status): status for status in RealTime}


def _note_on(channel: int, note: int, velocity: int) -> Message:
    return NoteOn(channel, note, velocity) if velocity else NoteOff(channel, note)


_CHANNEL: dict[int, tuple[int, Callable[..., Message]]] = {
    0x80: (2, NoteOff),
    0x90: (2, _note_on),
    0xA0: (2, PolyPressure),
    0xB0: (2, ControlChange),
    0xC0: (1, ProgramChange),
    0xD0: (1, ChannelPressure),
    0xE0: (2, lambda channel, low, high: PitchBend(channel, low | high << 7)),
}
"""Maps the upper half of a status byte to the number of data bytes and the message that they make."""
_COMMON: dict[int, tuple[int, Callable[..., Message]]] = {
    0xF1: (1, QuarterFrame),
    0xF2: (2, lambda low, high: SongPosition(low | high << 7)),
    0xF3: (1, SongSelect),
}


class Parser:
    """Turns the bytes of one port into messages; raises nothing, and keeps a bounded number of bytes.

    What belongs to no message is left out: data bytes without a status, statuses that MIDI 1.0 does not define, a
    message that another status cuts off.
    """

    def __init__(self) -> None:
        self._status = 0  # 0: data bytes belong to nothing
        self._data = bytearray()
        self._sysex: bytearray | None = None

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that end within these bytes, in their order."""
        messages: list[Message] = []
        for byte in data:
            if byte >= _FIRST_REAL_TIME:
                # These leave the message that they interrupt as it is.
                message: Message | None = _REAL_TIME.get(byte)
            elif byte >= 0x80:
                message = self._take_status(byte)
            else:
                message = self._take_data(byte)
            if message is not None:
                messages.append(message)
        return messages

    def reset(self) -> None:
        """Forget what was begun: the port has been opened again."""
        self._status, self._sysex = 0, None
        self._data.clear()

    def _take_status(self, status: int) -> Message | None:
        sysex, self._sysex = self._sysex, None
        self._data.clear()
        self._status = status if status < _SYSEX or status in _COMMON else 0
        if status == _SYSEX:
            self._sysex = bytearray()
        elif status == _TUNE_REQUEST:
            return TuneRequest()
        elif status == _END_OF_SYSEX and sysex is not None and len(sysex) <= MAX_SYSEX_BYTES:
            return SystemExclusive(bytes(sysex))
        return None

    def _take_data(self, byte: int) -> Message | None:
        if self._sysex is not None:
            if len(self._sysex) <= MAX_SYSEX_BYTES:
                self._sysex.append(byte)
            return None
        if not self._status:
            return None
        self._data.append(byte)
        is_common = self._status > _SYSEX
        length, make = _COMMON[self._status] if is_common else _CHANNEL[self._status & 0xF0]
        if len(self._data) < length:
            return None
        values = tuple(self._data)
        self._data.clear()
        if is_common:  # only channel messages have running status
            self._status = 0
            return make(*values)
        return make((self._status & 0x0F) + 1, *values)
