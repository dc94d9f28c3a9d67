"""Measures how far one spectrogram is from another, in decibels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import AiTunesError


class MetricError(AiTunesError, ValueError):
    """Says why spectrograms cannot be compared."""


def spectral_convergence(estimate: NDArray[Any], reference: NDArray[Any]) -> float:
    """Return the error of an estimate relative to a reference, dB: 20 log10(‖estimate − reference‖ / ‖reference‖).

    The norms are Frobenius norms. The lower, the closer: −∞ for equal ones, 0 for an estimate of silence.

    Args:
        estimate: magnitudes of any shape.
        reference: magnitudes of the same shape, not all zero.

    Raises:
        MetricError: the shapes differ or the reference is silent.

    Reference:
        Sturmel and Daudet, "Signal reconstruction from STFT magnitude: a state of the art", DAFx 2011.

    >>> round(spectral_convergence(np.array([1.1, 1.1]), np.array([1.0, 1.0])), 3)
    -20.0
    """
    estimate, reference = _same_shape(estimate, reference)
    power = np.sum(reference**2)
    if power == 0.0:
        raise MetricError("Spectral convergence is relative to the reference, which must not be silent.")
    with np.errstate(divide="ignore"):
        return float(10.0 * np.log10(np.sum((estimate - reference) ** 2) / power))


def log_spectral_distance(
    estimate: NDArray[Any], reference: NDArray[Any], floor_db: float = -80.0, axis: int = -1
) -> float:
    """Return the mean over frames of the root mean square difference of two spectra in decibels.

    With L = 20 log10(max(S, floor)) the distance is mean over frames of sqrt(mean over bins of
    (L_estimate − L_reference)²). The floor is relative to the reference's loudest value, so that what nobody
    hears does not count.

    Args:
        estimate: magnitudes [frames, bins].
        reference: magnitudes of the same shape, not all zero.
        floor_db: the floor, dB relative to the reference's loudest value.
        axis: the axis of the bins; 0 for [bins, frames].

    Raises:
        MetricError: the shapes differ or the reference is silent.

    Reference:
        Gray and Markel, "Distance measures for speech processing", IEEE TASSP 24, 1976.

    >>> S = np.ones((3, 5))
    >>> round(log_spectral_distance(10 * S, S), 3)
    20.0
    """
    estimate, reference = _same_shape(estimate, reference)
    floor = reference.max(initial=0.0) * 10.0 ** (floor_db / 20.0)
    if floor <= 0.0:
        raise MetricError("The floor is relative to the reference's loudest value, which must not be zero.")
    difference = 20.0 * np.log10(np.maximum(estimate, floor) / np.maximum(reference, floor))
    return float(np.mean(np.sqrt(np.mean(difference**2, axis=axis))))


def mel_cepstral_distortion(
    estimate: NDArray[Any], reference: NDArray[Any], bank: NDArray[Any], coefficients: int = 13, floor_db: float = -60.0
) -> float:
    """Return the mean over frames of the mel-cepstral distortion, 10 / ln 10 · √(2 Σ Δc²), dB.

    c are the coefficients 1 to `coefficients` of ln P = c₀ + 2 Σ c_n cos(π n (b + ½) / B) over B mel bands of power P.

    Args:
        estimate: magnitudes [bins, frames].
        reference: magnitudes of the same shape, not all zero.
        bank: mel filter bank [B, bins].
        floor_db: what counts as silence in a band, dB relative to the reference's loudest bin.

    Raises:
        MetricError: the shapes differ or the reference is silent.

    Reference:
        Kubichek, "Mel-cepstral distance measure for objective speech quality assessment", PACRIM 1993.

    >>> S = np.ones((4, 3))
    >>> mel_cepstral_distortion(10 * S, S, np.eye(4), 2)
    0.0
    """
    estimate, reference = _same_shape(estimate, reference)
    floor = reference.max(initial=0.0) * 10.0 ** (floor_db / 20.0) * bank.sum(axis=1, keepdims=True)
    if floor.max(initial=0.0) <= 0.0:
        raise MetricError("The floor is relative to the reference's loudest value, which must not be zero.")
    ratio = np.log(np.maximum(bank @ estimate, floor) / np.maximum(bank @ reference, floor))
    n, b = np.arange(1, coefficients + 1)[:, None], np.arange(len(bank))
    difference = 2.0 / len(bank) * np.cos(np.pi * n * (b + 0.5) / len(bank)) @ ratio
    return float(10.0 / np.log(10.0) * np.sqrt(2.0 * (difference**2).sum(axis=0)).mean())


def _same_shape(estimate: NDArray[Any], reference: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    if estimate.shape != reference.shape:
        raise MetricError(
            f"The spectrograms must have one shape, not {list(estimate.shape)} and {list(reference.shape)}."
        )
    return estimate.astype(np.float64), reference.astype(np.float64)
