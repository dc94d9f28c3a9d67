"""Turns the messages of one port into notes with an identity, each with its bend, pressure and timbre."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from instrument.midi import controllers as cc
from instrument.midi.controllers import ParameterChange, Parameters
from instrument.midi.messages import (
    CENTRE,
    ChannelPressure,
    ControlChange,
    Message,
    NoteOff,
    NoteOn,
    PitchBend,
    PolyPressure,
    RealTime,
)
from instrument.midi.outbox import Outbox
from instrument.midi.zones import Zone, Zones
from instrument.namespace import MAX_BEND, PANIC, ROOT

NOTE = f"{ROOT}/note"
BEND, PRESSURE, TIMBRE = (f"{ROOT}/voice/{name}" for name in ("bend", "pressure", "timbre"))
DEFAULT_RANGE, MEMBER_RANGE = 2.0, 48.0
"""Semitones that a pitch wheel reaches, and the one of a zone's member."""
_SOFT_SHARE = 0.6
_ON = 64


class Expression(NamedTuple):
    """Holds what a channel, or a note, adds to the notes.

    Args:
        bend: semitones.
        pressure, timbre: 0..1; a timbre of 0.5 changes nothing.
    """

    bend: float = 0.0
    pressure: float = 0.0
    timbre: float = 0.5

    def plus(self, other: Expression) -> Expression:
        """Combine a note's own expression with the one of its zone.

        >>> Expression(1.0, 0.25, 0.75).plus(Expression(-3.0, 0.5, 0.25))
        Expression(bend=-2.0, pressure=0.75, timbre=0.5)
        """
        bend = min(max(self.bend + other.bend, -MAX_BEND), MAX_BEND)
        timbre = min(max(self.timbre + other.timbre - 0.5, 0.0), 1.0)
        return Expression(bend, min(1.0, self.pressure + other.pressure), timbre)


_PLAIN = Expression()


@dataclass
class _Note:
    """Keeps a note that sounds: its key is down, or a pedal holds it."""

    number: int
    channel: int
    key: int
    down: bool = True
    captured: bool = False  # by the sostenuto pedal
    pressure: float = 0.0  # of its key alone
    kept: Expression | None = None  # of its member channel, as it was when the key was let go
    sent: Expression = _PLAIN


@dataclass
class _Channel:
    """Keeps what a channel was sent, also while none of its notes sounds."""

    wheel: float = 0.0  # −1..1
    bend_range: float = DEFAULT_RANGE
    pressure: float = 0.0
    timbre: float = 0.5
    pedals: dict[int, bool] = field(default_factory=lambda: dict.fromkeys((cc.SUSTAIN, cc.SOSTENUTO, cc.SOFT), False))
    parameters: Parameters = field(default_factory=Parameters)
    notes: dict[int, _Note] = field(default_factory=dict)

    @property
    def expression(self) -> Expression:
        return Expression(self.wheel * self.bend_range, self.pressure, self.timbre)


class Performer:
    """Plays the notes of one port; it keeps at most one note for each key of each channel.

    Args:
        outbox: takes what is to be sent.
        numbers: the notes' identities, each of them new.
    """

    def __init__(self, outbox: Outbox, numbers: Iterator[int]) -> None:
        self._outbox = outbox
        self._numbers = numbers
        self.zones = Zones()
        self._channels = {channel: _Channel() for channel in range(1, 17)}

    @property
    def sounding(self) -> int:
        """Count the notes whose key is down or that a pedal holds."""
        return sum(len(channel.notes) for channel in self._channels.values())

    def take(self, message: Message) -> ParameterChange | None:
        """Play a message; return the parameter of a maker that it sets, which is no matter of the performer."""
        match message:
            case NoteOn(channel, key, velocity):
                self._begin(channel, key, velocity)
            case NoteOff(channel, key):
                self._let_go(channel, key)
            case PitchBend(channel, value):
                self._channels[channel].wheel = (value - CENTRE) / (CENTRE if value < CENTRE else CENTRE - 1)
                self._express(channel)
            case ChannelPressure(channel, pressure):
                self._channels[channel].pressure = pressure / 127.0
                self._express(channel)
            case PolyPressure(channel, key, pressure):
                note = self._channels[channel].notes.get(key)
                if note is not None and not self.zones.has_member(channel):
                    note.pressure = pressure / 127.0
                    self._send(note)
            case ControlChange(channel, number, value):
                return self._control(channel, number, value)
            case RealTime.RESET:
                self.end_all()
        return None

    def end_all(self) -> None:
        """End every note and forget what channels were sent: the port has gone, or was reset."""
        for channel in self._channels:
            self._reset(channel)

    def configure(self, manager: int, members: int, bend_range: float = MEMBER_RANGE) -> None:
        """Set up a zone, as an MPE configuration message does, or as a player does by hand.

        Args:
            manager: 1 for the lower zone, 16 for the upper one; nothing changes for another channel.
            members: how many; 0 ends the zone.
            bend_range: of the members, semitones.
        """
        for channel in self.zones.configure(manager, members):
            self._reset(channel)
            in_zone = self.zones.has_member(channel)
            self._channels[channel].bend_range = bend_range if in_zone else DEFAULT_RANGE

    def _control(self, channel: int, number: int, value: int) -> ParameterChange | None:
        state = self._channels[channel]
        if number == cc.TIMBRE:
            state.timbre = value / 128.0 if value <= _ON else 0.5 + (value - _ON) / 126.0
            self._express(channel)
        elif number in state.pedals:
            if not self.zones.has_member(channel):
                self._press_pedal(channel, number, value >= _ON)
        elif number == cc.ALL_SOUND_OFF:
            self._outbox.act(PANIC)
            for each in self._channels.values():
                each.notes.clear()
        elif number == cc.RESET_CONTROLLERS:
            self._reset_controllers(channel)
        elif number in cc.NOTES_OFF_MODES:
            for note in self._notes_under(channel):
                self._let_go(note.channel, note.key)
        elif (change := state.parameters.take(number, value)) is not None:
            return self._set_parameter(channel, change)
        return None

    def _set_parameter(self, channel: int, change: ParameterChange) -> ParameterChange | None:
        if not change.registered:
            return change
        coarse, fine = change.value >> 7, change.value & 0x7F
        if change.number == cc.MPE_CONFIGURATION and not fine:
            self.configure(channel, coarse)
        elif change.number == cc.PITCH_BEND_RANGE:
            zone = self.zones.of(channel)
            channels = zone.members if zone is not None and channel != zone.manager else (channel,)
            for other in channels:
                self._channels[other].bend_range = min(coarse + fine / 100.0, MAX_BEND)
                self._express(other)
        return None

    def _begin(self, channel: int, key: int, velocity: int) -> None:
        state = self._channels[channel]
        if key in state.notes:
            self._end(state.notes[key])
        note = state.notes[key] = _Note(next(self._numbers), channel, key)
        if self._pedals(channel)[cc.SOFT]:
            velocity = max(1, round(velocity * _SOFT_SHARE))
        self._outbox.act(NOTE, key, velocity, note.number)
        # What the channel was sent before the note belongs to the note from its beginning.
        self._send(note, at_once=True)

    def _let_go(self, channel: int, key: int) -> None:
        note = self._channels[channel].notes.get(key)
        if note is None:
            return
        note.down = False
        if self.zones.has_member(channel) and note.kept is None:
            note.kept = self._channels[channel].expression
        if not (self._pedals(channel)[cc.SUSTAIN] or note.captured):
            self._end(note)

    def _end(self, note: _Note) -> None:
        del self._channels[note.channel].notes[note.key]
        self._outbox.act(NOTE, note.key, 0, note.number)

    def _press_pedal(self, channel: int, pedal: int, down: bool) -> None:
        pedals = self._channels[channel].pedals
        was_down, pedals[pedal] = pedals[pedal], down
        for note in self._notes_under(channel):
            if pedal == cc.SOSTENUTO and down != was_down:
                note.captured = down and note.down
            if not (note.down or note.captured or pedals[cc.SUSTAIN]):
                self._end(note)

    def _reset(self, channel: int) -> None:
        for note in list(self._channels[channel].notes.values()):
            self._end(note)
        self._channels[channel] = _Channel()

    def _reset_controllers(self, channel: int) -> None:
        """Put wheel, pressure and pedals at rest; the range of the bend and the timbre stay.

        Reference:
            MIDI Association, RP-015, *Response to Reset All Controllers*.
        """
        state = self._channels[channel]
        state.wheel = state.pressure = 0.0
        state.parameters.reset()
        for pedal in state.pedals:
            self._press_pedal(channel, pedal, False)
        for note in state.notes.values():
            note.pressure = 0.0
        self._express(channel)

    def _pedals(self, channel: int) -> dict[int, bool]:
        """Return the pedals that act on a channel: those of its zone's manager, or its own."""
        zone = self.zones.of(channel)
        return self._channels[channel if zone is None else zone.manager].pedals

    def _notes_under(self, channel: int) -> list[_Note]:
        """Return the notes that a channel acts on: those of a zone for its manager, or its own."""
        zone = self.zones.of(channel)
        channels = zone.channels if zone is not None and channel == zone.manager else {channel}
        return [note for each in channels for note in self._channels[each].notes.values()]

    def _express(self, channel: int) -> None:
        """Send the notes of a channel what has changed."""
        for note in self._notes_under(channel):
            self._send(note)

    def _expression(self, note: _Note, zone: Zone | None) -> Expression:
        # A note that has been let go no longer follows its channel, which may already play the next one.
        own = note.kept or self._channels[note.channel].expression
        if zone is not None and note.channel != zone.manager:
            return own.plus(self._channels[zone.manager].expression)
        return own.plus(Expression(pressure=note.pressure))

    def _send(self, note: _Note, at_once: bool = False) -> None:
        before, note.sent = note.sent, self._expression(note, self.zones.of(note.channel))
        for path, old, new in zip((BEND, PRESSURE, TIMBRE), before, note.sent, strict=True):
            if new != old and at_once:
                self._outbox.act(path, note.number, new)
            elif new != old:
                self._outbox.stream(path, note.number, new)
