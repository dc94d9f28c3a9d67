"""Predicts the latent position that sounds while the engine smooths a move."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from aitunes.features import FloatArray


class SmoothedPosition:
    """Moves along the straight line on which the sound reaches a target in the latent space.

    Args:
        size: number of latent coordinates.
        clock: seconds, monotonic.
    """

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.target: FloatArray = np.zeros(size, np.float32)
        self._start = self.target
        self._began = 0.0
        self._seconds = 0.0

    def move(self, target: FloatArray, seconds: float) -> None:
        """Start towards another target, which is reached after so many seconds."""
        self._start = self.current
        self.target = target
        self._began, self._seconds = self._clock(), seconds

    @property
    def moving(self) -> bool:
        """Return true until the target is reached."""
        return self._clock() - self._began < self._seconds

    @property
    def current(self) -> FloatArray:
        """Return the position that sounds now, [size] standard deviations."""
        elapsed = self._clock() - self._began
        if elapsed >= self._seconds:
            return self.target
        return np.asarray(self._start + (self.target - self._start) * (elapsed / self._seconds), np.float32)
