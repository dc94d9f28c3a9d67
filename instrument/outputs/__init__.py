"""Takes the samples: a sound device, a file, or silence at the pace of a clock."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray


class OutputError(AiTunesError):
    """Says why an output cannot be opened, or that it has gone."""


class Output(Protocol):
    """Takes blocks of left and right; the synth waits until the output needs one, renders it, and writes it."""

    name: str
    sample_rate: float
    feels_scans: bool
    """Says that a scan for sound devices may interrupt it."""

    @property
    def underruns(self) -> int:
        """Count how often the buffer ran empty."""

    @property
    def device_underruns(self) -> int:
        """Count the interruptions that the device itself reports."""

    @property
    def overslept_seconds(self) -> float:
        """Return how long after it should have the last `wait` ended, because the machine let it sleep too long."""

    @property
    def latency_seconds(self) -> float:
        """Return the time from the buffer's end to the loudspeaker."""

    @property
    def reserve_seconds(self) -> float:
        """Return how much of the buffer is kept for stalls of the machine; 0 without a device."""

    def start(self) -> None:
        """Begin to consume."""

    def wait(self) -> float:
        """Wait until the output needs the next block; return the seconds of sound that are buffered then.

        Raises:
            OutputError: the output has gone, and says so in a sentence.
        """

    def write(self, y: FloatArray) -> None:
        """Append a block of left and right, [samples, 2]."""

    def deepen(self, seconds: float) -> None:
        """Buffer at least that much from now on; 0 goes back to the shortest that is safe."""

    def close(self) -> None:
        """Stop at once and free resources."""


@runtime_checkable
class ResumingOutput(Output, Protocol):
    """May go on after it has stopped."""

    def resumes(self) -> bool:
        """Return whether it goes on, with its next `start`."""


@runtime_checkable
class BlockOutput(Protocol):
    """Takes its samples in blocks whose size can be chosen."""

    name: str

    def check_block(self, frames: int) -> None:
        """Check that the output can be asked for so many frames a block, 0 for its own choice.

        Raises:
            OutputError: it cannot.
        """
