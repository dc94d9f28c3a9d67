"""Passes on what is for a process beside the engine, such as MIDI, and keeps the last value for whoever asks."""

from __future__ import annotations

from instrument.engine.publisher import Publisher
from instrument.namespace import MIDI, TABLE, Kind, MessageError, Value
from instrument.synthesis.timeline import Event

MAX_CHARACTERS = 60_000
_PRESENT = f"{MIDI}/inputs"
_ABSENT = "no MIDI runs; `aitunes midi` starts it, and pip install 'aitunes[midi]' installs it"
_BY_MIDI = frozenset({f"{MIDI}/inputs", f"{MIDI}/list", f"{MIDI}/notice"})
_WAITS = frozenset({f"{MIDI}/setup"})
"""Lists what MIDI asks for when it comes."""


class Relay:
    """Keeps the values of the addresses whose kind is RELAY; on the synth's thread.

    Args:
        publisher: sends to the other subscribers.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._values: dict[str, tuple[Value, ...]] = {row.path: row.initial for row in TABLE if row.kind is Kind.RELAY}
        self._present = False

    def take(self, event: Event, values: tuple[Value, ...]) -> None:
        """Keep a message's values and pass it on.

        Raises:
            MessageError: nobody is there to take it, or it is too long for those who would.
        """
        if any(isinstance(value, str) and len(value) > MAX_CHARACTERS for value in values):
            raise MessageError(f"the text has more than {MAX_CHARACTERS:,} characters")
        if event.path == _PRESENT:
            self._present = True
        elif event.path not in _BY_MIDI | _WAITS and not self._present:
            raise MessageError(_ABSENT)
        self._values[event.path] = values
        self._publisher.notify(event.origin, event.path, values)

    def has(self, path: str) -> bool:
        """Return whether it keeps the value of an address."""
        return path in self._values

    def value(self, path: str) -> tuple[Value, ...]:
        """Return the last value of an address."""
        return self._values[path]
