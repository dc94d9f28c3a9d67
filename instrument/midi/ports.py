"""Describes what AiTunes needs of a MIDI system: ports that come and go, bytes with their time, a port of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from aitunes.errors import AiTunesError

OWN_NAME = "AiTunes"
"""Names the virtual port that other programs see."""


class MidiError(AiTunesError):
    """Says why there is no MIDI."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Bytes from an input.

    Args:
        port: name of the input.
        data: as they came.
        time: when, in seconds of `time.time`.
    """

    port: str
    data: bytes
    time: float


@dataclass(frozen=True, slots=True)
class TransportPlace:
    """Says where a transport is that several programs share.

    Args:
        rolling: whether it goes on.
        seconds: since the beginning of the song.
        time: when it was there, in seconds of `time.time`.
        beat: in quarter notes since the beginning of the song; None where no program counts bars.
        tempo: in quarter notes a minute; None likewise.
    """

    rolling: bool
    seconds: float
    time: float
    beat: float | None = None
    tempo: float | None = None


Receive = Callable[[Arrival], None]


class MidiSystem(Protocol):
    """Reaches the MIDI ports of a machine; every method but `receive` belongs to one thread.

    An input that has been opened calls a function of the caller's with what arrives, from a thread of the system's,
    which must not wait.
    """

    name: str

    def inputs(self) -> list[str]:
        """Return the names of the inputs that are there now and that this program has not made."""

    def outputs(self) -> list[str]:
        """Return the names of the outputs that are there now and that this program has not made."""

    def open_own(self) -> list[str]:
        """Make the virtual port "AiTunes" and return the names of its inputs; none where the system has no such."""

    def open_input(self, name: str) -> None:
        """Listen to an input.

        Raises:
            MidiError: it cannot be opened.
        """

    def close_input(self, name: str) -> None:
        """Listen no longer; nothing happens where it has gone already."""

    def send(self, name: str, data: bytes) -> None:
        """Send a message to an output, opened when it is first used, or to the own one; a lost one takes nothing."""

    def take_missed(self) -> int:
        """Return how many periods have gone by unheard since the last call, because this process was held up."""

    def transport(self) -> TransportPlace | None:
        """Return where the system's transport is; None where it has none."""

    @property
    def alive(self) -> bool:
        """Return whether the system still works; JACK's server may end."""

    def close(self) -> None:
        """Close all ports."""
