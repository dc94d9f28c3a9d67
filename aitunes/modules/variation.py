"""Varies spectrogram segments while a model trains, so that few recordings teach more."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from aitunes.modules.shares import drawn_like


@dataclass(frozen=True)
class SegmentVariation:
    """Turns segments over in time, moves them by bands, and makes them softer or louder.

    Args:
        db_range: of the segments, as `AudioFeatures` has it.
        bands: furthest shift of the pitch.
        softer, louder: furthest change of level, dB. What is silent stays so.
    """

    db_range: tuple[float, float]
    bands: int = 3
    softer: float = 9.0
    louder: float = 3.0

    def __call__(self, S: Tensor) -> Tensor:
        """Vary segments [batch, bands, frames], each in another way."""
        bands, frames = S.shape[1:]
        chances = (drawn_like(S[:, 0, 0], torch.rand) for _ in range(3))
        start, shift, gain = (chance[:, None] for chance in chances)
        time = (torch.arange(frames, device=S.device) + (start * frames).long()) % frames
        moved = torch.arange(bands, device=S.device) + ((2.0 * shift - 1.0) * (self.bands + 0.5)).round().long()
        batch = torch.arange(len(S), device=S.device)[:, None, None]
        varied = S[batch, moved.clamp(0, bands - 1)[:, :, None], time[:, None, :]]
        low, high = self.db_range
        level = (gain * (self.softer + self.louder) - self.softer) / (high - low)
        return torch.where(varied > 0.0, (varied + level[:, :, None]).clamp(0.0, 1.0), varied)
