"""Where the sound is on its way to where it is wanted, as the engine moves it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from aitunes.features import FloatArray


class Glide:
    """A target and the straight way to it.

    Args:
        size: latent coordinates.
        clock: seconds, monotonic.
    """

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.target: FloatArray = np.zeros(size, np.float32)
        self._start = self.target
        self._begin = 0.0
        self._seconds = 0.0

    def move(self, target: FloatArray, seconds: float) -> None:
        """Set out for another target, to be reached after so many seconds."""
        self._start = self.current
        self.target = target
        self._begin, self._seconds = self._clock(), seconds

    @property
    def moving(self) -> bool:
        """Whether the target has yet to be reached."""
        return self._clock() - self._begin < self._seconds

    @property
    def current(self) -> FloatArray:
        """Where the sound is now, [size] standard deviations."""
        passed = self._clock() - self._begin
        if passed >= self._seconds:
            return self.target
        return np.asarray(self._start + (self.target - self._start) * (passed / self._seconds), np.float32)
