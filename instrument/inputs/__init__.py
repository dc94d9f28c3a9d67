"""Supplies what a microphone, an instrument or another program plays."""

from __future__ import annotations

from typing import Protocol

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray


class InputError(AiTunesError):
    """Says why an input cannot be opened, or that it has gone."""


class Input(Protocol):
    """Collects samples in the background, until they are read."""

    name: str
    sample_rate: float
    is_program: bool
    """Says that it is another program, which may leave while the stream goes on without it."""
    overruns: int
    """Counts how often samples were lost because nobody read them."""

    @property
    def latency_seconds(self) -> float:
        """Return the time from the microphone to the buffer."""

    def start(self) -> None:
        """Begin to collect."""

    def read(self) -> FloatArray:
        """Return all samples that have come since the last call, [samples], none at all where none have come.

        Raises:
            InputError: the input has gone, and says so in a sentence.
        """

    def close(self) -> None:
        """Stop at once and free resources."""
