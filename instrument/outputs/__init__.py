"""Where the samples go: a sound device, a file, or nowhere at the pace of a clock."""

from __future__ import annotations

from typing import Protocol

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray


class OutputError(AiTunesError):
    """An output that cannot be opened or has gone."""


class Output(Protocol):
    """Takes blocks of left and right; the synth waits until one is wanted, renders it, and writes it."""

    name: str
    sample_rate: float
    feels_scans: bool
    """Whether it may be interrupted when somebody looks for sound devices."""

    @property
    def underruns(self) -> int:
        """Times that the buffer ran empty."""

    @property
    def device_underruns(self) -> int:
        """Interruptions that the device itself reports."""

    @property
    def latency_seconds(self) -> float:
        """From the buffer's end to the loudspeaker."""

    def start(self) -> None:
        """Begin to consume."""

    def wait(self) -> float:
        """Block until the next block is wanted; seconds of sound that are buffered then.

        Raises:
            OutputError: the output has gone, and says so in a sentence.
        """

    def write(self, y: FloatArray) -> None:
        """Append a block of left and right, [samples, 2]."""

    def deepen(self, seconds: float) -> None:
        """Buffer at least that much from now on; 0 goes back to the shortest that is safe."""

    def close(self) -> None:
        """Stop at once and free what is held."""
