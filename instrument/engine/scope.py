"""Analyses the sound into bands, for spectrum displays."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray, hann_window, mel_frequencies

BANDS = 64
LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
SILENCE_DB = -120.0
_WINDOW_SECONDS = 0.04
_MAX_BLOCKS = 128


class Scope:
    """Measures the newest samples in bands of equal width in mel.

    The synth's thread only hands over its blocks; the transform runs on the thread that asks for levels.

    Args:
        sample_rate: of the blocks, Hz.
    """

    def __init__(self, sample_rate: float) -> None:
        self._blocks: deque[FloatArray] = deque(maxlen=_MAX_BLOCKS)
        self._n_fft = 1 << round(np.log2(_WINDOW_SECONDS * sample_rate))
        self._window = hann_window(self._n_fft)
        edges = mel_frequencies(LOWEST_HZ, HIGHEST_HZ, BANDS + 1)
        bins = np.linspace(0.0, sample_rate / 2.0, self._n_fft // 2 + 1)
        # Band 0 collects what lies below the lowest band, band 65 what lies above the highest; neither is sent.
        self._band_of_bin = np.searchsorted(edges, bins, side="right")

    def push(self, y: FloatArray) -> None:
        """Take a block [samples, channels], one or two of them, which must not change any more; synth's thread only."""
        self._blocks.append(y)

    def levels(self) -> FloatArray:
        """Return the level of each band, [64] dB: 0 for a sine of full scale, `SILENCE_DB` for silence."""
        blocks: list[FloatArray] = []
        missing = self._n_fft
        for block in reversed(self._blocks.copy()):
            blocks.append(block)
            missing -= len(block)
            if missing <= 0:
                break
        y = np.zeros(self._n_fft, np.float32)
        if blocks:
            # One look at all of them: this thread and the synth's share the interpreter.
            newest = np.concatenate(blocks[::-1])[-self._n_fft :]
            y[self._n_fft - len(newest) :] = 0.5 * (newest[:, 0] + newest[:, -1])
        return self._levels_of(y)

    def _levels_of(self, y: FloatArray) -> FloatArray:
        power: NDArray[np.float32] = np.abs(np.fft.rfft(y * self._window)) ** 2
        bands = np.bincount(self._band_of_bin, weights=power, minlength=BANDS + 2)[1:-1]
        # A sine of amplitude 1 in the middle of a bin has n_fft / 4 there and half of that in both neighbours.
        full_scale = 1.5 * (self._n_fft / 4.0) ** 2
        levels = 10.0 * np.log10(np.maximum(bands / full_scale, 10.0 ** (SILENCE_DB / 10.0)))
        return levels.astype(np.float32)
