"""Generates a slow random walk around a centre."""

from __future__ import annotations

import math

import numpy as np

_WAVES = 3


class Wander:
    """Computes smooth offsets from a centre: on each axis a sum of slow sines with incommensurate rates.

    Args:
        rng: source of their phases.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rate_hz = 0.1
        self.radius = 0.15
        """Largest distance from the centre, as a share of the pad."""
        self._rng = rng
        self.start()
        self._speeds = np.array([1.0, 0.618, 1.414]) * rng.uniform(0.85, 1.15, (2, _WAVES))
        self._weights = np.array([0.5, 0.3, 0.2])

    def start(self) -> None:
        """Start at the centre, in a random direction."""
        self._phases = math.pi * self._rng.integers(0, 2, (2, _WAVES))

    def step(self, seconds: float) -> tuple[float, float]:
        """Advance by some seconds, and return the offset on both axes."""
        self._phases = self._phases + math.tau * self.rate_hz * self._speeds * seconds
        dx, dy = self.radius * (np.sin(self._phases) @ self._weights)
        return float(dx), float(dy)
