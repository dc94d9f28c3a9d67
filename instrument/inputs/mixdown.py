"""Mixes the two channels of an input to the one that is listened to."""

from __future__ import annotations

import math

import numpy as np

from aitunes.features import FloatArray

_MEMORY_SECONDS = 0.2
_OPPOSITE, _ALIKE = -0.5, -0.2
"""Correlations of the channels below which the second one is turned, and above which it is turned back."""


class MixDown:
    """Takes the mean of two channels, the second one turned where it is the first one upside down.

    A cable with two wires exchanged, or a microphone pair that faces each other, would otherwise be silence.

    Args:
        sample_rate: Hz.

    >>> y = np.sin(np.arange(480, dtype=np.float32))
    >>> bool(np.allclose(MixDown(48_000.0).process(np.stack([y, -y], axis=1)), y))
    True
    """

    def __init__(self, sample_rate: float) -> None:
        self._per_sample = 1.0 / (_MEMORY_SECONDS * sample_rate)
        self._covariance = self._energy = 0.0
        self._sign: float | None = None

    def process(self, y: FloatArray) -> FloatArray:
        """Mix the next samples, [samples, 2], to [samples]; a change of sign takes as long as they do."""
        first, second = y[:, 0], y[:, 1]
        memory = math.exp(-len(y) * self._per_sample)
        self._covariance = memory * self._covariance + float(first @ second)
        self._energy = memory * self._energy + 0.5 * float(first @ first + second @ second)
        before = self._sign
        if self._covariance < _OPPOSITE * self._energy:
            self._sign = -1.0
        elif before is None or self._covariance > _ALIKE * self._energy:
            self._sign = 1.0
        after = self._sign or 1.0
        if before is None or before == after:
            return np.asarray(0.5 * (first + np.float32(after) * second))
        signs = np.linspace(before, after, len(y), dtype=np.float32)
        return np.asarray(0.5 * (first + signs * second))
