"""Measures how far envelopes are apart: point by point, and in the broad shape that makes a timbre."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aitunes.features import FloatArray, mel_filter_bank
from training.learn.network import N_FFT, NODES, RANGE_DB, SAMPLE_RATE, spread_matrix

CEPSTRAL_WEIGHT = 1.0
"""Of the squared mel-cepstral distortion beside the mean squared error of the points, both in dB²."""

_COEFFICIENTS, _BANDS, _BAND_HZ = 13, 80, (40.0, 16_000.0)
_LEAK = 0.05


@lru_cache
def cepstrum_matrix() -> FloatArray:
    """Return the matrix whose product with a difference of envelopes, dB [NODES], has the norm of their distortion.

    That is √2 / B · Σ_b d_b cos(π n (b + ½) / B) of the differences d of B mel bands, n = 1 … 13: the mel-cepstral
    distortion 10 / ln 10 · √(2 Σ Δc²), where c are the cosines' coefficients of the logarithm of the power. The bands'
    decibels are taken to be the mean of their bins' decibels.

    Returns:
        [13, NODES]

    Reference:
        Kubichek, "Mel-cepstral distance measure for objective speech quality assessment", PACRIM 1993.
    """
    bank = mel_filter_bank(SAMPLE_RATE, N_FFT, _BANDS, *_BAND_HZ)
    bands = bank @ spread_matrix() / bank.sum(axis=1, keepdims=True)
    n, b = np.arange(1, _COEFFICIENTS + 1)[:, None], np.arange(_BANDS)
    cosines = np.cos(np.pi * n * (b + 0.5) / _BANDS)
    return np.asarray(np.sqrt(2.0) / _BANDS * cosines @ bands, np.float32)


def weighting(cepstral_weight: float = CEPSTRAL_WEIGHT) -> NDArray[np.float64]:
    """Return W [NODES, NODES], such that ‖d W‖² / NODES is the squared error of a difference d of envelopes."""
    cepstrum = cepstrum_matrix().astype(np.float64)
    metric = np.eye(NODES) + NODES * cepstral_weight * cepstrum.T @ cepstrum
    return np.asarray(np.linalg.cholesky(metric), np.float64)


def frame_errors_db(decoded: Tensor, wanted: Tensor) -> Tensor:
    """Return the error of each envelope, dB [batch]; what both have below silence is no error."""
    # A little of the slope stays below silence, or a node that fell there would never return.
    difference = torch.where(decoded < 0.0, _LEAK * decoded, decoded) - wanted
    broad = difference @ torch.from_numpy(cepstrum_matrix()).T
    squares = (difference**2).mean(dim=1) + CEPSTRAL_WEIGHT * (broad**2).sum(dim=1)
    return squares.add(1e-8).sqrt() * RANGE_DB
