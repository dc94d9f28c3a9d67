"""Hands samples from the thread that listens to the one that plays, without a lock."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray

_SECONDS = 0.5
_WAITING_SECONDS = 0.012
_MAX_WAITING_SECONDS = 0.05


class SampleQueue:
    """Holds samples for one writer and one reader, whose clocks may differ.

    Each of them alone moves one end. The reader keeps a few milliseconds in hand; where it runs dry it plays silence
    until they are there again, and where too much waits, because the writer's clock is faster, it drops the oldest.

    Args:
        sample_rate: Hz.
    """

    def __init__(self, sample_rate: float) -> None:
        self._samples = np.zeros(1 << round(np.log2(_SECONDS * sample_rate)), np.float32)
        self._wanted, self._most = (round(s * sample_rate) for s in (_WAITING_SECONDS, _MAX_WAITING_SECONDS))
        self._written = self._read = 0
        self._dry = True

    def push(self, y: FloatArray) -> None:
        """Append samples; what the reader has not taken within half a second is lost."""
        size = len(self._samples)
        at = (self._written + np.arange(len(y))) % size
        self._samples[at] = y
        self._written += len(y)

    def take(self, length: int) -> FloatArray:
        """Return the next samples [length]; silence where there are not enough."""
        written = self._written
        waiting = written - self._read
        if waiting > self._most + length:
            self._read = written - self._wanted - length
        elif waiting < length or (self._dry and waiting < self._wanted + length):
            self._dry = True
            return np.zeros(length, np.float32)
        self._dry = False
        y: FloatArray = self._samples[(self._read + np.arange(length)) % len(self._samples)]
        self._read += length
        return y
