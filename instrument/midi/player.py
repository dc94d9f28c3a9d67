"""Plays what comes from the inputs: bytes to messages, messages to notes and values."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from instrument.midi.messages import RealTime
from instrument.midi.outbox import Outbox
from instrument.midi.parser import Parser
from instrument.midi.performer import Performer
from instrument.midi.ports import Arrival

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
        numbers: identities of notes.
    """

    def __init__(self, outbox: Outbox, numbers: Iterator[int] | None = None) -> None:
        self._outbox = outbox
        # Two processes that play one engine must not choose the same numbers; a recorded gesture has some, too.
        self._numbers = numbers or itertools.count(random.randrange(1, _FIRST_NUMBERS))
        self._inputs: dict[str, Input] = {}

    def input(self, port: str) -> Input:
        """Return the state of an input, a new one where nothing has come from it yet."""
        if port not in self._inputs:
            self._inputs[port] = Input(Performer(self._outbox, self._numbers))
        return self._inputs[port]

    def take(self, arrival: Arrival, now: float) -> None:
        """Play bytes from an input.

        Args:
            arrival: what came.
            now: seconds that never go back.
        """
        source = self.input(arrival.port)
        source.heard = now
        self._outbox.event_time = arrival.time
        for message in source.parser.feed(arrival.data):
            if message is RealTime.ACTIVE_SENSING:
                source.senses = True
            source.performer.take(message)

    def forget(self, port: str) -> None:
        """End the notes of an input that has gone."""
        source = self._inputs.pop(port, None)
        if source is not None:
            source.performer.end_all()

    def end_all(self) -> None:
        """End the notes of all inputs."""
        for source in self._inputs.values():
            source.performer.end_all()

    def check_sensing(self, now: float) -> None:
        """End the notes of inputs that have promised to say that they are there, and no longer do."""
        for source in self._inputs.values():
            if source.senses and now - source.heard > SENSING_SECONDS:
                source.senses = False
                source.parser.reset()
                source.performer.end_all()
