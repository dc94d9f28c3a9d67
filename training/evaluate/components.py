"""Projects segments on their principal components, for models to be compared with."""

from __future__ import annotations

from collections.abc import Callable

import torch

from aitunes.features import FloatArray

_POWER_ITERATIONS, _MORE = 6, 32

SegmentModel = Callable[[FloatArray], FloatArray]
"""Takes segments [items, bands, frames], gives what is left of them after the code."""


def components(S: FloatArray, count: int) -> SegmentModel:
    """Fit principal components of segments."""
    torch.manual_seed(0)
    X = torch.from_numpy(S.reshape(len(S), -1))
    mean = X.mean(0)
    axes = torch.svd_lowrank(X - mean, count + _MORE, niter=_POWER_ITERATIONS)[2][:, :count]

    def model(S: FloatArray) -> FloatArray:
        held = torch.from_numpy(S.reshape(len(S), -1))
        return (mean + (held - mean) @ axes @ axes.T).clamp(0.0, 1.0).numpy().reshape(S.shape)

    return model
