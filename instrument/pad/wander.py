"""A slow walk around a place, by itself."""

from __future__ import annotations

import math

import numpy as np

_PARTS = 3


class Wander:
    """Smooth offsets from a centre: on each axis a few slow waves that never meet the same way twice.

    Args:
        rng: where their phases come from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rate_hz = 0.1
        self.radius = 0.15
        """Furthest from the centre, as a share of the pad."""
        self._rng = rng
        self.begin()
        self._speeds = np.array([1.0, 0.618, 1.414]) * rng.uniform(0.85, 1.15, (2, _PARTS))
        self._weights = np.array([0.5, 0.3, 0.2])

    def begin(self) -> None:
        """Set out from the centre, in a direction of chance."""
        self._phases = math.pi * self._rng.integers(0, 2, (2, _PARTS))

    def step(self, seconds: float) -> tuple[float, float]:
        """The offset after so much more time, on both axes."""
        self._phases = self._phases + math.tau * self.rate_hz * self._speeds * seconds
        dx, dy = self.radius * (np.sin(self._phases) @ self._weights)
        return float(dx), float(dy)
