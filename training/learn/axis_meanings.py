"""Names what the pad's axes move: how each goes along with brightness, noisiness, loudness and pitch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aitunes.features import AudioFeatures, FloatArray

_BAND_HZ = (60.0, 12_000.0)
_PITCH_HZ = (60.0, 1_000.0)
_VOICED = 0.5
_MIN_VOICED_SHARE = 0.2
_MAX_AXES = 16  # more would fill the card, and no window shows as many faders


def measure_qualities(S: FloatArray, features: AudioFeatures) -> dict[str, NDArray[np.float64]]:
    """Qualities of frames [items, bins, 1], each [items]; NaN where a frame has none.

    Returns:
        brightness, the logarithm of the spectral centroid; noisiness, the logarithm of the spectral flatness;
        loudness, dB; pitch, octaves, of frames whose autocorrelation has a clear peak.
    """
    return qualities_of(features.denormalise(S[..., 0]), features.sample_rate)


def qualities_of(S: FloatArray, sample_rate: float) -> dict[str, NDArray[np.float64]]:
    """Return the same of linear magnitudes [items, bins]."""
    magnitudes = S.astype(np.float64)
    frequencies = np.linspace(0.0, sample_rate / 2.0, magnitudes.shape[1])
    inside = (frequencies >= _BAND_HZ[0]) & (frequencies <= _BAND_HZ[1])
    power = magnitudes[:, inside] ** 2 + 1e-12
    total = power.sum(axis=1)
    return {
        "brightness": np.log((power * frequencies[inside]).sum(axis=1) / total),
        "noisiness": np.log(power).mean(axis=1) - np.log(power.mean(axis=1)),
        "loudness": 10.0 * np.log10(total),
        "pitch": _pitch(magnitudes, sample_rate),
    }


def _pitch(magnitudes: NDArray[np.float64], sample_rate: float) -> NDArray[np.float64]:
    # The autocorrelation is the transform of the power spectrum (Wiener and Khinchin).
    correlation = np.fft.irfft(magnitudes**2, axis=1)
    first, last = (int(sample_rate / hz) for hz in reversed(_PITCH_HZ))
    part = correlation[:, first : last + 1] / np.maximum(correlation[:, :1], 1e-12)
    lag = first + part.argmax(axis=1)
    return np.where(part.max(axis=1) > _VOICED, np.log2(sample_rate / lag), np.nan)


def axis_meanings(coordinates: FloatArray, qualities: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Rank correlation of every coordinate with every quality, for a card's metrics.

    Args:
        coordinates: [items, latent_dim]; the first 16 get names.

    Returns:
        `axis_1_brightness` and so on; without qualities that most frames do not have.
    """
    found = {}
    for name, values in qualities.items():
        known = np.isfinite(values)
        if known.mean() < _MIN_VOICED_SHARE or known.sum() < 8:
            continue
        for n, column in enumerate(coordinates[known].T[:_MAX_AXES]):
            found[f"axis_{n + 1}_{name}"] = round(_rank_correlation(column, values[known]), 3)
    return found


def _rank_correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    ranks = [np.argsort(np.argsort(values)).astype(np.float64) for values in (one, other)]
    if one.std() < 1e-9 or other.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
