"""Widens a mono sound to two channels whose mean is that sound, sample by sample."""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray

SIDE_GAIN = 0.7
"""Level of the decorrelated sound in the side channel at width 1, relative to the mid channel."""

_SPREAD = 0.6
_FIRST_SECONDS, _LAST_SECONDS = 0.0015, 0.02
_TAPS = 24
_DECAY_DB = -20.0  # from the first tap to the last
_BASS_HZ = 120.0  # the decorrelated sound has nothing below, so that the bass stays in the middle
_SEED = 7


def spread(slot: int) -> float:
    """Return the side gain of a voice at width 1, in −0.6..0.6; the drone (slot 0) is in the middle.

    >>> [round(spread(slot), 2) for slot in range(5)]
    [0.0, -0.6, 0.6, -0.3, 0.3]
    """
    if slot == 0:
        return 0.0
    ring, side = divmod(slot - 1, 2)
    return (1.0 if side else -1.0) * _SPREAD * (1.0, 0.5, 0.75, 0.25)[ring % 4]


@numba.njit(nogil=True, cache=True, fastmath=True)  # type: ignore[misc, unused-ignore]
def _widen(
    y: FloatArray,
    history: FloatArray,
    state: NDArray[np.float64],
    position: int,
    delays: NDArray[np.int64],
    gains: FloatArray,
    width: tuple[float, float],
    scatter: tuple[float, float],
    left: tuple[float, float],
    right: tuple[float, float],
) -> int:
    """Turn mid and side [samples, 2] into left and right in place; return the next position in the history."""
    mask = len(history) - 1
    coefficient, last_in, last_out = state[0], state[1], state[2]
    for i in range(len(y)):
        history[position] = y[i, 0]
        diffuse = 0.0
        for k in range(len(delays)):
            diffuse += gains[k] * history[(position - delays[k]) & mask]
        position = (position + 1) & mask
        last_out = coefficient * (last_out + diffuse - last_in)  # one-pole high-pass
        last_in = diffuse
        share = (i + 1) / len(y)
        scattering = scatter[0] + (scatter[1] - scatter[0]) * share
        side = (width[0] + (width[1] - width[0]) * share) * (y[i, 1] + scattering * last_out)
        mid = y[i, 0]
        y[i, 0] = (left[0] + (left[1] - left[0]) * share) * (mid + side)
        y[i, 1] = (right[0] + (right[1] - right[0]) * share) * (mid - side)
    state[1], state[2] = last_in, last_out
    return position


def decorrelator(sample_rate: float) -> tuple[NDArray[np.int64], FloatArray, float]:
    """Return the delays in samples and the gains of the filter's taps, and the coefficient of its high-pass."""
    rng = np.random.default_rng(_SEED)
    cell = (_LAST_SECONDS - _FIRST_SECONDS) / _TAPS
    seconds = _FIRST_SECONDS + cell * (np.arange(_TAPS) + rng.random(_TAPS))
    gains = rng.choice([-1.0, 1.0], _TAPS) * 10.0 ** (_DECAY_DB / 20.0 * np.arange(_TAPS) / _TAPS)
    taps: FloatArray = (SIDE_GAIN * gains / np.linalg.norm(gains)).astype(np.float32)
    high_pass = math.exp(-2.0 * math.pi * _BASS_HZ / sample_rate)
    return np.round(seconds * sample_rate).astype(np.int64), taps, high_pass


class Widener:
    """Makes left and right from mid and side, adding a decorrelated copy of the mid channel to the side.

    The copy is a sparse FIR filter of 24 taps with random signs within 20 ms ("velvet noise"). The side is added to
    the left channel and subtracted from the right one, so at pan 0 their mean is the mid channel at any width.

    Args:
        sample_rate: of the blocks, Hz.

    Reference:
        Karjalainen and Järveläinen, "Reverberation modeling using velvet noise", AES 30th conference, 2007;
        Alary, Politis and Välimäki, "Velvet-noise decorrelator", DAFx 2017.
    """

    def __init__(self, sample_rate: float) -> None:
        self._delays, self._gains, coefficient = decorrelator(sample_rate)
        self._history = np.zeros(1 << math.ceil(math.log2(self._delays[-1] + 2)), np.float32)
        self._state = np.array([coefficient, 0.0, 0.0])
        self._position = 0
        self._width: float | None = None
        self._pan, self._scatter = 0.0, 1.0

    def process(self, y: FloatArray, width: float, pan: float, scatter: float = 1.0) -> FloatArray:
        """Turn a block of mid and side into left and right, in place; changed settings are ramped over the block.

        Args:
            y: mid and side, [samples, 2]; it may be empty.
            width: 0 for the same sound on both channels, to 1.
            pan: −1 for left only, to 1 for right only; equal power.
            scatter: how much of the decorrelated copy the side gets, 0..1; none where the release has a side.
        """
        if self._width is None:
            self._width, self._pan, self._scatter = width, pan, scatter
        before, after = _pan_gains(self._pan), _pan_gains(pan)
        widths, scatters = (self._width, float(width)), (self._scatter, float(scatter))
        left, right = (before[0], after[0]), (before[1], after[1])
        if len(y):
            self._position = _widen(
                y,
                self._history,
                self._state,
                self._position,
                self._delays,
                self._gains,
                widths,
                scatters,
                left,
                right,
            )
            self._width, self._pan, self._scatter = float(width), float(pan), float(scatter)
        return y

    def reset(self) -> None:
        """Clear the sound so far, to start again after silence."""
        self._history[:] = 0.0
        self._state[1:] = 0.0


def _pan_gains(pan: float) -> tuple[float, float]:
    """Return the gains of left and right, 1 each in the middle."""
    if pan == 0.0:  # exactly, so that the mean of both channels is the mid channel to the last bit
        return 1.0, 1.0
    angle = (pan + 1.0) * math.pi / 4.0
    return math.sqrt(2.0) * math.cos(angle), math.sqrt(2.0) * math.sin(angle)
