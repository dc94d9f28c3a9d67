"""Plays tracks through a model of segments as the instrument does, and tells how loud what it decodes is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from aitunes.audio_processing.levels import frame_power
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from training.evaluate.inference import codes_of, decode

FADE_FRAMES = 5
"""Of the cross-fade from one segment to the next, about 60 ms."""


class SegmentLevels:
    """Knows the level of normalised log-mel frames.

    A band is narrow noise to it: the power of its bins is its squared magnitude divided by the power of its weights.

    Args:
        features: of mel bands.
    """

    def __init__(self, features: AudioFeatures) -> None:
        low, high = features.db_range
        power = (features.filter_bank**2).sum(axis=1)
        self._low, self._width = low, high - low
        self._weights = torch.from_numpy(np.where(power > 0.0, 1.0 / np.maximum(power, 1e-12), 0.0)).float()
        self._full = frame_power(0.0, features.n_fft)

    def frames_db(self, S: Tensor) -> Tensor:
        """Return the levels of frames [..., bands, frames], dB of full scale, [..., frames]."""
        power = torch.where(S > 0.0, 10.0 ** (0.1 * (self._low + self._width * S)), 0.0)
        return 10.0 * torch.log10((power * self._weights[:, None]).sum(dim=-2) / self._full + 1e-10)

    def segments_db(self, S: Tensor) -> Tensor:
        """Return the levels of segments [..., bands, frames], their mean power in dB, [...]."""
        return 10.0 * torch.log10((10.0 ** (0.1 * self.frames_db(S))).mean(dim=-1))


def windows_of(track: FloatArray, frames: int, stride: int) -> FloatArray:
    """Cut a track [bands, frames] into segments, so many frames from one to the next, [items, bands, frames]."""
    starts = range(0, track.shape[1] - frames + 1, stride)
    return np.stack([track[:, at : at + frames] for at in starts])


def joined(segments: FloatArray) -> FloatArray:
    """Join the middle halves of segments [items, bands, frames] that lie half of one apart, with cross-fades.

    Returns:
        [bands, items · half a segment], in decibels as the segments are.
    """
    half = segments.shape[2] // 2
    first = half - half // 2
    rise = np.minimum(np.arange(half) + 1, FADE_FRAMES) / FADE_FRAMES
    parts = [segments[0][:, first : first + half]]
    for before, S in pairwise(segments):
        late = before[:, first + half : first + 2 * half]
        late = np.pad(late, ((0, 0), (0, half - late.shape[1])))
        here = S[:, first : first + half]
        parts.append(late + rise.astype(np.float32) * (here - late))
    return np.concatenate(parts, axis=1)


def played(model: Autoencoder, track: FloatArray) -> tuple[FloatArray, int]:
    """Encode and decode a track [bands, frames] as its motion plays it.

    Returns:
        [bands, frames], and the track's frame that is its first.
    """
    frames = model.input_shape[1]
    half = frames // 2
    segments = windows_of(track, frames, half)
    return joined(decode(model, codes_of(model, segments))), half - half // 2
