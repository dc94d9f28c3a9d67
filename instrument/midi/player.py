"""Plays what comes from the inputs: bytes to messages, messages to notes, mapped values and programs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

from instrument.midi.clock import ClockFollower
from instrument.midi.mapper import Mapper, Move
from instrument.midi.mapping import ZoneByHand
from instrument.midi.mappings import Mappings
from instrument.midi.messages import ControlChange, Message, ProgramChange, RealTime
from instrument.midi.outbox import Outbox
from instrument.midi.parser import Parser
from instrument.midi.performer import Performer
from instrument.midi.ports import Arrival
from instrument.midi.programs import Programs
from instrument.midi.zones import LOWER, UPPER

SENSING_SECONDS = 0.33
"""Sets how long a port that senses actively may be silent: the specification's 300 ms, and a tenth for slow clocks."""
_FIRST_NUMBERS = 2**30


class Input:
    """Keeps the state of one input.

    Args:
        performer: plays its notes.
    """

    def __init__(self, performer: Performer) -> None:
        self.parser = Parser()
        self.performer = performer
        self.senses = False
        self.heard = 0.0


class Player:
    """Plays all inputs, each with channels of its own; every method belongs to one thread.

    Args:
        outbox: takes what goes to the engine.
        mapper, mappings: move values, and learn to.
        programs: choose releases and snapshots.
        clock: follows MIDI clock.
        numbers: identities of notes.
    """

    def __init__(
        self,
        outbox: Outbox,
        mapper: Mapper,
        mappings: Mappings,
        programs: Programs,
        clock: ClockFollower,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self._outbox = outbox
        self._mapper, self._mappings, self._programs, self._clock = mapper, mappings, programs, clock
        # Two processes that play one engine must not choose the same numbers; a recorded gesture has some, too.
        self._numbers = numbers or itertools.count(random.randrange(1, _FIRST_NUMBERS))
        self._inputs: dict[str, Input] = {}

    def take(self, arrival: Arrival, now: float) -> None:
        """Play bytes from an input.

        Args:
            arrival: what came.
            now: seconds that never go back.
        """
        source = self._input(arrival.port)
        source.heard = now
        self._outbox.event_time = arrival.time
        for message in source.parser.feed(arrival.data):
            if message is RealTime.ACTIVE_SENSING:
                source.senses = True
            if not self._clock.take(arrival.port, message, arrival.time):
                self._play(source.performer, arrival.port, message, now)

    def forget(self, port: str) -> None:
        """End the notes of an input that has gone."""
        source = self._inputs.pop(port, None)
        if source is not None:
            source.performer.end_all()

    def end_all(self) -> None:
        """End the notes of all inputs."""
        for source in self._inputs.values():
            source.performer.end_all()

    def set_zones(self) -> None:
        """Set up the zones that the player chose by hand."""
        for port, source in self._inputs.items():
            self._set_zones(port, source.performer)

    def check_sensing(self, now: float) -> None:
        """End the notes of inputs that have promised to say that they are there, and no longer do."""
        for source in self._inputs.values():
            if source.senses and now - source.heard > SENSING_SECONDS:
                source.senses = False
                source.parser.reset()
                source.performer.end_all()

    def _input(self, port: str) -> Input:
        if port not in self._inputs:
            self._inputs[port] = Input(Performer(self._outbox, self._numbers))
            self._set_zones(port, self._inputs[port].performer)
        return self._inputs[port]

    def _set_zones(self, port: str, performer: Performer) -> None:
        zones: list[ZoneByHand] = [*self._mappings.setup.zones, *self._mappings.defaults.zones]
        zone = next((zone for zone in zones if zone.device.lower() in port.lower()), None)
        if zone is not None:
            for manager, members in ((LOWER, zone.lower), (UPPER, zone.upper)):
                performer.configure(manager, members, zone.bend)

    def _play(self, performer: Performer, device: str, message: Message, now: float) -> None:
        channel = getattr(message, "channel", 0)
        # What members of a zone are sent shapes their notes, and is no controller for anything else.
        if not performer.zones.has_member(channel) and self._move(self._mapper.moves(device, message), now):
            return
        if isinstance(message, ControlChange | ProgramChange) and not performer.zones.has_member(channel):
            self._programs.take(device, message)
        change = performer.take(message)
        if change is not None:
            self._move(self._mapper.moves(device, change, channel), now)

    def _move(self, moves: Sequence[Move], now: float) -> bool:
        if any(self._mappings.learner.take(move, now) for move in moves):
            return True
        return bool(moves) and self._mapper.take(moves, now)
