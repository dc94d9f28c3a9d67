"""Compiles the arithmetic of listening: no allocation, no GIL."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from aitunes.audio_processing.pocketfft import r2c

Array = NDArray[Any]
# Not nnan and ninf: what is no number must still be seen as such.
_compiled = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz", "afn"})

LOUDEST = np.float32(8.0)
"""Limits samples after the gain: a device that sends more is damaged."""


@_compiled
def condition(y: Array, gain_from: float, gain_to: float, pole: float, state: Array) -> tuple[float, float]:
    """Repair, high-pass and amplify samples in place; return their peak and the sum of their squares.

    Args:
        y: [samples]; what is no finite number becomes 0.
        gain_from, gain_to: factors at both ends.
        pole: of the high-pass, which takes out an offset.
        state: last input and output of the high-pass, [2].
    """
    before, out = state[0], state[1]
    peak, energy = 0.0, 0.0
    step = (gain_to - gain_from) / max(len(y), 1)
    for n in range(len(y)):
        x = y[n]
        if not np.isfinite(x) or abs(x) > LOUDEST:
            x = np.float32(0.0)
        out = x - before + pole * out
        before = x
        value = min(max(out * (gain_from + step * (n + 1)), -LOUDEST), LOUDEST)
        y[n] = value
        peak = max(peak, abs(value))
        energy += value * value
    state[0], state[1] = before, out if abs(out) > 1e-15 else 0.0
    return peak, energy


@_compiled
def powers(y: Array, window: Array, short: int, long: int) -> tuple[float, float]:
    """Append new samples to the window of the newest; return the mean squares of its newest `short` and `long` ones."""
    left = window.size - y.size
    for n in range(left):
        window[n] = window[n + y.size]
    window[left:] = y
    newest = np.float32(0.0)
    for n in range(window.size - short, window.size):
        newest += window[n] * window[n]
    total = newest
    for n in range(window.size - long, window.size - short):
        total += window[n] * window[n]
    return float(newest) / short, float(total) / long


@_compiled
def transform(y: Array, window: Array, axis: Array, windowed: Array, spectrum: Array, S: Array) -> float:
    """Fill in the magnitudes of a windowed frame; return the sum of their squares.

    Args:
        y, window, windowed: [1, n_fft].
        axis: [1], which one is transformed.
        spectrum, S: [1, bins].
    """
    for n in range(y.shape[1]):
        windowed[0, n] = y[0, n] * window[0, n]
    r2c(windowed, spectrum, axis, True, 1.0, 1)
    total = 0.0
    for k in range(S.shape[1]):
        square = spectrum[0, k].real ** 2 + spectrum[0, k].imag ** 2
        S[0, k] = np.sqrt(square)
        total += square
    return total
