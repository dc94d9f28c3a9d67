"""Spectral envelopes of sound, in decibels, as the learner keeps them."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray, stft_magnitudes
from training.learn.network import N_FFT, NODES, pool_matrix

_SILENT = 1e-7
_BLOCK = 4_096


def envelopes(y: FloatArray, hop_length: int) -> tuple[FloatArray, float]:
    """Envelopes of a waveform [samples] at 44.1 kHz.

    Returns:
        Decibels [frames, NODES], and those of the loudest bin; no frames where the waveform is shorter than a window.
    """
    if y.size < N_FFT:
        return np.empty((0, NODES), np.float32), float("-inf")
    pool, parts, loudest = pool_matrix().T, [], 0.0
    length = N_FFT + (_BLOCK - 1) * hop_length
    for start in range(0, y.size - N_FFT + 1, _BLOCK * hop_length):
        magnitudes = stft_magnitudes(y[start : start + length], N_FFT, hop_length).T
        loudest = max(loudest, float(magnitudes.max()))
        parts.append(20.0 * np.log10(np.maximum(magnitudes @ pool, _SILENT)))
    return np.concatenate(parts), 20.0 * float(np.log10(max(loudest, _SILENT)))
