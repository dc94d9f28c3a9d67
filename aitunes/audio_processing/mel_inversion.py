"""Turns mel magnitudes back into linear magnitudes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from aitunes.errors import AiTunesError
from aitunes.features import AudioFeatures, FloatArray

LOUDEST = 1e9  # what lies beyond is no magnitude, see the phase kernel
SILENT = 1e-9


class MelError(AiTunesError, ValueError):
    """Says why the inversion cannot take a mel spectrogram or a setting."""


class MelInversion:
    """Finds non-negative magnitudes with given mel bands, as nearly as a few updates get.

    Minimises the Kullback–Leibler divergence D(mel ‖ W S) over S ≥ 0, with W the filter bank, by

        S ← S · Wᵀ(mel / W S) / Wᵀ1

    from a start that spreads each band evenly. Every frame stands alone, so no state is kept. Values that are
    no magnitudes (not a number, infinite, negative) count as silence. Bins outside every band stay silent.

    Args:
        features: which filter bank.
        updates: how many, 0 or more.

    Raises:
        MelError: `updates` is negative.

    Reference:
        Lee and Seung, "Algorithms for non-negative matrix factorization", NIPS 2000, theorem 2.
    """

    def __init__(self, features: AudioFeatures, updates: int = 10) -> None:
        if updates < 0:
            raise MelError(f"updates must be 0 or more, not {updates}.")
        self.features = features
        self.updates = updates
        self._bands, self._weights = features.sparse_filter_bank
        column = features.filter_bank.sum(axis=0)
        self._per_bin = np.where(column > 0, 1.0 / np.where(column > 0, column, 1.0), 0.0).astype(np.float32)
        self._factor = np.empty(features.bins, np.float32)

    def process(self, mel: NDArray[Any], out: FloatArray | None = None) -> FloatArray:
        """Return the linear magnitudes of mel magnitudes.

        Args:
            mel: [frames, n_mels], as `filter_bank @ |STFT|`, transposed.
            out: [frames, bins] float32 to write to, if none shall be allocated.

        Returns:
            S [frames, n_fft // 2 + 1] float32; `out` itself where it is given.

        Raises:
            MelError: `mel` or `out` has another shape or type.
        """
        bands, bins = self.features.n_mels, self.features.bins
        if mel.ndim != 2 or mel.shape[1] != bands:
            raise MelError(f"Mel magnitudes must be of shape [frames, {bands}], not {list(mel.shape)}.")
        frames: FloatArray = np.ascontiguousarray(mel, dtype=np.float32)
        if not frames.flags.writeable:  # the kernel is compiled for one kind of array
            frames = frames.copy()
        if out is None:
            out = np.empty((len(frames), bins), dtype=np.float32)
        elif out.shape != (len(frames), bins) or out.dtype != np.float32 or not out.flags.carray:
            raise MelError(f"out must be [{len(frames)}, {bins}], writeable, contiguous float32.")
        _invert(frames, out, self.updates, self._bands, self._weights, self._per_bin, self._factor)
        return out


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "arcp", "nsz"})
def _invert(
    mel: NDArray[Any],
    S: NDArray[Any],
    updates: int,
    bands: NDArray[Any],
    weights: NDArray[Any],
    per_bin: NDArray[Any],
    factor: NDArray[Any],
) -> None:
    """Update every frame `updates` times; a step 0 before them makes the start from magnitudes of 1."""
    for n in range(mel.shape[0]):
        x = S[n]
        x[:] = 1.0
        for _ in range(updates + 1):
            factor[:] = 0.0
            at = 0
            for b in range(bands.shape[0]):
                first, width = bands[b, 0], bands[b, 1] - bands[b, 0]
                row, covered, gained = (
                    weights[at : at + width],
                    x[first : first + width],
                    factor[first : first + width],
                )
                at += width
                total = np.float32(0.0)
                for k in range(width):
                    total += row[k] * covered[k]
                value = mel[n, b]
                # Also false where the value is no number.
                if total > SILENT and value > SILENT and value < LOUDEST:
                    ratio = value / total
                    for k in range(width):
                        gained[k] += row[k] * ratio
            for k in range(x.size):
                x[k] *= factor[k] * per_bin[k]
