"""Applies gain ramps and a brick-wall limiter, the last stage before the output."""

from __future__ import annotations

import math

import numba
import numpy as np

from aitunes.features import FloatArray

CEILING = 10.0 ** (-1.0 / 20.0)
"""Limits the samples that leave the instrument: −1 dBFS."""

LIMITER_SECONDS = 0.1
_GAIN_SECONDS = 0.02
_PLAY_SECONDS = 0.03
_STOP_SECONDS = 0.08
_PANIC_SECONDS = 0.0025  # less than a hop, so that one hop is enough
_SILENT = 1e-4
_LOUDEST = 1e6
"""Limits a peak before the limiter, 120 dB above full scale: it would be silent for seconds after what is no sound."""


@numba.njit(nogil=True, cache=True, fastmath=True)  # type: ignore[misc, unused-ignore]
def _finish(
    y: FloatArray, gain_from: float, gain_to: float, envelope: float, release_factor: float, ceiling: float
) -> tuple[float, float, float]:
    """Ramp and limit a block [samples, 2] in place; return the limiter's envelope, the peak, the sum of squares."""
    peak = 0.0
    energy = 0.0
    step = (gain_to - gain_from) / len(y)
    for i in range(len(y)):
        gain = gain_from + step * (i + 1)
        left, right = y[i, 0] * gain, y[i, 1] * gain
        envelope = max(abs(left), abs(right), envelope * release_factor)
        if envelope > ceiling:
            left *= ceiling / envelope
            right *= ceiling / envelope
        y[i, 0], y[i, 1] = left, right
        peak = max(peak, abs(left), abs(right))
        energy += left * left + right * right
    return envelope, peak, energy


class OutputStage:
    """Fades at play and stop, applies the gain, and limits.

    A block with samples that are no numbers, or far beyond any sound, is silent.

    The limiter attacks at once, on both channels alike, and releases within a tenth of a second, so no sample exceeds
    `CEILING`.

    Args:
        sample_rate: of the blocks, Hz.
    """

    def __init__(self, sample_rate: float) -> None:
        self._sample_rate = sample_rate
        self._release_factor = math.exp(-1.0 / (LIMITER_SECONDS * sample_rate))
        self._gain = 0.0
        self._gate = 0.0
        self._envelope = 0.0
        self.peak = 0.0
        self.rms = 0.0

    @property
    def silent(self) -> bool:
        """Return whether the sound has faded out."""
        return self._gate == 0.0

    def process(self, y: FloatArray, gain_db: float, playing: bool, panicked: bool = False) -> FloatArray:
        """Process one block of left and right, [samples, 2], in place; it may be empty.

        Args:
            y: the block.
            gain_db: where the gain is on its way to.
            playing: fade in, or out.
            panicked: fade out in no more than a few milliseconds.
        """
        if not len(y):
            return y
        seconds = len(y) / self._sample_rate
        before = self._gain * self._gate
        self._gain += (10.0 ** (gain_db / 20.0) - self._gain) * min(1.0, seconds / _GAIN_SECONDS)
        stop_seconds = _PANIC_SECONDS if panicked else _STOP_SECONDS
        step = seconds / (_PLAY_SECONDS if playing else -stop_seconds)
        self._gate = min(1.0, max(0.0, self._gate + step))
        after = self._gain * self._gate
        self._envelope, peak, energy = _finish(y, before, after, self._envelope, self._release_factor, CEILING)
        if not self._envelope + energy < _LOUDEST:  # true of NaN, too
            y[:] = 0.0
            self._envelope = peak = energy = 0.0
        self.peak = max(self.peak * 0.95, peak)
        self.rms = math.sqrt(energy / y.size)
        return y


def decibels(level: float) -> float:
    """Convert a level relative to full scale to dB, −120 for silence."""
    return 20.0 * math.log10(max(level, 1e-6))


def equal_power_fade(length: int, start: float, step: float) -> tuple[FloatArray, FloatArray]:
    """Return the weights [length] of the outgoing and incoming sound, from the position `start`, `step` a sample."""
    share = np.clip(start + step * np.arange(1, length + 1), 0.0, 1.0) * (np.pi / 2.0)
    return np.cos(share).astype(np.float32), np.sin(share).astype(np.float32)
