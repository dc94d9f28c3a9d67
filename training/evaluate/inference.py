"""Encodes and decodes segments with a trained model, a part of them at a time."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.modules.conditional import ConditionalAutoencoder

BATCH = 4_096
_BATCH_VALUES = 1 << 22


def codes_of(model: Autoencoder, S: FloatArray, batch: int = BATCH) -> FloatArray:
    """Encode segments [items, *input_shape] without sampling, [items, latent_dim]."""
    with torch.no_grad():
        return np.concatenate([model.encode(torch.from_numpy(part)).numpy() for part in _parts(S, batch)])


def reconstruct(
    model: Autoencoder, S: FloatArray, conditions: FloatArray | None = None, batch: int = BATCH
) -> FloatArray:
    """Encode and decode segments [items, *input_shape].

    Args:
        conditions: conditions of a decoder that takes them, [items, conditions].
    """
    return decode(model, codes_of(model, S, batch), conditions, batch)


def decode(model: Autoencoder, z: FloatArray, conditions: FloatArray | None = None, batch: int = BATCH) -> FloatArray:
    """Decode codes [items, latent_dim] to segments [items, *input_shape]."""
    decoded = []
    rows = max(1, min(batch, _BATCH_VALUES // model.size))
    with torch.no_grad():
        for start in range(0, len(z), rows):
            codes = torch.from_numpy(z[start : start + rows])
            if isinstance(model, ConditionalAutoencoder):
                part = None if conditions is None else torch.from_numpy(conditions[start : start + rows])
                decoded.append(model.decode(codes, part).numpy())
            else:
                decoded.append(model.decode(codes).numpy())
    return np.concatenate(decoded)


def log_mel_distance_db(decoded: FloatArray, S: FloatArray, features: AudioFeatures) -> float:
    """Return the root-mean-square difference of segments' bands, dB, averaged over segments [items, n_mels, frames]."""
    low, high = features.db_range
    return float(np.sqrt(((decoded - S) ** 2).mean(axis=(1, 2))).mean() * (high - low))


def _parts(S: FloatArray, batch: int) -> list[NDArray[np.float32]]:
    rows = max(1, min(batch, _BATCH_VALUES // S[0].size))
    return [S[start : start + rows] for start in range(0, len(S), rows)]
