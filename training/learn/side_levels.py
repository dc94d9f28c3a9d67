"""Measures how loud the side channel of a recording is beside the mid channel, band by band."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray, stft_magnitudes
from aitunes.release.side import SIDE_DB
from training.learn.network import N_FFT, SAMPLE_RATE

EDGES_HZ = np.geomspace(120.0, 14_000.0, 11).round()
"""Between the bands: six tenths of an octave each, and what lies below and above."""

_SMOOTH_SECONDS = 0.13  # a band of few bins has a level that trembles by some decibels from frame to frame
_AUDIBLE = 1e-6
_BLOCK = 4_096


def side_levels_db(
    mid: FloatArray, side: FloatArray | None, hop_length: int, edges_hz: NDArray[np.floating] = EDGES_HZ
) -> FloatArray:
    """Return the level of the side channel in each band, dB of the mid channel's, [frames, bands].

    It is not a number where the mid channel is more than 60 dB below its loudest band, and where there is no side: a
    mono recording does not say how wide its sound would be. Frames are those of `training.learn.envelopes`.

    Args:
        mid, side: (L + R) / 2 and (L − R) / 2, [samples] at 44.1 kHz; None for a mono recording.
        edges_hz: between the bands, rising.
    """
    count = max(0, 1 + (mid.size - N_FFT) // hop_length)
    if side is None:
        return np.full((count, len(edges_hz) + 1), np.nan, np.float32)
    bands = _bands(tuple(edges_hz))
    mids, sides = (_smooth(_band_powers(y, hop_length, bands), hop_length) for y in (mid, side))
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = np.clip(10.0 * np.log10(sides / mids), *SIDE_DB)
    levels[mids <= _AUDIBLE * mids.max(initial=1e-20)] = np.nan
    return np.asarray(levels, np.float32)


def _band_powers(y: FloatArray, hop_length: int, bands: FloatArray) -> FloatArray:
    """Return the power in each band, [frames, bands]."""
    parts = []
    length = N_FFT + (_BLOCK - 1) * hop_length
    for start in range(0, y.size - N_FFT + 1, _BLOCK * hop_length):
        parts.append(stft_magnitudes(y[start : start + length], N_FFT, hop_length).T ** 2 @ bands)
    return np.concatenate(parts) if parts else np.empty((0, bands.shape[1]), np.float32)


@lru_cache
def _bands(edges_hz: tuple[float, ...]) -> FloatArray:
    """Return which band each bin belongs to, [bins, bands] of 0 and 1; the constant is in none."""
    band = np.searchsorted(edges_hz, np.fft.rfftfreq(N_FFT, 1.0 / SAMPLE_RATE))
    bands = np.eye(len(edges_hz) + 1, dtype=np.float32)[band]
    bands[0] = 0.0
    return bands


def _smooth(power: FloatArray, hop_length: int) -> FloatArray:
    """Average over time, [frames, bands]; at the ends over what there is."""
    reach = round(0.5 * _SMOOTH_SECONDS * SAMPLE_RATE / hop_length)
    sums = np.cumsum(np.concatenate([np.zeros((1, power.shape[1])), power]), axis=0)
    at = np.arange(len(power))
    first, last = np.maximum(at - reach, 0), np.minimum(at + reach + 1, len(power))
    # Differences of sums that have grown may be below nothing by a rounding.
    return np.asarray(np.maximum((sums[last] - sums[first]) / (last - first)[:, None], 0.0), np.float32)
